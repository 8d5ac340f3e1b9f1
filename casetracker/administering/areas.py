"""What there is to administer, and what of it needs somebody now: one answer for every page that says so."""

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casetracker import calendars, deliveries, invitations, operations
from casetracker.models import DeadlineRule, Unit
from casetracker.wording import listed


@dataclass(frozen=True)
class Area:
    """One thing to keep: its page, what it is for, and what needs somebody now ("" where nothing does)."""

    key: str
    label: str
    text: str
    url: str
    trouble: str = ""


def areas() -> list[Area]:
    """The areas whose pages this installation has, in the order of the first page of the administration."""
    return [area for area in _all_areas() if area.url]


def title(needs: int) -> str:
    """How the administration stands, with the number of areas that need somebody."""
    if not needs:
        return _("Administration: everything is in order")
    text = ngettext(
        "Administration: %(count)s thing needs somebody", "Administration: %(count)s things need somebody", needs
    )
    return text % {"count": needs}


def _all_areas() -> list[Area]:
    today = timezone.localdate()
    settled = calendars.last_settled_year()
    lost = list(deliveries.unsettled().values_list("kind", flat=True))
    return [
        Area(
            "people",
            _("People and their posts"),
            _("Accounts, roles, first passwords, second factors."),
            _url("people"),
            listed(
                words
                for words in (
                    _number(operations.people_without_post().count(), "people"),
                    _number(lost.count(invitations.KIND), "invitations"),
                )
                if words
            ),
        ),
        Area(
            "units",
            _("Units"),
            _("Offices, teams, departments and governments, with their districts."),
            _url("units"),
            _number(operations.unmanned(Unit.objects.current(today), today).count(), "units"),
        ),
        Area(
            "districts",
            pgettext("administrative divisions", "Districts"),
            _("Cities, counties and zones: codes, names, which is part of which."),
            _url("districts"),
        ),
        Area(
            "campaigns",
            _("Campaigns"),
            _("Drives with a name and a period, and the visits of each."),
            _url("campaigns"),
        ),
        Area(
            "alerts",
            _("Heavy-pollution alerts"),
            _("Red, orange and yellow: from when until when, shown on the visits of their days."),
            _url("alerts"),
        ),
        Area("checklists", _("Checklists"), _("What is looked at on a visit, in versions."), _url("checklists")),
        Area("kinds", _("Kinds of site and of problem"), _("Names, severity, how they are counted."), _url("kinds")),
        Area(
            "rules",
            _("Terms and rules"),
            _("How long each step may take, and where that is written."),
            _url("rules"),
            _number(DeadlineRule.objects.filter(verified_by="", effective_until=None).count(), "rules"),
        ),
        Area(
            "calendar",
            _("Working days"),
            _("Holidays and make-up working days, from the yearly notice."),
            _url("calendar"),
            _settled_words(settled, today.year),
        ),
        Area("options", _("Options"), _("The few choices for the whole office."), _url("options")),
        Area(
            "weekly",
            _("Weekly e-mail"),
            _("Every letter of a week, and what became of it."),
            _url("weekly"),
            _number(len(lost) - lost.count(invitations.KIND), "letters"),
        ),
        Area(
            "ops",
            _("Operation"),
            _("Whether everything runs, and what to do where it does not."),
            _url("ops"),
            _number(operations.jobs_open()["failed"], "jobs"),
        ),
    ]


def _settled_words(settled: int | None, year: int) -> str:
    if settled is not None and settled >= year:
        return ""
    return _("The holiday notice of %(year)s is not in the calendar.") % {"year": year}


def _number(count: int, what: str) -> str:
    """What needs somebody, in words; "" for none."""
    if not count:
        return ""
    words: dict[str, Any] = {
        "people": ngettext("%(count)s open account without a role", "%(count)s open accounts without a role", count),
        "invitations": ngettext("%(count)s invitation did not arrive", "%(count)s invitations did not arrive", count),
        "units": ngettext("%(count)s unit without an active person", "%(count)s units without an active person", count),
        "letters": ngettext("%(count)s letter did not arrive", "%(count)s letters did not arrive", count),
        "jobs": ngettext("%(count)s long job failed", "%(count)s long jobs failed", count),
        "rules": ngettext("%(count)s rule to be verified", "%(count)s rules to be verified", count),
    }
    return str(words[what] % {"count": count})


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
