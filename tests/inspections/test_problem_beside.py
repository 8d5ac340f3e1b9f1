"""From one problem to the next of the list one came from."""

import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from casetracker import calendars
from casetracker.models import User
from inspections import listing, workflow
from inspections.enums import Status, Verb
from inspections.models import Problem
from tests.builders import make_problem
from tests.cast import Cast
from tests.cast import cast as make_cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def problems(cast: Cast) -> list[Problem]:
    """Late, due, reported and closed ones, and one without a date."""
    today = timezone.localdate()
    late = [make_problem(cast, status=Status.RECTIFYING, due_on=today - days * DAY) for days in (3, 9, 1)]
    others = [make_problem(cast, status=status) for status in (Status.REPORTED, Status.CLOSED, Status.FOUND)]
    return late + others


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def go(person: User, problem: Problem, way: str, query: str = "") -> Any:
    asked = urlencode({"from": query, "go": way})
    return signed_in(person).get(f"{reverse('problem', args=[problem.pk])}?{asked}")


def follow(person: User, problem: Problem, way: str, query: str = "") -> Problem | None:
    """Where a link leads: to a problem that still knows the list, or (None) to the list."""
    parts = urlsplit(go(person, problem, way, query)["Location"])
    if parts.path == reverse("problems"):
        assert parts.query == query
        return None
    assert parse_qs(parts.query, keep_blank_values=True) == {"from": [query]}
    found = Problem.objects.get(pk=parts.path.split("/")[-2])
    assert parts.path == reverse("problem", args=[found.pk])
    return found


@pytest.mark.parametrize("order", ["", "-due", "found", "-found", "number", "site", "-site"])
@pytest.mark.parametrize("narrow", ["", "state=open", "overdue=any", "state=closed"])
def test_walking_on_meets_every_row_of_the_list_in_its_order(
    cast: Cast, problems: list[Problem], order: str, narrow: str
) -> None:
    query = "&".join(part for part in (narrow, f"order={order}" if order else "") if part)
    rows = list(listing.read(QueryDict(query), cast.supervisor1).in_order)
    assert rows
    for here, after in zip(rows, [*rows[1:], None], strict=True):
        assert follow(cast.supervisor1, here, "next", query) == after
        if after is not None:
            assert follow(cast.supervisor1, after, "previous", query) == here
    assert follow(cast.supervisor1, rows[0], "previous", query) is None


def test_at_the_end_the_list_says_so(cast: Cast, problems: list[Problem]) -> None:
    client = signed_in(cast.supervisor1)
    url = reverse("problem", args=[problems[1].pk])
    page = client.get(url, {"from": "overdue=any", "go": "previous"}, follow=True)
    assert "That was the first one of this list." in page.content.decode()


def test_one_that_has_left_the_list_still_leads_on(cast: Cast, problems: list[Problem]) -> None:
    second = problems[0]
    workflow.void(second, by=cast.supervisor1, kind="test", reason="演练")
    assert follow(cast.supervisor1, second, "next", "overdue=any") == problems[2]
    assert follow(cast.supervisor1, second, "previous", "overdue=any") == problems[1]


def test_a_neighbour_that_may_not_be_seen_is_passed_over(cast: Cast, problems: list[Problem]) -> None:
    hidden = make_problem(cast, status=Status.FOUND)
    newest, own = problems[0], make_problem(cast, status=Status.RECTIFYING)
    assert follow(cast.supervisor1, own, "next", "order=number") == hidden
    seen = follow(cast.handler1, own, "next", "order=number")
    assert seen is not None
    assert seen != hidden
    assert Problem.objects.visible_to(cast.handler1).filter(pk=seen.pk).exists()
    assert go(cast.outsider, newest, "next").status_code == 404


def test_a_list_that_there_is_not_leads_to_the_page_that_says_so(cast: Cast, problems: list[Problem]) -> None:
    for query in ("wrong=1", "found_from=never", "after=nonsense&wrong=1"):
        assert follow(cast.supervisor1, problems[0], "next", query) is None


def test_the_links_stand_there_for_who_came_from_a_list_and_cost_nothing(cast: Cast, problems: list[Problem]) -> None:
    client, url = signed_in(cast.supervisor1), reverse("problem", args=[problems[0].pk])
    client.get(url)
    counts, texts = [], []
    for address in (url, f"{url}?from=overdue%3Dany"):
        calendars.clear()
        with CaptureQueriesContext(connection) as queries:
            texts.append(client.get(address).content.decode())
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert ['rel="next"' in text for text in texts] == [False, True]
    assert 'href="/problems/?overdue=any"' in texts[1]


def test_after_a_step_the_list_is_still_known(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.VERIFIED)
    form = reverse("problem_verb", args=[problem.pk, Verb.CLOSE.value])
    here = f"{reverse('problem', args=[problem.pk])}?from=state%3Dverified"
    client = signed_in(cast.supervisor1)
    assert f'action="{form}?from=state%3Dverified"' in client.get(here).content.decode()
    plain = client.post(f"{form}?from=state%3Dverified", {"inline": "1"})
    assert plain["Location"] == here
    page = client.get(
        reverse("problem", args=[problem.pk]),
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{here}"},
    )
    assert 'rel="next"' in page.content.decode()
