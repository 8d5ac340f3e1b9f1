"""Uploaded ledgers as private files, each under the hash of its bytes."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from casetracker.errors import Invalid

MOST_BYTES = 50 * 1024 * 1024


def folder() -> Path:
    """Where they lie; only this program may look into it."""
    path = Path(settings.DATA) / "ledgers"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def keep_upload(file: BinaryIO, name: str) -> str:
    """Store an uploaded ledger under the hash of its bytes; returns the hash. Raises Invalid when it is too large."""
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=folder(), delete=False) as part:
        size = 0
        while block := file.read(1 << 20):
            size += len(block)
            if size > MOST_BYTES:
                Path(part.name).unlink()
                raise Invalid(_("The file is larger than 50 MB. Split it, or remove pictures from it."), field="file")
            digest.update(block)
            part.write(block)
    suffix = Path(name).suffix.lower()[:6]
    key = digest.hexdigest() + (suffix if suffix[1:].isalnum() and suffix.isascii() else "")
    shutil.move(part.name, folder() / key)
    return key


def kept(key: str) -> Path:
    """The stored ledger of this key."""
    if not key.replace(".", "").isalnum():
        raise FileNotFoundError(key)
    return folder() / key


def refused_of(job_id: UUID) -> Path:
    """Where the refused rows of a check lie."""
    return folder() / f"{job_id.hex}.refused"
