"""What the shared ground must know of sites and visits: who sees them, where their pages are, events in words."""

import datetime
from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from casetracker.dates import short_date
from casetracker.models import Custody, Event, Notice
from casetracker.registry import Subject
from casetracker.wording import day, fill, joined, listed, strong
from inspections import siting
from inspections.enums import Outcome, Result, RiskClass, VisitMode
from inspections.forms.fields import UPLOAD_AGE
from inspections.models import Party, Site, Visit
from inspections.subjects.corrections import corrected
from inspections.visiting import CORRECTED

LABELS: dict[str, Any] = {
    "name": gettext_lazy("name"),
    "kind": gettext_lazy("kind"),
    "district": gettext_lazy("district"),
    "grid_cell": gettext_lazy("grid cell"),
    "address": gettext_lazy("address"),
    "lat": gettext_lazy("latitude"),
    "lon": gettext_lazy("longitude"),
    "credit_code": gettext_lazy("unified social credit code"),
    "permit": gettext_lazy("permit number"),
    "risk_class": gettext_lazy("risk class"),
    "valid_until": gettext_lazy("inspected until"),
}


def event_sentence(event: Event) -> str:
    """What happened to a site or on a visit, as safe HTML in the active language."""
    tell = SENTENCES.get(event.verb)
    who = strong(event.actor_name) if event.actor_name else "Casetracker"
    if tell is None:
        return fill(_("%(who)s: %(verb)s."), who=who, verb=event.verb)
    return joined(tell(who, event))


def notice_sentence(notice: Notice) -> str:
    if notice.kind == "unreadable_photo":
        words = {"name": notice.params.get("name", ""), "label": notice.subject_label}
        return _("The photo %(name)s of the visit to %(label)s cannot be opened. Take it again.") % words
    if notice.kind == CORRECTED:
        told = {name: notice.params.get(name, "") for name in ("by", "reason")}
        text = _("%(by)s corrected your record of the visit to %(label)s on %(date)s: %(reason)s")
        return text % {**told, "label": notice.subject_label, "date": day(notice.params["on"])}
    return _("There is news of %(label)s.") % {"label": notice.subject_label}


def _enter_site(who: str, event: Event) -> list[str]:
    told = [_imported(who, event) or fill(_("%(who)s entered the site."), who=who)]
    if operator := event.details.get("operator"):
        told.append(fill(_("Operator: %(name)s."), name=operator))
    return told


def _imported(who: str, event: Event) -> str:
    """Where it came from; empty where a person entered it on a page."""
    if "file" not in event.details:
        return ""
    words = {"file": event.details["file"], "row": event.details["row"]}
    if event.details.get("revived"):
        return fill(
            _("%(who)s imported it again from %(file)s, row %(row)s: it is on the register again."), who=who, **words
        )
    return fill(_("%(who)s imported it from %(file)s, row %(row)s."), who=who, **words)


def _change_site(who: str, event: Event) -> list[str]:
    told = [_imported(who, event) or fill(_("%(who)s changed the site."), who=who)]
    for name in LABELS:
        if name in event.after:
            words = {
                "field": capfirst(LABELS[name]),
                "before": _shown(name, event.before.get(name)),
                "after": _shown(name, event.after[name]),
            }
            told.append(fill(_("%(field)s: %(before)s became %(after)s."), **words))
    if "operator" in event.details:
        words = {"before": event.details["earlier_operator"] or _("nobody"), "after": event.details["operator"]}
        if words["after"]:
            told.append(fill(_("Operator: %(after)s after %(before)s."), **words))
        else:
            told.append(fill(_("%(before)s runs it no longer."), before=words["before"]))
    return told


def _shown(name: str, value: Any) -> str:
    if value in (None, ""):
        return _("nothing")
    if name == "risk_class" and value in RiskClass.values:
        return str(RiskClass(value).label)
    if name == "valid_until":
        return short_date(datetime.date.fromisoformat(value))
    return str(value)


def _enter_party(who: str, event: Event) -> list[str]:
    return [fill(_("%(who)s put the party on the register."), who=who)]


def _change_party(who: str, event: Event) -> list[str]:
    """Which columns changed; a contact's name and number are not repeated in sentences."""
    words = {field.name: str(field.verbose_name) for field in Party._meta.concrete_fields}
    changed = [words[name] for name in event.after if name in words]
    return [fill(_("%(who)s changed the party: %(list)s."), who=who, list=listed(changed))]


def _record_visit(who: str, event: Event) -> list[str]:
    told: list[str] = [
        fill(
            _("%(who)s recorded the visit (%(mode)s, %(outcome)s)."),
            who=who,
            mode=VisitMode(event.details["mode"]).label,
            outcome=Outcome(event.details["outcome"]).label,
        )
    ]
    people = int(event.details.get("people") or 0)
    told.append(ngettext("%(count)s person was there.", "%(count)s people were there.", people) % {"count": people})
    seen = [
        _("%(number)s: %(result)s") % {"number": number, "result": Result(result).label}
        for number, result in event.details.get("seen") or []
    ]
    if seen:
        told.append(fill(_("Re-inspected: %(list)s."), list=listed(seen)))
    if found := event.details.get("found"):
        told.append(fill(_("Found: %(numbers)s."), numbers=listed(found)))
    return told


def _import(who: str, event: Event) -> list[str]:
    """A visit that an undone import had brought, or a site that came along with a ledger of something else."""
    text = _("%(who)s imported it again from %(file)s: it counts again.")
    if event.subject_type == siting.SUBJECT:
        text = _("It came along with the import of %(file)s by %(who)s.")
    return [fill(text, who=who, file=event.details.get("file", ""))]


def _undo_import(who: str, event: Event) -> list[str]:
    text = _("%(who)s undid the import of %(file)s: the visit counts no more.")
    if event.subject_type == siting.SUBJECT and event.details.get("taken_back"):
        text = _("%(who)s undid the import of %(file)s: the site is off the register.")
    elif event.subject_type == siting.SUBJECT:
        text = _("%(who)s undid the import of %(file)s: the site is as it was before.")
    return [fill(text, who=who, file=event.details.get("file", ""))]


SENTENCES: dict[str, Callable[[str, Event], list[str]]] = {
    "enter_site": _enter_site,
    "change_site": _change_site,
    "record_visit": _record_visit,
    "correct_visit": corrected,
    "import": _import,
    "undo_import": _undo_import,
    "enter_party": _enter_party,
    "change_party": _change_party,
}


def _site_link(site_id: Any) -> str:
    return reverse("site", args=[getattr(site_id, "pk", site_id)])


def _party_link(party_id: Any) -> str:
    return reverse("party", args=[getattr(party_id, "pk", party_id)])


def _visit_link(visit_id: Any) -> str:
    return reverse("visit", args=[getattr(visit_id, "pk", visit_id)])


SITE = Subject(
    type="site",
    model=Site,
    visible_to=Site.objects.visible_to,
    link=_site_link,
    event_sentence=event_sentence,
    notice_sentence=notice_sentence,
)
VISIT = Subject(
    type="visit",
    model=Visit,
    visible_to=Visit.objects.visible_to,
    link=_visit_link,
    event_sentence=event_sentence,
    notice_sentence=notice_sentence,
)


PARTY = Subject(
    type="party",
    model=Party,
    visible_to=Party.objects.visible_to,
    link=_party_link,
    event_sentence=event_sentence,
    notice_sentence=notice_sentence,
)


def sent_lately(sha256: str, user: Any) -> bool:
    """An evidence gate: whoever sent a file may look at it while a form may still be holding it."""
    since = timezone.now() - UPLOAD_AGE
    sent = Custody.objects.filter(evidence=sha256, actor=user.pk, action__in=["stored", "stored_again"], at__gte=since)
    return sent.exists()
