"""Importing again: which rows mean a problem that is here, what an update may touch, and what a release says."""

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone, translation

from casetracker.letters import AsOf
from casetracker.models import Deadline, Event, Notice
from casetracker.views.inbox import tell
from inspections import queues, workflow
from inspections.digests.rows import beside
from inspections.enums import AssignmentRole, Clock, Status, VoidKind
from inspections.ledger.importing import batch as importing
from inspections.ledger.importing.jobs import release
from inspections.models import ImportBatch, Problem
from inspections.subjects.events import event_sentence
from inspections.workflow import Addressee
from tests.builders import day, make_problem
from tests.cast import Cast, cast
from tests.inspections.ledger.test_importing import HEADER, changed, ledger, take_in

CLOSED = {"整改完成日期": "2019-10-22", "核查日期": "2019-10-23", "销号日期": "2019-10-25"}


def texts() -> dict[str, str]:
    return dict(Problem.objects.values_list("number", "description"))


# --- Numbers ------------------------------------------------------------------------------------------


def test_a_number_of_another_file_never_takes_the_place_of_one_given_here(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed(问题编号="", 问题描述="甲")), people.office)
    report = take_in(ledger(tmp_path, changed(问题编号="焦督〔2019〕1号", 问题描述="乙"), name="b.csv"), people.office)
    assert texts() == {"焦督〔2019〕1号": "甲"}
    assert [(one.row, one.code, one.column) for one in report.refused] == [(2, "duplicate", "问题编号")]
    assert "锦绣工地" in str(report.refused[0].message)


def test_the_same_row_with_the_number_it_was_given_is_the_same_problem(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed(问题编号="", 问题描述="甲")), people.office)
    path = ledger(tmp_path, changed(问题编号="焦督〔2019〕1号", 问题描述="甲", 整改完成日期="2019-10-20"))
    report = take_in(path, people.office)
    assert (report.updated, report.refused) == (1, [])
    assert Problem.objects.get().status == Status.REPORTED


def test_numbers_are_given_above_the_highest_of_the_whole_file(
    people: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "CHUNK", 1)
    path = ledger(
        tmp_path,
        changed(问题编号="", 问题描述="甲"),
        changed(问题编号="焦督〔2019〕1号", 问题描述="乙"),
        changed(问题编号="", 问题描述="丙"),
        changed(问题编号="焦督〔2019〕5号", 问题描述="丁"),
        changed(问题编号="", 问题描述="甲"),
    )
    report = take_in(path, people.office)
    assert texts() == {
        "焦督〔2019〕1号": "乙",
        "焦督〔2019〕5号": "丁",
        "焦督〔2019〕6号": "甲",
        "焦督〔2019〕7号": "丙",
    }
    assert (report.rows, report.created, report.duplicates) == (5, 4, 1)
    again = take_in(path, people.office)
    assert (again.unchanged, again.created, again.duplicates) == (4, 0, 1)


def test_one_number_of_another_ledger_stands_for_one_problem(people: Cast, tmp_path: Path) -> None:
    path = tmp_path / "external.csv"
    columns = "问题编号,原编号,发现日期,县（市、区）,点位名称,问题描述"
    rows = ["焦督〔2019〕7号,A-1,2019-10-16,解放区,工地,甲", "焦督〔2019〕8号,A-1,2019-10-16,解放区,工地,乙"]
    path.write_text("\n".join([columns, *rows]), "utf-8")
    report = take_in(path, people.office)
    assert [(one.row, one.code) for one in report.refused] == [(3, "duplicate")]
    path.write_text("\n".join([columns, rows[1]]), "utf-8")
    report = take_in(path, people.office)
    assert [(one.row, one.code, one.column) for one in report.refused] == [(2, "duplicate", "原编号")]
    assert texts() == {"焦督〔2019〕7号": "甲"}


def own_numbers(folder: Path, *rows: list[str], mapped: bool) -> Path:
    """A ledger with running numbers of its own, read as the problems' numbers or as nothing."""
    path = folder / "running.csv"
    lines = [["问题编号" if mapped else "序号", *HEADER[1:]], *rows]
    path.write_text("\n".join(",".join(line) for line in lines), "utf-8")
    return path


@pytest.mark.parametrize("first", ["without", "with"])
def test_a_ledger_read_once_without_and_once_with_its_numbers_makes_no_doubles(
    people: Cast, tmp_path: Path, first: str
) -> None:
    rows = [changed(问题编号="A-1", 问题描述="甲"), changed(问题编号="A-2", 问题描述="乙")]
    take_in(own_numbers(tmp_path, *rows, mapped=first == "with"), people.office)
    known = set(Problem.objects.values_list("number", "description"))
    assert len(known) == 2
    more = changed(问题编号="A-3", 问题描述="丙")
    other = own_numbers(tmp_path, *rows, more, mapped=first == "without")
    checked = take_in(other, people.office, dry_run=True)
    report = take_in(other, people.office)
    assert (report.created, report.unchanged, report.accepted, report.refused) == (1, 2, 3, [])
    assert checked.as_json() == report.as_json()
    number = dict(Problem.objects.values_list("description", "number"))
    doubts = [(one.row, one.code, one.column, one.value) for one in report.doubtful]
    if first == "without":
        assert doubts == [(2, "may_be_same", "问题编号", "A-1"), (3, "may_be_same", "问题编号", "A-2")]
    else:
        assert doubts == [(2, "may_be_same", "问题描述", "甲"), (3, "may_be_same", "问题描述", "乙")]
    assert number["甲"] in str(report.doubtful[0].message)
    assert number["乙"] in str(report.doubtful[1].message)
    assert Problem.objects.count() == 3
    again = take_in(other, people.office)
    assert (again.created, again.unchanged, len(again.doubtful)) == (0, 3, 2)


@pytest.mark.parametrize("end", ["void", "merge"])
@pytest.mark.parametrize("first", ["without", "with"])
def test_what_was_voided_or_merged_is_doubled_by_nothing(people: Cast, tmp_path: Path, first: str, end: str) -> None:
    row = changed(问题编号="A-1", 问题描述="甲")
    take_in(own_numbers(tmp_path, row, mapped=first == "with"), people.office)
    problem = Problem.objects.get()
    if end == "void":
        workflow.void(problem, by=people.supervisor1, kind=VoidKind.TEST, reason="读错了")
    else:
        workflow.merge(problem, by=people.supervisor1, survivor=make_problem(people), reason="同一处")
    report = take_in(own_numbers(tmp_path, row, mapped=first == "without"), people.office)
    assert (report.created, report.doubtful) == (1, [])


def test_rows_of_one_ledger_that_differ_only_in_their_numbers_are_two_problems(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(问题编号="A-1"), changed(问题编号="A-2"), changed(问题编号=""))
    report = take_in(path, people.office)
    assert (report.created, report.doubtful) == (3, [])
    again = take_in(path, people.office)
    assert (again.unchanged, again.created, again.doubtful) == (3, 0, [])


def test_a_number_beyond_all_series_refuses_its_row(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(问题编号="焦督〔2019〕999999999999号"), changed())
    report = take_in(path, people.office)
    assert [(one.row, one.code) for one in report.refused] == [(2, "bad_number")]
    assert report.created == 1


# --- What an update may touch -------------------------------------------------------------------------


@pytest.mark.usefixtures("committed")
def test_a_step_of_the_workflow_at_the_same_moment_is_kept(tmp_path: Path) -> None:
    people = cast()
    take_in(ledger(tmp_path, changed(责任单位="")), people.office)
    problem = Problem.objects.get()
    other = ledger(tmp_path, changed(责任单位="", 问题描述="另一说法"), name="b.csv")
    reports: list[Any] = []

    def import_again() -> None:
        try:
            reports.append(take_in(other, people.office))
        finally:
            connections.close_all()

    importer = threading.Thread(target=import_again)
    with transaction.atomic():
        workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)])
        importer.start()
        wait_for_a_lock(importer)
    importer.join(60)
    problem.refresh_from_db()
    assert (problem.status, problem.description) == (Status.ASSIGNED, "裸露约200平方米")
    assert problem.assignments.count() == 1
    assert [one.code for one in reports[0].doubtful] == ["conflict"]


def wait_for_a_lock(importer: threading.Thread) -> None:
    """Until the other connection waits for a row that this one holds."""
    for _look in range(600):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid))", [pid()]
            )
            if cursor.fetchone()[0]:
                return
        importer.join(0.1)
        assert importer.is_alive(), "the import did not wait"
    raise AssertionError("nobody waits")


def pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_what_was_released_is_still_updated_and_stays_released(people: Cast, tmp_path: Path) -> None:
    report = take_in(ledger(tmp_path, changed()), people.office)
    assert report.batch is not None
    release(report.batch, by=people.supervisor1)
    started = timezone.localdate()
    report = take_in(ledger(tmp_path, changed(问题描述="裸露约300平方米"), name="b.csv"), people.office)
    assert report.updated == 1
    problem = Problem.objects.get()
    assert not problem.held
    claim = Deadline.objects.running().get(subject_id=problem.pk, clock=Clock.CLAIM)
    assert claim.started_on == started
    assert take_in(ledger(tmp_path, changed(整改完成日期="2019-10-22"), name="c.csv"), people.office).updated == 1


def test_what_the_ledger_opens_again_is_held_with_the_new_batch(people: Cast, tmp_path: Path) -> None:
    first = take_in(ledger(tmp_path, changed(**CLOSED)), people.office).batch
    assert first is not None
    release(first, by=people.supervisor1)
    second = take_in(ledger(tmp_path, changed(), name="b.csv"), people.office).batch
    problem = Problem.objects.get()
    assert (problem.status, problem.held, problem.import_batch) == (Status.ASSIGNED, True, second)
    assert second is not None
    assert release(second, by=people.supervisor1) == 1
    assert queues.to_rectify(people.handler1).count() == 1


# --- What a release says ------------------------------------------------------------------------------


def test_a_unit_assigned_by_hand_while_it_was_held_is_told_at_the_release_once(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(责任单位=""), changed(问题编号="焦督〔2019〕8号", 责任单位="市城管局"))
    batch = take_in(path, people.office).batch
    assert batch is not None
    by_hand = Problem.objects.get(number="焦督〔2019〕7号")
    workflow.assign(by_hand, by=people.supervisor1, addressees=[Addressee(people.housing)])
    assert not Notice.objects.exists()
    release(batch, by=people.supervisor2)
    notice = Notice.objects.get(kind="assigned")
    assert (notice.person, notice.subject_label) == (people.handler1, by_hand.number)
    assert Notice.objects.get(kind="import_released").person == people.handler2
    assert notice.params["by"] == str(people.supervisor1)


def test_a_unit_that_was_named_while_it_was_held_is_told_its_own_date(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed(专项交办="是")), people.office).batch
    assert batch is not None
    problem = Problem.objects.get()
    named = [Addressee(people.jiefang, AssignmentRole.GOVERNMENT)]
    workflow.name_missing(problem, by=people.supervisor1, addressees=named)
    own = Deadline.objects.running().get(clock=Clock.RECTIFY, unit=people.jiefang).due_on
    assert own != problem.due_on
    release(batch, by=people.supervisor1)
    notice = Notice.objects.get(kind="assigned")
    assert (notice.person, notice.params["due_on"]) == (people.government1, own.isoformat())


def test_what_the_ledger_assigned_is_to_be_claimed_from_the_release_on(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed(整改时限="2099-10-23")), people.office).batch
    problem = Problem.objects.get()
    clocks = Deadline.objects.running().filter(subject_id=problem.pk)
    assert set(clocks.values_list("clock", flat=True)) == {Clock.RECTIFY}
    assert batch is not None
    release(batch, by=people.supervisor1)
    assert set(clocks.values_list("clock", flat=True)) == {Clock.CLAIM, Clock.FEEDBACK, Clock.RECTIFY}
    claim = clocks.get(clock=Clock.CLAIM)
    assert (claim.started_on, claim.unit) == (timezone.localdate(), people.housing)
    assert claim in queues.to_claim(people.handler1)
    workflow.claim(problem, by=people.handler1)
    assert not clocks.filter(clock=Clock.CLAIM).exists()


def test_an_import_that_is_not_held_is_to_be_claimed_from_its_own_day(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed()), people.office, held=False, today=day("2019-10-18"))
    claim = Deadline.objects.running().get(clock=Clock.CLAIM)
    assert claim.started_on == day("2019-10-18")
    assert timezone.localdate(claim.opened_at) == day("2019-10-18")


def test_the_history_says_who_released_what(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed()), people.office).batch
    assert batch is not None
    release(batch, by=people.supervisor1)
    sentence = event_sentence(Event.objects.get(verb="release_import"))
    assert "ledger.csv" in sentence
    assert "release_import" not in sentence


# --- Put right without a day --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "met_on"),
    [
        ({"核查日期": "2019-10-20"}, "2019-10-20"),
        ({"销号日期": "2019-10-25"}, "2019-10-25"),
        ({"核查日期": "2019-10-20", "销号日期": "2019-10-25"}, "2019-10-20"),
        ({"整改完成日期": "2019-10-18", "销号日期": "2019-10-25"}, "2019-10-18"),
    ],
)
def test_what_was_found_fixed_or_closed_waits_for_no_unit(
    people: Cast, tmp_path: Path, dates: dict[str, str], met_on: str
) -> None:
    take_in(ledger(tmp_path, changed(协办单位="市城管局", **dates)), people.office, held=False)
    problem = Problem.objects.get()
    assert problem.met_on == day(met_on)
    assert set(problem.assignments.values_list("state", flat=True)) == {"reported"}
    clocks = Deadline.objects.current().filter(clock=Clock.RECTIFY)
    assert set(clocks.values_list("met_on", flat=True)) == {day(met_on)}
    assert not Problem.objects.overdue(timezone.localdate()).exists()


@pytest.mark.parametrize("status", [Status.VERIFIED, Status.CLOSED])
def test_a_clock_that_an_older_import_left_running_speaks_to_nobody(
    people: Cast, tmp_path: Path, status: Status
) -> None:
    take_in(ledger(tmp_path, changed(协办单位="市城管局")), people.office, held=False, today=day("2019-10-17"))
    problems = Problem.objects.all()
    today = AsOf(timezone.now(), timezone.localdate(), True)
    assert beside(today).count() == 1
    assert queues.to_rectify(people.handler1).count() == queues.to_rectify(people.handler2).count() == 1
    problems.update(status=status, closed_on=day("2019-10-25") if status == Status.CLOSED else None)
    assert not beside(today).exists()
    for person in (people.handler1, people.handler2):
        for queue in (queues.to_claim, queues.to_give_feedback, queues.to_rectify):
            assert not queue(person).exists()


def test_the_batch_counts_what_it_holds(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(**CLOSED), changed(问题编号="焦督〔2019〕8号"))
    take_in(path, people.office)
    assert ImportBatch.objects.get().problems.filter(held=True).count() == 1


def test_a_closed_row_without_a_unit_is_assigned_once_it_is_reopened(people: Cast, tmp_path: Path) -> None:
    row = changed(责任单位="", 整改完成日期="2019-10-20", 核查日期="2019-10-21", 销号日期="2019-10-22")
    take_in(ledger(tmp_path, row), people.office)
    problem, due = Problem.objects.get(), timezone.localdate() + timezone.timedelta(days=9)
    workflow.reopen(problem, by=people.supervisor1, reason="反弹", due_on=due)
    problem.refresh_from_db()
    assert (problem.status, problem.due_on) == (Status.FOUND, due)
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)])
    problem.refresh_from_db()
    assert (problem.status, problem.lead_unit, problem.first_due_on) == (
        Status.ASSIGNED,
        people.housing,
        day("2019-10-23"),
    )


# --- Telling the units of a release -------------------------------------------------------------------


def test_a_release_counts_and_speaks_of_what_is_still_open_only(people: Cast, tmp_path: Path) -> None:
    batch = take_in(
        ledger(tmp_path, changed(), changed(问题编号="焦督〔2019〕8号", 问题描述="乙")), people.office
    ).batch
    assert batch is not None
    gone = Problem.objects.get(number_seq=8)
    workflow.void(gone, by=people.supervisor1, kind=VoidKind.TEST, reason="读错了")
    assert set(Problem.objects.held().values_list("number_seq", flat=True)) == {7}
    assert release(batch, by=people.supervisor1) == 1
    assert list(Event.objects.filter(verb="release_import").values_list("subject_label", flat=True)) == [
        "焦督〔2019〕7号"
    ]
    assert not Problem.objects.filter(held=True).exists()


def test_a_release_tells_each_handler_once_how_many_came_to_the_unit(people: Cast, tmp_path: Path) -> None:
    rows = [changed(问题编号=f"焦督〔2019〕{number}号", 问题描述=f"第{number}处") for number in (1, 2, 3)]
    rows += [
        changed(问题编号="焦督〔2019〕4号", 责任单位="市城管局", 问题描述="乙"),
        changed(问题编号="焦督〔2019〕5号", **CLOSED),
    ]
    batch = take_in(ledger(tmp_path, *rows), people.office).batch
    assert batch is not None
    workflow.void(Problem.objects.get(number_seq=3), by=people.supervisor1, kind=VoidKind.TEST, reason="读错了")
    release(batch, by=people.supervisor1)
    told = {one.person: one for one in Notice.objects.filter(kind="import_released")}
    assert set(told) == {people.handler1, people.handler2}
    assert [told[one].params["count"] for one in (people.handler1, people.handler2)] == [2, 1]
    (mine,) = tell([told[people.handler1]], people.handler1)
    assert mine.sentence == "2 problems imported from ledger.csv are now with your unit (Housing Bureau)."
    assert mine.url == f"/problems/?batch={batch.pk}&state=open"
    with translation.override("zh-hans"):
        assert "市住建局" in tell([told[people.handler1]], people.handler1)[0].sentence
    client = Client()
    client.force_login(people.handler1)
    page = client.get(mine.url).content.decode()
    assert 'data-total="2"' in page
    assert "ledger.csv" in page
    assert tell([told[people.handler1]], people.outsider)[0].url == ""


def test_the_command_that_releases_at_once_does_what_the_page_does(
    people: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('kind = "problems"\n[create]\nsites = true\n', encoding="utf-8")
    rows = [changed(问题编号=f"焦督〔2019〕{number}号", 问题描述=f"第{number}处") for number in (1, 2)]
    path = ledger(tmp_path, *rows, changed(问题编号="焦督〔2019〕3号", **CLOSED))
    options = {"mapping": mapping, "office": people.office.name_zh, "release": True, "stdout": None}
    call_command("import_ledger", str(path), **options, dry_run=True)
    assert not ImportBatch.objects.exists()
    assert "Released" not in capsys.readouterr().out
    call_command("import_ledger", str(path), **options)
    assert "speak of its open problems (2)" in capsys.readouterr().out
    told = Notice.objects.get()
    assert (told.kind, told.person, told.params["count"]) == ("import_released", people.handler1, 2)
    batch = ImportBatch.objects.get()
    assert (batch.released_at is not None, batch.released_by) == (True, None)
    assert not Problem.objects.filter(held=True).exists()
    claims = Deadline.objects.running().filter(clock=Clock.CLAIM)
    assert set(claims.values_list("started_on", flat=True)) == {timezone.localdate()}
    events = Event.objects.filter(verb="release_import")
    assert events.count() == 2
    assert "ledger.csv" in event_sentence(events[0])


def test_what_waits_to_be_assigned_waits_from_the_release_on(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed(责任单位="", 整改时限="")), people.office).batch
    assert batch is not None
    release(batch, by=people.supervisor1)
    clock = Deadline.objects.running().get(clock=Clock.DEPLOY)
    assert clock.started_on == timezone.localdate()
    problem = Problem.objects.get()
    assert problem.next_due_on == clock.due_on >= timezone.localdate()
    client = Client()
    client.force_login(people.supervisor1)
    page = client.get(f"/problems/{problem.pk}/").content.decode()
    assert re.search(r"Released <span[^>]*>\d", page)
    assert "In the ledger" not in page
    report = take_in(
        ledger(tmp_path, changed(责任单位="", 整改时限="", 问题描述="另一说法"), name="b.csv"), people.office
    )
    assert report.updated == 1
    assert Deadline.objects.running().get(clock=Clock.DEPLOY).started_on == timezone.localdate()


# --- What changed -------------------------------------------------------------------------------------


def test_an_update_says_what_it_changed_in_report_history_and_to_the_unit(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed(整改时限="2099-11-25")), people.office).batch
    assert batch is not None
    release(batch, by=people.supervisor1)
    Notice.objects.all().delete()
    other = ledger(tmp_path, changed(整改时限="2099-11-28", 协办单位="市城管局"), name="b.csv")
    checked = take_in(other, people.office, dry_run=True)
    assert not Notice.objects.exists()
    report = take_in(other, people.office)
    assert checked.as_json()["changes"] == report.as_json()["changes"]
    assert {(one["row"], one["column"], one["old"], one["new"]) for one in report.changes} == {
        (2, "整改时限", "2099-11-25", "2099-11-28"),
        (2, "协办单位", "", "市城管局"),
    }
    sentence = event_sentence(Event.objects.filter(verb="import").latest("pk"))
    assert "Due on: " in sentence
    assert "25 Nov 2099" in sentence
    assert "28 Nov 2099" in sentence
    assert {(one.person, one.kind) for one in Notice.objects.all()} == {
        (people.handler1, "import_changed"),
        (people.handler2, "assigned"),
    }
    (told,) = tell([Notice.objects.get(kind="import_changed")], people.handler1)
    assert "b.csv" in told.sentence
    assert "28 Nov 2099" in told.sentence


def test_an_update_that_gives_another_unit_tells_both_and_of_held_ones_nobody(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed()), people.office).batch
    take_in(ledger(tmp_path, changed(责任单位="市城管局"), name="b.csv"), people.office)
    assert not Notice.objects.exists()
    assert batch is not None
    release(batch, by=people.supervisor1)
    take_in(ledger(tmp_path, changed(), name="c.csv"), people.office)
    told = Notice.objects.exclude(kind="import_released")
    assert {(one.person, one.kind) for one in told} == {
        (people.handler1, "assigned"),
        (people.handler2, "import_moved"),
    }
    (gone,) = tell([told.get(kind="import_moved")], people.handler2)
    assert "no longer with your unit" in gone.sentence
    assert gone.url == ""


def test_a_row_without_number_in_other_words_is_new_and_doubtful(people: Cast, tmp_path: Path) -> None:
    rows = [changed(问题编号="", 问题描述="甲"), changed(问题编号="", 问题描述="乙", 责任单位="市城管局", 问题类型="")]
    assert take_in(ledger(tmp_path, *rows), people.office).doubtful == []
    number = Problem.objects.get(description="甲").number
    report = take_in(ledger(tmp_path, changed(问题编号="", 问题描述="甲一")), people.office)
    assert report.created == 1
    assert [(one.row, one.code, one.column) for one in report.doubtful] == [(2, "may_be_same_changed", "问题描述")]
    assert number in str(report.doubtful[0].message)
    # Beside the row that means the problem itself, another one is another.
    both = [changed(问题编号="", 问题描述=text) for text in ("甲", "甲一", "丙")]
    report = take_in(ledger(tmp_path, *both), people.office)
    assert (report.created, report.unchanged, report.doubtful) == (1, 2, [])
