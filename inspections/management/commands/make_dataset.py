"""Fill a database with problems for measuring."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inspections import dataset

# On two cores one connection is filled while the rows of the other are made.
WRITERS = 2


class Command(BaseCommand):
    """make_dataset --problems N"""

    help = (
        "Make a data set of N problems with visits, assignments, deadlines, photos and history in proportion, for "
        "measuring. The same number in the same week makes the same rows. Use a database of its own."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--problems", type=int, required=True, help="how many problems there shall be, e.g. 1000000"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["problems"] < 1:
            raise CommandError("--problems wants a number from 1 on.")
        try:
            made = dataset.make(options["problems"], self.stdout.write, writers=WRITERS)
        except dataset.NotHere as error:
            raise CommandError(str(error)) from error
        dataset.analyse()
        if made.problems > options["problems"]:
            raise CommandError(f"The data set holds {made.problems:,} problems already; it is only ever added to.")
        self.stdout.write(f"{made.problems - made.before:,} problems made; the data set holds {made.problems:,}.")
