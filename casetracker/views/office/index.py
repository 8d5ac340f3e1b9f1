"""The first page of the administration: what there is to keep, and what needs somebody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from casetracker.administering import areas
from casetracker.views.access import for_administrators


@require_safe
@for_administrators
def office(request: HttpRequest) -> HttpResponse:
    """The areas with what needs somebody, on top what is urgent."""
    shown = areas.areas()
    title = areas.title(sum(bool(area.trouble) for area in shown))
    return render(request, "office/index.html", {"areas": shown, "title": title})
