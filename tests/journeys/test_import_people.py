"""A list of people comes in through the browser in both languages, they are invited, and one of them comes in."""

import email
import email.policy
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from casetracker import deliveries
from casetracker.models import Delivery, User
from inspections.models import ImportBatch
from tests.inspections.ledger import shelf
from tests.journeys.conftest import DESK, PHONE, Rig, sign_in
from tests.journeys.test_import import press

HEAD = ["姓名", "用户名", "邮箱", "手机", "语言", "所在单位", "岗位", "初始密码"]
NEW = "Tangerine-Ledger-77"
WORDS = {
    "en": {"ask": "What do these mean?", "send": "Send 2 invitations", "choose": "Choose a password"},
    "zh": {"ask": "这些是什么意思？", "send": "发送 2 封邀请", "choose": "设置密码"},
}


def workbook(folder: Path, tag: str) -> Path:
    """Two people of whom one has two posts, a role in the office's own words, and a wrong address."""
    spoken = "英文" if tag == "en" else "中文"
    rows = [
        ["督导人员名单"],
        HEAD,
        [
            "林小雨",
            f"lin.{tag}",
            f"lin.{tag}@example.org",
            "013800138000",
            spoken,
            "第一现场督导组",
            "督导员",
            "abc-123",
        ],
        ["林小雨", f"lin.{tag}", f"lin.{tag}@example.org", "0138", spoken, "市住建局", "科员", "abc-123"],
        ["高远", f"gao.{tag}", f"gao.{tag}@@example", "0391", spoken, "第二现场督导组", "督导员", "abc-123"],
    ]
    return shelf.workbook(folder / f"{tag}.xlsx", {"人员": rows})


def link_to(person: User) -> str:
    """The path of the link in the mail that the person got."""
    row = Delivery.objects.get(person=person, state="sent")
    path = Path(settings.MAIL_FOLDER) / f"{deliveries.file_name(row)}.eml"
    message: Any = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    found = re.search(r"/accounts/invited/\S+", message.get_body(("plain",)).get_content())
    assert found is not None
    return found[0]


@pytest.mark.parametrize(("language", "script"), [("en", True), ("zh", True), ("zh", False)])
def test_people_come_in_are_invited_and_choose_a_password(
    rig: Rig, tmp_path: Path, language: str, script: bool
) -> None:
    words, tag = WORDS[language], language + ("" if script else "-plain")
    name = f"people-{tag}"
    deliveries.send_waiting()  # what the house has put down before
    page = rig.page(rig.house.people.admin, language=language, script=script)
    page.goto("/office/people/")
    page.locator("[data-verb=import_people]").click()
    page.wait_for_load_state()
    page.set_input_files("input[name=file]", str(workbook(tmp_path, tag)))
    press(page, "read_ledger")
    assert "abc-123" not in page.content(), "passwords of a sheet are shown nowhere"
    rig.picture(page, f"{name}-1-columns")
    press(page, "check_ledger")
    assert page.inner_text("h1") == words["ask"]
    page.locator("tr:has-text('科员') select").select_option("=handler")
    press(page, "match_values")
    page.fill("input[name='cell-5-email']", f"gao.{tag}@example.org")
    rig.picture(page, f"{name}-2-check")
    press(page, "correct_ledger")
    press(page, "import_ledger")
    batch = ImportBatch.objects.latest("created_at")
    assert f"/import/{batch.pk}/" in page.url
    assert words["send"] in page.inner_text("body")
    rig.picture(page, f"{name}-3-batch")
    assert deliveries.send_waiting() == {}
    press(page, "release_import")
    assert deliveries.send_waiting() == {"sent": 2}
    page.reload()
    rig.picture(page, f"{name}-4-released")
    person = User.objects.get(username=f"lin.{tag}")
    guest = rig.page(language=language, script=script, size=PHONE if language == "zh" else DESK)
    guest.goto(link_to(person))
    assert guest.inner_text("h1") == words["choose"]
    rig.picture(guest, f"{name}-5-link")
    guest.fill("input[name=password1]", NEW)
    guest.fill("input[name=password2]", NEW)
    guest.locator("[data-verb=accept_invitation]").click()
    guest.wait_for_load_state()
    sign_in(guest, person.username, NEW)
    assert guest.url.endswith("/")
    rig.expect(410)
    guest.goto(link_to(person))
    rig.picture(guest, f"{name}-6-used")
    page.goto(f"/import/{batch.pk}/undo/")
    assert page.locator("[data-verb=undo_import]").count() == 0, "somebody came in by it"
    rig.picture(page, f"{name}-7-stands")
