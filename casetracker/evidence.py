"""Taking files into the evidence store, and handing them out again: bytes on disk, rows, custody log.

A file lies at EVIDENCE_ROOT/<first two digits>/<sha256>, is written once and never changed. Photos have two
re-encoded copies without metadata beside it, `.preview.jpg` and `.thumbnail.jpg`; pages show only those.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import unicodedata
from datetime import datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Literal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import photos
from casetracker.filetypes import (
    HEAD_SIZE,
    EvidenceRefused,
    FileType,
    recognise,
    size_limit,
    too_large,
    type_of,
)
from casetracker.ids import uuid7
from casetracker.models import Custody, Evidence, User
from casetracker.photos import PhotoFacts

__all__ = [
    "EvidenceRefused",
    "PhotoFacts",
    "clear_staging",
    "derive",
    "download_name",
    "is_intact",
    "open_derivative",
    "open_original",
    "record_view",
    "showing_note",
    "store",
]

Size = Literal["preview", "thumbnail"]
CHUNK = 256 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_log = logging.getLogger(__name__)

# --- taking in --------------------------------------------------------------------------------------


def store(file: BinaryIO, *, name: str, by: User | None, taken_at: datetime | None = None, source: str) -> Evidence:
    """Take a file into the store and return its row; the same bytes always give the same row.

    `name` is what the sender called it, `taken_at` the device's time (without it the photo's own), `source` where it
    came from, at most 12 letters such as desk, field, import. The file is on disk before its row exists. Raises
    EvidenceRefused, then nothing is kept; codes: empty, unsupported, too_large, damaged, encrypted, macros,
    too_many_pixels, too_heavy, no_space.
    """
    staged, sha256, size = _stage(file)
    try:
        known = Evidence.objects.filter(pk=sha256).first()
        if known and _holds(sha256, size):
            _log_custody(known, by, "stored_again", {"name": clean_name(name), "source": source})
            return known
        with staged.open("rb") as content:
            found = recognise(content)
        facts = _derive(staged, sha256) if found.inline else None
        _keep(staged, sha256, size)
    finally:
        staged.unlink(missing_ok=True)
    return _record(sha256, size, found, facts, name=clean_name(name), by=by, taken_at=taken_at, source=source)


def derive(sha256: str) -> PhotoFacts:
    """Make the preview and the thumbnail of a stored photo anew and return its facts.

    Raises EvidenceRefused when it cannot be decoded, FileNotFoundError when the original is not in the store.
    """
    original = _path(sha256)
    if not original.exists():
        raise FileNotFoundError(original)
    return _derive(original, sha256)


def clear_staging(older_than: timedelta = timedelta(days=1)) -> int:
    """Remove what a crash left in the staging folder and return how many files that were."""
    before = timezone.now().timestamp() - older_than.total_seconds()
    left = [path for path in _staging().iterdir() if path.stat().st_mtime < before]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def _derive(original: Path, sha256: str) -> PhotoFacts:
    """Put the two copies of a photo beside its final place and return its facts."""
    work = uuid7().hex
    preview, thumbnail = _staging() / f"{work}.preview.jpg", _staging() / f"{work}.thumbnail.jpg"
    try:
        facts = photos.examine(original, preview, thumbnail)
        _path(sha256).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        preview.replace(_path(sha256, ".preview.jpg"))
        thumbnail.replace(_path(sha256, ".thumbnail.jpg"))
    finally:
        preview.unlink(missing_ok=True)
        thumbnail.unlink(missing_ok=True)
    return facts


def _stage(file: BinaryIO) -> tuple[Path, str, int]:
    """Copy the bytes to the staging folder, on disk for good, and return path, SHA-256 and size."""
    if file.seekable():
        file.seek(0)
    head = file.read(HEAD_SIZE)
    limit = size_limit(head)
    path = _staging() / f"{uuid7().hex}.part"
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
    final = _path(sha256)
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if final.exists():
        if _holds(sha256, size):
            return
        _log.error("Evidence %s had the wrong size on disk and was replaced by the same file sent again", sha256)
    staged.chmod(0o400)
    staged.replace(final)
    _sync_folder(final.parent)


@transaction.atomic
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
    """Write the row and the first entry of its custody log."""
    exif_time = facts.taken_at if facts else None
    row, made = Evidence.objects.get_or_create(
        sha256=sha256,
        defaults={
            "size": size,
            "mime": found.mime,
            "kind": found.kind,
            "name": name,
            "source": source,
            "width": facts.width if facts else None,
            "height": facts.height if facts else None,
            "taken_at": taken_at or exif_time,
            "exif_make": facts.make if facts else "",
            "exif_lat": facts.lat if facts else None,
            "exif_lon": facts.lon if facts else None,
            "stored_at": timezone.now(),
            "stored_by": by,
        },
    )
    details: dict[str, Any] = {"name": name, "source": source, "sha256": sha256, "size": size}
    if exif_time:
        details["exif_taken_at"] = exif_time.isoformat()
    if facts:
        details["orientation"] = facts.orientation
    _log_custody(row, by, "stored" if made else "stored_again", details)
    return row


# --- handing out ------------------------------------------------------------------------------------


def open_derivative(evidence: Evidence, size: Size) -> BufferedReader:
    """Open the JPEG that pages show; a missing one is made anew.

    Raises EvidenceRefused (code no_preview) for a file that is only a download.
    """
    if not evidence.is_inline:
        raise EvidenceRefused("no_preview", showing_note(evidence))
    path = _path(evidence.sha256, f".{size}.jpg")
    if not path.exists():
        derive(evidence.sha256)
    return path.open("rb")


def open_original(evidence: Evidence) -> BufferedReader:
    """Open the untouched bytes; send them only as a download, with `evidence.mime` and `download_name`."""
    return _path(evidence.sha256).open("rb")


def is_intact(evidence: Evidence) -> bool:
    """Whether the bytes on disk still have the recorded SHA-256 (reads the whole file)."""
    try:
        with open_original(evidence) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == evidence.sha256
    except FileNotFoundError:
        return False


def record_view(evidence: Evidence, by: User | None, action: str = "viewed") -> Custody:
    """Write into the custody log that somebody saw the file ("viewed") or took it away ("downloaded", "exported")."""
    return _log_custody(evidence, by, action, {})


def showing_note(evidence: Evidence) -> str:
    """Why a page cannot show this file and what to do instead; empty for one that it shows."""
    if evidence.is_inline:
        return ""
    if evidence.mime == "image/heic":
        return _(
            "This photo is in the HEIC format, which browsers do not show. Download it, or set the phone's "
            "camera to “Most compatible” for the next ones."
        )
    return _("This file cannot be shown on the page. Download it to open it.")


def download_name(evidence: Evidence) -> str:
    """The sender's name with the extension that fits the content; for the header, never for a path."""
    stem, dot, old = evidence.name.rpartition(".")
    right = type_of(evidence.mime).extension
    if f".{old.lower()}" in {right, ".jpeg" if right == ".jpg" else right}:
        return evidence.name
    known = dot and len(old) <= 4 and old.isalnum()
    return (stem if known else evidence.name or evidence.sha256[:12]) + right


def clean_name(name: str) -> str:
    """A sender's file name without folders and invisible letters, at most 200 letters, its extension kept."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    if len(shown) <= 200:
        return shown
    stem, dot, extension = shown.rpartition(".")
    return stem[: 199 - len(extension)] + dot + extension if dot and len(extension) <= 10 else shown[:200]


def _log_custody(evidence: Evidence, by: User | None, action: str, details: dict[str, Any]) -> Custody:
    return Custody.objects.create(
        evidence=evidence,
        at=timezone.now(),
        actor=by,
        actor_name=str(by)[:60] if by else "",
        action=action,
        details=details,
    )


# --- folders ----------------------------------------------------------------------------------------


def _path(sha256: str, suffix: str = "") -> Path:
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"not a SHA-256: {sha256!r}")
    return Path(settings.EVIDENCE_ROOT) / sha256[:2] / (sha256 + suffix)


def _staging() -> Path:
    folder = Path(settings.EVIDENCE_ROOT) / "staging"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _holds(sha256: str, size: int) -> bool:
    try:
        return _path(sha256).stat().st_size == size
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
