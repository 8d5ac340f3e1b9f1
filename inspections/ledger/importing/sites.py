"""Writing a register of sites: new ones, and known ones where the ledger says something else."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from casetracker import audit
from casetracker.errors import Invalid
from casetracker.models import District
from inspections import siting
from inspections.ledger.errors import Message, RowError
from inspections.ledger.exporting.other_ledgers import site_values, with_operators
from inspections.ledger.exporting.written import SITE_COLUMNS
from inspections.ledger.importing.marked import edited
from inspections.ledger.importing.names import Names
from inspections.ledger.importing.report import Outcome, Report
from inspections.ledger.importing.visits import OTHER_OFFICE, UNKNOWN_DISTRICT, on_code, remark
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
# What a cell that was emptied since the export makes of its column; the others can't be empty.
EMPTIED = {"address": "", "credit_code": "", "permit": "", "grid_cell": "", "lat": None, "lon": None}


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
        self.seen: dict[Key | UUID, str] = {}
        # Sites of the present rows that an undone import had brought.
        self.ended: set[UUID] = set()

    def waits(self, row: ParsedRow) -> bool:
        """No site depends on another row."""
        return False

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        outcomes: list[Outcome] = []
        wanted: list[_Wanted] = []
        back = _known_again(rows)
        self.ended = taken_back([site.pk for site in back.values() if site.valid_until])
        for row in rows:
            site = back.get(row.check.subject) if row.check else None
            if site is not None:
                outcomes += self._returned(row, site, report)
                continue
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
        self.ended |= taken_back([site.pk for site in known.values() if site.valid_until])
        return outcomes + [self._written(one, known.get(one.key)) for one in wanted]

    def finish(self) -> None:
        """Nothing is left to do."""

    def _returned(self, row: ParsedRow, site: Site, report: Report) -> list[Outcome]:
        """What became of a row of our own register, at most one outcome: only what was edited in it is taken over."""
        told = json.dumps(audit.plain(row.values), sort_keys=True)
        if site.office_id != self.batch.office_id:
            report.refuse(on_code(row, "other_office", OTHER_OFFICE))
            return []
        if site.pk in self.seen:
            if self.seen[site.pk] == told:
                return [Outcome(row, "duplicate")]
            report.refuse(remark(row, "name", row.values["name"], "duplicate", SITE_TWICE))
            return []
        self.seen[site.pk] = told
        names, conflicts = ([], []) if row.is_as_exported else edited(row, SITE_COLUMNS, _told(row, site))
        if conflicts:
            report.refuse(*conflicts)
            return []
        touched = bool(names) or site.pk in self.ended
        one = self._wanted(row, report) if touched else None
        if one is None:
            return [] if touched else [Outcome(row, "unchanged", site.pk)]
        told_of = EMPTIED | {"name": one.key[0], "district": one.district} | one.values
        values = {name: told_of[name] for name in names if name in told_of}
        return [self._rewritten(one, site, values, one.operator if "operator" in names else None)]

    def _wanted(self, row: ParsedRow, report: Report) -> _Wanted | None:
        """What a row's names mean; None when it is refused."""
        values = row.values
        district = self.names.district(values["district"])
        if district is None:
            report.refuse(remark(row, "district", values["district"], "unknown_district", UNKNOWN_DISTRICT))
            # Asked for together with the district, not only once that is known.
            if values["kind"] and self.names.site_kind(values["kind"]) is None:
                report.ask("kind", values["kind"])
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
        if site is None:
            return Outcome(one.row, "created", self._entered(one).pk)
        # An empty cell leaves the operator, as it leaves everything.
        return self._rewritten(one, site, one.values, one.operator or None)

    def _rewritten(self, one: _Wanted, site: Site, values: dict[str, Any], operator: str | None) -> Outcome:
        facts = {"file": self.batch.file_name, "row": one.row.row, "batch": str(self.batch.pk)}
        if site.pk in self.ended:
            again = {**values, "valid_until": None}
            siting.rewrite(site, again, operator, by=self.batch.by, now=self.now, facts=facts | {"revived": True})
            return Outcome(one.row, "revived", site.pk)
        before = siting.rewrite(site, values, operator, by=self.batch.by, now=self.now, facts=facts)
        if not before:
            return Outcome(one.row, "unchanged", site.pk)
        return Outcome(one.row, "updated", site.pk, snapshot(before), _changes(one, values, before))

    def _entered(self, one: _Wanted) -> Site:
        facts = {"file": self.batch.file_name, "row": one.row.row, "batch": str(self.batch.pk)}
        usual = {"name": one.key[0], "district": one.district, "kind": self.names.site_kind(None)}
        values = {**usual, **one.values}
        return siting.register(self.batch.office, values, one.operator, by=self.batch.by, now=self.now, facts=facts)


def _known_again(rows: list[ParsedRow]) -> dict[UUID, Site]:
    """The sites of rows that were exported, locked, each with whoever runs it."""
    subjects = {row.check.subject for row in rows if row.check is not None}
    own = Site.objects.select_for_update(of=("self",)).select_related("office", "kind", "district")
    return {site.pk: site for site in with_operators(own.filter(pk__in=subjects).order_by("pk"))} if subjects else {}


def _told(row: ParsedRow, site: Site) -> dict[str, Any]:
    """What a ledger in the row's language says of a site now."""
    assert row.check is not None
    with override("zh-hans" if row.check.language == "zh" else "en"):
        return site_values(site)


def _changes(one: _Wanted, values: dict[str, Any], before: dict[str, Any]) -> list[dict[str, Any]]:
    """What a row changed, under the sheet's own headers."""
    after = values | {"operator": one.operator}
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
    if isinstance(value, SiteKind | District):
        return value.name_zh
    return "" if value is None else str(value)[:200]
