"""The living set of the demonstration: problems in every state, and visits at hours that fit how they were made."""

import datetime
import random
from collections import Counter

import pytest
from django.utils import timezone

from casetracker.models import Event, User
from inspections.demo import living, people
from inspections.demo.finding import begins
from inspections.demo.photos import Pool
from inspections.enums import Status, VisitMode
from inspections.models import Assignment, Batch, Problem, Visit
from tests.builders import make_site

TODAY = datetime.date(2026, 11, 22)


def test_night_checks_are_at_night_and_the_others_by_day() -> None:
    chance = random.Random("hours")
    crossing = 0
    for days_ago in (0, 1, 5):
        day = TODAY - datetime.timedelta(days=days_ago)
        for _ in range(200):
            night = timezone.localtime(begins(day, VisitMode.NIGHT, days_ago, chance))
            assert night.date() == day
            assert night.hour >= 22 or night.hour < 5
            # Of today only what lies behind everybody who looks at it.
            assert days_ago or night.hour < 5
            crossing += (night + datetime.timedelta(minutes=25)).date() > day
            by_day = timezone.localtime(begins(day, VisitMode.PATROL, days_ago, chance))
            assert 5 <= by_day.hour <= 10
    assert crossing > 20


@pytest.mark.slow
def test_the_living_set_stands_in_its_states_and_is_made_once(db: None) -> None:
    office = people.make_units()
    people.make_people()
    for district in ("410802", "410811", "410803"):
        for kind in ("building_site", "restaurant", "bare_land"):
            make_site(None, f"{district} {kind}", office=office, district=district, kind=kind)
    pool = Pool(User.objects.get(username="inspector1"))
    wanted = {Status.FOUND: 4, Status.ASSIGNED: 9, Status.VERIFIED: 3, Status.CLOSED: 1, Status.VOID: 1}

    assert living.top_up(office, pool, print, wanted) == 18

    assert Counter(Problem.objects.values_list("status", flat=True)) == {str(key): n for key, n in wanted.items()}
    # Their visits are recorded as everybody records one: with the inspectors, the campaign and a history.
    visits = list(Visit.objects.all())
    assert len(visits) == 18
    assert all(visit.people == visit.inspectors.count() > 0 for visit in visits)
    assert all(bool(visit.campaign) == (visit.on.year == timezone.localdate().year) for visit in visits)
    told = Event.objects.filter(subject_type="visit", verb="record_visit").values_list("subject_id", flat=True)
    assert set(told) == {visit.pk for visit in visits}
    # One central assignment of yesterday, to more than one unit; all of it went out in time.
    [batch] = Batch.objects.all()
    units = Assignment.objects.filter(batch=batch).values_list("unit", flat=True)
    assert (len(units), batch.issued_on) == (5, timezone.localdate() - datetime.timedelta(days=1))
    assert len(set(units)) > 1
    assert living.top_up(office, pool, print, wanted) == 0
