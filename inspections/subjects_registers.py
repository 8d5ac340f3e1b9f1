"""What the shared ground must know of campaigns and alerts: who sees them, their pages, what changed them, in words."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from casetracker import audit
from casetracker import subjects as ground
from casetracker.administering.recording import subject_id
from casetracker.models import Event
from casetracker.registry import Subject
from casetracker.views.access import OPERATORS
from casetracker.wording import fill, joined
from inspections.alerts import ALERT
from inspections.campaigns import CAMPAIGN
from inspections.enums import AlertLevel
from inspections.models import AlertPeriod, Campaign
from inspections.periods import visible_to

LABELS: dict[str, Any] = {
    "level": gettext_lazy("level"),
    "office": gettext_lazy("office"),
    "from_on": gettext_lazy("first day"),
    "until_on": gettext_lazy("last day"),
}
SAYINGS: dict[str, Any] = {
    "create_campaign": gettext_lazy("%(who)s put the campaign on the list."),
    "change_campaign": gettext_lazy("%(who)s changed the campaign."),
    "enter_alert": gettext_lazy("%(who)s entered the alert."),
    "change_alert": gettext_lazy("%(who)s changed the alert."),
    "withdraw_alert": gettext_lazy("%(who)s withdrew the alert."),
}
DETAILED = frozenset({"change_campaign", "change_alert"})


def teach() -> None:
    """Add the verbs and columns of campaigns and alerts to those that the ground puts into words."""
    ground.LABELS.update(LABELS)
    ground.SAYINGS.update(SAYINGS)
    ground.DETAILED.update(DETAILED)
    ground.DAYS.update({"from_on", "until_on"})
    ground.CHOICE_WORDS["level"] = AlertLevel


def event_sentence(event: Event) -> SafeString:
    """What was changed, and how many visits followed."""
    parts = [ground.event_sentence(event)]
    if visits := event.details.get("visits"):
        text = ngettext(
            "%(count)s visit shows another alert since.", "%(count)s visits show another alert since.", visits
        )
        parts.append(fill(text, count=visits))
    return joined(parts)


def told(kind: str, key: object, most: int = 30) -> list[dict[str, Any]]:
    """The last events of a campaign or an alert as the timeline shows them."""
    events = audit.timeline(kind, subject_id(kind, key))[:most]
    return [{"at": one.at, "sentence": event_sentence(one), "by_person": one.actor_id is not None} for one in events]


def _seen(model: Any) -> Any:
    def visible(user: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = model.objects.all()
        return visible_to(rows, user) if user.has_role(*OPERATORS) else rows.none()

    return visible


def _link(name: str) -> Any:
    return lambda key: reverse(name, args=[getattr(key, "pk", key)])


SUBJECTS = tuple(
    Subject(kind, model, _seen(model), _link(page), event_sentence, ground.notice_sentence)
    for kind, model, page in ((CAMPAIGN, Campaign, "campaign"), (ALERT, AlertPeriod, "alert"))
)
