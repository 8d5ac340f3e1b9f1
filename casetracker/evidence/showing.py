"""Handing files out: the copies that pages show, the untouched originals, and the words where there is no picture."""

import hashlib
from io import BufferedReader
from typing import Literal

from django.utils.translation import gettext as _

from casetracker.evidence.copying import copy_now
from casetracker.evidence.folders import path_of
from casetracker.filetypes import EvidenceRefused, type_of
from casetracker.models import Evidence

Size = Literal["preview", "thumbnail"]


def open_derivative(evidence: Evidence, size: Size) -> BufferedReader:
    """Open the JPEG that pages show; a missing one is made on the spot, so that no page waits for a worker.

    Raises EvidenceRefused: no_preview for a file that is only a download, damaged, too_many_pixels or too_heavy for
    a photo that just turned out to be unreadable; FileNotFoundError when the original is not in the store.
    """
    if not evidence.is_inline:
        raise EvidenceRefused("no_preview", showing_note(evidence))
    place = path_of(evidence.sha256, f".{size}.jpg")
    if not place.exists():
        copy_now(evidence)
    return place.open("rb")


def open_original(evidence: Evidence) -> BufferedReader:
    """Open the untouched bytes; send them only as a download, with `evidence.mime` and `download_name`."""
    return path_of(evidence.sha256).open("rb")


def is_intact(evidence: Evidence) -> bool:
    """Whether the bytes on disk still have the recorded SHA-256 (reads the whole file)."""
    try:
        with open_original(evidence) as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == evidence.sha256
    except FileNotFoundError:
        return False


def showing_note(evidence: Evidence) -> str:
    """Why a page cannot show this file and what to do instead; empty for one that it shows."""
    if evidence.is_inline:
        return ""
    if evidence.unreadable:
        return evidence.unreadable_note
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
