"""The order “most urgent first”: what goes on by the day its present step is due, what stands still last;
and what lists and panels say of imports that nobody is told of yet."""

import datetime
import itertools
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from casetracker import calendars, paging
from casetracker.models import Deadline
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
    still = {"paused_since": today - 6 * DAY, "due_on": today - 4 * DAY, "next_due_on": today - 4 * DAY}
    Problem.objects.filter(pk=made["stopped"].pk).update(**still)
    # Whatever day of the week it is: to be assigned since 9 days, to be verified since 3 days and today.
    for name, days in (("found old", -9), ("reported", -3), ("found new", 0)):
        Problem.objects.filter(pk=made[name].pk).update(next_due_on=today + days * DAY)
    return made


ROWS = ["found old", "late", "late, then stopped", "reported", "later", "found new", "soon"]
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
    assert [row.pk for row in rows if row.is_overdue(today)] == late
    lights = [light_of(row, today, calendars.load()).state for row in rows]
    assert lights == sorted(lights, key=[Light.LATE, Light.NEAR, Light.OK, Light.STOPPED].index)
    assert [row.next_due_on for row in rows][:7] == sorted(row.next_due_on for row in rows[:7] if row.next_due_on)


def test_what_waits_for_the_office_stands_among_the_rest_by_its_own_date(people: Cast) -> None:
    """To be verified by tomorrow comes before what is to be put right in a fortnight, and the row says by when."""
    today = timezone.localdate()
    far = make_problem(people, status=Status.RECTIFYING, due_on=today + 14 * DAY)
    verify = make_problem(people, status=Status.REPORTED)
    assign = make_problem(people)
    undated = make_problem(people, status=Status.REPORTED)
    Problem.objects.filter(pk=undated.pk).update(next_due_on=None)
    clock = Deadline.objects.running().get(subject_id=verify.pk, clock="verify")
    assert verify.next_due_on == clock.due_on

    assert [row.pk for row in shown(people, "state=open")] == [assign.pk, verify.pk, far.pk, undated.pk]
    page = sign_in(people.supervisor1).get("/problems/?state=open&cols=due").content.decode()
    row = page[page.index(f'data-problem="{verify.pk}"') :].split("</tr>")[0]
    assert f'<time datetime="{clock.due_on}">' in row
    assert '<span class="cell-second nowrap">Verification</span>' in row


def test_jumping_to_a_day_lands_on_the_first_step_due_from_then_on(people: Cast) -> None:
    made = some(people)
    rows = [row.pk for row in shown(people, f"state=open&jump={timezone.localdate()}")]
    assert rows[:2] == [made["found new"].pk, made["soon"].pk]


def test_walking_from_a_problem_to_the_next_follows_the_same_order(people: Cast) -> None:
    made = some(people)
    asked = listing.read(QueryDict("state=open"), people.supervisor1)
    for one, other in itertools.pairwise([*ROWS, *STILL]):
        after, before = asked.beside(made[one].pk, forward=True), asked.beside(made[other].pk, forward=False)
        assert (after and after.pk, before and before.pk) == (made[other].pk, made[one].pk)


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
    places = [page.index(f'data-problem="{made[name].pk}"') for name in ("found old", "late", "soon", "stopped")]
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
        return [city for city, _districts in offer(person, page="problems").choices("district")()]

    for name in ("supervisor1", "inspector1", "leader1", "officer1"):
        assert cities(vars(people)[name])[0] in ("Jiaozuo", "焦作市"), name
    assert cities(people.outsider)[0] in ("Lüliang", "吕梁市")
    assert sorted(cities(people.supervisor1)) == sorted(cities(people.outsider))
