"""What people are told about a problem, one plain sentence per kind of notice."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from casetracker.models import Notice
from casetracker.wording import day
from inspections.enums import EscalationLevel

Words = dict[str, Any]


def notice_sentence(notice: Notice) -> str:
    """The notice as one plain sentence in the active language, with the number and the site of the problem."""
    words = {"number": notice.subject_label, "by": "Casetracker", "site": ""} | _present(notice.params)
    tell = NOTICES.get(notice.kind)
    if tell is None:
        return _("There is news of %(number)s, %(site)s.") % words
    return tell(words)


def _present(params: Words) -> Words:
    """The parameters that say something, with dates as people read them."""
    shown = {name: value for name, value in params.items() if value not in (None, "")}
    for name in ("due_on", "wanted_on", "granted_on"):
        if name in shown:
            shown[name] = day(shown[name])
    return shown


def _assigned(words: Words) -> str:
    if "due_on" in words:
        return _("%(by)s assigned %(number)s, %(site)s, to your unit, due %(due_on)s.") % words
    return _("%(by)s assigned %(number)s, %(site)s, to your unit.") % words


def _hand_back(words: Words) -> str:
    return _("%(by)s handed back %(number)s, %(site)s: %(reason)s") % words


def _release(words: Words) -> str:
    return _("%(by)s released your unit from %(number)s, %(site)s: %(reason)s") % words


def _begin(words: Words) -> str:
    return _("%(by)s began to put %(number)s, %(site)s, right.") % words


def _report_back(words: Words) -> str:
    return _("%(by)s reported %(number)s, %(site)s, fixed. It waits to be verified.") % words


def _ask_extension(words: Words) -> str:
    return _("%(by)s asks for more time for %(number)s, %(site)s, until %(wanted_on)s: %(reason)s") % words


def _decide_extension(words: Words) -> str:
    if "granted_on" in words:
        return _("%(by)s granted an extension for %(number)s, %(site)s, until %(granted_on)s.") % words
    return _("%(by)s refused the extension for %(number)s, %(site)s: %(note)s") % ({"note": ""} | words)


def _verify(words: Words) -> str:
    return _("%(by)s verified that %(number)s, %(site)s, is fixed.") % words


def _send_back(words: Words) -> str:
    return _("%(by)s sent back %(number)s, %(site)s, new date %(due_on)s: %(reason)s") % words


def _close(words: Words) -> str:
    return _("%(by)s closed %(number)s, %(site)s.") % words


def _reopen(words: Words) -> str:
    return _("%(by)s reopened %(number)s, %(site)s, new date %(due_on)s: %(reason)s") % words


def _pause(words: Words) -> str:
    return _("%(by)s stopped the clock of %(number)s, %(site)s: %(reason)s") % words


def _resume(words: Words) -> str:
    if "due_on" in words:
        return _("%(by)s let the clock of %(number)s, %(site)s, go on; it is now due %(due_on)s.") % words
    return _("%(by)s let the clock of %(number)s, %(site)s, go on.") % words


def _escalate(words: Words) -> str:
    level = EscalationLevel(words["level"]).label
    return _("%(by)s escalated %(number)s, %(site)s (%(level)s): %(reason)s") % (words | {"level": level})


def _lift(words: Words) -> str:
    return _("%(by)s lifted the escalation of %(number)s, %(site)s: %(reason)s") % words


def _comment(words: Words) -> str:
    return _("%(by)s wrote about %(number)s, %(site)s: %(text)s") % words


def _amend(words: Words) -> str:
    return _("%(by)s amended the record of %(number)s, %(site)s: %(reason)s") % words


def _import_changed(words: Words) -> str:
    if "due_on" in words:
        return _("%(by)s imported %(file)s: %(number)s, %(site)s, is now due %(due_on)s.") % words
    return _("%(by)s imported %(file)s: %(number)s, %(site)s, has no date any more.") % words


def _import_moved(words: Words) -> str:
    return _("%(by)s imported %(file)s: %(number)s, %(site)s, is no longer with your unit.") % words


def _import_restored(words: Words) -> str:
    if "due_on" in words:
        return _("%(by)s undid the import of %(file)s: %(number)s, %(site)s, is due %(due_on)s as before.") % words
    return _("%(by)s undid the import of %(file)s: %(number)s, %(site)s, is as before.") % words


def _moved_away(words: Words) -> str:
    return _("%(by)s amended the record of %(number)s, %(site)s: it is no longer with your team.") % words


def _merge(words: Words) -> str:
    return _("%(by)s merged %(number)s, %(site)s, into %(survivor)s: %(reason)s") % words


def _void(words: Words) -> str:
    return _("%(by)s voided %(number)s, %(site)s: %(reason)s") % words


def _withdraw_evidence(words: Words) -> str:
    return _("%(by)s withdrew evidence of %(number)s, %(site)s, and it must be put right again: %(reason)s") % words


def _to_central(words: Words) -> str:
    return _("%(by)s sent %(number)s, %(site)s, to the office to be assigned: %(reason)s") % words


def _propose_reopen(words: Words) -> str:
    return _("%(by)s found %(number)s, %(site)s, not fixed after all. Reopening it is proposed.") % words


def _propose_escalation(words: Words) -> str:
    return _("%(number)s, %(site)s, failed a second re-inspection. Escalating it is proposed.") % words


def _unreadable_photo(words: Words) -> str:
    return _("The photo %(name)s of %(number)s, %(site)s, cannot be opened. Take it again.") % words


# Reminders add their own kinds here.
NOTICES: dict[str, Callable[[Words], str]] = {
    "assigned": _assigned,
    "hand_back": _hand_back,
    "release": _release,
    "begin": _begin,
    "report_back": _report_back,
    "ask_extension": _ask_extension,
    "decide_extension": _decide_extension,
    "verify": _verify,
    "send_back": _send_back,
    "close": _close,
    "reopen": _reopen,
    "pause": _pause,
    "resume": _resume,
    "escalate": _escalate,
    "lift": _lift,
    "comment": _comment,
    "amend": _amend,
    "moved_away": _moved_away,
    "import_changed": _import_changed,
    "import_moved": _import_moved,
    "import_restored": _import_restored,
    "merge": _merge,
    "void": _void,
    "withdraw_evidence": _withdraw_evidence,
    "to_central": _to_central,
    "propose_reopen": _propose_reopen,
    "propose_escalation": _propose_escalation,
    "unreadable_photo": _unreadable_photo,
}
