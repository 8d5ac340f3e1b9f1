"""Write a ledger out: problems, visits, sites or exposures of an office, in the columns that import_ledger reads."""

import datetime
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from casetracker.enums import Language
from casetracker.errors import Invalid
from casetracker.exporting import Table
from casetracker.exporting.writing import FORMS, write
from casetracker.ids import uuid7
from casetracker.models import Unit
from inspections.ledger.errors import LedgerError
from inspections.ledger.exporting import other_ledgers, problem_ledger
from inspections.ledger.importing import office_named
from inspections.models import Named, Problem, Site, Visit

# The column by whose day each kind is narrowed; sites have none.
KINDS = {"problems": "found_on", "visits": "on", "sites": "", "exposures": "published_on"}


class Command(BaseCommand):
    """export_ledger FILE [--kind problems] [--office NAME] [--from DATE] [--to DATE] [--format xlsx|csv]"""

    help = "Write a ledger (xlsx, csv) that import_ledger takes back: only rows that were edited change anything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--kind", choices=list(KINDS), default="problems")
        parser.add_argument("--office", help="the supervision office; needed only where there are several")
        parser.add_argument("--from", dest="since", type=self._day, help="of this day or later")
        parser.add_argument("--to", dest="until", type=self._day, help="of this day or before")
        parser.add_argument("--format", choices=FORMS, help="as the name of the file ends, unless it is given")
        parser.add_argument("--language", choices=Language.values, default=settings.LANGUAGE_CODE)

    @staticmethod
    def _day(text: str) -> datetime.date:
        return datetime.date.fromisoformat(text)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        form = options["format"] or path.suffix.lower().removeprefix(".")
        if form not in FORMS:
            raise CommandError("Say --format xlsx or --format csv, or let the name of the file end so.")
        if not path.absolute().parent.is_dir():
            raise CommandError(f"There is no folder {path.absolute().parent}.")
        if not KINDS[options["kind"]] and (options["since"] or options["until"]):
            raise CommandError("Sites have no day; leave --from and --to away.")
        try:
            office = office_named(options["office"])
        except LedgerError as error:
            raise CommandError(f"{error} ({error.code})") from error
        # Beside its place, so that whatever stands there stays whole until the new one is.
        part = path.with_name(f".{path.name}.{uuid7().hex[:12]}")
        try:
            with translation.override(options["language"]):
                rows = write(self._table(office, options), form, part, self._progress)
            part.replace(path)
        except (Invalid, OSError) as error:
            raise CommandError(str(error)) from error
        finally:
            part.unlink(missing_ok=True)
        self.stdout.write(f"{rows:,} rows written to {path}.")

    @staticmethod
    def _table(office: Unit, options: dict[str, Any]) -> Table:
        column = KINDS[options["kind"]]
        ends = {f"{column}__gte": options["since"], f"{column}__lte": options["until"]}
        span = {name: day for name, day in ends.items() if day is not None}
        if options["kind"] == "sites":
            return other_ledgers.sites(
                Site.objects.filter(office=office).current(timezone.localdate()).order_by("name", "pk")
            )
        if options["kind"] == "exposures":
            named = Named.objects.filter(exposure__office=office, **span)
            return other_ledgers.exposures(named.order_by("published_on", "pk"))
        if options["kind"] == "visits":
            own = Visit.objects.counted().filter(team__in=Unit.objects.under(office), **span)
            return other_ledgers.visits(own.order_by("on", "pk"))
        problems = Problem.objects.filter(office=office, **span)
        return problem_ledger.ledger(problems.order_by("number_year", "number_seq", "pk"), problems.count())

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {total:,} rows", ending="")
