"""Measure the product on the data that is here."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from casetracker import built
from inspections import benchmark


class Command(BaseCommand):
    """benchmark [--runs N] [--seconds S] [--format json]"""

    help = (
        "Measure lists, pages, search and every transition on the data that is here (see make_dataset), each beside "
        "its SQL alone. What is written stays: use a database of its own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--runs", type=int, default=40, help="how often each page is measured (40)")
        parser.add_argument("--seconds", type=float, default=5, help="how long eight clients ask for each page (5)")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["runs"] < 4:
            raise CommandError("--runs wants at least 4: fewer tell nothing.")
        built.build(self.stderr.write)
        try:
            scene, lines = benchmark.run(options["runs"], options["seconds"], self.stderr.write)
        except benchmark.NothingToMeasure as error:
            raise CommandError(str(error)) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps(benchmark.as_json(scene, lines), indent=1))
        else:
            self.stdout.write(f"{scene.problems:,} problems\n\n{benchmark.as_markdown(lines)}")
