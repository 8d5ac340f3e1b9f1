"""The living set of the demonstration: its visits begin at hours that fit how they were made."""

import datetime
import random

from django.utils import timezone

from inspections.demo.living import _begins
from inspections.enums import VisitMode

TODAY = datetime.date(2026, 11, 22)


def test_night_checks_are_at_night_and_the_others_by_day() -> None:
    chance = random.Random("hours")
    crossing = 0
    for days_ago in (0, 1, 5):
        day = TODAY - datetime.timedelta(days=days_ago)
        for _ in range(200):
            night = timezone.localtime(_begins(day, VisitMode.NIGHT, days_ago, chance))
            assert night.date() == day
            assert night.hour >= 22 or night.hour < 5
            # Of today only what lies behind everybody who looks at it.
            assert days_ago or night.hour < 5
            crossing += (night + datetime.timedelta(minutes=25)).date() > day
            by_day = timezone.localtime(_begins(day, VisitMode.PATROL, days_ago, chance))
            assert 5 <= by_day.hour <= 10
    assert crossing > 20
