"""What the pages of the plain lists (visits, sites, exposures) have in common."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from casetracker import paging
from inspections.registers import PLACES, Register

# What a page of its own needs besides, of its rows.
More = Callable[[list[Any]], dict[str, Any]]


def show(
    request: HttpRequest, asked: Register, template: str, list_url: str, more: More, *, exactly: bool = False
) -> HttpResponse:
    """One page of a list as its address asks for it; htmx that asks for the exact count gets that alone.

    An unknown parameter answers 400, a filter that can't be read 422. A place that the list never gave out, or behind
    its end, leads to its beginning.
    """
    if asked.unknown:
        return render(request, "inspections/problems/address.html", {"parameter": asked.unknown}, status=400)
    try:
        page = asked.page()
    except paging.BadCursor:
        return redirect(list_url + asked.address())
    if not page.rows and any(name in request.GET for name in PLACES if name != "count"):
        return redirect(list_url + asked.address())
    in_full = request.GET.get("count") == "exact"
    total = asked.total(exactly=exactly or in_full)
    if in_full and request.htmx:  # type: ignore[attr-defined]
        return render(request, "inspections/registers/_count.html", {"total": total})
    context = {
        "asked": asked,
        "form": asked.filters.form,
        "rows": page.rows,
        "shown": len(page.rows),
        "total": total,
        "data_total": total.plain,
        "export_query": asked.address().removeprefix("?"),
        "chips": asked.chips(),
        "newer_url": asked.address(before=page.newer) if page.newer else "",
        "older_url": asked.address(after=page.older) if page.older else "",
        "exact_url": asked.address(count="exact") if total.more else "",
        "list_url": list_url,
    }
    return render(request, template, context | more(page.rows), status=200 if asked.is_valid else 422)
