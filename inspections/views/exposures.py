"""The list of exposures in the media (曝光): which piece named whom, and what was found there later."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from casetracker import paging
from casetracker.models import User
from inspections import lists
from inspections.models import Problem


@require_safe
def exposures(request: HttpRequest) -> HttpResponse:
    """The list: /exposures/?medium=…&followed=no…; a problem is linked for whoever sees it."""
    user: User = request.user  # type: ignore[assignment]
    asked = lists.exposures(request.GET, user)
    if asked.unknown:
        return render(request, "inspections/problems/address.html", {"parameter": asked.unknown}, status=400)
    try:
        page = asked.page()
    except paging.BadCursor:
        return redirect(reverse("exposures") + asked.address())
    if not page.rows and any(name in request.GET for name in ("after", "before")):
        return redirect(reverse("exposures") + asked.address())
    total = asked.total(exactly=request.GET.get("count") == "exact")
    if request.GET.get("count") == "exact" and request.htmx:  # type: ignore[attr-defined]
        return render(request, "inspections/visits/_count.html", {"total": total})
    problems = [row.problem_id for row in page.rows if row.problem_id]
    context = {
        "asked": asked,
        "form": asked.filters.form,
        "rows": page.rows,
        "shown": len(page.rows),
        "open_to": set(Problem.objects.visible_to(user).filter(pk__in=problems).values_list("pk", flat=True)),
        "total": total,
        "pieces": asked.rows.order_by().values("exposure").distinct().count(),
        "chips": asked.chips(),
        "list_url": reverse("exposures"),
        "export_query": asked.address().removeprefix("?"),
        "newer_url": asked.address(before=page.newer) if page.newer else "",
        "older_url": asked.address(after=page.older) if page.older else "",
        "exact_url": asked.address(count="exact") if total.more else "",
    }
    return render(request, "inspections/exposures/list.html", context, status=200 if asked.is_valid else 422)
