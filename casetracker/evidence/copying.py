"""The two copies of a photo that pages show: made by a worker, or on the spot by the first who wants to see one.

A row of Evidence is its own order: `copies_due_at` says when a worker should look at it. Taking one up counts the
attempt and moves that moment past a lease, so that nobody else takes it meanwhile and a dead worker's photo comes up
again. Making a copy twice does no harm: both times it is the same picture, put in place by a rename.
"""

import contextlib
import fcntl
import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from casetracker import photos, registry
from casetracker.evidence import custody
from casetracker.evidence.folders import path_of, staging, sync
from casetracker.filetypes import EvidenceRefused
from casetracker.ids import uuid7
from casetracker.models import Evidence
from casetracker.models.evidence import EvidenceQuerySet

SUFFIXES = (".preview.jpg", ".thumbnail.jpg")
# Longer than the child process may live and the wait for another that makes the same copies.
LEASE = timedelta(minutes=5)
# Troubles that are not the photo's (a full disk, workers that die) are tried so often; then the first viewer tries.
ATTEMPTS = 5
# A photo may be too heavy for a busy moment only; the second time it is the photo.
HEAVY_ATTEMPTS = 2

_log = logging.getLogger(__name__)


def copy_waiting(seconds: float = 2.0) -> int:
    """Make the copies that are due, oldest first, for about this many seconds; returns how many photos were taken up.

    At least one is taken up. What goes wrong is written down and never raised.
    """
    until = time.monotonic() + seconds
    taken = 0
    while row := _claim(Evidence.objects.copies_due(timezone.now()).select_for_update(skip_locked=True, no_key=True)):
        taken += 1
        if row.copy_attempts > ATTEMPTS:
            _give_up(row)
        else:
            _try(row)
        if time.monotonic() >= until:
            break
    return taken


def copy_now(row: Evidence) -> None:
    """Make the copies of this photo here; a worker that is at it already is waited for.

    Raises EvidenceRefused when the photo cannot be opened, FileNotFoundError when its original is not in the store.
    """
    claimed = _claim(Evidence.objects.filter(pk=row.pk, unreadable="").select_for_update(no_key=True))
    if claimed is None:  # found to be unreadable since the row was read
        raise photos.refused(Evidence.objects.get(pk=row.pk).unreadable)
    _copy(claimed)


def make_copies(sha256: str) -> None:
    """Put the copies of a photo that are missing beside it, both or none.

    Raises EvidenceRefused when it cannot be decoded, FileNotFoundError when the original is not in the store,
    RuntimeError for a trouble that is not the photo's.
    """
    original = path_of(sha256)
    with _alone(original):
        places = [path_of(sha256, suffix) for suffix in SUFFIXES]
        if all(place.exists() for place in places):
            return
        work = uuid7().hex
        drafts = [staging() / f"{work}{suffix}" for suffix in SUFFIXES]
        try:
            photos.copy(original, *drafts)
            for draft, place in zip(drafts, places, strict=True):
                sync(draft)
                draft.replace(place)
        finally:
            for draft in drafts:
                draft.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(original: Path) -> Iterator[None]:
    """One process or thread at a time per photo; a file system without locks lets two work to the same end."""
    with original.open("rb") as held:
        with contextlib.suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _claim(rows: EvidenceQuerySet) -> Evidence | None:
    """Take up the first of the rows (locked by the query) and commit that before any work begins."""
    with transaction.atomic():
        row = rows.first()
        if row is not None:
            row.copy_attempts += 1
            row.copies_due_at = timezone.now() + LEASE
            row.save(update_fields=["copy_attempts", "copies_due_at"])
    return row


def _try(row: Evidence) -> None:
    """What a worker does with a photo it took up."""
    try:
        _copy(row)
    except EvidenceRefused as refusal:
        _log.warning("Photo %s cannot be opened (%s), attempt %s", row.pk, refusal.code, row.copy_attempts)
    except Exception:
        _log.exception("The copies of photo %s failed at attempt %s", row.pk, row.copy_attempts)
        _put_off(row)


def _copy(row: Evidence) -> None:
    """Make the copies of a photo that was taken up, and write down how that ended."""
    try:
        make_copies(row.pk)
    except EvidenceRefused as refusal:
        if refusal.code == "too_heavy" and row.copy_attempts < HEAVY_ATTEMPTS:
            _put_off(row)
        else:
            _mark(row, refusal.code)
        raise
    # What can be seen was readable, whatever another attempt said.
    Evidence.objects.filter(pk=row.pk).update(copies_due_at=None, copy_attempts=0, unreadable="")


def _put_off(row: Evidence) -> None:
    """Let the next attempt come a little later each time."""
    pause = timedelta(seconds=30 * 2**row.copy_attempts)
    Evidence.objects.filter(pk=row.pk, copies_due_at__isnull=False).update(copies_due_at=timezone.now() + pause)


def _give_up(row: Evidence) -> None:
    _log.error("The copies of photo %s are left to its first viewer after %s attempts", row.pk, ATTEMPTS)
    Evidence.objects.filter(pk=row.pk).update(copies_due_at=None, copy_attempts=0)


def _mark(row: Evidence, code: str) -> None:
    """Mark a photo as unreadable, enter it in the custody log and let the apps tell whoever sent it; once."""
    now = timezone.now()
    with transaction.atomic():
        waiting = Evidence.objects.filter(pk=row.pk, copies_due_at__isnull=False, unreadable="")
        if not waiting.update(unreadable=code, copies_due_at=None):
            return
        row.unreadable = code
        custody.log(row, None, "unreadable", {"code": code})
        for tell in registry.unreadable_photos:
            tell(row, now)
