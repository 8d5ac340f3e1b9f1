"""What a visit is made of while it is being recorded: answers, good things, results, findings, refusals."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from casetracker.errors import DomainError
from casetracker.models import Evidence, Unit
from inspections.enums import Result, Route, Severity
from inspections.models import ChecklistItem, Party, Problem, ProblemKind, Visit
from inspections.workflow import Shot


@dataclass(frozen=True)
class Answer:
    """What was seen of one line of the checklist; passed None means that it was not looked at."""

    item: ChecklistItem
    passed: bool | None
    note: str = ""


@dataclass(frozen=True)
class Good:
    """Something good (亮点), with a picture where there is one."""

    text: str
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Seen:
    """What a re-inspection saw of one open problem; `due_on` is the new date where it must be sent back."""

    problem: Problem
    result: Result
    remaining: str = ""
    note: str = ""
    due_on: datetime.date | None = None
    shots: Sequence[Shot] = ()


@dataclass(frozen=True)
class Finding:
    """A new problem of the visit; `fixed` are photos of it put right while the team was there."""

    description: str
    kind: ProblemKind | None = None
    item: ChecklistItem | None = None
    route: Route = Route.CENTRAL
    severity: Severity | None = None
    unit: Unit | None = None
    party: Party | None = None
    party_name: str = ""
    quantity: Decimal | None = None
    internal_note: str = ""
    shots: Sequence[Shot] = ()
    fixed: Sequence[Shot] = ()
    problem_id: UUID | None = None


@dataclass(frozen=True)
class Recorded:
    """What recording a visit brought about."""

    visit: Visit
    found: list[Problem] = field(default_factory=list)
    checked: list[Problem] = field(default_factory=list)


class VisitRefused(DomainError):
    """Rows of a visit that the workflow refused, so that nothing was kept.

    `rows` maps a row, ("seen", id of the problem) or ("finding", its place), to its refusal.
    """

    def __init__(self, rows: dict[tuple[str, Any], DomainError]) -> None:
        super().__init__(_("Nothing was saved yet: look at the rows marked below."))
        self.rows = rows
        # 409 (somebody was faster) weighs more than 403 (may not), that more than 422 (incomplete).
        statuses = [error.status for error in rows.values()]
        self.status = next(status for status in (409, 403, 422) if status in statuses)
