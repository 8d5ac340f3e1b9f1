"""From one problem to the next of the list one came from."""

import datetime
import html
import re
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
from tests.inspections.pressing import picture

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


def go(person: User, problem: Problem, way: str, query: str = "", at: str = "") -> Any:
    asked = urlencode({"from": query, "go": way} | ({"at": at} if at else {}))
    return signed_in(person).get(f"{reverse('problem', args=[problem.pk])}?{asked}")


def follow(person: User, problem: Problem, way: str, query: str = "", at: str = "") -> Problem | None:
    """Where a link leads: to a problem that knows the list and its spot there, or (None) to the list."""
    parts = urlsplit(go(person, problem, way, query, at)["Location"])
    if parts.path == reverse("problems"):
        assert parts.query == query
        return None
    found = Problem.objects.get(pk=parts.path.split("/")[-2])
    asked = listing.read(QueryDict(query), person)
    [spot] = [asked.spot(row) for row in asked.in_order if row.pk == found.pk]
    assert parse_qs(parts.query, keep_blank_values=True) == {"from": [query], "at": [spot]}
    assert parts.path == reverse("problem", args=[found.pk])
    return found


@pytest.mark.parametrize("narrow", ["", "state=open", "overdue=any", "state=closed"])
def test_walking_on_meets_every_row_of_the_list_in_its_order(cast: Cast, problems: list[Problem], narrow: str) -> None:
    for order in ("", "-due", "found", "-found", "number", "site", "-site"):
        query = "&".join(part for part in (narrow, f"order={order}" if order else "") if part)
        asked = listing.read(QueryDict(query), cast.supervisor1)
        rows = list(asked.in_order)
        assert rows, query
        for here, after in zip(rows, [*rows[1:], None], strict=True):
            assert follow(cast.supervisor1, here, "next", query, asked.spot(here)) == after, query
            if after is not None:
                assert follow(cast.supervisor1, after, "previous", query) == here, query
        assert follow(cast.supervisor1, rows[0], "previous", query) is None, query


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


# --- Doing something on the way -----------------------------------------------------------------------


class Walk:
    """A person who opens the rows of a list, presses and goes on, with htmx or without script."""

    def __init__(self, person: User, query: str, *, htmx: bool) -> None:
        self.client, self.htmx = signed_in(person), htmx
        page = self.client.get(f"{reverse('problems')}?{query}").content.decode()
        self.links = [html.unescape(link) for link in re.findall(r'<p class="cell-title"><a href="([^"]+)"', page)]
        self.rows = [link.split("/")[2] for link in self.links]

    def open(self, link: str) -> None:
        self.here, self.page = link, self.client.get(link).content.decode()

    def press(self, verb: Verb, data: dict[str, Any]) -> None:
        found = re.search(rf'<form method="post" action="([^"]+/{verb.value}/[^"]*)"', self.page)
        assert found is not None, verb
        address = html.unescape(found[1])
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{self.here}"} if self.htmx else {}
        answer = self.client.post(address, data | {"inline": "1"}, headers=headers)
        assert answer.status_code == 302
        assert answer["Location"] == self.here
        self.page = self.client.get(answer["Location"], headers=headers).content.decode()

    def go(self, way: str) -> str | None:
        """The id of the problem that the link above the page leads to; None where the list ends."""
        found = re.search(rf'href="([^"]+)" rel="{way}"', self.page)
        assert found is not None
        self.open(self.client.get(html.unescape(found[1]))["Location"])
        return None if self.here.startswith(f"{reverse('problems')}?") else self.here.split("/")[2]


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("narrow", ["open", "single"])
@pytest.mark.parametrize(
    ("verb", "status", "who"),
    [
        (Verb.ASSIGN, Status.FOUND, "supervisor1"),
        (Verb.REPORT_BACK, Status.RECTIFYING, "handler1"),
        (Verb.VERIFY, Status.REPORTED, "inspector1"),
        (Verb.CLOSE, Status.VERIFIED, "supervisor2"),
    ],
)
def test_after_a_step_the_walk_goes_on_from_where_the_problem_stood(
    cast: Cast, verb: Verb, status: Status, who: str, narrow: str, htmx: bool
) -> None:
    """What was done gives it another date, or takes it out of the list: it is neither passed over nor met again."""
    for days in range(4):
        make_problem(cast, status=status, now=timezone.now() - days * DAY)
    walk = Walk(vars(cast)[who], "state=open" if narrow == "open" else f"state={status.value}", htmx=htmx)
    colours = iter(["red", "green", "blue"])

    def press() -> None:
        data: dict[Verb, dict[str, Any]] = {
            Verb.ASSIGN: {"lead": cast.housing.pk},
            Verb.REPORT_BACK: {"text": "已办", "shots": [picture(next(colours))]},
            Verb.VERIFY: {"result": "fixed"},
        }
        walk.press(verb, data.get(verb, {}))

    walk.open(walk.links[0])
    press()
    assert walk.go("next") == walk.rows[1]
    press()
    assert walk.go("next") == walk.rows[2]
    walk.open(walk.links[3])
    press()
    assert walk.go("prev") == walk.rows[2]
    walk.open(walk.links[3])
    after = walk.go("next")
    assert after is None or (narrow == "open" and after in walk.rows[:2])


def test_one_that_moves_on_by_less_than_a_row_is_not_met_twice(cast: Cast) -> None:
    """Its new date lies before that of the next row: next is that row and not itself."""
    today = timezone.localdate()
    first = make_problem(cast, status=Status.RECTIFYING, due_on=today + DAY)
    second = make_problem(cast, status=Status.RECTIFYING, due_on=today + 9 * DAY)
    asked = listing.read(QueryDict("state=open"), cast.supervisor1)
    spot = asked.spot(next(iter(asked.in_order)))
    Problem.objects.filter(pk=first.pk).update(due_on=today + 5 * DAY, next_due_on=today + 5 * DAY)
    assert follow(cast.supervisor1, first, "next", "state=open", spot) == second
    assert follow(cast.supervisor1, first, "previous", "state=open", spot) is None


SPOTS = [
    "x",
    ".",
    "0",
    "0.",
    "9.2019-12-02",
    "-1.2019-12-02",
    "²0.2019-12-02",
    "0.2019-13-02",
    "0.2019-12-02.5",
    "1.\0",
]


@pytest.mark.parametrize("order", ["due", "number", "site"])
def test_a_spot_that_no_list_gave_counts_for_nothing(cast: Cast, problems: list[Problem], order: str) -> None:
    query = "" if order == "due" else f"order={order}"
    rows = list(listing.read(QueryDict(query), cast.supervisor1).in_order)
    for at in [*SPOTS, "0.99999999999999999999.1", "0." + "9" * 5000]:
        if order == "site" and at.startswith("0."):
            continue
        assert follow(cast.supervisor1, rows[0], "next", query, at) == rows[1], at


def test_a_spot_is_short_and_its_page_reads_it_without_asking(cast: Cast, problems: list[Problem]) -> None:
    asked = listing.read(QueryDict("state=open"), cast.supervisor1)
    row = next(iter(asked.in_order))
    assert asked.spot(row) == f"0.{row.next_due_on}"
    counts = []
    for at in ("", asked.spot(row)):
        with CaptureQueriesContext(connection) as queries:
            assert asked.beside(row.pk, forward=True, at=at) is not None
        counts.append(len(queries))
    assert counts == [2, 1]


def test_every_verb_of_the_page_still_knows_the_list(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    known = "from=state%3Dopen&at=0.2019-12-02"
    for person in (cast.supervisor1, cast.handler1):
        page = signed_in(person).get(f"{reverse('problem', args=[problem.pk])}?{known}").content.decode()
        links = [html.unescape(one) for one in re.findall(rf'"(/problems/{problem.pk}/[a-z_]+/[^"]*)"', page)]
        verbs = [one for one in links if one.split("/")[3] in set(Verb)]
        assert len(verbs) >= 4
        assert [one for one in verbs if known not in one] == []
