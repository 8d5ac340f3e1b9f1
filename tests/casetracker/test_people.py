"""Signing in: whose language the pages and letters speak from then on."""

import re
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from casetracker.enums import Language
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
