"""`manage.py messages`: extract, merge, check and compile the Chinese messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from casetracker.catalogues import (
    LOCALE,
    MessagesError,
    compile_catalogue,
    extract,
    findings,
    merge,
)


class Command(BaseCommand):
    help = (
        "Bring the Chinese message catalogue up to date with the sources. New messages are added with an empty "
        "translation, those no longer used are dropped."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--check", action="store_true", help="change nothing; fail on missing, fuzzy, stale entries")
        what.add_argument("--compile", action="store_true", help="only write the .mo file, if the .po file is newer")

    def handle(self, *args: Any, **options: Any) -> None:
        po = Path(settings.LOCALE_PATHS[0]) / LOCALE / "LC_MESSAGES" / "django.po"
        try:
            if options["compile"]:
                self.compile(po)
            elif options["check"]:
                self.check_complete(po)
            else:
                added, dropped = merge(extract(settings.BASE_DIR), po)
                self.stdout.write(f"{added} added, {dropped} dropped: {po.relative_to(settings.BASE_DIR)}")
        except MessagesError as problem:
            raise CommandError(str(problem)) from None

    def compile(self, po: Path) -> None:
        """Compile the catalogue and say whether that was needed."""
        if not po.exists():
            raise CommandError(f"{po} does not exist. Run manage.py messages first.")
        self.stdout.write("compiled" if compile_catalogue(po) else "already up to date")

    def check_complete(self, po: Path) -> None:
        """Fail naming everything that is missing, fuzzy, stale or does not fit."""
        found = findings(extract(settings.BASE_DIR), po)
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found)} findings. Run manage.py messages, translate, and check again.")
        self.stdout.write("The catalogue is complete.")
