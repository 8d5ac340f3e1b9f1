"""What comes next: the one step for this person, what else may be done, and what is refused with its reason."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.wording import listed
from inspections import policy
from inspections.enums import AssignmentRole, AssignmentState, Result, Route, Status, Verb
from inspections.views.problem.record import Record

# The order in which a step is offered; a decision that somebody waits for comes first.
NEXT = (
    Verb.DECIDE_EXTENSION,
    Verb.FIX_ON_SPOT,
    Verb.ASSIGN,
    Verb.CLAIM,
    Verb.BEGIN,
    Verb.REPORT_BACK,
    Verb.VERIFY,
    Verb.CLOSE,
    Verb.RESUME,
)

# Who is waited for where the reader has no step of his own.
WAITING: dict[str, Any] = {
    Status.FOUND: gettext_lazy("The office assigns it to a unit."),
    Status.ASSIGNED: gettext_lazy("%(unit)s claims it and names who is responsible."),
    Status.CLAIMED: gettext_lazy("%(unit)s begins to put it right."),
    Status.RECTIFYING: gettext_lazy("%(unit)s puts it right and reports back with photos."),
    Status.REPORTED: gettext_lazy("An inspector or a supervisor verifies it."),
    Status.VERIFIED: gettext_lazy("A supervisor closes it."),
}

ENDED = (Status.CLOSED, Status.VOID)

# Where each verb stands among the other actions.
GROUPS: tuple[tuple[Any, tuple[Verb, ...]], ...] = (
    (
        gettext_lazy("With the unit"),
        (
            Verb.ASSIGN,
            Verb.NAME_CANDIDATES,
            Verb.TO_CENTRAL,
            Verb.CLAIM,
            Verb.BEGIN,
            Verb.REPORT_BACK,
            Verb.ASK_EXTENSION,
            Verb.DECIDE_EXTENSION,
            Verb.HAND_BACK,
            Verb.RELEASE,
            Verb.NAME_MISSING,
        ),
    ),
    (
        gettext_lazy("Checking"),
        (Verb.FIX_ON_SPOT, Verb.VERIFY, Verb.SEND_BACK, Verb.RECHECK, Verb.CLOSE, Verb.REOPEN),
    ),
    (gettext_lazy("Pressing"), (Verb.ESCALATE, Verb.LIFT, Verb.PAUSE, Verb.RESUME)),
    (gettext_lazy("The record"), (Verb.COMMENT, Verb.AMEND, Verb.MERGE, Verb.VOID, Verb.WITHDRAW_EVIDENCE)),
)


@dataclass(frozen=True)
class Action:
    """One verb as a link to its form, or refused with the reason."""

    verb: str
    words: str
    url: str
    reason: str = ""


def next_step(record: Record) -> Verb | None:
    """The one verb that this person most likely came for; None where others are to act."""
    allowed = record.allowed
    return next((verb for verb in NEXT if verb in allowed and is_due(verb, record)), None)


def is_due(verb: Verb, record: Record) -> bool:
    """Whether the loop waits for this verb now, and not only permits it."""
    if verb == Verb.VERIFY and record.problem.status != Status.REPORTED:
        return record.last_recheck is not None and record.last_recheck.result == Result.FIXED
    return True


def barred(record: Record) -> Action | None:
    """The step that the loop waits for where this person would look for it and may not do it."""
    for verb in NEXT:
        reason = record.refusals.get(verb)
        if reason and is_due(verb, record) and looks_for(verb, record):
            return action(verb, record, reason)
    return None


def looks_for(verb: Verb, record: Record) -> bool:
    """Whether a person of this kind usually does this verb, so that its absence needs a reason."""
    user, problem = record.user, record.problem
    if verb in (Verb.VERIFY, Verb.SEND_BACK):
        return policy.inspects(user, problem) or policy.supervises(user, problem)
    if verb == Verb.DECIDE_EXTENSION:
        waits = any(one.decision == "pending" for one in problem.extensions.all())
        return waits and policy.supervises(user, problem)
    if verb in (Verb.CLOSE, Verb.AMEND, Verb.VOID):
        return policy.supervises(user, problem)
    if verb == Verb.REPORT_BACK:
        return record.own is not None and record.own.state != AssignmentState.REPORTED
    if verb == Verb.ASK_EXTENSION:
        return record.own is not None
    return False


def action(verb: Verb, record: Record, reason: str = "") -> Action:
    url = reverse("problem_verb", args=[record.problem.pk, verb.value])
    return Action(verb.value, str(verb.label), url, reason)


def other_actions(record: Record, step: Verb | None) -> list[dict[str, Any]]:
    """Groups of further verbs: links for what may be done, the reason beside what the person would look for."""
    shown = {step, Verb.ASK_EXTENSION if step == Verb.REPORT_BACK else step}
    groups = []
    for label, verbs in GROUPS:
        actions = []
        for verb in verbs:
            if verb in shown or verb not in record.refusals:
                continue
            reason = record.refusals[verb]
            if reason is None:
                actions.append(action(verb, record))
            elif verb in (Verb.ASK_EXTENSION, Verb.AMEND, Verb.VOID) and looks_for(verb, record):
                actions.append(action(verb, record, reason))
        if actions:
            groups.append({"label": label, "actions": actions})
    return groups


def second_step(record: Record, step: Verb | None) -> Action | None:
    """What stands beside the next step: a handler who is to report back may ask for more time instead."""
    if step != Verb.REPORT_BACK or Verb.ASK_EXTENSION not in record.refusals or record.own is None:
        return None
    return action(Verb.ASK_EXTENSION, record, record.refusals[Verb.ASK_EXTENSION] or "")


def waits_for(record: Record) -> str:
    """Who acts next, in a sentence; empty for an ended problem."""
    problem = record.problem
    sentence = WAITING.get(problem.status)
    if sentence is None:
        return ""
    if problem.lead_unit is None and problem.route == Route.ON_SPOT and problem.status == Status.RECTIFYING:
        return _("The team sees it put right, or records the party’s proof.")
    if problem.status == Status.RECTIFYING and (others := _others_missing(record)):
        return others
    words = {"unit": problem.lead_unit.name if problem.lead_unit else ""}
    own = record.own
    not_begun = problem.status in (Status.ASSIGNED, Status.CLAIMED)
    if not_begun and own is not None and own.role != AssignmentRole.LEAD and own.state == AssignmentState.CLAIMED:
        sentence = _("Your unit has claimed it. The lead unit %(unit)s begins first; then yours can report back.")
    return str(sentence) % words


def _others_missing(record: Record) -> str:
    """Which units have still to report back where the lead, or the reader's own unit, has; else empty."""
    missing = policy.still_to_report(record.problem)
    words = {"units": listed(one.unit.name for one in missing)}
    reported = [one for one in record.live if one not in missing]
    if not missing:
        return ""
    if record.own in reported:
        return _("Your unit has reported back. Still to report back: %(units)s.") % words
    if any(one.role == AssignmentRole.LEAD for one in reported):
        return _("The lead unit has reported back. Still to report back: %(units)s.") % words
    return ""


def ended(record: Record) -> str:
    """What an ended problem is, and what this person may still do to it; empty while it goes on."""
    if record.problem.status not in ENDED:
        return ""
    closed = record.problem.status == Status.CLOSED
    may = [str(verb.label) for _label, verbs in GROUPS for verb in verbs if verb in record.allowed]
    if may:
        words = _("It is closed. You may still: %(verbs)s.") if closed else _("It is void. You may still: %(verbs)s.")
        return words % {"verbs": listed(may)}
    return _("It is closed and can only be read.") if closed else _("It is void and can only be read.")
