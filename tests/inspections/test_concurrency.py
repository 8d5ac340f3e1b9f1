"""Several people at once: real connections in threads, one success, clear refusals, nothing half done."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from casetracker.enums import Role
from casetracker.errors import DomainError, IllegalMove
from casetracker.models import NumberSeries, Unit, User
from inspections import workflow
from inspections.enums import AssignmentRole, Status, VoidKind
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import make_problem, make_site, shot
from tests.cast import Cast, cast, make_person
from tests.inspections.reading import events, fresh, stays


@pytest.fixture
def crowd(committed: None) -> Cast:
    """The cast in a database of this test's own, where threads see each other's commits."""
    return cast()


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same moment, each on a connection of its own; answers and refusals in order."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(timeout=60)
            return act()
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def refusals(answers: list[Any]) -> list[DomainError]:
    return [answer for answer in answers if isinstance(answer, DomainError)]


def test_two_claims_at_once_give_one_claim_and_one_refusal(crowd: Cast) -> None:
    second = make_person("second", "林工", (crowd.housing, Role.HANDLER))
    problem = make_problem(crowd, status=Status.ASSIGNED)

    answers = at_once(
        lambda: workflow.claim(problem, by=crowd.handler1),
        lambda: workflow.claim(problem, by=second),
    )

    (refusal,) = refusals(answers)
    assert isinstance(refusal, IllegalMove)
    assert refusal.status == 409
    assert refusal.facts["problem"].status == Status.CLAIMED
    assert [event.verb for event in events(problem)].count("claim") == 1
    winner = fresh(problem).responsible
    assert winner in (crowd.handler1, second)
    assert str(winner) in refusal.message
    assert problem.assignments.get().claimed_by == winner


def test_two_closes_at_once_give_one_close_and_one_409_with_the_present_state(crowd: Cast) -> None:
    problem = make_problem(crowd, status=Status.VERIFIED)

    answers = at_once(
        lambda: workflow.close(problem, by=crowd.supervisor1),
        lambda: workflow.close(problem, by=crowd.supervisor2),
    )

    (refusal,) = refusals(answers)
    assert isinstance(refusal, IllegalMove)
    assert refusal.status == 409
    assert refusal.facts["problem"].status == Status.CLOSED
    assert str(fresh(problem).closed_by) in refusal.message
    assert [event.verb for event in events(problem)].count("close") == 1


def test_twenty_closers_make_one_close(crowd: Cast) -> None:
    problem = make_problem(crowd, status=Status.VERIFIED)
    closers = [make_person(f"closer{n}", f"主管{n}", (crowd.office, Role.SUPERVISOR)) for n in range(20)]

    answers = at_once(*(lambda one=one: workflow.close(problem, by=one) for one in closers))  # type: ignore[misc]

    assert len(refusals(answers)) == 19
    assert all(isinstance(one, IllegalMove) for one in refusals(answers))
    assert stays(problem)[-1] == ("closed", "close")
    assert [event.seq for event in events(problem)] == list(range(1, len(events(problem)) + 1))


def test_assigning_against_voiding(crowd: Cast) -> None:
    problem = make_problem(crowd)

    answers = at_once(
        lambda: workflow.assign(problem, by=crowd.supervisor1, addressees=[Addressee(crowd.housing)]),
        lambda: workflow.void(problem, by=crowd.supervisor2, kind=VoidKind.TEST, reason="x"),
    )

    assert fresh(problem).status == Status.VOID
    assert not problem.assignments.live().exists()
    verbs = [event.verb for event in events(problem)]
    assert verbs in (["report", "void"], ["report", "assign", "void"])
    assert len(refusals(answers)) == (1 if verbs == ["report", "void"] else 0)


def test_two_bosses_assigning_at_once_assign_once(crowd: Cast) -> None:
    problem = make_problem(crowd)

    answers = at_once(
        lambda: workflow.assign(problem, by=crowd.supervisor1, addressees=[Addressee(crowd.housing)]),
        lambda: workflow.assign(problem, by=crowd.supervisor2, addressees=[Addressee(crowd.jiefang)]),
    )

    assert len(refusals(answers)) == 1
    assert problem.assignments.count() == 1
    assert fresh(problem).lead_unit == problem.assignments.get().unit


def test_whoever_waited_for_the_lock_acts_after_the_one_waited_for(crowd: Cast) -> None:
    problem = make_problem(crowd, status=Status.CLAIMED)
    problem_is_locked, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            workflow.begin_work(problem, by=crowd.handler1)
            problem_is_locked.set()
            go_on.wait(60)

    def waiting() -> None:
        problem_is_locked.wait(60)
        threading.Timer(0.3, go_on.set).start()
        workflow.report_back(problem, by=crowd.handler1, text="已办", shots=[shot()])

    assert refusals(at_once(slow, waiting)) == []

    rows = list(problem.stages.order_by("since"))
    assert [row.status for row in rows[-2:]] == ["rectifying", "reported"]
    assert all(one.until == two.since for one, two in zip(rows, rows[1:], strict=False))


def test_two_merges_that_cross_do_not_wait_for_each_other(crowd: Cast) -> None:
    for _ in range(3):
        pair = [make_problem(crowd), make_problem(crowd)]
        answers = at_once(*merges(crowd, *pair))

        (refusal,) = refusals(answers)
        assert isinstance(refusal, IllegalMove)
        assert sorted(fresh(one).status for one in pair) == ["found", "void"]


def merges(people: Cast, one: Problem, other: Problem) -> list[Callable[[], Any]]:
    return [
        lambda: workflow.merge(one, by=people.supervisor1, survivor=other, reason="x"),
        lambda: workflow.merge(other, by=people.supervisor2, survivor=one, reason="x"),
    ]


def test_numbers_have_no_gap_under_concurrent_creation(crowd: Cast) -> None:
    site = make_site(crowd)

    def create(n: int) -> Callable[[], Any]:
        by, team = ((crowd.inspector1, crowd.team1), (crowd.inspector2, crowd.team2))[n % 2]
        description = " " if n % 4 == 3 else f"第{n}处"
        return lambda: workflow.report(by=by, team=team, site=site, description=description)

    answers = at_once(*(create(n) for n in range(16)))

    assert len(refusals(answers)) == 4
    assert sorted(Problem.objects.values_list("number_seq", flat=True)) == list(range(1, 13))
    assert NumberSeries.objects.get().last == 12


def test_two_supervisors_naming_the_missing_government_at_once_name_one(crowd: Cast) -> None:
    problem = make_problem(crowd, status=Status.ASSIGNED, special=True)

    def name(by: User, unit: Unit) -> Callable[[], Any]:
        named = [Addressee(unit, AssignmentRole.GOVERNMENT)]
        return lambda: workflow.name_missing(problem, by=by, addressees=named)

    answers = at_once(name(crowd.supervisor1, crowd.jiefang), name(crowd.supervisor2, crowd.shanyang))

    (refusal,) = refusals(answers)
    assert isinstance(refusal, IllegalMove)
    assert "already named" in refusal.message
    assert problem.assignments.live().filter(role="government").count() == 1
