"""The demonstration: its year on the first call, fresh living problems on every later one."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from casetracker import options
from casetracker.models import User
from inspections.demo import living, people, year
from inspections.demo.photos import Pool


class Command(BaseCommand):
    """demo"""

    help = "Load the demonstration year, or top up its living problems (demonstration mode only)."

    def handle(self, *args: Any, **options_: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demonstration: CASETRACKER_DEMO is not set.")
        options.mark_demonstration()
        office = people.make_units()
        people.make_people()
        pool = Pool(User.objects.get(username="inspector1"))
        if not year.is_loaded():
            self.stdout.write("Loading the demonstration year …")
            year.load(office, self.say)
            year.close_the_rest(pool, self.say)
        living.top_up(office, pool, self.say)

    def say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
