"""The order “most urgent first”: what runs by its date, what waits for the office oldest first, what stands still last;
and what lists and panels say of imports that nobody is told of yet."""

import datetime
import itertools
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from casetracker import calendars, paging
from inspections import listing, workflow
from inspections.enums import Light, Status
from inspections.filters import ORDERS
from inspections.models import Problem
from inspections.offers import offer
from inspections.presenting import light_of
from tests.builders import make_problem, make_site
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)


def shown(people: Cast, query: str) -> list[Problem]:
    asked = listing.read(QueryDict(query), people.supervisor1)
    return list(asked.page(Problem.objects.all()).rows)


def some(people: Cast) -> dict[str, Problem]:
    """Late, near and far ones, what the office is to do, what stands still, and what has ended."""
    today = timezone.localdate()
    rectifying: dict[str, Any] = {"status": Status.RECTIFYING}
    made = {
        "late": make_problem(people, due_on=today - 5 * DAY, **rectifying),
        "later": make_problem(people, due_on=today - 2 * DAY, **rectifying),
        "stopped": make_problem(people, due_on=today + DAY, **rectifying),
        "late, then stopped": make_problem(people, due_on=today - 3 * DAY, **rectifying),
        "soon": make_problem(people, due_on=today + 3 * DAY, status=Status.ASSIGNED),
        "found new": make_problem(people),
        "found old": make_problem(people, now=timezone.now() - 9 * DAY),
        "found, stopped": make_problem(people, now=timezone.now() - 20 * DAY),
        "reported": make_problem(people, status=Status.REPORTED, now=timezone.now() - 3 * DAY),
        "closed": make_problem(people, status=Status.CLOSED),
    }
    for name in ("stopped", "late, then stopped", "found, stopped"):
        workflow.pause(made[name], by=people.supervisor1, reason="停工令")
    # As it stands a week later: its date has passed while it stood still, so that it is not late.
    Problem.objects.filter(pk=made["stopped"].pk).update(paused_since=today - 6 * DAY, due_on=today - 4 * DAY)
    return made


ROWS = ["late", "late, then stopped", "later", "soon", "found old", "reported", "found new"]
STILL = ["found, stopped", "stopped"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=open", [*ROWS, *STILL]),
        ("state=found", ["found old", "found new", "found, stopped"]),
        ("state=found&state=reported", ["found old", "reported", "found new", "found, stopped"]),
        ("overdue=any", ["late", "late, then stopped", "later"]),
        ("", [*ROWS, "closed", "stopped", "found, stopped"]),
    ],
)
def test_what_is_most_urgent_stands_first_on_every_list(people: Cast, query: str, expected: list[str]) -> None:
    made = some(people)
    names = {problem.pk: name for name, problem in made.items()}
    # Ended and stopped ones together are by the day of the find, the last first.
    Problem.objects.filter(pk=made["stopped"].pk).update(found_on=timezone.localdate() - 10 * DAY)
    assert [names[row.pk] for row in shown(people, query)] == expected
    assert [names[row.pk] for row in shown(people, f"{query}&order=-due")] == expected[::-1]


def test_the_order_agrees_with_the_lights_and_with_overdue(people: Cast) -> None:
    some(people)
    today = timezone.localdate()
    rows = shown(people, "state=open")
    late = [row.pk for row in Problem.objects.overdue(today).order_by("due_on")]
    assert [row.pk for row in rows[: len(late)]] == late
    lights = [light_of(row, today, calendars.load()).state for row in rows]
    stopped = lights.index(Light.STOPPED)
    assert set(lights[stopped:]) == {Light.STOPPED}
    assert Light.LATE not in lights[len(late) :]


def test_a_walk_by_urgency_meets_every_row_once(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    some(people)
    monkeypatch.setattr(paging.page, "__kwdefaults__", paging.page.__kwdefaults__ | {"size": 2})
    for query in ("", "state=open", "state=found", "order=-due", "state=open&order=-due"):
        whole = [row.pk for row in listing.read(QueryDict(query), people.supervisor1).in_order]
        met, after = [], ""
        for _page in itertools.count():
            page = listing.read(QueryDict(f"{query}&after={after}"), people.supervisor1).page(Problem.objects.all())
            met += [row.pk for row in page.rows]
            if not page.older:
                break
            after = page.older
        assert met == whole, query


def test_each_section_of_a_page_is_asked_for_once(people: Cast) -> None:
    """However many sections an order has, the statement names each of them once."""
    some(people)
    order = next(order for order in ORDERS if order.key == "due")
    ids = paging._ids(Problem.objects.visible_to(people.supervisor1), order, 0, paging.Q(), 51)
    assert ids.sql.count('FROM "inspections_problem" WHERE') == len(order.sections)


def test_the_open_ones_of_a_site_are_in_the_same_order(people: Cast) -> None:
    made = some(people)
    site = make_site(people, "同一个工地")
    Problem.objects.update(site=site)
    page = sign_in(people.supervisor1).get(f"/sites/{site.pk}/").content.decode()
    places = [page.index(f'data-problem="{made[name].pk}"') for name in ("late", "soon", "found old", "stopped")]
    assert places == sorted(places)


# --- Imports that were not released -------------------------------------------------------------------


def test_a_list_says_how_many_of_it_come_from_imports_not_released(people: Cast) -> None:
    held, other = make_problem(people, status=Status.ASSIGNED), make_problem(people, status=Status.ASSIGNED)
    client = sign_in(people.supervisor1)
    assert "not released yet" not in client.get("/problems/?state=open").content.decode()
    Problem.objects.filter(pk=held.pk).update(held=True)
    page = client.get("/problems/?state=open").content.decode()
    assert "1 of them from an import that is not released yet" in page
    door = re.search(r'href="([^"]+)" data-figure="held"', page)
    assert door is not None
    opened = client.get("/problems/" + door[1].replace("&amp;", "&")).content.decode()
    assert 'data-total="1"' in opened
    assert (str(held.pk) in opened, str(other.pk) in opened) == (True, False)
    assert "from an import that is not released yet" not in opened


def test_my_work_says_so_beside_its_figures(people: Cast) -> None:
    for name in ("supervisor1", "handler1", "inspector1"):
        assert "not released yet" not in sign_in(vars(people)[name]).get("/").content.decode()
    for _ in range(2):
        problem = make_problem(people, status=Status.ASSIGNED)
        Problem.objects.filter(pk=problem.pk).update(held=True)
    make_problem(people, status=Status.ASSIGNED)
    for name in ("supervisor1", "handler1", "inspector1"):
        client = sign_in(vars(people)[name])
        page = client.get("/").content.decode()
        assert "2 of the open ones from imports that are not released yet" in page
        door = re.search(r'href="([^"]+)" data-figure="held"', page)
        assert door is not None
        assert 'data-total="2"' in client.get(door[1].replace("&amp;", "&")).content.decode()


# --- What the filters offer ----------------------------------------------------------------------------


def test_the_own_city_stands_first_among_the_districts(people: Cast) -> None:
    def cities(person: Any) -> list[str]:
        return [city for city, _districts in offer(person, page="problems").choices("district")]

    for name in ("supervisor1", "inspector1", "leader1", "officer1"):
        assert cities(vars(people)[name])[0] in ("Jiaozuo", "焦作市"), name
    assert cities(people.outsider)[0] in ("Lüliang", "吕梁市")
    assert sorted(cities(people.supervisor1)) == sorted(cities(people.outsider))
