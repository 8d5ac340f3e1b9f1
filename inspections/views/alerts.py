"""Pages of heavy-pollution alerts: the list with what holds first, one alert, entering, changing, withdrawing one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.people import ReasonForm
from casetracker.models import User
from casetracker.views.access import for_operators
from inspections import alerts as writing
from inspections import periods, policy
from inspections.forms.periods import AlertForm
from inspections.models import AlertPeriod
from inspections.subjects_registers import told
from inspections.views.campaigns import METHODS, list_of, reader, tabs


@require_safe
@for_operators
def alerts(request: HttpRequest) -> HttpResponse:
    """All alerts that hold for the person's offices; the same queries however many there are."""
    user: User = request.user  # type: ignore[assignment]
    rows = list_of(AlertPeriod, user, "alert")
    count = sum(row["stands"] == periods.RUNNING for row in rows)
    title = ngettext("%(count)s alert holds today", "%(count)s alerts hold today", count) % {"count": count}
    context = {
        "rows": rows,
        "total": len(rows),
        "title": title if count else _("No alert holds today"),
        "tabs": tabs("alerts"),
        **reader(user),
    }
    return render(request, "inspections/alerts/list.html", context)


@require_safe
@for_operators
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """One alert: its days, how many visits show it, what was changed."""
    user: User = request.user  # type: ignore[assignment]
    seen = periods.visible_to(AlertPeriod.objects.select_related("office"), user)
    row = get_object_or_404(periods.with_visits(seen, user, "alert"), pk=pk)
    context = {
        "alert": row,
        "days": periods.days_of(row),
        "stands": periods.standing(row, timezone.localdate()),
        "kept": policy.keeps_periods_of(user, row.office),
        "events": told(writing.ALERT, row.pk),
        **reader(user),
    }
    return render(request, "inspections/alerts/page.html", context)


@require_http_methods(METHODS)
@for_operators
def alert_new(request: HttpRequest) -> HttpResponse:
    """Enter an alert; where visits of its days are recorded already, the first press says how many follow."""
    user: User = request.user  # type: ignore[assignment]
    initial = {"from_on": timezone.localdate()}
    return _edit(request, AlertForm(request.POST or None, by=user, initial=initial), None)


@require_http_methods(METHODS)
@for_operators
def alert_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an alert; the first press says how many visits would show another one, the second one writes."""
    user: User = request.user  # type: ignore[assignment]
    kept = periods.kept_by(AlertPeriod.objects.select_related("office"), user)
    row, shown = get_object_or_404(kept, pk=pk), get_object_or_404(kept, pk=pk)
    return _edit(request, AlertForm(request.POST or None, by=user, instance=shown), row)


@require_http_methods(METHODS)
@for_operators
def alert_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an alert that was entered by mistake; the page says how many visits lose it."""
    user: User = request.user  # type: ignore[assignment]
    kept = periods.kept_by(AlertPeriod.objects.select_related("office"), user)
    row = get_object_or_404(periods.with_visits(kept, user, "alert"), pk=pk)
    form, status = ReasonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                writing.withdraw_alert(row, by=user, reason=form.cleaned_data["reason"])
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The alert is withdrawn."))
                return redirect("alert", pk)
    context = {"form": form, "alert": row, "days": periods.days_of(row), **reader(user)}
    return render(request, "inspections/alerts/withdraw.html", context, status=status)


def _edit(request: HttpRequest, form: AlertForm, row: AlertPeriod | None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    status, preview = 200, {}
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.values()

            def write() -> writing.Written:
                if row is None:
                    return writing.enter_alert(by=user, **values)
                return writing.change_alert(row, by=user, **values)

            try:
                visits = writing.tried(write)
                seen = _mark(values, visits)
                if not visits or request.POST.get("seen") == seen:
                    return _done(request, write())
            except DomainError as error:
                status = refuse(form, error)
            else:
                status, preview = 200, {"visits": visits, "seen": seen}
    context: dict[str, Any] = {"form": form, "alert": row, **preview, **reader(user)}
    if row is not None:
        context["days"] = periods.days_of(row)
    return render(request, "inspections/alerts/form.html", context, status=status)


def _mark(values: dict[str, Any], visits: int) -> str:
    """Tells whether what is to be saved is what was said before; the reason may still be worded better."""
    kept = [str(getattr(value, "pk", value)) for name, value in values.items() if name != "reason"]
    return "|".join([*kept, str(visits)])


def _done(request: HttpRequest, written: writing.Written) -> HttpResponse:
    text = _("The alert is saved.")
    if written.visits:
        told = ngettext(
            "The alert is saved; %(count)s visit shows another alert now.",
            "The alert is saved; %(count)s visits show another alert now.",
            written.visits,
        )
        text = told % {"count": written.visits}
    messages.success(request, text)
    return redirect("alert", written.alert.pk)
