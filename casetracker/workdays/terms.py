"""Terms and stops, and the clock that comes of counting one from a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from .days import (
    ONE_DAY,
    Calendar,
    Day,
    add_days,
    add_months,
    add_years,
    next_workday,
    roll_forward,
)

Unit = Literal["day", "workday", "month", "year"]
Cause = Literal["extended", "sent_back", "reopened", "reassigned", "amended"]
Counting = Literal["start", "counted", "skipped", "stopped", "after"]


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time. `roll` is for a party's period: a last day that is a day off moves to the next working day."""

    amount: int
    unit: Unit = "day"
    roll: bool = False

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError(f"A term can't be negative: {self.amount}. Give the number of days, months or years.")
        if self.unit not in get_args(Unit):
            raise ValueError(f"Unknown unit {self.unit!r}. Use one of: {', '.join(get_args(Unit))}.")


@dataclass(frozen=True, slots=True)
class Stop:
    """Days on which a clock stood still, both ends included; one that still runs is given with today as its end."""

    since: date
    until: date
    reason: str = ""

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError(f"A stop can't end ({self.until}) before it begins ({self.since}).")

    def covers(self, on: date) -> bool:
        return self.since <= on <= self.until


@dataclass(frozen=True, slots=True)
class Extension:
    """A new date agreed on a day, by an extension or by sending back or reopening; the first date stays known."""

    agreed_on: date
    due_on: date
    cause: Cause = "extended"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CountedDay:
    """One day of a clock and how it was counted; `ordinal` is its number within the term, where it has one."""

    day: Day
    counting: Counting
    ordinal: int | None = None


@dataclass(frozen=True)
class Clock:
    """A counted term. `nominal_on` is the last day of the term, `due_on` the same or, for a party, rolled forward."""

    start: date
    term: Term
    nominal_on: date
    due_on: date
    provisional: bool
    stops: tuple[Stop, ...]
    calendar: Calendar = field(repr=False, compare=False)

    def strip(self, until: date | None = None) -> list[CountedDay]:
        """Every day from the start to the due date, or to `until` where that is later."""
        last = max(self.due_on, until or self.due_on)
        return list(
            walk(
                self.start,
                last,
                self.term,
                self.calendar,
                self.stops,
                counted_until=self.nominal_on,
            )
        )


def merge_stops(stops: Iterable[Stop]) -> tuple[Stop, ...]:
    """The same stopped days as stops that neither overlap nor touch, in order and without their reasons."""
    merged: list[Stop] = []
    for stop in sorted(stops, key=lambda stop: stop.since):
        if merged and stop.since <= merged[-1].until + ONE_DAY:
            merged[-1] = Stop(merged[-1].since, max(merged[-1].until, stop.until))
        else:
            merged.append(Stop(stop.since, stop.until))
    return tuple(merged)


def stopped_days(stops: Iterable[Stop]) -> int:
    """How many days the stops cover, each once."""
    return sum((stop.until - stop.since).days + 1 for stop in merge_stops(stops))


def count(start: date, term: Term, calendar: Calendar, stops: Sequence[Stop] = ()) -> Clock:
    """Count `term` from the day after `start`; each stopped day that would have counted moves the end on by one.

    A stop after the end changes nothing: it can't undo lateness.
    """
    stops = tuple(sorted(stops, key=lambda stop: stop.since))
    plain_end = _plain_end(start, term)
    if plain_end and not stops:
        nominal = plain_end
    else:
        amount = (plain_end - start).days if plain_end else term.amount
        nominal = _step_counted(start, amount, term, calendar, stops)
    due = _roll(nominal, term, calendar, stops)
    provisional = _is_provisional(start, nominal, due, term, calendar)
    return Clock(start, term, nominal, due, provisional, stops, calendar)


def present_due(clock: Clock, extensions: Sequence[Extension]) -> date:
    """The date that holds now: the one last agreed, moved on by the days stopped since it was agreed."""
    if not extensions:
        return clock.due_on
    agreed = extensions[-1]
    days = (add_days(agreed.agreed_on, n) for n in range(1, (agreed.due_on - agreed.agreed_on).days + 1))
    stopped = sum(_is_stopped(on, clock.stops) and _may_count(on, clock.term, clock.calendar) for on in days)
    if not stopped:
        return agreed.due_on
    moved = _step_counted(agreed.due_on, stopped, clock.term, clock.calendar, clock.stops)
    return _roll(moved, clock.term, clock.calendar, clock.stops)


def walk(
    start: date,
    until: date,
    term: Term,
    calendar: Calendar,
    stops: Sequence[Stop] = (),
    *,
    counted_until: date,
) -> Iterator[CountedDay]:
    """Every day from `start` to `until` with how it counts; days after `counted_until` get no ordinal."""
    yield CountedDay(calendar.day(start), "start")
    ordinal = 0
    for n in range(1, (until - start).days + 1):
        day = calendar.day(add_days(start, n))
        beyond = day.on > counted_until
        if _is_stopped(day.on, stops):
            yield CountedDay(day, "stopped")
        elif not day.is_workday and (term.unit == "workday" or (term.roll and beyond)):
            yield CountedDay(day, "skipped")
        elif beyond:
            yield CountedDay(day, "after")
        else:
            ordinal += 1
            yield CountedDay(day, "counted", ordinal)


def _is_provisional(start: date, nominal: date, due: date, term: Term, calendar: Calendar) -> bool:
    """Whether a day that decides the end is not settled: all that were counted, or those that were rolled over."""
    if term.unit == "workday":
        first = min(start + ONE_DAY, nominal)
    elif term.roll:
        first = nominal
    else:
        return False
    return any(not calendar.is_official(add_days(first, n)) for n in range((due - first).days + 1))


def _plain_end(start: date, term: Term) -> date | None:
    """The end of a term in calendar units when nothing stops it; None for working days."""
    if term.unit == "day":
        return add_days(start, term.amount)
    if term.unit == "month":
        return add_months(start, term.amount)
    return add_years(start, term.amount) if term.unit == "year" else None


def _is_stopped(on: date, stops: Sequence[Stop]) -> bool:
    return any(stop.covers(on) for stop in stops)


def _may_count(on: date, term: Term, calendar: Calendar) -> bool:
    return term.unit != "workday" or calendar.is_workday(on)


def _step_counted(on: date, amount: int, term: Term, calendar: Calendar, stops: Sequence[Stop]) -> date:
    """Go on from `on` over `amount` days that count and are not stopped."""
    while amount:
        on += ONE_DAY
        amount -= not _is_stopped(on, stops) and _may_count(on, term, calendar)
    return on


def _roll(on: date, term: Term, calendar: Calendar, stops: Sequence[Stop]) -> date:
    if not term.roll:
        return on
    rolled = roll_forward(on, calendar)
    while rolled != on and _is_stopped(rolled, stops):
        rolled = next_workday(rolled, calendar)
    return rolled
