"""Writing the problems of a ledger: new ones with their whole past, known ones only where the ledger changed."""

import dataclasses
import datetime
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker import audit
from casetracker.models import Event, NumberSeries
from inspections.ledger.cells import CaseNumber
from inspections.ledger.errors import Message, RowError
from inspections.ledger.importing.batch import Outcome, Report, key_of
from inspections.ledger.importing.names import Names
from inspections.ledger.importing.past import Past, rewrite, write_pasts
from inspections.ledger.importing.visits import UNKNOWN_DISTRICT, UNKNOWN_SITE, UNKNOWN_TEAM, remark
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, Problem, Visit
from inspections.workflow.reporting import NUMBER_KIND, number_text

UNKNOWN_UNIT = _("No unit is called “%(name)s”; the problem was imported without it.")
UNKNOWN_KIND = _("No kind of problem is called “%(name)s”; the problem was imported without it.")
NUMBER_TWICE = _("The number “%(name)s” stands on another row with other content.")
SEVERAL_VISITS = _("Several visits of the team fit this problem; it was joined to none of them.")
CHANGED_MEANWHILE = _("“%(name)s” was changed here since it was imported; the row was not taken over.")


class ProblemWriter:
    """Creates, updates or leaves problems as the ledger says."""

    def __init__(self, batch: ImportBatch, names: Names, *, held: bool) -> None:
        self.batch = batch
        self.names = names
        self.office = batch.office
        self.held = held
        self.now = timezone.now()
        self.seen: dict[str, str] = {}
        self.highest: dict[int, int] = {}

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        self.names.load_sites({row.values["site"] for row in rows})
        outcomes: list[Outcome] = []
        wanted: list[Past] = []
        for row in rows:
            past = self._resolve(row, report)
            if past is None:
                continue
            if (earlier := self.seen.get(past.key)) is not None:
                if earlier == past.digest:
                    outcomes.append(Outcome(row, "duplicate"))
                else:
                    report.refuse(remark(row, "number", past.number_text, "duplicate", NUMBER_TWICE))
                continue
            self.seen[past.key] = past.digest
            wanted.append(past)
        self.names.flush()
        known = self._known(wanted)
        new = [past for past in wanted if past.key not in known]
        self._number(new)
        self._join_visits(new, report)
        write_pasts(new, self.batch, self.now, held=self.held)
        outcomes += [Outcome(past.row, "created", past.problem.pk) for past in new if past.problem]
        for past in wanted:
            if (problem := known.get(past.key)) is not None:
                outcomes.append(self._again(past, problem, report))
        return outcomes

    def finish(self) -> None:
        """The number series goes on after the highest imported number of each year."""
        for year, highest in self.highest.items():
            NumberSeries.reach(self.office.pk, NUMBER_KIND, year, highest)

    # --- One row ---

    def _resolve(self, row: ParsedRow, report: Report) -> Past | None:
        """What the row's names mean; None when the row is refused."""
        values = row.values
        district = self.names.district(values["district"])
        if district is None:
            report.refuse(remark(row, "district", values["district"], "unknown_district", UNKNOWN_DISTRICT))
            return None
        site = self.names.site(values["site"], district, values.get("site_kind"), values.get("lat"), values.get("lon"))
        if site is None:
            report.refuse(remark(row, "site", values["site"], "unknown_site", UNKNOWN_SITE))
            return None
        doubts: list[RowError] = []
        team = self._look_up(row, "team", self.names.team, UNKNOWN_TEAM, doubts) or self.office
        kind = self._look_up(row, "kind", self.names.kind, UNKNOWN_KIND, doubts)
        lead = self._look_up(row, "unit", self.names.unit, UNKNOWN_UNIT, doubts)
        others = []
        for name in values.get("co_units") or []:
            unit = self.names.unit(name)
            if unit is None:
                doubts.append(remark(row, "co_units", name, "unknown_unit", UNKNOWN_UNIT))
            elif unit != lead and unit not in others:
                others.append(unit)
        if doubts:
            row = dataclasses.replace(row, doubtful=(*row.doubtful, *doubts))
        number: CaseNumber | None = values.get("number")
        digest = key_of(json.dumps(audit.plain(values), sort_keys=True, ensure_ascii=False))
        external = values.get("external_id") or ""
        if number is not None:
            key = f"number:{number.text}"
        elif external:
            key = f"external:{external}"
        else:
            key = "row:" + key_of(
                self.office.pk,
                values["found_on"],
                site.name,
                district.code,
                values.get("kind"),
                values["description"],
            )
        return Past(
            row=row,
            key=key,
            digest=digest,
            number=number,
            external_id=external,
            district=district,
            site=site,
            team=team,
            kind=kind,
            lead=lead,
            others=others,
        )

    def _look_up(self, row: ParsedRow, column: str, find: Any, message: Any, doubts: list[RowError]) -> Any:
        name = row.values.get(column)
        if not name:
            return None
        found = find(name)
        if found is None:
            doubts.append(remark(row, column, name, f"unknown_{column}", message))
        return found

    # --- Known already ---

    def _known(self, pasts: Iterable[Past]) -> dict[str, Problem]:
        """The problems that these rows speak of, by key."""
        pasts = list(pasts)
        numbers = [past.number.text for past in pasts if past.number is not None]
        externals = [past.external_id for past in pasts if past.number is None and past.external_id]
        keys = [past.import_key for past in pasts if past.import_key]
        found: dict[str, Problem] = {}
        rows = (
            Problem.objects.filter(
                Q(number__in=numbers) | Q(external_id__in=externals) | Q(import_key__in=keys), office=self.office
            )
            .defer("search")
            .select_related("kind", "district", "site", "team", "lead_unit")
        )
        for problem in rows:
            found[f"number:{problem.number}"] = problem
            if problem.external_id:
                found[f"external:{problem.external_id}"] = problem
            if problem.import_key:
                found[f"row:{problem.import_key}"] = problem
        return found

    def _again(self, past: Past, problem: Problem, report: Report) -> Outcome:
        """A row whose problem is here already: unchanged, updated, or changed on both sides."""
        if problem.import_digest == past.digest:
            return Outcome(past.row, "unchanged", problem.pk)
        if problem.import_batch_id is None or self._touched(problem):
            doubt = remark(past.row, "number", problem.number, "conflict", CHANGED_MEANWHILE)
            past.row = dataclasses.replace(past.row, doubtful=(*past.row.doubtful, doubt))
            return Outcome(past.row, "unchanged", problem.pk)
        before = rewrite(past, problem, self.batch, self.now)
        return Outcome(past.row, "updated", problem.pk, before)

    def _touched(self, problem: Problem) -> bool:
        """Has anybody but an import written to this problem?"""
        return Event.objects.filter(subject_type="problem", subject_id=problem.pk).exclude(verb="import").exists()

    # --- New ---

    def _number(self, pasts: list[Past]) -> None:
        """Give numbers to rows without one; remember the highest of the office's own series."""
        prefix = self.office.number_prefix or self.office.short
        for past in pasts:
            if past.number is None or past.number.year is None or past.number.seq is None:
                continue
            if past.number.prefix == prefix:
                self.highest[past.number.year] = max(self.highest.get(past.number.year, 0), past.number.seq)
        waiting: dict[int, list[Past]] = {}
        for past in pasts:
            if past.number is None:
                waiting.setdefault(past.row.values["found_on"].year, []).append(past)
        for year, group in waiting.items():
            NumberSeries.reach(self.office.pk, NUMBER_KIND, year, self.highest.get(year, 0))
            first = NumberSeries.take(self.office.pk, NUMBER_KIND, year, len(group))
            for offset, past in enumerate(group):
                past.number = CaseNumber(number_text(prefix, year, first + offset), prefix, year, first + offset)

    def _join_visits(self, pasts: list[Past], report: Report) -> None:
        """Join each problem to the one visit of its team at its site on its day."""
        days = {past.row.values["found_on"] for past in pasts}
        sites = {past.site.pk for past in pasts}
        table: dict[tuple[int, UUID, datetime.date], list[UUID]] = {}
        for pk, team, site, on in (
            Visit.objects.counted().filter(on__in=days, site__in=sites).values_list("pk", "team_id", "site_id", "on")
        ):
            table.setdefault((team, site, on), []).append(pk)
        for past in pasts:
            fitting = table.get((past.team.pk, past.site.pk, past.row.values["found_on"]), [])
            if len(fitting) == 1:
                past.visit_id = fitting[0]
            elif fitting:
                doubt = RowError(past.row.row, "site", past.site.name, "several_visits", Message(SEVERAL_VISITS))
                past.row = dataclasses.replace(past.row, doubtful=(*past.row.doubtful, doubt))
