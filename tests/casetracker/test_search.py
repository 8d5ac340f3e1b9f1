"""The one search box: numbers lead to their problem, words find problems, sites and parties, each only what is open."""

from typing import Any

import pytest
from django.test import Client

from casetracker import search
from inspections import finding
from inspections.enums import Status
from inspections.models import Party, Problem
from inspections.searching import index_party
from tests.builders import make_problem, make_site
from tests.cast import Cast, cast


@pytest.fixture
def people(db: None) -> Cast:
    return cast()


def client_of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def renumber(problem: Problem, year: int, seq: int) -> None:
    Problem.objects.filter(pk=problem.pk).update(number_year=year, number_seq=seq, number=f"焦督〔{year}〕{seq}号")


@pytest.mark.parametrize(
    "text",
    [
        "焦督〔2019〕1284号",
        "焦督[2019]1284号",
        "焦督（2019）1284",
        "〔２０１９〕１２８４",
        "2019-1284",
        "2019 1284",
        "1284",
        "1284号",
        "第1284号",
        " 1284 ",
    ],
)
def test_a_number_leads_to_its_problem_at_once(people: Cast, text: str) -> None:
    problem = make_problem(people)
    renumber(problem, 2019, 1284)
    answer = client_of(people.supervisor1).get("/search/", {"q": text})
    assert (answer.status_code, answer["Location"]) == (302, f"/problems/{problem.pk}/")
    assert client_of(people.outsider).get("/search/", {"q": text}).status_code == 200


def test_a_number_that_two_years_have_is_listed_newest_first(people: Cast) -> None:
    old, new = make_problem(people), make_problem(people)
    renumber(old, 2018, 7)
    renumber(new, 2019, 7)
    answer = client_of(people.supervisor1).get("/search/?q=7")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.index(str(new.pk)) < page.index(str(old.pk))
    assert client_of(people.supervisor1).get("/search/?q=2018-7").status_code == 302


def test_a_year_is_not_taken_for_the_number_of_a_problem(people: Cast) -> None:
    problem = make_problem(people)
    renumber(problem, 2019, 2026)
    client = client_of(people.supervisor1)
    page = client.get("/search/?q=2026")
    assert page.status_code == 200
    assert str(problem.pk) in page.content.decode()
    for text in ("2026号", "第2026号", "2019-2026", "焦督〔2019〕2026号"):
        assert client.get("/search/", {"q": text}).status_code == 302, text


def test_a_bare_number_leads_on_only_where_nothing_else_is_found(people: Cast) -> None:
    problem = make_problem(people)
    renumber(problem, 2019, 300)
    client = client_of(people.supervisor1)
    assert client.get("/search/?q=300").status_code == 302
    site = make_site(people, "温县恒昌建材有限公司（300号点）")
    page = client.get("/search/?q=300")
    assert page.status_code == 200
    for expected in (str(problem.pk), f"/sites/{site.pk}/"):
        assert expected in page.content.decode()
    assert client.get("/search/?q=300号").status_code == 302


def test_what_is_no_number_asks_the_number_column_nothing(people: Cast) -> None:
    for text in ("工地", "", "2019-12-09-1", "12345678", "1284号点", "焦督", "a1"):
        assert not finding.by_number(people.supervisor1, text).query.where.children or not list(
            finding.by_number(people.supervisor1, text)
        )


def test_words_find_problems_sites_and_parties(people: Cast) -> None:
    site = make_site(people, "温县恒昌建材有限公司（300号点）", credit_code="91410825MA44LUXX3B")
    problem = make_problem(people, site=site, description="堆场未覆盖", party_name="恒昌建材")
    party = Party(office=people.office, name="温县恒昌建材有限公司")
    party.search = index_party(party)
    party.save()
    client = client_of(people.supervisor1)
    page = client.get("/search/?q=恒昌建材").content.decode()
    for expected in (f'data-problem="{problem.pk}"', f"/sites/{site.pk}/", party.name, 'data-total="3"'):
        assert expected in page
    assert site.name in client.get("/search/?q=91410825MA44LUXX3B").content.decode()
    assert str(problem.pk) in client.get("/search/?q=堆").content.decode()
    nothing = client.get("/search/?q=没有这样的东西")
    assert "Nothing found" in nothing.content.decode()
    assert 'data-total="0"' in nothing.content.decode()


def test_an_outsider_finds_nothing_of_it(people: Cast) -> None:
    site = make_site(people, "温县恒昌建材有限公司")
    make_problem(people, site=site, status=Status.ASSIGNED, party_name="恒昌建材")
    for person in (people.outsider, people.far_handler, people.admin, people.handler2):
        assert 'data-total="0"' in client_of(person).get("/search/?q=恒昌").content.decode()
    assert 'data-total="0"' not in client_of(people.handler1).get("/search/?q=恒昌").content.decode()


def test_many_hits_lead_to_the_list_that_has_them_all(people: Cast) -> None:
    site = make_site(people, "丹河新城工地")
    for _ in range(9):
        make_problem(people, site=site)
    page = client_of(people.supervisor1).get("/search/?q=丹河").content.decode()
    assert page.count("data-problem=") == 8
    assert 'href="/problems/?q=%E4%B8%B9%E6%B2%B3"' in page


@pytest.mark.parametrize("text", ["", " ", "'; DROP TABLE", "\\", "a' & 'b", ":*", "%", "长" * 300, "😀", "\u200b"])
def test_any_text_is_searched_without_harm(people: Cast, text: str) -> None:
    assert client_of(people.supervisor1).get("/search/", {"q": text}).status_code == 200


def test_the_search_page_asks_a_fixed_number_of_questions(people: Cast, django_assert_num_queries: Any) -> None:
    client = client_of(people.supervisor1)
    client.get("/search/?q=丹河")
    site = make_site(people, "丹河新城工地")
    for number in range(9):
        make_problem(people, site=site)
        if number in (0, 8):
            with django_assert_num_queries(7):
                client.get("/search/?q=丹河")


@pytest.mark.parametrize("few", [0, 1, 2, 1000])
def test_rare_words_and_common_ones_find_the_same(people: Cast, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(search, "FEW", few)
    found = [make_problem(people, description="油烟净化器停用") for _ in range(2)]
    make_problem(people, description="围挡不全")

    condition = search.hits(Problem, "油烟净化器")

    assert set(Problem.objects.filter(condition)) == set(found)
    # Known by their keys only where they are few.
    assert ("pk__in" in str(condition)) == (few >= 2)
    assert not Problem.objects.filter(search.hits(Problem, "没有这样的话")).exists()
