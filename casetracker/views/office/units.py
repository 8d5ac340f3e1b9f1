"""Pages of units: the tree, the page of one unit, making one, changing one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import operations, subjects
from casetracker.administering.recording import UNIT
from casetracker.administering.units import change_unit, create_unit
from casetracker.enums import UnitKind
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.units import UnitForm
from casetracker.models import Unit, User
from casetracker.office import AskedUnits
from casetracker.views.access import for_administrators


@require_safe
@for_administrators
def units(request: HttpRequest) -> HttpResponse:
    """The tree of units: /office/units/?q=…&state=unmanned&kind=team; four queries however many there are."""
    asked = AskedUnits.of(request.GET)
    rows = asked.rows()
    context = {
        "rows": rows,
        "total": len(rows),
        "title": _title(len(rows), asked.state),
        "q": asked.q,
        "kind": asked.kind,
        "state": asked.state,
        "kinds": UnitKind.choices,
        "tabs": _tabs(asked.state),
        "filtered": bool(asked.q or asked.kind),
        "export_query": request.GET.urlencode(),
    }
    return render(request, "office/units.html", context)


def _title(count: int, state: str) -> str:
    words = {
        "current": ngettext("%(count)s unit", "%(count)s units", count),
        "unmanned": ngettext(
            "%(count)s unit without an active person", "%(count)s units without an active person", count
        ),
        "ended": ngettext("%(count)s former unit", "%(count)s former units", count),
    }
    return words[state] % {"count": count}


def _tabs(state: str) -> list[dict[str, Any]]:
    labels = {"current": _("Units"), "unmanned": _("Without an active person"), "ended": _("Former units")}
    return [
        {"label": label, "count": None, "url": f"?state={key}", "current": key == state}
        for key, label in labels.items()
    ]


@require_safe
@for_administrators
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """One unit: what is kept of it, who is in it, what stands below it, what was changed."""
    row = get_object_or_404(Unit.objects.select_related("parent", "successor").prefetch_related("districts"), pk=pk)
    today = timezone.localdate()
    posts = row.memberships.select_related("user")
    running = posts.running(today)
    context = {
        "unit": row,
        "ended": row.valid_until is not None and row.valid_until < today,
        "posts": running.order_by("role", "user__name"),
        "past": posts.exclude(pk__in=running.values("pk")).order_by("-from_on")[: operations.SHOWN],
        "unmanned": operations.unmanned(Unit.objects.filter(pk=pk), today).exists(),
        "below": row.children.order_by("kind", "sort_key"),
        "names": row.names.order_by("-is_former", "name"),
        "events": subjects.told(UNIT, pk),
    }
    return render(request, "office/unit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def unit_new(request: HttpRequest) -> HttpResponse:
    """Make a unit."""
    form = UnitForm(request.POST or None, initial={"parent": request.GET.get("parent")})
    return _edit(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def unit_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a unit; a former name stays known."""
    row = get_object_or_404(Unit, pk=pk)
    return _edit(request, UnitForm(request.POST or None, instance=row), get_object_or_404(Unit, pk=pk))


def _edit(request: HttpRequest, form: UnitForm, row: Unit | None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                values = form.values()
                saved = create_unit(by=user, **values) if row is None else change_unit(row, by=user, **values)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
                return redirect("unit", saved.pk)
    return render(request, "office/unit_form.html", {"form": form, "unit": row}, status=status)
