"""Keeping at it: pause and resume the clock, escalate and lift, comment."""

import datetime

from django.utils.translation import gettext as _

from casetracker.enums import Role
from casetracker.models import User
from casetracker.transactions import together
from inspections import policy
from inspections.enums import Audience, Clock, EscalationLevel, Verb
from inspections.models import Comment, Escalation, Problem
from inspections.workflow import clocks, telling
from inspections.workflow.engine import begin, need


@together
def pause(problem: Problem, *, by: User, reason: str, now: datetime.datetime | None = None) -> Problem:
    """Stop every clock of the problem from today, with a reason (an alert's stop order, a court's word)."""
    step = begin(Verb.PAUSE, problem, by=by, now=now)
    why = need(reason, _("Say why the clock stops."), "reason")
    clocks.pause(step, why)
    event = step.finish(reason=why)
    telling.tell(event, step.problem, telling.handlers(step.problem), reason=why)
    return step.problem


@together
def resume(problem: Problem, *, by: User, reason: str = "", now: datetime.datetime | None = None) -> Problem:
    """The clocks go on; the days they stood still move their dates."""
    step = begin(Verb.RESUME, problem, by=by, now=now)
    same_day = step.problem.paused_since == step.today
    clocks.resume(step)
    clocks.follow(step)
    event = step.finish(reason=reason.strip(), due_on=step.problem.due_on, same_day=same_day)
    telling.tell(event, step.problem, telling.handlers(step.problem), due_on=step.problem.due_on)
    return step.problem


@together
def escalate(
    problem: Problem,
    *,
    by: User | None,
    reason: str,
    level: EscalationLevel = EscalationLevel.SUPERVISION,
    due_on: datetime.date | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """Open a supervision order (督办) or a stronger measure, with a date for the answer of its own.

    `by` is None for the sweep at the second overdue. Everybody who handles for the lead unit is told,
    its head among them, not only who is responsible.
    """
    step = begin(Verb.ESCALATE, problem, by=by, now=now)
    why = need(reason, _("Say why it is escalated."), "reason", Escalation.reason)
    if due_on is not None:
        clocks.check_new_date(due_on, step.today)
    row = Escalation.objects.create(
        problem=step.problem,
        level=level,
        unit=step.problem.lead_unit,
        by=by,
        at=step.now,
        reason=why,
        due_on=due_on,
    )
    if due_on is not None:
        clocks.start(step, Clock.ESCALATION, unit=step.problem.lead_unit, part=row.pk, due_on=due_on)
    event = step.finish(level=level, reason=why, due_on=due_on)
    told = [*telling.handlers(step.problem), *telling.supervisors(step.problem)]
    if step.problem.lead_unit is not None:
        told += telling.people_of([step.problem.lead_unit], Role.HANDLER)
    telling.tell(event, step.problem, told, level=level, reason=why, due_on=due_on)
    return step.problem


@together
def lift(
    problem: Problem,
    *,
    by: User,
    reason: str,
    escalation: Escalation | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """End an escalation (all of them when none is named), with a reason."""
    step = begin(Verb.LIFT, problem, by=by, now=now)
    why = need(reason, _("Say why it is lifted."), "reason", Escalation.lifted_reason)
    rows = step.problem.escalations.filter(lifted_on__isnull=True)
    if escalation is not None:
        rows = rows.filter(pk=escalation.pk)
    levels = []
    for row in rows:
        row.lifted_on, row.lifted_by, row.lifted_reason = step.today, by, why
        row.save(update_fields=["lifted_on", "lifted_by", "lifted_reason"])
        clocks.meet(step, Clock.ESCALATION, part=row.pk)
        levels.append(row.level)
    event = step.finish(levels=levels, reason=why)
    telling.tell(event, step.problem, telling.handlers(step.problem), reason=why)
    return step.problem


@together
def comment(
    problem: Problem,
    *,
    by: User,
    text: str,
    audience: Audience = Audience.INTERNAL,
    now: datetime.datetime | None = None,
) -> Comment:
    """A word to the unit, or a note that stays inside the office; what a handler writes goes to the office.

    A unit's word on how things stand is its first feedback (13710: within 3 days).
    """
    step = begin(Verb.COMMENT, problem, by=by, now=now)
    said = need(text, _("Write something first."), "text")
    inside = policy.inspects(by, step.problem) or policy.supervises(by, step.problem)
    own = None if inside else policy.own_assignment(by, step.problem)
    if own is not None:
        clocks.meet(step, Clock.FEEDBACK, part=own.pk)
    row = Comment.objects.create(
        problem=step.problem, by=by, at=step.now, audience=audience if inside else Audience.UNIT, text=said
    )
    event = step.finish(audience=row.audience)
    if row.audience == Audience.UNIT:
        told = telling.handlers(step.problem) if inside else telling.inspectors(step.problem)
        telling.tell(event, step.problem, told, text=said)
    return row
