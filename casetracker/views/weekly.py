"""The weekly e-mail as it went out: to whom, what became of each letter, and what to do about those in doubt."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from casetracker import deliveries, digest
from casetracker.dates import long_date
from casetracker.enums import DeliveryState, Role
from casetracker.models import Delivery, User

STATES = {
    DeliveryState.SENT: "done",
    DeliveryState.FAILED: "late",
    DeliveryState.IN_DOUBT: "near",
    DeliveryState.SKIPPED: "late",
    DeliveryState.CANCELLED: "stopped",
}
PERIODS_OFFERED = 12


@require_safe
def weekly(request: HttpRequest) -> HttpResponse:
    """The letters of one week: /weekly/?period=2019-W50, the last one without; 404 for people who oversee nobody."""
    user: User = request.user  # type: ignore[assignment]
    seen = overseen(user)
    periods = list(seen.order_by("-period").values_list("period", flat=True).distinct()[:PERIODS_OFFERED])
    period = request.GET.get("period", "").replace("\0", "") or (periods[0] if periods else "")
    rows = seen.filter(period=period).select_related("person", "letter").order_by("person__username", "pk")
    open_ones = set(deliveries.unsettled().filter(kind=digest.KIND, period=period).values_list("pk", flat=True))
    letters = [
        {"row": row, "light": STATES.get(DeliveryState(row.state), "near"), "open": row.pk in open_ones} for row in rows
    ]
    context: dict[str, Any] = {
        "period": period,
        "title": _title(period, len(letters)),
        "letters": letters,
        "total": len(letters),
        "tabs": [
            {"label": one, "count": None, "url": f"?{urlencode({'period': one})}", "current": one == period}
            for one in periods
        ],
    }
    return render(request, "weekly.html", context)


def _title(period: str, count: int) -> str:
    if not count:
        return _("No weekly e-mail was sent yet")
    words = {"count": count, "monday": long_date(digest.monday_of(period))}
    text = ngettext(
        "Weekly e-mail of %(monday)s: %(count)s reader", "Weekly e-mail of %(monday)s: %(count)s readers", count
    )
    return text % words


def overseen(user: User) -> QuerySet[Delivery]:
    """The weekly letters whose fate a person looks after; Http404 for people who look after nobody's."""
    if not user.has_role(Role.SUPERVISOR, Role.LEADER, Role.ADMINISTRATOR):
        raise Http404
    return digest.overseen(user)


@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody decides on a letter that failed or is in doubt: it was received, or send it again."""
    user: User = request.user  # type: ignore[assignment]
    delivery = get_object_or_404(overseen(user).select_related("person"), pk=pk)
    if request.POST.get("decision") == "send_again":
        deliveries.send_again(delivery, by=user)
    elif request.POST.get("decision") == "received":
        deliveries.was_received(delivery, by=user)
    return redirect(f"{reverse('weekly')}?{urlencode({'period': delivery.period})}")
