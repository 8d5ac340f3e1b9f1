"""The operations page: every part with its state and what to do, letters in doubt, failed work; who sees it."""

import datetime
import uuid
from typing import Any

import pytest
from django.utils import timezone, translation

from casetracker import deliveries, errors, operations
from casetracker.enums import DeliveryState, JobState, Language
from casetracker.health import DOWN, OK, STALE
from casetracker.models import Delivery, Heartbeat, Job, Letter, User
from tests.casetracker.office import queries, words
from tests.cast import Cast, sign_in

HOUR = datetime.timedelta(hours=1)


def letter(person: User, state: DeliveryState, number: int = 1, kind: str = "digest", **more: Any) -> Delivery:
    """A letter in a state that nobody decided on yet."""
    now = timezone.now()
    row = Delivery.objects.create(
        kind=kind,
        period=f"2026-W{number:02}",
        person=person,
        state=state,
        message_id=Delivery.new_message_id("testserver"),
        error="no answer" if state != DeliveryState.SENT else "",
        sent_at=now if state == DeliveryState.SENT else None,
        created_at=now,
        **more,
    )
    Letter.objects.create(delivery=row, language="en", subject_line="x", text="x", html="x", as_of=now)
    return row


def test_only_administrators_and_supervisors_get_in(people: Cast) -> None:
    allowed = {"admin", "supervisor1", "supervisor2", "outsider"}
    for name, person in people.everybody().items():
        if name != "deactivated":
            assert sign_in(person).get("/ops/").status_code == (200 if name in allowed else 404), name


def test_each_part_says_how_it_is_and_what_to_do(people: Cast, settings: object) -> None:
    page = sign_in(people.admin).get("/ops/")
    text = page.content.decode()
    for key in ("database", "redis", "worker:tick", "worker:mail", "worker:work", "beat"):
        assert f'data-part="{key}"' in text
    assert 'data-part="database" data-state="ok"' in text
    assert 'data-part="beat" data-state="down"' in text
    assert "Start it again" in words(page)
    assert "need somebody" in words(page)
    for key in ("room", "calendar", "fonts", "mail", "version"):
        assert f'data-fact="{key}"' in text


def test_a_sign_of_life_is_told_in_seconds(committed: None) -> None:
    from tests.cast import cast

    people = cast()
    Heartbeat.objects.create(name="beat", beat_at=timezone.now())
    Heartbeat.objects.create(name="worker:mail", beat_at=timezone.now() - HOUR)
    Heartbeat.objects.create(name="sweep", beat_at=timezone.now())
    found = {part.key: part.state for part in operations.parts()}
    assert (found["beat"], found["worker:mail"], found["worker:tick"]) == (OK, STALE, DOWN)
    page = words(sign_in(people.admin).get("/ops/"))
    assert "seconds ago" in page
    assert "sweep ran last" in page


def test_letters_in_doubt_are_listed_with_their_buttons(people: Cast) -> None:
    client = sign_in(people.admin)
    assert "has arrived or waits" in words(client.get("/ops/"))
    doubtful = letter(people.inspector1, DeliveryState.IN_DOUBT)
    letter(people.inspector2, DeliveryState.FAILED)
    letter(people.handler1, DeliveryState.SENT)
    page = client.get("/ops/")
    text = page.content.decode()
    assert text.count("data-delivery=") == 2
    assert text.count('data-verb="received"') == 1
    assert 'data-state="sent"' in text
    client.post(f"/weekly/{doubtful.pk}/", {"decision": "received"})
    assert client.get("/ops/").content.decode().count("data-delivery=") == 1


def test_a_supervisor_sees_only_the_letters_they_look_after(people: Cast) -> None:
    letter(people.inspector1, DeliveryState.IN_DOUBT)
    letter(people.far_handler, DeliveryState.IN_DOUBT)
    letter(people.inspector1, DeliveryState.FAILED, kind="password")
    here = words(sign_in(people.supervisor1).get("/ops/"))
    assert str(people.far_handler) not in here
    assert str(people.inspector1) not in words(sign_in(people.outsider).get("/ops/"))


def test_failed_work_is_listed_for_those_whose_it_is(people: Cast) -> None:
    Job.objects.create(
        kind="bulk",
        requested_by=people.supervisor1,
        state=JobState.FAILED,
        error="The worker died each time.",
        created_at=timezone.now(),
        finished_at=timezone.now(),
    )
    Job.objects.create(kind="bulk", requested_by=people.supervisor1, created_at=timezone.now())
    assert operations.jobs_open() == {"waiting": 1, "running": 0, "failed": 1}
    for person, sees in ((people.admin, True), (people.supervisor1, True), (people.outsider, False)):
        assert ("The worker died" in words(sign_in(person).get("/ops/"))) is sees


def test_what_was_wrong_with_a_file_needs_no_administrator(people: Cast) -> None:
    now = timezone.now()
    told = {"en": "This file has no header row.", "zh-hans": "此文件没有表头行。"}
    failed = {"state": JobState.FAILED, "created_at": now, "finished_at": now, "requested_by": people.supervisor1}
    job = Job.objects.create(kind="ledger_check", error=told["zh-hans"], refusal=told, **failed)
    assert operations.jobs_open()["failed"] == 0
    assert not operations.failed_jobs(people.admin).exists()
    assert "long job failed" not in words(sign_in(people.admin).get("/office/"))
    for language, sentence in told.items():
        User.objects.filter(pk=people.supervisor1.pk).update(language=language)
        assert sentence in words(sign_in(people.supervisor1).get(f"/jobs/{job.pk}/"))
    Job.objects.create(kind="ledger_check", error="MemoryError: ", **failed)
    assert operations.jobs_open()["failed"] == 1
    assert "1 long job failed" in words(sign_in(people.admin).get("/office/"))


def test_what_a_worker_stored_is_read_in_the_language_of_the_reader(people: Cast) -> None:
    people.admin.language = Language.CHINESE
    people.admin.save()
    gone = {"claim": uuid.uuid4(), "lease_until": timezone.now() - HOUR}
    doubtful = letter(people.inspector1, DeliveryState.HANDING_OVER, **gone)
    deliveries.rescue()
    for address in ("/ops/", f"/weekly/?period={doubtful.period}"):
        answer = words(sign_in(people.admin).get(address))
        assert "发送进程中断，未记下结果。" in answer, address
        assert "stopped before" not in answer
    server = "550 no such user\nask the postmaster"
    with translation.override("zh-hans"):
        assert errors.said("The letter can’t be sent.\n" + server) == "邮件无法发送。\n" + server
        assert errors.said(server) == server
        assert errors.said("") == ""


def test_the_page_asks_as_much_for_30_letters_as_for_one(people: Cast) -> None:
    client = sign_in(people.admin)
    letter(people.inspector1, DeliveryState.IN_DOUBT)
    few = queries(lambda: client.get("/ops/"))
    for number in range(2, 20):
        letter(people.inspector1, DeliveryState.IN_DOUBT, number)
    assert queries(lambda: client.get("/ops/")) == few <= 22


@pytest.mark.parametrize(("demo", "light"), [(True, "ok"), (False, "late")])
def test_mail_that_goes_nowhere_is_said(db: None, demo: bool, light: str, settings: object) -> None:
    settings.DEMO = demo  # type: ignore[attr-defined]
    found = {fact.key: fact.light for fact in operations.facts()}
    assert found["mail"] == light


def test_the_version_is_that_of_the_project() -> None:
    assert operations.version().count(".") == 2
