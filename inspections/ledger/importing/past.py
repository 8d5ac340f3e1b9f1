"""The whole past of an imported problem: its stages, clock, assignments and recheck, from the ledger's dates."""

import datetime
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from casetracker import audit, calendars
from casetracker.enums import UnitKind
from casetracker.models import Deadline, DeadlineRule, District, Unit
from casetracker.workdays import count
from inspections import deadlines
from inspections.enums import (
    AssignmentRole,
    AssignmentState,
    Clock,
    Result,
    Route,
    Severity,
    Source,
    Status,
    Verb,
)
from inspections.ledger.cells import CaseNumber
from inspections.ledger.rows import ParsedRow
from inspections.models import Assignment, ImportBatch, Problem, ProblemKind, Recheck, Site, Stage
from inspections.searching import index_problem

SUBJECT = "problem"
BATCH = 1000


@dataclass
class Past:
    """One row with its names resolved, and the problem made of it."""

    row: ParsedRow
    key: str
    digest: str
    number: CaseNumber | None
    external_id: str
    district: District
    site: Site
    team: Unit
    kind: ProblemKind | None
    lead: Unit | None
    others: list[Unit]
    visit_id: UUID | None = None
    problem: Problem | None = field(default=None, repr=False)

    @property
    def import_key(self) -> str:
        """The key that a row without any number is known again by."""
        return self.key.removeprefix("row:") if self.key.startswith("row:") else ""

    @property
    def made(self) -> Problem:
        """The problem, once it was made of the row."""
        assert self.problem is not None
        return self.problem

    @property
    def number_text(self) -> str:
        return self.number.text if self.number else self.external_id


def status_of(past: Past) -> Status:
    """Where the ledger's dates put the problem."""
    values = past.row.values
    if values.get("void"):
        return Status.VOID
    if values.get("closed_on"):
        return Status.CLOSED
    if values.get("rechecked_on"):
        return Status.VERIFIED
    if values.get("done_on"):
        return Status.REPORTED
    if (values.get("route") or Route.CENTRAL) == Route.ON_SPOT:
        return Status.RECTIFYING
    return Status.ASSIGNED if past.lead else Status.FOUND


def moment(day: datetime.date, hour: int) -> datetime.datetime:
    """An hour of a local day: a ledger knows days only, the order within a day is the loop's."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour)))


def stages_of(past: Past) -> list[tuple[Status, datetime.datetime]]:
    """The stays of the problem, in order; a date before the one before it counts as the same moment."""
    values = past.row.values
    found = values["found_on"]
    if (values.get("route") or Route.CENTRAL) == Route.ON_SPOT:
        stays = [(Status.RECTIFYING, moment(found, 8))]
    else:
        stays = [(Status.FOUND, moment(found, 8))]
        if past.lead:
            stays.append((Status.ASSIGNED, moment(found, 9)))
    for name, status, hour in (
        ("done_on", Status.REPORTED, 15),
        ("rechecked_on", Status.VERIFIED, 16),
        ("closed_on", Status.CLOSED, 17),
    ):
        if values.get(name):
            stays.append((status, max(moment(values[name], hour), stays[-1][1])))
    if values.get("void"):
        stays.append((Status.VOID, max(timezone.now(), stays[-1][1])))
    return stays


def dates_of(past: Past) -> tuple[datetime.date | None, datetime.date | None, DeadlineRule | None]:
    """First and present date, and the rule where the ledger gave none."""
    values = past.row.values
    due, first = values.get("due_on"), values.get("first_due_on")
    if due or first:
        return first or due, due or first, None
    if status_of(past) == Status.FOUND:
        return None, None, None
    route = values.get("route") or Route.CENTRAL
    severity = values.get("severity") or (past.kind.severity if past.kind else Severity.ORDINARY)
    code = deadlines.rule_code(Clock.RECTIFY, severity=severity, route=route)
    rule = DeadlineRule.objects.in_force(code, values["found_on"])
    on = count(values["found_on"], deadlines.term_of(rule), calendars.load()).due_on
    return on, on, rule


def columns_of(past: Past) -> dict[str, Any]:
    """The columns of the problem that the ledger decides."""
    values = past.row.values
    first, due, _rule = dates_of(past)
    status = status_of(past)
    return {
        "external_id": past.external_id,
        "found_on": values["found_on"],
        "team": past.team,
        "site": past.site,
        "site_name": past.site.name,
        "district": past.district,
        "kind": past.kind,
        "description": values["description"],
        "internal_note": values.get("remark") or "",
        "party_name": values.get("party") or "",
        "quantity": values.get("quantity"),
        "severity": values.get("severity") or (past.kind.severity if past.kind else Severity.ORDINARY),
        "route": values.get("route") or Route.CENTRAL,
        "special": bool(values.get("special")),
        "source": values.get("source") or Source.PATROL,
        "lead_unit": past.lead,
        "responsible_name": values.get("responsible") or "",
        "lat": values["lat"] if values.get("lat") is not None else past.site.lat,
        "lon": values["lon"] if values.get("lon") is not None else past.site.lon,
        "first_due_on": first,
        "due_on": due,
        "met_on": values.get("done_on"),
        "verified_on": values.get("rechecked_on"),
        "verified_by_name": values.get("rechecked_by") or "",
        "closed_on": values.get("closed_on") if status in (Status.CLOSED, Status.VOID) else None,
        "extension_count": values.get("extensions") or 0,
        "void_kind": values.get("void") or "",
        "status": status,
    }


def write_pasts(pasts: list[Past], batch: ImportBatch, now: datetime.datetime, *, held: bool) -> None:
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
    Problem.objects.bulk_create(problems, batch_size=BATCH)
    write_parts(pasts)
    audit.record_many([_event(past, batch, now, "import") for past in pasts])


def write_parts(pasts: list[Past]) -> None:
    """Write stages, assignments, clocks and rechecks of problems that have none yet."""
    stages: list[Stage] = []
    assignments: list[Assignment] = []
    clocks: list[Deadline] = []
    rechecks: list[Recheck] = []
    for past in pasts:
        assert past.problem is not None
        stays = stages_of(past)
        for index, (status, since) in enumerate(stays):
            until = stays[index + 1][1] if index + 1 < len(stays) else None
            stages.append(Stage(problem=past.problem, status=status, since=since, until=until, verb=Verb.IMPORT))
        own = _assignments(past, stays[0][1])
        assignments.extend(own)
        clocks.extend(_clocks(past, own, dict(stays)))
        if past.row.values.get("rechecked_on"):
            rechecks.append(
                Recheck(
                    problem=past.problem,
                    by_name=past.row.values.get("rechecked_by") or "",
                    at=dict(stays).get(Status.VERIFIED, stays[-1][1]),
                    on=past.row.values["rechecked_on"],
                    result=Result.FIXED,
                )
            )
    Stage.objects.bulk_create(stages, batch_size=BATCH)
    Assignment.objects.bulk_create(assignments, batch_size=BATCH)
    Deadline.objects.bulk_create(clocks, batch_size=BATCH)
    Recheck.objects.bulk_create(rechecks, batch_size=BATCH)


def _assignments(past: Past, since: datetime.datetime) -> list[Assignment]:
    """The addressees: the lead, then the others; of a special one a government is one, else a regulator."""
    if past.lead is None:
        return []
    values = past.row.values
    done = values.get("done_on")
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
                reported_at=moment(done, 15) if done else None,
            )
        )
    return rows


def _clocks(past: Past, own: list[Assignment], stays: dict[Status, datetime.datetime]) -> list[Deadline]:
    """The rectification clock of each addressee, and the clock of the step that the ledger left open."""
    values = past.row.values
    first, due, rule = dates_of(past)
    status = status_of(past)
    found = values["found_on"]
    rows: list[Deadline] = []
    over = status == Status.VOID
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
                    unit=one.unit if one else past.team,
                    rule=rule,
                    amount=rule.amount if rule else None,
                    term_unit=rule.unit if rule else "",
                    roll=rule.roll if rule else False,
                    started_on=found,
                    started_by=Verb.IMPORT,
                    agreed=agreed,
                    first_due_on=first,
                    due_on=due,
                    met_on=values.get("done_on"),
                    opened_at=moment(found, 8),
                    replaced_at=stays[Status.VOID] if over and not values.get("done_on") else None,
                )
            )
    if status == Status.REPORTED:
        rows.append(_next_clock(past, Clock.VERIFY, values["done_on"], past.team, stays[status]))
    elif status == Status.VERIFIED:
        office = past.made.office
        rows.append(_next_clock(past, Clock.CLOSE, values["rechecked_on"], office, stays[status]))
    elif status == Status.FOUND:
        office = past.made.office
        rows.append(_next_clock(past, Clock.DEPLOY, found, office, stays[status]))
    return rows


def _next_clock(past: Past, clock: Clock, on: datetime.date, unit: Unit, at: datetime.datetime) -> Deadline:
    rule = DeadlineRule.objects.in_force(deadlines.rule_code(clock), on)
    counted = count(on, deadlines.term_of(rule), calendars.load())
    return Deadline(
        subject_type=SUBJECT,
        subject_id=past.made.pk,
        clock=clock,
        unit=unit,
        rule=rule,
        amount=rule.amount,
        term_unit=rule.unit,
        roll=rule.roll,
        started_on=on,
        started_by=Verb.IMPORT,
        first_due_on=counted.due_on,
        due_on=counted.due_on,
        provisional=counted.provisional,
        opened_at=at,
    )


def rewrite(past: Past, problem: Problem, batch: ImportBatch, now: datetime.datetime) -> dict[str, Any]:
    """Bring a problem that only imports have written to what the ledger says now; returns the values before.

    Its stages, clocks and assignments are made anew from the ledger's dates; its number, visit and history stay.
    """
    past.problem = problem
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in columns_of(past).items():
        old = getattr(problem, name)
        if old != value:
            before[name], after[name] = old, value
            setattr(problem, name, value)
    problem.status_since = stages_of(past)[-1][1]
    problem.import_digest = past.digest
    problem.held = problem.held and problem.is_open
    problem.version += 1
    problem.search = index_problem(problem)
    problem.save()
    Stage.objects.filter(problem=problem).delete()
    Recheck.objects.filter(problem=problem, by__isnull=True).delete()
    Deadline.objects.filter(subject_type=SUBJECT, subject_id=problem.pk).delete()
    Assignment.objects.filter(problem=problem).delete()
    write_parts([past])
    event = _event(past, batch, now, "import")
    event.before, event.after = audit.plain(before), audit.plain(after)
    audit.record_many([event])
    return dict(event.before)


def _event(past: Past, batch: ImportBatch, now: datetime.datetime, verb: str) -> Any:
    assert past.problem is not None
    return audit.event(
        subject_type=SUBJECT,
        subject_id=past.problem.pk,
        label=past.problem.number,
        verb=verb,
        by=batch.by,
        at=now,
        file=batch.file_name,
        row=past.row.row,
        batch=str(batch.pk),
        values=past.row.values,
    )
