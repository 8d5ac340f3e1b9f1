"""The forms of inspections: one per verb of the workflow."""

from inspections.enums import Verb

from .base import VerbForm
from .correcting import AmendForm, MergeForm, VoidForm, WithdrawEvidenceForm
from .handing import AssignForm, HandBackForm, NameCandidatesForm, NameMissingForm, ReleaseForm, ToCentralForm
from .judging import CloseForm, JudgeForm, RecheckForm, ReopenForm
from .overseeing import CommentForm, EscalateForm, LiftForm, PauseForm, ResumeForm
from .rectifying import (
    AskExtensionForm,
    BeginForm,
    ClaimForm,
    DecideExtensionForm,
    FixOnSpotForm,
    ReportBackForm,
)

VERB_FORMS: dict[Verb, type[VerbForm]] = {
    Verb.FIX_ON_SPOT: FixOnSpotForm,
    Verb.TO_CENTRAL: ToCentralForm,
    Verb.NAME_CANDIDATES: NameCandidatesForm,
    Verb.ASSIGN: AssignForm,
    Verb.HAND_BACK: HandBackForm,
    Verb.RELEASE: ReleaseForm,
    Verb.NAME_MISSING: NameMissingForm,
    Verb.CLAIM: ClaimForm,
    Verb.BEGIN: BeginForm,
    Verb.REPORT_BACK: ReportBackForm,
    Verb.ASK_EXTENSION: AskExtensionForm,
    Verb.DECIDE_EXTENSION: DecideExtensionForm,
    Verb.RECHECK: RecheckForm,
    Verb.VERIFY: JudgeForm,
    Verb.SEND_BACK: JudgeForm,
    Verb.CLOSE: CloseForm,
    Verb.REOPEN: ReopenForm,
    Verb.PAUSE: PauseForm,
    Verb.RESUME: ResumeForm,
    Verb.ESCALATE: EscalateForm,
    Verb.LIFT: LiftForm,
    Verb.COMMENT: CommentForm,
    Verb.AMEND: AmendForm,
    Verb.MERGE: MergeForm,
    Verb.VOID: VoidForm,
    Verb.WITHDRAW_EVIDENCE: WithdrawEvidenceForm,
}

__all__ = ["VERB_FORMS", "VerbForm"]
