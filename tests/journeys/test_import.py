"""A ledger comes in through the browser in both languages, a refused cell is corrected in place, and all is undone."""

from pathlib import Path
from typing import Any

import pytest

from casetracker import working
from casetracker.models import Job
from inspections.enums import ImportState, Status
from inspections.models import ImportBatch, Problem, Site
from tests.inspections.ledger import shelf
from tests.journeys.conftest import DESK, PHONE, Rig

HEAD = ["编号", "检查日期", "县区", "企业名称", "主要问题", "怎么办", "牵头单位", "整改期限"]
WORDS = {
    "en": {"recognised": "columns recognised", "ask": "What do these mean?", "undone": "2 problems voided"},
    "zh": {"recognised": "已识别", "ask": "这些是什么意思？", "undone": "2 个问题已作废"},
}
FIRST = {"en": 501, "zh": 601}


def workbook(folder: Path, first: int) -> Path:
    """Two sheets; the ledger stands on the second, below a title, with a wrong date and words of its own."""
    rows = [
        ["某市污染防治督导问题台账"],
        HEAD,
        [f"焦督〔2019〕{first}号", "2019-10-16", "解放区", f"东环{first}号工地", "裸土未覆盖", "马上改", "住建委",
         "10月23日"],
        [f"焦督〔2019〕{first + 1}号", "8月32日", "解放区", f"西环{first}号工地", "围挡不全", "集中交办", "市住建局",
         "10月24日"],
        ["合计", "2"],
    ]  # fmt: skip
    return shelf.workbook(folder / f"{first}.xlsx", {"说明": [["填表说明"]], "台账": rows})


def press(page: Any, verb: str) -> None:
    """Press a button, let a worker do what it began, and wait for the page that this leads to."""
    page.locator(f"[data-verb={verb}]:is(button), form[data-verb={verb}] button").first.click()
    page.wait_for_load_state()
    if "/jobs/" in page.url:
        working.work()
        page.wait_for_url(lambda url: "/jobs/" not in url)
        page.wait_for_load_state()


@pytest.mark.parametrize(("language", "script"), [("en", True), ("zh", True), ("zh", False)])
def test_a_ledger_comes_in_is_corrected_in_place_and_undone(
    rig: Rig, tmp_path: Path, language: str, script: bool
) -> None:
    words, first = WORDS[language], FIRST[language] + (0 if script else 50)
    page = rig.page(rig.house.people.supervisor1, language=language, script=script)
    name = f"import-{language}{'' if script else '-plain'}"
    page.goto("/import/")
    page.set_input_files("input[name=file]", str(workbook(tmp_path, first)))
    press(page, "read_ledger")
    assert words["recognised"] in page.inner_text("h1")
    # The one column that nobody calls so is chosen by hand.
    page.locator("details.more-columns > summary").click()
    page.select_option("select[name='c-route']", "怎么办")
    page.fill("input[name=year]", "2019")
    rig.picture(page, f"{name}-1-columns")
    press(page, "check_ledger")
    assert page.inner_text("h1") == words["ask"]
    page.locator("tr:has-text('住建委') select").select_option(f"={rig.house.people.housing.name_zh}")
    page.locator("tr:has-text('马上改') select").select_option("=on_spot")
    rig.picture(page, f"{name}-2-values")
    press(page, "match_values")
    page.fill("input[name='cell-4-found_on']", "2019-10-17")
    rig.picture(page, f"{name}-3-check")
    press(page, "correct_ledger")
    assert page.locator("#fix").count() == 0
    rig.picture(page, f"{name}-4-corrected")
    press(page, "import_ledger")
    batch = ImportBatch.objects.latest("created_at")
    assert f"/import/{batch.pk}/" in page.url
    numbers = [f"焦督〔2019〕{first}号", f"焦督〔2019〕{first + 1}号"]
    assert Problem.objects.open().filter(import_batch=batch, number__in=numbers).count() == 2
    rig.picture(page, f"{name}-5-batch")
    page.locator(f"a[href='/import/{batch.pk}/undo/']").click()
    page.wait_for_load_state()
    rig.picture(page, f"{name}-6-undo")
    press(page, "undo_import")
    assert words["undone"] in page.inner_text("main")
    rig.picture(page, f"{name}-7-undone")
    batch.refresh_from_db()
    assert batch.state == ImportState.UNDONE
    assert set(Problem.objects.filter(number__in=numbers).values_list("status", flat=True)) == {Status.VOID}
    assert not Job.objects.filter(state="failed", params__has_key="draft").exists()


SITES_HEAD = ["企业", "行业类型", "县区", "详细地址", "监管类别", "经营者"]
SITES = {
    "en": {"how": "A register of sites", "ask": "What do these mean?", "undone": "2 sites off the register"},
    "zh": {"how": "点位名录", "ask": "这些是什么意思？", "undone": "2 个点位已移出名录"},
}


@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [("en", DESK, "light"), ("zh", PHONE, "dark"), ("zh", DESK, "light"), ("en", PHONE, "dark")],
)
def test_a_register_of_sites_comes_in_is_corrected_in_place_and_undone(
    rig: Rig, tmp_path: Path, language: str, size: tuple[int, int], scheme: str
) -> None:
    words, of = SITES[language], f"{language}{size[0]}"
    names = [f"东方{of}建材厂", f"西区{of}工地"]
    rows = [
        ["重点点位名录"],
        SITES_HEAD,
        [names[0], "建材", "解放区", "人民路 1 号", "重点", "东方公司"],
        [names[1], "建筑工地", "蓬莱岛", "", "红色", ""],
    ]
    book = shelf.workbook(tmp_path / f"点位{of}.xlsx", {"名录": rows})
    page = rig.page(rig.house.people.supervisor1, language=language, size=size, scheme=scheme)
    name = f"import-sites-{of}"
    page.goto("/import/")
    page.set_input_files("input[name=file]", str(book))
    page.select_option("select[name=how]", label=words["how"])
    rig.picture(page, f"{name}-0-upload")
    press(page, "read_ledger")
    page.select_option("select[name='c-name']", "企业")
    rig.picture(page, f"{name}-1-columns")
    press(page, "check_ledger")
    assert page.inner_text("h1") == words["ask"]
    page.locator("tr:has-text('建材') select").select_option("=factory")
    page.locator("tr:has-text('红色') select").select_option("=key")
    rig.picture(page, f"{name}-2-values")
    press(page, "match_values")
    page.fill("input[name='cell-4-district']", "山阳区")
    rig.picture(page, f"{name}-3-check")
    press(page, "correct_ledger")
    assert page.locator("#fix").count() == 0
    press(page, "import_ledger")
    batch = ImportBatch.objects.latest("created_at")
    assert f"/import/{batch.pk}/" in page.url
    assert Site.objects.filter(name__in=names, valid_until=None).count() == 2
    rig.picture(page, f"{name}-5-batch")
    page.locator("a[data-figure=brought]").click()
    page.wait_for_load_state()
    assert page.locator("[data-total='2']").count() == 1
    rig.picture(page, f"{name}-6-brought")
    page.go_back()
    page.locator(f"a[href='/import/{batch.pk}/undo/']").click()
    page.wait_for_load_state()
    rig.picture(page, f"{name}-7-undo")
    press(page, "undo_import")
    assert words["undone"] in page.inner_text("main")
    rig.picture(page, f"{name}-8-undone")
    assert Site.objects.filter(name__in=names, valid_until=None).count() == 0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_file_that_is_no_ledger_is_refused_where_it_was_chosen(rig: Rig, tmp_path: Path, language: str) -> None:
    rig.expect(422)
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 300)
    page = rig.page(rig.house.people.supervisor1, language=language, size=PHONE if language == "zh" else DESK)
    page.goto("/import/")
    page.set_input_files("input[name=file]", str(path))
    page.locator("button[data-verb=read_ledger]").click()
    page.wait_for_load_state()
    assert "xlsx" in page.inner_text(".field.has-error .error")
    rig.picture(page, f"import-{language}-refused")
