"""Take a spreadsheet in: problems, visits, a register, people or units, by a profile or a mapping file."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from casetracker.errors import DomainError
from inspections.ledger.errors import LedgerError
from inspections.ledger.importing import Report, import_file, office_named
from inspections.ledger.importing.jobs import release
from inspections.ledger.kinds import ACCOUNTS
from inspections.ledger.mapping import load, profile, profiles


class Command(BaseCommand):
    """import_ledger FILE (--profile NAME | --mapping FILE.toml) [--dry-run] [--format json]"""

    help = "Import a ledger (xlsx, xls, csv). Nothing is sent; open items stay held until they are released."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--profile", help=f"one of: {', '.join(profiles())}")
        how.add_argument("--mapping", type=Path, help="a mapping file (TOML)")
        parser.add_argument("--office", help="the supervision office; needed only where there are several")
        parser.add_argument("--dry-run", action="store_true", help="report what would happen and change nothing")
        parser.add_argument(
            "--release", action="store_true", help="release it at once: units are told, people are invited"
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        as_json = options["format"] == "json"
        try:
            mapping = profile(options["profile"]) if options["profile"] else load(options["mapping"])
            with transaction.atomic():
                report = import_file(
                    path,
                    mapping,
                    office=office_named(options["office"]),
                    by=None,
                    dry_run=options["dry_run"],
                    progress=None if as_json else self._progress,
                )
                released = release(report.batch, by=None) if options["release"] and report.batch else None
        except LedgerError as error:
            raise CommandError(f"{error} ({error.code})") from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        if as_json:
            self._print_json(report)
        else:
            self._tell(report, options["dry_run"])
            if released is not None and mapping.kind in ACCOUNTS:
                self.stdout.write(f"Released: {released:,} invitations are on their way.")
            elif released is not None:
                self.stdout.write(f"Released: reminders and mail now speak of its open problems ({released:,}).")

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {total:,} rows", ending="")

    def _print_json(self, report: Report) -> None:
        """The report with every remark, one to a line, never all of them in memory."""
        told = report.as_json()
        del told["refused"], told["doubtful"], told["left_off"]
        if report.more_changes:
            told["left_off"] = {"changes": report.more_changes}
        self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1).removesuffix("\n}"), ending="")
        for name, remarks in (("refused", report.refusals), ("doubtful", report.doubts)):
            self.stdout.write(f',\n "{name}": [', ending="")
            for count, one in enumerate(remarks):
                line = json.dumps(one, ensure_ascii=False)
                self.stdout.write(f"{',' if count else ''}\n  {line}", ending="")
            self.stdout.write("]", ending="")
        self.stdout.write("\n}")

    def _tell(self, report: Report, dry_run: bool) -> None:
        if sys.stderr.isatty():
            self.stderr.write("")
        if dry_run:
            self.stdout.write("Dry run: nothing was changed.")
        self.stdout.write(
            f"{report.rows:,} rows: {report.created:,} created, {report.updated:,} updated, "
            f"{report.unchanged:,} unchanged, {report.duplicates:,} repeated, {report.refused_rows:,} refused."
        )
        for change in report.changes:
            self.stdout.write("Updated: row {row}, {number}, {column}: “{old}” became “{new}”".format(**change))
        if report.more_changes:
            self.stdout.write(f"And {report.more_changes:,} more values that were changed.")
        if report.unread:
            self.stdout.write(f"Columns that are not read: {', '.join(report.unread)}")
        for title, remarks in (("Refused", report.refusals), ("Doubtful", report.doubts)):
            for one in remarks:
                self.stdout.write(title + ": row {row}, {column}, “{value}”: {message} ({code})".format(**one))
