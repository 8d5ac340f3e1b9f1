"""What else stands near a problem: others of its site, how often it happened there, and what may be the same."""

import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from casetracker import calendars
from inspections.enums import OPEN, Status
from inspections.models import Problem
from inspections.presenting import light_of
from inspections.siting import NEAR_METRES, metres_between, within
from inspections.views.problem.record import Record

SHOWN = 6
MOST_NEIGHBOURS = 60
ALIKE_DAYS = 14
MOST_ALIKE = 60


def neighbours(record: Record) -> dict[str, Any]:
    """Other visible problems of the site, open ones first, and which time this is in its year and of its kind."""
    problem = record.problem
    same_year = Q(kind=problem.kind_id, found_on__year=problem.found_on.year)
    rows = list(
        Problem.objects.visible_to(record.user)
        .filter(Q(status__in=OPEN) | same_year, site=problem.site_id)
        .exclude(pk=problem.pk)
        .exclude(status=Status.VOID)
        .select_related("kind")
        .defer("search")
        .order_by("-found_on", "-pk")[:MOST_NEIGHBOURS]
    )
    earlier = [
        one
        for one in rows
        if one.kind_id == problem.kind_id
        and one.found_on.year == problem.found_on.year
        and (one.found_on, one.pk.int) < (problem.found_on, problem.pk.int)
    ]
    rows.sort(key=lambda one: not one.is_open)
    calendar = calendars.load()
    lit = [{"row": one, "lit": light_of(one, record.today, calendar)} for one in rows[:SHOWN]]
    return {"rows": lit, "more": max(0, len(rows) - SHOWN), "repeated": _repeated(len(earlier) + 1)}


def _repeated(times: int) -> str:
    """The sentence of a repeated offence; empty the first time."""
    if times < 2:
        return ""
    return _("%(nth)s time this year at this site") % {"nth": ordinal(times)}


def ordinal(number: int) -> str:
    """2nd, 3rd, 11th in English; the plain number in Chinese, where the sentence carries the mark."""
    if (get_language() or "en").startswith("zh"):
        return str(number)
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def likely_duplicates(record: Record) -> list[Problem]:
    """Open visible problems of the same kind found within 14 days, here or within 50 m, the oldest first."""
    problem = record.problem
    if problem.kind_id is None:
        return []
    span = datetime.timedelta(days=ALIKE_DAYS)
    near = Q(site=problem.site_id)
    if problem.lat is not None and problem.lon is not None:
        near |= within(problem.lat, problem.lon, NEAR_METRES)
    rows = (
        Problem.objects.visible_to(record.user)
        .open()
        .filter(near, kind=problem.kind_id, found_on__range=(problem.found_on - span, problem.found_on + span))
        .exclude(pk=problem.pk)
        .select_related("lead_unit")
        .defer("search")
        .order_by("found_on", "pk")[:MOST_ALIKE]
    )
    return [one for one in rows if one.site_id == problem.site_id or _within_reach(problem, one)]


def _within_reach(problem: Problem, other: Problem) -> bool:
    if problem.lat is None or problem.lon is None or other.lat is None or other.lon is None:
        return False
    return metres_between(problem.lat, problem.lon, other.lat, other.lon) <= NEAR_METRES
