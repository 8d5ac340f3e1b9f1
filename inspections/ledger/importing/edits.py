"""Taking over what was edited in a row of our own export: only that, and by the way that the problem's state allows."""

import dataclasses
import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.errors import DomainError
from casetracker.models import Event
from inspections import workflow
from inspections.enums import Severity, Source, Verb
from inspections.ledger.cells import as_number_text
from inspections.ledger.errors import Message
from inspections.ledger.exporting.values import Told
from inspections.ledger.exporting.written import cell_text
from inspections.ledger.fields import PROBLEM
from inspections.ledger.importing.changes import named
from inspections.ledger.importing.names import Names, Unclear
from inspections.ledger.importing.report import Outcome, Report
from inspections.ledger.importing.resolving import resolve
from inspections.ledger.importing.writing import rewrite
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, Problem, Site

UNKNOWN = gettext_lazy("Nothing is called “%(name)s” here. Enter it first, or put back what stood there.")

# What the record says of a problem and an amendment may change: the ledger's column, and the problem's.
DESCRIPTIVE = {
    "found_on": "found_on",
    "team": "team",
    "district": "district",
    "site": "site",
    "kind": "kind",
    "description": "description",
    "severity": "severity",
    "party": "party_name",
    "source": "source",
    "quantity": "quantity",
    "remark": "internal_note",
    "lat": "lat",
    "lon": "lon",
}
# What no file changes of a problem that is here: what it is known by, and what is its site's.
FIXED = ("number", "external_id", "site_kind")


class Refused(Exception):
    """An edit that can't be taken over: a stable word, what to do, and the ledger's column it is about."""

    def __init__(self, code: str, message: Message, column: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.column = column


class Edits:
    """Applies the edits of one import; what the names in a row mean is looked up, nothing is created for it."""

    def __init__(self, batch: ImportBatch, names: Names, now: datetime.datetime, *, held: bool, today: Any) -> None:
        self.batch = batch
        self.office = names.office
        self.known = Names(names.office, frozenset())
        self.now = now
        self.held = held
        self.today = today

    # --- Names ---

    def mean_the_same(self, name: str, row: ParsedRow, problem: Problem, here: Told) -> bool:
        """Do both texts name the same: one of them a former, short or otherwise written name?"""
        value = row.values[name]
        if name == "unit":
            return bool(value) and self._found(self.known.unit, value) == problem.lead_unit_id
        if name == "team":
            return bool(value) and self._found(self.known.team, value) == problem.team_id
        if name == "kind":
            return bool(value) and self._found(self.known.kind, value) == problem.kind_id
        if name == "district":
            return bool(value) and self._found(self.known.district, value) == problem.district_id
        if name == "site":
            return bool(value == problem.site.name)
        if name == "co_units":
            both = [{self._found(self.known.unit, one) for one in names} for names in (value, here.values[name])]
            return both[0] == both[1] and None not in both[0]
        return False

    @staticmethod
    def _found(find: Callable[[str], Any], name: str) -> Any:
        """The key of what a name means; None where that is nothing, or nothing certain."""
        try:
            row = find(name)
        except Unclear:
            return None
        return row.pk if row is not None else None

    def _meant(self, column: str, find: Callable[[str], Any], name: str) -> Any:
        """What an edited name means. Raises Refused."""
        try:
            row = find(name)
        except Unclear as problem:
            message = Message(problem.message.template, {"name": name})
            raise Refused(f"{problem.code}_{column}", message, column) from problem
        if row is None:
            raise Refused(f"unknown_{column}", Message(UNKNOWN, {"name": name}), column)
        return row

    # --- Problems that were worked on here ---

    def amend(self, row: ParsedRow, problem: Problem, edited: list[str], here: Told, report: Report) -> Outcome:
        """Amend the record by what was edited, in the name of whoever imports. Raises Refused."""
        values = self._amended(row, problem, edited)
        before = {name: named(getattr(problem, name)) for name in values}
        reason = _("Corrected in the file %(file)s.") % {"file": self.batch.file_name}
        try:
            workflow.amend(problem, by=self.batch.by, reason=reason, now=self.now, **values)
        except DomainError as error:
            field = getattr(error, "field", "")
            column = next((name for name in edited if DESCRIPTIVE[name] == field), "")
            raise Refused("not_possible", Message(error.message), column) from error
        return Outcome(row, "updated", problem.pk, before, _changes(row, edited, here))

    def _amended(self, row: ParsedRow, problem: Problem, edited: list[str]) -> dict[str, Any]:
        """The edited columns as the workflow takes them."""
        values: dict[str, Any] = {}
        for name in edited:
            values[DESCRIPTIVE[name]] = self._one(name, row, problem)
        if "party_name" in values and problem.party_id is not None:
            values["party"] = None
        return values

    def _one(self, name: str, row: ParsedRow, problem: Problem) -> Any:
        value = row.values[name]
        if name == "team":
            return self._meant(name, self.known.team, value) if value else self.office
        if name == "district":
            return self._meant(name, self.known.district, value)
        if name == "site":
            return self._meant(name, lambda text: self._site(text, row, problem), value)
        if name == "kind":
            return self._meant(name, self.known.kind, value) if value else None
        if name == "severity":
            return value or Severity.ORDINARY
        if name == "source":
            return value or Source.PATROL
        return value or "" if name in ("description", "party", "remark") else value

    def _site(self, name: str, row: ParsedRow, problem: Problem) -> Site | None:
        """The office's site of this name in the district that the row says, else the one the problem has."""
        told = row.values.get("district")
        district = self.known.district(told) if told else None
        self.known.load_sites({name})
        return self.known.site(name, district or problem.district, None, None, None)

    # --- Problems that only imports have written ---

    def rewrite(self, row: ParsedRow, problem: Problem, edited: list[str], here: Told, report: Report) -> Outcome:
        """Bring the problem to what its ledger said of it last, with what was edited since. Raises Refused."""
        values = self._ledger(problem) or dict(row.values)
        values |= {name: row.values[name] for name in edited}
        # By what they are called today; what is not edited needs no name to be known again.
        if "district" not in edited:
            values["district"] = problem.district_id
        if "site" not in edited:
            values["site"] = problem.site.name
        self.known.load_sites({values["site"]})
        scratch = Report()
        # As the ledger's own row, in which a rule fills what is empty.
        past = resolve(dataclasses.replace(row, values=values, doubtful=(), check=None), self.known, scratch, self.now)
        # A name that the ledger always had and nobody knows is no news; one that was put there now is refused.
        columns = {header: name for name, header in row.headers.items()}
        remarks = past.row.doubtful if past is not None else scratch.refused
        for one in remarks:
            column = columns.get(one.column, one.column)
            if past is None or column in edited:
                raise Refused(one.code, one.message, column)
        assert past is not None
        self.known.flush()
        before, _told = rewrite(past, problem, self.batch, self.now, held=self.held, today=self.today)
        return Outcome(row, "updated", problem.pk, before, _changes(row, edited, here))

    @staticmethod
    def _ledger(problem: Problem) -> dict[str, Any]:
        """The values that the last import of the problem took, as its history keeps them."""
        events = Event.objects.filter(subject_type="problem", subject_id=problem.pk, verb=Verb.IMPORT)
        details = events.order_by("-seq").values_list("details", flat=True).first() or {}
        return {
            name: _typed(PROBLEM[name].holds, value)
            for name, value in details.get("values", {}).items()
            if name in PROBLEM
        }


def _typed(holds: str, value: Any) -> Any:
    """A value of the history as the importer reads it."""
    if value is None or value == "":
        return None
    if holds == "date":
        return datetime.date.fromisoformat(value)
    if holds == "decimal":
        return Decimal(value)
    if holds == "number":
        return as_number_text(value[0] if isinstance(value, list) else value)
    return value


def _changes(row: ParsedRow, edited: list[str], here: Told) -> list[dict[str, Any]]:
    """One entry per edited cell, as the report tells them."""
    language = row.check.language if row.check else "en"
    return [
        {
            "row": row.row,
            "number": here.values["number"],
            "column": row.headers.get(name, name),
            "old": cell_text(name, here.values[name], language)[:200],
            "new": cell_text(name, row.values[name], language)[:200],
        }
        for name in edited
    ]
