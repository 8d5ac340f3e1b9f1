"""A real installation's first steps: the office and the first administrator."""

import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from casetracker.enums import Role, UnitKind
from casetracker.models import District, Membership, Unit, User


class Command(BaseCommand):
    """setup --office NAME --prefix 焦督 --district CODE --username NAME --name NAME [--email ADDRESS]"""

    help = "Make the supervision office and the first administrator, who makes everybody else on the pages."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--office", required=True, help="the office's full name")
        parser.add_argument("--prefix", required=True, help="what its numbers begin with, e.g. 焦督")
        parser.add_argument("--district", required=True, help="code of its city or county, e.g. 410800")
        parser.add_argument("--username", required=True)
        parser.add_argument("--name", required=True, help="the administrator's name")
        parser.add_argument("--email", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(username=options["username"]).exists():
            raise CommandError(f"There is a user {options['username']} already.")
        district = District.objects.filter(code=options["district"]).first()
        if district is None:
            raise CommandError(f"There is no district with the code {options['district']}.")
        password = self._password(options)
        with transaction.atomic():
            office = self._office(options, district)
            user = User(
                username=options["username"],
                name=options["name"],
                email=options["email"],
            )
            user.set_password(password)
            user.save()
            Membership.objects.create(
                user=user, unit=office, role=Role.ADMINISTRATOR, from_on=timezone.localdate(), is_head=False
            )
        self.stdout.write(f"{user.username} may now sign in and make units and people for {office.name_zh}.")

    def _office(self, options: dict[str, Any], district: District) -> Unit:
        office = Unit.objects.filter(name_zh=options["office"]).first()
        if office is None:
            office = Unit.objects.create(
                name_zh=options["office"], kind=UnitKind.OFFICE, number_prefix=options["prefix"]
            )
            office.districts.set([district])
        return office

    def _password(self, options: dict[str, Any]) -> str:
        """Asked for twice at the terminal; never an argument, which other users of the machine could read."""
        password = getpass.getpass("Password (at least 12 characters): ")
        if password != getpass.getpass("The same again: "):
            raise CommandError("The two passwords differ.")
        try:
            validate_password(password, User(username=options["username"], name=options["name"]))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return password
