"""The panels that the ground itself puts beside my work: the weekly e-mail, and what an administrator looks after."""

import datetime
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from casetracker import deliveries, digest, operations
from casetracker.administering import areas
from casetracker.enums import DeliveryState, Role
from casetracker.models import Unit, User
from casetracker.work import Panel

MOST_UNITS = 8


def weekly_panel(user: User, today: datetime.date) -> Panel | None:
    """When the last weekly e-mail was sent, to how many, and what went wrong; for those who look after it."""
    if not user.has_role(Role.SUPERVISOR, Role.LEADER, Role.ADMINISTRATOR):
        return None
    seen = digest.overseen(user)
    period = seen.order_by("-period").values_list("period", flat=True).first()
    if period is None:
        return Panel("work/_weekly.html", {"period": ""})
    rows = seen.filter(period=period)
    states: dict[str, int] = dict(rows.values_list("state").annotate(n=Count("pk")).order_by())
    waiting = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.HANDING_OVER)
    context = {
        "period": period,
        "sent": states.get(DeliveryState.SENT, 0),
        "sent_at": rows.aggregate(first=Min("sent_at"))["first"],
        "waiting": sum(states.get(state, 0) for state in waiting),
        "skipped": states.get(DeliveryState.SKIPPED, 0),
        "trouble": deliveries.unsettled().filter(pk__in=rows.values("pk")).count(),
        "url": f"{reverse('weekly')}?{urlencode({'period': period})}",
    }
    return Panel("work/_weekly.html", context)


def administration_panel(user: User, today: datetime.date) -> Panel | None:
    """Where an administrator's work lies: what needs somebody, what is to be administered, units without a person."""
    if not user.has_role(Role.ADMINISTRATOR):
        return None
    unmanned = operations.unmanned(Unit.objects.current(today), today)
    total = unmanned.count()
    with_problems = Exists(Unit.objects.filter(pk=OuterRef("pk"), assignments__isnull=False))
    needs = [area for area in areas.areas() if area.trouble]
    context: dict[str, Any] = {
        "unmanned": unmanned.order_by(with_problems.desc(), "sort_key", "name_zh")[:MOST_UNITS],
        "unmanned_total": total,
        "unmanned_more": max(0, total - MOST_UNITS),
        "needs": needs,
        "links": [link for link in _links() if link["url"] not in {area.url for area in needs}],
    }
    return Panel("work/_administration.html", context, leads=True, news=areas.title(len(needs)) if needs else "")


def _links() -> list[dict[str, str]]:
    """The pages of an administrator that this installation has."""
    pages = {
        "people": _("People and their posts"),
        "units": _("Units"),
        "checklists": _("Checklists"),
        "rules": _("Terms and rules"),
        "calendar": _("Working days"),
        "options": _("Options"),
        "ops": _("Operation"),
        "weekly": _("Weekly e-mail"),
    }
    links = []
    for name, words in pages.items():
        try:
            links.append({"url": reverse(name), "words": words})
        except NoReverseMatch:
            continue
    return links


PANELS = (administration_panel, weekly_panel)
