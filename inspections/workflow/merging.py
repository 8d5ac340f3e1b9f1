"""Merging (并案): one problem ends in another that tells of the same thing."""

import datetime

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.errors import Invalid
from casetracker.models import User
from casetracker.transactions import together
from inspections.enums import Audience, Status, Verb, VoidKind
from inspections.models import Attachment, Comment, Feedback, Problem, Recheck
from inspections.workflow import telling
from inspections.workflow.amending import end
from inspections.workflow.engine import SUBJECT, Step, begin, lock_both, need
from inspections.workflow.table import DONE

# After so many failed re-inspections a supervision order (督办) is proposed.
PROPOSED_AT = 2


@together
def merge(
    problem: Problem, *, by: User, survivor: Problem, reason: str, now: datetime.datetime | None = None
) -> Problem:
    """并案: this problem ends in another one, which takes over its photos, reports, re-inspections and finders, and
    is counted in its place.

    What came over shows how the place was before, but proves no fix: the survivor's own must be shown and judged.
    Words with this problem's unit stay here, where that unit reads them. Both rows are locked in the order of their
    ids, so that two merges at once can't wait for each other. Raises Invalid for a survivor that can't take it over.
    """
    lock_both(problem, survivor)
    step = begin(Verb.MERGE, problem, by=by, now=now)
    why = need(reason, _("Say why they are the same."), "reason")
    if survivor.pk == step.problem.pk:
        raise Invalid(_("A problem can’t be merged into itself."), field="survivor")
    other = begin(Verb.COMMENT, survivor, by=by, now=now)
    other.verb, other.unit = Verb.MERGE, step.unit
    _check(step.problem, other.problem)
    told = [*telling.handlers(step.problem), *telling.inspectors(step.problem)]
    end(step, VoidKind.DUPLICATE, why)
    _hand_over(step, other)
    step.set(merged_into=other.problem)
    event = step.finish(reason=why, survivor=other.problem.number)
    taken = other.finish(reason=why, merged=step.problem.number)
    _lead_on(step, other.problem, why)
    telling.tell(event, step.problem, told, reason=why, survivor=other.problem.number)
    failed, before = other.problem.failed_rechecks, other.before.get("failed_rechecks")
    if before is not None and before < PROPOSED_AT <= failed and other.problem.status not in DONE:
        telling.tell(taken, other.problem, telling.supervisors(other.problem), kind="propose_escalation")
    return step.problem


def _check(problem: Problem, survivor: Problem) -> None:
    """Refuse a survivor of another office, and one that is further on: its fix was judged, this one's was not."""
    if survivor.office_id != problem.office_id:
        raise Invalid(_("Both must belong to the same office."), field="survivor")
    judged = survivor.status == Status.VERIFIED and problem.status not in DONE
    if judged or (survivor.status == Status.CLOSED and problem.is_open):
        words = {"number": survivor.number, "state": survivor.get_status_display()}
        message = _("%(number)s is “%(state)s” and this one is still open: reopen that one first.")
        raise Invalid(message % words, field="survivor")


def _hand_over(step: Step, other: Step) -> None:
    """Give the survivor what was gathered about the problem, each part marked with where it came from."""
    problem, survivor = step.problem, other.problem
    for rows in (Attachment, Recheck):
        came_from = Coalesce(F("came_from"), problem.pk)
        rows.objects.filter(problem=problem).update(problem=survivor, came_from=came_from)
    Feedback.objects.filter(problem=problem).update(problem=survivor)
    # What was said to a unit was not said to the survivor's.
    Comment.objects.filter(problem=problem, audience=Audience.INTERNAL).update(problem=survivor)
    survivor.finders.add(problem.team, *problem.finders.all())
    if survivor.visit_id is None:
        other.set(visit=problem.visit)
    other.set(failed_rechecks=survivor.failed_rechecks + problem.failed_rechecks)


def _lead_on(step: Step, survivor: Problem, reason: str) -> None:
    """What was merged into this problem before goes along, so that each leads straight to the one that lives."""
    for earlier in step.problem.merged.order_by("pk"):
        audit.record(
            subject_type=SUBJECT,
            subject_id=earlier.pk,
            label=earlier.number,
            verb=Verb.MERGE.value,
            by=step.by,
            at=step.now,
            actor_unit=step.unit,
            before={"merged_into": step.problem.number},
            after={"merged_into": survivor.number},
            survivor=survivor.number,
            reason=reason,
        )
    step.problem.merged.update(merged_into=survivor)
