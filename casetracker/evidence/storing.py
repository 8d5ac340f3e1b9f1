"""Taking files in: checked without decoding them, whole on disk before their row exists."""

import errno
import hashlib
import logging
import os
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import photos
from casetracker.evidence import custody
from casetracker.evidence.folders import holds, path_of, staging, sync
from casetracker.filetypes import HEAD_SIZE, EvidenceRefused, FileType, recognise, size_limit, too_large
from casetracker.ids import uuid7
from casetracker.models import Evidence, User
from casetracker.photos import PhotoFacts

CHUNK = 256 * 1024
_log = logging.getLogger(__name__)


def store(file: BinaryIO, *, name: str, by: User | None, taken_at: datetime | None = None, source: str) -> Evidence:
    """Take a file into the store and return its row; the same bytes always give the same row.

    `name` is what the sender called it, `taken_at` the device's time (without it the photo's own), `source` where it
    came from, at most 12 letters such as desk, field, import. The file is on disk before its row exists. A photo is
    not decoded here: a worker does that and makes its copies (`copying`). Raises EvidenceRefused, then nothing new is
    kept; codes: empty, unsupported, too_large, damaged, encrypted, macros, too_many_pixels, no_space, and too_heavy
    for a photo that was sent before and could not be opened.
    """
    staged, sha256, size = _stage(file)
    try:
        # Bytes that are not on the disk are most likely new; the row of lost ones is met when it is written.
        known = Evidence.objects.filter(pk=sha256).first() if path_of(sha256).exists() else None
        if known is None or not holds(sha256, size):
            with staged.open("rb") as content:
                found = recognise(content)
            facts = photos.inspect(staged, found) if found.inline else None
            _keep(staged, sha256, size)
    finally:
        staged.unlink(missing_ok=True)
    name = clean_name(name)
    if known is not None:
        return _known(known, name=name, by=by, source=source)
    return _record(sha256, size, found, facts, name=name, by=by, taken_at=taken_at, source=source)


def _stage(file: BinaryIO) -> tuple[Path, str, int]:
    """Copy the bytes to the staging folder, on disk for good, and return path, SHA-256 and size."""
    if file.seekable():
        file.seek(0)
    head = file.read(HEAD_SIZE)
    limit = size_limit(head)
    path = staging() / f"{uuid7().hex}.part"
    digest, size, chunk = hashlib.sha256(), 0, head
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            while chunk:
                size += len(chunk)
                if size > limit:
                    raise too_large(limit)
                digest.update(chunk)
                out.write(chunk)
                chunk = file.read(CHUNK)
            out.flush()
            os.fsync(out.fileno())
    except BaseException as problem:
        path.unlink(missing_ok=True)
        if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EvidenceRefused(
                "no_space", _("The server has no room left for files. Keep the file and tell the administrator.")
            ) from problem
        raise
    return path, digest.hexdigest(), size


def _keep(staged: Path, sha256: str, size: int) -> None:
    """Move a staged file to its final place; bytes already there are never written over while they are whole."""
    final = path_of(sha256)
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if final.exists():
        if holds(sha256, size):
            return
        _log.error("Evidence %s had the wrong size on disk and was replaced by the same file sent again", sha256)
    staged.chmod(0o400)
    staged.replace(final)
    sync(final.parent)


def _known(row: Evidence, *, name: str, by: User | None, source: str) -> Evidence:
    """Enter in its log that a file came again; one that is known to be unreadable is refused at once."""
    custody.log(row, by, "stored_again", {"name": name, "source": source})
    if row.unreadable:
        raise photos.refused(row.unreadable)
    return row


def _record(
    sha256: str,
    size: int,
    found: FileType,
    facts: PhotoFacts | None,
    *,
    name: str,
    by: User | None,
    taken_at: datetime | None,
    source: str,
) -> Evidence:
    """Write the row and the first entry of its custody log; a photo's row is also the worker's order for copies."""
    exif_time = facts.taken_at if facts else None
    now = timezone.now()
    row = Evidence(
        sha256=sha256,
        size=size,
        mime=found.mime,
        kind=found.kind,
        name=name,
        source=source,
        width=facts.width if facts else None,
        height=facts.height if facts else None,
        taken_at=taken_at or exif_time,
        exif_make=facts.make if facts else "",
        exif_lat=facts.lat if facts else None,
        exif_lon=facts.lon if facts else None,
        stored_at=now,
        stored_by=by,
        copies_due_at=now if found.inline else None,
    )
    details: dict[str, Any] = {"name": name, "source": source, "sha256": sha256, "size": size}
    if exif_time:
        details["exif_taken_at"] = exif_time.isoformat()
    if facts:
        details["orientation"] = facts.orientation
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            custody.log(row, by, "stored", details)
    except IntegrityError:  # the same file came twice at once
        return _known(Evidence.objects.get(pk=sha256), name=name, by=by, source=source)
    return row


def clean_name(name: str) -> str:
    """A sender's file name without folders and invisible letters, at most 200 letters, its extension kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    if len(shown) <= 200:
        return shown
    stem, dot, extension = shown.rpartition(".")
    return stem[: 199 - len(extension)] + dot + extension if dot and len(extension) <= 10 else shown[:200]
