"""Pure rules about time: which rule a clock runs by, and how a date moves; no database, no clock of its own."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from casetracker.workdays import Calendar, Extension, Stop, Term, count, present_due
from casetracker.workdays import Clock as Counted
from inspections.enums import OPEN, Clock, Route, Severity, Status

ONE_DAY = datetime.timedelta(days=1)
# Causes of a later date, besides those a person agrees to: it was assigned anew, and its first date stays; the
# record was amended, and the date agreed last would lie before the first.
REASSIGNED = "reassigned"
AMENDED = "amended"


# A new date further ahead than this is a mistyped year: no rectification, extended or sent back, is given as long.
FURTHEST = datetime.timedelta(days=366)


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


def usual_due(rule_due: datetime.date, item_days: int | None, today: datetime.date) -> datetime.date | None:
    """Where the usual term of a checklist item (in days, from the day of assignment) ends before the rule's, else None.

    The rule stays the outer limit: an item can only ask for less.
    """
    due = today + datetime.timedelta(days=item_days) if item_days else None
    return due if due is not None and due < rule_due else None


def counted(
    start: datetime.date, rule: Ruled, item_days: int | None, calendar: Calendar, stops: Sequence[Stop] = ()
) -> Counted:
    """A term counted from `start`: the rule's, or the usual one of a checklist item (in days) where it ends earlier."""
    by_rule = count(start, term_of(rule), calendar, stops)
    if not item_days:
        return by_rule
    by_item = count(start, Term(item_days), calendar, stops)
    return by_item if by_item.due_on < by_rule.due_on else by_rule


def within(rule: Ruled, term: Term) -> bool:
    """Is this the usual term of a checklist item, with the rule only as its limit? Rules are never rewritten: a
    clock that was counted by its rule has the rule's own term."""
    return term != term_of(rule)


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

    A counted term is counted again with all its stops; a date that was given (the first one of an earlier clock
    for the same work, too) moves on by the days stopped after it was given. A stop that began after the date
    undoes no lateness and moves nothing.
    """
    if until < since or since > due_on:
        return Moved(first_due_on, due_on)
    if term is not None:
        clock = count(started_on, term, calendar, stops)
        first = clock.due_on
        if is_reassigned(agreed):
            stopped = _days_stopped(datetime.date.min, since, until)
            first = first_due_on + stopped if since <= first_due_on else first_due_on
        return Moved(first, present_due(clock, agreed), clock.provisional)
    if since <= first_due_on:
        first_due_on += _days_stopped(started_on, since, until)
    return Moved(first_due_on, due_on + _days_stopped(agreed[-1].agreed_on if agreed else started_on, since, until))


def is_reassigned(agreed: Sequence[Extension]) -> bool:
    """Is the first date that of an earlier clock for the same work, and not where the term ends?"""
    return bool(agreed) and agreed[0].cause == REASSIGNED


def recounted(
    counted: Counted,
    *,
    first_due_on: datetime.date,
    due_on: datetime.date,
    agreed: Sequence[Sequence[Any]],
    today: datetime.date,
) -> tuple[datetime.date, datetime.date, list[Sequence[Any]]]:
    """First date, present date and stored agreements of a clock whose term was counted anew.

    Without agreements the present date is where the term ends. A date agreed on stays; where nothing was ever sent
    back or reopened it can't lie before that end. The first date of a clock assigned anew stays what it was.
    """
    later = agreed_of(agreed)
    first = first_due_on if is_reassigned(later) else counted.due_on
    if is_reassigned(later) and len(later) == 1:
        plain = count(counted.start, counted.term, counted.calendar)
        anew: list[Sequence[Any]] = [[agreed[0][0], plain.due_on.isoformat(), *agreed[0][2:]]]
        return first, present_due(counted, agreed_of(anew)), anew
    if not later:
        return first, counted.due_on, []
    turned_down = any(one.cause in ("sent_back", "reopened") for one in later)
    if turned_down or due_on >= counted.due_on:
        return first, due_on, list(agreed)
    return first, counted.due_on, [*agreed, [today.isoformat(), counted.due_on.isoformat(), AMENDED, ""]]


# The clocks of the steps by which a problem goes on; the others ask for a word, a decision or a second look beside it.
STEPS = (Clock.DEPLOY, Clock.RECTIFY, Clock.VERIFY, Clock.CLOSE)


def next_due_on(
    status: str,
    due_on: datetime.date | None,
    met_on: datetime.date | None,
    waiting: Iterable[tuple[str, datetime.date]],
) -> datetime.date | None:
    """The day by which the present step of a problem is due; None of one that has ended, or has no such clock.

    The rectification's date while it is not met, else the first of those that the clocks of the other steps run to; of
    one that is still to be assigned, whichever of the two comes first. `waiting` are the running clocks of the problem,
    met ones not among them, each with its date.
    """
    if status not in OPEN:
        return None
    if due_on is not None and met_on is None and status != Status.FOUND:
        return due_on
    # A rectification without a unit has its clock among them.
    return min((day for clock, day in waiting if clock in STEPS), default=None)


def _days_stopped(given_on: datetime.date, since: datetime.date, until: datetime.date) -> datetime.timedelta:
    """How many days of a stop lie after the day a date was given; that day itself never counts."""
    first = max(since, given_on + ONE_DAY)
    return max(datetime.timedelta(0), until - first + ONE_DAY)
