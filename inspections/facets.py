"""The boxes of the filters with their counts: how many rows each would show, and the address that shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString

from casetracker.counting import Counts, Groups
from inspections.enums import OPEN, Status
from inspections.filters import AGES
from inspections.listing import Listing
from inspections.offers import choices_of


@dataclass
class Option:
    """One box: its value and words, whether it is ticked, and its count and address where counting is cheap."""

    value: str
    label: Any
    checked: bool
    count: int | None
    url: str


@dataclass
class Select:
    """A filter with a list to choose from, drawn without Django's widgets, which take a template per option."""

    name: str
    id: str
    label: Any
    options: SafeString
    errors: Any


# A group of rows as the counts have it: status, route, special, age ("" where it is not overdue).
Test = Callable[[tuple[str, str, str, str]], bool]


def options(listing: Listing, counts: Counts, name: str) -> list[Option]:
    """The boxes of one facet; its counts heed every filter but its own."""
    chosen: Any = listing.filters.form.cleaned_data if listing.is_valid else {}
    ticked = listing.query.getlist(name)
    groups = _groups(counts, need_age=name == "overdue" or bool(chosen.get("overdue")))
    others = [_test(other, chosen.get(other)) for other in ("state", "overdue", "route", "special") if other != name]
    made = []
    for value, label in _boxes(listing, name):
        own = _test(name, True if name == "special" else [value])
        number = None
        if groups is not None and listing.is_valid:
            number = sum(rows for group, rows in groups.items() if own(group) and all(test(group) for test in others))
        made.append(Option(value, label, value in ticked, number, listing.address(**{name: value})))
    return made


def select(listing: Listing, name: str) -> Select:
    """One choice filter as it was sent, ready for a page."""
    bound, kind = listing.filters.form[name], listing.filters.filters[name]
    chosen = listing.query.get(name, "")
    parts = [_option("", kind.extra["empty_label"], chosen)]
    for value, label in choices_of(kind):
        if isinstance(label, list):
            inner = "".join(_option(key, words, chosen) for key, words in label)
            parts.append(f'<optgroup label="{escape(value)}">{inner}</optgroup>')
        else:
            parts.append(_option(value, label, chosen))
    return Select(name, bound.id_for_label, kind.label, SafeString("".join(parts)), bound.errors)


def _option(value: str, label: Any, chosen: str) -> str:
    selected = " selected" if value == chosen else ""
    return f'<option value="{escape(value)}"{selected}>{escape(str(label))}</option>'


def _boxes(listing: Listing, name: str) -> list[tuple[str, Any]]:
    if name == "special":
        return [("1", listing.filters.filters[name].label)]
    return choices_of(listing.filters.filters[name])


def _groups(counts: Counts, *, need_age: bool) -> dict[tuple[str, str, str, str], int] | None:
    found: Groups | None = counts.groups.get("late" if need_age else "rows")
    if found is None:
        return None
    return {(*group, "")[:4]: number for group, number in found.items()}  # type: ignore[misc]


def _test(name: str, chosen: Any) -> Test:
    """Whether a group passes one filter."""
    if not chosen:
        return (lambda group: group[0] != Status.VOID) if name == "state" else (lambda group: True)
    if name == "state":
        wanted = {state for one in chosen for state in (OPEN if one == "open" else (one,))}
        return lambda group: group[0] in wanted
    if name == "overdue":
        ages = set(AGES) if "any" in chosen else set(chosen)
        return lambda group: group[3] in ages
    if name == "route":
        return lambda group: group[1] in chosen
    return lambda group: group[2] == "true"
