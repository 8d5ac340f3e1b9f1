"""Whatever starts or changes something says which verb it is, in `data-verb`, so that a test can find it."""

import re

import pytest

from inspections.enums import Verb
from tests.access.rules import RULES, address, ask, client_of
from tests.world import World, address_of

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.S)
SUBMIT = re.compile(r'<button\b[^>]*type="submit"[^>]*>', re.S)
# Pages of the sign-in library in our frame.
FOREIGN = ("account_", "mfa_", "usersessions_")


@pytest.mark.parametrize("name", ["supervisor1", "handler1", "admin"])
def test_every_button_that_changes_something_names_its_verb(world: World, name: str) -> None:
    client = client_of(world.everybody[name])
    pages = [
        one
        for one, rule in RULES.items()
        if name in rule.ok and not (rule.posts or rule.moved or rule.public or one.startswith(FOREIGN))
    ]
    unnamed = set()
    for page in pages:
        answer = ask(client, "GET", address(world, page))
        if answer["Content-Type"].startswith("text/html"):
            unnamed |= {(page, button) for button in _unnamed(answer.read.decode())}
    assert unnamed == set()


def _unnamed(text: str) -> list[str]:
    return [
        button
        for attributes, inside in FORM.findall(text)
        if 'method="post"' in attributes and "data-verb" not in attributes
        for button in SUBMIT.findall(inside)
        if "data-verb=" not in button and "aria-hidden" not in button
    ]


@pytest.mark.parametrize(
    ("page", "verbs"),
    [
        ("inbox", {"read_all", "read", "open_notice"}),
        ("me", {"save_me", "sign_out"}),
        ("batches", {"new_batch"}),
        ("problems", {"report", "import_ledger", "save_view", "show_columns"}),
        ("views", {"rename_view", "delete_view"}),
        ("batch", {"print"}),
    ],
)
def test_what_starts_something_is_found_by_its_verb(world: World, page: str, verbs: set[str]) -> None:
    text = client_of(world.everybody["supervisor1"]).get(address(world, page)).content.decode()
    assert verbs <= set(re.findall(r'data-verb="([a-z_]+)"', text[text.index("<main") :]))


def test_a_problem_of_each_state_names_the_verb_of_every_step(world: World) -> None:
    client = client_of(world.everybody["supervisor1"])
    for problem in world.problems.values():
        assert _unnamed(client.get(address_of("problem", (problem.pk,))).content.decode()) == []
    asked = client.get(address_of("problem_verb", (world.problem.pk, Verb.VOID.value))).content.decode()
    assert 'data-verb="void"' in asked
