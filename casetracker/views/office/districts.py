"""Pages of districts: the tree, the page of one district, making one, changing one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import subjects
from casetracker.administering.districts import change_district, codes_ever, create_district, is_used
from casetracker.administering.recording import DISTRICT
from casetracker.errors import DomainError
from casetracker.forms.districts import DistrictForm
from casetracker.forms.fields import refuse
from casetracker.models import District, User
from casetracker.office import AskedDistricts, has_ended
from casetracker.views.access import for_administrators


@require_safe
@for_administrators
def districts(request: HttpRequest) -> HttpResponse:
    """The tree of districts: /office/districts/?q=…&state=ended; the same queries however many there are."""
    asked = AskedDistricts.of(request.GET)
    rows = asked.rows()
    context = {
        "rows": rows,
        "total": len(rows),
        "title": _title(len(rows), asked.state),
        "q": asked.q,
        "state": asked.state,
        "tabs": _tabs(asked.state),
        "year": timezone.localdate().year,
        "export_query": request.GET.urlencode(),
    }
    return render(request, "office/districts.html", context)


def _title(count: int, state: str) -> str:
    if state == "ended":
        return ngettext("%(count)s former district", "%(count)s former districts", count) % {"count": count}
    return ngettext("%(count)s district", "%(count)s districts", count) % {"count": count}


def _tabs(state: str) -> list[dict[str, Any]]:
    labels = {"current": pgettext("administrative divisions", "Districts"), "ended": _("Former districts")}
    return [
        {"label": label, "count": None, "url": f"?state={key}", "current": key == state}
        for key, label in labels.items()
    ]


@require_safe
@for_administrators
def district(request: HttpRequest, code: str) -> HttpResponse:
    """One district: what is kept of it, who answers for it, what stands below it, what was changed."""
    row = get_object_or_404(District.objects.select_related("parent"), pk=code)
    told = [event for one in codes_ever(row.pk) for event in subjects.told(DISTRICT, one)]
    context = {
        "district": row,
        "ended": has_ended(row, timezone.localdate().year),
        "used": is_used(row.pk),
        "units": row.units.order_by("kind", "sort_key"),
        "below": row.children.order_by("code"),
        "events": told,
    }
    return render(request, "office/district.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def district_new(request: HttpRequest) -> HttpResponse:
    """Make a district."""
    form = DistrictForm(request.POST or None, initial={"parent": request.GET.get("above")})
    return _edit(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def district_change(request: HttpRequest, code: str) -> HttpResponse:
    """Change a district; its code only while nothing is recorded with it."""
    row = get_object_or_404(District, pk=code)
    return _edit(request, DistrictForm(request.POST or None, instance=row), get_object_or_404(District, pk=code))


def _edit(request: HttpRequest, form: DistrictForm, row: District | None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                values = form.values()
                saved = create_district(by=user, **values) if row is None else change_district(row, by=user, **values)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
                return redirect("district", saved.pk)
    return render(request, "office/district_form.html", {"form": form, "district": row}, status=status)
