"""One import: read, resolve and write in chunks, all in one transaction, with a report of every row."""

import dataclasses
import datetime
import hashlib
import pickle
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol

from django.db import transaction
from django.utils import timezone

from casetracker import audit
from casetracker.copying import copy_in
from casetracker.models import Job, Unit, User
from inspections.enums import ImportState, Verb
from inspections.ledger.importing.names import Names
from inspections.ledger.importing.office_names import OfficeNames
from inspections.ledger.importing.past import moment
from inspections.ledger.importing.report import NEW, Outcome, Report
from inspections.ledger.kinds import ACCOUNTS
from inspections.ledger.mapping import LedgerMapping
from inspections.ledger.opening import Ledger, open_ledger, read_later
from inspections.ledger.rows import LEFT_OUT, Corrections, ParsedRow
from inspections.models import ImportBatch, ImportRow
from inspections.workflow.undoing.parts import ALONG

CHUNK = 1000
EVENING = 18  # after the hours of what a ledger tells of a day


class Writer(Protocol):
    """Writes the accepted rows of one kind of ledger, a chunk at a time."""

    def waits(self, row: ParsedRow) -> bool:
        """Whether this row is to be written only when the whole ledger was read."""

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]: ...

    def finish(self) -> None: ...


def put_by(rows: list[ParsedRow], file: IO[bytes]) -> None:
    """Add rows to a file of those that wait, so that memory stays flat."""
    if rows:
        pickle.dump([dataclasses.replace(row, cells=[]) for row in rows], file)


def waiting_rows(file: IO[bytes]) -> Iterator[ParsedRow]:
    """The rows that put_by() kept, in their order."""
    file.seek(0)
    while True:
        try:
            yield from pickle.load(file)
        except EOFError:
            return


def import_file(
    path: Path,
    mapping: LedgerMapping,
    *,
    office: Unit,
    by: User | None,
    file_name: str = "",
    dry_run: bool = False,
    held: bool = True,
    progress: Callable[[int, int], None] | None = None,
    job: Job | None = None,
    today: datetime.date | None = None,
    corrections: Corrections | None = None,
) -> Report:
    """Import a ledger into an office, in one transaction; a dry run does everything and takes it back.

    Nothing may have happened after `today`, the local day unless one is given: the day on which the ledger is taken
    in. One taken in as on a day of the past is dated the evening of that day.
    Open problems stay `held` (no reminder, no mail speaks of them) until a supervisor releases the batch.
    `corrections` are read in the place of the sheet's own cells: by row number, then by canonical column.
    Raises LedgerError when the file, its layout or its mapping can't be used. Of a `job` that was imported
    before its worker died, the batch that is there is reported and nothing is imported again.
    """
    report = Report()
    if job is not None and not dry_run and (made := ImportBatch.objects.filter(job_id=job.pk).first()):
        return _reported(made)
    day = today or timezone.localdate()
    now = timezone.now() if today is None else min(timezone.now(), moment(today, EVENING))
    later = read_later(path, mapping, today=day, corrections=corrections)
    with open_ledger(path, mapping, today=day, corrections=corrections, later=later) as ledger, transaction.atomic():
        batch = ImportBatch.objects.create(
            office=office,
            kind=mapping.kind,
            file_name=(file_name or path.name)[:200],
            file_sha256=digest_of(path),
            mapping=dict(mapping.source),
            state=ImportState.DONE,
            by=by,
            created_at=now,
            released_at=None if held else now,
            job_id=job.pk if job else None,
        )
        names = names_for(mapping, batch)
        writer = writer_for(mapping, batch, names, held=held, today=day, now=now)
        above = max(ledger.header.rows)
        total = ledger.sheet.rows - above
        for good, done in _readable(ledger, writer, report, names):
            if not good:
                batch.refresh_from_db(fields=["state"])  # the server ends a transaction that is silent for 30 s
            _keep(batch, writer.write(good, report), report)
            names.forget_sites()
            _keep_along(batch, names)
            if progress:
                progress(min(done - above, total), total)
        writer.finish()
        names.flush()
        _keep_along(batch, names)
        report.sort()
        report.rows, report.nothing, report.hidden = ledger.count, ledger.nothing, ledger.hidden
        report.columns, report.unread = ledger.read, ledger.unread
        report.corrections = _corrected(ledger, corrections or {})
        report.made, report.made_names = dict(names.created), dict(names.called)
        batch.report = report.as_json()
        batch.save(update_fields=["report"])
        report.batch = batch
        if dry_run:
            transaction.set_rollback(True)
            report.batch = None
    return report


def _readable(ledger: Ledger, writer: Writer, report: Report, names: Names) -> Iterator[tuple[list[ParsedRow], int]]:
    """The rows without a fault in chunks, those that wait last, each with the number of the row reached so far."""
    with tempfile.TemporaryFile() as waiting:
        reached = 0
        for chunk in chunks(iter(ledger)):
            reached = chunk[-1].row
            good: list[ParsedRow] = []
            later: list[ParsedRow] = []
            for row in chunk:
                if row.errors and row.errors[0].code == LEFT_OUT:
                    report.left_out += 1
                elif row.errors:
                    report.refuse(*row.errors)
                    # Asked for with the other texts, not only once the row is mended.
                    for name, text in names.unmatched(row.values, ledger.mapping.kind):
                        report.ask(name, text)
                else:
                    (later if writer.waits(row) else good).append(row)
            put_by(later, waiting)
            yield good, reached
        for chunk in chunks(waiting_rows(waiting)):
            yield chunk, reached


def _corrected(ledger: Ledger, corrections: Corrections) -> list[dict[str, Any]]:
    """The corrections as the report tells them, in the order of the rows."""
    return [
        {"row": row, "name": name, "column": ledger.read.get(name, name), "value": text}
        for row, cells in sorted(corrections.items())
        for name, text in cells.items()
    ]


def _reported(batch: ImportBatch) -> Report:
    """The counts of an import that is done."""
    known = batch.report
    report = Report(**{name: known[name] for name in ("rows", "accepted", "created", "updated", "unchanged")})
    report.duplicates, report.hidden, report.made = known["duplicates"], known["hidden"], known["made"]
    report.refused_rows, report.batch = known["refused_rows"], batch
    return report


def _keep(batch: ImportBatch, outcomes: list[Outcome], report: Report) -> None:
    """Count what became of the rows and remember it for undoing and for the page."""
    for one in outcomes:
        if one.outcome == "duplicate":
            report.duplicates += 1
            continue
        report.accepted += 1
        if one.outcome in NEW:
            report.created += 1
            report.revived += one.outcome == "revived"
        elif one.outcome == "updated":
            report.updated += 1
            report.change(one.changes)
        else:
            report.unchanged += 1
        report.doubt(*one.row.doubtful)
    copy_in(
        [
            ImportRow(batch=batch, row=one.row.row, outcome=one.outcome, subject_id=one.subject_id, before=one.before)
            for one in outcomes
        ]
    )


def names_for(mapping: LedgerMapping, batch: ImportBatch) -> Names:
    """What names mean in this kind of ledger."""
    if mapping.kind in ACCOUNTS:
        return OfficeNames(batch.office, mapping.create, mapping.create_only, batch=batch)
    return Names(batch.office, mapping.create, mapping.create_only)


def _keep_along(batch: ImportBatch, names: Names) -> None:
    """Remember the sites that came along, which are written by now, for undoing; the history of each says so."""
    came, names.along = names.along, []
    copy_in([ImportRow(batch=batch, row=0, outcome=ALONG, subject_id=site.pk) for site in came])
    audit.record_many(
        [
            audit.event(
                subject_type="site", subject_id=site.pk, label=site.name, verb=Verb.IMPORT, by=batch.by,
                at=batch.created_at, file=batch.file_name, batch=str(batch.pk),
            )
            for site in came
        ]
    )  # fmt: skip


def writer_for(
    mapping: LedgerMapping,
    batch: ImportBatch,
    names: Names,
    *,
    held: bool,
    today: datetime.date,
    now: datetime.datetime,
) -> Writer:
    """The writer of this kind of ledger."""
    from inspections.ledger.importing.exposures import ExposureWriter
    from inspections.ledger.importing.people import PersonWriter
    from inspections.ledger.importing.problems import ProblemWriter
    from inspections.ledger.importing.sites import SiteWriter
    from inspections.ledger.importing.units import UnitWriter
    from inspections.ledger.importing.visits import VisitWriter

    if isinstance(names, OfficeNames):
        return PersonWriter(batch, names, now) if mapping.kind == "people" else UnitWriter(batch, names)
    if mapping.kind == "visits":
        return VisitWriter(batch, names, now)
    if mapping.kind == "sites":
        return SiteWriter(batch, names)
    if mapping.kind == "exposures":
        return ExposureWriter(batch, names)
    return ProblemWriter(batch, names, held=held, today=today, now=now)


def chunks(rows: Iterator[ParsedRow]) -> Iterator[list[ParsedRow]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key_of(*parts: object) -> str:
    """The digest by which a row without a number is known again."""
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
