"""One search box over everything that the apps let themselves be searched for."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from casetracker import registry
from casetracker.models import User

# Hits shown per group; the list behind it has them all.
SHOWN = 8
LONGEST = 100


@dataclass
class Hits:
    """What one group found: its first hits, and where the rest are."""

    key: str
    label: Any
    rows: list[Any]
    more: bool
    row_template: str
    list_url: str


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What is found for q, group by group; an exact number with a single hit leads there at once."""
    user: User = request.user  # type: ignore[assignment]
    text = request.GET.get("q", "").strip()[:LONGEST]
    groups = []
    found: set[Any] = set()
    lonely = ""
    for group in registry.searches.values() if text else ():
        rows = list(group.find(user, text)[: SHOWN + 1])
        found.update(rows)
        if group.opens and len(rows) == 1:
            meant = group.means(text)
            if meant == "exact":
                return redirect(group.opens(rows[0]))
            lonely = group.opens(rows[0]) if meant == "alone" else ""
        if rows:
            url = group.list_url(text) if len(rows) > SHOWN else ""
            groups.append(Hits(group.key, group.label, rows[:SHOWN], bool(url), group.row_template, url))
    if lonely and len(found) == 1:
        return redirect(lonely)
    context = {"search_text": text, "groups": groups, "total": sum(len(group.rows) for group in groups)}
    return render(request, "search.html", context)
