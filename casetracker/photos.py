"""Turning an untrusted photo into facts and two harmless copies, in a limited child process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.filetypes import EvidenceRefused, damaged

CHILD = Path(__file__).with_name("photo_child.py")
CHILD_SECONDS = 60  # by the wall clock; its processor time has a lower limit of its own
_EXIF_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")


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


def examine(original: Path, preview: Path, thumbnail: Path) -> PhotoFacts:
    """Decode a photo, write its two copies to the given paths and return its facts.

    Raises EvidenceRefused with the code damaged, too_many_pixels or too_heavy.
    """
    answer = _run_child(original, preview, thumbnail)
    return PhotoFacts(
        width=answer["width"],
        height=answer["height"],
        orientation=answer["orientation"],
        taken_at=_exif_time(answer["taken"], answer["offset"]),
        make=answer["make"],
        lat=answer["lat"],
        lon=answer["lon"],
    )


def _run_child(original: Path, preview: Path, thumbnail: Path) -> dict[str, Any]:
    """Run photo_child with no secrets in its environment; its refusals become EvidenceRefused."""
    command = [sys.executable, "-I", str(CHILD), str(original), str(preview), str(thumbnail)]
    kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH", "LANG") if key in os.environ}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=CHILD_SECONDS, env=kept, check=False
        )
    except subprocess.TimeoutExpired:
        raise _refused("too_heavy") from None
    if done.returncode < 0:
        heavy = -done.returncode in (signal.SIGXCPU, signal.SIGKILL)
        raise _refused("too_heavy" if heavy else "damaged")
    if done.returncode > 0:
        raise RuntimeError(f"The photo process failed: {done.stderr.decode(errors='replace')[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise _refused(answer["error"])
    return answer


def _refused(code: str) -> EvidenceRefused:
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
