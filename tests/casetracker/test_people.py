"""Signing in: whose language the pages and letters speak from then on."""

import re
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from casetracker.enums import Language
from casetracker.models import User
from tests.cast import PASSWORD, Cast, sign_in


def _signed_in_from_an_english_browser(username: str, *, by_button: bool) -> Client:
    browser = Client(headers={"accept-language": "en"})
    if by_button:
        browser.post("/me/language/", {"language": "en", "next": "/accounts/login/"})
    done = browser.post("/accounts/login/", {"login": username, "password": PASSWORD})
    assert done.status_code == 302
    return browser


@pytest.mark.parametrize("by_button", [False, True])
def test_signing_in_from_another_language_leaves_the_accounts_own(people: Cast, by_button: bool) -> None:
    person = people.handler1
    person.language = Language.CHINESE
    person.save()

    browser = _signed_in_from_an_english_browser(person.username, by_button=by_button)

    person.refresh_from_db()
    assert person.language == Language.CHINESE
    assert 'lang="zh-Hans"' in browser.get("/me/").content.decode()
    browser.post("/me/language/", {"language": "en", "next": "/"})
    person.refresh_from_db()
    assert person.language == Language.ENGLISH


def test_the_shared_accounts_of_a_demonstration_follow_the_sign_in_page(people: Cast, settings: Any) -> None:
    settings.DEMO = True
    person = people.handler1
    person.language = Language.CHINESE
    person.save()

    _signed_in_from_an_english_browser(person.username, by_button=True)

    person.refresh_from_db()
    assert person.language == Language.ENGLISH


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_letter_about_a_changed_password_is_our_own(people: Cast, language: str) -> None:
    person = people.handler1
    person.language = Language(language)
    person.save()
    browser = Client(headers={"accept-language": "en"})
    browser.post("/accounts/login/", {"login": person.username, "password": PASSWORD})
    new = "a walk along the north river"

    done = browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert done.status_code == 302
    (letter,) = mail.outbox
    said = {"en": "Your password was changed", "zh-hans": "您的密码已更改"}[language]
    assert letter.subject == f"Casetracker: {said}"
    assert "Hello from" not in letter.body
    assert "IP address" in letter.body or language != "en"


def test_a_short_password_is_refused_in_the_readers_words(people: Cast) -> None:
    with translation.override("zh-hans"), pytest.raises(ValidationError) as refusal:
        validate_password("kurz", people.handler1)
    assert "密码太短，至少要有 12 个字符。" in refusal.value.messages


def test_the_page_of_a_new_password_lists_its_rules_as_sentences_of_one_kind(people: Cast) -> None:
    page = sign_in(people.handler1).get("/accounts/password/change/").content.decode()
    hint = page.split('id="id_password1_helptext">')[1].split("</div>")[0]
    rules = [re.sub(r"<[^>]+>", "", rule) for rule in re.findall(r"<li>(.*?)</li>", hint)]
    assert len(rules) == 4
    assert "12 characters" in rules[0]
    assert all(rule.startswith("Your password ") and rule.endswith(".") for rule in rules)


def _by_password(person: User) -> Client:
    """A browser signed in through the form, as the pages that guard the account want it."""
    browser = Client()
    assert browser.post("/accounts/login/", {"login": person.username, "password": PASSWORD}).status_code == 302
    return browser


def test_a_form_of_the_account_that_is_invalid_answers_422(people: Cast) -> None:
    browser = Client()
    wrong = browser.post("/accounts/login/", {"login": "handler1", "password": "not the password"})
    assert wrong.status_code == 422
    assert 'value="handler1"' in wrong.content.decode()
    assert browser.get("/accounts/login/").status_code == 200
    assert browser.post("/accounts/login/", {}).status_code == 422
    assert browser.post("/accounts/password/reset/", {"email": "no address"}).status_code == 422
    assert browser.post("/accounts/password/reset/", {"email": "nobody@example.org"}).status_code == 302
    inside = _by_password(people.handler1)
    new = {"password1": "a walk along the north river", "password2": "a walk along the north river"}
    assert inside.post("/accounts/password/change/", {"oldpassword": "wrong", **new}).status_code == 422
    assert inside.post("/accounts/email/", {"action_add": "", "email": "no address"}).status_code == 422
    assert inside.post("/accounts/reauthenticate/", {"password": "wrong"}).status_code == 422


def test_a_wrong_code_of_the_second_step_answers_422(people: Cast) -> None:
    TOTP.activate(people.handler1, generate_totp_secret())
    browser = _by_password(people.handler1)
    step = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert step.status_code == 422
    assert 'name="code"' in step.content.decode()


def test_too_many_wrong_passwords_answer_429(people: Cast) -> None:
    browser = Client()
    data = {"login": "handler1", "password": "not the password"}
    assert {browser.post("/accounts/login/", data).status_code for _try in range(5)} == {422}
    late = browser.post("/accounts/login/", {"login": "handler1", "password": PASSWORD})
    assert late.status_code == 429
    assert 'name="password"' in late.content.decode()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Too many tries in a short time"), ("zh-hans", "短时间内尝试次数过多")]
)
def test_who_sends_a_form_of_the_account_too_often_gets_a_page_of_ours(
    people: Cast, settings: Any, language: str, words: str
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    browser = Client(headers={"accept-language": language})
    browser.post("/accounts/login/", {})
    often = browser.post("/accounts/login/", {})
    assert often.status_code == 429
    assert f"<h1>{words}</h1>" in often.content.decode()
