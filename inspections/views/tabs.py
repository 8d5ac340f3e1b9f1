"""The tabs above the list: the views that every role starts with, and those that people saved."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from casetracker.enums import Role
from casetracker.models import User
from inspections.filters import ProblemFilter
from inspections.listing import KNOWN, SHOWING, Listing
from inspections.models import Problem

# So many tabs carry a live count.
COUNTED = 6


@dataclass
class Tab:
    """One view: its words, its address, and the rows to count (None where they aren't counted)."""

    key: str
    label: Any
    url: str
    current: bool
    problems: Any = None
    count: str | None = None


@dataclass(frozen=True)
class View:
    """A view that comes with the program, for some roles (for all of them when none is named)."""

    label: Any
    query: str
    roles: tuple[str, ...] = ()
    counted: bool = True


OFFICE = (Role.SUPERVISOR, Role.LEADER, Role.CASE_OFFICER, Role.LEGAL_REVIEWER)
VIEWS = (
    View(_("Open"), "state=open"),
    View(_("Overdue"), "overdue=any"),
    View(_("To verify"), "state=reported", (Role.INSPECTOR, *OFFICE)),
    View(_("To close"), "state=verified", (Role.SUPERVISOR, Role.LEADER)),
    View(_("Due this week"), "due=week"),
    View(_("Answered by me"), "responsible=me&state=open", (Role.HANDLER,)),
    View(_("All"), "", counted=False),
    View(_("Voided"), "state=void", (Role.SUPERVISOR, Role.LEADER), counted=False),
)


def views_for(user: User) -> list[View]:
    return [view for view in VIEWS if not view.roles or user.has_role(*view.roles)]


def tabs_of(asked: Listing) -> list[Tab]:
    """The tabs of a reader; the first six that are to be counted carry their rows."""
    own = [View(one.zh, one.more) for one in asked.offered.view]
    provided = views_for(asked.user)
    here = _narrowing(asked.query)
    tabs, left = [], COUNTED
    for number, view in enumerate(
        [*(v for v in provided if v.counted), *own, *(v for v in provided if not v.counted)]
    ):
        query = QueryDict(view.query)
        rows = _rows(asked, query) if view.counted and left else None
        left -= rows is not None
        url = reverse("problems") + (f"?{view.query}" if view.query else "")
        tabs.append(Tab(f"tab{number}", view.label, url, _narrowing(query) == here, rows))
    return tabs


def _narrowing(query: QueryDict) -> dict[str, list[str]]:
    """What of an address narrows the list; order and columns don't make another view."""
    return {name: sorted(values) for name, values in query.lists() if name not in SHOWING and any(values)}


def _rows(asked: Listing, query: QueryDict) -> Any:
    """The rows of a view for this reader; None where it names something that is gone."""
    if any(name not in KNOWN for name in query) or query.get("figure"):
        return None
    filters = ProblemFilter(
        query, Problem.objects.visible_to(asked.user), user=asked.user, offered=asked.offered, today=asked.today
    )
    return filters.qs if filters.is_valid() else None
