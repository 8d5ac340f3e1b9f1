"""The pure rules about time: rule codes, stops, and how a stop moves a date."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetracker.workdays import Calendar, Extension, Stop, Term
from inspections.deadlines import agreed_of, end_stop, moved_by_stop, rule_code, stops_of
from inspections.enums import Clock, Route, Severity
from tests.builders import day

PLAIN = Calendar()
DAYS = st.integers(0, 60).map(lambda n: datetime.date(2019, 12, 1) + datetime.timedelta(days=n))


@pytest.mark.parametrize(
    ("clock", "severity", "route", "code"),
    [
        (Clock.RECTIFY, Severity.ORDINARY, Route.CENTRAL, "rectify_ordinary"),
        (Clock.RECTIFY, Severity.MAJOR, Route.CENTRAL, "rectify_major"),
        (Clock.RECTIFY, Severity.ORDINARY, Route.ON_SPOT, "rectify_on_spot"),
        (Clock.RECTIFY, Severity.MAJOR, Route.ON_SPOT, "rectify_on_spot"),
        (Clock.DEPLOY, Severity.MAJOR, Route.CENTRAL, "deploy"),
        (Clock.LOOK_BACK, Severity.ORDINARY, Route.ON_SPOT, "look_back"),
    ],
)
def test_each_clock_has_its_rule(clock: Clock, severity: Severity, route: Route, code: str) -> None:
    assert rule_code(clock, severity=severity, route=route) == code


def test_stored_stops_and_agreements_become_values() -> None:
    stored = [["2019-12-02", "2019-12-03", "停电"], ["2019-12-05", None, "预警"]]

    assert stops_of(stored, day("2019-12-07")) == (
        Stop(day("2019-12-02"), day("2019-12-03"), "停电"),
        Stop(day("2019-12-05"), day("2019-12-07"), "预警"),
    )
    assert len(stops_of(stored, day("2019-12-04"))) == 1
    assert agreed_of([["2019-12-04", "2019-12-20", "sent_back", "未完"]]) == (
        Extension(day("2019-12-04"), day("2019-12-20"), "sent_back", "未完"),
    )


@pytest.mark.parametrize(
    ("on", "ended"),
    [("2019-12-05", []), ("2019-12-06", [["2019-12-05", "2019-12-05", "x"]])],
)
def test_a_stop_ends_the_day_before_the_clock_goes_on(on: str, ended: list[list[str]]) -> None:
    assert end_stop([["2019-12-05", None, "x"]], day(on)) == ended
    assert end_stop([["2019-12-01", "2019-12-02", "y"]], day(on)) == [["2019-12-01", "2019-12-02", "y"]]


def moved(term: Term | None, started: datetime.date, due: datetime.date, stop: Stop) -> datetime.date:
    return moved_by_stop(
        started_on=started,
        term=term,
        first_due_on=due,
        due_on=due,
        stops=[stop],
        agreed=[],
        since=stop.since,
        until=stop.until,
        calendar=PLAIN,
    ).due_on


@given(DAYS, st.integers(1, 30), st.integers(0, 40), st.integers(0, 20))
def test_a_given_date_and_a_counted_term_of_days_move_alike(
    started: datetime.date, amount: int, after: int, length: int
) -> None:
    due = started + datetime.timedelta(days=amount)
    since = started + datetime.timedelta(days=after)
    stop = Stop(since, since + datetime.timedelta(days=length))

    assert moved(None, started, due, stop) == moved(Term(amount), started, due, stop)


@given(DAYS, st.integers(1, 30), st.integers(0, 40), st.integers(0, 20))
def test_a_stop_never_brings_a_date_nearer_and_never_moves_it_by_more_than_its_days(
    started: datetime.date, amount: int, after: int, length: int
) -> None:
    due = started + datetime.timedelta(days=amount)
    since = started + datetime.timedelta(days=after)
    stop = Stop(since, since + datetime.timedelta(days=length))

    gained = (moved(None, started, due, stop) - due).days

    assert 0 <= gained <= length + 1
    assert (gained == 0) == (since > due or since + datetime.timedelta(days=length) <= started)
