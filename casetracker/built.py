"""What is built from the sources before pages can be answered: compiled catalogues and collected static files."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from casetracker.supervisor import REPOSITORY


def build(say: Callable[[str], None]) -> None:
    """Build what is missing or older than its source; says what it does, and nothing where nothing is to be done."""
    if catalogues_stale():
        say("Compiling the translations …")
        call_command("messages", compile=True)
    stamp, current = Path(settings.STATIC_ROOT) / ".sources", static_fingerprint()
    if not stamp.exists() or stamp.read_text() != current:
        say("Collecting static files …")
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(current)


def catalogues_stale() -> bool:
    """Whether a compiled catalogue is missing or older than its source."""
    for source in (REPOSITORY / "casetracker" / "locale").rglob("*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            return True
    return False


def static_fingerprint() -> str:
    """Changes whenever a static file is added, removed or written."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = os.stat(storage.path(path))
            seen.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return seen.hexdigest()
