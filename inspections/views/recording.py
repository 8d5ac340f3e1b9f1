"""The page that records a visit at the desk: choosing the site, then the form with all that belongs to a visit."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext
from django.views.decorators.http import require_http_methods

from casetracker import presses
from casetracker.errors import DomainError, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import Unit, User
from inspections import scope, siting, visiting
from inspections.enums import VisitMode
from inspections.forms.sites import SiteForm
from inspections.forms.visit_sheet import VisitSheet, more, new_row
from inspections.models import Checklist, ChecklistVersion, Site
from inspections.registers import as_uuid


@require_http_methods(["GET", "HEAD", "POST"])
def visit_new(request: HttpRequest) -> HttpResponse:
    """Record a visit: choose or enter the site first, then the form; mode=recheck opens every open problem.

    Invalid 422; a row that the workflow refuses shows its reason (409, 403 or 422) and nothing is saved; files
    stay stored in any case. POST `add` only gives the form back with one more row of that kind; GET `add` and
    `row` give that row alone, for a page that puts it in.
    """
    user: User = request.user  # type: ignore[assignment]
    teams = teams_or_refuse(user)
    if "site" not in request.GET:
        return _choose_site(request, user)
    site = site_asked_for(request, user)
    if "row" in request.GET and request.method != "POST":
        return _row(request, user, site)
    recheck = request.GET.get("mode") == VisitMode.RECHECK
    lists = [] if recheck else _checklists(site)
    version = _version(request, lists)
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    add = request.POST.get("add", "")
    sheet = VisitSheet(
        by=user, site=site, teams=teams, recheck=recheck, version=version, data=data, files=files, add=add
    )
    status = 200
    if add:
        status = 200 if sheet.hold() else 422
    elif request.method == "POST":
        if sheet.is_valid():
            made = uuid7()
            try:
                with presses.once(
                    request, reverse("visit", args=[made]), gettext_noop("This visit is already recorded.")
                ):
                    recorded = sheet.record(made)
            except DomainError as error:
                sheet.refuse(error)
                status = error.status
            else:
                messages.success(request, _said(recorded))
                return redirect("visit", recorded.visit.pk)
        else:
            status = 422
    context = {
        "sheet": sheet,
        "site": site,
        "recheck": recheck,
        "open_count": len(sheet.seen) if recheck else visiting.carried_over(site).count(),
        "checklists": _tabs(request, lists, version),
        "version": version,
        "recheck_url": address(site.pk, mode=VisitMode.RECHECK.value),
        "visit_url": address(site.pk),
        "today": timezone.localdate(),
    }
    return render(request, "inspections/visits/form.html", context, status=status)


def _row(request: HttpRequest, user: User, site: Site) -> HttpResponse:
    """One more row of the form, with the button for the next one."""
    kind, asked = request.GET.get("add", ""), request.GET["row"]
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    form = new_row(kind, number, by=user, site=site)
    if form is None:
        raise Http404
    context = {"form": form, "number": number, "more": more(kind, number), "site": site}
    return render(request, f"inspections/visits/form/_{kind}.html", context)


def address(site: UUID, **more: str) -> str:
    """Where a visit to the site of this id is recorded."""
    return f"{reverse('visit_new')}?{urlencode({'site': site, **more})}"


def teams_or_refuse(user: User) -> list[Unit]:
    """The teams the person records for; 404 for whoever sees no visits, a refusal for whoever only reads them."""
    teams = visiting.teams_for(user)
    if teams:
        return teams
    if not (scope.of(user).offices or scope.of(user).teams):
        raise Http404
    raise NotAllowed(_("Only inspectors and supervisors record visits and report problems."))


def site_asked_for(request: HttpRequest, user: User) -> Site:
    """The visible site that the address names; 404 for any other."""
    asked = as_uuid(request.GET.get("site", ""))
    if asked is None:
        raise Http404
    rows = Site.objects.visible_to(user).select_related("district__parent", "kind", "office__parent")
    return get_object_or_404(rows.defer("search"), pk=asked)


def _choose_site(request: HttpRequest, user: User) -> HttpResponse:
    """The first step: find the site by its name, or enter a new one on the same page."""
    form = SiteForm(request.POST if request.method == "POST" else None, by=user)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            made = uuid7()
            try:
                with presses.once(request, address(made), gettext_noop("This site is already on the register.")):
                    form.save(made)
            except DomainError as error:
                form.refuse(error)
                status = error.status
            else:
                return redirect(address(made))
    text = request.GET.get("q", "")
    context = {
        "form": form,
        "text": text,
        "found": siting.find(user, text) if text.strip() else None,
        "recent": [] if text.strip() else siting.visited_lately(user),
        "mode": request.GET.get("mode", ""),
        "next": reverse("visit_new"),
    }
    return render(request, "inspections/visits/start.html", context, status=status)


def _checklists(site: Site) -> list[Checklist]:
    found = Checklist.objects.filter(site_kinds=site.kind_id, retired_on__isnull=True).order_by("code")
    return list(found.prefetch_related(Prefetch("versions", ChecklistVersion.objects.order_by("-number"))))


def _version(request: HttpRequest, lists: list[Checklist]) -> ChecklistVersion | None:
    """The latest version of the checklist asked for; of the first one where none is; None for "without"."""
    wanted = request.GET.get("checklist", "")
    for one in lists:
        if wanted in ("", one.code):
            return next(iter(one.versions.all()), None)
    return None


def _tabs(request: HttpRequest, lists: list[Checklist], version: ChecklistVersion | None) -> list[dict[str, Any]]:
    def url(code: str) -> str:
        query = request.GET.copy()
        query["checklist"] = code
        return f"?{query.urlencode()}"

    tabs = [
        {"label": one.name, "url": url(one.code), "current": version is not None and version.checklist_id == one.pk}
        for one in lists
    ]
    return [*tabs, {"label": _("Without a checklist"), "url": url("none"), "current": version is None}] if tabs else []


def _said(recorded: visiting.Recorded) -> str:
    """What the toast says: the visit is there, and the numbers of what was found."""
    if recorded.found:
        numbers = pgettext("between items of a list", ", ").join(problem.number for problem in recorded.found)
        return _("Visit recorded. Found: %(numbers)s.") % {"numbers": numbers}
    if recorded.checked:
        count = len(recorded.checked)
        return ngettext(
            "Visit recorded. %(count)s problem answered.", "Visit recorded. %(count)s problems answered.", count
        ) % {"count": count}
    return _("Visit recorded.")
