"""The published figures: one function per figure, each a question to a queryset already limited to its viewer.

A figure of a period counts what was found from `start` to `end` and knows the state at the end of `end`:
the route, the stage and the clock that held that day. Its queryset is what the figure's link opens.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker.models import Deadline
from inspections.enums import AssignmentRole, Clock, Route, Status, Verb
from inspections.models import Assignment, Problem, Stage, Visit
from inspections.querysets import ProblemQuerySet, VisitQuerySet

# Before every ledger: from here on means whenever it was found.
FIRST_DAY = datetime.date(1900, 1, 1)
AGES: tuple[tuple[str, int, int | None], ...] = (("1-3", 1, 3), ("4-7", 4, 7), ("8-30", 8, 30), ("31", 31, None))


@dataclass(frozen=True)
class Period:
    """From a day to a day, both inside; `end` is also the day as of which states are told."""

    start: datetime.date
    end: datetime.date

    @property
    def over(self) -> datetime.datetime:
        """The first moment after the period, local midnight."""
        return timezone.make_aware(datetime.datetime.combine(self.end + datetime.timedelta(days=1), datetime.time()))


# --- Rows -------------------------------------------------------------------------------------------


def found(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Problems found in the period, without those that were void at its end: one merged or voided later still
    counts on every earlier day. What came with an import as void never counted."""
    later = Stage.objects.filter(problem=OuterRef("pk"), status=Status.VOID, since__gte=period.over)
    counts = ~Q(status=Status.VOID) | Exists(later.exclude(verb=Verb.IMPORT))
    return problems.filter(counts, found_on__range=(period.start, period.end))


def central(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Those that were central on the last day: an on-the-spot one counts as central from the day it was sent."""
    return found(problems, period).filter(
        Q(route=Route.CENTRAL) & (Q(central_on__isnull=True) | Q(central_on__lte=period.end))
    )


def on_spot(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Those that were on the spot on the last day; with central() they sum to found()."""
    return found(problems, period).filter(Q(route=Route.ON_SPOT) | Q(central_on__gt=period.end))


def special(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Those that were special on the last day; an imported one that says no day was so from the day it was found."""
    return found(problems, period).filter(special=True).exclude(special_on__gt=period.end)


def in_stage(problems: ProblemQuerySet, period: Period, *statuses: str) -> ProblemQuerySet:
    """Problems found in the period that stood in one of the statuses at its end."""
    then = Stage.objects.filter(
        Q(until__isnull=True) | Q(until__gte=period.over),
        problem=OuterRef("pk"),
        status__in=statuses,
        since__lt=period.over,
    )
    return found(problems, period).filter(Exists(then))


def closed(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    return in_stage(problems, period, Status.CLOSED)


def newly_closed(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Those that were closed in the course of the period and stood so at its end, whenever they were found."""
    began = timezone.make_aware(datetime.datetime.combine(period.start, datetime.time()))
    then = Stage.objects.filter(
        Q(until__isnull=True) | Q(until__gte=period.over),
        status=Status.CLOSED,
        since__gte=began,
        since__lt=period.over,
    )
    return problems.filter(pk__in=then.values("problem"))


def not_closed(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    then = Stage.objects.filter(
        Q(until__isnull=True) | Q(until__gte=period.over),
        problem=OuterRef("pk"),
        status=Status.CLOSED,
        since__lt=period.over,
    )
    return found(problems, period).filter(~Exists(then))


def _clock_then(period: Period) -> QuerySet[Deadline]:
    """The version of a problem's own rectification clock (its lead's) that held at the end of the period."""
    lead = Assignment.objects.filter(problem=OuterRef(OuterRef("pk")), role=AssignmentRole.LEAD).values("pk")
    return Deadline.objects.as_of(period.over).filter(
        Q(part_id__isnull=True) | Q(part_id__in=lead),
        subject_type="problem",
        subject_id=OuterRef("pk"),
        clock=Clock.RECTIFY,
    )


def overdue(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Not closed and not done at the end of the period, due before its last day."""
    late = _clock_then(period).filter(
        Q(met_on__isnull=True) | Q(met_on__gt=period.end),
        Q(paused_since__isnull=True) | Q(due_on__lt=F("paused_since")),
        due_on__lt=period.end,
    )
    return not_closed(problems, period).filter(Exists(late))


def due(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Due in the period, and neither closed nor done nor stopped at the end of its first day, by the dates of then."""
    first = Period(FIRST_DAY, period.start)
    waiting = _clock_then(first).filter(
        Q(met_on__isnull=True) | Q(met_on__gt=period.start),
        paused_since__isnull=True,
        due_on__range=(period.start, period.end),
    )
    return not_closed(problems, first).filter(Exists(waiting))


def late_done(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Done by the end of the period, but after the last agreed date."""
    late = _clock_then(period).filter(met_on__lte=period.end, met_on__gt=F("due_on"))
    return found(problems, period).filter(Exists(late))


def done(problems: ProblemQuerySet, period: Period) -> ProblemQuerySet:
    """Done by the end of the period, in time or late."""
    return found(problems, period).filter(Exists(_clock_then(period).filter(met_on__lte=period.end)))


def visits(rows: VisitQuerySet, period: Period) -> VisitQuerySet:
    """Points supervised in the period."""
    return rows.counted().filter(on__range=(period.start, period.end))


PROBLEM_FIGURES: dict[str, tuple[Any, Callable[[ProblemQuerySet, Period], ProblemQuerySet]]] = {
    "problems": (_("Problems found"), found),
    "central": (_("Central assignment"), central),
    "on_spot": (_("Put right on the spot"), on_spot),
    "special": (_("Special assignment"), special),
    "closed": (_("Closed"), closed),
    "not_closed": (_("Not closed"), not_closed),
    "overdue": (_("Overdue"), overdue),
    "done": (_("Put right"), done),
    "late_done": (_("Put right late"), late_done),
}


# What else a list can be opened by; no published total.
LISTED = PROBLEM_FIGURES | {
    "newly_closed": (_("Closed in the period"), newly_closed),
    "due": (_("Due in the period"), due),
}


def queryset(key: str, problems: ProblemQuerySet, start: datetime.date, end: datetime.date) -> ProblemQuerySet:
    """The rows behind a figure; KeyError for an unknown one."""
    return LISTED[key][1](problems, Period(start, end))


# --- Figures ----------------------------------------------------------------------------------------


def totals(problems: ProblemQuerySet, rows: VisitQuerySet, period: Period) -> dict[str, int]:
    """Every published total of the period as of its last day."""
    seen = visits(rows, period).aggregate(points=Count("pk"), people=Coalesce(Sum("people"), 0))
    return {
        "points": seen["points"],
        "person_times": seen["people"],
        **{key: rows_of(problems, period).count() for key, (_label, rows_of) in PROBLEM_FIGURES.items()},
    }


def by(problems: ProblemQuerySet, period: Period, column: str) -> dict[Any, int]:
    """How many problems were found per value of a column, most first."""
    counted = found(problems, period).values_list(column).annotate(n=Count("pk")).order_by("-n", column)
    return dict(counted)


def overdue_by_age(problems: ProblemQuerySet, today: datetime.date) -> dict[str, int]:
    """The living overdue problems by how many days they are late."""
    late = problems.overdue(today)
    days = {key: late_between(today, low, high) for key, low, high in AGES}
    return late.aggregate(**{f"age_{key.replace('-', '_')}": Count("pk", filter=q) for key, q in days.items()})


def late_between(today: datetime.date, low: int, high: int | None) -> Q:
    """Due so many days before today."""
    q = Q(due_on__lte=today - datetime.timedelta(days=low))
    return q if high is None else q & Q(due_on__gte=today - datetime.timedelta(days=high))


def everything(user: Any, period: Period) -> dict[str, Any]:
    """All figures of the period for one viewer: totals, and problems by district and by team."""
    problems, rows = Problem.objects.visible_to(user), Visit.objects.visible_to(user)
    return report(problems, rows, period)


def report(problems: ProblemQuerySet, rows: VisitQuerySet, period: Period) -> dict[str, Any]:
    return {
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
        **totals(problems, rows, period),
        "by_district": by(problems, period, "district__name_zh"),
        "by_team": by(problems, period, "team__name_zh"),
    }
