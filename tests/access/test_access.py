"""Every address × every role: who gets it, and that what is hidden looks like what is not there."""

import itertools

import pytest
from django.urls import reverse

from casetracker.models import User
from inspections.enums import Status
from inspections.forms import VERB_FORMS
from inspections.workflow import BY_VERB
from tests.access.rules import NOWHERE, PEOPLE, QUERIES, RULES, address, ask, body_of, client_of, rows
from tests.cast import PASSWORD
from tests.world import World, absent, address_of, make_foreign, url_names

# --- Every address is known -------------------------------------------------------------------------


def test_the_table_names_every_address() -> None:
    known, there = set(RULES), set(url_names())
    assert there - known == set(), "give each new address a rule: who may open it?"
    assert known - there == set(), "these addresses are gone"


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_gets_what_the_table_says(world: World, name: str) -> None:
    client = client_of(world.everybody[name])
    before = rows()
    found = {url: ask(client, "GET", address(world, url)).status_code for url in RULES}
    assert rows() == before, "reading changes nothing"
    wrong = {url: status for url, status in found.items() if status != RULES[url].expected(name)}
    assert wrong == {}, {url: RULES[url].expected(name) for url in wrong}


def test_nobody_gets_in_without_signing_in(world: World) -> None:
    client = client_of(None)
    login = reverse("account_login")
    for name, rule in RULES.items():
        for method in ("GET", "POST"):
            response = ask(client, method, address(world, name), htmx=method == "POST")
            if not rule.public:
                assert response.status_code == 302, name
                assert response["Location"].startswith(login), name
                assert response.content == b"", name


def test_a_deactivated_person_is_out_at_once_and_stays_out(world: World) -> None:
    person = world.cast.supervisor1
    client = client_of(person)
    assert client.get(address(world, "problem")).status_code == 200
    User.objects.filter(pk=person.pk).update(is_active=False)
    for name, rule in RULES.items():
        if not rule.public:
            response = ask(client, "GET", address(world, name))
            assert response.status_code == 302, name
            assert response["Location"].startswith(reverse("account_login")), name
    fresh = client_of(None)
    fresh.post(reverse("account_login"), {"login": person.username, "password": PASSWORD})
    assert fresh.get(address(world, "problem")).status_code == 302


# --- What is hidden looks like what is not there ----------------------------------------------------


def of_one_object() -> list[str]:
    """The addresses of one object, which may be hidden."""
    return [url for url, rule in RULES.items() if rule.args is not None and not rule.public and not rule.moved]


@pytest.mark.parametrize("part", range(3))
def test_a_foreign_object_answers_like_a_missing_one(world: World, part: int) -> None:
    for url in of_one_object()[part::3]:
        rule = RULES[url]
        assert rule.args is not None
        there, nothing = rule.args(world), absent(rule.args(world))
        for who in {"outsider", "admin", "handler2"} - rule.ok - rule.refused:
            client = client_of(world.everybody[who])
            # What answers a whole page answers a part of it; one kind of stranger is enough to see that.
            parts = (False, True) if who == "outsider" else (False,)
            for method, htmx in itertools.product(("GET", "POST"), parts):
                foreign = ask(client, method, address_of(url, there), htmx=htmx)
                missing = ask(client, method, address_of(url, nothing), htmx=htmx)
                assert foreign.status_code == missing.status_code, (url, who, method)
                wrong = (302, 405) if rule.posts and method == "GET" else (404, 405)
                assert foreign.status_code in wrong, (url, who, method)
                words = [body_of(answer).replace(answer.request["PATH_INFO"], "") for answer in (foreign, missing)]
                assert words[0] == words[1], (url, who, method)


@pytest.mark.parametrize("name", ["outsider", "admin", "handler2"])
def test_a_stranger_finds_no_verb_of_any_problem(world: World, name: str) -> None:
    client = client_of(world.everybody[name])
    for verb in VERB_FORMS:
        move = BY_VERB[verb]
        problem = world.problems["on_spot" if move.route else move.sources[-1]]
        for method in ("GET", "POST"):
            url = address_of("problem_verb", (problem.pk, verb.value))
            assert ask(client, method, url).status_code == 404, (verb, method)


@pytest.mark.parametrize("case", range(len(QUERIES)))
def test_an_object_named_in_a_query_is_hidden_as_well(world: World, case: int) -> None:
    name, of_ours, of_none = QUERIES[case]
    client = client_of(world.cast.outsider)
    foreign, missing = client.get(address_of(name, (), of_ours(world))), client.get(address_of(name, (), of_none))
    assert foreign.status_code == missing.status_code
    text = body_of(foreign).replace(str(world.site.pk), NOWHERE).replace(str(world.visit.pk), NOWHERE)
    assert text == body_of(missing)


def test_a_missing_object_is_not_found_for_those_who_would_see_it(world: World) -> None:
    for url in of_one_object():
        rule = RULES[url]
        assert rule.args is not None
        client = client_of(world.everybody[min(rule.ok)]) if rule.ok else client_of(world.cast.supervisor1)
        method = "POST" if rule.posts else "GET"
        assert ask(client, method, address_of(url, absent(rule.args(world)))).status_code == 404, url


SEARCHES = ("锦绣家园", "焦督〔", "黄土", "宏远")


def test_no_page_of_a_stranger_says_a_word_of_the_first_city(world: World) -> None:
    secrets = [world.site.name, world.problem.number, world.problem.description, world.photo, world.batch.title]
    secrets += [world.batch.number, world.view.name, str(world.site.pk), str(world.problem.pk)]
    secrets += [world.party.name]
    pages = [address(world, name) for name, rule in RULES.items() if rule.args is None and not rule.posts]
    searches = [
        [
            address_of(name, (), f"q={text}")
            for name in ("search", "problems", "sites", "site_suggest", "visits", "parties")
        ]
        for text in SEARCHES
    ]
    everything = list(itertools.chain(*searches))
    for name, asked in {"outsider": everything, "admin": everything, "far_handler": searches[0]}.items():
        client = client_of(world.everybody[name])
        for page in [*pages, *asked]:
            response = client.get(page)
            text = body_of(response) if response.status_code < 500 else ""
            # An administrator keeps the accounts and reads to whom mail went.
            hidden = secrets if name == "admin" else [*secrets, world.cast.inspector1.name]
            assert [secret for secret in hidden if secret in text] == [], (name, page)


def test_foreign_ids_in_a_form_are_refused(world: World) -> None:
    make_foreign(world.cast)
    outsider = client_of(world.cast.outsider)
    ours, problem = world.cast, world.problems[Status.FOUND]
    before = rows()
    asked = {
        "bulk close": outsider.post(reverse("bulk"), {"verb": "close", "ids": [str(problem.pk)]}),
        "bulk close, confirmed": outsider.post(
            reverse("bulk"), {"verb": "close", "ids": [str(problem.pk)], "confirm": "1", "expected": "1"}
        ),
        "batch": outsider.post(reverse("batch_new"), {"ids": [str(problem.pk)], "title": "交办"}),
        "import": outsider.post(reverse("import"), {"office": ours.office.pk, "how": "problems"}),
        "view shared": outsider.post(
            reverse("save_view") + "?page=problems", {"name": "x", "shared_with": ours.office.pk}
        ),
    }
    for name, response in asked.items():
        assert response.status_code in (404, 422), name
    assert rows() == before


# --- A foreign row changes no number ----------------------------------------------------------------

FIGURED = (
    ("work", ""),
    ("problems", ""),
    ("problems", "state=open"),
    ("problems", "overdue=any"),
    ("visits", ""),
    ("sites", ""),
    ("figures", ""),
    ("batches", ""),
    ("inbox", ""),
    ("search", "q=黄土"),
    ("search", "q=工地"),
    ("views", ""),
    ("site_suggest", "q=工地"),
)


@pytest.mark.parametrize("name", ["inspector1", "supervisor1", "handler1", "officer1", "leader1", "admin"])
def test_a_foreign_problem_changes_no_word_and_no_number(world: World, name: str) -> None:
    client = client_of(world.everybody[name])
    pages = [(page, address_of(page, (), query)) for page, query in FIGURED]
    before = {url: body_of(client.get(url)) for _page, url in pages}
    make_foreign(world.cast)
    for _page, url in pages:
        assert body_of(client.get(url)) == before[url], url
