"""Keeping at it: pause and resume, escalate and lift, comments and who reads them."""

import datetime

import pytest

from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import Deadline
from inspections import deadlines, workflow
from inspections.enums import AssignmentRole, Audience, Clock, EscalationLevel, Route, Status, Verb
from inspections.models import Problem
from inspections.workflow import Addressee
from inspections.workflow import clocks as problem_clocks
from inspections.workflow.engine import begin
from tests.builders import at, day, make_problem, shot
from tests.cast import Cast
from tests.inspections.reading import clock_rows, clocks, fresh, last_event, snapshot, told, waiting

MONDAY = at("2019-12-02 09:00")


def pause_and_resume(people: Cast, problem: Problem, since: str, until: str, reason: str = "橙色预警停工") -> Problem:
    workflow.pause(problem, by=people.supervisor1, reason=reason, now=at(f"{since} 09:00"))
    workflow.resume(problem, by=people.supervisor1, now=at(f"{until} 09:00"))
    return fresh(problem)


def rectify_row(problem: Problem) -> Deadline:
    return next(row for row in clock_rows(problem) if row.clock == "rectify")


def test_while_paused_nothing_gets_late_and_the_page_can_say_why(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    with pytest.raises(Invalid):
        workflow.pause(problem, by=people.supervisor1, reason=" ", now=at("2019-12-05 09:00"))

    workflow.pause(problem, by=people.supervisor1, reason="橙色预警停工", now=at("2019-12-05 09:00"))

    problem = fresh(problem)
    assert (problem.paused_since, problem.due_on) == (day("2019-12-05"), day("2019-12-09"))
    assert not problem.is_overdue(day("2019-12-31"))
    row = rectify_row(problem)
    assert (row.paused_since, row.stops) == (day("2019-12-05"), [["2019-12-05", None, "橙色预警停工"]])
    assert deadlines.stops_of(row.stops, day("2019-12-07"))[0].until == day("2019-12-07")
    assert told(problem, "pause") == {"handler1"}
    with pytest.raises(IllegalMove):
        workflow.pause(problem, by=people.supervisor1, reason="x", now=at("2019-12-05 10:00"))


def test_resuming_moves_the_date_by_the_days_that_stood_still(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    problem = pause_and_resume(people, problem, "2019-12-05", "2019-12-08")

    assert (problem.paused_since, problem.due_on, problem.first_due_on) == (
        None,
        day("2019-12-12"),
        day("2019-12-12"),
    )
    row = rectify_row(problem)
    assert (row.stops, row.paused_since) == ([["2019-12-05", "2019-12-07", "橙色预警停工"]], None)
    assert last_event(problem).details["due_on"] == "2019-12-12"
    assert told(problem, "resume") == {"handler1"}
    with pytest.raises(IllegalMove):
        workflow.resume(problem, by=people.supervisor1, now=at("2019-12-09 09:00"))


def test_two_stops_add_up(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    pause_and_resume(people, problem, "2019-12-03", "2019-12-05")
    problem = pause_and_resume(people, problem, "2019-12-11", "2019-12-14")

    assert problem.due_on == day("2019-12-14")
    assert len(rectify_row(problem).stops) == 2


def test_a_stop_on_the_same_day_moves_nothing(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    problem = pause_and_resume(people, problem, "2019-12-05", "2019-12-05")

    assert problem.due_on == day("2019-12-09")
    assert rectify_row(problem).stops == []


@pytest.mark.parametrize(
    ("since", "until", "due"),
    [
        ("2019-12-08", "2019-12-10", "2019-12-11"),
        ("2019-12-09", "2019-12-11", "2019-12-11"),
        ("2019-12-10", "2019-12-15", "2019-12-09"),
    ],
)
def test_a_stop_moves_the_date_until_the_due_day_and_undoes_no_lateness(
    people: Cast, since: str, until: str, due: str
) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at(f"{since} 09:00"))
    assert fresh(problem).is_overdue(day("2019-12-20")) is (due == "2019-12-09")

    workflow.resume(problem, by=people.supervisor1, now=at(f"{until} 09:00"))

    assert fresh(problem).due_on == day(due)


def test_an_agreed_date_moves_too_and_the_first_one_stays_the_terms_own(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    extension = workflow.ask_extension(
        problem, by=people.handler1, reason="雨", plan="x", wanted_on=day("2019-12-20"), now=at("2019-12-04 09:00")
    )
    workflow.decide_extension(
        problem, by=people.supervisor1, extension=extension, granted_on=day("2019-12-16"), now=at("2019-12-04 10:00")
    )

    problem = pause_and_resume(people, problem, "2019-12-11", "2019-12-14")

    assert (problem.first_due_on, problem.due_on) == (day("2019-12-09"), day("2019-12-19"))


def test_a_date_without_a_term_moves_by_the_days_stopped_after_it_was_given(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, due_on=day("2019-12-10"), now=MONDAY)
    assert rectify_row(problem).amount is None

    problem = pause_and_resume(people, problem, "2019-12-05", "2019-12-08")
    assert (problem.first_due_on, problem.due_on) == (day("2019-12-13"), day("2019-12-13"))

    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=at("2019-12-09 09:00"))
    workflow.send_back(
        problem, by=people.inspector1, reason="未完", due_on=day("2019-12-20"), now=at("2019-12-09 10:00")
    )
    problem = pause_and_resume(people, problem, "2019-12-16", "2019-12-18")
    assert (problem.first_due_on, problem.due_on) == (day("2019-12-13"), day("2019-12-22"))


def test_a_pause_on_the_first_day_does_not_count_that_day_twice(people: Cast) -> None:
    counted = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    given = make_problem(people, status=Status.RECTIFYING, due_on=day("2019-12-09"), now=MONDAY)

    assert pause_and_resume(people, counted, "2019-12-02", "2019-12-05").due_on == day("2019-12-11")
    assert pause_and_resume(people, given, "2019-12-02", "2019-12-05").due_on == day("2019-12-11")


def test_an_extension_granted_during_a_stop_moves_only_by_the_days_after_it(people: Cast) -> None:
    for due_on in (None, day("2019-12-09")):
        problem = make_problem(people, status=Status.RECTIFYING, due_on=due_on, now=MONDAY)
        extension = workflow.ask_extension(
            problem, by=people.handler1, reason="雨", plan="x", wanted_on=day("2019-12-20"), now=at("2019-12-04 09:00")
        )
        workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-05 09:00"))
        workflow.decide_extension(
            problem, by=people.leader1, extension=extension, granted_on=day("2019-12-16"), now=at("2019-12-07 09:00")
        )
        workflow.resume(problem, by=people.supervisor1, now=at("2019-12-10 09:00"))

        assert fresh(problem).due_on == day("2019-12-18")


def test_the_stop_counts_by_the_clocks_own_days(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=at("2019-12-05 09:00"))
    assert clocks(problem)["verify"] == (day("2019-12-09"), None)

    pause_and_resume(people, problem, "2019-12-06", "2019-12-10")

    assert clocks(problem)["verify"] == (day("2019-12-11"), None)
    assert fresh(problem).due_on == day("2019-12-12")


def test_an_edited_rule_does_not_touch_a_clock_that_runs(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    rule = rectify_row(problem).rule
    assert rule is not None
    rule.amount = 30
    rule.save()

    assert pause_and_resume(people, problem, "2019-12-05", "2019-12-08").due_on == day("2019-12-12")


@pytest.mark.parametrize("leaves_by", ["report_back", "verify", "hand_back", "to_central", "fix_on_spot"])
def test_a_pause_ends_when_the_problem_leaves_the_hands_it_was_in(people: Cast, leaves_by: str) -> None:
    on_spot = leaves_by in ("to_central", "fix_on_spot")
    problem = make_problem(
        people,
        status=Status.CLAIMED if leaves_by == "hand_back" else Status.RECTIFYING,
        route=Route.ON_SPOT if on_spot else Route.CENTRAL,
        now=MONDAY,
    )
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-03 08:00"))
    now = at("2019-12-05 09:00")

    if leaves_by == "report_back":
        workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=now)
    elif leaves_by == "verify":
        workflow.verify(problem, by=people.inspector1, shots=[shot()], now=now)
    elif leaves_by == "hand_back":
        workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=now)
    elif leaves_by == "to_central":
        workflow.to_central(problem, by=people.inspector1, reason="转办", now=now)
    else:
        workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()], now=now)

    problem = fresh(problem)
    assert problem.paused_since is None
    assert all(row.paused_since is None for row in clock_rows(problem))
    assert len(waiting(problem)) == 1
    if leaves_by == "report_back":
        assert rectify_row(problem).stops == [["2019-12-03", "2019-12-04", "停工"]]


def test_claiming_and_beginning_do_not_end_a_pause(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-03 08:00"))
    workflow.claim(problem, by=people.handler1, now=at("2019-12-03 09:00"))
    workflow.begin_work(problem, by=people.handler1, now=at("2019-12-03 10:00"))

    assert fresh(problem).paused_since == day("2019-12-03")
    assert rectify_row(problem).paused_since == day("2019-12-03")


def test_a_paused_office_clock_stands_still_too(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    workflow.pause(problem, by=people.supervisor1, reason="等待鉴定", now=at("2019-12-02 10:00"))
    assert fresh(problem).paused_since == day("2019-12-02")
    assert fresh(problem).due_on is None

    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=at("2019-12-04 09:00"))

    assert fresh(problem).paused_since is None
    assert fresh(problem).due_on == day("2019-12-11")


def test_escalating_opens_an_order_with_its_own_date_and_lifting_ends_it(people: Cast) -> None:
    people.handler1.memberships.update(is_head=True)
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    for change, field in (({"reason": ""}, "reason"), ({"due_on": day("2019-12-09")}, "due_on")):
        with pytest.raises(Invalid) as refusal:
            workflow.escalate(problem, by=people.supervisor1, now=at("2019-12-10 09:00"), **{"reason": "超期"} | change)
        assert refusal.value.field == field

    workflow.escalate(
        problem,
        by=people.supervisor1,
        reason="超期未改",
        level=EscalationLevel.LISTED,
        due_on=day("2019-12-20"),
        now=at("2019-12-10 09:00"),
    )

    order = problem.escalations.get()
    assert (order.level, order.unit, order.due_on, order.by) == (
        "listed",
        people.housing,
        day("2019-12-20"),
        people.supervisor1,
    )
    assert clocks(problem)["escalation 市住建局"] == (day("2019-12-20"), None)
    assert told(problem, "escalate") == {"handler1", "supervisor2"}
    assert fresh(problem).status == Status.RECTIFYING

    workflow.lift(problem, by=people.supervisor2, reason="已验收", now=at("2019-12-18 09:00"))
    order.refresh_from_db()
    assert (order.lifted_on, order.lifted_by, order.lifted_reason) == (
        day("2019-12-18"),
        people.supervisor2,
        "已验收",
    )
    assert clocks(problem)["escalation 市住建局"][1] == day("2019-12-18")
    with pytest.raises(IllegalMove):
        workflow.lift(problem, by=people.supervisor2, reason="x", now=at("2019-12-18 09:00"))


def test_the_sweep_escalates_without_a_person(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    workflow.escalate(problem, by=None, reason="第二次超期", due_on=day("2019-12-20"), now=at("2019-12-12 09:00"))

    event = last_event(problem)
    assert (event.verb, event.actor_id, event.actor_name) == (Verb.ESCALATE, None, "")
    assert told(problem, "escalate") == {"handler1", "supervisor1", "supervisor2"}


def test_closing_leaves_an_order_and_its_clock_until_it_is_lifted(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.escalate(
        problem, by=people.supervisor1, reason="超期", due_on=day("2019-12-20"), now=at("2019-12-10 09:00")
    )
    workflow.verify(problem, by=people.inspector1, shots=[shot()], now=at("2019-12-11 09:00"))
    assert "escalation 市住建局" in waiting(problem)
    workflow.close(problem, by=people.supervisor1, now=at("2019-12-11 10:00"))

    assert waiting(problem) == {"escalation 市住建局"}
    workflow.lift(problem, by=people.supervisor1, reason="已销号", now=at("2019-12-11 11:00"))
    assert waiting(problem) == set()
    assert problem.escalations.get().lifted_on == day("2019-12-11")


def test_an_internal_note_reaches_nobody_outside_and_a_word_to_the_unit_does(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    now = at("2019-12-04 09:00")

    note = workflow.comment(problem, by=people.inspector1, text=" 现场有人打招呼 ", now=now)
    assert (note.audience, note.text) == (Audience.INTERNAL, "现场有人打招呼")
    assert told(problem, "comment") == set()
    word = workflow.comment(problem, by=people.supervisor1, text="请抓紧", audience=Audience.UNIT, now=now)
    assert word.audience == Audience.UNIT
    assert told(problem, "comment") == {"handler1"}


def test_what_a_handler_writes_is_never_internal(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)

    word = workflow.comment(
        problem, by=people.handler1, text="已进场", audience=Audience.INTERNAL, now=at("2019-12-04 09:00")
    )

    assert word.audience == Audience.UNIT
    assert told(problem, "comment") == {"inspector1"}


def test_an_empty_comment_and_one_by_somebody_who_only_reads_are_refused(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.CLAIMED, others=others, now=MONDAY)
    workflow.hand_back(problem, by=people.handler2, reason="无关", now=at("2019-12-03 09:00"))
    before = snapshot(problem)
    with pytest.raises(Invalid):
        workflow.comment(problem, by=people.inspector1, text="  ", now=at("2019-12-04 09:00"))
    for person in (people.handler2, people.officer1, people.leader1, people.outsider, people.deactivated):
        with pytest.raises(NotAllowed):
            workflow.comment(problem, by=person, text="x", now=at("2019-12-04 09:00"))
    assert snapshot(problem) == before


def test_nobody_is_told_of_an_imported_problem_before_it_is_released(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    Problem.objects.filter(pk=problem.pk).update(held=True)
    before = len(snapshot(problem)["notices"])

    workflow.escalate(problem, by=people.supervisor1, reason="超期", now=at("2019-12-10 09:00"))

    assert len(snapshot(problem)["notices"]) == before


def test_a_clock_without_rule_or_date_is_a_mistake_of_ours(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    step = begin(Verb.PAUSE, problem, by=people.supervisor1, now=MONDAY + datetime.timedelta(hours=1))
    with pytest.raises(ValueError, match="needs a date"):
        problem_clocks.start(step, Clock.ESCALATION, unit=None)
