"""Writing units: new ones, and known ones where the ledger says something else; the one above may stand below."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from casetracker import audit, deliveries
from casetracker.administering.recording import subject_id_of
from casetracker.administering.units import change_unit, state
from casetracker.enums import UnitKind
from casetracker.errors import Invalid
from casetracker.models import District, Unit
from inspections.enums import ImportState
from inspections.ledger.cells import normalise
from inspections.ledger.errors import RowError
from inspections.ledger.importing.enlisting import BAD_EMAIL, Refused, remark
from inspections.ledger.importing.names import Unclear
from inspections.ledger.importing.office_names import OfficeNames, about, guessed_kind
from inspections.ledger.importing.report import NEW, Outcome, Report
from inspections.ledger.importing.visits import UNKNOWN_DISTRICT
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, ImportRow

UNKNOWN_PARENT = _("No unit of this office is called “%(name)s”, and no row of the ledger makes one.")
UNIT_TWICE = _("The unit “%(name)s” stands on another row with other content.")
KNOWN_AS = _("It is here as %(name)s, and keeps that name.")
GUESSED = _("The row names no kind of unit; by its name it was taken for: %(kind)s.")
NAME_TAKEN = _("One of these names is another unit’s, now or formerly.")
# What the administration refuses, by the field that it names: code and reason.
NOT_POSSIBLE = {
    "valid_until": ("bad_order", _("The last day lies before the first one.")),
    "aliases": ("name_taken", NAME_TAKEN),
    "name_zh": ("name_taken", NAME_TAKEN),
    "parent": ("bad_tree", _("A unit can’t stand below itself. Choose another one above it.")),
    "successor": ("bad_tree", _("A unit can’t follow itself. Choose the unit that takes over.")),
}
# The unit's column of each canonical one that is simply taken over.
PLAIN = {
    "name_en": "name_en",
    "short_name": "short_zh",
    "unit_kind": "kind",
    "email": "email",
    "number_prefix": "number_prefix",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
}
# The canonical column of each of the unit's columns that a refusal of the administration may name.
NAMED = {column: name for name, column in PLAIN.items()} | {"name_zh": "name"}


@dataclass
class _Told:
    """One row with what its names mean."""

    row: ParsedRow
    values: dict[str, Any]
    districts: list[District] | None = None
    aliases: list[str] = field(default_factory=list)
    doubts: list[RowError] = field(default_factory=list)

    def refused(self, name: str, code: str, template: Any, /, **words: Any) -> Refused:
        return Refused(remark(self.row, name, code, template, **words))


class UnitWriter:
    """Enters the units that are not there yet and changes the others; an empty cell changes nothing."""

    def __init__(self, batch: ImportBatch, names: OfficeNames) -> None:
        self.batch = batch
        self.names = names
        # What each unit's row said, and the names that rows so far have.
        self.seen: dict[str, str] = {}
        self.coming: set[str] = set()

    def waits(self, row: ParsedRow) -> bool:
        """A row waits whose unit above, or successor, is not there and stands further below perhaps."""
        self.coming.add(normalise(row.values["name"]))
        named = (row.values.get("parent"), row.values.get("successor"))
        return any(name and normalise(name) not in self.coming and not self._is_here(name) for name in named)

    def _is_here(self, name: str) -> bool:
        try:
            return self.names.units.find(name) is not None
        except Unclear:
            return True

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        outcomes: list[Outcome] = []
        left = rows
        while left:
            # Above before below, in whichever order they stand.
            later = [row for row in left if self._is_above(row, left)]
            for row in [row for row in left if row not in later] or left:
                try:
                    outcomes.append(self._written(row))
                except Refused as refusal:
                    report.refuse(refusal.remark)
            left = later if len(later) < len(left) else []
        return outcomes

    def _is_above(self, row: ParsedRow, rows: list[ParsedRow]) -> bool:
        """Is the unit above this row's one of those that are still to be written?"""
        names = {normalise(one.values["name"]) for one in rows if one is not row}
        wanted = (row.values.get("parent"), row.values.get("successor"))
        return any(name and normalise(name) in names and not self._is_here(name) for name in wanted)

    def finish(self) -> None:
        """Nothing is left to do."""

    # --- One row --------------------------------------------------------------------------------------

    def _written(self, row: ParsedRow) -> Outcome:
        """Make or change the unit of a row. Raises Refused."""
        name = row.values["name"]
        content = json.dumps(audit.plain(row.values), sort_keys=True)
        if (before := self.seen.get(normalise(name))) is not None:
            if before == content:
                return Outcome(row, "duplicate")
            raise Refused(remark(row, "name", "duplicate", UNIT_TWICE, name=name))
        told = self._told(row)
        here = self._find(told, "name", name)
        try:
            outcome = self._made(told, name) if here is None else self._changed(told, here)
        except Unclear as problem:
            raise told.refused("name", f"{problem.code}_unit", problem.message.template, name=name) from problem
        except Invalid as problem:
            column = NAMED.get(problem.field, problem.field)
            raise told.refused(column, *NOT_POSSIBLE[problem.field]) from problem
        self.seen[normalise(name)] = content
        outcome.row = dataclasses.replace(row, doubtful=(*row.doubtful, *told.doubts))
        return outcome

    def _told(self, row: ParsedRow) -> _Told:
        """What a row's names mean. Raises Refused."""
        values = {column: row.values[name] for name, column in PLAIN.items() if row.values.get(name)}
        told = _Told(row, values, aliases=list(row.values.get("aliases") or []))
        if email := values.get("email"):
            try:
                deliveries.mailbox(email)
            except (ValidationError, ValueError) as problem:
                raise told.refused("email", "bad_email", BAD_EMAIL, name=email) from problem
        for name in ("parent", "successor"):
            if text := row.values.get(name):
                found = self._find(told, name, text)
                if found is None:
                    raise told.refused(name, "unknown_unit", UNKNOWN_PARENT, name=text)
                # As it is now: an earlier row may have moved it, and the path of what stands below follows from it.
                values[name] = Unit.objects.get(pk=found.pk)
        for text in row.values.get("districts") or []:
            district = self.names.district(text)
            if district is None:
                raise told.refused("districts", "unknown_district", UNKNOWN_DISTRICT, name=text)
            told.districts = [*(told.districts or []), district]
        return told

    def _find(self, told: _Told, column: str, name: str) -> Unit | None:
        try:
            return self.names.units.find(name)
        except Unclear as problem:
            raise told.refused(column, f"{problem.code}_unit", problem.message.template, name=name) from problem

    def _made(self, told: _Told, name: str) -> Outcome:
        values = dict(told.values)
        kind = values.pop("kind", None)
        if kind is None:
            kind = guessed_kind(name)
            told.doubts.append(remark(told.row, "unit_kind", "guessed_kind", GUESSED, kind=UnitKind(kind).label))
        if told.districts is not None:
            values["districts"] = told.districts
        unit = self.names.make(name, kind, aliases=told.aliases, **values)
        for alias in (unit.short_zh, *told.aliases):
            if alias:
                self.names.units.also(alias, unit)
        return Outcome(told.row, "created", subject_id_of(unit), {"pk": unit.pk, "made": True})

    def _changed(self, told: _Told, unit: Unit) -> Outcome:
        """What the row changes of a unit that is here; one whose import was undone exists again."""
        name = told.row.values["name"]
        if normalise(unit.name_zh) != normalise(name):
            told.doubts.append(remark(told.row, "name", "known_as", KNOWN_AS, name=unit.name_zh))
        before = state(unit)
        values, revived = dict(told.values), self._is_undone(unit)
        if revived:
            values = {"valid_from": None, "valid_until": None} | values
        aliases = sorted({*before["aliases"], *told.aliases} - {unit.name_zh})
        more: dict[str, Any] = {} if aliases == before["aliases"] else {"aliases": aliases}
        if told.districts is not None:
            more["districts"] = told.districts
        try:
            changed = change_unit(unit, by=self.batch.by, about=about(self.batch), **values, **more)
        except Invalid as problem:
            if problem.field:
                raise
            return Outcome(told.row, "unchanged", subject_id_of(unit), {"pk": unit.pk, "made": False})
        after = state(changed)
        old = {column: value for column, value in before.items() if value != after[column]}
        kept = {"pk": unit.pk, "made": revived, "columns": audit.plain(_keys(old))}
        if revived:
            return Outcome(told.row, "revived", subject_id_of(unit), kept)
        return Outcome(told.row, "updated", subject_id_of(unit), kept, _changes(told.row, old, after))

    def _is_undone(self, unit: Unit) -> bool:
        """Did an import bring it that was undone?"""
        rows = ImportRow.objects.filter(subject_id=subject_id_of(unit), outcome__in=NEW)
        return unit.valid_until is not None and rows.filter(batch__state=ImportState.UNDONE).exists()


def _keys(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a unit as they can be restored: other units by their key."""
    return {name: value.pk if isinstance(value, Unit) else value for name, value in values.items()}


SHOWN_AS = NAMED | {"districts": "districts", "aliases": "aliases", "parent": "parent", "successor": "successor"}


def _changes(row: ParsedRow, old: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What a row changed, under the sheet's own headers."""
    return [
        {
            "row": row.row,
            "number": row.values["name"],
            "column": row.headers.get(SHOWN_AS.get(name, name), name),
            "old": _text(value),
            "new": _text(after[name]),
        }
        for name, value in old.items()
    ]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(value)
    if isinstance(value, Unit):
        return value.name_zh
    return "" if value is None else str(value)[:200]
