"""What else stands near a problem: others of its site, how often it happened there, and what may be the same."""

from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from casetracker import calendars
from inspections import alike
from inspections.enums import OPEN, Status
from inspections.models import Problem
from inspections.presenting import light_of
from inspections.views.problem.record import Record

SHOWN = 6
MOST_NEIGHBOURS = 60
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
    return alike.likely_duplicates([record.problem], record.user).get(record.problem.pk, [])[:MOST_ALIKE]
