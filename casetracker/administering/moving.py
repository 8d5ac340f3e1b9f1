"""What a change of the calendar or of a rule would move: counted over the running clocks, nothing is written."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from casetracker import calendars
from casetracker.bilingual import in_language
from casetracker.calendars import Row
from casetracker.models import Deadline, DeadlineRule
from casetracker.workdays import Calendar, Day, Extension, Stop, Term, count, present_due

# So many examples stand beside the count.
EXAMPLES = 5
LIKE = (
    "rule__name_zh",
    "rule__name_en",
    "started_on",
    "amount",
    "term_unit",
    "roll",
    "stops",
    "agreed",
    "first_due_on",
    "due_on",
)


@dataclass(frozen=True)
class Move:
    """Running clocks of one kind that began on one day and would move alike."""

    name: str
    started_on: datetime.date
    before: datetime.date
    after: datetime.date
    rows: int


@dataclass(frozen=True)
class Moves:
    """How many of the running clocks looked at would have another date, with the largest groups as examples."""

    looked_at: int
    moved: int
    examples: tuple[Move, ...]


def by_days(rows: Iterable[Row], today: datetime.date) -> Moves:
    """Which running clocks would end on another day if these days were written into the calendar."""
    changed = {row.on: Day(row.on, row.is_workday, row.kind, row.name_zh, row.name_en, row.official) for row in rows}
    if not changed:
        return Moves(0, 0, ())
    now = calendars.load()
    then = Calendar({**now.days, **changed})
    counted = Deadline.objects.running().filter(Q(term_unit="workday") | Q(roll=True), amount__isnull=False)
    # A clock that ended before the first changed day, or began after the last, counts none of them.
    near = counted.filter(started_on__lt=max(changed), due_on__gte=min(changed) - datetime.timedelta(days=14))
    return _moves(near, lambda row: (_due(row, now, today), _due(row, then, today)))


def by_rule(rule: DeadlineRule, today: datetime.date) -> Moves:
    """Which running clocks began on a day that the new rule would cover, and would end on another day by it.

    Only a version that begins today can find any: clocks that began earlier keep the rule of their day.
    """
    calendar = calendars.load()
    rows = Deadline.objects.running().filter(
        rule__code=rule.code, started_on__gte=rule.effective_from, amount__isnull=False
    )
    then = {"amount": rule.amount, "term_unit": rule.unit, "roll": rule.roll}
    return _moves(rows, lambda row: (_due(row, calendar, today), _due(row | then, calendar, today)))


def _moves(rows: QuerySet[Deadline], dates: Any) -> Moves:
    """Count the rows alike together; their dates are counted once per group."""
    looked_at, moves = 0, []
    for row in rows.order_by().values(*LIKE).annotate(rows=Count("pk")):
        looked_at += row["rows"]
        before, after = dates(row)
        if before != after:
            name = in_language(row["rule__name_zh"] or "", row["rule__name_en"] or "")
            moves.append(Move(name, row["started_on"], before, after, row["rows"]))
    moves.sort(key=lambda one: (-one.rows, one.before))
    return Moves(looked_at, sum(one.rows for one in moves), tuple(moves[:EXAMPLES]))


def _due(row: Mapping[str, Any], calendar: Calendar, today: datetime.date) -> datetime.date:
    """The date that holds by this calendar: the term with its stops, or the date last agreed."""
    term = Term(row["amount"], row["term_unit"], row["roll"])
    clock = count(row["started_on"], term, calendar, _stops(row["stops"], today))
    return present_due(clock, _agreed(row["agreed"]))


def _stops(stored: Sequence[Sequence[Any]], today: datetime.date) -> tuple[Stop, ...]:
    """The stored stops [[since, until or null, reason], …]; one that runs ends today."""
    day = datetime.date.fromisoformat
    spans = [(day(since), day(until) if until else today) for since, until, _reason in stored]
    return tuple(Stop(since, until) for since, until in spans if until >= since)


def _agreed(stored: Sequence[Sequence[Any]]) -> tuple[Extension, ...]:
    """The stored agreements [[agreed on, new date, cause, reason], …]."""
    day = datetime.date.fromisoformat
    return tuple(Extension(day(on), day(due), cause) for on, due, cause, _reason in stored)
