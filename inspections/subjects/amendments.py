"""What an amendment changed, in words: the name of each field, before and after."""

import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.dates import short_date
from casetracker.models import Event
from casetracker.wording import fill, listed
from inspections.enums import Route, Severity, Source

LABELS: dict[str, Any] = {
    "district": gettext_lazy("district"),
    "site": gettext_lazy("site"),
    "kind": gettext_lazy("kind"),
    "severity": gettext_lazy("severity"),
    "party": gettext_lazy("responsible party"),
    "party_name": gettext_lazy("responsible party"),
    "found_on": gettext_lazy("found on"),
    "assigned_on": gettext_lazy("assigned on"),
    "team": gettext_lazy("team"),
    "description": gettext_lazy("what is wrong"),
    "internal_note": gettext_lazy("internal note"),
    "quantity": gettext_lazy("quantity"),
    "lat": gettext_lazy("latitude"),
    "lon": gettext_lazy("longitude"),
    "source": gettext_lazy("source"),
    "source_ref": gettext_lazy("item number"),
}
# What an import may have changed besides.
IMPORTED: dict[str, Any] = LABELS | {
    "lead_unit": gettext_lazy("lead unit"),
    "co_units": gettext_lazy("other units"),
    "responsible_name": gettext_lazy("responsible person"),
    "route": gettext_lazy("route"),
    "special": gettext_lazy("special assignment"),
    "due_on": gettext_lazy("due on"),
    "met_on": gettext_lazy("put right on"),
    "verified_on": gettext_lazy("verified on"),
    "closed_on": gettext_lazy("closed on"),
    "extension_count": gettext_lazy("extensions"),
    "external_id": gettext_lazy("number elsewhere"),
}
CHOICES: dict[str, Any] = {"severity": Severity, "source": Source, "route": Route}
DATES = ("found_on", "assigned_on", "due_on", "met_on", "verified_on", "closed_on")
# Texts too long for a sentence, and those that only the office reads.
LONG = ("description", "internal_note")
INTERNAL = ("internal_note",)


def amended_fields(event: Event, *, inside: bool, labels: dict[str, Any] = LABELS) -> list[str]:
    """The fields that an amendment changed and that this reader may know of."""
    changed = [name for name in labels if name in event.after or name in event.before]
    if {"party", "party_name"} <= set(changed):
        changed.remove("party")
    return [name for name in changed if inside or name not in INTERNAL]


def amended(event: Event, inside: bool, labels: dict[str, Any] = LABELS) -> list[str]:
    """One sentence for each changed field with before and after, and one that names the long texts."""
    sentences: list[str] = []
    long: list[str] = []
    changed = amended_fields(event, inside=inside, labels=labels)
    moved = {"lat", "lon"} <= set(changed)
    for name in changed:
        if name == "lon" and moved:
            continue
        if name in LONG:
            long.append(str(labels[name]))
            continue
        words = {
            "field": _("Position") if name == "lat" and moved else capfirst(labels[name]),
            "before": _place(event.before) if name == "lat" and moved else _shown(name, event.before.get(name)),
            "after": _place(event.after) if name == "lat" and moved else _shown(name, event.after.get(name)),
        }
        sentences.append(fill(_("%(field)s: %(before)s became %(after)s."), **words))
    if long:
        sentences.append(fill(_("Reworded: %(fields)s."), fields=listed(long)))
    return sentences


def _place(values: dict[str, Any]) -> str:
    """A whole position, latitude first as forms ask for it."""
    if values.get("lat") is None or values.get("lon") is None:
        return _("nothing")
    return f"{values['lat']:.6f}, {values['lon']:.6f}"


def _shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return _("nothing")
    if name in CHOICES and value in CHOICES[name].values:
        return str(CHOICES[name](value).label)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in DATES:
        return short_date(datetime.date.fromisoformat(value))
    return str(value)
