"""The clocks of imported problems: of the rectification, of the office's next step, and a unit's first ones."""

import datetime
from collections.abc import Iterable
from typing import Any

from casetracker import calendars
from casetracker.copying import copy_in
from casetracker.models import Deadline, DeadlineRule
from casetracker.workdays import count
from inspections import deadlines
from inspections.enums import WITH_UNIT, AssignmentState, Clock, Status, Verb
from inspections.ledger.importing.past import Past, dates_of, moment, status_of
from inspections.models import Assignment, Problem

SUBJECT = "problem"
FIRST = (Clock.CLAIM, Clock.FEEDBACK)
# What set a clock going that counts from the day an import was released.
RELEASED = "release_import"


def clocks_of(
    past: Past, own: list[Assignment], stays: dict[Status, datetime.datetime], told_on: datetime.date | None = None
) -> list[Deadline]:
    """The rectification clock of each addressee, and the clock of the step that the ledger left open.

    A problem that has a date but no unit yet has a rectification clock of its own, its team's. It is to be assigned
    from the day it was released, `told_on`; of one that is still held, from the day it was found.
    """
    values = past.row.values
    first, due, rule = dates_of(past)
    status = status_of(past)
    found = values["found_on"]
    rows: list[Deadline] = []
    if due is not None and first is not None:
        agreed = [[found.isoformat(), due.isoformat(), "extended", ""]] if due != first else []
        addressees: list[Assignment | None] = [*own] or [None]
        for one in addressees:
            rows.append(
                Deadline(
                    subject_type=SUBJECT,
                    subject_id=past.made.pk,
                    part_id=one.pk if one else None,
                    clock=Clock.RECTIFY,
                    unit_id=one.unit_id if one else past.team.pk,
                    rule_id=rule.pk if rule else None,
                    amount=rule.amount if rule else None,
                    term_unit=rule.unit if rule else "",
                    roll=rule.roll if rule else False,
                    started_on=found,
                    started_by=Verb.IMPORT,
                    agreed=agreed,
                    first_due_on=first,
                    due_on=due,
                    met_on=past.met_on,
                    opened_at=past.at(found, 8),
                    replaced_at=stays[Status.VOID] if status == Status.VOID and not past.met_on else None,
                )
            )
    problem = past.made

    def add(clock: Clock, on: datetime.date, at: datetime.datetime, unit: int, started_by: str = Verb.IMPORT) -> None:
        by_rule = past.rules.in_force(deadlines.rule_code(clock), on)
        rows.append(_counted(clock, on, at, problem.pk, unit, by_rule, started_by=started_by))

    if status == Status.REPORTED:
        add(Clock.VERIFY, values["done_on"], stays[status], past.team.pk)
    elif status == Status.VERIFIED:
        add(Clock.CLOSE, values["rechecked_on"], stays[status], problem.office_id)
    elif status == Status.FOUND and told_on is not None:
        add(Clock.DEPLOY, told_on, past.at(told_on, 17), problem.office_id, RELEASED)
    elif status == Status.FOUND:
        add(Clock.DEPLOY, found, stays[status], problem.office_id)
    return rows


def first_clocks(assignments: Iterable[Assignment], on: datetime.date, now: datetime.datetime) -> list[Deadline]:
    """The clocks to claim and to give a first feedback of what imports assigned and nobody has claimed yet.

    The unit hears of it on the day the import is released, so they start then and not on a day of the past.
    """
    waiting = [one for one in assignments if one.state == AssignmentState.ASSIGNED and one.problem.status in WITH_UNIT]
    if not waiting:
        return []
    at = min(now, moment(on, 17))
    known = DeadlineRule.objects.all_codes()
    rules = {clock: known.in_force(deadlines.rule_code(clock), on) for clock in FIRST}
    return [
        _counted(clock, on, at, one.problem_id, one.unit_id, rules[clock], part=one.pk, started_by=RELEASED)
        for one in waiting
        for clock in FIRST
    ]


def start_first_clocks(problems: Iterable[Any], on: datetime.date, now: datetime.datetime) -> None:
    """Start them for problems (ids) that may be spoken of from now on, where they do not run yet."""
    live = Assignment.objects.live().filter(problem__in=problems).select_related("problem", "unit")
    started = Deadline.objects.current().filter(subject_type=SUBJECT, subject_id__in=problems, clock=Clock.CLAIM)
    known = set(started.values_list("part_id", flat=True))
    rows = first_clocks([one for one in live.defer("problem__search") if one.pk not in known], on, now)
    copy_in(rows)


def restart_deploy_clocks(problems: list[Any], on: datetime.date, now: datetime.datetime) -> None:
    """Let the office assign what the ledger left without a unit from this day on (problems: ids).

    Nobody was asked to before: the clock's own row moves, and there is no earlier promise to keep a version of.
    """
    clocks = Deadline.objects.running().filter(
        subject_type=SUBJECT, subject_id__in=problems, clock=Clock.DEPLOY, started_by=Verb.IMPORT
    )
    rows = list(clocks)
    if not rows:
        return
    rule = DeadlineRule.objects.in_force(deadlines.rule_code(Clock.DEPLOY), on)
    counted = count(on, deadlines.term_of(rule), calendars.load())
    for row in rows:
        row.rule, row.amount, row.term_unit, row.roll = rule, rule.amount, rule.unit, rule.roll
        row.started_on, row.started_by, row.opened_at = on, RELEASED, min(now, moment(on, 17))
        row.first_due_on = row.due_on = counted.due_on
        row.provisional = counted.provisional
    columns = ["rule", "amount", "term_unit", "roll", "started_on", "started_by", "opened_at", "first_due_on"]
    Deadline.objects.bulk_update(rows, [*columns, "due_on", "provisional"], batch_size=1000)
    waiting = Problem.objects.filter(pk__in=[row.subject_id for row in rows], status=Status.FOUND)
    moved = list(waiting.only("pk", "status", "due_on", "met_on"))
    for problem in moved:
        step = [(Clock.DEPLOY, counted.due_on)]
        if problem.due_on is not None and problem.met_on is None:  # its own, as long as it has no unit
            step.append((Clock.RECTIFY, problem.due_on))
        problem.next_due_on = deadlines.next_due_on(problem.status, problem.due_on, problem.met_on, step)
    Problem.objects.bulk_update(moved, ["next_due_on"], batch_size=1000)


def first_day_told(problem_id: Any, clock: Clock = Clock.CLAIM) -> datetime.date | None:
    """The day from which somebody was first asked to claim a problem, or to assign it; None when nobody was yet."""
    rows = Deadline.objects.of(SUBJECT, problem_id).current().filter(clock=clock)
    rows = rows.exclude(clock=Clock.DEPLOY, started_by=Verb.IMPORT)
    return rows.order_by("started_on").values_list("started_on", flat=True).first()


def _counted(
    clock: Clock,
    on: datetime.date,
    at: datetime.datetime,
    problem_id: Any,
    unit_id: int,
    rule: DeadlineRule,
    *,
    part: Any = None,
    started_by: str,
) -> Deadline:
    """A running clock of the problem from a day on, by this rule."""
    counted = count(on, deadlines.term_of(rule), calendars.load())
    return Deadline(
        subject_type=SUBJECT,
        subject_id=problem_id,
        part_id=part,
        clock=clock,
        unit_id=unit_id,
        rule_id=rule.pk,
        amount=rule.amount,
        term_unit=rule.unit,
        roll=rule.roll,
        started_on=on,
        started_by=started_by,
        first_due_on=counted.due_on,
        due_on=counted.due_on,
        provisional=counted.provisional,
        opened_at=at,
    )
