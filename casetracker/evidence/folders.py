"""Where files lie on disk: originals and copies under their hash, and the staging folder for what is being written."""

import os
import re
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

_SHA256 = re.compile(r"[0-9a-f]{64}")


def path_of(sha256: str, suffix: str = "") -> Path:
    """Return the place of a file (suffix "") or of one of its copies; ValueError for what is no hash."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"not a SHA-256: {sha256!r}")
    return Path(settings.EVIDENCE_ROOT) / sha256[:2] / (sha256 + suffix)


def staging() -> Path:
    """Return the folder of files that are not finished yet, on the same disk as the others."""
    folder = Path(settings.EVIDENCE_ROOT) / "staging"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def clear_staging(older_than: timedelta = timedelta(days=1)) -> int:
    """Remove what a crash left in the staging folder and return how many files that were."""
    before = timezone.now().timestamp() - older_than.total_seconds()
    left = [path for path in staging().iterdir() if path.stat().st_mtime < before]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def holds(sha256: str, size: int) -> bool:
    """Whether the original is there with its full size in bytes."""
    try:
        return path_of(sha256).stat().st_size == size
    except FileNotFoundError:
        return False


def sync(place: Path) -> None:
    """Make what was written to a file, or a rename in a folder, survive a power cut."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
