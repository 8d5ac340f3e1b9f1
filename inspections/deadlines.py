"""Pure rules about time: which rule a clock runs by, and how a date moves; no database, no clock of its own."""

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from casetracker.workdays import Calendar, Extension, Stop, Term, count, present_due
from inspections.enums import Clock, Route, Severity

ONE_DAY = datetime.timedelta(days=1)


class Ruled(Protocol):
    """The part of a rule row that counting needs."""

    amount: int
    unit: str
    roll: bool


def rule_code(clock: str, *, severity: str = Severity.ORDINARY, route: str = Route.CENTRAL) -> str:
    """The code of the rule a clock runs by; rectification has one per route and severity.

    13710 (Shanxi, 2016-09): major and complex problems have a month, ordinary ones 7 days; what is told on
    the spot has a term of its own.
    """
    if clock != Clock.RECTIFY:
        return str(clock)
    if route == Route.ON_SPOT:
        return "rectify_on_spot"
    return "rectify_major" if severity == Severity.MAJOR else "rectify_ordinary"


def term_of(rule: Ruled) -> Term:
    return Term(rule.amount, rule.unit, rule.roll)  # type: ignore[arg-type]


def stops_of(stored: Sequence[Sequence[Any]], today: datetime.date) -> tuple[Stop, ...]:
    """The stored stops [[since, until or null, reason], …] as values; one that runs ends today."""
    stops = []
    for since, until, reason in stored:
        first = datetime.date.fromisoformat(since)
        last = datetime.date.fromisoformat(until) if until else today
        if last >= first:
            stops.append(Stop(first, last, reason))
    return tuple(stops)


def agreed_of(stored: Sequence[Sequence[Any]]) -> tuple[Extension, ...]:
    """The stored agreements [[agreed on, new date, cause, reason], …] as values."""
    return tuple(
        Extension(datetime.date.fromisoformat(on), datetime.date.fromisoformat(due), cause, reason)
        for on, due, cause, reason in stored
    )


def end_stop(stored: Sequence[Sequence[Any]], on: datetime.date) -> list[list[Any]]:
    """The stored stops with the one that runs ended: the last day it stood still is the day before `on`.

    One that began on `on` itself leaves nothing: no day stood still.
    """
    ended = []
    for since, until, reason in stored:
        if until is None:
            last = on - ONE_DAY
            if datetime.date.fromisoformat(since) > last:
                continue
            until = last.isoformat()
        ended.append([since, until, reason])
    return ended


class Moved(NamedTuple):
    """The dates of a clock after a stop; `provisional` is None where no counting could tell."""

    first_due_on: datetime.date
    due_on: datetime.date
    provisional: bool | None = None


def moved_by_stop(
    *,
    started_on: datetime.date,
    term: Term | None,
    first_due_on: datetime.date,
    due_on: datetime.date,
    stops: Sequence[Stop],
    agreed: Sequence[Extension],
    since: datetime.date,
    until: datetime.date,
    calendar: Calendar,
) -> Moved:
    """The first and the present date after a stop from `since` to `until` (both stood still) has ended.

    A counted term is counted again with all its stops; a date that was given moves on by the days stopped
    after it was given. A stop that began after the date undoes no lateness and moves nothing.
    """
    if until < since or since > due_on:
        return Moved(first_due_on, due_on)
    if term is not None:
        clock = count(started_on, term, calendar, stops)
        return Moved(clock.due_on, present_due(clock, agreed), clock.provisional)
    if since <= first_due_on:
        first_due_on += _days_stopped(started_on, since, until)
    return Moved(first_due_on, due_on + _days_stopped(agreed[-1].agreed_on if agreed else started_on, since, until))


def _days_stopped(given_on: datetime.date, since: datetime.date, until: datetime.date) -> datetime.timedelta:
    """How many days of a stop lie after the day a date was given; that day itself never counts."""
    first = max(since, given_on + ONE_DAY)
    return max(datetime.timedelta(0), until - first + ONE_DAY)
