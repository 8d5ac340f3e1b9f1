"""The clocks of a problem: the only writer of its Deadline rows and of its plain clock columns."""

import datetime
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from casetracker import calendars
from casetracker.errors import Invalid
from casetracker.models import Deadline, DeadlineRule, Unit, User
from casetracker.workdays import Term, count
from inspections import deadlines
from inspections.enums import AssignmentRole, Clock
from inspections.workflow.engine import SUBJECT, Step


def held(step: Step) -> dict[tuple[str, UUID | None], Deadline]:
    """The current version of every clock of the problem, met or not, by kind and assignment; read once per step."""
    if step.clocks is None:
        rows = Deadline.objects.of(SUBJECT, step.problem.pk).current().select_related("rule").order_by("pk")
        step.clocks = {(row.clock, row.part_id): row for row in rows}
    return step.clocks


def current(step: Step, clock: Clock, part: UUID | None = None) -> Deadline | None:
    """The version of this clock that holds now, met or not."""
    return held(step).get((clock.value, part))


def running(step: Step) -> list[Deadline]:
    """The clocks that still wait for somebody."""
    return [row for row in held(step).values() if row.met_on is None]


def start(
    step: Step,
    clock: Clock,
    *,
    unit: Unit | None,
    part: UUID | None = None,
    person: User | None = None,
    on: datetime.date | None = None,
    due_on: datetime.date | None = None,
    first_due_on: datetime.date | None = None,
) -> Deadline:
    """Start a clock by its rule, or with a given date; an older one of the same kind is closed.

    A rectification keeps its rule where the usual term of the checklist item ends earlier: the row then has that
    term, and the rule is its limit.
    `first_due_on` is the first date of an earlier clock for the same work, which stays visible. A clock started
    while the problem is paused stands still like the others.
    """
    started = on or step.today
    rule = _rule(step, clock, started) if clock != Clock.ESCALATION else None
    cancel(step, clock, part=part)
    row = Deadline(
        subject_type=SUBJECT,
        subject_id=step.problem.pk,
        part_id=part,
        clock=clock.value,
        unit=unit,
        person=person,
        rule=rule,
        started_on=started,
        started_by=step.verb.value,
        opened_at=step.now,
    )
    if due_on is not None:
        row.first_due_on = row.due_on = due_on
    elif rule is not None:
        counted = deadlines.counted(started, rule, _item_days(step, clock), calendars.load())
        row.amount, row.term_unit, row.roll = counted.term.amount, counted.term.unit, counted.term.roll
        row.first_due_on = row.due_on = counted.due_on
        row.provisional = counted.provisional
    else:
        raise ValueError("A clock without a rule needs a date.")
    if first_due_on is not None and first_due_on != row.due_on:
        row.first_due_on = first_due_on
        row.agreed = [[started.isoformat(), row.due_on.isoformat(), deadlines.REASSIGNED, ""]]
    if step.problem.paused_since is not None:
        row.paused_since = step.today
        row.stops = [[step.today.isoformat(), None, _reason_of_stop(step)]]
    row.save(force_insert=True)
    held(step)[row.clock, part] = row
    return row


def _rule(step: Step, clock: Clock, on: datetime.date) -> DeadlineRule:
    code = deadlines.rule_code(clock, severity=step.problem.severity, route=step.problem.route)
    step.rules = step.rules or DeadlineRule.objects.all_codes()
    return step.rules.in_force(code, on)


def _item_days(step: Step, clock: str) -> int | None:
    """The usual term, in days, of the checklist item that raised the problem; None where there is none."""
    item = step.problem.checklist_item if clock == Clock.RECTIFY else None
    return item.term_days if item is not None else None


def check_new_date(day: datetime.date, today: datetime.date, field: str = "due_on") -> None:
    """Refuse (Invalid) a date that lies in the past, and one so far ahead that its year is mistyped."""
    if day < today:
        raise Invalid(_("The date must not lie in the past."), field=field)
    if day - today > deadlines.FURTHEST:
        raise Invalid(_("This lies further than a year ahead: check the year."), field=field)


def by_rule(step: Step) -> datetime.date:
    """The date that the rule gives a rectification that begins today."""
    return count(step.today, deadlines.term_of(_rule(step, Clock.RECTIFY, step.today)), calendars.load()).due_on


def change(step: Step, row: Deadline, **values: Any) -> Deadline:
    """Close this version of the clock and open the next one with the values changed."""
    _close(step, [row])
    row.pk = None
    row._state.adding = True
    row.opened_at = max(step.now, row.opened_at)
    for name, value in values.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    held(step)[row.clock, row.part_id] = row
    return row


def _close(step: Step, rows: Iterable[Deadline]) -> None:
    """End these versions now (never before they began, should the clocks of two machines differ)."""
    ended = list(rows)
    if not ended:
        return
    Deadline.objects.filter(pk__in=[row.pk for row in ended]).update(replaced_at=Greatest(F("opened_at"), step.now))
    for row in ended:
        held(step).pop((row.clock, row.part_id))


def meet(step: Step, clock: Clock, *, part: UUID | None = None, on: datetime.date | None = None) -> None:
    """The clock's work was done on the day; an already met or absent clock stays as it is.

    One that stood still has its date moved by the days it stood until then: nobody is late by a stop.
    """
    row = current(step, clock, part)
    if row is not None and row.met_on is None:
        done = on or step.today
        change(step, row, met_on=done, **_gone_on(step, row, done))


def unmeet(step: Step, row: Deadline) -> Deadline:
    """The work turned out not to be done: the clock waits again, with the date it had."""
    if step.problem.paused_since is None:
        return change(step, row, met_on=None)
    stops = [*row.stops, [step.today.isoformat(), None, _reason_of_stop(step)]]
    return change(step, row, met_on=None, paused_since=step.today, stops=stops)


def cancel(step: Step, *clocks: Clock, part: UUID | None = None) -> None:
    """These clocks no longer hold, met or not."""
    _close(step, [row for clock in clocks if (row := current(step, clock, part)) is not None])


def cancel_all(step: Step, *, keep: tuple[Clock, ...] = ()) -> None:
    """No clock of the problem waits for anybody any more; met ones stay to be read."""
    _close(step, [row for row in running(step) if row.clock not in keep])


def agree(step: Step, row: Deadline, due_on: datetime.date, *, cause: str, reason: str) -> Deadline:
    """A new date on a running or unmade clock; the first date stays."""
    agreed = [*row.agreed, [step.today.isoformat(), due_on.isoformat(), cause, reason]]
    return change(step, row, due_on=due_on, met_on=None, agreed=agreed)


def pause(step: Step, reason: str) -> None:
    """Every running clock of the problem stands still from today."""
    for row in running(step):
        if row.paused_since is None:
            stops = [*row.stops, [step.today.isoformat(), None, reason]]
            change(step, row, paused_since=step.today, stops=stops)
    step.set(paused_since=step.today)


def _reason_of_stop(step: Step) -> str:
    """Why the problem stands still, as its clocks that stand still say."""
    reasons = [row.stops[-1][2] for row in running(step) if row.paused_since is not None and row.stops]
    return reasons[0] if reasons else ""


def resume(step: Step) -> None:
    """The clocks that stand still go on today; the last day they stood is yesterday, and their dates move."""
    for row in running(step):
        if row.paused_since is not None:
            change(step, row, **_gone_on(step, row, step.today))
    step.set(paused_since=None)


def _gone_on(step: Step, row: Deadline, on: datetime.date) -> dict[str, Any]:
    """What changes of a clock that goes on (or is met) on the day; nothing where it did not stand still."""
    if row.paused_since is None:
        return {}
    stops = deadlines.end_stop(row.stops, on)
    moved = deadlines.moved_by_stop(
        started_on=row.started_on,
        term=_term(row),
        first_due_on=row.first_due_on,
        due_on=row.due_on,
        stops=deadlines.stops_of(stops, step.today),
        agreed=deadlines.agreed_of(row.agreed),
        since=row.paused_since,
        until=on - deadlines.ONE_DAY,
        calendar=calendars.load(),
    )
    dates: dict[str, Any] = {"first_due_on": moved.first_due_on, "due_on": moved.due_on}
    if moved.provisional is not None:
        dates["provisional"] = moved.provisional
    return {"paused_since": None, "stops": stops, **dates}


def end_pause(step: Step) -> None:
    """What was paused leaves the hands it was in: nothing may stand still, and be forgotten, elsewhere."""
    if step.problem.paused_since is not None:
        resume(step)


def recount(step: Step, row: Deadline, started_on: datetime.date) -> None:
    """Count a clock anew from the rule (or the checklist item within it) that now fits; a date given stays.

    Of a clock with later dates the first one is counted anew, and the last agreed one stays unless it would now
    lie before the first.
    """
    if row.amount is None:
        return
    rule = _rule(step, Clock(row.clock), started_on)
    ended = [stop for stop in row.stops if stop[1] is not None]
    stops = deadlines.stops_of(ended, step.today)
    counted = deadlines.counted(started_on, rule, _item_days(step, row.clock), calendars.load(), stops)
    first, due, agreed = deadlines.recounted(
        counted, first_due_on=row.first_due_on, due_on=row.due_on, agreed=row.agreed, today=step.today
    )
    change(
        step,
        row,
        rule=rule,
        amount=counted.term.amount,
        term_unit=counted.term.unit,
        roll=counted.term.roll,
        started_on=started_on,
        first_due_on=first,
        due_on=due,
        agreed=agreed,
        provisional=counted.provisional,
    )


def _term(row: Deadline) -> Term | None:
    """The term the clock was counted by; None where its date was given."""
    return Term(row.amount, row.term_unit, row.roll) if row.amount is not None else None  # type: ignore[arg-type]


def rectification(step: Step) -> Deadline | None:
    """The rectification clock that the problem follows: its lead's, or its own where there is no unit."""
    lead = step.problem.assignments.live().filter(role=AssignmentRole.LEAD).first()
    own = current(step, Clock.RECTIFY, lead.pk) if lead is not None else None
    return own or current(step, Clock.RECTIFY)


def follow(step: Step) -> None:
    """Write the problem's plain clock columns from its rectification clock; without one the first date stays."""
    row = rectification(step)
    if row is None:
        step.set(due_on=None, met_on=None)
    else:
        step.set(due_on=row.due_on, first_due_on=row.first_due_on, met_on=row.met_on)


def follow_step(step: Step) -> None:
    """Write the day by which the present step is due, as the clocks now say; history doesn't tell of it.

    Step.finish() does this for every verb that read the clocks or moved the problem.
    """
    if step.clocks is None and "status" not in step.changed:
        return
    problem = step.problem
    waiting = [(row.clock, row.due_on) for row in running(step)]
    day = deadlines.next_due_on(problem.status, problem.due_on, problem.met_on, waiting)
    if problem.next_due_on != day:
        problem.next_due_on = day
        step.changed.add("next_due_on")
