"""Undoing an import: everything back or nothing, and the same numbers when the ledger comes again."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.forms import model_to_dict
from django.urls import reverse

from casetracker import working
from casetracker.enums import JobState
from casetracker.models import Deadline, Event, Job, Notice
from inspections import workflow
from inspections.enums import AssignmentState, ImportState, Status, VoidKind
from inspections.ledger.importing import import_file
from inspections.ledger.importing.jobs import release
from inspections.ledger.mapping import from_dict
from inspections.models import Assignment, ImportBatch, Problem, Recheck, Stage, Visit
from inspections.subjects import event_sentence
from inspections.subjects_sites import event_sentence as visit_sentence
from inspections.workflow.undoing import built_on, undo_import
from tests.builders import day, make_problem, make_site
from tests.cast import Cast, cast
from tests.inspections import wizard
from tests.inspections.ledger.test_importing import changed, ledger, take_in
from tests.inspections.test_concurrency import at_once
from tests.inspections.wizard import signed_in

TWO = (changed(), changed(问题编号="焦督〔2019〕8号", 问题描述="乙", 责任单位="", 整改时限=""))
DONE = changed(
    整改完成日期="2019-10-25", 核查人="李督导", 核查日期="2019-10-26", 销号日期="2019-10-28", 协办单位="市城管局"
)


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"


def brought(path: Path, people: Cast, **options: Any) -> ImportBatch:
    batch = take_in(path, people.office, **options).batch
    assert batch is not None
    return batch


def undo(batch: ImportBatch, people: Cast) -> dict[str, Any]:
    """Undo it here and now, as the worker does."""
    job = Job.objects.create(
        kind="ledger_undo", state=JobState.DONE, requested_by=people.supervisor1, created_at=batch.created_at
    )
    result = undo_import(batch, by=people.supervisor1, job_id=job.pk, progress=lambda done, total: None)
    batch.refresh_from_db()
    return result


def everything(problem: Problem) -> dict[str, Any]:
    """The problem with all its parts, but for what counts on."""
    problem.refresh_from_db()
    kept = model_to_dict(problem, exclude=["version", "search", "finders", "candidates"])
    kept |= {"status_since": problem.status_since, "reported_at": problem.reported_at, "next": problem.next_due_on}
    parts = {
        "stages": Stage.objects.filter(problem=problem),
        "assignments": Assignment.objects.filter(problem=problem),
        "clocks": Deadline.objects.filter(subject_id=problem.pk),
        "rechecks": Recheck.objects.filter(problem=problem),
    }
    return kept | {name: sorted(map(str, rows.order_by().values())) for name, rows in parts.items()}


def said(problem: Problem, verb: str) -> str:
    event = Event.objects.filter(subject_id=problem.pk, verb=verb).order_by("seq").last()
    assert event is not None
    return re.sub("<[^>]*>", "", event_sentence(event, inside=True))


# --- Nothing was built on it ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_an_import_brought_is_voided_with_its_numbers_and_history(people: Cast, tmp_path: Path) -> None:
    batch = brought(ledger(tmp_path, *TWO, changed(问题编号="焦督〔2019〕9号", 作废="")), people)
    closed = brought(ledger(tmp_path, changed(问题编号="焦督〔2019〕20号", 销号日期="2019-10-28")), people)
    numbers = list(Problem.objects.order_by("number").values_list("number", flat=True))
    assert undo(batch, people)["taken_back"] == 3
    # A closed one asks for no second pair of eyes: it is not judged, it never was here.
    assert undo(closed, people)["taken_back"] == 1
    assert (batch.state, batch.undone_by) == (ImportState.UNDONE, people.supervisor1)
    assert list(Problem.objects.order_by("number").values_list("number", flat=True)) == numbers
    for problem in Problem.objects.all():
        assert (problem.status, problem.void_kind, problem.next_due_on) == (Status.VOID, VoidKind.OTHER, None)
        assert problem.stages.get(until__isnull=True).status == Status.VOID
        assert not Deadline.objects.of("problem", problem.pk).running().exists()
        assert not problem.assignments.live().exists()
        assert "undid the import of ledger.csv: it is voided." in said(problem, "undo_import")
    assert set(Assignment.objects.values_list("state", flat=True)) == {AssignmentState.RELEASED}


@pytest.mark.django_db
def test_the_history_tells_of_it_in_chinese(people: Cast, tmp_path: Path) -> None:
    from django.utils import translation

    batch = brought(ledger(tmp_path, *TWO), people)
    undo(batch, people)
    brought(ledger(tmp_path, *TWO), people)
    with translation.override("zh-hans"):
        assert "撤销了 ledger.csv 的导入，已作废。" in said(Problem.objects.first(), "undo_import")  # type: ignore[arg-type]
        assert "恢复计入" in said(Problem.objects.first(), "import")  # type: ignore[arg-type]


@pytest.mark.django_db
@pytest.mark.parametrize("row", [changed(整改时限="2019-11-01", 责任单位="市城管局"), DONE])
def test_what_an_import_changed_is_as_before_with_stays_clocks_and_units(
    people: Cast, tmp_path: Path, row: list[str]
) -> None:
    first = brought(ledger(tmp_path, changed()), people)
    release(first, by=people.supervisor1)
    problem = Problem.objects.get()
    before = everything(problem)
    again = brought(ledger(tmp_path, row), people)
    assert everything(problem) != before
    assert undo(again, people)["restored"] == 1
    assert everything(problem) == before
    assert "it is as before" in said(problem, "undo_import")
    # And what brought it can be undone after that.
    assert built_on(first) == []
    assert undo(first, people)["taken_back"] == 1


@pytest.mark.django_db
def test_what_was_closed_and_opened_again_by_an_import_is_closed_as_before(people: Cast, tmp_path: Path) -> None:
    first = brought(ledger(tmp_path, DONE), people)
    problem = Problem.objects.get()
    before = everything(problem)
    again = brought(ledger(tmp_path, changed()), people)
    problem.refresh_from_db()
    assert (problem.import_batch, problem.held) == (again, True)
    undo(again, people)
    assert everything(problem) == before
    assert problem.import_batch == first


@pytest.mark.django_db
def test_what_was_released_since_is_not_held_back_by_being_restored(people: Cast, tmp_path: Path) -> None:
    first = brought(ledger(tmp_path, changed()), people)
    again = brought(ledger(tmp_path, changed(整改时限="2019-11-01")), people)
    release(first, by=people.supervisor1)
    undo(again, people)
    problem = Problem.objects.get()
    assert (problem.held, problem.due_on) == (False, day("2019-10-23"))


@pytest.mark.django_db
def test_units_that_had_heard_of_it_are_told_once_and_others_nothing(people: Cast, tmp_path: Path) -> None:
    batch = brought(ledger(tmp_path, changed(), changed(问题编号="焦督〔2019〕8号", 问题描述="乙")), people)
    undo(batch, people)
    assert not Notice.objects.exists()
    batch = brought(ledger(tmp_path, changed(), changed(问题编号="焦督〔2019〕8号", 问题描述="乙")), people)
    release(batch, by=people.supervisor1)
    undo(batch, people)
    told = Notice.objects.get(kind="import_undone")
    assert (told.person, told.params["count"]) == (people.handler1, 2)
    client = signed_in(people.handler1)
    assert "2 problems of your unit" in client.get(reverse("inbox")).content.decode()


# --- The same ledger again ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_ledger_again_revives_the_same_problems_under_the_same_numbers(people: Cast, tmp_path: Path) -> None:
    rows = (
        *TWO,
        changed(问题编号="", 问题描述="没有编号的"),
        DONE[:1] and changed(问题编号="焦督〔2019〕30号", 销号日期="2019-10-30"),
    )
    first = brought(ledger(tmp_path, *rows), people)
    before = {one.pk: (one.number, one.status, one.due_on, one.met_on) for one in Problem.objects.all()}
    undo(first, people)
    again = brought(ledger(tmp_path, *rows), people)
    assert (again.report["created"], again.report["revived"], again.report["unchanged"]) == (4, 4, 0)
    after = {one.pk: (one.number, one.status, one.due_on, one.met_on) for one in Problem.objects.all()}
    assert after == before
    assert set(Problem.objects.values_list("import_batch", flat=True)) == {again.pk}
    assert Problem.objects.filter(held=True).count() == 3
    problem = Problem.objects.get(number="焦督〔2019〕7号")
    assert "imported it again from ledger.csv, row 2: it counts again." in said(problem, "import")
    assert workflow.claim(problem, by=people.handler1).status == Status.CLAIMED
    # Nothing is new the third time, and the second import can be undone like the first.
    assert brought(ledger(tmp_path, *rows[1:]), people).report["unchanged"] == 3


@pytest.mark.django_db
def test_what_was_revived_can_be_undone_and_revived_again(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, *TWO)
    for _turn in range(3):
        batch = brought(path, people)
        assert batch.report["created"] == 2
        assert undo(batch, people)["taken_back"] == 2
    assert Problem.objects.count() == 2


@pytest.mark.django_db
def test_what_a_supervisor_voided_is_not_revived(people: Cast, tmp_path: Path) -> None:
    brought(ledger(tmp_path, *TWO), people)
    problem = Problem.objects.get(number="焦督〔2019〕7号")
    workflow.void(problem, by=people.supervisor1, kind=VoidKind.TEST, reason="误录")
    report = brought(ledger(tmp_path, *TWO), people).report
    assert (report["created"], report["unchanged"]) == (0, 2)
    problem.refresh_from_db()
    assert problem.status == Status.VOID


@pytest.mark.django_db
def test_visits_count_no_more_and_count_again(people: Cast, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("日期,督导组,县（市、区）,点位名称,人数\n2019-10-16,第一现场督导组,解放区,锦绣工地,3\n", "utf-8")
    mapping = from_dict({"kind": "visits", "create": {"sites": True, "teams": True}})

    def visits() -> ImportBatch:
        batch = import_file(path, mapping, office=people.office, by=people.supervisor1).batch
        assert batch is not None
        return batch

    batch = visits()
    brought(ledger(tmp_path, changed()), people)
    visit = Visit.objects.get()
    assert Problem.objects.get().visit == visit
    assert undo(batch, people)["taken_back"] == 1
    assert not Visit.objects.counted().exists()
    assert Problem.objects.get().visit is None
    told = Event.objects.get(subject_id=visit.pk, verb="undo_import")
    assert "the visit counts no more" in visit_sentence(told)
    again = visits()
    assert again.report["created"] == 1
    assert Visit.objects.counted().get() == visit
    assert Problem.objects.get().visit == visit


# --- Something was built on it --------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_one_claimed_problem_refuses_the_whole_and_changes_nothing(people: Cast, tmp_path: Path, language: str) -> None:
    batch = brought(ledger(tmp_path, *TWO), people)
    problem = Problem.objects.get(number="焦督〔2019〕7号")
    workflow.claim(problem, by=people.handler1)
    before = [everything(one) for one in Problem.objects.order_by("pk")]
    assert undo(batch, people).get("built") is not None
    client = signed_in(people.supervisor1, language)
    url = reverse("import_undo", args=[batch.pk])
    page = client.get(url).content.decode()
    assert f'href="{reverse("problem", args=[problem.pk])}"' in page
    assert {"en": "can’t be undone any more", "zh-hans": "已不能撤销"}[language] in page
    assert client.post(url).status_code == 409
    assert not Job.objects.filter(kind="ledger_undo", state=JobState.PENDING).exists()
    assert [everything(one) for one in Problem.objects.order_by("pk")] == before
    batch.refresh_from_db()
    assert batch.state == ImportState.DONE


@pytest.mark.django_db
def test_a_later_import_that_changed_it_stands_in_the_way_until_it_is_undone(people: Cast, tmp_path: Path) -> None:
    first = brought(ledger(tmp_path, changed()), people)
    again = brought(ledger(tmp_path, changed(整改时限="2019-11-01")), people)
    assert [one["label"] for one in built_on(first)] == ["焦督〔2019〕7号"]
    undo(again, people)
    assert built_on(first) == []


@pytest.mark.django_db
def test_a_visit_on_which_a_problem_was_found_here_stands_in_the_way(people: Cast, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("日期,督导组,县（市、区）,点位名称,人数\n2019-10-16,第一现场督导组,解放区,锦绣工地,3\n", "utf-8")
    mapping = from_dict({"kind": "visits", "create": {"sites": True, "teams": True}})
    batch = import_file(path, mapping, office=people.office, by=people.supervisor1).batch
    assert batch is not None
    visit = Visit.objects.get()
    found = make_problem(people, site=make_site(people, "别处"))
    Problem.objects.filter(pk=found.pk).update(visit=visit)
    assert [one["subject"] for one in built_on(batch)] == ["visit"]
    assert "built" in undo(batch, people)
    assert Visit.objects.counted().exists()


# --- The pages and the work ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_supervisor_undoes_an_import_after_being_asked(tmp_path: Path, language: str) -> None:
    people = cast()
    client = signed_in(people.supervisor1, language)
    batch = wizard.take_in(client, ledger(tmp_path, *TWO), people.office.pk)
    page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    url = reverse("import_undo", args=[batch.pk])
    assert f'href="{url}"' in page
    asked = client.get(url).content.decode()
    assert {"en": "2 problems that it brought are voided", "zh-hans": "它带来的 2 个问题将作废"}[language] in asked
    first, second = client.post(url), client.post(url)
    assert first["Location"] == second["Location"]
    page = wizard.after_work(client)
    assert page.redirect_chain[-1][0] == reverse("import_batch", args=[batch.pk])
    assert {"en": "2 problems voided", "zh-hans": "2 个问题已作废"}[language] in page.content.decode()
    assert len(page.context["undone"]["rows"]) == 2
    assert url not in page.content.decode()
    assert client.post(url).status_code == 409
    assert client.post(reverse("import_release", args=[batch.pk])).status_code == 409


@pytest.mark.usefixtures("committed")
def test_pressing_undo_at_the_same_moment_undoes_once(tmp_path: Path) -> None:
    people = cast()
    batch = wizard.take_in(signed_in(people.supervisor1), ledger(tmp_path, *TWO), people.office.pk)
    url = reverse("import_undo", args=[batch.pk])
    clients = [signed_in(people.supervisor1) for _press in range(4)]
    answers = at_once(*(lambda client=client: client.post(url) for client in clients))
    assert len({answer["Location"] for answer in answers}) == 1
    assert Job.objects.filter(kind="ledger_undo").count() == 1


@pytest.mark.usefixtures("committed")
def test_a_worker_that_died_after_undoing_does_not_undo_again(tmp_path: Path) -> None:
    people = cast()
    client = signed_in(people.supervisor1)
    batch = wizard.take_in(client, ledger(tmp_path, *TWO), people.office.pk)
    client.post(reverse("import_undo", args=[batch.pk]))
    working.work()
    events = Event.objects.count()
    # As if it had died before it could write that it was done.
    Job.objects.filter(kind="ledger_undo").update(state=JobState.PENDING, result={}, finished_at=None)
    working.work()
    job = Job.objects.get(kind="ledger_undo")
    assert (job.state, job.result["taken_back"]) == (JobState.DONE, 2)
    assert Event.objects.count() == events


@pytest.mark.usefixtures("committed")
def test_a_claim_between_asking_and_doing_leads_back_to_what_stands_in_the_way(tmp_path: Path) -> None:
    people = cast()
    client = signed_in(people.supervisor1)
    batch = wizard.take_in(client, ledger(tmp_path, *TWO), people.office.pk)
    client.post(reverse("import_undo", args=[batch.pk]))
    workflow.claim(Problem.objects.get(number="焦督〔2019〕7号"), by=people.handler1)
    page = wizard.after_work(client)
    assert page.redirect_chain[-1][0] == reverse("import_undo", args=[batch.pk])
    assert [one["label"] for one in page.context["built"]] == ["焦督〔2019〕7号"]
    assert not Problem.objects.filter(status=Status.VOID).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["inspector1", "handler1", "officer1", "leader1", "admin", "outsider"])
def test_nobody_but_supervisors_of_the_office_may_undo(people: Cast, tmp_path: Path, name: str) -> None:
    batch = brought(ledger(tmp_path, *TWO), people)
    client = signed_in(people.everybody()[name])
    assert client.get(reverse("import_undo", args=[batch.pk])).status_code == 404
    assert client.post(reverse("import_undo", args=[batch.pk])).status_code == 404


@pytest.mark.django_db
def test_undoing_asks_about_as_often_for_30_rows_as_for_1(
    people: Cast, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    def rows(first: int, count: int) -> ImportBatch:
        numbered = [changed(问题编号=f"焦督〔2019〕{first + one}号", 问题描述=f"第{one}处") for one in range(count)]
        return brought(ledger(tmp_path, *numbered), people)

    one, many = rows(100, 1), rows(200, 30)
    with django_assert_num_queries(60, exact=False) as first:
        undo(one, people)
    with django_assert_num_queries(len(first), exact=False):
        undo(many, people)


@pytest.mark.django_db
def test_a_batch_links_to_what_it_brought_and_to_what_it_changed(people: Cast, tmp_path: Path) -> None:
    brought(ledger(tmp_path, *TWO), people)
    again = brought(
        ledger(tmp_path, changed(整改时限="2019-11-01"), TWO[1], changed(问题编号="焦督〔2019〕9号", 问题描述="丙")),
        people,
    )
    client = signed_in(people.supervisor1)
    page = client.get(reverse("import_batch", args=[again.pk])).content.decode()
    assert f'href="/problems/?batch={again.pk}" data-figure="brought"' in page
    assert f'href="/problems/?changed={again.pk}" data-figure="changed"' in page
    listed = client.get(f"/problems/?changed={again.pk}").content.decode()
    assert 'data-total="1"' in listed
    assert "焦督〔2019〕7号" in listed
    # The chip above the list names the file.
    assert "ledger.csv" in listed
    outsider = signed_in(people.outsider).get(f"/problems/?changed={again.pk}").content.decode()
    assert 'data-total="0"' in outsider
    assert "ledger.csv" not in outsider
