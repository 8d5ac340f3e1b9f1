"""A ledger on its way in: a first look, how it is read, what is corrected, and checking that; see ImportDraft."""

import datetime
from collections.abc import Mapping
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from casetracker import working
from casetracker.enums import JobState
from casetracker.models import Job, Unit, User
from inspections.ledger.glance import look
from inspections.ledger.importing.uploads import folder, keep_upload, kept
from inspections.ledger.mapping import from_dict
from inspections.models import ImportBatch, ImportDraft

CHECK, IMPORT, READ, UNDO = "ledger_check", "ledger_import", "ledger_read", "ledger_undo"
# A file of at most so many bytes is looked at while its sender waits.
AT_ONCE = 1024 * 1024
# What nobody touched for so long is thrown away.
KEPT_FOR = datetime.timedelta(days=14)


def begin(file: BinaryIO, name: str, *, source: dict[str, Any], office: Unit, by: User) -> ImportDraft:
    """Keep an uploaded ledger, to be read as this mapping (plain values) says; a small one is looked at here and now.

    A larger one is looked at by a worker: then `checked` names that job. Raises Invalid or LedgerError for a file
    that can't be used.
    """
    now = timezone.now()
    key = keep_upload(file, name)
    draft = ImportDraft(
        office=office, by=by, file=key, file_name=name[:200], mapping=source, created_at=now, changed_at=now
    )
    look_at(draft, by)
    return draft


def look_at(draft: ImportDraft, by: User) -> Job | None:
    """Look at the file as the draft's mapping has it, and save what was seen; the job, where a worker does it."""
    if kept(draft.file).stat().st_size <= AT_ONCE:
        see(draft)
        return None
    with transaction.atomic():
        draft.reading = {}
        draft.changed_at = timezone.now()
        job = working.enqueue(READ, {"draft": str(draft.pk), "file_name": draft.file_name}, by)
        draft.checked = job.pk
        draft.save()
    return job


def see(draft: ImportDraft) -> None:
    """Look at the file here and save what was seen. Raises LedgerError."""
    mapping = from_dict(draft.mapping, is_complete=False)
    seen = look(kept(draft.file), mapping, fixed=draft.is_fixed)
    draft.reading = seen.as_json()
    known = {name: value for name, value in draft.mapping.items() if name not in ("sheet", "header_row", "columns")}
    where: dict[str, Any] = {"sheet": seen.sheet} if seen.sheet else {}
    if seen.header_rows:
        where |= {"header_row": seen.header_rows, "columns": seen.found}
    draft.mapping = where | known
    draft.checked = None
    draft.changed_at = timezone.now()
    draft.save()


def change(draft: ImportDraft, **values: Any) -> None:
    """Change columns of a draft; what was checked before is no longer what stands here."""
    for name, value in values.items():
        setattr(draft, name, value)
    draft.checked = None
    draft.changed_at = timezone.now()
    draft.save(update_fields=[*values, "checked", "changed_at"])


def choose_place(draft: ImportDraft, by: User, *, sheet: str, header_row: list[int] | None) -> Job | None:
    """Read another sheet, or take other rows for its header (found anew where none are given); the job, if any."""
    if sheet != draft.reading.get("sheet"):
        draft.corrections = {}
    draft.mapping = {name: value for name, value in draft.mapping.items() if name not in ("sheet", "columns")}
    draft.mapping.pop("header_row", None)
    if sheet:
        draft.mapping["sheet"] = sheet
    if header_row:
        draft.mapping["header_row"] = header_row
    draft.is_fixed = True
    return look_at(draft, by)


def correct(draft: ImportDraft, cells: Mapping[int, Mapping[str, str]]) -> None:
    """Read these texts in the place of the sheet's cells (by row number and canonical column) from now on."""
    corrections = {row: dict(known) for row, known in draft.corrections.items()}
    for row, texts in cells.items():
        corrections.setdefault(str(row), {}).update(texts)
    change(draft, corrections=corrections)


def take_back(draft: ImportDraft, row: int, name: str) -> None:
    """Read the sheet's own cell again."""
    corrections = {key: dict(known) for key, known in draft.corrections.items()}
    corrections.get(str(row), {}).pop(name, None)
    change(draft, corrections={key: known for key, known in corrections.items() if known})


def check(draft: ImportDraft, by: User) -> Job:
    """Put down the check of what stands here; the one that is there where nothing changed since."""
    with transaction.atomic():
        row = ImportDraft.objects.select_for_update().select_related("office").get(pk=draft.pk)
        # One that another person waits for is done again: nobody sees another one's progress.
        usable = Q(state=JobState.DONE) | Q(requested_by=by, state__in=(JobState.PENDING, JobState.RUNNING))
        known = Job.objects.filter(usable, pk=row.checked, kind=CHECK).first() if row.checked else None
        if known is not None:
            return known
        params = {
            "draft": str(row.pk),
            "file": row.file,
            "file_name": row.file_name,
            "mapping": row.mapping,
            "office": row.office_id,
            "corrections": row.corrections,
            "settled": row.settled,
        }
        job = working.enqueue(CHECK, params, by)
        row.checked = job.pk
        row.save(update_fields=["checked"])
    return job


def unsettled(report: Mapping[str, Any], settled: Mapping[str, list[str]]) -> bool:
    """Does a check know of texts that nobody has decided on?"""
    return any(
        text not in settled.get(name, [])
        for name, texts in report.get("unmatched", {}).items()
        for text, _count in texts
    )


def to_keep(mapping: Mapping[str, Any], *, is_fixed: bool) -> dict[str, Any]:
    """A mapping for the next ledger: where the header lies is found anew unless a person chose it."""
    found = () if is_fixed else ("sheet", "header_row")
    return {name: value for name, value in mapping.items() if name not in found}


def tidy(now: datetime.datetime) -> int:
    """Throw away drafts that nobody touched for long, and files that nothing speaks of any more; returns how many.

    The files of imports stay.
    """
    ImportDraft.objects.filter(changed_at__lt=now - KEPT_FOR).delete()
    busy = Job.objects.filter(kind__in=(CHECK, IMPORT), state__in=(JobState.PENDING, JobState.RUNNING))
    used = {*ImportDraft.objects.values_list("file", flat=True), *busy.values_list("params__file", flat=True)}
    imported = set(ImportBatch.objects.values_list("file_sha256", flat=True))
    gone = 0
    for path in folder().iterdir():
        age = now.timestamp() - path.stat().st_mtime
        if age > KEPT_FOR.total_seconds() and path.name not in used and path.name.split(".")[0] not in imported:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def corrections_of(kept_ones: Mapping[str, Mapping[str, str]]) -> dict[int, dict[str, str]]:
    """The corrections of a draft or a job as the importer takes them."""
    return {int(row): dict(cells) for row, cells in kept_ones.items()}
