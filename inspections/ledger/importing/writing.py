"""Writing imported problems with everything that belongs to them, and writing them anew where the ledger changed."""

import datetime
from dataclasses import dataclass, field
from typing import Any

from casetracker import audit
from casetracker.copying import copy_in
from casetracker.enums import UnitKind
from casetracker.models import Deadline
from inspections import deadlines
from inspections.enums import AssignmentRole, AssignmentState, Clock, Result, Route, Status, Verb
from inspections.ledger.importing.changes import changes_of, handlers_of, named, tell_changed
from inspections.ledger.importing.clocks import SUBJECT, clocks_of, first_clocks, first_day_told
from inspections.ledger.importing.past import Past, columns_of, stages_of
from inspections.models import Assignment, ImportBatch, Problem, Recheck, Stage
from inspections.searching import index_problem
from inspections.workflow.undoing import snapshot


def write_pasts(
    pasts: list[Past], batch: ImportBatch, now: datetime.datetime, *, held: bool, today: datetime.date
) -> None:
    """Write new problems with everything that belongs to them."""
    problems = []
    for past in pasts:
        assert past.number is not None
        stays = stages_of(past)
        problem = Problem(
            office=batch.office,
            number=past.number.text,
            number_year=past.number.year or past.row.values["found_on"].year,
            number_seq=past.number.seq or 0,
            visit_id=past.visit_id,
            reported_at=stays[0][1],
            status_since=stays[-1][1],
            import_batch=batch,
            import_key=past.import_key,
            import_digest=past.digest,
            **columns_of(past),
        )
        problem.held = held and problem.is_open
        problem.search = index_problem(problem)
        past.problem = problem
        problems.append(problem)
    parts = parts_of(pasts, now, told_on=today)
    copy_in(problems)
    parts.write()
    audit.record_many([_event(past, batch, now, "import") for past in pasts])


@dataclass
class Parts:
    """What belongs to problems: written after them."""

    stages: list[Stage] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    clocks: list[Deadline] = field(default_factory=list)
    rechecks: list[Recheck] = field(default_factory=list)

    def write(self) -> None:
        copy_in(self.stages)
        copy_in(self.assignments)
        copy_in(self.clocks)
        copy_in(self.rechecks)


def parts_of(pasts: list[Past], now: datetime.datetime, *, told_on: datetime.date) -> Parts:
    """Stages, assignments, clocks and rechecks of problems that have none yet; each problem learns from its clocks
    by when its present step is due.

    Units of problems that are not held are asked to claim theirs from `told_on` on.
    """
    parts = Parts()
    told: list[Assignment] = []
    for past in pasts:
        stays = stages_of(past)
        for index, (status, since) in enumerate(stays):
            until = stays[index + 1][1] if index + 1 < len(stays) else None
            parts.stages.append(
                Stage(problem_id=past.made.pk, status=status, since=since, until=until, verb=Verb.IMPORT)
            )
        own = _assignments(past, stays[0][1])
        parts.assignments.extend(own)
        clocks = clocks_of(past, own, dict(stays), None if past.made.held else told_on)
        parts.clocks.extend(clocks)
        past.made.next_due_on = _next_due_on(past.made, clocks)
        if not past.made.held:
            told.extend(own)
        parts.rechecks.extend(_not_fixed(past))
        if past.row.values.get("rechecked_on"):
            parts.rechecks.append(
                Recheck(
                    problem=past.made,
                    by_name=past.row.values.get("rechecked_by") or "",
                    at=dict(stays).get(Status.VERIFIED, stays[-1][1]),
                    on=past.row.values["rechecked_on"],
                    result=Result.FIXED,
                )
            )
    parts.clocks.extend(first_clocks(told, told_on, now))
    return parts


def _not_fixed(past: Past) -> list[Recheck]:
    """The re-inspections that found it not put right."""
    days = [datetime.date.fromisoformat(day) for day in past.row.values.get("not_fixed_on") or []]
    return [
        Recheck(
            problem=past.made,
            by_name=past.row.values.get("rechecked_by") or "",
            at=past.at(day, 16),
            on=day,
            result=Result.NOT_FIXED,
        )
        for day in days
    ]


def _next_due_on(problem: Problem, clocks: list[Deadline]) -> datetime.date | None:
    waiting = [(row.clock, row.due_on) for row in clocks if row.met_on is None and row.replaced_at is None]
    return deadlines.next_due_on(problem.status, problem.due_on, problem.met_on, waiting)


def _assignments(past: Past, since: datetime.datetime) -> list[Assignment]:
    """The addressees: the lead, then the others; of a special one a government is one, else a regulator."""
    if past.lead is None:
        return []
    values = past.row.values
    done = past.met_on
    on_spot = (values.get("route") or Route.CENTRAL) == Route.ON_SPOT
    waiting = AssignmentState.CLAIMED if on_spot else AssignmentState.ASSIGNED
    rows = []
    for unit in [past.lead, *past.others]:
        if unit == past.lead:
            role = AssignmentRole.LEAD
        elif not values.get("special"):
            role = AssignmentRole.CO
        else:
            role = AssignmentRole.GOVERNMENT if unit.kind == UnitKind.GOVERNMENT else AssignmentRole.REGULATOR
        rows.append(
            Assignment(
                problem=past.problem,
                unit=unit,
                role=role,
                state=AssignmentState.REPORTED if done else waiting,
                assigned_at=since,
                assigned_on=values["found_on"],
                responsible_name=values.get("responsible") or "" if unit == past.lead else "",
                reported_at=max(past.at(done, 15), since) if done else None,
            )
        )
    return rows


def rewrite(
    past: Past,
    problem: Problem,
    batch: ImportBatch,
    now: datetime.datetime,
    *,
    held: bool,
    today: datetime.date,
    revived: bool = False,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Bring a locked problem that only imports have written to what the ledger says now.

    Returns what it was before (a snapshot to restore it from), and what changed as the report tells it.

    Its stages, clocks and assignments are made anew from the ledger's dates; its number, visit and history stay.
    One that the ledger opens again is `held` with this batch, whoever released the one it came with; so is one that an
    undone import had brought, which is `revived` by this one.
    """
    past.problem = problem
    was, was_open = snapshot(problem), problem.is_open
    handled = handlers_of(problem)
    units = dict(Assignment.objects.live().filter(problem=problem).values_list("unit_id", "unit__name_zh"))
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in columns_of(past).items():
        old = getattr(problem, name)
        if old != value:
            before[name], after[name] = named(old), named(value)
            setattr(problem, name, value)
    problem.status_since = stages_of(past)[-1][1]
    problem.import_digest = past.digest
    if revived or (problem.is_open and not was_open):
        problem.held, problem.import_batch = held and problem.is_open, batch
    else:
        problem.held = problem.held and problem.is_open
    problem.version += 1
    problem.search = index_problem(problem)
    told_on = first_day_told(problem.pk, Clock.DEPLOY if problem.status == Status.FOUND else Clock.CLAIM)
    parts = parts_of([past], now, told_on=told_on or today)
    problem.save()
    Stage.objects.filter(problem=problem).delete()
    Recheck.objects.filter(problem=problem, by__isnull=True).delete()
    Deadline.objects.filter(subject_type=SUBJECT, subject_id=problem.pk).delete()
    Assignment.objects.filter(problem=problem).delete()
    parts.write()
    event = _event(past, batch, now, "import")
    others = sorted(name for name in units.values() if name != before.get("lead_unit", named(past.lead)))
    co_units = sorted(unit.name_zh for unit in past.others)
    if problem.is_open and others != co_units:
        before["co_units"], after["co_units"] = "、".join(others), "、".join(co_units)
    event.before, event.after = before, after
    if revived:
        event.details["revived"] = True
    audit.write(event)
    tell_changed(event, problem, handled, set(units))
    return was | {"named": audit.plain(before)}, changes_of(past, before, after)


def _event(past: Past, batch: ImportBatch, now: datetime.datetime, verb: str) -> Any:
    return audit.event(
        subject_type=SUBJECT,
        subject_id=past.made.pk,
        label=past.made.number,
        verb=verb,
        by=batch.by,
        at=now,
        file=batch.file_name,
        row=past.row.row,
        batch=str(batch.pk),
        values=past.row.values,
    )
