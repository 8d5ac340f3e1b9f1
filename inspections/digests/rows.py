"""The rows behind the weekly e-mail: what is overdue, due or waiting, today or on a day of the past."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left

from casetracker.letters import AsOf
from casetracker.models import Deadline
from inspections import figures
from inspections.enums import WITH_UNIT, AssignmentRole, AssignmentState, Clock, Status
from inspections.models import Assignment, Problem, Stage
from inspections.querysets import ProblemQuerySet


class Row(NamedTuple):
    """One problem as a letter shows it."""

    group: int
    id: UUID
    number: str
    kind_zh: str | None
    kind_en: str | None
    text: str
    site: str
    due_on: datetime.date
    first_due_on: datetime.date
    extended: int
    status: str
    office: int


def spoken_of() -> ProblemQuerySet:
    """Every problem but imported ones that were not released."""
    found: ProblemQuerySet = Problem.objects.spoken_of()
    return found


def held_back() -> ProblemQuerySet:
    """Open imported problems that were not released: their readers see them in lists only."""
    found: ProblemQuerySet = Problem.objects.held().open()
    return found


def overdue(problems: ProblemQuerySet, as_of: AsOf) -> ProblemQuerySet:
    """The one definition of overdue, today's or that of a past day, with the date of then as `then_due`."""
    if as_of.living:
        found: Any = problems.overdue(as_of.on).annotate(then_due=F("due_on"), then_first=F("first_due_on"))
        return found
    late = Q(due_on__lt=as_of.on) & (Q(paused_since__isnull=True) | Q(due_on__lt=F("paused_since")))
    return _then(problems, as_of, late)


def due_this_week(problems: ProblemQuerySet, as_of: AsOf) -> ProblemQuerySet:
    """Not done, due from the day to its Sunday."""
    if as_of.living:
        due = problems.due_between(as_of.on, as_of.sunday)
        found: Any = due.annotate(then_due=F("due_on"), then_first=F("first_due_on"))
        return found
    return _then(problems, as_of, Q(due_on__range=(as_of.on, as_of.sunday), paused_since__isnull=True))


def _then(problems: ProblemQuerySet, as_of: AsOf, condition: Q) -> ProblemQuerySet:
    """Problems not closed at the end of a past day, whose rectification clock of then was running and fits."""
    period = figures.Period(figures.FIRST_DAY, as_of.on)
    lead = Assignment.objects.filter(problem=OuterRef(OuterRef("pk")), role=AssignmentRole.LEAD).values("pk")
    clock = Deadline.objects.as_of(period.over).filter(
        condition,
        Q(met_on__isnull=True) | Q(met_on__gt=as_of.on),
        Q(part_id__isnull=True) | Q(part_id__in=lead),
        subject_type="problem",
        subject_id=OuterRef("pk"),
        clock=Clock.RECTIFY,
    )
    found: Any = figures.not_closed(problems, period).filter(Exists(clock))
    dates = {"then_due": "due_on", "then_first": "first_due_on"}
    shown = {name: Subquery(clock.order_by("pk").values(column)[:1]) for name, column in dates.items()}
    return found.annotate(**shown)


def waiting(problems: ProblemQuerySet, as_of: AsOf, *statuses: Status) -> ProblemQuerySet:
    """Problems in the office's hands: to be verified, closed, assigned."""
    if as_of.living:
        found: ProblemQuerySet = problems.filter(status__in=statuses)
        return found
    return figures.in_stage(problems, figures.Period(figures.FIRST_DAY, as_of.on), *statuses)


def reported_since(problems: ProblemQuerySet, as_of: AsOf) -> ProblemQuerySet:
    """Problems that wait to be verified, with the day each was reported back in the place of its date."""
    found: Any = waiting(problems, as_of, Status.REPORTED)
    day: Any = F("status_since__date")
    if not as_of.living:
        over = figures.Period(figures.FIRST_DAY, as_of.on).over
        stays = Stage.objects.filter(problem=OuterRef("pk"), status=Status.REPORTED, since__lt=over)
        day = Subquery(stays.order_by("-since").values("since__date")[:1])
    dated: ProblemQuerySet = found.annotate(then_due=day, then_first=day)
    return dated


def rows_of(problems: Any, group: str, most: int | None = None) -> Iterator[Row]:
    """Rows in order of their dates, each with the value of a column to group by; one query, read as a stream."""
    columns = ("pk", "number", "kind__name_zh", "kind__name_en", "text", "site_name")
    then = ("then_due", "then_first", "extension_count", "status", "held_in")
    whole = problems.annotate(text=Left("description", 60), held_in=F("office"))
    found = whole.order_by("then_due", "pk").values_list(group, *columns, *then)[:most]
    return (Row(*values) for values in found.iterator(chunk_size=2000))


def new_last_week(problems: ProblemQuerySet, as_of: AsOf) -> ProblemQuerySet:
    """Found last week and not void at its end, whatever became of them since."""
    return figures.found(problems, figures.Period(*as_of.last_week))


def closed_last_week(problems: ProblemQuerySet, as_of: AsOf) -> ProblemQuerySet:
    """Closed in the course of last week and still so at its end, whatever became of them since."""
    return figures.newly_closed(problems, figures.Period(*as_of.last_week))


# --- A unit's part of what another unit leads -------------------------------------------------------


def beside(as_of: AsOf) -> QuerySet[Deadline]:
    """The clocks of addressees other than the lead that have not reported: overdue, or due until Sunday.

    They have dates of their own and never count as overdue problems, which follow their leads.
    """
    open_parts = Assignment.objects.filter(
        state__in=[AssignmentState.ASSIGNED, AssignmentState.CLAIMED],
        problem__held=False,
        problem__status__in=WITH_UNIT,
    ).exclude(role=AssignmentRole.LEAD)
    runs = Q(paused_since__isnull=True) | Q(due_on__lt=F("paused_since"))
    return Deadline.objects.running().filter(
        runs, subject_type="problem", clock=Clock.RECTIFY, part_id__in=open_parts.values("pk"), due_on__lte=as_of.sunday
    )


def beside_the_lead(units: Sequence[int], as_of: AsOf) -> Iterator[tuple[int, Row]]:
    """Unit and row of each of these; two queries."""
    clocks = list(beside(as_of).filter(unit__in=units).order_by("due_on", "pk"))
    spoken: Any = spoken_of().filter(pk__in={clock.subject_id for clock in clocks})
    dated = spoken.annotate(then_due=F("due_on"), then_first=F("first_due_on"))
    rows = {row.id: row for row in rows_of(dated, "office")}
    for clock in clocks:
        if clock.unit_id is not None and clock.subject_id in rows:
            row = rows[clock.subject_id]
            yield clock.unit_id, row._replace(due_on=clock.due_on, first_due_on=clock.first_due_on)
