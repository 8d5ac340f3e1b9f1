"""Pages of campaigns: the list with those that run first, one campaign, deciding one, changing one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker.enums import Role
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.models import User
from casetracker.views.access import for_operators
from inspections import campaigns as writing
from inspections import periods, policy
from inspections.forms.periods import CampaignForm
from inspections.models import Campaign
from inspections.subjects_registers import told

METHODS = ["GET", "HEAD", "POST"]


@require_safe
@for_operators
def campaigns(request: HttpRequest) -> HttpResponse:
    """All campaigns that hold for the person's offices; the same queries however many there are."""
    user: User = request.user  # type: ignore[assignment]
    rows = list_of(Campaign, user, "campaign")
    count = sum(row["stands"] == periods.RUNNING for row in rows)
    title = ngettext("%(count)s campaign runs", "%(count)s campaigns run", count) % {"count": count}
    context = {
        "rows": rows,
        "total": len(rows),
        "title": title if count else _("No campaign runs"),
        "tabs": tabs("campaigns"),
        **reader(user),
    }
    return render(request, "inspections/campaigns/list.html", context)


def list_of(model: Any, user: User, column: str) -> list[dict[str, Any]]:
    """Campaigns or alerts in the order of a list, each with its visits and whether the person may change it."""
    today = timezone.localdate()
    rows = periods.visible_to(model.objects.select_related("office"), user)
    kept = set(periods.kept_by(model.objects.order_by(), user).values_list("pk", flat=True))
    return [
        {"row": row, "stands": periods.standing(row, today), "days": periods.days_of(row), "kept": row.pk in kept}
        for row in periods.in_order(periods.with_visits(rows, user, column), today)
    ]


def tabs(shown: str) -> list[dict[str, Any]]:
    """The two lists beside each other."""
    labels = {"campaigns": _("Campaigns"), "alerts": _("Heavy-pollution alerts")}
    return [
        {"label": label, "count": None, "url": reverse(key), "current": key == shown} for key, label in labels.items()
    ]


def reader(user: User) -> dict[str, bool]:
    """What the pages need to know of who reads them: whether visits open, and the administration."""
    return {"opens_visits": periods.opens_visits(user), "administers": user.has_role(Role.ADMINISTRATOR)}


@require_safe
@for_operators
def campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: its days, how many visits it has, what was changed."""
    user: User = request.user  # type: ignore[assignment]
    seen = periods.visible_to(Campaign.objects.select_related("office"), user)
    row = get_object_or_404(periods.with_visits(seen, user, "campaign"), pk=pk)
    context = {
        "campaign": row,
        "days": periods.days_of(row),
        "stands": periods.standing(row, timezone.localdate()),
        "kept": policy.keeps_periods_of(user, row.office),
        "events": told(writing.CAMPAIGN, row.pk),
        **reader(user),
    }
    return render(request, "inspections/campaigns/page.html", context)


@require_http_methods(METHODS)
@for_operators
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Decide a campaign."""
    user: User = request.user  # type: ignore[assignment]
    initial = {"from_on": timezone.localdate()}
    return _edit(request, CampaignForm(request.POST or None, by=user, initial=initial), None)


@require_http_methods(METHODS)
@for_operators
def campaign_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a campaign; its last day ends it."""
    user: User = request.user  # type: ignore[assignment]
    kept = periods.kept_by(Campaign.objects.all(), user)
    row, shown = get_object_or_404(kept, pk=pk), get_object_or_404(kept, pk=pk)
    return _edit(request, CampaignForm(request.POST or None, by=user, instance=shown), row)


def _edit(request: HttpRequest, form: CampaignForm, row: Campaign | None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                values = form.values()
                if row is None:
                    saved = writing.create_campaign(by=user, **values)
                else:
                    saved = writing.change_campaign(row, by=user, **values)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
                return redirect("campaign", saved.pk)
    context = {"form": form, "campaign": row, **reader(user)}
    return render(request, "inspections/campaigns/form.html", context, status=status)
