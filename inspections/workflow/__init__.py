"""The closed loop: the only place that moves a problem. One table (table.py), one function per verb."""

from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from casetracker.models import User
from inspections import policy
from inspections.enums import Verb
from inspections.models import Assignment, Problem

from .amending import amend, void, withdraw_evidence
from .assigning import Addressee, assign, hand_back, name_missing, open_batch, release
from .checking import close, recheck, reopen, send_back, verify
from .engine import begin, illegal
from .evidence import Shot
from .merging import merge
from .overseeing import comment, escalate, lift, pause, resume
from .rectifying import ask_extension, begin_work, claim, decide_extension, report_back
from .reporting import NUMBER_KIND, fix_on_spot, name_candidates, number_text, report, to_central
from .table import BY_VERB, MOVES, Move, diagram, legal

FUNCTIONS: dict[Verb, Callable[..., Any]] = {
    Verb.FIX_ON_SPOT: fix_on_spot,
    Verb.TO_CENTRAL: to_central,
    Verb.NAME_CANDIDATES: name_candidates,
    Verb.ASSIGN: assign,
    Verb.HAND_BACK: hand_back,
    Verb.RELEASE: release,
    Verb.NAME_MISSING: name_missing,
    Verb.CLAIM: claim,
    Verb.BEGIN: begin_work,
    Verb.REPORT_BACK: report_back,
    Verb.ASK_EXTENSION: ask_extension,
    Verb.DECIDE_EXTENSION: decide_extension,
    Verb.RECHECK: recheck,
    Verb.VERIFY: verify,
    Verb.SEND_BACK: send_back,
    Verb.CLOSE: close,
    Verb.REOPEN: reopen,
    Verb.PAUSE: pause,
    Verb.RESUME: resume,
    Verb.ESCALATE: escalate,
    Verb.LIFT: lift,
    Verb.COMMENT: comment,
    Verb.AMEND: amend,
    Verb.MERGE: merge,
    Verb.VOID: void,
    Verb.WITHDRAW_EVIDENCE: withdraw_evidence,
}


def perform(verb: Verb, problem: Problem, *, by: User, **data: Any) -> Any:
    """Do a verb by its name; what pages, bulk work and the interface call. Raises DomainError kinds."""
    return FUNCTIONS[verb](problem, by=by, **data)


def available(problem: Problem, user: User) -> list[Move]:
    """The moves this person may make now, in the order of the table."""
    return [move for move in _legal(problem) if policy.refusal(move.verb, problem, user) is None]


def refused(problem: Problem, user: User) -> dict[Verb, str]:
    """The moves that the state allows but the person may not make, each with the reason."""
    reasons = {move.verb: policy.refusal(move.verb, problem, user) for move in _legal(problem)}
    return {verb: reason for verb, reason in reasons.items() if reason is not None}


def _legal(problem: Problem) -> list[Move]:
    """The moves the state allows; what the rights look at is read once (and not again where a page has read it)."""
    addressees = Prefetch("assignments", Assignment.objects.select_related("unit", "responsible"))
    parts = ("feedbacks", "extensions__assignment", "escalations", "attachments", "merged__assignments__unit")
    prefetch_related_objects([problem], addressees, *parts)
    return [move for move in MOVES if legal(move.verb, problem.status, problem.route)]


__all__ = [
    "NUMBER_KIND",
    "BY_VERB",
    "FUNCTIONS",
    "MOVES",
    "Addressee",
    "Move",
    "Shot",
    "amend",
    "ask_extension",
    "assign",
    "available",
    "begin",
    "begin_work",
    "claim",
    "close",
    "comment",
    "decide_extension",
    "diagram",
    "escalate",
    "fix_on_spot",
    "hand_back",
    "illegal",
    "legal",
    "lift",
    "merge",
    "name_candidates",
    "name_missing",
    "number_text",
    "open_batch",
    "pause",
    "perform",
    "recheck",
    "refused",
    "release",
    "reopen",
    "report",
    "report_back",
    "resume",
    "send_back",
    "to_central",
    "verify",
    "void",
    "withdraw_evidence",
]
