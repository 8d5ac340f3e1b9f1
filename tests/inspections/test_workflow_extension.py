"""More time: asked with reason and plan, in time or late, decided by whom, the first date kept."""

import datetime

import pytest
from django.utils.html import strip_tags

from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import DeadlineRule
from inspections import policy, queues, workflow
from inspections.enums import AssignmentRole, EscalationLevel, Status
from inspections.models import Extension, Problem
from inspections.subjects import event_sentence
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, shot
from tests.cast import Cast, join, make_person
from tests.inspections.reading import clock_rows, clocks, fresh, last_event, snapshot, told, waiting

MONDAY = at("2019-12-02 09:00")
WEDNESDAY = at("2019-12-04 10:00")
ASKED = {"reason": "连续降雨", "plan": "12月12日前完成南侧，14日前完成北侧"}


def ask(people: Cast, problem: Problem, wanted_on: str, now: datetime.datetime = WEDNESDAY) -> Extension:
    return workflow.ask_extension(problem, by=people.handler1, wanted_on=day(wanted_on), now=now, **ASKED)


def test_a_request_is_recorded_and_the_supervisors_are_told(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    extension = ask(people, problem, "2019-12-14")

    assert (extension.old_due_on, extension.is_late, extension.decision) == (day("2019-12-09"), False, "pending")
    assert fresh(problem).due_on == day("2019-12-09")
    assert clocks(problem)["extension 市污染防治督导办公室"] == (day("2019-12-05"), None)
    assert told(problem, "ask_extension") == {"supervisor1", "supervisor2"}
    assert fresh(problem).status == Status.RECTIFYING


def test_granting_moves_the_date_and_keeps_the_first_one(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    extension = ask(people, problem, "2019-12-14")

    workflow.decide_extension(
        problem, by=people.supervisor1, extension=extension, granted_on=day("2019-12-12"), now=at("2019-12-05 09:00")
    )

    problem, extension = fresh(problem), Extension.objects.get(pk=extension.pk)
    assert (problem.due_on, problem.first_due_on, problem.extension_count) == (
        day("2019-12-12"),
        day("2019-12-09"),
        1,
    )
    assert (extension.decision, extension.granted_on, extension.decided_by) == (
        "granted",
        day("2019-12-12"),
        people.supervisor1,
    )
    row = next(row for row in clock_rows(problem) if row.clock == "rectify")
    assert row.agreed == [["2019-12-05", "2019-12-12", "extended", "连续降雨"]]
    assert waiting(problem) == {"rectify 市住建局"}
    assert told(problem, "decide_extension") == {"handler1"}
    assert last_event(problem).details["old_due_on"] == "2019-12-09"


def test_refusing_needs_a_note_and_leaves_the_date(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    extension = ask(people, problem, "2019-12-14")
    before = snapshot(problem)
    with pytest.raises(Invalid) as refusal:
        workflow.decide_extension(problem, by=people.supervisor1, extension=extension, granted_on=None, now=WEDNESDAY)
    assert refusal.value.field == "note"
    assert snapshot(problem) == before

    workflow.decide_extension(
        problem, by=people.supervisor1, extension=extension, granted_on=None, note="人手足够", now=WEDNESDAY
    )

    assert (fresh(problem).due_on, fresh(problem).extension_count) == (day("2019-12-09"), 0)
    assert Extension.objects.get(pk=extension.pk).decision == "refused"
    with pytest.raises(IllegalMove, match="No request is waiting"):
        workflow.decide_extension(
            problem, by=people.supervisor1, extension=extension, granted_on=day("2019-12-20"), now=WEDNESDAY
        )


def test_what_is_missing_or_makes_no_sense_is_refused(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    before = snapshot(problem)
    wrong = [
        ({"reason": " "}, "reason"),
        ({"plan": ""}, "plan"),
        ({"wanted_on": day("2019-12-09")}, "wanted_on"),
        ({"wanted_on": day("2019-12-08")}, "wanted_on"),
    ]
    for change, field in wrong:
        with pytest.raises(Invalid) as refusal:
            workflow.ask_extension(
                problem, by=people.handler1, now=WEDNESDAY, **ASKED | {"wanted_on": day("2019-12-14")} | change
            )
        assert refusal.value.field == field
    with pytest.raises(Invalid):
        ask(people, problem, "2019-12-12", now=at("2019-12-12 09:00"))
    assert snapshot(problem) == before

    extension = ask(people, problem, "2019-12-10")
    with pytest.raises(Invalid) as refusal:
        workflow.decide_extension(
            problem, by=people.supervisor1, extension=extension, granted_on=day("2019-12-09"), now=WEDNESDAY
        )
    assert refusal.value.field == "granted_on"


@pytest.mark.parametrize(
    ("asked_at", "late"),
    [
        ("2019-12-08 23:59", False),
        ("2019-12-09 00:00", False),
        ("2019-12-09 16:59", False),
        ("2019-12-09 17:00", True),
        ("2019-12-09 17:01", True),
        ("2019-12-10 00:00", True),
        ("2019-12-10 09:00", True),
    ],
)
def test_a_request_is_late_from_the_cut_off_hour_of_the_due_day(people: Cast, asked_at: str, late: bool) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    assert ask(people, problem, "2019-12-20", now=at(asked_at)).is_late is late


def test_the_cut_off_hour_comes_from_the_rule_row(people: Cast) -> None:
    DeadlineRule.objects.filter(code="extension").update(cutoff=datetime.time(12, 0))
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    assert ask(people, problem, "2019-12-20", now=at("2019-12-09 12:00")).is_late


def test_a_late_request_leaves_the_problem_overdue_until_it_is_decided(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    extension = ask(people, problem, "2019-12-16", now=at("2019-12-11 09:00"))
    assert fresh(problem).is_overdue(day("2019-12-11"))

    workflow.decide_extension(
        problem, by=people.supervisor1, extension=extension, granted_on=day("2019-12-16"), now=at("2019-12-12 09:00")
    )

    assert not fresh(problem).is_overdue(day("2019-12-16"))
    assert fresh(problem).is_overdue(day("2019-12-17"))


def test_the_third_extension_is_the_leaders_alone(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    for wanted in ("2019-12-12", "2019-12-15"):
        extension = ask(people, problem, wanted)
        workflow.decide_extension(
            problem, by=people.supervisor1, extension=extension, granted_on=day(wanted), now=WEDNESDAY
        )
    third = ask(people, problem, "2019-12-20")
    before = snapshot(problem)
    for person in (people.supervisor1, people.supervisor2):
        with pytest.raises(NotAllowed):
            workflow.decide_extension(problem, by=person, extension=third, granted_on=day("2019-12-20"), now=WEDNESDAY)
    assert snapshot(problem) == before
    assert "leader1" in told(problem, "ask_extension")

    workflow.decide_extension(problem, by=people.leader1, extension=third, granted_on=day("2019-12-20"), now=WEDNESDAY)

    assert (fresh(problem).due_on, fresh(problem).extension_count) == (day("2019-12-20"), 3)
    assert fresh(problem).first_due_on == day("2019-12-09")


def test_a_co_handlers_extension_moves_only_its_own_date(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    extension = workflow.ask_extension(problem, by=people.handler2, wanted_on=day("2019-12-20"), now=WEDNESDAY, **ASKED)

    workflow.decide_extension(
        problem, by=people.supervisor1, extension=extension, granted_on=day("2019-12-20"), now=WEDNESDAY
    )

    assert (fresh(problem).due_on, fresh(problem).extension_count) == (day("2019-12-09"), 0)
    assert clocks(problem)["rectify 市城管局"] == (day("2019-12-20"), None)
    assert clocks(problem)["rectify 市住建局"] == (day("2019-12-09"), None)


def test_one_request_at_a_time_per_unit(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    ask(people, problem, "2019-12-14")
    with pytest.raises(IllegalMove):
        ask(people, problem, "2019-12-15")

    workflow.ask_extension(problem, by=people.handler2, wanted_on=day("2019-12-20"), now=WEDNESDAY, **ASKED)

    assert problem.extensions.filter(decision="pending").count() == 2


@pytest.mark.parametrize("end", ["report_back", "hand_back", "release", "verify"])
def test_a_request_nobody_decided_ends_with_what_it_was_about(people: Cast, end: str) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    status = Status.CLAIMED if end == "hand_back" else Status.RECTIFYING
    problem = make_problem(people, status=status, others=others, now=MONDAY)
    asker = people.handler2 if end == "release" else people.handler1
    extension = workflow.ask_extension(problem, by=asker, wanted_on=day("2019-12-20"), now=WEDNESDAY, **ASKED)

    if end == "report_back":
        workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=WEDNESDAY)
    elif end == "hand_back":
        workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=WEDNESDAY)
    elif end == "release":
        workflow.release(problem, by=people.supervisor1, assignment=extension.assignment, reason="无需", now=WEDNESDAY)
    else:
        workflow.verify(problem, by=people.inspector1, shots=[shot()], now=WEDNESDAY)

    extension = Extension.objects.get(pk=extension.pk)
    assert (extension.decision, extension.decided_by) == ("lapsed", None)
    assert not any(name.startswith("extension") for name in waiting(problem))


@pytest.mark.parametrize("decision", ["pending", "granted", "refused"])
@pytest.mark.parametrize("end", ["report_back", "hand_back", "verify", "pressed_before"])
def test_history_calls_only_a_request_nobody_decided_lapsed(people: Cast, decision: str, end: str) -> None:
    status = Status.CLAIMED if end == "hand_back" else Status.RECTIFYING
    problem = make_problem(people, status=status, now=MONDAY)
    extension = ask(people, problem, "2019-12-20")
    if decision != "pending":
        granted_on = day("2019-12-20") if decision == "granted" else None
        workflow.decide_extension(
            problem, by=people.supervisor1, extension=extension, granted_on=granted_on, note="不行", now=WEDNESDAY
        )

    if end == "pressed_before":
        workflow.pause(problem, by=people.supervisor1, reason="停工", now=WEDNESDAY)
        workflow.resume(problem, by=people.supervisor1, now=WEDNESDAY)
        level = EscalationLevel.SUPERVISION
        workflow.escalate(problem, by=people.supervisor1, level=level, reason="逾期", now=WEDNESDAY)
        workflow.lift(problem, by=people.supervisor1, reason="已改", now=WEDNESDAY)
    if end in ("report_back", "pressed_before"):
        workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=WEDNESDAY)
    elif end == "hand_back":
        workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=WEDNESDAY)
    else:
        workflow.verify(problem, by=people.inspector1, shots=[shot()], now=WEDNESDAY)

    lapsed = decision == "pending"
    event = last_event(problem)
    assert event.details.get("lapsed") == (["市住建局"] if lapsed else None)
    assert ("lapsed undecided" in strip_tags(event_sentence(event))) == lapsed
    assert Extension.objects.get(pk=extension.pk).decision == ("lapsed" if lapsed else decision)
    assert not any(name.startswith("extension") for name in clocks(problem))


def test_another_problems_request_cannot_be_decided_here(people: Cast) -> None:
    one = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    other = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    ask(people, one, "2019-12-14")
    foreign = ask(people, other, "2019-12-14")
    with pytest.raises(IllegalMove):
        workflow.decide_extension(
            one, by=people.supervisor1, extension=foreign, granted_on=day("2019-12-14"), now=WEDNESDAY
        )


@pytest.mark.parametrize("who", ["asker", "member", "moved here since", "left before"])
def test_nobody_decides_what_they_or_their_unit_asked_for(people: Cast, who: str) -> None:
    both = make_person("both", "双岗", (people.office, "supervisor"))
    until = day("2019-12-03") if who == "left before" else None
    join(
        both,
        people.housing,
        "handler",
        from_on=day("2019-12-05" if who == "moved here since" else "2019-01-01"),
        until_on=until,
    )
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    asker = both if who == "asker" else people.handler1
    extension = workflow.ask_extension(problem, by=asker, wanted_on=day("2019-12-14"), now=WEDNESDAY, **ASKED)
    may = who == "left before"

    assert (policy.may_not_decide(fresh(problem), both, extension) is None) is may
    assert queues.to_decide(both).filter(subject_id=problem.pk).exists() is may
    if not may:
        with pytest.raises(NotAllowed, match="somebody else must decide it"):
            workflow.decide_extension(
                problem, by=both, extension=extension, granted_on=day("2019-12-14"), now=WEDNESDAY
            )
    assert queues.to_decide(people.supervisor1).filter(subject_id=problem.pk).exists()
    workflow.decide_extension(
        problem, by=people.supervisor1, extension=extension, granted_on=day("2019-12-14"), now=WEDNESDAY
    )


@pytest.mark.parametrize("role", ["lead", "co"])
def test_the_third_request_of_one_unit_stands_in_the_leaders_queue(people: Cast, role: str) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    one, other = (people.handler1, people.handler2) if role == "lead" else (people.handler2, people.handler1)
    for wanted in ("2019-12-14", "2019-12-20", "2019-12-27"):
        extension = workflow.ask_extension(problem, by=one, wanted_on=day(wanted), now=WEDNESDAY, **ASKED)
        if wanted != "2019-12-27":
            workflow.decide_extension(
                problem, by=people.supervisor1, extension=extension, granted_on=day(wanted), now=WEDNESDAY
            )
    workflow.ask_extension(problem, by=other, wanted_on=day("2019-12-14"), now=WEDNESDAY, **ASKED)

    units = {"lead": people.housing, "co": people.city_management}
    third = problem.assignments.get(unit=units.pop(role)).pk
    first = problem.assignments.get(unit=units.popitem()[1]).pk
    assert list(queues.to_decide(people.leader1).values_list("part_id", flat=True)) == [third]
    assert list(queues.to_decide(people.supervisor1).values_list("part_id", flat=True)) == [first]
    refused = {
        row.assignment_id: policy.may_not_decide(fresh(problem), people.supervisor1, row) for row in pending(problem)
    }
    assert refused == {third: "After two extensions only the leader decides.", first: None}


def pending(problem: Problem) -> list[Extension]:
    return list(problem.extensions.filter(decision="pending").select_related("assignment"))


@pytest.mark.parametrize(("granted", "may"), [("2019-12-19", False), ("2019-12-20", True), ("2019-12-21", True)])
def test_no_date_is_granted_that_has_passed(people: Cast, granted: str, may: bool) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    extension = ask(people, problem, "2020-01-10", now=at("2019-12-18 10:00"))
    given = {"extension": extension, "granted_on": day(granted), "now": at("2019-12-20 10:00")}
    if may:
        workflow.decide_extension(problem, by=people.supervisor1, **given)  # type: ignore[arg-type]
        assert fresh(problem).due_on == day(granted)
        return
    with pytest.raises(Invalid) as refusal:
        workflow.decide_extension(problem, by=people.supervisor1, **given)  # type: ignore[arg-type]
    assert refusal.value.field == "granted_on"
