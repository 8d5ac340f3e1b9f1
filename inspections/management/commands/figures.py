"""The published figures of a period, as of its last day."""

import datetime
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from casetracker.models import District, Unit
from inspections import figures
from inspections.models import Problem, Visit


def day(text: str) -> datetime.date:
    """A day written as 2019-12-09."""
    return datetime.date.fromisoformat(text)


class Command(BaseCommand):
    """figures --from DAY --to DAY [--unit NAME] [--district CODE] [--format json]"""

    help = "Figures of a period: points, problems, routes, closed, overdue as of its last day, by district and team."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="start", type=day, required=True)
        parser.add_argument("--to", dest="end", type=day, default=None)
        parser.add_argument("--unit", help="only what the teams of this office or this team found")
        parser.add_argument("--district", help="only this district (code or name)")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        end = options["end"] or timezone.localdate()
        if end < options["start"]:
            raise CommandError("--to lies before --from.")
        problems, visits = Problem.objects.all(), Visit.objects.all()
        if options["unit"]:
            unit = Unit.objects.filter(name_zh=options["unit"]).first()
            if unit is None:
                raise CommandError(f"There is no unit “{options['unit']}”.")
            teams = Unit.objects.under(unit)
            problems, visits = problems.filter(team__in=teams), visits.filter(team__in=teams)
        if options["district"]:
            name = options["district"]
            district = District.objects.filter(code=name).first() or District.objects.filter(name_zh=name).first()
            if district is None:
                raise CommandError(f"There is no district “{name}”.")
            below = District.objects.under(district.code)
            problems, visits = problems.filter(district__in=below), visits.filter(district__in=below)
        report = figures.report(problems, visits, figures.Period(options["start"], end))
        if options["format"] == "json":
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1))
            return
        for key, value in report.items():
            if isinstance(value, dict):
                self.stdout.write(f"{key}:")
                for name, number in value.items():
                    self.stdout.write(f"  {name:<16}{number:>8,}")
            else:
                self.stdout.write(f"{key:<18}{value:>10}")
