"""Four eyes: nobody judges what they reported fixed, nor what their unit of that day was responsible for."""

import pytest
import time_machine

from casetracker.enums import UnitKind
from casetracker.errors import NotAllowed
from casetracker.models import Unit
from inspections import queues, workflow
from inspections.enums import AssignmentRole, Result, Status
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, shot
from tests.cast import Cast, forget, join, leave, make_person, make_unit
from tests.inspections.reading import fresh

MONDAY = at("2019-12-02 09:00")
FRIDAY = at("2019-12-06 10:00")


def judges(problem: Problem, person: object) -> list[str]:
    """Which of the judging verbs the person may do, tried and undone."""
    return [move.verb.value for move in workflow.available(fresh(problem), person) if move.verb.value in JUDGING]  # type: ignore[arg-type]


JUDGING = ("verify", "send_back", "recheck", "close")


def test_somebody_who_moved_from_the_department_to_the_team_cannot_judge_the_departments_work(people: Cast) -> None:
    mover = make_person("mover", "转岗", (people.housing, "handler"))
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)
    leave(mover, people.housing, day("2019-12-03"))
    join(mover, people.team1, "inspector", from_on=day("2019-12-04"))

    assert judges(problem, mover) == []
    with pytest.raises(NotAllowed) as refusal:
        workflow.verify(problem, by=mover, shots=[shot()], now=FRIDAY)
    assert "four eyes" in refusal.value.message
    assert judges(problem, people.inspector1) == ["verify", "send_back", "recheck"]


def test_somebody_who_left_the_department_before_the_assignment_may_judge(people: Cast) -> None:
    mover = make_person("mover", "转岗")
    join(mover, people.housing, "handler", until_on=day("2019-12-01"))
    join(mover, people.team1, "inspector", from_on=day("2019-12-02"))
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)

    workflow.verify(problem, by=mover, shots=[shot()], now=FRIDAY)

    assert fresh(problem).status == Status.VERIFIED


@pytest.mark.parametrize(("left_on", "barred"), [("2019-12-01", False), ("2019-12-02", True), ("2019-12-03", True)])
def test_the_day_of_assignment_is_the_first_that_counts(people: Cast, left_on: str, barred: bool) -> None:
    mover = make_person("mover", "转岗", (people.team1, "inspector"))
    join(mover, people.housing, "handler", until_on=day(left_on))
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)

    assert ("verify" not in judges(problem, mover)) is barred


@pytest.mark.parametrize(("came_on", "barred"), [("2019-12-03", True), ("2019-12-04", False)])
def test_a_unit_that_handed_back_bars_only_who_was_there_until_that_day(
    people: Cast, came_on: str, barred: bool
) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=at("2019-12-03 09:00"))
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=FRIDAY)
    workflow.claim(problem, by=people.government1, now=FRIDAY)
    workflow.begin_work(problem, by=people.government1, now=FRIDAY)
    workflow.report_back(problem, by=people.government1, text="已办", shots=[shot()], now=FRIDAY)
    mover = make_person("mover", "转岗", (people.team1, "inspector"))
    join(mover, people.housing, "handler", from_on=day(came_on), until_on=day("2019-12-31"))

    assert ("verify" not in judges(problem, mover)) is barred


def test_a_deputy_appointed_later_is_barred_only_from_what_that_post_was_responsible_for(people: Cast) -> None:
    """A supervisor who stands in for the department's handler for a week cannot close that week's work, but
    what was over before it, or comes after it, may be closed."""
    before = make_problem(people, status=Status.REPORTED, now=at("2019-12-02 09:00"))
    workflow.verify(before, by=people.inspector1, shots=[shot()], now=at("2019-12-03 09:00"))
    workflow.close(before, by=people.supervisor2, now=at("2019-12-03 10:00"))
    join(people.supervisor1, people.housing, "handler", from_on=day("2019-12-09"), until_on=day("2019-12-13"))
    during = make_problem(people, status=Status.VERIFIED, now=at("2019-12-10 09:00"))
    after = make_problem(people, status=Status.VERIFIED, now=at("2019-12-16 09:00"))

    with pytest.raises(NotAllowed):
        workflow.close(during, by=people.supervisor1, now=at("2019-12-17 09:00"))
    workflow.close(after, by=people.supervisor1, now=at("2019-12-17 09:00"))
    workflow.close(during, by=people.supervisor2, now=at("2019-12-17 09:00"))

    assert fresh(before).status == fresh(during).status == fresh(after).status == Status.CLOSED


def test_members_of_co_handlers_and_governments_are_barred_like_the_leads(people: Cast) -> None:
    others = [
        Addressee(people.city_management, AssignmentRole.REGULATOR),
        Addressee(people.jiefang, AssignmentRole.GOVERNMENT),
    ]
    problem = make_problem(people, status=Status.REPORTED, others=others, now=MONDAY)
    for unit in (people.housing, people.city_management, people.jiefang):
        person = make_person(f"both-{unit.pk}", "兼职", (people.office, "supervisor"))
        join(person, unit, "handler", until_on=day("2019-12-31"))
        assert judges(problem, person) == []


def test_a_post_of_any_role_in_the_unit_counts(people: Cast) -> None:
    person = make_person("clerk", "内勤", (people.office, "supervisor"))
    join(person, people.housing, "leader", until_on=day("2019-12-31"))

    assert judges(make_problem(people, status=Status.VERIFIED, now=MONDAY), person) == []


def test_whoever_reported_it_fixed_is_barred_even_after_it_was_sent_back(people: Cast) -> None:
    join(people.handler1, people.office, "supervisor")
    leave(people.handler1, people.housing, day("2019-12-01"))
    join(people.handler1, people.jiefang, "handler")
    problem = make_problem(people, status=Status.RECTIFYING, unit=people.jiefang, now=MONDAY)
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=FRIDAY)
    workflow.send_back(problem, by=people.inspector1, reason="未完", due_on=day("2019-12-20"), now=FRIDAY)
    workflow.report_back(problem, by=people.government1, text="已办", shots=[shot()], now=FRIDAY)

    assert judges(problem, people.handler1) == []


def test_the_right_itself_comes_from_todays_post(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)
    leave(people.inspector1, people.team1, day("2020-06-30"))

    with time_machine.travel(at("2020-06-30 12:00"), tick=False):
        forget(people.inspector1)
        assert "verify" in judges(problem, people.inspector1)
    with time_machine.travel(at("2020-07-01 12:00"), tick=False):
        forget(people.inspector1)
        assert judges(problem, people.inspector1) == []


def test_a_recheck_is_a_judgement_too(people: Cast) -> None:
    join(people.handler1, people.team1, "inspector")
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    with pytest.raises(NotAllowed):
        workflow.recheck(problem, by=people.handler1, result=Result.FIXED, shots=[shot()], now=FRIDAY)


# --- Units above and below one that is assigned -----------------------------------------------------


def barred_from(people: Cast, problem: Problem, unit: Unit) -> bool:
    """Is a supervisor who also belongs to the unit barred? By the button and by the queue alike."""
    person = make_person(f"both-{unit.pk}", "兼职", (people.office, "supervisor"))
    join(person, unit, "leader", until_on=day("2019-12-31"))
    barred = "verify" not in judges(problem, person)
    assert queues.to_verify(person).filter(subject_id=problem.pk).exists() is not barred
    return barred


def test_units_below_and_above_the_assigned_one_are_barred_and_their_siblings_not(people: Cast) -> None:
    above = make_unit("市政府", UnitKind.OTHER)
    sibling = make_unit("市政府法制办", UnitKind.OTHER, parent=above)
    assigned = make_unit("市建管中心", UnitKind.DEPARTMENT, parent=above)
    below = make_unit("市建管中心质安站", UnitKind.DEPARTMENT, parent=assigned)
    make_person("clerk", "经办", (assigned, "handler"))
    problem = make_problem(people, status=Status.REPORTED, unit=assigned, now=MONDAY)

    assert [barred_from(people, problem, unit) for unit in (above, assigned, below, sibling)] == [
        True,
        True,
        True,
        False,
    ]


def test_the_offices_own_line_judges_what_its_bureau_or_a_department_of_it_was_assigned(people: Cast) -> None:
    department = make_unit("局执法队", UnitKind.DEPARTMENT, parent=people.bureau)
    within = make_unit("督导办后勤科", UnitKind.DEPARTMENT, parent=people.office)
    for number, unit in enumerate((people.bureau, department, within)):
        make_person(f"clerk{number}", "经办", (unit, "handler"))
    of_bureau, of_department, of_within = (
        make_problem(people, status=Status.REPORTED, unit=unit, now=MONDAY)
        for unit in (people.bureau, department, within)
    )

    for problem in (of_bureau, of_department, of_within):
        assert "verify" in judges(problem, people.inspector1)
        assert queues.to_verify(people.inspector1).filter(subject_id=problem.pk).exists()
        assert "verify" in judges(problem, people.supervisor1)
    # Another department of the bureau lies below what was assigned and is none of those who judge.
    assert barred_from(people, of_bureau, department)
    assert not barred_from(people, of_department, people.bureau)
