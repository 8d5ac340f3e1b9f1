"""An untrusted photo: what is known of it without decoding, and its two harmless copies, made in a child process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import photo_header
from casetracker.filetypes import EvidenceRefused, FileType, damaged
from casetracker.photo_child import MAX_PIXELS

CHILD = Path(__file__).with_name("photo_child.py")
CHILD_SECONDS = 60  # by the wall clock; its processor time has a lower limit of its own
_EXIF_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
# What ends a child with the whole installation; says nothing about the photo.
_STOPPED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class PhotoFacts:
    """What a photo says about itself: pixels as shown, and the whitelisted metadata (degrees are WGS-84)."""

    width: int
    height: int
    orientation: int
    taken_at: datetime | None
    make: str
    lat: float | None
    lon: float | None


def inspect(original: Path, found: FileType) -> PhotoFacts:
    """Return the facts of a JPEG, PNG or WebP file that reaches to its end; no pixel is decoded.

    Raises EvidenceRefused with the code damaged or too_many_pixels.
    """
    with original.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        header = photo_header.read(content, found.mime)
    if header.width * header.height > MAX_PIXELS:
        raise refused("too_many_pixels")
    said = photo_header.metadata(header.exif)
    lies = said["orientation"] >= 5  # on its side in the file
    return PhotoFacts(
        width=header.height if lies else header.width,
        height=header.width if lies else header.height,
        orientation=said["orientation"],
        taken_at=_exif_time(said["taken"], said["offset"]),
        make=said["make"],
        lat=said["lat"],
        lon=said["lon"],
    )


def copy(original: Path, preview: Path, thumbnail: Path) -> None:
    """Decode a photo and write its two copies to the given paths.

    Raises EvidenceRefused with the code damaged, too_many_pixels or too_heavy; RuntimeError when it was not the
    photo's fault (no room on the disk, a broken installation, the server being stopped).
    """
    answer = _run_child(original, preview, thumbnail)
    if "error" in answer:
        raise refused(answer["error"])


def _run_child(original: Path, preview: Path, thumbnail: Path) -> dict[str, Any]:
    """Run photo_child with no secrets in its environment and return its answer."""
    command = [sys.executable, "-I", str(CHILD), str(original), str(preview), str(thumbnail)]
    kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "LANG") if key in os.environ}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=CHILD_SECONDS, env=kept, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": "too_heavy"}
    if done.returncode > 0 or -done.returncode in _STOPPED:
        said = done.stderr.decode(errors="replace")[-2000:]
        raise RuntimeError(f"The photo process failed with status {done.returncode}: {said}")
    if done.returncode < 0:
        heavy = -done.returncode in (signal.SIGXCPU, signal.SIGKILL)
        return {"error": "too_heavy" if heavy else "damaged"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def refused(code: str) -> EvidenceRefused:
    """Return the refusal of a photo that cannot be opened: damaged, too_many_pixels or too_heavy."""
    if code == "too_many_pixels":
        return EvidenceRefused(
            code, _("The photo has more than 50 megapixels. Choose a smaller size in the camera and take it again.")
        )
    if code == "too_heavy":
        return EvidenceRefused(
            code, _("The photo takes too much memory or time to open. Save it as a normal JPEG and send it again.")
        )
    return damaged()


def _exif_time(taken: str, offset: str) -> datetime | None:
    """The moment an EXIF time names; without an offset it is local time. None when it is not a time."""
    found = _EXIF_TIME.fullmatch(taken)
    zone = offset if re.fullmatch(r"[+-]\d\d:\d\d", offset) else ""  # cameras also write blanks there
    if not found or not 1990 <= int(found[1]) <= 2100:
        return None
    try:
        moment = datetime.fromisoformat("{}-{}-{}T{}".format(*found.groups()) + zone)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_default_timezone())
