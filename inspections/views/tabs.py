"""The tabs above the list: the views that every role starts with, and those that people saved."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from casetracker.enums import Role
from casetracker.models import User
from inspections.enums import Status
from inspections.filters import ProblemFilter, answered_by, due_span
from inspections.listing import KNOWN, SHOWING, Listing
from inspections.models import Problem
from inspections.querysets import ProblemQuerySet

# So many tabs carry a live count.
COUNTED = 6


@dataclass
class Tab:
    """One view: its words, its address, and the rows to count (None where they aren't counted).

    `key` names its count among those of one page, `figure` names the view on every page.
    """

    key: str
    figure: str
    label: Any
    url: str
    current: bool
    problems: Any = None
    count: str | None = None


@dataclass(frozen=True)
class View:
    """A view that comes with the program, for some roles (for all of them when none is named).

    `rows` gives the same rows as `query`, without the cost of a form for each tab; without it none are counted.
    """

    key: str
    label: Any
    query: str
    roles: tuple[str, ...] = ()
    rows: Callable[[ProblemQuerySet, Listing], ProblemQuerySet] | None = None


OFFICE = (Role.SUPERVISOR, Role.LEADER, Role.CASE_OFFICER, Role.LEGAL_REVIEWER)
VIEWS = (
    View("open", pgettext_lazy("state", "Open"), "state=open", rows=lambda seen, asked: seen.open()),
    View("overdue", _("Overdue"), "overdue=any", rows=lambda seen, asked: seen.overdue(asked.today)),
    View(
        "to_verify",
        _("To verify"),
        "state=reported",
        (Role.INSPECTOR, *OFFICE),
        lambda seen, asked: seen.filter(status=Status.REPORTED),
    ),
    View(
        "to_close",
        _("To close"),
        "state=verified",
        (Role.SUPERVISOR, Role.LEADER),
        lambda seen, asked: seen.filter(status=Status.VERIFIED),
    ),
    View(
        "due_week",
        _("Due this week"),
        "due=week",
        rows=lambda seen, asked: seen.due_between(*due_span("week", asked.today)),
    ),
    View(
        "mine",
        _("Answered by me"),
        "responsible=me&state=open",
        (Role.HANDLER,),
        lambda seen, asked: answered_by(seen.open(), asked.user),
    ),
    View("all", _("All"), ""),
    View("void", _("Voided"), "state=void", (Role.SUPERVISOR, Role.LEADER)),
)


def views_for(user: User) -> list[View]:
    return [view for view in VIEWS if not view.roles or user.has_role(*view.roles)]


def tabs_of(asked: Listing) -> list[Tab]:
    """The tabs of a reader; the first six that can be counted carry their rows."""
    provided = views_for(asked.user)
    saved = [View(f"saved-{one.key}", one.zh, one.more, rows=_as_saved(one.more)) for one in asked.offered.view]
    here = _narrowing(asked.query)
    seen: Any = Problem.objects.visible_to(asked.user)
    tabs: list[Tab] = []
    left = COUNTED
    for number, view in enumerate([*(v for v in provided if v.rows), *saved, *(v for v in provided if not v.rows)]):
        rows = view.rows(seen, asked) if view.rows and left else None
        left -= rows is not None
        url = reverse("problems") + (f"?{view.query}" if view.query else "")
        # A saved view may be the same as one that comes with the program: one tab is the present one.
        current = _narrowing(QueryDict(view.query)) == here and not any(tab.current for tab in tabs)
        tabs.append(Tab(f"tab{number}", f"view-{view.key}", view.label, url, current, rows))
    return tabs


def _narrowing(query: QueryDict) -> dict[str, list[str]]:
    """What of an address narrows the list; order and columns don't make another view."""
    return {name: sorted(values) for name, values in query.lists() if name not in SHOWING and any(values)}


def _as_saved(text: str) -> Callable[[ProblemQuerySet, Listing], Any]:
    """The rows of a saved view for this reader; None where it names something that is gone."""
    query = QueryDict(text)

    def rows(seen: ProblemQuerySet, asked: Listing) -> Any:
        if any(name not in KNOWN for name in query) or query.get("figure"):
            return None
        filters = ProblemFilter(query, seen, user=asked.user, offered=asked.offered, today=asked.today)
        return filters.qs if filters.is_valid() else None

    return rows
