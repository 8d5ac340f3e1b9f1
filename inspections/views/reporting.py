"""The page that reports one problem at the desk."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods

from casetracker import calendars, presses
from casetracker.errors import DomainError
from casetracker.ids import uuid7
from casetracker.models import User
from inspections import siting
from inspections.enums import Route
from inspections.forms.reporting import Offer, ReportForm
from inspections.models import Problem, Site, Visit
from inspections.presenting import light_of
from inspections.registers import as_uuid
from inspections.views.recording import site_asked_for, teams_or_refuse

# Of what is open at the site already, so many are shown beside the form.
OPEN_SHOWN = 8


@require_http_methods(["GET", "HEAD", "POST"])
def problem_new(request: HttpRequest) -> HttpResponse:
    """Report a problem of ?site=…, or found on ?visit=…; without either the site is chosen first.

    A refused form answers 422 with everything typed and every file kept; a right that is missing 403.
    """
    user: User = request.user  # type: ignore[assignment]
    teams = teams_or_refuse(user)
    visit = _visit(request, user)
    if visit is None and "site" not in request.GET:
        return _choose_site(request, user)
    site = visit.site if visit else site_asked_for(request, user)
    if visit is not None:
        # What was found on a visit was found by its team.
        teams = [team for team in teams if team.pk == visit.team_id]
        if not teams:
            raise Http404
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = ReportForm(data, files, by=user, site=site, teams=teams, visit=visit, offered=(offered := Offer(site)))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            made = uuid7()
            try:
                with presses.once(
                    request, reverse("problem", args=[made]), gettext_noop("This problem is already recorded.")
                ):
                    problem = form.save(made)
            except DomainError as error:
                form.refuse(error)
                status = error.status
            else:
                messages.success(request, _said(problem))
                return redirect("problem", problem.pk)
        else:
            status = 422
    context = {
        "form": form,
        "site": site,
        "visit": visit,
        "parties": offered.parties,
        "open": _open(user, site),
        "open_url": f"{reverse('problems')}?site={site.pk}&state=open",
        "on_spot": Route.ON_SPOT,
        "today": timezone.localdate(),
    }
    return render(request, "inspections/reporting/page.html", context, status=status)


def _visit(request: HttpRequest, user: User) -> Visit | None:
    """The visible visit that the address names; 404 for any other."""
    if "visit" not in request.GET:
        return None
    asked: UUID | None = as_uuid(request.GET["visit"])
    if asked is None:
        raise Http404
    rows = Visit.objects.visible_to(user).select_related("team", "site__district__parent", "site__kind", "site__office")
    return get_object_or_404(rows, pk=asked)


def _choose_site(request: HttpRequest, user: User) -> HttpResponse:
    text = request.GET.get("q", "")
    context = {
        "text": text,
        "found": siting.find(user, text) if text.strip() else None,
        "recent": [] if text.strip() else siting.visited_lately(user),
        "next": reverse("problem_new"),
        "reporting": True,
    }
    return render(request, "inspections/visits/start.html", context)


def _open(user: User, site: Site) -> list[dict[str, object]]:
    """What is open at the site already, so that nobody reports it twice."""
    today, calendar = timezone.localdate(), calendars.load()
    rows = Problem.objects.visible_to(user).open().filter(site=site).for_rows().order_by("-found_on", "-pk")
    return [{"problem": one, "light": light_of(one, today, calendar)} for one in rows[:OPEN_SHOWN]]


def _said(problem: Problem) -> str:
    """What the toast says: the official number, which stays on its own page too."""
    if problem.verified_on:
        return format_html(_("{} reported and fixed on the spot."), problem.number)
    return format_html(_("{} reported."), problem.number)
