"""What a correction of a visit changed, in plain sentences: each column before and after."""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.bilingual import in_language
from casetracker.models import Event
from casetracker.wording import day, fill, listed, reason
from inspections.enums import AlertLevel, Outcome, VisitMode
from inspections.visiting.wind import wind_from

# In the order of the form.
LABELS: dict[str, Any] = {
    "site": gettext_lazy("site"),
    "district": gettext_lazy("district"),
    "team": gettext_lazy("team"),
    "on": gettext_lazy("day"),
    "started_at": gettext_lazy("began"),
    "ended_at": gettext_lazy("ended"),
    "mode": gettext_lazy("mode"),
    "outcome": gettext_lazy("outcome"),
    "inspectors": gettext_lazy("inspectors"),
    "people": gettext_lazy("head count"),
    "campaign": gettext_lazy("campaign"),
    "alert": gettext_lazy("alert"),
    "wind_degrees": gettext_lazy("wind from"),
    "wind_speed": gettext_lazy("wind speed"),
    "note": gettext_lazy("note"),
}
CHOICES: dict[str, Any] = {"mode": VisitMode, "outcome": Outcome, "alert": AlertLevel}
HOURS = ("started_at", "ended_at")
# The names of units and campaigns are kept in both languages.
NAMED = ("team", "district", "campaign")
# A note longer than this is named, not repeated.
LONG = 120


def corrected(who: str, event: Event) -> list[str]:
    """Who corrected the visit, a sentence for each column that changed, and why."""
    said: list[str] = [fill(_("%(who)s corrected the visit."), who=who), *changes(event)]
    return [*said, reason(event.details)]


def changes(event: Event) -> list[str]:
    """A sentence for each column; hours that only went along with the day need none."""
    said: list[str] = []
    for name, label in LABELS.items():
        if name not in event.after:
            continue
        before, after = shown(name, event.before.get(name)), shown(name, event.after[name])
        if max(len(before), len(after)) > LONG and name == "note":
            said.append(fill(_("Reworded: %(fields)s."), fields=str(label)))
        elif before != after:
            words = {"field": capfirst(label), "before": before, "after": after}
            said.append(fill(_("%(field)s: %(before)s became %(after)s."), **words))
    return said


def shown(name: str, value: Any) -> str:
    """A kept value in words of the reader's language."""
    if value in (None, "", []):
        return _("nothing")
    if name in CHOICES and value in CHOICES[name].values:
        return str(CHOICES[name](value).label)
    if name in NAMED:
        return in_language(*value)
    if name == "site":
        return str(value[0])
    if name == "inspectors":
        return listed(value)
    if name == "on":
        return day(value)
    if name in HOURS:
        return f"{timezone.localtime(datetime.datetime.fromisoformat(value)):%H:%M}"
    if name == "wind_degrees":
        return wind_from(value)
    if name == "wind_speed":
        return _("%(speed)s m/s") % {"speed": value}
    return str(value).rstrip("。.")
