"""What every request passes through: addresses that only take a press, and the way through signing in."""

import time
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from casetracker.models import User
from tests.cast import Cast, cast, sign_in

PASSWORD = "correct-horse-battery"


@pytest.fixture
def people(db: None) -> Cast:
    return cast()


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/problems/bulk/", "/problems/"),
        ("/inbox/7/read/", "/inbox/"),
        ("/me/language/", "/me/"),
        ("/weekly/7/", "/weekly/"),
        (f"/import/{uuid.UUID(int=7)}/release/", f"/import/{uuid.UUID(int=7)}/"),
        (f"/import/checked/{uuid.UUID(int=7)}/begin/", f"/import/checked/{uuid.UUID(int=7)}/"),
    ],
)
def test_a_buttons_address_leads_to_the_page_the_button_stands_on(people: Cast, address: str, page: str) -> None:
    client = sign_in(people.supervisor1)
    answer = client.get(address)
    for _step in range(2):
        assert answer.status_code == 302
        if answer["Location"] == page:
            break
        answer = client.get(answer["Location"])
    assert answer["Location"] == page


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Nothing was done. Open the page you want"), ("zh-hans", "没有执行任何操作")]
)
def test_a_wrong_method_gets_a_page_that_says_what_to_do(people: Cast, language: str, words: str) -> None:
    people.supervisor1.language = language
    people.supervisor1.save()
    client = sign_in(people.supervisor1)
    for answer in (
        client.post("/problems/"),
        client.put("/me/"),
        client.get("/problems/bulk/", headers={"HX-Request": "true"}),
    ):
        assert answer.status_code == 405
        assert answer["Allow"]
        text = answer.content.decode()
        assert '<a class="btn is-primary" href="/">' in text
        assert words in text


def signing_in(answer: Any) -> str:
    """Where signing in then leads."""
    assert answer.status_code == 302
    parts = urlsplit(answer["Location"])
    assert parts.path == "/accounts/login/"
    return parse_qs(parts.query)["next"][0]


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://testserver/problems/?state=open&page=2#row", "/problems/?state=open&page=2"),
        ("http://testserver/nowhere/", "/"),
        ("http://elsewhere.example/problems/", "/"),
        ("http://testserver//elsewhere.example/", "/"),
        ("", "/"),
    ],
)
def test_a_press_of_somebody_signed_out_leads_back_to_where_the_form_stood(db: None, referer: str, page: str) -> None:
    answer = Client().post("/problems/bulk/", {"verb": "close"}, headers={"Referer": referer} if referer else None)
    assert signing_in(answer) == page
    # True of whoever was signed out and of whoever never signed in.
    assert [str(one) for one in get_messages(answer.wsgi_request)] == [
        "Nothing was done. Sign in first, then press again."
    ]
    assert signing_in(Client().get("/problems/?state=open")) == "/problems/?state=open"


def test_whoever_was_signed_out_by_time_reads_that_nothing_was_done_and_goes_on_there(people: Cast) -> None:
    person = User.objects.get(pk=people.supervisor1.pk)
    person.set_password(PASSWORD)
    person.save()
    client = sign_in(person)
    client.get("/problems/")
    session = client.session
    session["seen"] = int(time.time()) - 9 * 3600
    session.save()
    answer = client.post("/views/save/?page=problems", {"name": "x"}, headers={"Referer": "http://testserver/views/"})
    assert signing_in(answer) == "/views/"
    page = client.get(answer["Location"])
    assert "Nothing was done. Sign in first" in page.content.decode()
    done = client.post(answer["Location"], {"login": person.username, "password": PASSWORD}, follow=True)
    assert (done.status_code, done.request["PATH_INFO"]) == (200, "/views/")
