"""Dates that must survive what happens to a problem: stops, hand-backs, imports, amendments, and its special mark."""

import datetime

import pytest

from casetracker.enums import Role
from casetracker.models import Deadline, DeadlineRule
from inspections import figures, workflow
from inspections.enums import Clock, Route, Severity, Status
from inspections.forms import AssignForm
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, shot
from tests.cast import Cast, make_person
from tests.inspections.reading import clock_rows, events, fresh

MONDAY = at("2019-12-02 09:00")


def row_of(problem: Problem, clock: Clock) -> Deadline:
    return next(row for row in clock_rows(problem) if row.clock == clock)


def dates(problem: Problem) -> tuple[datetime.date | None, datetime.date | None]:
    one = fresh(problem)
    return one.first_due_on, one.due_on


# --- Stops ------------------------------------------------------------------------------------------


def test_what_is_reported_back_while_the_clock_stands_still_is_in_time(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.pause(problem, by=people.supervisor1, reason="橙色预警", now=at("2019-12-08 10:00"))

    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=at("2019-12-15 10:00"))

    # Seven days stood still, from the 8th to the 14th.
    assert dates(problem) == (day("2019-12-16"), day("2019-12-16"))
    assert fresh(problem).met_on == day("2019-12-15")
    row = row_of(problem, Clock.RECTIFY)
    assert (row.stops, row.paused_since) == ([["2019-12-08", "2019-12-14", "橙色预警"]], None)
    assert events(problem)[-1].details["late_days"] == 0


@pytest.mark.parametrize(("verb", "clock"), [("claim", Clock.CLAIM), ("begin", Clock.FEEDBACK)])
def test_whoever_claims_or_begins_during_a_stop_is_in_time(people: Cast, verb: str, clock: Clock) -> None:
    status = Status.ASSIGNED if verb == "claim" else Status.CLAIMED
    problem = make_problem(people, status=status, now=MONDAY)
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-02 12:00"))

    if verb == "claim":
        workflow.claim(problem, by=people.handler1, now=at("2019-12-16 10:00"))
    else:
        workflow.begin_work(problem, by=people.handler1, now=at("2019-12-16 10:00"))

    row = row_of(problem, clock)
    assert row.met_on == day("2019-12-16")
    assert row.met_on <= row.due_on


def test_a_stop_undoes_no_lateness_that_was_there_before(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-10 10:00"))

    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=at("2019-12-12 10:00"))

    assert fresh(problem).due_on == day("2019-12-09")
    assert events(problem)[-1].details["late_days"] == 3


def test_clocks_that_start_during_a_stop_stand_still_too(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-03 10:00"))
    workflow.escalate(
        problem, by=people.supervisor1, reason="超期", due_on=day("2019-12-20"), now=at("2019-12-04 10:00")
    )
    workflow.ask_extension(
        problem, by=people.handler1, reason="雨", plan="x", wanted_on=day("2019-12-30"), now=at("2019-12-05 09:00")
    )

    waiting = [row for row in clock_rows(problem) if row.met_on is None]
    assert {row.clock for row in waiting} == {"rectify", "escalation", "extension"}
    assert all(row.paused_since for row in waiting)
    assert row_of(problem, Clock.EXTENSION).stops == [["2019-12-05", None, "停工"]]

    workflow.resume(problem, by=people.supervisor1, now=at("2019-12-09 10:00"))

    # The order's date moves by the 5th to the 8th; the decision has its one working day after the stop.
    assert row_of(problem, Clock.ESCALATION).due_on == day("2019-12-24")
    assert row_of(problem, Clock.EXTENSION).due_on == day("2019-12-09")


# --- Handed on --------------------------------------------------------------------------------------


def test_an_imported_clock_without_a_unit_ends_when_it_is_assigned_and_its_first_date_stays(people: Cast) -> None:
    problem = make_problem(people, now=at("2019-10-16 09:00"))
    given = day("2019-10-23")
    Deadline.objects.create(
        subject_type="problem",
        subject_id=problem.pk,
        clock=Clock.RECTIFY,
        started_on=day("2019-10-16"),
        started_by="import",
        first_due_on=given,
        due_on=given,
        opened_at=at("2019-10-16 09:00"),
    )
    Problem.objects.filter(pk=problem.pk).update(due_on=given, first_due_on=given)

    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=at("2019-10-20 10:00"))

    (row,) = [row for row in clock_rows(problem) if row.clock == Clock.RECTIFY]
    assert (row.part_id, row.due_on, row.first_due_on) == (
        problem.assignments.get().pk,
        day("2019-10-27"),
        given,
    )
    workflow.claim(problem, by=people.handler1, now=at("2019-10-20 11:00"))
    workflow.begin_work(problem, by=people.handler1, now=at("2019-10-20 12:00"))
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=at("2019-10-25 12:00"))
    assert fresh(problem).met_on == day("2019-10-25")
    assert not Problem.objects.overdue(day("2019-11-01")).exists()
    period = figures.Period(day("2019-01-01"), day("2019-11-01"))
    assert figures.overdue(Problem.objects.all(), period).count() == 0


def test_the_first_date_of_an_overdue_problem_outlives_hand_back_stop_and_amendment(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)
    workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=at("2019-12-20 10:00"))
    assert dates(problem) == (day("2019-12-09"), None)
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=at("2019-12-20 11:00"))
    assert dates(problem) == (day("2019-12-09"), day("2019-12-27"))
    assert row_of(problem, Clock.RECTIFY).agreed == [["2019-12-20", "2019-12-27", "reassigned", ""]]

    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-22 10:00"))
    workflow.resume(problem, by=people.supervisor1, now=at("2019-12-24 10:00"))
    assert dates(problem) == (day("2019-12-09"), day("2019-12-29"))

    workflow.amend(problem, by=people.supervisor1, reason="定性", severity=Severity.MAJOR, now=at("2019-12-25 10:00"))
    assert dates(problem) == (day("2019-12-09"), day("2020-01-22"))


def test_a_problem_that_leaves_the_spot_gets_a_first_date_of_the_office(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)

    workflow.to_central(problem, by=people.supervisor1, reason="难改", now=at("2019-12-05 09:00"))
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=at("2019-12-05 10:00"))

    assert dates(problem) == (day("2019-12-12"), day("2019-12-12"))


def test_a_new_lead_has_had_no_extension_while_the_history_keeps_the_old_ones(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)
    for wanted in ("2019-12-14", "2019-12-20"):
        request = workflow.ask_extension(
            problem, by=people.handler1, reason="雨", plan="x", wanted_on=day(wanted), now=at("2019-12-03 09:00")
        )
        workflow.decide_extension(
            problem, by=people.supervisor1, extension=request, granted_on=day(wanted), now=at("2019-12-03 10:00")
        )
    workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=at("2019-12-04 10:00"))
    workflow.assign(
        problem, by=people.supervisor1, addressees=[Addressee(people.city_management)], now=at("2019-12-04 11:00")
    )

    request = workflow.ask_extension(
        problem, by=people.handler2, reason="雨", plan="x", wanted_on=day("2019-12-20"), now=at("2019-12-05 09:00")
    )
    workflow.decide_extension(
        problem, by=people.supervisor1, extension=request, granted_on=day("2019-12-20"), now=at("2019-12-05 10:00")
    )

    assert fresh(problem).extension_count == 1
    assert problem.extensions.filter(decision="granted").count() == 3


# --- Amended after an extension ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("granted", "severity", "first", "due", "agreed"),
    [
        ("2019-12-12", Severity.MAJOR, "2020-01-02", "2020-01-02", ["extended", "amended"]),
        ("2020-01-02", Severity.MAJOR, "2020-01-02", "2020-01-02", ["extended"]),
        ("2020-01-10", Severity.MAJOR, "2020-01-02", "2020-01-10", ["extended"]),
    ],
)
def test_amending_counts_the_first_date_anew_and_keeps_a_later_agreed_one(
    people: Cast, granted: str, severity: Severity, first: str, due: str, agreed: list[str]
) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    request = workflow.ask_extension(
        problem, by=people.handler1, reason="雨", plan="x", wanted_on=day(granted), now=at("2019-12-03 09:00")
    )
    workflow.decide_extension(
        problem, by=people.supervisor1, extension=request, granted_on=day(granted), now=at("2019-12-03 10:00")
    )

    workflow.amend(problem, by=people.supervisor1, reason="定性", severity=severity, now=at("2019-12-04 10:00"))

    assert dates(problem) == (day(first), day(due))
    assert [one[2] for one in row_of(problem, Clock.RECTIFY).agreed] == agreed


def test_a_date_set_on_sending_back_stays_when_the_record_is_amended(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)
    workflow.send_back(
        problem, by=people.inspector1, reason="未完", due_on=day("2019-12-15"), now=at("2019-12-06 10:00")
    )

    workflow.amend(problem, by=people.supervisor1, reason="定性", severity=Severity.MAJOR, now=at("2019-12-07 10:00"))

    assert dates(problem) == (day("2020-01-02"), day("2019-12-15"))


# --- Special ----------------------------------------------------------------------------------------


def test_special_stays_special_with_its_day_whoever_assigns_it_anew(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, special=True, now=MONDAY)
    workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=at("2019-12-04 10:00"))
    form = AssignForm(problem=fresh(problem), by=people.supervisor1)
    assert form.initial["special"] is True

    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=at("2019-12-05 10:00"))

    problem = fresh(problem)
    assert (problem.special, problem.special_on) == (True, day("2019-12-02"))
    assert events(problem)[-1].details["special"] is True


# --- Rules ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "amount"), [("2009-06-01", 9), ("2012-06-01", 9), ("2014-06-01", 9), ("2016-06-01", 2), ("2022-01-01", 2)]
)
def test_where_no_rule_is_in_force_the_nearest_earlier_one_holds(people: Cast, on: str, amount: int) -> None:
    DeadlineRule.objects.filter(code="claim").delete()
    for days, since, until in ((9, "2010-01-01", "2013-12-31"), (2, "2016-01-01", "2020-12-31")):
        DeadlineRule.objects.create(
            code="claim", amount=days, unit="day", name_zh="x", effective_from=day(since), effective_until=day(until)
        )

    assert DeadlineRule.objects.in_force("claim", day(on)).amount == amount


def test_the_second_of_two_claims_is_answered_with_the_page_as_it_stands(people: Cast, client) -> None:  # type: ignore[no-untyped-def]
    second = make_person("second", "林工", (people.housing, Role.HANDLER))
    problem = make_problem(people, status=Status.ASSIGNED)
    workflow.claim(problem, by=people.handler1)
    client.force_login(second)

    answer = client.post(f"/problems/{problem.pk}/claim/", {"responsible": second.pk})

    assert answer.status_code == 409
    assert "赵岩" in answer.content.decode()
