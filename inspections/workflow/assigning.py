"""Handing on: assign, hand back, release an addressee, name one that was missing."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from casetracker.dates import short_date
from casetracker.errors import Invalid, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import NumberSeries, Unit, User
from casetracker.transactions import together
from inspections import policy
from inspections.enums import AssignmentRole, AssignmentState, Clock, Decision, Status, Verb
from inspections.models import Assignment, Batch, Problem
from inspections.workflow import clocks, telling
from inspections.workflow.engine import Step, begin, fit, illegal, need


@dataclass(frozen=True)
class Addressee:
    """A unit and what it is to the problem."""

    unit: Unit
    role: AssignmentRole = AssignmentRole.LEAD


@together
def assign(
    problem: Problem,
    *,
    by: User,
    addressees: Sequence[Addressee],
    due_on: datetime.date | None = None,
    special: bool = False,
    goal: str = "",
    measures: str = "",
    acceptor: Unit | None = None,
    reason: str = "",
    batch: Batch | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """Hand a problem to its units; each has its own state and clocks (claim, first feedback, rectification).

    Without `due_on` the date comes from the rule in force (13710: ordinary 7 days, major 1 month), or from the usual
    term of the checklist item that raised the problem where that ends earlier. A date later than the rule's needs a
    reason. The first date of an earlier clock (imported, or of a unit that handed it back) stays. A
    special assignment (专项交办) goes to the lead, the sector regulator and the local
    government; one that is missing is shown, never invented. Where several units were possible, the reason
    for the choice is part of the record.
    """
    step = begin(Verb.ASSIGN, problem, by=by, now=now)
    if sum(one.role == AssignmentRole.LEAD for one in addressees) != 1:
        raise Invalid(_("Choose exactly one lead unit."), field="lead")
    _check_addressees(step, addressees, due_on)
    candidates = [unit.name_zh for unit in step.problem.candidates.all()]
    if len(candidates) > 1 and not reason.strip():
        raise Invalid(_("Several units were possible: say why it is this one."), field="reason")
    chosen = next(one.unit for one in addressees if one.role == AssignmentRole.LEAD)
    if candidates and not reason.strip() and chosen.name_zh not in candidates:
        raise Invalid(_("Another unit was named as possible: say why it is this one."), field="reason")
    if batch is not None and batch.office_id != step.problem.office_id:
        raise Invalid(_("The batch belongs to another office."), field="batch")
    _check_later(step, due_on, reason)
    clocks.end_pause(step)
    clocks.meet(step, Clock.DEPLOY)
    earlier = clocks.current(step, Clock.RECTIFY)
    first = earlier.first_due_on if earlier is not None else step.problem.first_due_on
    clocks.cancel(step, Clock.RECTIFY)
    rows = []
    for one in addressees:
        kept = first if one.role == AssignmentRole.LEAD else None
        rows.append(_hand_to(step, one, batch=batch, due_on=due_on, first_due_on=kept))
    lead = next(one.unit for one in addressees if one.role == AssignmentRole.LEAD)
    # Extensions are the unit's own: a new lead has had none.
    step.set(lead_unit=lead, responsible=None, responsible_name="", extension_count=0)
    if special and not step.problem.special:
        step.set(special=True, special_on=step.today)
    goal = fit(goal, "goal", Problem.goal)
    step.set(goal=goal or step.problem.goal, measures=measures.strip() or step.problem.measures)
    step.set(acceptor=acceptor or step.problem.acceptor or step.problem.team)
    clocks.follow(step)
    step.to(Status.ASSIGNED)
    event = step.finish(
        units=[{"unit": one.unit.name_zh, "role": one.role} for one in addressees],
        due_on=step.problem.due_on,
        batch=batch.number if batch else "",
        candidates=candidates,
        reason=reason.strip(),
        special=step.problem.special,
    )
    telling.tell(event, step.problem, telling.handlers(step.problem, rows), kind="assigned", due_on=step.problem.due_on)
    return step.problem


@together
def name_missing(
    problem: Problem,
    *,
    by: User,
    addressees: Sequence[Addressee],
    due_on: datetime.date | None = None,
    reason: str = "",
    now: datetime.datetime | None = None,
) -> Problem:
    """Name the sector regulator or the local government of a special assignment (专项交办) that runs without one.

    Missing are those that were not known when it was assigned, and those whose unit handed its part back or was
    released. Each gets its own clocks from today and answers like any addressee; the lead's go on. Without `due_on`
    the date comes from the rule, as on assignment. A role that somebody named meanwhile is IllegalMove.
    """
    step = begin(Verb.NAME_MISSING, problem, by=by, now=now)
    wanted = {AssignmentRole.REGULATOR, AssignmentRole.GOVERNMENT}
    if not addressees or not {one.role for one in addressees} <= wanted:
        raise Invalid(_("Choose the unit that was missing."), field="units")
    missing = policy.missing_roles(step.problem)
    if named := next((one.role for one in addressees if one.role not in missing), None):
        words = {"role": AssignmentRole(named).label}
        raise illegal(Verb.NAME_MISSING, step.problem, _("%(role)s: already named.") % words)
    _check_addressees(step, addressees, due_on)
    _check_later(step, due_on, reason)
    rows = [_hand_to(step, one, due_on=due_on) for one in addressees]
    due = clocks.held(step)[Clock.RECTIFY.value, rows[0].pk].due_on
    units = [{"unit": one.unit.name_zh, "role": one.role} for one in addressees]
    event = step.finish(units=units, due_on=due, reason=reason.strip())
    telling.tell(event, step.problem, telling.handlers(step.problem, rows), kind="assigned", due_on=due)
    return step.problem


def _hand_to(
    step: Step,
    one: Addressee,
    *,
    batch: Batch | None = None,
    due_on: datetime.date | None = None,
    first_due_on: datetime.date | None = None,
) -> Assignment:
    """The assignment to one unit, with its clocks from today on."""
    row = Assignment.objects.create(
        problem=step.problem,
        unit=one.unit,
        role=one.role,
        batch=batch,
        assigned_by=step.by,
        assigned_at=step.now,
        assigned_on=step.today,
    )
    clocks.start(step, Clock.CLAIM, unit=one.unit, part=row.pk)
    clocks.start(step, Clock.FEEDBACK, unit=one.unit, part=row.pk)
    clocks.start(step, Clock.RECTIFY, unit=one.unit, part=row.pk, due_on=due_on, first_due_on=first_due_on)
    return row


def _check_addressees(step: Step, addressees: Sequence[Addressee], due_on: datetime.date | None) -> None:
    """Refuse (Invalid) a unit that is named twice, has its part already or is gone, and a date that can't be."""
    units = [one.unit.pk for one in addressees] + [one.unit_id for one in policy.live_assignments(step.problem)]
    if len(set(units)) != len(units):
        raise Invalid(_("The same unit is named twice."), field="units")
    if any(one.unit.valid_until and one.unit.valid_until < step.today for one in addressees):
        raise Invalid(_("A unit that no longer exists can’t be assigned anything."), field="units")
    if due_on is not None:
        clocks.check_new_date(due_on, step.today)


def _check_later(step: Step, due_on: datetime.date | None, reason: str) -> None:
    """Refuse a date later than the rule's without a reason."""
    if due_on is None or reason.strip():
        return
    limit = clocks.by_rule(step)
    if due_on > limit:
        words = {"date": short_date(limit, step.today)}
        raise Invalid(_("The rule gives until %(date)s: say why it is later.") % words, field="reason")


@together
def open_batch(
    *,
    by: User,
    office: Unit,
    title: str,
    requirement: str = "",
    batch_id: UUID | None = None,
    now: datetime.datetime | None = None,
) -> Batch:
    """Give a central assignment (集中交办) its number; its problems are then assigned one by one to it."""
    moment = now or timezone.now()
    if not policy.supervises_office(by, office):
        raise NotAllowed(gettext_lazy("Only a supervisor of the office may do this."))
    day = timezone.localdate(moment)
    seq = NumberSeries.take(office.pk, "batch", day.year)
    prefix = (office.number_prefix or office.short) + "交"
    return Batch.objects.create(
        pk=batch_id or uuid7(),
        office=office,
        number=f"{prefix}〔{day.year}〕{seq}号",
        issued_on=day,
        issued_by=by,
        issued_at=moment,
        title=need(title, gettext_lazy("Give the batch a title."), "title", Batch.title),
        requirement=requirement.strip(),
    )


@together
def hand_back(
    problem: Problem,
    *,
    by: User,
    reason: str,
    now: datetime.datetime | None = None,
) -> Problem:
    """Not ours: the lead (or a supervisor, recalling it) gives the problem back to be assigned anew.

    A co-handler's hand-back ends only its own assignment, also while the lead puts it right; the rest may complete
    the report.
    """
    from inspections.workflow.rectifying import settle_reported

    step = begin(Verb.HAND_BACK, problem, by=by, now=now)
    why = need(reason, _("Say why it is not yours."), "reason")
    own = policy.own_assignment(by, step.problem)
    if own is not None and own.role != AssignmentRole.LEAD:
        _end(step, own, AssignmentState.HANDED_BACK, why)
        told = telling.supervisors(step.problem)
        if settle_reported(step):
            told += telling.inspectors(step.problem)
        event = step.finish(reason=why, unit=own.unit.name_zh, only_own=True)
        telling.tell(event, step.problem, told, reason=why)
        return step.problem
    told = telling.handlers(step.problem)
    unit = step.problem.lead_unit
    clocks.end_pause(step)
    for one in step.problem.assignments.live():
        is_lead = one.role == AssignmentRole.LEAD
        _end(step, one, AssignmentState.HANDED_BACK if is_lead else AssignmentState.RELEASED, why)
    step.set(lead_unit=None, responsible=None, responsible_name="")
    clocks.follow(step)
    step.to(Status.FOUND)
    clocks.start(step, Clock.DEPLOY, unit=step.problem.office)
    event = step.finish(reason=why, unit=unit.name_zh if unit else "", recalled=own is None)
    telling.tell(event, step.problem, [*telling.supervisors(step.problem), *told], reason=why)
    return step.problem


@together
def release(
    problem: Problem, *, by: User, assignment: Assignment, reason: str, now: datetime.datetime | None = None
) -> Problem:
    """Let an addressee other than the lead go, with a reason; the rest may complete the report."""
    from inspections.workflow.rectifying import settle_reported

    step = begin(Verb.RELEASE, problem, by=by, now=now)
    why = need(reason, _("Say why it is released."), "reason")
    one = step.problem.assignments.live().filter(pk=assignment.pk).select_related("unit", "responsible").first()
    if one is None or one.role == AssignmentRole.LEAD:
        raise Invalid(_("Only a unit besides the lead can be released."), field="assignment")
    told = telling.handlers(step.problem, [one])
    _end(step, one, AssignmentState.RELEASED, why)
    if settle_reported(step):
        told += telling.inspectors(step.problem)
    event = step.finish(unit=one.unit.name_zh, reason=why)
    telling.tell(event, step.problem, told, reason=why)
    return step.problem


def end_assignments(step: Step, state: AssignmentState, reason: str) -> None:
    """End every live assignment of the problem and its clocks."""
    for one in step.problem.assignments.live():
        _end(step, one, state, reason)


def _end(step: Step, one: Assignment, state: AssignmentState, reason: str) -> None:
    one.state = state
    one.ended_on = step.today
    one.end_reason = reason[:300]
    one.save(update_fields=["state", "ended_on", "end_reason"])
    drop_requests(step, one, gettext_noop("The assignment ended."))
    clocks.cancel(step, *Clock, part=one.pk)


def settle_fixed(step: Step, on: datetime.date) -> None:
    """Somebody saw it put right on the day: every addressee has answered and every rectification clock is met."""
    for one in step.problem.assignments.live():
        clocks.meet(step, Clock.RECTIFY, part=one.pk, on=on)
        drop_requests(step, one, gettext_noop("Put right meanwhile."))
        if one.state != AssignmentState.REPORTED:
            one.state, one.reported_at = AssignmentState.REPORTED, step.now
            one.save(update_fields=["state", "reported_at"])
    clocks.meet(step, Clock.RECTIFY, on=on)
    clocks.follow(step)


def drop_requests(step: Step, one: Assignment, note: str) -> None:
    """A request for more time that nobody decided has lost its object; `note` says why, marked by gettext_noop."""
    if clocks.current(step, Clock.EXTENSION, one.pk) is None:
        return
    # A request that was decided left its clock behind, met.
    undecided = one.extensions.filter(decision=Decision.PENDING)
    if undecided.update(decision=Decision.LAPSED, decided_at=step.now, decision_note=note):
        step.lapsed.append(one.unit.name_zh)
    clocks.cancel(step, Clock.EXTENSION, part=one.pk)
