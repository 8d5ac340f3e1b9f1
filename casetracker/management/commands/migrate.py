"""Django's migrate, as the owner of the tables, with the table of the shared cache."""

from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate


class Command(migrate.Command):
    """The application's own role has no DDL, so migrations use the connection named owner."""

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check_unapplied"] and not options["plan"]:
            call_command("createcachetable", database=options["database"], verbosity=0)
        super().handle(*args, **options)
