"""Pages of sites: the list, the file of one site (一企一档), entering and changing one, suggestions while typing."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.db.models.functions import ExtractYear
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import audit, calendars, presses
from casetracker.errors import DomainError, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import User
from inspections import lists, siting, visiting
from inspections.enums import OPEN, VisitMode
from inspections.filters import NONE, URGENT_FIRST
from inspections.forms.sites import SiteForm
from inspections.models import Highlight, Problem, ProblemKind, Site, SiteOperator, Visit
from inspections.presenting import light_of
from inspections.subjects_sites import event_sentence
from inspections.views.recording import address
from inspections.views.registers import show

# On the file of a site so many rows of each kind stand; the rest is one link away.
SHOWN = 12


# --- List -------------------------------------------------------------------------------------------


@require_safe
def sites(request: HttpRequest) -> HttpResponse:
    """The list: /sites/?kind=…&open=on…"""
    user: User = request.user  # type: ignore[assignment]
    asked = lists.sites(request.GET, user)
    more = {"may_enter": siting.office_for(user) is not None}
    return show(request, asked, "inspections/sites/list.html", reverse("sites"), lambda rows: more)


@require_safe
def site_suggest(request: HttpRequest) -> HttpResponse:
    """The sites whose name begins what is being typed, as the partial that the choosing page includes."""
    user: User = request.user  # type: ignore[assignment]
    text = request.GET.get("q", "").strip()
    context = {
        "text": text,
        "found": siting.find(user, text) if text else None,
        "recent": [] if text else siting.visited_lately(user),
        "mode": request.GET.get("mode", ""),
        "next": reverse("problem_new" if request.GET.get("for") == "report" else "visit_new"),
    }
    return render(request, "inspections/visits/_sites.html", context)


# --- The file of one site ---------------------------------------------------------------------------


@require_safe
def site(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Everything known of one site, as far as this person sees it; 404 for whoever does not see it at all."""
    user: User = request.user  # type: ignore[assignment]
    here = get_object_or_404(_whole(user), pk=pk)
    today, calendar = timezone.localdate(), calendars.load()
    problems = Problem.objects.visible_to(user).filter(site=here)
    visits = Visit.objects.visible_to(user).counted().filter(site=here)
    counts = problems.aggregate(all=Count("pk"), open=Count("pk", filter=Q(status__in=OPEN)))
    opened = list(URGENT_FIRST.sort(problems.open().for_rows())[:SHOWN])
    ended = list(problems.exclude(status__in=OPEN).for_rows().order_by("-found_on", "-pk")[:SHOWN])
    may_record = bool(visiting.teams_for(user))
    problems_url = f"{reverse('problems')}?site={here.pk}"
    context = {
        "site": here,
        "title": _title(here, counts["open"]),
        "open": [{"problem": one, "light": light_of(one, today, calendar)} for one in opened],
        "open_count": counts["open"],
        "open_url": f"{problems_url}&state=open",
        "ended": [{"problem": one, "light": light_of(one, today, calendar)} for one in ended],
        "all_count": counts["all"],
        "ended_count": counts["all"] - counts["open"],
        "all_url": problems_url,
        "visits": list(
            lists.visit_rows(user).filter(pk__in=visits.values("pk")).order_by("-on", "-began", "-pk")[:SHOWN]
        ),
        "visit_count": visits.count(),
        "visits_url": f"{reverse('visits')}?site={here.pk}",
        "sees_visits": may_record or visits.exists(),
        "repeats": _repeats(problems, problems_url),
        "highlights": list(
            Highlight.objects.filter(visit__in=visits)
            .select_related("visit", "evidence")
            .order_by("-visit__on", "-visit__began", "-pk")[:SHOWN]
        ),
        "operators": list(here.operators.all()),
        "parties": _parties(problems),
        "events": [
            {"at": one.at, "sentence": event_sentence(one), "by_person": one.actor_id is not None}
            for one in (audit.timeline("site", here.pk) if may_record else [])
        ],
        "tiles": getattr(settings, "TILES", ""),
        "may_record": may_record,
        "may_change": siting.may_change(user, here),
        "visit_url": address(here.pk),
        "recheck_url": address(here.pk, mode=VisitMode.RECHECK.value),
        "report_url": f"{reverse('problem_new')}?site={here.pk}",
        "today": today,
    }
    return render(request, "inspections/sites/page.html", context)


def _whole(user: User) -> Any:
    operators = SiteOperator.objects.select_related("party").order_by("-from_on", "-pk")
    return (
        Site.objects.visible_to(user)
        .select_related("kind", "district__parent", "office__parent", "successor")
        .defer("search")
        .prefetch_related("names", Prefetch("operators", operators))
    )


def _title(here: Site, opened: int) -> str:
    words = {"site": here.name, "count": opened}
    if not opened:
        return _("%(site)s: nothing open") % words
    return ngettext("%(site)s: %(count)s open problem", "%(site)s: %(count)s open problems", opened) % words


def _repeats(problems: Any, url: str) -> dict[str, Any]:
    """How often each kind of problem was found per year: years newest first, and one row per kind, most first."""
    counted = (
        problems.counted()
        .order_by()
        .annotate(year=ExtractYear("found_on"))
        .values_list("kind", "year")
        .annotate(n=Count("pk"))
    )
    by_kind: dict[int | None, dict[int, int]] = defaultdict(dict)
    for kind, year, number in counted:
        by_kind[kind][year] = number
    years = sorted({year for row in by_kind.values() for year in row}, reverse=True)[:5]
    names = ProblemKind.objects.in_bulk([kind for kind in by_kind if kind])
    rows = []
    for kind, row in sorted(by_kind.items(), key=lambda one: -sum(one[1].values())):
        cells = []
        for year in years:
            number = row.get(year, 0)
            where = f"{url}&kind={kind or NONE}&found_from={year}-01-01&found_to={year}-12-31"
            cells.append({"number": number, "url": where, "year": year, "again": number > 1})
        rows.append({"kind": names[kind] if kind else None, "cells": cells})
    return {"years": years, "rows": rows}


def _highlights(visits: Any) -> Any:
    """The last good things found on these visits."""
    found = Highlight.objects.filter(visit__in=visits).select_related("visit", "evidence")
    return found.order_by("-visit__on", "-visit__began", "-pk")[:SHOWN]


def _parties(problems: Any) -> list[dict[str, Any]]:
    """Who was responsible for problems here, with how many, most first."""
    named = problems.counted().exclude(party_name="").order_by().values("party_name")
    return list(named.annotate(n=Count("pk")).order_by("-n", "party_name")[:SHOWN])


# --- Entering and changing --------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def site_new(request: HttpRequest) -> HttpResponse:
    """Enter a site. Likely the same ones are shown first (422); then it is entered all the same where so said."""
    user: User = request.user  # type: ignore[assignment]
    if siting.office_for(user) is None:
        raise _no_keeper(user)
    return _edit(request, SiteForm(request.POST if request.method == "POST" else None, by=user), None)


@require_http_methods(["GET", "HEAD", "POST"])
def site_change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what the register says of a site; a former name stays known."""
    user: User = request.user  # type: ignore[assignment]
    here = get_object_or_404(Site.objects.visible_to(user).select_related("kind", "district", "office__parent"), pk=pk)
    if not siting.may_change(user, here):
        raise NotAllowed(_("Only inspectors of the district and supervisors of the office may change a site."))
    form = SiteForm(request.POST if request.method == "POST" else None, by=user, site=here)
    return _edit(request, form, here)


def _no_keeper(user: User) -> Exception:
    """Whoever keeps no sites: a refusal for those who read them all, else 404."""
    if user.posts:
        return NotAllowed(_("Only inspectors and supervisors enter sites."))
    return Http404()


def _edit(request: HttpRequest, form: SiteForm, here: Site | None) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            key = here.pk if here else uuid7()
            try:
                with presses.once(request, reverse("site", args=[key]), _already(here), alike=here is None):
                    form.save(key)
            except DomainError as error:
                form.refuse(error)
                status = error.status
            else:
                messages.success(request, _("Site saved."))
                return redirect("site", key)
    context = {"form": form, "site": here}
    return render(request, "inspections/sites/form.html", context, status=status)


def _already(here: Site | None) -> str:
    if here is not None:
        return gettext_noop("This change is already saved.")
    return gettext_noop("This site is already on the register.")
