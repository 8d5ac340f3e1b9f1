"""What there is to say to each audience of the weekly e-mail, in no language; many audiences in few queries."""

import datetime
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Min

from casetracker.enums import Role
from casetracker.letters import AsOf
from casetracker.models import Unit
from inspections.digests.readers import WAITING, Audience, below, requests
from inspections.digests.rows import (
    Row,
    beside_the_lead,
    closed_last_week,
    due_this_week,
    held_back,
    new_last_week,
    overdue,
    reported_since,
    rows_of,
    spoken_of,
    waiting,
)
from inspections.enums import Decision, Status
from inspections.models import Extension, Problem
from inspections.querysets import ProblemQuerySet

# Beyond so many rows a group says how many more the list has.
MOST_ROWS = 100
OLDEST = 10


@dataclass
class Content:
    """Everything there is to say to one audience, in no language."""

    audience: Audience
    name: tuple[str, str]
    overdue: int = 0
    due_week: int = 0
    new: int = 0
    closed: int = 0
    oldest_on: datetime.date | None = None
    late_rows: list[Row] = field(default_factory=list)
    due_rows: list[Row] = field(default_factory=list)
    waiting_rows: list[Row] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    # A unit's own part of what another unit leads, overdue or due this week.
    beside_rows: list[Row] = field(default_factory=list)
    # Whose problems they are.
    offices: set[int] = field(default_factory=set)
    # Of imports that were not released: lists have them, the letter says how many it leaves out.
    held: int = 0
    # There are some, so that lists need telling to leave them out.
    some_held: bool = False
    # unit id, Chinese and English name, overdue, oldest date
    units: list[tuple[int, str, str, int, datetime.date]] = field(default_factory=list)

    @property
    def says_something(self) -> bool:
        """A unit's own request waits for somebody else, so it alone is no reason for a letter."""
        requests = self.requests if self.audience.role != Role.HANDLER else 0
        return bool(self.overdue or self.due_week or self.beside_rows or requests or any(self.waiting.values()))


def contents(wanted: Sequence[Hashable], as_of: AsOf) -> dict[Hashable, Any]:
    """What there is to say to each audience; units together and teams together, offices one by one."""
    asked = [one for one in wanted if isinstance(one, Audience)]
    units = {one.unit: one for one in asked if one.role == Role.HANDLER}
    teams = {one.unit: one for one in asked if one.role == Role.INSPECTOR}
    offices = [one for one in asked if one.role in (Role.LEADER, Role.SUPERVISOR)]
    names: dict[int, tuple[str, str]] = {
        pk: (zh, en)
        for pk, zh, en in Unit.objects.values_list("pk", "name_zh", "name_en").filter(
            pk__in=[one.unit for one in asked]
        )
    }
    # What ended before its release, too, is left out of the numbers, and so of the lists behind them.
    held = Problem.objects.filter(held=True).exists()
    made = {one: Content(one, names[one.unit], some_held=held) for one in asked if one.unit in names}
    _fill_units({unit: made[one] for unit, one in units.items() if one in made}, as_of)
    _fill_teams({unit: made[one] for unit, one in teams.items() if one in made}, as_of)
    for one in offices:
        _fill_office(made[one], as_of)
    if held:
        _fill_held(made)
    return {one: content for one, content in made.items() if content.says_something}


def _fill_units(by_unit: dict[int, Content], as_of: AsOf) -> None:
    if not by_unit:
        return
    own: Any = spoken_of().filter(lead_unit__in=by_unit)
    _fill_grouped(by_unit, own, "lead_unit", as_of)
    if not as_of.living:
        return
    for unit, row in beside_the_lead(list(by_unit), as_of):
        by_unit[unit].beside_rows.append(row)
        by_unit[unit].offices.add(row.office)
    asked = Extension.objects.filter(decision=Decision.PENDING, problem__held=False, assignment__unit__in=by_unit)
    for unit, office, count in asked.values_list("assignment__unit", "problem__office").annotate(n=Count("pk")):
        by_unit[unit].requests += count
        by_unit[unit].offices.add(office)


def _fill_teams(by_team: dict[int, Content], as_of: AsOf) -> None:
    if not by_team:
        return
    own: Any = spoken_of().filter(team__in=by_team)
    _fill_grouped(by_team, own, "team", as_of)
    for row in rows_of(reported_since(own, as_of), "team"):
        content = by_team[row.group]
        content.offices.add(row.office)
        content.waiting[Status.REPORTED] = content.waiting.get(Status.REPORTED, 0) + 1
        if len(content.waiting_rows) < MOST_ROWS:
            content.waiting_rows.append(row)


def _fill_grouped(by_group: dict[int, Content], own: ProblemQuerySet, group: str, as_of: AsOf) -> None:
    """Overdue, due, new and closed of several units or teams, in four queries."""
    for row in rows_of(overdue(own, as_of), group):
        content = by_group[row.group]
        content.overdue += 1
        content.offices.add(row.office)
        content.oldest_on = content.oldest_on or row.due_on
        if len(content.late_rows) < MOST_ROWS:
            content.late_rows.append(row)
    for row in rows_of(due_this_week(own, as_of), group):
        content = by_group[row.group]
        content.due_week += 1
        content.offices.add(row.office)
        if len(content.due_rows) < MOST_ROWS:
            content.due_rows.append(row)
    for unit, count in _counted(new_last_week(own, as_of), group):
        by_group[unit].new = count
    for unit, count in _counted(closed_last_week(own, as_of), group):
        by_group[unit].closed = count


def _counted(problems: ProblemQuerySet, group: str) -> Any:
    return problems.values_list(group).annotate(n=Count("pk", distinct=True)).order_by()


def _fill_office(content: Content, as_of: AsOf) -> None:
    """An office's totals, its units by how much they have overdue, its oldest rows, what waits for it."""
    content.offices = set(below(content.audience.unit))
    own: Any = spoken_of().filter(office__in=content.offices)
    late = overdue(own, as_of)
    content.overdue = late.count()
    content.late_rows = list(rows_of(late, "office", OLDEST))
    content.oldest_on = content.late_rows[0].due_on if content.late_rows else None
    due = due_this_week(own, as_of)
    content.due_week = due.count()
    content.new = new_last_week(own, as_of).count()
    content.closed = closed_last_week(own, as_of).count()
    content.units = _units(late)
    states: Any = waiting(own, as_of, *WAITING)
    if as_of.living:
        content.waiting = dict(states.values_list("status").annotate(n=Count("pk")).order_by())
        content.requests = requests(content.audience).count()
    else:
        content.waiting = {status: waiting(own, as_of, status).count() for status in WAITING}


def _fill_held(made: dict[Audience, Content]) -> None:
    """What each audience's lists show more than its letter; two queries and one per office."""
    for role, column in ((Role.HANDLER, "lead_unit"), (Role.INSPECTOR, "team")):
        counted = dict(_counted(held_back(), column))
        for audience, content in made.items():
            if audience.role == role:
                content.held = counted.get(audience.unit, 0)
    for audience, content in made.items():
        if audience.role in (Role.LEADER, Role.SUPERVISOR):
            content.held = held_back().filter(office__in=content.offices).count()


def _units(late: Any) -> list[tuple[int, str, str, int, datetime.date]]:
    """The lead units with something overdue, most first; with what was told to no unit they sum to the total."""
    names = ("lead_unit", "lead_unit__short_zh", "lead_unit__name_zh", "lead_unit__name_en")
    led = late.filter(lead_unit__isnull=False).values_list(*names)
    rows = led.annotate(n=Count("pk"), oldest=Min("then_due")).order_by("-n", "oldest", "lead_unit")
    return [(unit, short or zh, en, count, oldest) for unit, short, zh, en, count, oldest in rows]
