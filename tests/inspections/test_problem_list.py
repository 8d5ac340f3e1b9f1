"""The list of problems as a page: rows, tabs, chips, facets, columns, and how many queries it takes."""

import datetime
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casetracker import calendars
from inspections.enums import Status
from inspections.models import Problem
from tests.builders import make_problem, make_site
from tests.cast import Cast, cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def people(db: None) -> Cast:
    return cast()


def sign_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def ids(response: Any) -> list[str]:
    return re.findall(r'<tr data-problem="([^"]+)"', response.content.decode())


def total(response: Any) -> str:
    found = re.search(r'data-total="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def copies(problem: Problem, number: int) -> None:
    """More rows like one, straight into the table: paging and counting need many, not their histories."""
    for seq in range(number):
        problem.pk = None
        problem._state.adding = True
        problem.id = None  # type: ignore[assignment]
        problem.number_seq += 1
        problem.number = f"焦督〔2019〕{problem.number_seq}号"
        problem.pk = Problem._meta.pk.get_default()
        problem.save(force_insert=True)


def test_the_list_shows_what_is_visible_most_urgent_first(people: Cast) -> None:
    today = timezone.localdate()
    late = make_problem(people, status=Status.RECTIFYING, due_on=today - 5 * DAY)
    soon = make_problem(people, status=Status.ASSIGNED, due_on=today + 3 * DAY)
    found = make_problem(people)
    make_problem(people, status=Status.VOID)
    response = sign_in(people.supervisor1).get("/problems/")
    assert response.status_code == 200
    assert ids(response) == [str(one.pk) for one in (late, soon, found)]
    assert total(response) == "3"
    text = response.content.decode()
    assert "5 days late" in text
    assert late.number in text


def test_an_outsider_sees_an_empty_list(people: Cast) -> None:
    make_problem(people, status=Status.ASSIGNED)
    for person in (people.outsider, people.far_handler, people.handler2, people.admin):
        response = sign_in(person).get("/problems/")
        assert ids(response) == []
        assert total(response) == "0"


@pytest.mark.parametrize(("name", "most"), [("supervisor1", 8), ("inspector1", 10), ("handler1", 8)])
def test_queries_do_not_grow_with_the_rows(people: Cast, name: str, most: int) -> None:
    calendars.load()
    client = sign_in(vars(people)[name])
    client.get("/problems/")
    site = make_site(people)
    one = make_problem(people, site=site, status=Status.RECTIFYING, due_on=timezone.localdate() + DAY)
    counts = []
    for _rows in (1, 30):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = client.get("/problems/?state=open")
        assert len(ids(response)) == _rows
        counts.append(len(queries))
        copies(one, 29)
    assert counts == [most, most], "\n".join(query["sql"][:160] for query in queries)
