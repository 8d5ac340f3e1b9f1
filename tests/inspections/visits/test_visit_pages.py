"""The pages of visits: who reads them, one visit, the list."""

import datetime
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from casetracker import calendars, paging
from inspections import workflow
from inspections.enums import Outcome, Result, Status
from tests.builders import at, day, make_problem, make_site, make_visit, shot
from tests.cast import Cast, sign_in
from tests.inspections.visits.desk import total

DAY = datetime.timedelta(days=1)


def test_who_may_record_and_who_may_only_read(people: Cast) -> None:
    site = make_site(people)
    visit = make_visit(people, site)
    make_problem(people, site=site, status=Status.ASSIGNED)
    form_page, page = f"/visits/new/?site={site.pk}", f"/visits/{visit.pk}/"
    for person, allowed, reads in (
        (people.inspector1, 200, 200),
        (people.supervisor1, 200, 200),
        (people.leader1, 403, 200),
        (people.officer1, 403, 200),
        (people.handler1, 404, 404),
        (people.outsider, 404, 404),
        (people.admin, 404, 404),
    ):
        client = sign_in(person)
        assert client.get(form_page).status_code == allowed, person
        assert client.get(page).status_code == reads, person
        assert total(client.get("/visits/")) == ("1" if reads == 200 else "0"), person


def test_the_list_narrows_and_counts(people: Cast) -> None:
    site = make_site(people, "锦绣华庭")
    first = make_visit(people, site, on=day("2019-12-01"), people=[people.inspector1, people.supervisor1])
    second = make_visit(
        people, make_site(people, "中原路饭店"), team=people.team2, on=day("2019-12-05"), outcome=Outcome.LOCKED
    )
    make_problem(people, site=site, visit=first)
    make_problem(people, site=site, visit=first, status=Status.VOID)
    client = sign_in(people.supervisor1)

    def shown(query: str) -> list[str]:
        response = client.get(f"/visits/?{query}")
        assert response.status_code == 200, query
        rows = re.findall(r'data-visit="([^"]+)"', response.content.decode())
        assert total(response) == str(len(rows)), query
        return rows

    one, two = str(first.pk), str(second.pk)
    assert shown("") == [two, one]
    for query, expected in {
        f"site={site.pk}": [one],
        f"team={people.team2.pk}": [two],
        "outcome=locked": [two],
        "mode=recheck": [],
        "from=2019-12-02": [two],
        "to=2019-12-01": [one],
        "district=410800": [two, one],
        f"inspector={people.inspector1.pk}": [two, one],
        "found=some": [one],
        "found=none": [two],
        "q=锦绣": [one],
        "order=site": [two, one],
    }.items():
        assert shown(query) == expected, query
    assert total(client.get("/visits/?from=2019-12-01&to=2019-12-31&count=people")) == "3"
    assert client.get("/visits/?from=yesterday").status_code == 422


def test_pages_follow_one_another_by_day(people: Cast) -> None:
    site = make_site(people)
    visits = [make_visit(people, site, on=day("2019-12-01") + n * DAY) for n in range(60)]
    client = sign_in(people.inspector1)
    response = client.get("/visits/")
    first = re.findall(r'data-visit="([^"]+)"', response.content.decode())
    assert (len(first), total(response)) == (50, "60")
    older = re.search(r'href="([^"]+)" rel="next"', response.content.decode())
    assert older is not None
    rest = re.findall(r'data-visit="([^"]+)"', client.get("/visits/" + older[1].replace("&amp;", "&")).content.decode())
    assert [*first, *rest] == [str(one.pk) for one in reversed(visits)]
    jumped = re.findall(r'data-visit="([^"]+)"', client.get("/visits/?jump=2019-12-05").content.decode())
    assert jumped[0] == str(visits[4].pk)
    assert client.get("/visits/?after=nonsense").status_code == 302


def test_the_visits_of_a_day_follow_one_another_by_the_hour(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last first; of unknown hour after those of their day, in an order that stays."""
    site = make_site(people)
    hours = ["2019-12-02 00:10", "", "2019-12-02 23:40", "2019-12-02 09:00", "", "2019-12-01 23:50", "2019-12-03 05:00"]
    made = []
    for hour in hours:
        visit = make_visit(people, site, on=day(hour[:10] or "2019-12-02"))
        visit.started_at = at(hour) if hour else None
        visit.save()
        made.append(str(visit.pk))
    expected = [made[n] for n in (6, 2, 3, 0, 4, 1, 5)]
    client = sign_in(people.inspector1)

    def shown(address: str) -> list[str]:
        return re.findall(r'data-visit="([^"]+)"', client.get(address).content.decode())

    assert shown("/visits/") == expected
    assert shown(f"/sites/{site.pk}/") == expected
    monkeypatch.setattr(paging.page, "__kwdefaults__", paging.page.__kwdefaults__ | {"size": 2})
    met, address = [], "/visits/"
    while address:
        met += shown(address)
        older = re.search(r'href="([^"]+)" rel="next"', client.get(address).content.decode())
        address = "/visits/" + older[1].replace("&amp;", "&") if older else ""
    assert met == expected
    assert shown("/visits/?jump=2019-12-02") == [made[2], made[3]]


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_queries_do_not_grow_with_the_rows(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 3600)
    calendars.load()
    site = make_site(people)
    visit = make_visit(people, site)
    make_problem(people, site=site, visit=visit, status=Status.REPORTED)
    client = sign_in(people.inspector1)
    addresses = ("/visits/", f"/visits/{visit.pk}/", f"/visits/new/?site={site.pk}&mode=recheck")
    before = {address: _queries(client, address) for address in addresses}
    for number in range(29):
        made = make_visit(people, site, on=day("2019-12-01") + number * DAY)
        problem = make_problem(people, site=site, visit=visit, status=Status.REPORTED)
        if number % 10 == 0:
            make_problem(people, site=site, visit=made)
        workflow.recheck(problem, by=people.inspector1, result=Result.NOT_FIXED, visit=visit, shots=[shot()])
    after = {address: _queries(client, address) for address in addresses}
    # One more: the photos of rechecks are read once there are any.
    assert all(after[address] <= before[address] + 1 for address in addresses), (before, after)
    assert max(before.values()) <= 30
