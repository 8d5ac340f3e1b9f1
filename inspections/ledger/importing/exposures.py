"""Writing exposures in the media: pieces, whom each names, and what the medium later found there."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from casetracker import audit
from inspections.enums import Verb
from inspections.ledger.errors import Message, RowError
from inspections.ledger.exporting.other_ledgers import exposure_values
from inspections.ledger.exporting.written import EXPOSURE_COLUMNS
from inspections.ledger.importing.batch import CHUNK
from inspections.ledger.importing.marked import edited
from inspections.ledger.importing.names import Names
from inspections.ledger.importing.report import Outcome, Report
from inspections.ledger.importing.visits import OTHER_OFFICE, on_code
from inspections.ledger.rows import ParsedRow
from inspections.models import Exposure, ImportBatch, Named, Party, Problem, Site
from inspections.workflow.undoing.exposures import FOLLOW_UP, SUBJECT

EXPOSURE_IS_HERE = _("This exposure is here already. A file can change its follow-up only; put back what stood here.")
UNKNOWN_PROBLEM = _("No problem has the number “%(name)s”; the exposure was imported without it.")

Piece = tuple[Any, str, str]
Key = tuple[Any, str, Any]


@dataclass
class _Wanted:
    """One row, the piece it belongs to, and the problem it names."""

    row: ParsedRow
    piece: Piece
    problem: Problem | None


class ExposureWriter:
    """Enters what is not there yet; a known one learns of its follow-up, which an empty cell does not take away."""

    def __init__(self, batch: ImportBatch, names: Names) -> None:
        self.batch = batch
        self.office = batch.office
        self.seen: set[Any] = set()

    def waits(self, row: ParsedRow) -> bool:
        """No exposure depends on another row."""
        return False

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        outcomes: list[Outcome] = []
        wanted: list[_Wanted] = []
        rows = self._returned(rows, outcomes, report)
        for row, problem in self._with_problems(rows):
            values = row.values
            piece = (values["published_on"], values["medium"], values["title"])
            # Without a problem of ours a piece names somebody once, whatever number the ledger gives.
            key = (piece, values["party"], problem.pk if problem else None)
            if key in self.seen:
                outcomes.append(Outcome(row, "duplicate"))
            else:
                self.seen.add(key)
                wanted.append(_Wanted(row, piece, problem))
        pieces = self._pieces({one.piece for one in wanted})
        known = self._known(pieces)
        places = self._places({one.row.values["party"] for one in wanted})
        new: list[Named] = []
        for one in wanted:
            exposure = pieces[one.piece]
            here = known.get((exposure.pk, one.row.values["party"], one.problem.pk if one.problem else None))
            if here is None:
                made = self._named(one, exposure, *places.get(one.row.values["party"], (None, None)))
                new.append(made)
                outcomes.append(Outcome(one.row, "created", made.pk))
            elif here.undone:
                outcomes.append(self._revived(one, here))
            else:
                outcomes.append(self._again(one, here))
        Named.objects.bulk_create(new, batch_size=CHUNK)
        return outcomes

    def finish(self) -> None:
        """Nothing is left to do."""

    def _returned(self, rows: list[ParsedRow], outcomes: list[Outcome], report: Report) -> list[ParsedRow]:
        """Sort out the rows that we exported and that are here; only what was edited of a follow-up is for others."""
        subjects = {row.check.subject for row in rows if row.check is not None}
        here = Named.objects.select_related("exposure", "problem").defer("problem__search").in_bulk(subjects)
        others: list[ParsedRow] = []
        for row in rows:
            named = here.get(row.check.subject) if row.check else None
            if named is None or row.check is None:
                others.append(row)
            elif named.exposure.office_id != self.office.pk:
                report.refuse(on_code(row, "other_office", OTHER_OFFICE))
            elif row.is_as_exported:
                outcomes.append(Outcome(row, "duplicate" if named.pk in self.seen else "unchanged", named.pk))
                self.seen.add(named.pk)
            elif (remarks := self._against(row, named)) is not None:
                report.refuse(*remarks)
            else:
                others.append(row)
        return others

    @staticmethod
    def _against(row: ParsedRow, named: Named) -> list[RowError] | None:
        """Why what was edited in a row of ours can't be taken over; None where it can."""
        names, conflicts = edited(row, EXPOSURE_COLUMNS, exposure_values(named))
        if not set(names) <= set(FOLLOW_UP):
            return [on_code(row, "loop_owned", EXPOSURE_IS_HERE)]
        return conflicts or None

    def _with_problems(self, rows: list[ParsedRow]) -> list[tuple[ParsedRow, Problem | None]]:
        """Each row with the problem of its number; an unknown number is doubtful."""
        numbers = {row.values["number"].text for row in rows if row.values.get("number")}
        office = Problem.objects.filter(office=self.office)
        found = {one.number: one for one in office.filter(number__in=numbers).only("pk", "number", "site", "party")}
        paired: list[tuple[ParsedRow, Problem | None]] = []
        for row in rows:
            number = row.values.get("number")
            problem = found.get(number.text) if number else None
            if number and problem is None:
                message = Message(UNKNOWN_PROBLEM, {"name": number.text})
                column = row.headers.get("number", "number")
                doubt = RowError(row.row, column, number.text[:200], "unknown_problem", message)
                row = dataclasses.replace(row, doubtful=(*row.doubtful, doubt))
            paired.append((row, problem))
        return paired

    def _pieces(self, wanted: set[Piece]) -> dict[Piece, Exposure]:
        """The pieces of these days, media and titles; those that are new are entered."""
        days = {piece[0] for piece in wanted}
        rows = Exposure.objects.filter(office=self.office, published_on__in=days)
        known = {(one.published_on, one.medium, one.title): one for one in rows}
        made = {
            piece: Exposure(office=self.office, published_on=piece[0], medium=piece[1], title=piece[2])
            for piece in sorted(wanted - known.keys())
        }
        Exposure.objects.bulk_create(made.values(), batch_size=CHUNK)
        return known | made

    def _known(self, pieces: dict[Piece, Exposure]) -> dict[Key, Named]:
        rows = Named.objects.select_for_update().filter(exposure__in=[one.pk for one in pieces.values()])
        return {(one.exposure_id, one.name, one.problem_id): one for one in rows.order_by("pk")}

    def _places(self, names: set[str]) -> dict[str, tuple[Site | None, Party | None]]:
        """The one site and the one party of the office that go by each name; none where several do."""
        sites = _only(Site.objects.filter(office=self.office, name__in=names).only("pk", "name"))
        parties = _only(Party.objects.filter(office=self.office, name__in=names).only("pk", "name"))
        return {name: (sites.get(name), parties.get(name)) for name in names}

    def _revived(self, one: _Wanted, here: Named) -> Outcome:
        """An exposure that an undone import had brought counts again, with what this row says of a follow-up."""
        values = one.row.values
        here.undone, here.import_batch = False, self.batch
        here.follow_up_on, here.follow_up_result = values.get("follow_up_on"), values.get("follow_up_result") or ""
        here.save(update_fields=["undone", "import_batch", *FOLLOW_UP])
        self._record(one, here, revived=True)
        return Outcome(one.row, "revived", here.pk)

    def _again(self, one: _Wanted, here: Named) -> Outcome:
        """What a row says of an exposure that is here."""
        values = {name: one.row.values.get(name) for name in FOLLOW_UP}
        after = {name: value for name, value in values.items() if value and value != getattr(here, name)}
        if not after:
            return Outcome(one.row, "unchanged", here.pk)
        before = {name: getattr(here, name) for name in after}
        for name, value in after.items():
            setattr(here, name, value)
        here.save(update_fields=list(after))
        self._record(one, here, before=before, after=after)
        changes = [
            {
                "row": one.row.row,
                "number": here.name,
                "column": one.row.headers.get(name, name),
                "old": "" if before[name] is None else str(before[name]),
                "new": str(after[name]),
            }
            for name in after
        ]
        return Outcome(one.row, "updated", here.pk, audit.plain(before), changes)

    def _record(self, one: _Wanted, here: Named, **facts: Any) -> None:
        """What the row changed, for the history."""
        audit.record(
            subject_type=SUBJECT,
            subject_id=here.pk,
            label=here.name,
            verb=Verb.IMPORT,
            by=self.batch.by,
            at=self.batch.created_at,
            file=self.batch.file_name,
            row=one.row.row,
            batch=str(self.batch.pk),
            **facts,
        )

    def _named(self, one: _Wanted, piece: Exposure, site: Site | None, party: Party | None) -> Named:
        values, problem = one.row.values, one.problem
        return Named(
            exposure=piece,
            published_on=piece.published_on,
            name=values["party"],
            problem=problem,
            site_id=problem.site_id if problem else site.pk if site else None,
            party_id=problem.party_id if problem else party.pk if party else None,
            follow_up_on=values.get("follow_up_on"),
            follow_up_result=values.get("follow_up_result") or "",
            import_batch=self.batch,
        )


def _only(rows: Any) -> dict[str, Any]:
    """Rows by name; a name that several go by means none of them."""
    found: dict[str, Any] = {}
    for row in rows:
        found[row.name] = None if row.name in found else row
    return found
