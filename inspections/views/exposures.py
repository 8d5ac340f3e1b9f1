"""The list of exposures in the media (曝光): which piece named whom, and what was found there later."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from casetracker.models import User
from inspections import lists
from inspections.models import Problem
from inspections.views.registers import show


@require_safe
def exposures(request: HttpRequest) -> HttpResponse:
    """The list: /exposures/?medium=…&followed=no…; a problem is linked for whoever sees it."""
    user: User = request.user  # type: ignore[assignment]
    asked = lists.exposures(request.GET, user)

    def more(rows: list[Any]) -> dict[str, Any]:
        problems = [row.problem_id for row in rows if row.problem_id]
        return {
            "open_to": set(Problem.objects.visible_to(user).filter(pk__in=problems).values_list("pk", flat=True)),
            "pieces": asked.rows.order_by().values("exposure").distinct().count(),
        }

    return show(request, asked, "inspections/exposures/list.html", reverse("exposures"), more)
