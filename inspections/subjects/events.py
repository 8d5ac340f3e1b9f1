"""The history of a problem in plain sentences: one wording per verb, the actor in bold, safe as HTML."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from casetracker.models import Event
from casetracker.wording import Names, day, fill, joined, listed, note, quoted, reason, strong
from inspections.enums import AssignmentRole, Audience, EscalationLevel, Result, Route, Status, Verb, VoidKind
from inspections.subjects.amendments import IMPORTED, amended, amended_fields

# Of a clock that went on on the day it had been stopped.
NO_WHOLE_DAY = gettext_lazy("It stood still for no whole day; the date stays.")


@dataclass(frozen=True)
class Told:
    """One event being told: who did it (safe HTML), what it says, and whether an insider of the office reads it."""

    event: Event
    who: str
    details: dict[str, Any]
    names: Names
    inside: bool

    def say(self, text: str, /, **words: Any) -> str:
        return fill(text, who=self.who, **words)

    def unit(self, key: str = "unit") -> str:
        """A unit of the details by the name that the reader's language has for it."""
        stored = self.details.get(key) or ""
        return self.names.get(stored, stored)

    def units(self, key: str) -> str:
        return listed(self.names.get(name, name) for name in self.details.get(key) or [])

    def date(self, key: str) -> str:
        return day(self.details.get(key))

    def photos(self) -> str:
        count = int(self.details.get("photos") or 0)
        return ngettext("%(count)s photo.", "%(count)s photos.", count) % {"count": count} if count else ""


def event_sentence(event: Event, *, inside: bool = False, names: Names | None = None) -> str:
    """What happened, as safe HTML in the active language.

    `inside` adds what only the office may read; `names` maps stored Chinese unit names to those of the
    reader's language. Whoever is not inside must not be shown events that is_internal() names at all.
    """
    who = strong(event.actor_name) if event.actor_name else "Casetracker"
    told = Told(event, who, event.details, names or {}, inside)
    tell = SENTENCES.get(event.verb)
    if tell is None:
        return told.say(_("%(who)s: %(verb)s."), verb=event.verb)
    return joined([*tell(told), _lapsed(told)])


def is_internal(event: Event) -> bool:
    """Whether only the office may read this event: internal notes, and which units were considered."""
    if event.verb == Verb.COMMENT:
        return bool(event.details.get("audience") != Audience.UNIT)
    if event.verb == Verb.AMEND:
        return not amended_fields(event, inside=False)
    return bool(event.verb == Verb.NAME_CANDIDATES)


def changes_clock(event: Event) -> bool:
    """Whether the event set, moved, stopped or asked about a date."""
    moved = {"due_on", "first_due_on", "paused_since"} & {*event.before, *event.after}
    told = event.verb in (Verb.ASK_EXTENSION, Verb.DECIDE_EXTENSION, Verb.NAME_MISSING)
    return bool(moved or told or event.details.get("lapsed"))


def _lapsed(told: Told) -> str:
    """Requests for more time that nobody needs to decide any more, whichever verb it was."""
    units = told.units("lapsed")
    return fill(_("The request of %(units)s for more time lapsed undecided."), units=units) if units else ""


# --- One function per verb ---------------------------------------------------------------------------


def _report(told: Told) -> list[str]:
    if told.details.get("route") != Route.ON_SPOT:
        main = told.say(_("%(who)s reported it, to be assigned by the office."))
    elif told.unit():
        main = told.say(_("%(who)s reported it, to be put right on the spot by %(unit)s."), unit=told.unit())
    else:
        main = told.say(_("%(who)s reported it, to be put right on the spot."))
    return [main, told.photos()]


def _fix_on_spot(told: Told) -> list[str]:
    drawn = _("Drawn for a look-back.") if told.details.get("look_back") else ""
    return [told.say(_("%(who)s saw it fixed on the spot.")), note(told.details), told.photos(), drawn]


def _to_central(told: Told) -> list[str]:
    return [told.say(_("%(who)s sent it to the office to be assigned.")), reason(told.details)]


def _name_candidates(told: Told) -> list[str]:
    if not told.details.get("units"):
        return [told.say(_("%(who)s took the possible units back.")), reason(told.details)]
    return [told.say(_("%(who)s named possible units: %(units)s."), units=told.units("units")), reason(told.details)]


def _assign(told: Told) -> list[str]:
    units = told.details.get("units") or []
    alone = [told.names.get(one["unit"], one["unit"]) for one in units]
    shown = alone if len(units) == 1 else _with_roles(told)
    words = {"units": listed(shown), "date": told.date("due_on")}
    if told.details.get("special"):
        main = told.say(_("%(who)s assigned it to %(units)s as a special assignment, due %(date)s."), **words)
    else:
        main = told.say(_("%(who)s assigned it to %(units)s, due %(date)s."), **words)
    batch = told.details.get("batch")
    in_batch = fill(_("Batch %(number)s."), number=batch) if batch else ""
    considered = told.units("candidates") if told.inside else ""
    possible = fill(_("Possible were: %(units)s."), units=considered) if considered else ""
    return [main, in_batch, possible, reason(told.details) if told.inside else ""]


def _hand_back(told: Told) -> list[str]:
    if told.details.get("recalled"):
        main = told.say(_("%(who)s recalled it from %(unit)s."), unit=told.unit())
    elif told.details.get("only_own"):
        main = told.say(_("%(who)s handed back the part of %(unit)s."), unit=told.unit())
    else:
        main = told.say(_("%(who)s handed it back for %(unit)s."), unit=told.unit())
    return [main, reason(told.details)]


def _release(told: Told) -> list[str]:
    return [told.say(_("%(who)s released %(unit)s."), unit=told.unit()), reason(told.details)]


def _name_missing(told: Told) -> list[str]:
    words = {"units": listed(_with_roles(told)), "date": told.date("due_on")}
    main = told.say(_("%(who)s assigned it to %(units)s too, due %(date)s."), **words)
    return [main, reason(told.details) if told.inside else ""]


def _with_roles(told: Told) -> list[str]:
    """The units of the details, each with what it is to the problem."""
    return [
        _("%(unit)s (%(role)s)")
        % {"unit": told.names.get(one["unit"], one["unit"]), "role": AssignmentRole(one["role"]).label}
        for one in told.details.get("units") or []
    ]


def _claim(told: Told) -> list[str]:
    person = told.details.get("responsible") or ""
    if person and person != told.event.actor_name:
        text = _("%(who)s claimed it for %(unit)s; responsible: %(person)s.")
        return [told.say(text, unit=told.unit(), person=person)]
    return [told.say(_("%(who)s claimed it for %(unit)s."), unit=told.unit())]


def _begin(told: Told) -> list[str]:
    plan = quoted(pgettext("in the history", "Plan"), told.details.get("plan", ""))
    return [told.say(_("%(who)s of %(unit)s began to put it right."), unit=told.unit()), plan]


def _report_back(told: Told) -> list[str]:
    words = {"unit": told.unit(), "text": str(told.details.get("text", "")).rstrip("。.")}
    if words["unit"]:
        main = told.say(_("%(who)s of %(unit)s reported it fixed: “%(text)s”."), **words)
    else:
        main = told.say(_("%(who)s reported it fixed: “%(text)s”."), **words)
    papers, late = int(told.details.get("papers") or 0), int(told.details.get("late_days") or 0)
    with_papers = ngettext("%(count)s paper.", "%(count)s papers.", papers) % {"count": papers} if papers else ""
    how_late = ngettext("%(count)s day late.", "%(count)s days late.", late) % {"count": late} if late else ""
    return [main, told.photos(), with_papers, how_late]


def _ask_extension(told: Told) -> list[str]:
    words = {"unit": told.unit(), "date": told.date("wanted_on")}
    main = told.say(_("%(who)s of %(unit)s asked for an extension until %(date)s."), **words)
    plan = quoted(pgettext("in the history", "Plan"), told.details.get("plan", ""))
    return [main, reason(told.details), plan, _("Asked late.") if told.details.get("is_late") else ""]


def _decide_extension(told: Told) -> list[str]:
    words = {"unit": told.unit(), "date": told.date("granted_on"), "old": told.date("old_due_on")}
    if told.details.get("granted_on"):
        main = told.say(
            _("%(who)s granted %(unit)s an extension until %(date)s. The date before was %(old)s."), **words
        )
    else:
        main = told.say(_("%(who)s refused %(unit)s an extension; %(old)s holds."), **words)
    return [main, note(told.details)]


def _recheck(told: Told) -> list[str]:
    sentences = {
        Result.FIXED: _("%(who)s re-inspected it and found it fixed."),
        Result.PARTLY: _("%(who)s re-inspected it and found it partly fixed."),
        Result.NOT_FIXED: _("%(who)s re-inspected it and found it not fixed."),
        Result.NOT_CHECKED: _("%(who)s was there and could not check it."),
    }
    return [told.say(sentences[told.details["result"]]), _remaining(told), note(told.details), told.photos()]


def _remaining(told: Told) -> str:
    return quoted(pgettext("in the history", "Remaining"), told.details.get("remaining", ""))


def _verify(told: Told) -> list[str]:
    if told.details.get("from_papers"):
        return [told.say(_("%(who)s verified from the papers that it is fixed.")), note(told.details)]
    return [told.say(_("%(who)s verified that it is fixed.")), note(told.details), told.photos()]


def _send_back(told: Told) -> list[str]:
    if told.details.get("result") == Result.PARTLY:
        main = told.say(_("%(who)s sent it back as partly fixed; new date %(date)s."), date=told.date("due_on"))
    else:
        main = told.say(_("%(who)s sent it back as not fixed; new date %(date)s."), date=told.date("due_on"))
    return [main, _remaining(told), reason(told.details), told.photos()]


def _close(told: Told) -> list[str]:
    return [told.say(_("%(who)s closed it.")), note(told.details)]


def _reopen(told: Told) -> list[str]:
    return [told.say(_("%(who)s reopened it; new date %(date)s."), date=told.date("due_on")), reason(told.details)]


def _pause(told: Told) -> list[str]:
    return [told.say(_("%(who)s stopped the clock.")), reason(told.details)]


def _resume(told: Told) -> list[str]:
    if told.details.get("same_day"):
        return [told.say(_("%(who)s let the clock go on.")), str(NO_WHOLE_DAY), reason(told.details)]
    if not told.date("due_on"):
        return [told.say(_("%(who)s let the clock go on.")), reason(told.details)]
    main = told.say(_("%(who)s let the clock go on; the date is now %(date)s."), date=told.date("due_on"))
    return [main, reason(told.details)]


def _escalate(told: Told) -> list[str]:
    answer = fill(_("Answer by %(date)s."), date=told.date("due_on")) if told.date("due_on") else ""
    level = EscalationLevel(told.details["level"]).label
    return [told.say(_("%(who)s escalated it: %(level)s."), level=level), answer, reason(told.details)]


def _lift(told: Told) -> list[str]:
    levels = listed(str(EscalationLevel(level).label) for level in told.details.get("levels") or [])
    return [told.say(_("%(who)s lifted the escalation: %(levels)s."), levels=levels), reason(told.details)]


def _comment(told: Told) -> list[str]:
    if told.details.get("audience") == Audience.UNIT:
        return [told.say(_("%(who)s wrote a comment for office and unit."))]
    return [told.say(_("%(who)s wrote an internal note."))]


def _amend(told: Told) -> list[str]:
    return [told.say(_("%(who)s amended the record.")), *amended(told.event, told.inside), reason(told.details)]


def _merge(told: Told) -> list[str]:
    if told.details.get("survivor"):
        main = told.say(_("%(who)s merged it into %(number)s."), number=told.details["survivor"])
    else:
        main = told.say(_("%(who)s merged %(number)s into it."), number=told.details.get("merged", ""))
    return [main, reason(told.details)]


def _void(told: Told) -> list[str]:
    kind = VoidKind(told.details["kind"]).label
    return [told.say(_("%(who)s voided it: %(kind)s."), kind=kind), reason(told.details)]


def _withdraw_evidence(told: Told) -> list[str]:
    words = {"file": told.details.get("file", ""), "number": told.details.get("belongs_to", "")}
    if source := told.details.get("came_from"):
        main = told.say(_("%(who)s moved the file %(file)s here from %(number)s."), **words | {"number": source})
    elif words["number"]:
        main = told.say(_("%(who)s moved the file %(file)s to %(number)s, where it belongs."), **words)
    else:
        main = told.say(_("%(who)s withdrew the file %(file)s."), **words)
    back = _("Nothing shows the fix any more, so it is being rectified again.") if told.details.get("back") else ""
    return [main, reason(told.details), back]


def _import(told: Told) -> list[str]:
    words = {"file": told.details.get("file", ""), "row": told.details.get("row", "")}
    if told.details.get("revived"):
        revived = told.say(_("%(who)s imported it again from %(file)s, row %(row)s: it counts again."), **words)
        return [revived, *amended(told.event, told.inside, IMPORTED)]
    main = told.say(_("%(who)s imported it from %(file)s, row %(row)s."), **words)
    return [main, *amended(told.event, told.inside, IMPORTED)]


def _release_import(told: Told) -> list[str]:
    text = _("%(who)s released the import of %(file)s: reminders and mail speak of it from now on.")
    return [told.say(text, file=told.details.get("file", ""))]


def _undo_import(told: Told) -> list[str]:
    file = told.details.get("file", "")
    if told.event.after.get("status") == Status.VOID and told.details.get("kind"):
        return [told.say(_("%(who)s undid the import of %(file)s: it is voided."), file=file)]
    main = told.say(_("%(who)s undid the import of %(file)s: it is as before."), file=file)
    return [main, *amended(told.event, told.inside, IMPORTED)]


SENTENCES: dict[str, Callable[[Told], list[str]]] = {
    Verb.REPORT: _report,
    Verb.FIX_ON_SPOT: _fix_on_spot,
    Verb.TO_CENTRAL: _to_central,
    Verb.NAME_CANDIDATES: _name_candidates,
    Verb.ASSIGN: _assign,
    Verb.HAND_BACK: _hand_back,
    Verb.RELEASE: _release,
    Verb.NAME_MISSING: _name_missing,
    Verb.CLAIM: _claim,
    Verb.BEGIN: _begin,
    Verb.REPORT_BACK: _report_back,
    Verb.ASK_EXTENSION: _ask_extension,
    Verb.DECIDE_EXTENSION: _decide_extension,
    Verb.RECHECK: _recheck,
    Verb.VERIFY: _verify,
    Verb.SEND_BACK: _send_back,
    Verb.CLOSE: _close,
    Verb.REOPEN: _reopen,
    Verb.PAUSE: _pause,
    Verb.RESUME: _resume,
    Verb.ESCALATE: _escalate,
    Verb.LIFT: _lift,
    Verb.COMMENT: _comment,
    Verb.AMEND: _amend,
    Verb.MERGE: _merge,
    Verb.VOID: _void,
    Verb.WITHDRAW_EVIDENCE: _withdraw_evidence,
    Verb.IMPORT: _import,
    "release_import": _release_import,
    "undo_import": _undo_import,
}
