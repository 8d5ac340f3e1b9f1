"""A plain list (visits, sites) as an address asks for it: filters in words, order, one page by key, the count."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import django_filters
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from casetracker import counting, paging
from casetracker.dates import short_date
from inspections.offers import choices_of

PLACES = ("after", "before", "jump", "count")


@dataclass(frozen=True)
class Chip:
    """One active filter in words, and the address without it."""

    label: str
    value: str
    remove_url: str


@dataclass
class Register:
    """A list as asked for. `shown` carries the joins and annotations that the rows of one page need."""

    query: QueryDict
    filters: django_filters.FilterSet
    orders: tuple[paging.Order, ...]
    shown: Any
    # What a filter's value is called where its choices do not say it: {filter: words}.
    named: dict[str, str]

    @property
    def is_valid(self) -> bool:
        return bool(self.filters.is_valid())

    @property
    def unknown(self) -> str:
        """The first parameter of the address that this list does not know; empty when it knows them all."""
        known = {*self.filters.filters, *PLACES, "order"}
        return next((name for name in self.query if name not in known), "")

    @property
    def rows(self) -> Any:
        """The rows, in no order; none where a filter can't be read."""
        return self.filters.qs if self.is_valid else self.filters.queryset.none()

    @property
    def order(self) -> paging.Order:
        """The order asked for; the usual one where it is unknown."""
        return paging.chosen(self.orders, self.query.get("order", "")) or self.orders[0]

    @property
    def jump(self) -> datetime.date | None:
        try:
            return datetime.date.fromisoformat(self.query.get("jump", ""))
        except ValueError:
            return None

    def page(self) -> "paging.Page[Any]":
        """The page asked for. Raises paging.BadCursor for a place that this list never gave out."""
        if not self.is_valid:
            return paging.Page([], "", "")
        return paging.page(
            self.rows,
            self.order,
            shown=self.shown,
            after=self.query.get("after", ""),
            before=self.query.get("before", ""),
            jump=self.jump,
        )

    @property
    def in_order(self) -> Any:
        """Every row in the order shown, with all that rows show; for an export."""
        return self.order.sort(self.shown.filter(pk__in=self.rows.order_by().values("pk")))

    def total(self, *, exactly: bool = False) -> counting.Total:
        """How many rows there are: exact up to 10,000, beyond it only where asked."""
        if exactly:
            return counting.count_exactly(self.rows)
        return counting.count({"total": self.rows}).totals["total"]

    def address(self, **changes: Any) -> str:
        """The query with parameters changed (empty takes one away), at the beginning of the list."""
        query = self.query.copy()
        for name in PLACES:
            query.pop(name, None)
        for name, value in changes.items():
            query.pop(name, None)
            if value not in (None, ""):
                query[name] = str(value)
        return f"?{query.urlencode()}"

    def kept(self) -> list[tuple[str, str]]:
        """The parameters that jumping to a day keeps, for hidden fields."""
        return [(name, value) for name, values in self.query.lists() if name not in PLACES for value in values]

    def chips(self) -> list[Chip]:
        """The active filters in words."""
        if not self.is_valid:
            return []
        chips = []
        for name, one in self.filters.filters.items():
            value = self.filters.form.cleaned_data.get(name)
            if value not in (None, "", False):
                chips.append(Chip(str(one.label), self._words(name, value), self.address(**{name: None})))
        return chips

    def _words(self, name: str, value: Any) -> str:
        if name in self.named:
            return self.named[name]
        if isinstance(value, datetime.date):
            return short_date(value)
        if value is True:
            return _("yes")
        return str(_flat(choices_of(self.filters.filters[name])).get(str(value), value))


def _flat(choices: Any) -> dict[str, str | Promise]:
    """Choices without their groups."""
    flat: dict[str, str | Promise] = {}
    for value, label in choices:
        flat |= _flat(label) if isinstance(label, list) else {str(value): label}
    return flat


def as_uuid(text: str) -> UUID | None:
    """The id in a parameter; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
