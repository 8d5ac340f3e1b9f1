"""Putting right: claim, begin, report back, ask for more time and decide on it."""

import datetime
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from casetracker.enums import Role
from casetracker.errors import Invalid, NotAllowed
from casetracker.models import DeadlineRule, Evidence, User
from casetracker.transactions import together
from inspections import policy
from inspections.enums import (
    AssignmentRole,
    AssignmentState,
    Clock,
    Decision,
    Phase,
    Severity,
    Status,
    Verb,
)
from inspections.models import Assignment, Extension, Feedback, Problem
from inspections.workflow import clocks, telling
from inspections.workflow.assigning import drop_requests
from inspections.workflow.engine import Step, begin, fit, illegal, need
from inspections.workflow.evidence import Shot, attach, need_photo, shown_fixed


def _own(step: Step, by: User) -> Assignment:
    own = policy.own_assignment(by, step.problem)
    if own is None:
        raise illegal(step.verb, step.problem)
    return own


@together
def claim(
    problem: Problem,
    *,
    by: User,
    responsible: User | None = None,
    responsible_name: str = "",
    now: datetime.datetime | None = None,
) -> Problem:
    """A member of an assigned unit takes it on and names who is responsible (the claimer by default)."""
    step = begin(Verb.CLAIM, problem, by=by, now=now)
    own = _own(step, by)
    if responsible is not None and own.unit not in responsible.units_as(Role.HANDLER):
        raise Invalid(_("The responsible person must handle for the unit."), field="responsible")
    named = fit(responsible_name, "responsible_name", Assignment.responsible_name)
    person = responsible or (None if named else by)
    own.state = AssignmentState.CLAIMED
    own.claimed_by = by
    own.claimed_at = step.now
    own.responsible = person
    own.responsible_name = named or str(person or "")
    own.save(update_fields=["state", "claimed_by", "claimed_at", "responsible", "responsible_name"])
    clocks.meet(step, Clock.CLAIM, part=own.pk)
    if own.role == AssignmentRole.LEAD:
        step.set(responsible=person, responsible_name=own.responsible_name)
        if step.problem.status == Status.ASSIGNED:
            step.to(Status.CLAIMED)
    step.finish(unit=own.unit.name_zh, responsible=own.responsible_name)
    return step.problem


@together
def begin_work(
    problem: Problem, *, by: User, plan: str = "", goal: str = "", now: datetime.datetime | None = None
) -> Problem:
    """The lead starts putting it right; a major problem needs a plan (一企一策). Meets the first-feedback clock."""
    step = begin(Verb.BEGIN, problem, by=by, now=now)
    if step.problem.severity == Severity.MAJOR:
        need(plan or step.problem.measures, _("A major problem needs a plan before work begins."), "plan")
    if plan.strip():
        step.set(measures=plan.strip())
    if goal.strip():
        step.set(goal=fit(goal, "goal", Problem.goal))
    own = _own(step, by)
    clocks.meet(step, Clock.FEEDBACK, part=own.pk)
    step.to(Status.RECTIFYING)
    event = step.finish(unit=own.unit.name_zh, plan=plan.strip())
    telling.tell(event, step.problem, telling.inspectors(step.problem), plan=plan.strip())
    return step.problem


@together
def report_back(
    problem: Problem,
    *,
    by: User,
    text: str,
    shots: Sequence[Shot] = (),
    papers: Sequence[Evidence] = (),
    now: datetime.datetime | None = None,
) -> Problem:
    """An addressee reports it put right, with at least one after-photo; never closes anything.

    The addressee's rectification clock is met this day. The problem is reported once the lead and every
    other addressee have reported or were released.
    """
    step = begin(Verb.REPORT_BACK, problem, by=by, now=now)
    said = need(text, _("Say what was done."), "text")
    need_photo(shots, _("Add at least one photo of how it is now."), "shots")
    own = policy.own_assignment(by, step.problem)
    feedback = Feedback.objects.create(
        problem=step.problem, assignment=own, by=by, at=step.now, text=said, done_on=step.today
    )
    attach(step, shots, Phase.AFTER, feedback=feedback)
    attach(step, [Shot(paper) for paper in papers], Phase.PAPER, feedback=feedback)
    if own is not None:
        own.state = AssignmentState.REPORTED
        own.reported_at = step.now
        own.save(update_fields=["state", "reported_at"])
        drop_requests(step, own, gettext_noop("Reported back meanwhile."))
        for clock in (Clock.CLAIM, Clock.FEEDBACK, Clock.RECTIFY):
            clocks.meet(step, clock, part=own.pk)
    else:
        clocks.meet(step, Clock.RECTIFY)
    clocks.follow(step)
    if own is None or own.role == AssignmentRole.LEAD:
        step.set(fixed_by=by)
    complete = settle_reported(step, reported_without_unit=own is None)
    event = step.finish(
        unit=own.unit.name_zh if own else "",
        text=said,
        photos=len(shots),
        papers=len(papers),
        late_days=_late_days(step.problem),
    )
    if complete:
        telling.tell(event, step.problem, telling.inspectors(step.problem), text=said)
    return step.problem


def _late_days(problem: Problem) -> int:
    if problem.due_on is None or problem.met_on is None:
        return 0
    return max(0, (problem.met_on - problem.due_on).days)


def settle_reported(step: Step, *, reported_without_unit: bool = False) -> bool:
    """Move the problem to reported when nobody's answer is missing any more; then verification is due."""
    live = list(step.problem.assignments.live())
    complete = reported_without_unit or (
        any(one.role == AssignmentRole.LEAD for one in live)
        and all(one.state == AssignmentState.REPORTED for one in live)
    )
    if not complete or step.problem.status != Status.RECTIFYING:
        return False
    clocks.end_pause(step)
    step.to(Status.REPORTED)
    clocks.start(step, Clock.VERIFY, unit=step.problem.team)
    return True


def take_back(step: Step, feedback: Feedback | None) -> bool:
    """A photo of this report was withdrawn: where its unit has none left that shows it put right, it has not
    reported. True where the problem itself went back to be put right.

    Once the fix was verified it no longer rests on the report alone.
    """
    if (
        feedback is None
        or feedback.assignment_id is None
        or step.problem.status not in (Status.RECTIFYING, Status.REPORTED)
    ):
        return False
    own = step.problem.assignments.live().filter(pk=feedback.assignment_id, state=AssignmentState.REPORTED).first()
    if own is None or shown_fixed(step.problem).filter(feedback__assignment=own).exists():
        return False
    back = step.problem.status == Status.REPORTED
    if back:
        clocks.end_pause(step)
        clocks.cancel(step, Clock.VERIFY)
    own.state, own.reported_at = AssignmentState.CLAIMED, None
    own.save(update_fields=["state", "reported_at"])
    if (row := clocks.current(step, Clock.RECTIFY, own.pk)) is not None:
        clocks.unmeet(step, row)
    if own.role == AssignmentRole.LEAD:
        step.set(fixed_by=None)
    clocks.follow(step)
    step.to(Status.RECTIFYING)
    return back


@together
def ask_extension(
    problem: Problem,
    *,
    by: User,
    reason: str,
    plan: str,
    wanted_on: datetime.date,
    now: datetime.datetime | None = None,
) -> Extension:
    """Ask for a later date with a reason and a dated plan (13710: what can't be solved in time needs both).

    In time when the server has it before the cut-off hour of the due day; a later one is accepted and
    marked late. The present date holds until the decision.
    """
    step = begin(Verb.ASK_EXTENSION, problem, by=by, now=now)
    own = _own(step, by)
    why = need(reason, _("Say why more time is needed."), "reason")
    how = need(plan, _("Say what will be done by when."), "plan")
    row = clocks.current(step, Clock.RECTIFY, own.pk)
    if row is None or row.met_on is not None:
        raise illegal(Verb.ASK_EXTENSION, step.problem)
    if wanted_on <= max(row.due_on, step.today):
        raise Invalid(_("Choose a day after the present date and after today."), field="wanted_on")
    clocks.check_new_date(wanted_on, step.today, "wanted_on")
    rule = DeadlineRule.objects.in_force(Clock.EXTENSION, step.today)
    local = timezone.localtime(step.now)
    cutoff = rule.cutoff or datetime.time(23, 59, 59)
    is_late = step.today > row.due_on or (step.today == row.due_on and local.time() >= cutoff)
    extension = Extension.objects.create(
        problem=step.problem,
        assignment=own,
        asked_by=by,
        asked_at=step.now,
        is_late=is_late,
        reason=why,
        plan=how,
        wanted_on=wanted_on,
        old_due_on=row.due_on,
    )
    clocks.start(step, Clock.EXTENSION, unit=step.problem.office, part=own.pk)
    event = step.finish(unit=own.unit.name_zh, reason=why, plan=how, wanted_on=wanted_on, is_late=is_late)
    deciders = telling.leaders if policy.needs_leader(step.problem, extension) else telling.supervisors
    telling.tell(event, step.problem, deciders(step.problem), wanted_on=wanted_on, reason=why)
    return extension


@together
def decide_extension(
    problem: Problem,
    *,
    by: User,
    extension: Extension,
    granted_on: datetime.date | None,
    note: str = "",
    now: datetime.datetime | None = None,
) -> Problem:
    """Grant a request until a day (the wanted one or another) or refuse it (None). Refusing, and a later day than was
    asked for, need a note.

    The first date stays visible for ever. After two granted ones only the leader decides.
    """
    step = begin(Verb.DECIDE_EXTENSION, problem, by=by, now=now)
    row = Extension.objects.select_for_update().select_related("assignment__unit").get(pk=extension.pk)
    if row.problem_id != step.problem.pk or row.decision != Decision.PENDING:
        raise illegal(Verb.DECIDE_EXTENSION, step.problem)
    clock = clocks.current(step, Clock.RECTIFY, row.assignment_id)
    if clock is None or clock.met_on is not None:
        raise illegal(Verb.DECIDE_EXTENSION, step.problem)
    if reason := policy.may_not_decide(step.problem, by, row):
        raise NotAllowed(reason)
    if granted_on is None:
        need(note, _("Say why it is refused."), "note")
    else:
        clocks.check_new_date(granted_on, step.today, "granted_on")
        if granted_on <= clock.due_on:
            raise Invalid(_("The new date must lie after the present one."), field="granted_on")
        if granted_on > row.wanted_on:
            need(note, _("This is later than was asked for: say why."), "note")
    row.decision = Decision.REFUSED if granted_on is None else Decision.GRANTED
    row.decided_by, row.decided_at = by, step.now
    row.granted_on, row.decision_note = granted_on, note.strip()
    row.save(update_fields=["decision", "decided_by", "decided_at", "granted_on", "decision_note"])
    clocks.meet(step, Clock.EXTENSION, part=row.assignment_id)
    if granted_on is not None:
        clocks.agree(step, clock, granted_on, cause="extended", reason=row.reason)
        if row.assignment.role == AssignmentRole.LEAD:
            step.set(extension_count=step.problem.extension_count + 1)
        clocks.follow(step)
    event = step.finish(
        unit=row.assignment.unit.name_zh, granted_on=granted_on, old_due_on=row.old_due_on, note=note.strip()
    )
    told = telling.handlers(step.problem, [row.assignment])
    if row.assignment.unit in row.asked_by.units_as(Role.HANDLER):
        told.append(row.asked_by)
    telling.tell(event, step.problem, told, granted_on=granted_on, note=note.strip())
    return step.problem
