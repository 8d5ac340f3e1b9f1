"""What the form of a visit asks before it records: another one of the same hours, a day long ago, what rests."""

import datetime
import re
from typing import Any

import pytest
from django.utils import timezone

from inspections.enums import Route, Status, VisitMode
from inspections.models import Problem, Site, Visit
from tests.builders import at, make_problem, make_site, make_visit
from tests.cast import Cast, sign_in
from tests.inspections.visits.desk import form, post

DAY = datetime.timedelta(days=1)
TODAY = "2019-12-06"


def seen_before(people: Cast, site: Site, started: str = "", ended: str = "", on: str = TODAY) -> Visit:
    visit = make_visit(people, site, on=datetime.date.fromisoformat(on))
    visit.started_at = at(f"{on} {started}") if started else None
    visit.ended_at = at(f"{on} {ended}") if ended else None
    visit.save()
    return visit


@pytest.mark.parametrize(
    ("held", "hours", "says"),
    [
        (("09:10", "10:00"), {"started": "09:30"}, "at 09:10 already"),
        (("09:10", "10:00"), {"started": "09:10", "ended": "10:00"}, "at 09:10 already"),
        (("09:10", "10:00"), {"started": "08:00", "ended": "09:10"}, "at 09:10 already"),
        (("09:10", ""), {}, "at 09:10 already"),
        (("", ""), {"started": "09:10"}, "on that day already"),
        (("09:10", "10:00"), {"started": "10:01"}, ""),
        (("09:10", ""), {"started": "09:11"}, ""),
        (("09:10", "10:00"), {"started": "08:00", "ended": "09:09"}, ""),
        (("00:30", ""), {"started": "23:00", "ended": "01:00", "on": "2019-12-05"}, "at 00:30 already"),
    ],
)
def test_a_second_visit_of_the_same_hours_is_asked_about(
    people: Cast, held: tuple[str, str], hours: dict[str, str], says: str
) -> None:
    site = make_site(people)
    seen_before(people, site, *held)
    data = form(people, **({"on": TODAY} | hours))
    asked = post(people.inspector1, site, data)
    assert asked.status_code == (422 if says else 302)
    if says:
        text = asked.content.decode()
        assert says in text
        assert 'name="another"' in text
        assert Visit.objects.count() == 1
        assert post(people.inspector1, site, data | {"another": "on"}).status_code == 302
    assert Visit.objects.count() == 2


def test_other_teams_other_sites_and_undone_imports_are_no_doubles(people: Cast) -> None:
    site = make_site(people)
    make_visit(people, site, team=people.team2, people=[people.inspector2])
    make_visit(people)
    Visit.objects.filter(pk=make_visit(people, site).pk).update(undone=True)
    page = sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}").content.decode()
    assert 'name="another"' not in page
    assert post(people.inspector1, site, form(people)).status_code == 302


def test_a_day_long_ago_is_confirmed_where_something_was_found(people: Cast) -> None:
    site = make_site(people)
    data = form(people, on=TODAY, **{"problem-1-description": "裸土"})
    asked = post(people.inspector1, site, data)
    assert asked.status_code == 422
    assert "a number of the series of 2019 will be taken" in asked.content.decode()
    assert post(people.inspector1, site, data | {"long_ago": "on"}).status_code == 302
    assert Problem.objects.get().number_year == 2019


def test_what_rests_is_not_checked_and_nothing_is_chosen_as_fixed(people: Cast) -> None:
    site, now = make_site(people), timezone.now()
    team2: dict[str, Any] = {"team": people.team2, "by": people.inspector2}
    rests = [
        make_problem(people, site=site, route=Route.ON_SPOT, status=Status.RECTIFYING, now=now - 1 * DAY),
        make_problem(people, site=site),
    ]
    waits = [
        make_problem(people, site=site, route=Route.ON_SPOT, status=Status.RECTIFYING, now=now - 9 * DAY),
        make_problem(people, site=site, route=Route.ON_SPOT, status=Status.RECTIFYING, now=now - 1 * DAY, **team2),
        make_problem(people, site=site, status=Status.REPORTED, now=now - 3 * DAY),
    ]
    page = sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}&mode={VisitMode.RECHECK}").content.decode()
    chosen = re.findall(r'name="seen-([0-9a-f-]+)-result" value="(\w+)"[^>]*checked', page)
    assert sorted(chosen) == sorted((str(one.pk), "not_checked") for one in rests)
    for problem in waits:
        assert f'id="row-{problem.pk}"' in page
