"""Putting the record right: amend, merge, void, withdraw evidence."""

import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from casetracker import calendars
from casetracker.errors import Invalid
from casetracker.models import Deadline, DeadlineRule, User
from casetracker.workdays import count
from inspections import deadlines
from inspections.enums import AssignmentState, Clock, Phase, Status, Verb, VoidKind
from inspections.models import Attachment, Comment, Feedback, Problem, Recheck
from inspections.searching import index_problem
from inspections.workflow import clocks, telling
from inspections.workflow.assigning import end_assignments
from inspections.workflow.engine import SUBJECT, Step, begin, need
from inspections.workflow.evidence import standing

AMENDABLE = (
    "district",
    "site",
    "kind",
    "severity",
    "party",
    "party_name",
    "found_on",
    "team",
    "description",
    "internal_note",
    "quantity",
    "lat",
    "lon",
    "source",
    "source_ref",
)


@transaction.atomic
def amend(problem: Problem, *, by: User, reason: str, now: datetime.datetime | None = None, **values: Any) -> Problem:
    """Correct what the record says; number and history stay, deadlines are computed anew, and the teams that
    lose or gain the problem are told.

    `values` may hold the columns of AMENDABLE. Raises Invalid when nothing would change.
    """
    step = begin(Verb.AMEND, problem, by=by, now=now)
    why = need(reason, _("Say why it is changed."), "reason")
    unknown = set(values) - set(AMENDABLE)
    if unknown:
        raise Invalid(_("These can’t be changed: %(names)s.") % {"names": ", ".join(sorted(unknown))})
    found_on = values.get("found_on", step.problem.found_on)
    if found_on > step.today:
        raise Invalid(_("The day it was found can’t lie in the future."), field="found_on")
    if "description" in values:
        values["description"] = need(values["description"], _("Say what is wrong."), "description")
    team_before = step.problem.team
    step.set(**values)
    if step.problem.site_id and "site" in values:
        step.set(site_name=step.problem.site.name)
        if "district" not in values:
            step.set(district=step.problem.site.district)
    if not step.changed:
        raise Invalid(_("Nothing was changed."))
    if step.changed & {"found_on", "severity"}:
        _recount(step)
    step.problem.search = index_problem(step.problem)  # type: ignore[assignment]
    step.changed.add("search")
    event = step.finish(reason=why)
    told = telling.handlers(step.problem)
    if "team" in step.after:
        told += telling.people_of([team_before, step.problem.team], "inspector")
    telling.tell(event, step.problem, told, reason=why)
    return step.problem


def _recount(step: Step) -> None:
    """Compute the rectification clocks anew from the rule that now fits; an agreed date stays as it is."""
    for row in Deadline.objects.of(SUBJECT, step.problem.pk).current().filter(clock=Clock.RECTIFY):
        if row.amount is None or row.agreed:
            continue
        started = step.problem.found_on if step.problem.route == "on_spot" else row.started_on
        code = deadlines.rule_code(Clock.RECTIFY, severity=step.problem.severity, route=step.problem.route)
        rule = DeadlineRule.objects.in_force(code, started)
        counted = count(started, deadlines.term_of(rule), calendars.load(), deadlines.stops_of(row.stops, step.today))
        clocks.change(
            step,
            row,
            rule=rule,
            amount=rule.amount,
            term_unit=rule.unit,
            roll=rule.roll,
            started_on=started,
            first_due_on=counted.due_on,
            due_on=counted.due_on,
            provisional=counted.provisional,
        )
    clocks.follow(step)


@transaction.atomic
def merge(
    problem: Problem, *, by: User, survivor: Problem, reason: str, now: datetime.datetime | None = None
) -> Problem:
    """并案: this problem ends in another one, which takes over its photos, reports and finders; counted once.

    Both rows are locked in the order of their ids, so that two merges at once can't wait for each other.
    """
    for one in sorted((problem.pk, survivor.pk)):
        Problem.objects.select_for_update(of=("self",)).only("pk").get(pk=one)
    step = begin(Verb.MERGE, problem, by=by, now=now)
    why = need(reason, _("Say why they are the same."), "reason")
    if survivor.pk == step.problem.pk:
        raise Invalid(_("A problem can’t be merged into itself."), field="survivor")
    other = begin(Verb.COMMENT, survivor, by=by, now=now)
    other.verb = Verb.MERGE
    if other.problem.office_id != step.problem.office_id:
        raise Invalid(_("Both must belong to the same office."), field="survivor")
    told = telling.handlers(step.problem)
    end_assignments(step, AssignmentState.RELEASED, why)
    Attachment.objects.filter(problem=step.problem).update(problem=other.problem)
    Feedback.objects.filter(problem=step.problem).update(problem=other.problem)
    Recheck.objects.filter(problem=step.problem).update(problem=other.problem)
    Comment.objects.filter(problem=step.problem).update(problem=other.problem)
    other.problem.finders.add(step.problem.team, *step.problem.finders.all())
    _end(step, VoidKind.DUPLICATE)
    step.set(merged_into=other.problem)
    event = step.finish(reason=why, survivor=other.problem.number)
    other.finish(reason=why, merged=step.problem.number)
    telling.tell(event, step.problem, told, reason=why, survivor=other.problem.number)
    return step.problem


@transaction.atomic
def void(problem: Problem, *, by: User, kind: VoidKind, reason: str, now: datetime.datetime | None = None) -> Problem:
    """Take a row out of the count with a kind and a reason; its number is never given again."""
    step = begin(Verb.VOID, problem, by=by, now=now)
    why = need(reason, _("Say why it is voided."), "reason")
    if kind not in VoidKind.values:
        raise Invalid(_("Choose a kind."), field="kind")
    told = telling.handlers(step.problem)
    end_assignments(step, AssignmentState.RELEASED, why)
    _end(step, kind)
    event = step.finish(kind=kind, reason=why)
    telling.tell(event, step.problem, told, reason=why)
    return step.problem


def _end(step: Step, kind: VoidKind) -> None:
    clocks.cancel_all(step)
    step.set(void_kind=kind, paused_since=None)
    step.to(Status.VOID)


@transaction.atomic
def withdraw_evidence(
    problem: Problem,
    *,
    by: User,
    attachment: Attachment,
    reason: str,
    belongs_to: Problem | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """Take a file out of a problem's record, or give it to the problem it belongs to.

    The file, its hash and its custody log stay. Where a gate no longer holds (nothing shows it fixed), the
    problem goes back to rectifying.
    """
    step = begin(Verb.WITHDRAW_EVIDENCE, problem, by=by, now=now)
    why = need(reason, _("Say why the file is withdrawn."), "reason")
    row = (
        Attachment.objects.select_for_update()
        .filter(pk=attachment.pk, problem=step.problem, withdrawn_at__isnull=True)
        .first()
    )
    if row is None:
        raise Invalid(_("This file was withdrawn already."), field="attachment")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_reason = step.now, by, why[:300]
    if belongs_to is not None:
        row.moved_to = belongs_to
        Attachment.objects.create(
            problem=belongs_to,
            evidence_id=row.evidence_id,
            phase=row.phase,
            caption=row.caption,
            taken_at=row.taken_at,
            lat=row.lat,
            lon=row.lon,
            accuracy=row.accuracy,
            added_by=by,
            added_at=step.now,
        )
    row.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason", "moved_to"])
    back = _gate_lost(step.problem)
    if back:
        _back_to_rectifying(step)
    event = step.finish(
        reason=why,
        file=row.evidence_id[:12],
        belongs_to=belongs_to.number if belongs_to else "",
        back=back,
    )
    if back:
        told = [*telling.handlers(step.problem), *telling.inspectors(step.problem)]
        telling.tell(event, step.problem, told, reason=why)
    return step.problem


def _gate_lost(problem: Problem) -> bool:
    if problem.status not in (Status.REPORTED, Status.VERIFIED) or problem.import_batch_id is not None:
        return False
    fixed = standing(problem, Phase.AFTER, Phase.RECHECK).exists()
    return not fixed or not standing(problem, Phase.BEFORE).exists()


def _back_to_rectifying(step: Step) -> None:
    """The fix is no longer shown: its clock is unmade, with the date it had."""
    clocks.cancel(step, Clock.VERIFY, Clock.CLOSE)
    for row in Deadline.objects.of(SUBJECT, step.problem.pk).current().filter(clock=Clock.RECTIFY):
        clocks.change(step, row, met_on=None)
    for one in step.problem.assignments.live():
        one.state, one.reported_at = AssignmentState.CLAIMED, None
        one.save(update_fields=["state", "reported_at"])
    step.set(fixed_by=None, verified_by=None, verified_by_name="", verified_on=None)
    clocks.follow(step)
    step.to(Status.RECTIFYING)
