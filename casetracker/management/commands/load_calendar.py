"""`manage.py load_calendar`: the working-day calendar from the package or from an official notice."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from casetracker import calendars
from casetracker.calendars import Changes, Notice, NoticeError, Row

PROVISIONAL_YEARS = 2
MOST_LINES = 20
MOST_BYTES = 1_000_000


class Command(BaseCommand):
    help = (
        "Load the calendar of working days: whole years from the packaged table, or an official notice from a CSV "
        "file with the columns date, is_workday and name (days off and make-up working days). The two years after "
        "the last settled one are filled provisionally. Running it again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        first, last = calendars.PACKAGE_YEARS[0], calendars.PACKAGE_YEARS[-1]
        what.add_argument("--years", default=f"{first}-{last}", help="such as 2026 or 2019-2026 (default: %(default)s)")
        what.add_argument("--csv", type=Path, metavar="FILE", help="the official notice of a year")
        parser.add_argument("--source", default="", help="the notice's number, kept with its rows (default: file name)")
        parser.add_argument(
            "--overwrite", action="store_true", help="with --years: also replace days entered by hand or by notice"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["csv"]:
            changes = calendars.store_notice(notice_in(options["csv"], options["source"]))
        else:
            rows = package_rows(options["years"])
            changes = calendars.store(rows, over="all" if options["overwrite"] else "loaded")
        settled = calendars.last_settled_year() or timezone.localdate().year - 1
        ahead = range(settled + 1, settled + 1 + PROVISIONAL_YEARS)
        guessed = calendars.store(
            [row for year in ahead for row in calendars.provisional_rows(year)], over="provisional"
        )
        if options["format"] == "json":
            self.stdout.write(json.dumps(as_json(changes, guessed), ensure_ascii=False, indent=2))
        else:
            self.stdout.write("\n".join(as_lines(changes, guessed, list(ahead))))


def package_rows(text: str) -> list[Row]:
    """Rows for "2026" or "2019-2026". CommandError for what is no year or a year the package does not know."""
    first, _, last = text.partition("-")
    try:
        years = range(int(first), int(last or first) + 1)
    except ValueError as error:
        raise CommandError(f"“{text}” is not a range of years. Write --years 2026 or --years 2019-2026.") from error
    if not years:
        raise CommandError(f"“{text}” runs backwards. Write the earlier year first.")
    try:
        return calendars.rows_from_package(years)
    except ValueError as error:
        raise CommandError(str(error)) from error


def notice_in(path: Path, source: str) -> Notice:
    """The notice in a CSV file in UTF-8 or GB18030. CommandError names the faulty rows."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from error
    if len(content) > MOST_BYTES:
        raise CommandError(f"{path} is larger than a holiday notice can be ({len(content):,} bytes).")
    try:
        return calendars.read_notice(decoded(content, path), (source or path.name)[:120])
    except NoticeError as error:
        shown = error.problems[:MOST_LINES]
        more = len(error.problems) - len(shown)
        lines = [f"{path} can't be loaded, nothing was changed.", *shown, *([f"… and {more} more."] if more else [])]
        raise CommandError("\n".join(lines)) from error


def decoded(content: bytes, path: Path) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CommandError(f"{path} is neither UTF-8 nor GB18030 text. Save it as “CSV UTF-8”.")


def as_lines(changes: Changes, guessed: Changes, ahead: list[int]) -> list[str]:
    total = len(changes.changed) + len(changes.kept) + changes.unchanged
    lines = [f"{total:,} days read: {len(changes.changed):,} written, {changes.unchanged:,} already so."]
    moved = [(before, after) for before, after in changes.changed if before]
    lines += [f"  {described(before)} → {described(after)}" for before, after in moved[:MOST_LINES]]
    if len(moved) > MOST_LINES:
        lines.append(f"  … and {len(moved) - MOST_LINES:,} more.")
    if changes.kept:
        lines.append(f"{len(changes.kept)} days entered by hand or by notice were kept; --overwrite replaces them.")
        lines += [f"  {described(row)}" for row in changes.kept[:MOST_LINES]]
    lines.append(f"Provisional for {ahead[0]} and {ahead[-1]}: {len(guessed.changed):,} days written.")
    return lines


def described(row: Row) -> str:
    """One row in a line, "2026-02-14 makeup 春节"."""
    words = [row.on.isoformat(), row.kind, row.name_zh, "" if row.official else "(provisional)"]
    return " ".join(filter(None, words))


def as_json(changes: Changes, guessed: Changes) -> dict[str, Any]:
    return {
        "read": len(changes.changed) + len(changes.kept) + changes.unchanged,
        "written": len(changes.changed),
        "unchanged": changes.unchanged,
        "changed": [[described(before), described(after)] for before, after in changes.changed if before],
        "kept": [row.on.isoformat() for row in changes.kept],
        "provisional_written": len(guessed.changed),
    }
