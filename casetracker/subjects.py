"""What history and notices need to know of units, people, calendar, rules and options: links, events in words."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from casetracker import audit
from casetracker.administering.recording import CALENDAR, DISTRICT, OPTION, PERSON, RULE, UNIT, subject_id
from casetracker.bilingual import in_language
from casetracker.enums import DayKind, Language, Role, TermUnit, UnitKind
from casetracker.models import CalendarDay, DeadlineRule, District, Event, Notice, Option, Unit, User
from casetracker.options import CHOICES
from casetracker.registry import Subject
from casetracker.wording import day, fill, joined, listed, reason, strong

LABELS: dict[str, Any] = {
    "name_zh": gettext_lazy("Chinese name"),
    "name_en": gettext_lazy("English name"),
    "short_zh": gettext_lazy("Chinese short name"),
    "aliases": gettext_lazy("other names"),
    "kind": gettext_lazy("kind"),
    "parent": gettext_lazy("unit above"),
    "districts": gettext_lazy("districts"),
    "email": gettext_lazy("e-mail"),
    "webhook": gettext_lazy("chat webhook"),
    "number_prefix": gettext_lazy("number prefix"),
    "valid_from": gettext_lazy("first day"),
    "valid_until": gettext_lazy("last day"),
    "successor": gettext_lazy("successor"),
    "username": gettext_lazy("sign-in name"),
    "name": gettext_lazy("name"),
    "phone": gettext_lazy("telephone"),
    "language": gettext_lazy("language"),
    "amount": gettext_lazy("length"),
    "unit": gettext_lazy("counted in"),
    "roll": gettext_lazy("moves to a working day"),
    "near_workdays": gettext_lazy("near from so many working days before"),
    "cutoff": gettext_lazy("cut-off hour"),
    "source_zh": gettext_lazy("source in Chinese"),
    "source_en": gettext_lazy("source in English"),
    "verified_by": gettext_lazy("verified by"),
    "note": gettext_lazy("note"),
    "effective_from": gettext_lazy("in force from"),
    "is_active": gettext_lazy("account open"),
    "until_on": gettext_lazy("last day"),
    "on_loan": gettext_lazy("on loan"),
    "is_head": gettext_lazy("head of the unit"),
    "posts": gettext_lazy("roles"),
    "code": gettext_lazy("code"),
    "is_local": gettext_lazy("local code"),
    "above": gettext_lazy("district above"),
    "first_year": gettext_lazy("first year"),
    "last_year": gettext_lazy("last year"),
}
CHOICE_WORDS = {"unit": TermUnit, "language": Language}
DAYS = {"valid_from", "valid_until", "effective_from", "until_on"}
MOST_DAYS = 7

# What each verb says; an app adds its own verbs and columns. Sentences about posts also name role, unit and days,
# those about the calendar days and source.
SAYINGS: dict[str, Any] = {
    "create_unit": gettext_lazy("%(who)s made the unit."),
    "change_unit": gettext_lazy("%(who)s changed the unit."),
    "create_district": gettext_lazy("%(who)s put the district on the list."),
    "change_district": gettext_lazy("%(who)s changed the district."),
    "create_person": gettext_lazy("%(who)s made the account with a first password."),
    "enrol_person": gettext_lazy("%(who)s made the account, without a password."),
    "change_person": gettext_lazy("%(who)s changed the account."),
    "invite": gettext_lazy("%(who)s sent an invitation."),
    "accept_invitation": gettext_lazy("%(who)s chose a password by the link of the invitation."),
    "change_post": gettext_lazy("%(who)s changed the role %(role)s in %(unit)s."),
    "undo_import": gettext_lazy("%(who)s undid the import."),
    "give_post": gettext_lazy("%(who)s gave the role %(role)s in %(unit)s from %(from)s."),
    "end_post": gettext_lazy("%(who)s ended the role %(role)s in %(unit)s; its last day is %(until)s."),
    "withdraw_post": gettext_lazy("%(who)s took back the role %(role)s in %(unit)s, which was to begin on %(from)s."),
    "deactivate": gettext_lazy("%(who)s closed the account."),
    "activate": gettext_lazy("%(who)s opened the account again."),
    "give_password": gettext_lazy("%(who)s gave a new first password."),
    "remove_second_factor": gettext_lazy("%(who)s took away the second factor."),
    "issue_rule": gettext_lazy("%(who)s put a new version in force from %(from)s."),
    "withdraw_rule": gettext_lazy("%(who)s took back the version that was to begin on %(from)s."),
    "change_option": gettext_lazy("%(who)s changed “%(label)s” from %(before)s to %(after)s."),
}
# After these, each column that changed has a sentence of its own.
DETAILED = {"change_unit", "change_person", "change_post", "issue_rule", "change_district", "undo_import"}
CALENDAR_VERBS = frozenset({"change_day", "load_notice", "reload_package"})


def event_sentence(event: Event) -> SafeString:
    """What an administrator changed, as safe HTML in the active language."""
    who = strong(event.actor_name) if event.actor_name else SafeString("Casetracker")
    if event.verb in CALENDAR_VERBS:
        parts = _days(who, event)
    elif event.verb in SAYINGS:
        parts = [fill(str(SAYINGS[event.verb]), who=who, **_words(event))]
    else:
        parts = [fill(_("%(who)s: %(verb)s."), who=who, verb=event.verb)]
    if event.verb in DETAILED:
        parts += _changes(event)
    if file := event.details.get("file"):
        parts.append(fill(_("From the file %(file)s."), file=file))
    parts.append(reason(event.details))
    return joined(parts)


def told(kind: str, key: object, most: int = 30) -> list[dict[str, Any]]:
    """The last events of a subject without a UUID (a unit, a year, a rule's code) as the timeline shows them."""
    events = audit.timeline(kind, subject_id(kind, key))[:most]
    return [{"at": one.at, "sentence": event_sentence(one), "by_person": one.actor_id is not None} for one in events]


def notice_sentence(notice: Notice) -> str:
    return _("There is news of %(label)s.") % {"label": notice.subject_label}


def _words(event: Event) -> dict[str, Any]:
    """Every word a sentence may ask for."""
    details, before, after = event.details, event.before, event.after
    option = next(iter(after), "")
    return {
        "role": Role(details["role"]).label if details.get("role") in Role.values else "",
        "unit": in_language(details.get("unit", ""), details.get("unit_en", "")),
        "from": day(after.get("from_on") or before.get("from_on") or _from(after) or _from(before)),
        "until": day(after.get("until_on")),
        "number": details.get("number", ""),
        "count": details.get("count", ""),
        "label": CHOICES[option].label if option in CHOICES else event.subject_label,
        "before": shown(option, before.get(option)),
        "after": shown(option, after.get(option)),
    }


def _from(values: dict[str, Any]) -> Any:
    return values.get("effective_from")


def _changes(event: Event) -> list[SafeString]:
    """A sentence per column that changed, in the order of the form."""
    told = []
    for name, label in LABELS.items():
        before, after = event.before.get(name), event.after.get(name)
        if name not in event.after or name == "effective_from" or (before == after and name != "webhook"):
            continue
        words = {"field": capfirst(label), "before": shown(name, before), "after": shown(name, after)}
        if name == "webhook":
            told.append(fill(_("%(field)s changed."), field=words["field"]))
        else:
            told.append(fill(_("%(field)s: %(before)s became %(after)s."), **words))
    return told


def shown(name: str, value: Any) -> str:
    """A stored value in words."""
    if value is None or value == "" or value == []:
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return listed(str(one) for one in value)
    if name == "kind" and value in UnitKind.values:
        return str(UnitKind(value).label)
    if name in CHOICE_WORDS and value in CHOICE_WORDS[name].values:
        return str(CHOICE_WORDS[name](value).label)
    return day(value) if name in DAYS else str(value)


def _days(who: SafeString, event: Event) -> list[SafeString]:
    """Days of the calendar that changed: each one where they are few."""
    number = event.details.get("days", 0)
    text = ngettext(
        "%(who)s changed %(count)s day of the calendar (%(source)s).",
        "%(who)s changed %(count)s days of the calendar (%(source)s).",
        number,
    )
    told = [fill(text, who=who, count=number, source=event.details.get("source", ""))]
    for on, after in list(event.after.items())[:MOST_DAYS]:
        words = {"day": day(on), "before": _kind(event.before.get(on)), "after": _kind(after)}
        told.append(fill(_("%(day)s: %(before)s became %(after)s."), **words))
    return told


def _kind(stored: list[Any] | None) -> str:
    if stored is None:
        return _("nothing")
    kind, name, official = stored
    words = [str(DayKind(kind).label) if kind in DayKind.values else kind, name, "" if official else _("provisional")]
    return listed(word for word in words if word)


def _rows(model: Any) -> Callable[[Any], QuerySet[Any]]:
    """Administrators look after all of them; nobody else opens their pages."""
    return lambda user: model.objects.all() if user.has_role(Role.ADMINISTRATOR) else model.objects.none()


def _subject(kind: str, model: Any, url_name: str, *, own_page: bool = False) -> Subject:
    """A subject whose rows have a page each, or one page together."""

    def link(key: Any) -> str:
        return reverse(url_name, args=[getattr(key, "pk", key)] if own_page else [])

    return Subject(kind, model, _rows(model), link, event_sentence, notice_sentence)


SUBJECTS = (
    _subject(UNIT, Unit, "unit", own_page=True),
    _subject(DISTRICT, District, "district", own_page=True),
    _subject(PERSON, User, "person", own_page=True),
    _subject(CALENDAR, CalendarDay, "calendar"),
    _subject(RULE, DeadlineRule, "rules"),
    _subject(OPTION, Option, "options"),
)
