"""Writing a register of sites: new ones, and known ones where the ledger says something else."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from casetracker import audit
from casetracker.errors import Invalid
from casetracker.models import District
from inspections import siting
from inspections.ledger.errors import Message, RowError
from inspections.ledger.importing.names import Names
from inspections.ledger.importing.report import Outcome, Report
from inspections.ledger.importing.visits import UNKNOWN_DISTRICT, remark
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, Site, SiteKind
from inspections.parties import checked_code
from inspections.workflow.undoing.sites import snapshot, taken_back

UNKNOWN_KIND = _("No kind of site is called “%(name)s”; the site was imported as another kind.")
BAD_CODE = _("“%(name)s” is no unified social credit code: check its 18 characters against the licence.")
SITE_TWICE = _("The site “%(name)s” stands on another row with other content.")

Key = tuple[str, str]
# What a filled cell changes of a known site; the operator goes by its own way.
COLUMNS = ("kind", "address", "credit_code", "permit", "risk_class", "grid_cell", "lat", "lon")


@dataclass
class _Wanted:
    """One row with what its names mean."""

    row: ParsedRow
    key: Key
    district: District
    values: dict[str, Any]
    operator: str


class SiteWriter:
    """Enters the sites that are not there yet and changes the others; an empty cell changes nothing."""

    def __init__(self, batch: ImportBatch, names: Names) -> None:
        self.batch = batch
        self.names = names
        self.now = batch.created_at
        self.seen: dict[Key, str] = {}
        # Sites of the present rows that an undone import had brought.
        self.ended: set[UUID] = set()

    def waits(self, row: ParsedRow) -> bool:
        """No site depends on another row."""
        return False

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        outcomes: list[Outcome] = []
        wanted: list[_Wanted] = []
        for row in rows:
            one = self._wanted(row, report)
            if one is None:
                continue
            told = json.dumps(audit.plain(row.values), sort_keys=True)
            if one.key not in self.seen:
                self.seen[one.key] = told
                wanted.append(one)
            elif self.seen[one.key] == told:
                outcomes.append(Outcome(row, "duplicate"))
            else:
                report.refuse(remark(row, "name", one.key[0], "duplicate", SITE_TWICE))
        known = siting.of_names(self.batch.office, {one.key[0] for one in wanted})
        self.ended = taken_back([site.pk for site in known.values() if site.valid_until])
        return outcomes + [self._written(one, known.get(one.key)) for one in wanted]

    def finish(self) -> None:
        """Nothing is left to do."""

    def _wanted(self, row: ParsedRow, report: Report) -> _Wanted | None:
        """What a row's names mean; None when it is refused."""
        values = row.values
        district = self.names.district(values["district"])
        if district is None:
            report.refuse(remark(row, "district", values["district"], "unknown_district", UNKNOWN_DISTRICT))
            return None
        try:
            code = checked_code(values.get("credit_code") or "")
        except Invalid:
            report.refuse(remark(row, "credit_code", values["credit_code"], "bad_code", BAD_CODE))
            return None
        kind = self.names.site_kind(values["kind"])
        if kind is None:
            doubt = RowError(
                row.row,
                row.headers.get("kind", "kind"),
                str(values["kind"])[:200],
                "unknown_kind",
                Message(UNKNOWN_KIND, {"name": values["kind"]}),
                "kind",
            )
            row = dataclasses.replace(row, doubtful=(*row.doubtful, doubt))
        told = {name: values.get(name) for name in COLUMNS} | {"kind": kind, "credit_code": code}
        told = {name: value for name, value in told.items() if value not in (None, "")}
        return _Wanted(row, (values["name"], district.code), district, told, (values.get("operator") or "").strip())

    def _written(self, one: _Wanted, site: Site | None) -> Outcome:
        facts = {"file": self.batch.file_name, "row": one.row.row, "batch": str(self.batch.pk)}
        if site is None:
            return Outcome(one.row, "created", self._entered(one, facts).pk)
        # An empty cell leaves the operator, as it leaves everything.
        operator = one.operator or None
        if site.pk in self.ended:
            again = {**one.values, "valid_until": None}
            siting.rewrite(site, again, operator, by=self.batch.by, now=self.now, facts=facts | {"revived": True})
            return Outcome(one.row, "revived", site.pk)
        before = siting.rewrite(site, one.values, operator, by=self.batch.by, now=self.now, facts=facts)
        if not before:
            return Outcome(one.row, "unchanged", site.pk)
        return Outcome(one.row, "updated", site.pk, snapshot(before), _changes(one, before))

    def _entered(self, one: _Wanted, facts: dict[str, Any]) -> Site:
        usual = {"name": one.key[0], "district": one.district, "kind": self.names.site_kind(None)}
        values = {**usual, **one.values}
        return siting.register(self.batch.office, values, one.operator, by=self.batch.by, now=self.now, facts=facts)


def _changes(one: _Wanted, before: dict[str, Any]) -> list[dict[str, Any]]:
    """What a row changed, under the sheet's own headers."""
    after = one.values | {"operator": one.operator}
    return [
        {
            "row": one.row.row,
            "number": one.key[0],
            "column": one.row.headers.get(name, name),
            "old": _text(old),
            "new": _text(after[name]),
        }
        for name, old in before.items()
    ]


def _text(value: Any) -> str:
    if isinstance(value, SiteKind):
        return value.name_zh
    return "" if value is None else str(value)[:200]
