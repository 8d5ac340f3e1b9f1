"""Pages of visits: the list, and one visit with everything that belongs to it."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from casetracker import audit, calendars
from casetracker.models import User
from inspections import lists, policy, visiting
from inspections.enums import Outcome, VisitMode
from inspections.filters_sites import PERIOD
from inspections.models import (
    Attachment,
    Highlight,
    Problem,
    Recheck,
    Visit,
    VisitAnswer,
    VisitInspector,
)
from inspections.presenting import light_of
from inspections.registers import Register
from inspections.subjects_sites import event_sentence
from inspections.views.registers import show
from inspections.visiting.wind import wind_from

# --- List -------------------------------------------------------------------------------------------


@require_safe
def visits(request: HttpRequest) -> HttpResponse:
    """The list: /visits/?team=…&from=…; with count=people its total is the person-times."""
    user: User = request.user  # type: ignore[assignment]
    asked = lists.visits(request.GET, user)
    # A period is a published figure's: its count is exact, however many there are.
    exactly = all(request.GET.get(name) for name in PERIOD)

    def more(rows: list[Any]) -> dict[str, Any]:
        own = {
            "orders": _orders(asked),
            "may_record": bool(visiting.teams_for(user)),
            "today": timezone.localdate(),
        }
        if request.GET.get("count") != "people":
            return own
        people = asked.rows.aggregate(people=Coalesce(Sum("people"), 0))["people"]
        return own | {"people": people, "data_total": str(people)}

    return show(request, asked, "inspections/visits/list.html", reverse("visits"), more, exactly=exactly)


def _orders(asked: Register) -> list[dict[str, Any]]:
    return [
        {"label": order.label, "url": asked.address(order=order.name), "current": order.key == asked.order.key}
        for order in asked.orders
    ]


# --- One visit --------------------------------------------------------------------------------------


@require_safe
def visit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One visit with everything that belongs to it; 404 for whoever does not see it."""
    user: User = request.user  # type: ignore[assignment]
    seen = get_object_or_404(_whole(user), pk=pk)
    today, calendar = timezone.localdate(), calendars.load()
    problems = list(Problem.objects.visible_to(user).of_visit(seen).for_rows().order_by("number_year", "number_seq"))
    answers, events = list(seen.answers.all()), list(audit.timeline("visit", seen.pk))
    refused = policy.may_not_correct(seen, user, today)
    may_report = any(team.pk == seen.team_id for team in visiting.teams_for(user))
    context = {
        "visit": seen,
        "title": _title(seen, len(problems)),
        "problems": [{"problem": one, "light": light_of(one, today, calendar)} for one in problems],
        "rechecks": list(seen.rechecks.all()),
        "answers": answers,
        "failed": sum(1 for one in answers if one.passed is False),
        "wind": _wind(seen),
        "events": [
            {"at": one.at, "sentence": event_sentence(one), "by_person": one.actor_id is not None} for one in events
        ],
        "corrections": [one for one in events if one.verb == visiting.CORRECTED],
        "may_report": may_report,
        "may_correct": refused is None,
        # Why not, for those who record for the team; to everybody else it is no question.
        "uncorrectable": refused if may_report else None,
        "today": today,
    }
    return render(request, "inspections/visits/page.html", context)


def _whole(user: User) -> Any:
    rechecks = Recheck.objects.filter(problem__in=Problem.objects.visible_to(user)).select_related("problem__kind")
    photos = Attachment.objects.filter(withdrawn_at__isnull=True).select_related("evidence")
    return (
        Visit.objects.visible_to(user)
        .select_related("team", "district", "site", "campaign", "alert", "checklist_version__checklist", "recorded_by")
        .prefetch_related(
            Prefetch("inspectors", VisitInspector.objects.order_by("pk")),
            Prefetch("highlights", Highlight.objects.select_related("evidence").order_by("pk")),
            Prefetch("answers", VisitAnswer.objects.select_related("item__kind").order_by("item__position")),
            Prefetch("rechecks", rechecks.order_by("at").prefetch_related(Prefetch("attachments", photos))),
        )
    )


def _title(seen: Visit, found: int) -> str:
    """The news of the visit: what was found, or why nothing could be."""
    words: dict[str, Any] = {"site": seen.site_name, "count": found, "outcome": seen.get_outcome_display()}
    if seen.outcome != Outcome.INSPECTED and not found:
        return _("%(site)s: %(outcome)s") % words
    if not found and seen.mode == VisitMode.RECHECK:
        return _("%(site)s re-inspected, nothing new found") % words
    if not found:
        return _("Nothing found at %(site)s") % words
    return ngettext("%(count)s problem found at %(site)s", "%(count)s problems found at %(site)s", found) % words


def _wind(seen: Visit) -> str:
    if seen.wind_degrees is None and seen.wind_speed is None:
        return ""
    parts = []
    if seen.wind_degrees is not None:
        parts.append(wind_from(seen.wind_degrees))
    if seen.wind_speed is not None:
        parts.append(_("%(speed)s m/s") % {"speed": seen.wind_speed})
    return " ".join(parts)
