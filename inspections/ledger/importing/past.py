"""The past of an imported problem as the ledger's dates tell it: its state, its stages and its columns."""

import datetime
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from casetracker import calendars
from casetracker.models import DeadlineRule, District, Unit
from casetracker.workdays import count
from inspections import deadlines
from inspections.enums import Clock, Route, Severity, Source, Status
from inspections.ledger.cells import CaseNumber
from inspections.ledger.rows import ParsedRow
from inspections.models import Problem, ProblemKind, Site


@dataclass
class Past:
    """One row with its names resolved, and the problem made of it; `now` is the moment of the import.

    `row_key` is the digest of what a row without a number is known again by.
    """

    row: ParsedRow
    row_key: str
    digest: str
    number: CaseNumber | None
    external_id: str
    district: District
    site: Site
    team: Unit
    kind: ProblemKind | None
    lead: Unit | None
    others: list[Unit]
    now: datetime.datetime
    visit_id: UUID | None = None
    # Whether the series gave the number, because the ledger has none.
    is_numbered_here: bool = False
    problem: Problem | None = field(default=None, repr=False)

    @property
    def keys(self) -> list[str]:
        """What the row is known by, the strongest first: its number, its number elsewhere, else what it says."""
        keys = [f"number:{self.number.text}"] if self.number and not self.is_numbered_here else []
        if self.external_id:
            keys.append(f"external:{self.external_id}")
        return keys or [f"row:{self.row_key}"]

    @property
    def import_key(self) -> str:
        """The key that a row without any number is known again by."""
        return self.row_key if self.keys[0].startswith("row:") else ""

    @property
    def made(self) -> Problem:
        """The problem, once it was made of the row."""
        assert self.problem is not None
        return self.problem

    @property
    def is_ours(self) -> bool:
        """Whether Casetracker wrote the row: what is empty in it was empty, and nothing is put in its place."""
        return self.row.check is not None

    @property
    def number_text(self) -> str:
        return self.number.text if self.number else self.external_id

    @property
    def met_on(self) -> datetime.date | None:
        """The day it was put right: what was found fixed or closed was so by then, where no other day is told."""
        values = self.row.values
        return values.get("done_on") or values.get("rechecked_on") or values.get("closed_on")

    def at(self, day: datetime.date, hour: int) -> datetime.datetime:
        """An hour of a local day, never after the import: a ledger knows days only, the order within one is ours."""
        return min(moment(day, hour), self.now)


def moment(day: datetime.date, hour: int) -> datetime.datetime:
    """An hour of a local day."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour)))


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


def stages_of(past: Past) -> list[tuple[Status, datetime.datetime]]:
    """The stays of the problem, in order; a date before the one before it counts as the same moment."""
    values = past.row.values
    found = values["found_on"]
    if (values.get("route") or Route.CENTRAL) == Route.ON_SPOT:
        stays = [(Status.RECTIFYING, past.at(found, 8))]
    else:
        stays = [(Status.FOUND, past.at(found, 8))]
        if past.lead:
            stays.append((Status.ASSIGNED, past.at(found, 9)))
    for name, status, hour in (
        ("done_on", Status.REPORTED, 15),
        ("rechecked_on", Status.VERIFIED, 16),
        ("closed_on", Status.CLOSED, 17),
    ):
        if values.get(name):
            stays.append((status, max(past.at(values[name], hour), stays[-1][1])))
    if values.get("void"):
        stays.append((Status.VOID, max(past.now, stays[-1][1])))
    return stays


def dates_of(past: Past) -> tuple[datetime.date | None, datetime.date | None, DeadlineRule | None]:
    """First and present date, and the rule where the ledger gave none."""
    values = past.row.values
    due, first = values.get("due_on"), values.get("first_due_on")
    if due or first:
        return first or due, due or first, None
    if status_of(past) == Status.FOUND or past.is_ours:
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
        "lat": values["lat"] if values.get("lat") is not None or past.is_ours else past.site.lat,
        "lon": values["lon"] if values.get("lon") is not None or past.is_ours else past.site.lon,
        "first_due_on": first,
        "due_on": due,
        "met_on": past.met_on,
        "verified_on": values.get("rechecked_on"),
        "verified_by_name": values.get("rechecked_by") or "",
        "closed_on": values.get("closed_on") if status in (Status.CLOSED, Status.VOID) else None,
        "extension_count": values.get("extensions") or 0,
        "void_kind": values.get("void") or "",
        "status": status,
    }
