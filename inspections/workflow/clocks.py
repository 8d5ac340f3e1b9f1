"""The clocks of a problem: the only writer of its Deadline rows and of its plain clock columns."""

import datetime
from typing import Any
from uuid import UUID

from casetracker import calendars
from casetracker.models import Deadline, DeadlineRule, Unit, User
from casetracker.workdays import Stop, count
from inspections import deadlines
from inspections.enums import Clock
from inspections.workflow.engine import SUBJECT, Step


def current(step: Step, clock: Clock, part: UUID | None = None) -> Deadline | None:
    """The version of this clock that holds now, met or not."""
    return Deadline.objects.of(SUBJECT, step.problem.pk).current().filter(clock=clock, part_id=part).first()


def start(
    step: Step,
    clock: Clock,
    *,
    unit: Unit | None,
    part: UUID | None = None,
    person: User | None = None,
    on: datetime.date | None = None,
    due_on: datetime.date | None = None,
) -> Deadline:
    """Start a clock by its rule, or with a given date; an older one of the same kind is closed."""
    started = on or step.today
    code = deadlines.rule_code(clock, severity=step.problem.severity, route=step.problem.route)
    rule = DeadlineRule.objects.in_force(code, started) if clock != Clock.ESCALATION else None
    cancel(step, clock, part=part)
    row = Deadline(
        subject_type=SUBJECT,
        subject_id=step.problem.pk,
        part_id=part,
        clock=clock,
        unit=unit,
        person=person,
        rule=rule,
        started_on=started,
        started_by=step.verb,
        opened_at=step.now,
    )
    if due_on is not None:
        row.first_due_on = row.due_on = due_on
    elif rule is not None:
        counted = count(started, deadlines.term_of(rule), calendars.load())
        row.amount, row.term_unit, row.roll = rule.amount, rule.unit, rule.roll
        row.first_due_on = row.due_on = counted.due_on
        row.provisional = counted.provisional
    else:
        raise ValueError("A clock without a rule needs a date.")
    row.save(force_insert=True)
    return row


def change(step: Step, row: Deadline, **values: Any) -> Deadline:
    """Close this version of the clock and open the next one with the values changed."""
    Deadline.objects.filter(pk=row.pk).update(replaced_at=step.now)
    row.pk = None
    row._state.adding = True
    row.opened_at = step.now
    row.replaced_at = None
    for name, value in values.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row


def meet(step: Step, clock: Clock, *, part: UUID | None = None, on: datetime.date | None = None) -> None:
    """The clock's work was done on the day; an already met or absent clock stays as it is."""
    row = current(step, clock, part)
    if row is not None and row.met_on is None:
        change(step, row, met_on=on or step.today, paused_since=None)


def cancel(step: Step, *clocks: Clock, part: UUID | None = None) -> None:
    """These clocks no longer hold, met or not."""
    Deadline.objects.of(SUBJECT, step.problem.pk).current().filter(clock__in=clocks, part_id=part).update(
        replaced_at=step.now
    )


def cancel_all(step: Step, *, keep: tuple[Clock, ...] = ()) -> None:
    """No clock of the problem waits for anybody any more; met ones stay to be read."""
    Deadline.objects.of(SUBJECT, step.problem.pk).running().exclude(clock__in=keep).update(replaced_at=step.now)


def cancel_part(step: Step, part: UUID) -> None:
    """The clocks of one assignment no longer wait for anybody."""
    Deadline.objects.of(SUBJECT, step.problem.pk).running().filter(part_id=part).update(replaced_at=step.now)


def agree(step: Step, row: Deadline, due_on: datetime.date, *, cause: str, reason: str) -> Deadline:
    """A new date on a running or unmade clock; the first date stays."""
    return change(
        step,
        row,
        due_on=due_on,
        met_on=None,
        agreed=[*row.agreed, [step.today.isoformat(), due_on.isoformat(), cause, reason]],
    )


def pause(step: Step) -> None:
    """Every running clock of the problem stands still from today."""
    for row in Deadline.objects.of(SUBJECT, step.problem.pk).running().filter(paused_since__isnull=True):
        change(step, row, paused_since=step.today)


def resume(step: Step, reason: str) -> None:
    """The clocks go on today; the last day they stood still is yesterday."""
    calendar = calendars.load()
    for row in Deadline.objects.of(SUBJECT, step.problem.pk).running().filter(paused_since__isnull=False):
        since = row.paused_since
        assert since is not None
        until = step.today - deadlines.ONE_DAY
        if until < since:
            change(step, row, paused_since=None)
            continue
        stops = [*row.stops, [since.isoformat(), until.isoformat(), reason]]
        term = deadlines.term_of(row.rule) if row.rule is not None and row.amount is not None else None
        first, due = deadlines.moved_by_stop(
            started_on=row.started_on,
            term=term,
            first_due_on=row.first_due_on,
            due_on=row.due_on,
            stops=deadlines.stops_of(stops, step.today),
            agreed=deadlines.agreed_of(row.agreed),
            last=Stop(since, until, reason),
            calendar=calendar,
        )
        change(step, row, paused_since=None, stops=stops, first_due_on=first, due_on=due)


def rectification(step: Step) -> Deadline | None:
    """The rectification clock that the problem follows: its lead's, or its own where there is no unit."""
    rows = list(
        Deadline.objects.of(SUBJECT, step.problem.pk).current().filter(clock=Clock.RECTIFY).order_by("opened_at", "id")
    )
    lead = step.problem.assignments.filter(role="lead").order_by("-assigned_at").first()
    for row in rows:
        if lead is not None and row.part_id == lead.pk:
            return row
    return next((row for row in rows if row.part_id is None), None)


def follow(step: Step) -> None:
    """Write the problem's plain clock columns from its rectification clock."""
    row = rectification(step)
    if row is None:
        step.set(due_on=None, first_due_on=None, met_on=None, paused_since=None)
    else:
        step.set(due_on=row.due_on, first_due_on=row.first_due_on, met_on=row.met_on, paused_since=row.paused_since)
