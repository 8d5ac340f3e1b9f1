"""How a problem shows itself in rows and heads: its light and the few words beside it, without any query."""

import datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.dates import short_date
from casetracker.explain import lateness
from casetracker.workdays import Calendar, light
from inspections.enums import Clock, Light, Status, Verb
from inspections.models import Problem

# What the office does next in a state where the unit has nothing to do, and the clock it does it by.
OFFICE_STEPS: dict[str, tuple[Clock, Verb]] = {
    Status.FOUND: (Clock.DEPLOY, Verb.ASSIGN),
    Status.REPORTED: (Clock.VERIFY, Verb.VERIFY),
    Status.VERIFIED: (Clock.CLOSE, Verb.CLOSE),
}


class Lit(NamedTuple):
    """A light: its state (late, near, ok, done, stopped) and its words in the active language."""

    state: str
    words: str


def step_clock(problem: Problem) -> Clock | None:
    """The clock that an open problem goes on by: the rectification's until it is met, then that of the office's step,
    or of what others still rectify; None where no such clock runs."""
    if not problem.is_open or problem.next_due_on is None:
        return None
    if _by_rectification(problem):
        return Clock.RECTIFY
    return OFFICE_STEPS.get(problem.status, (Clock.RECTIFY, None))[0]


def _by_rectification(problem: Problem) -> bool:
    """Is it the rectification's date that counts? It does until it is met; while nobody is assigned yet, only where
    the assignment is not due before."""
    if problem.due_on is None or problem.met_on is not None:
        return False
    assign_by = problem.next_due_on if problem.status == Status.FOUND else None
    return assign_by is None or assign_by >= problem.due_on


def light_of(problem: Problem, today: datetime.date, calendar: Calendar) -> Lit:
    """The light of a problem on a day, from the columns of its row alone.

    While the rectification has a date that is not met, it is the light of that date, unless the assignment is due
    before; while the office is to act, or a unit besides the lead to report, that of their step. Its day is always
    `next_due_on`, which lists are sorted by.
    """
    if not problem.is_open:
        return _ended(problem)
    if problem.paused_since is not None and not problem.is_overdue(today):
        stopped = (today - problem.paused_since).days + 1
        return Lit(Light.STOPPED, lateness(today, today, stopped_days=stopped))
    if problem.due_on is not None and _by_rectification(problem):
        return Lit(light(problem.due_on, today, calendar), lateness(problem.due_on, today))
    if problem.status in OFFICE_STEPS:
        return _office_step(problem, today, calendar)
    if (due := problem.next_due_on) is not None:
        return Lit(light(due, today, calendar), lateness(due, today, clock_name=str(Clock.RECTIFY.label)))
    if problem.met_on is not None:
        return Lit(Light.DONE, _("reported %(date)s") % {"date": short_date(problem.met_on, today)})
    return Lit(Light.OK, _("no date set"))


def _ended(problem: Problem) -> Lit:
    if problem.status == Status.CLOSED and problem.closed_on:
        return Lit(Light.DONE, _("closed %(date)s") % {"date": short_date(problem.closed_on)})
    return Lit(Light.DONE, _("voided %(date)s") % {"date": short_date(_local_day(problem.status_since))})


def _office_step(problem: Problem, today: datetime.date, calendar: Calendar) -> Lit:
    if (due := problem.next_due_on) is not None:
        clock, verb = OFFICE_STEPS[problem.status]
        words = lateness(due, today, clock_name=str(clock.label), verb=str(verb.label))
        return Lit(light(due, today, calendar), words)
    since = {"date": short_date(_local_day(problem.status_since), today)}
    if problem.status == Status.FOUND:
        return Lit(Light.NEAR, _("found %(date)s, to be assigned") % since)
    if problem.status == Status.REPORTED:
        return Lit(Light.DONE, _("reported %(date)s") % since)
    return Lit(Light.DONE, _("verified %(date)s") % since)


def _local_day(moment: Any) -> datetime.date:
    return timezone.localdate(moment)
