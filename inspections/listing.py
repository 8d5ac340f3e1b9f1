"""One list of problems as an address asks for it; what the page, bulk work and exports of a list share."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from casetracker import counting, paging
from casetracker.dates import short_date
from casetracker.models import User
from inspections.filters import FACETS, ORDERS, ProblemFilter, age_column, for_rows_of, is_uuid
from inspections.models import Problem
from inspections.offers import Offer, choices_of, offer
from inspections.querysets import ProblemQuerySet
from inspections.subjects.imports import IMPORT

PAGE = "problems"
PLACES = ("after", "before", "jump")
FIGURE = ("figure", "from", "to")
# Parameters that don't narrow: where in the list, how it is sorted and shown.
SHOWING = (*PLACES, "order", "cols", "count")
KNOWN = {*ProblemFilter.base_filters, *FIGURE, *SHOWING}

# Columns a reader may choose, in this order; light, number, problem and site always stand there.
COLUMNS: dict[str, Any] = {
    "unit": gettext_lazy("Responsible unit"),
    "responsible": gettext_lazy("Responsible person"),
    "district": gettext_lazy("District"),
    "team": gettext_lazy("Team"),
    "party": gettext_lazy("Responsible party"),
    "severity": gettext_lazy("Severity"),
    "route": gettext_lazy("Route"),
    "source": gettext_lazy("Source"),
    "found": gettext_lazy("Found"),
    "due": gettext_lazy("Due date"),
    "state": gettext_lazy("State"),
}
USUAL_COLUMNS = ("unit", "found", "due", "state")


class BadAddress(ValueError):
    """An address that no page of ours gives out: `parameter` is the one that is not understood."""

    def __init__(self, parameter: str) -> None:
        super().__init__(parameter)
        self.parameter = parameter


@dataclass
class Chip:
    """One active filter in words, and the address without it."""

    name: str
    label: str
    value: str
    remove_url: str


@dataclass
class Listing:
    """A list as asked for; `problems` is empty and `filters.form` has the errors where something can't be read."""

    query: QueryDict
    user: User
    today: datetime.date
    offered: Offer
    filters: ProblemFilter
    order: paging.Order
    jump: datetime.date | None

    @property
    def is_valid(self) -> bool:
        return bool(self.filters.is_valid())

    @property
    def problems(self) -> ProblemQuerySet:
        """The rows, in no order."""
        found: Any = self.filters.qs if self.is_valid else Problem.objects.none()
        return found

    @property
    def in_order(self) -> ProblemQuerySet:
        """All rows in the order shown, for an export or bulk work."""
        found: Any = self._order.sort(self.problems)
        return found

    @property
    def _order(self) -> paging.Order:
        return for_rows_of(self.order, self.filters.form.cleaned_data if self.is_valid else {})

    @property
    def is_figure(self) -> bool:
        return bool(self.query.get("figure"))

    def address(self, **changes: Any) -> str:
        """The address with parameters changed (None or empty takes one away), at the beginning of the list."""
        query = self.query.copy()
        for name in (*PLACES, "count"):
            query.pop(name, None)
        for name, value in changes.items():
            if value in (None, "", []):
                query.pop(name, None)
            else:
                query.setlist(name, [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)])
        return "?" + query.urlencode()

    def page(self, shown: ProblemQuerySet) -> "paging.Page[Problem]":
        """The page asked for, with the joins and columns of `shown`; BadAddress where its place can't be read."""
        after, before = self.query.get("after", ""), self.query.get("before", "")
        try:
            return paging.page(self.problems, self._order, shown=shown, after=after, before=before, jump=self.jump)
        except paging.BadCursor as error:
            raise BadAddress("before" if before else "after") from error

    def beside(self, pk: Any, *, forward: bool, at: str = "") -> Problem | None:
        """The problem after (or before) this one in the order shown, from the spot `at` if given; None at an end."""
        return paging.beside(self.problems, self._order, pk, forward=forward, at=at)

    def spot(self, row: Problem) -> str:
        """Where a row that page() or beside() gave stands, for `at`."""
        return paging.spot(row, self._order)

    def place(self, row: Problem) -> str:
        """The address's `after` for the page that follows such a row."""
        return paging.place(row, self._order)

    def chips(self) -> list[Chip]:
        """The active filters in words."""
        chips = []
        values = self.filters.form.cleaned_data if self.is_valid else {}
        for name, kind in self.filters.filters.items():
            value = values.get(name)
            if value in (None, "", [], False):
                continue
            chips.append(Chip(name, str(kind.label), self._words(name, value), self.address(**{name: None})))
        if self.is_figure:
            chips.append(Chip("figure", _("Figure"), self._figure_words(), self.address(**dict.fromkeys(FIGURE))))
        return chips

    def _figure_words(self) -> str:
        """What the figure is called, and its days; the last alone where it is of whatever was found until then."""
        from inspections import figures

        span = [day for name in ("from", "to") if (day := _date(self.query, name)) not in (None, figures.FIRST_DAY)]
        days = [short_date(day, self.today) for day in span]
        return f"{figures.LISTED[self.query.get('figure', '')][0]} {' – '.join(days)}"

    def _words(self, name: str, value: Any) -> str:
        if isinstance(value, datetime.date):
            return short_date(value, self.today)
        if name == "site":
            return self.offered.site[0].name if self.offered.site else str(value)
        if name in ("batch", "changed"):
            seen = IMPORT.visible_to(self.user).filter(pk=value)
            return seen.values_list("file_name", flat=True).first() or str(value)
        if value is True:
            return _("only")
        one = self.filters.filters[name]
        choices = {one.extra.get("null_value"): one.extra.get("null_label"), **dict(_flat(choices_of(one)))}
        values = value if isinstance(value, list) else [value]
        separator = "、" if (get_language() or "").startswith("zh") else ", "
        return separator.join(str(choices.get(one, one)) for one in values)


def read(query: QueryDict, user: User, today: datetime.date | None = None) -> Listing:
    """The list that an address asks for, with what is offered to narrow it (one query).

    Raises BadAddress for a parameter, an order or a figure that there isn't.
    """
    query = _filled(query)
    for name in query:
        if name not in KNOWN:
            raise BadAddress(name)
    day = today or timezone.localdate()
    if query.get("order") == ORDERS[0].key:
        del query["order"]
    order = paging.chosen(ORDERS, query.get("order", ""))
    if order is None:
        raise BadAddress("order")
    site = query.get("site", "")
    offered = offer(user, page=PAGE, site=site if is_uuid(site) else "")
    filters = ProblemFilter(query, _base(query, user), user=user, offered=offered, today=day)
    filters.counted_only = not query.get("figure")
    return Listing(query, user, day, offered, filters, order, _date(query, "jump"))


def _filled(query: QueryDict) -> QueryDict:
    """The parameters that say something: a form also sends the fields that were left empty."""
    filled = QueryDict(mutable=True)
    for name, values in query.lists():
        if left := [value for value in values if value]:
            filled.setlist(name, left)
    return filled


def _base(query: QueryDict, user: User) -> ProblemQuerySet:
    visible = Problem.objects.visible_to(user)
    key = query.get("figure", "")
    if not key:
        return visible
    from inspections import figures

    start, end = _date(query, "from"), _date(query, "to")
    if start is None or end is None:
        raise BadAddress("from" if start is None else "to")
    try:
        return figures.queryset(key, visible, start, end)
    except KeyError as error:
        raise BadAddress("figure") from error


def _date(query: QueryDict, name: str) -> datetime.date | None:
    text = query.get(name, "")
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadAddress(name) from error


def _flat(choices: Any) -> list[tuple[str, Any]]:
    """Choices without their groups."""
    flat: list[tuple[str, Any]] = []
    for value, label in choices:
        flat += label if isinstance(label, list) else [(value, label)]
    return flat


def columns(query: QueryDict, stored: Any) -> list[str]:
    """The columns to show: the address's own, else those the reader chose last, else the usual ones.

    Raises BadAddress for a column that there isn't.
    """
    if "cols" in query:
        wanted = {name for text in query.getlist("cols") for name in text.split(",") if name}
        if wanted - set(COLUMNS):
            raise BadAddress("cols")
    else:
        wanted = set(stored) if isinstance(stored, list) else set(USUAL_COLUMNS)
    return [name for name in COLUMNS if name in wanted]


# --- Counting -------------------------------------------------------------------------------------------------------


def count(listing: Listing, tabs: dict[str, ProblemQuerySet]) -> counting.Counts:
    """The total, how many of it are held, a total per tab, and the facets, in one query."""
    lists: dict[str, Any] = dict(tabs)
    if listing.is_valid:
        lists["total"] = listing.problems
        lists["held"] = listing.problems.held()
        facets = listing.filters.without(*FACETS)
        late: Any = facets.overdue(listing.today).annotate(age=age_column(listing.today))
        kept = ("status", "route", "special")
        return counting.count(lists, {"rows": (facets, kept), "late": (late, (*kept, "age"))}, only_if="total")
    return counting.count(lists)


def hindrance(listing: Listing, chips: list[Chip]) -> Chip | None:
    """Of the active filters of an empty list, the one without which most rows would be there."""
    lists = {chip.name: listing.filters.without(chip.name) for chip in chips if chip.name != "figure"}
    totals = counting.count(lists).totals
    best = max(chips, key=lambda chip: totals[chip.name].rows if chip.name in totals else -1, default=None)
    return best if best and best.name in totals and totals[best.name].rows else None
