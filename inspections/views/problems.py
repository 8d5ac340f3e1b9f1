"""The list of problems."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from casetracker import calendars, counting
from casetracker.enums import Role
from casetracker.models import User
from inspections import bulk, facets, listing
from inspections.enums import Verb
from inspections.filters import FACETS, ORDERS
from inspections.listing import BadAddress, Listing
from inspections.models import Problem
from inspections.views.rows import rows_of, shown
from inspections.views.tabs import tabs_of

SELECTS = ("unit", "district", "due", "kind", "team", "severity", "source", "responsible")
# Filters that stand in the lower, folded part.
MORE = ("kind", "team", "severity", "source", "responsible", "due_from", "due_to")
SORTED_BY = {"light": "due", "number": "number", "problem": "site", "found": "found"}


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """The list: /problems/?state=open&order=-found…; its rows alone for htmx, its exact count with count=exact."""
    user: User = request.user  # type: ignore[assignment]
    try:
        asked = listing.read(request.GET, user)
        columns = _columns(request)
        if request.GET.get("count") == "exact" and request.htmx:  # type: ignore[attr-defined]
            return _exact(request, asked)
        context = _context(asked, columns)
    except BadAddress as error:
        return render(request, "inspections/problems/address.html", {"parameter": error.parameter}, status=400)
    if asked.is_valid and not context["rows"] and any(name in request.GET for name in listing.PLACES):
        # The rows beside this place are gone: the list from its beginning.
        return redirect(reverse("problems") + asked.address())
    htmx: Any = request.htmx  # type: ignore[attr-defined]
    # Going back, htmx asks for the whole page.
    partial = htmx and not htmx.boosted and not htmx.history_restore_request
    template = "inspections/problems/_listing.html" if partial else "inspections/problems/list.html"
    response = render(request, template, context, status=200 if asked.is_valid else 422)
    if partial:
        response["HX-Push-Url"] = (reverse("problems") + asked.address()).rstrip("?")
    return response


def _columns(request: HttpRequest) -> list[str]:
    """The columns to show; a choice is kept for the next visit."""
    shown = listing.columns(request.GET, request.session.get("problem_columns"))
    if "cols" in request.GET and request.session.get("problem_columns") != shown:
        request.session["problem_columns"] = shown
    return shown


def _exact(request: HttpRequest, asked: Listing) -> HttpResponse:
    total = counting.count_exactly(asked.problems)
    return render(request, "inspections/problems/_count.html", {"total": total})


def _context(asked: Listing, columns: list[str]) -> dict[str, Any]:
    tabs = tabs_of(asked)
    counts = listing.count(asked, {tab.key: tab.problems for tab in tabs if tab.problems is not None})
    for tab in tabs:
        tab.count = str(counts.totals[tab.key]) if tab.key in counts.totals else None
    total = counts.totals.get("total", counting.Total(0))
    if asked.is_valid and total.more and (asked.is_figure or asked.query.get("count") == "exact"):
        total = counting.count_exactly(asked.problems)
    chips = asked.chips() if asked.is_valid else []
    rows = _rows_context(asked, columns)
    empty = asked.is_valid and not rows["rows"] and bool(chips)
    return rows | {
        "asked": asked,
        "now": timezone.now(),
        "tabs": tabs,
        "save_url": f"{reverse('save_view')}?page=problems&{asked.address()[1:]}" if asked.is_valid else "",
        "total": total,
        "exact_url": asked.address(count="exact") if total.more else "",
        # Work queues and mail leave them out, so the list says how many there are.
        "held": None if asked.query.get("held") else counts.totals.get("held"),
        "held_url": asked.address(held="true"),
        "most": bulk.MOST,
        "chips": chips,
        "filter_count": len(chips),
        "clear_url": reverse("problems") + (f"?order={asked.order.name}" if asked.query.get("order") else ""),
        "hindrance": listing.hindrance(asked, chips) if empty else None,
        "may_report": asked.user.has_role(Role.INSPECTOR, Role.SUPERVISOR),
        "oversees": asked.user.has_role(Role.SUPERVISOR),
        **_filters_context(asked, counts),
    }


def _rows_context(asked: Listing, columns: list[str]) -> dict[str, Any]:
    """The rows with their heads, the columns to choose from, the places beside them, and the verbs of bulk work."""
    page = asked.page(shown(columns)) if asked.is_valid else None
    verbs = bulk_verbs(asked.user)
    known = asked.query.urlencode()

    def back(problem: Problem) -> str:
        return f"?{urlencode({'from': known, 'at': asked.spot(problem)})}"

    rows = rows_of(page.rows if page else [], columns, verbs, today=asked.today, calendar=calendars.load(), back=back)
    kept = [(k, v) for k, vs in asked.query.lists() if k not in (*listing.PLACES, "count") for v in vs]
    return {
        "rows": rows,
        "shown": len(rows),
        "heads": _heads(asked, columns),
        "many_columns": len(columns) > len(listing.USUAL_COLUMNS),
        "column_choices": [(name, label, name in columns) for name, label in listing.COLUMNS.items()],
        "parameters": kept,
        "newer_url": asked.address(before=page.newer) if page and page.newer else "",
        "older_url": asked.address(after=page.older) if page and page.older else "",
        "by_day": asked.order.newest_first,
        "export_query": asked.address(cols=columns).removeprefix("?"),
        # Only whoever imports can do something with a ledger.
        "ledger": "ledger" if asked.user.has_role(Role.SUPERVISOR) else "",
        # Only an order by date has days to jump to.
        "jump_name": "jump" if asked.order.day else "",
        "hidden": kept if asked.order.day else [],
        "verbs": [{"verb": verb.value, "words": verb.label, "reason": _reason(verb)} for verb in verbs],
    }


def _filters_context(asked: Listing, counts: counting.Counts) -> dict[str, Any]:
    form = asked.filters.form
    return {
        "form": form,
        "facets": {name: facets.options(asked, counts, name) for name in FACETS},
        "selects": {name: facets.select(asked, name) for name in SELECTS},
        "orders": _orders(asked),
        "kept": [(name, value) for name in (*listing.FIGURE, "cols") for value in asked.query.getlist(name)],
        "more_open": any(asked.query.get(name) or name in form.errors for name in MORE),
    }


def bulk_verbs(user: User) -> list[Verb]:
    """The verbs this person may do to many problems; whether to each of them is asked for each."""
    if user.has_role(Role.SUPERVISOR):
        return list(bulk.VERBS)
    return [Verb.VERIFY] if user.has_role(Role.INSPECTOR) else []


def _reason(verb: Verb) -> str:
    return {
        Verb.ASSIGN: _("None of these waits for assignment."),
        Verb.VERIFY: _("None of these is with a unit or reported back."),
        Verb.CLOSE: _("None of these has been verified."),
        Verb.ESCALATE: _("None of these is open."),
    }[verb]


def _orders(asked: Listing) -> list[tuple[str, Any, bool]]:
    """The orders to choose from; one that is turned round stands there too."""
    orders = [(order.name, order.label, order.name == asked.order.name) for order in ORDERS]
    if asked.order.backwards:
        orders.append((asked.order.name, f"{asked.order.label}{pgettext('separator', ', ')}{_('reversed')}", True))
    return orders


def _heads(asked: Listing, columns: list[str]) -> list[dict[str, Any]]:
    """The heads of the columns; one that can be sorted by leads there, or the other way round where it is already."""
    labels = {"light": _("Deadline"), "number": _("Number"), "problem": _("Problem and site"), **listing.COLUMNS}
    heads = []
    for column in ("light", "number", "problem", *columns):
        head = {"label": labels[column]}
        if key := SORTED_BY.get(column):
            current = asked.order.key == key
            head["url"] = asked.address(order=f"-{key}" if current and not asked.order.backwards else key)
            if current:
                first = asked.order.sections[-1 if asked.order.backwards else 0]
                head["aria"] = "descending" if first.descending else "ascending"
                head["icon"] = "arrow-down" if first.descending else "arrow-up"
        heads.append(head)
    return heads
