"""The list of problems as a page: rows, tabs, chips, facets, columns, and how many queries it takes."""

import datetime
import itertools
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casetracker import calendars, paging
from casetracker.ids import uuid7
from inspections import listing
from inspections.enums import Route, Status
from inspections.models import Problem
from tests.builders import make_problem, make_site
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)
FREE = itertools.count(10_001)


def rows(response: Any) -> list[str]:
    return re.findall(r'<tr data-problem="([^"]+)"', response.content.decode())


def total(response: Any) -> str:
    found = re.search(r'data-total="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def copy(problem: Problem, number: int, **changes: Any) -> None:
    """More rows like one, straight into the table: counting and paging need many rows, not their histories."""
    made = []
    for n in range(number):
        row = Problem.objects.get(pk=problem.pk)
        row.pk, row._state.adding = uuid7(), True
        row.number_seq = next(FREE)
        row.number = f"焦督〔{row.number_year}〕{row.number_seq}号"
        for name, value in changes.items():
            setattr(row, name, value(n))
        if "due_on" in changes:
            row.next_due_on = row.due_on
        made.append(row)
    Problem.objects.bulk_create(made)


def test_the_list_shows_what_is_visible_most_urgent_first(people: Cast) -> None:
    today = timezone.localdate()
    late = make_problem(people, status=Status.RECTIFYING, due_on=today - 5 * DAY)
    soon = make_problem(people, status=Status.ASSIGNED, due_on=today + 3 * DAY)
    found = make_problem(people)
    make_problem(people, status=Status.VOID)
    response = sign_in(people.supervisor1).get("/problems/")
    assert response.status_code == 200
    assert rows(response) == [str(one.pk) for one in (late, found, soon)]
    assert total(response) == "3"
    assert "5 days late" in words(response)
    for text in (late.number, late.site_name, "Housing Bureau", "Rectifying"):
        assert text in words(response)


def test_an_outsider_sees_an_empty_list(people: Cast) -> None:
    make_problem(people, status=Status.ASSIGNED)
    for person in (people.outsider, people.far_handler, people.handler2, people.admin):
        response = sign_in(person).get("/problems/")
        assert rows(response) == []
        assert total(response) == "0"
        assert "There are no problems yet" in words(response)
    assert Client().get("/problems/").status_code == 302


@pytest.mark.parametrize(("name", "most"), [("supervisor1", 7), ("leader1", 7), ("inspector1", 7), ("handler1", 6)])
def test_queries_do_not_grow_with_the_rows(people: Cast, monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    """Session, person, posts, scope (but a unit’s), what is offered, counts, page; the calendar is in memory."""
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 3600.0)
    calendars.load()
    client = sign_in(vars(people)[name])
    site = make_site(people)
    one = make_problem(
        people, site=site, status=Status.RECTIFYING, due_on=timezone.localdate() + DAY, unit=people.housing
    )
    client.get("/problems/")
    asked = []
    for shown in (1, 30):
        with CaptureQueriesContext(connection) as queries:
            response = client.get("/problems/?state=open&q=土方")
        if name == "handler1":
            assert len(rows(response)) == 1
        else:
            assert len(rows(response)) == shown
        asked.append(len(queries))
        copy(one, 29)
    assert asked == [most, most], "\n".join(query["sql"][:160] for query in queries)


def test_a_walk_through_the_pages_meets_every_row_once(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    today = timezone.localdate()
    one = make_problem(people, status=Status.RECTIFYING, due_on=today)
    copy(one, 12, due_on=lambda n: today + (n % 3 - 1) * DAY, found_on=lambda n: today - n % 4 * DAY)
    copy(make_problem(people, status=Status.CLOSED), 4, site_name=lambda n: f"点位{n % 2}")
    monkeypatch.setattr(paging.page, "__kwdefaults__", paging.page.__kwdefaults__ | {"size": 4})
    client = sign_in(people.supervisor1)
    for order in ("due", "-due", "found", "-found", "number", "-number", "site", "-site"):
        address, forth = f"/problems/?order={order}", []
        while address:
            response = client.get(address)
            forth.append(rows(response))
            last = address
            older = re.search(r'<a class="btn is-small" href="([^"]+)" rel="next"', response.content.decode())
            address = "/problems/" + older[1].replace("&amp;", "&") if older else ""
        assert len({pk for page in forth for pk in page}) == sum(map(len, forth)) == 18
        back, address = [], last
        while address:
            response = client.get(address)
            back.append(rows(response))
            newer = re.search(r'<a class="btn is-small" href="([^"]+)" rel="prev"', response.content.decode())
            address = "/problems/" + newer[1].replace("&amp;", "&") if newer else ""
        assert back[::-1] == forth


def test_a_place_whose_rows_are_gone_leads_to_the_beginning(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    one = make_problem(people)
    copy(one, 3)
    monkeypatch.setattr(paging.page, "__kwdefaults__", paging.page.__kwdefaults__ | {"size": 2})
    client = sign_in(people.supervisor1)
    page = client.get("/problems/?order=number")
    older = re.search(r'href="([^"]+)" rel="next"', page.content.decode())
    assert older is not None
    Problem.objects.exclude(pk__in=rows(page)).update(status=Status.VOID, void_kind="test")
    answer = client.get("/problems/" + older[1].replace("&amp;", "&"))
    assert (answer.status_code, answer["Location"]) == (302, "/problems/?order=number")


def test_a_jump_to_a_day_begins_there(people: Cast) -> None:
    today = timezone.localdate()
    one = make_problem(people, status=Status.RECTIFYING, due_on=today)
    copy(one, 5, due_on=lambda n: today + n * DAY)
    response = sign_in(people.supervisor1).get(f"/problems/?jump={today + 3 * DAY}")
    assert len(rows(response)) == 2
    assert total(response) == "6"
    assert 'rel="prev"' in response.content.decode()


def test_beyond_the_cap_the_count_is_made_on_demand(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from casetracker import counting

    copy(make_problem(people), 6)
    monkeypatch.setattr(counting.count, "__defaults__", (None, 5))
    client = sign_in(people.supervisor1)
    page = client.get("/problems/")
    assert total(page) == "5+"
    assert "count exactly" in words(page)
    partial = client.get("/problems/?count=exact", headers={"HX-Request": "true"})
    assert words(partial).strip() == "7 rows in all"
    assert total(client.get("/problems/?count=exact")) == "7"
    today = timezone.localdate()
    assert total(client.get(f"/problems/?figure=problems&from={today}&to={today}")) == "7"


def test_what_cannot_be_read_is_shown_at_its_field(people: Cast) -> None:
    make_problem(people)
    response = sign_in(people.supervisor1).get("/problems/?found_from=2019-13-01&state=open&q=工地")
    page = response.content.decode()
    assert response.status_code == 422
    assert rows(response) == []
    assert 'value="2019-13-01"' in page
    assert 'value="open" checked' in page
    assert 'value="工地"' in page
    assert 'href="#id_found_from"' in page
    assert 'id="id_found_from_error"' in page


@pytest.mark.parametrize("query", ["foo=1", "order=colour", "after=zzz", "jump=x", "cols=secret", "from=&figure=x"])
def test_an_unknown_address_is_refused_by_name(people: Cast, query: str) -> None:
    response = sign_in(people.supervisor1).get(f"/problems/?{query}")
    assert response.status_code == 400
    assert f"“{query.split('=')[0]}”" in words(response)


def test_columns_are_chosen_and_kept(people: Cast) -> None:
    make_problem(people, status=Status.ASSIGNED, party_name="恒昌建材")
    client = sign_in(people.supervisor1)
    assert "恒昌建材" not in words(client.get("/problems/"))
    chosen = client.get("/problems/?cols=party&cols=team")
    for page in (chosen, client.get("/problems/?state=open")):
        assert "恒昌建材" in words(page)
        assert "Team 1" in words(page)
        assert 'data-label="Responsible unit"' not in page.content.decode()
    every = client.get("/problems/?cols=" + ",".join(listing.COLUMNS))
    heads = re.findall(r"<th scope", every.content.decode())
    assert len(heads) == 3 + len(listing.COLUMNS)


def test_heads_sort_and_say_which_way(people: Cast) -> None:
    make_problem(people)
    client = sign_in(people.supervisor1)
    page = client.get("/problems/?state=open&order=found").content.decode()
    assert re.search(r'aria-sort="descending"><a href="\?state=open&amp;order=-found">', page)
    page = client.get("/problems/?state=open&order=-found").content.decode()
    assert re.search(r'aria-sort="ascending"><a href="\?state=open&amp;order=found">', page)
    assert "last found first, reversed" in re.sub(r" +", " ", words(client.get("/problems/?order=-found"))).replace(
        " ,", ","
    )


def test_chips_take_their_filter_away(people: Cast) -> None:
    make_problem(people, status=Status.ASSIGNED, special=True)
    page = sign_in(people.supervisor1).get(
        f"/problems/?state=open&state=closed&unit={people.housing.pk}&special=1&found_to=2030-01-02&order=found&after="
    )
    text = page.content.decode()
    assert "Open, Closed" in text
    assert "2 Jan 2030" in text
    for name in ("state", "unit", "special", "found_to"):
        assert re.search(rf'<a href="\?(?![^"]*{name}=)[^"]*order=found[^"]*" aria-label="Remove', text)
    assert 'href="/problems/?order=found">Clear the filters' in text


def test_an_empty_list_names_the_filter_to_take_away(people: Cast) -> None:
    make_problem(people)
    page = sign_in(people.supervisor1).get("/problems/?state=open&severity=major")
    assert "Most are kept away by “Severity: Major”" in words(page)
    assert 'href="?state=open">Take this filter away' in page.content.decode()


def test_a_partial_is_what_the_page_includes(people: Cast) -> None:
    make_problem(people, status=Status.ASSIGNED)
    client = sign_in(people.supervisor1)
    page = client.get("/problems/?state=open&q=").content.decode()
    partial = client.get("/problems/?state=open&q=", headers={"HX-Request": "true"})
    body = partial.content.decode()
    assert "<html" not in body
    assert partial["HX-Push-Url"] == "/problems/?state=open"
    for part in ("problem-tabs", "problem-filters"):
        assert f'id="{part}"' in body
    assert body.count("hx-swap-oob") == 2
    row = re.search(r"<tr data-problem.*?</tr>", body, re.DOTALL)
    assert row is not None
    assert row[0] in page
    wrong = client.get("/problems/?state=lost", headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    going_back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in client.get("/problems/?state=open", headers=going_back).content.decode()


def test_the_rows_offer_bulk_work_only_to_those_who_may(people: Cast) -> None:
    assigned = make_problem(people, status=Status.ASSIGNED)
    for person, verbs in (
        (people.supervisor1, ["assign", "verify", "close", "escalate"]),
        (people.inspector1, ["verify"]),
        (people.handler1, []),
        (people.leader1, []),
    ):
        page = sign_in(person).get("/problems/").content.decode()
        assert re.findall(r'name="verb" value="(\w+)"', page) == verbs
        assert (f'value="{assigned.pk}" data-select-row' in page) == bool(verbs)
    page = sign_in(people.supervisor1).get("/problems/").content.decode()
    assert 'data-can="verify escalate"' in page


def test_a_date_that_moved_shows_the_first_one_under_it(people: Cast) -> None:
    today = timezone.localdate()
    problem = make_problem(people, status=Status.CLAIMED, due_on=today + 5 * DAY)
    Problem.objects.filter(pk=problem.pk).update(due_on=today + 9 * DAY, extension_count=1)
    assert "extended once" in words(sign_in(people.supervisor1).get("/problems/"))


def test_what_people_typed_is_never_markup(people: Cast) -> None:
    site = make_site(people, "<b>工地</b>")
    make_problem(people, site=site, route=Route.ON_SPOT, status=Status.RECTIFYING, party_name="<i>甲</i>")
    page = sign_in(people.supervisor1).get('/problems/?cols=party&q="><script>').content.decode()
    assert "<script>&" not in page
    page = sign_in(people.supervisor1).get("/problems/?cols=party,responsible").content.decode()
    assert "&lt;b&gt;工地&lt;/b&gt;" in page
    assert "&lt;i&gt;甲&lt;/i&gt;" in page


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_names_are_marked_with_their_language(people: Cast, language: str) -> None:
    people.supervisor1.language = language
    people.supervisor1.save()
    problem = make_problem(people, status=Status.ASSIGNED)
    page = sign_in(people.supervisor1).get("/problems/").content.decode()
    marked = f'<span lang="zh-Hans">{problem.site_name}</span>'
    assert (marked in page) == (language == "en")
    assert ("黄土裸露未覆盖" in page) == (language == "zh-hans")


# --- What tells rows apart, and what the pages are called ----------------------------------------------


def test_rows_of_one_kind_at_one_site_are_told_apart_by_what_was_said(people: Cast) -> None:
    site = make_site(people, "锦绣华庭项目工地")
    said = ("东侧堆场 3 处未覆盖", "西侧道路 2 处未覆盖")
    for words_of_it in said:
        make_problem(people, site=site, description=words_of_it)
    without = make_problem(people, site=site, description="夜间施工，噪声扰民")
    Problem.objects.filter(pk=without.pk).update(kind=None)
    client = sign_in(people.supervisor1)
    listed = client.get("/problems/").content.decode()
    assert re.findall(r'class="cell-said"><span lang="zh-Hans">([^<]+)<', listed) == list(said)
    assert listed.count("夜间施工，噪声扰民") == 1
    work = client.get("/").content.decode()
    assert [one for one in re.findall(r'class="row-said"><span lang="zh-Hans">([^<]+)<', work) if one] == list(said)


def test_more_than_a_row_can_show_is_not_sent(people: Cast) -> None:
    make_problem(people, description="长" * 2000)
    assert sign_in(people.supervisor1).get("/problems/").content.decode().count("长") < 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Previous", "Next"]),
        ("order=found", ["Newer", "Older"]),
        ("order=-found", ["Previous", "Next"]),
        ("order=number", ["Previous", "Next"]),
    ],
)
def test_pages_are_newer_and_older_only_where_the_newest_stands_first(
    people: Cast, query: str, names: list[str]
) -> None:
    make_problem(people)
    page = sign_in(people.supervisor1).get(f"/problems/?{query}").content.decode()
    pager = page.split('class="pager"')[1].split("</nav>")[0]
    assert [name for name in ("Newer", "Older", "Previous", "Next") if f"<span>{name}</span>" in pager] == names
