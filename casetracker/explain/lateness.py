"""How late or how near a deadline is, in the few words that rows, mails and lights show."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker.dates import short_date
from casetracker.workdays import days_late

from .sentence import often


def lateness(
    due_on: date,
    today: date,
    met_on: date | None = None,
    clock_name: str | None = None,
    stopped_days: int = 0,
    verb: str | None = None,
) -> str:
    """One of: 3 days late, due today, due tomorrow, by 14 Dec, reported 1 day late, stopped 2 days.

    `clock_name` is for clocks other than rectification ("Verification 5 days late"); `verb` says instead what is
    to be done while there is time ("Verify tomorrow"). `stopped_days` above 0 means that the clock stands still now.
    """
    if met_on:
        return _met(due_on, met_on, clock_name)
    if stopped_days:
        return _stopped(stopped_days, clock_name)
    if due_on < today:
        return _late(days_late(due_on, today), clock_name)
    if verb:
        return _to_do(due_on, today, verb)
    return _ahead(due_on, today, clock_name)


def days_left(due_on: date, today: date) -> str:
    """The time that is left, "3 days left"; on the day and after it the words of lateness()."""
    days = (due_on - today).days
    if days <= 0:
        return lateness(due_on, today)
    return ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}


def moved_note(first_due_on: date, due_on: date, extended: int, today: date) -> str:
    """What stands under a date that moved, "first date 29 Oct, extended once"; empty where it did not move."""
    words = {"date": short_date(first_due_on, today), "often": often(extended)}
    if extended:
        return _("first date %(date)s, extended %(often)s") % words
    return _("first date %(date)s") % words if due_on != first_due_on else ""


def _met(due_on: date, met_on: date, clock_name: str | None) -> str:
    days = days_late(due_on, met_on)
    words = {"clock": clock_name, "count": days}
    if clock_name:
        if not days:
            return _("%(clock)s on time") % words
        return ngettext("%(clock)s done %(count)s day late", "%(clock)s done %(count)s days late", days) % words
    if not days:
        return _("reported on time")
    return ngettext("reported %(count)s day late", "reported %(count)s days late", days) % words


def _stopped(days: int, clock_name: str | None) -> str:
    words = {"clock": clock_name, "count": days}
    if clock_name:
        return ngettext("%(clock)s stopped %(count)s day", "%(clock)s stopped %(count)s days", days) % words
    return ngettext("stopped %(count)s day", "stopped %(count)s days", days) % words


def _late(days: int, clock_name: str | None) -> str:
    words = {"clock": clock_name, "count": days}
    if clock_name:
        return ngettext("%(clock)s %(count)s day late", "%(clock)s %(count)s days late", days) % words
    return ngettext("%(count)s day late", "%(count)s days late", days) % words


def _ahead(due_on: date, today: date, clock_name: str | None) -> str:
    words = {"clock": clock_name, "date": short_date(due_on, today)}
    days = (due_on - today).days
    if days == 0:
        text = _("%(clock)s due today") if clock_name else _("due today")
    elif days == 1:
        text = _("%(clock)s due tomorrow") if clock_name else _("due tomorrow")
    else:
        text = _("%(clock)s by %(date)s") if clock_name else _("by %(date)s")
    return text % words


def _to_do(due_on: date, today: date, verb: str) -> str:
    words = {"verb": verb, "date": short_date(due_on, today)}
    days = (due_on - today).days
    if days == 0:
        return _("%(verb)s today") % words
    if days == 1:
        return _("%(verb)s tomorrow") % words
    return _("%(verb)s by %(date)s") % words
