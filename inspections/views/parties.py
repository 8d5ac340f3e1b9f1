"""Parties: who owes the fix; the list, a party's page, entering and changing one."""

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from casetracker import audit, presses
from casetracker.enums import Role
from casetracker.errors import DomainError, Invalid
from casetracker.ids import uuid7
from casetracker.models import Unit, User
from inspections import lists, parties
from inspections.forms.parties import PartyForm
from inspections.models import Party, Problem, Site
from inspections.scope import bureau_of

SHOWN = 50


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The parties the person may see, by name, found by name or code."""
    asked = request.GET.get("q", "").strip()
    user: User = request.user  # type: ignore[assignment]
    found = lists.parties(asked, user)
    context = {
        "rows": found[:SHOWN],
        "total": found.count(),
        "q": asked,
        "shown": SHOWN,
        "export_query": urlencode({"q": asked}) if asked else "",
        "may_enter": _office(user) is not None,
    }
    return render(request, "inspections/parties/list.html", context)


def _office(user: User) -> Unit | None:
    """The office whose register the person keeps; None for everybody else."""
    units = user.units_as(Role.INSPECTOR, Role.SUPERVISOR)
    return bureau_of(units[0]) if units else None


@require_safe
def party(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What is known of a party: its codes, the sites it runs, its problems, what changed."""
    row = get_object_or_404(Party.objects.visible_to(request.user).select_related("office"), pk=pk)
    user: User = request.user  # type: ignore[assignment]
    problems = Problem.objects.visible_to(user).counted().filter(party=row)
    context = {
        "party": row,
        "sites": Site.objects.visible_to(user).filter(operators__party=row).select_related("kind", "district")[:SHOWN],
        "problems": problems.for_rows().order_by("-found_on", "-pk")[:SHOWN],
        "problem_total": problems.count(),
        "events": audit.timeline(parties.SUBJECT, row.pk)[:SHOWN],
        "may_change": parties.may_keep(user, row.office),
    }
    return render(request, "inspections/parties/page.html", context)


def new(request: HttpRequest) -> HttpResponse:
    """Enter a party."""
    user: User = request.user  # type: ignore[assignment]
    office = _office(user)
    if office is None:
        raise Http404
    form = PartyForm(request.POST or None, instance=Party(office=office))
    if request.method == "POST" and form.is_valid():
        key = uuid7()
        try:
            with presses.once(
                request, reverse("party", args=[key]), gettext_noop("This party is already on the register.")
            ):
                made = parties.enter(office, by=user, party_id=key, **form.values())
        except DomainError as error:
            form.refuse(error)
            return _form(request, form, None, status=error.status)
        else:
            messages.success(request, _("%(name)s is on the register.") % {"name": made.name})
            return redirect("party", key)
    return _form(request, form, None)


def change(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Change a party."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(Party.objects.visible_to(user).select_related("office"), pk=pk)
    if not parties.may_keep(user, row.office):
        raise Http404
    form = PartyForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            parties.change(row, by=user, **form.values())
        except Invalid as error:
            form.refuse(error)
        else:
            messages.success(request, _("The change is on the record."))
            return redirect("party", pk)
    return _form(request, form, row)


def _form(request: HttpRequest, form: PartyForm, row: Party | None, status: int = 422) -> HttpResponse:
    status = status if form.errors else 200
    return render(request, "inspections/parties/form.html", {"form": form, "party": row}, status=status)
