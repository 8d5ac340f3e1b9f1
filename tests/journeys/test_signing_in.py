"""Coming in, and what a person sets for himself: password, language, look; and being kept out."""

from typing import Any

import pytest
from django.test import override_settings

from casetracker.enums import Language, Theme
from casetracker.models import User
from tests.cast import PASSWORD, make_person
from tests.journeys.conftest import NARROW, PHONE, Rig, sign_in


@pytest.mark.parametrize("language", ["en", "zh"])
def test_signing_in_leads_to_my_work(rig: Rig, language: str) -> None:
    page = rig.page(language=language)
    User.objects.filter(username="handler1").update(language=Language.CHINESE if language == "zh" else Language.ENGLISH)
    page.goto("/problems/?state=open")
    assert "/accounts/login/" in page.url
    assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    rig.picture(page, f"sign-in-{language}")
    page.fill("input[name=login]", "handler1")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/problems/?state=open")
    page.goto("/")
    rig.picture(page, f"my-work-handler-{language}")
    assert page.locator("[data-total]").count() == 1


def test_the_keyboard_goes_from_name_to_password_to_the_button(rig: Rig) -> None:
    page = rig.page()
    page.goto("/accounts/login/")
    page.focus("input[name=login]")
    reached = []
    for _step in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert reached == ["password", "Sign in", "Forgot your password?"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_password_says_what_to_do_and_keeps_the_name(rig: Rig, language: str) -> None:
    page = rig.page(language=language, size=PHONE)
    rig.expect(422)
    sign_in(page, "handler1", "not the password")
    rig.picture(page, f"sign-in-wrong-{language}")
    assert page.locator("[role=alert]").count() == 1
    assert page.input_value("input[name=login]") == "handler1"
    assert page.input_value("input[name=password]") == ""
    expected = {"en": "not correct", "zh": "不正确"}[language]
    assert expected in page.inner_text("[role=alert]")


def test_after_five_wrong_passwords_nobody_may_try_for_a_while(rig: Rig) -> None:
    make_person("guessed", "被猜")
    page = rig.page()
    rig.expect(422, 429)
    for _attempt in range(5):
        sign_in(page, "guessed", "wrong again and again")
    sign_in(page, "guessed", PASSWORD)
    rig.picture(page, "sign-in-throttled")
    assert "/accounts/login/" in page.url
    assert "too many" in page.inner_text("body").lower()


def test_the_password_is_changed_and_the_old_one_is_dead(rig: Rig) -> None:
    make_person("changing", "改之")
    new = "a walk along the north river"
    page = rig.page()
    sign_in(page, "changing")
    page.goto("/accounts/password/change/")
    rig.picture(page, "password-change")
    page.fill("input[name=oldpassword]", PASSWORD)
    page.fill("input[name=password1]", "casetracker1")
    page.fill("input[name=password2]", "casetracker1")
    rig.expect(422)
    page.locator("main button[type=submit], main button:not([type])").first.click()
    page.wait_for_load_state()
    rig.picture(page, "password-change-refused")
    assert "/password/change/" in page.url
    page.fill("input[name=oldpassword]", PASSWORD)
    page.fill("input[name=password1]", new)
    page.fill("input[name=password2]", new)
    page.locator("main button[type=submit], main button:not([type])").first.click()
    page.wait_for_load_state()
    again = rig.page()
    sign_in(again, "changing")
    assert "/accounts/login/" in again.url
    sign_in(again, "changing", new)
    assert "/accounts/login/" not in again.url


def test_language_and_look_change_at_once_and_stay(rig: Rig) -> None:
    person = make_person("choosing", "择善")
    page = rig.page(person)
    page.goto("/problems/")
    page.locator("header button[name=language]").click()
    page.wait_for_load_state()
    assert page.url.endswith("/problems/")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.locator("header details.menu summary").click()
    page.locator("header button[name=theme][value=dark]").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    rig.picture(page, "theme-dark-zh")
    person.refresh_from_db()
    assert (person.language, person.theme) == (Language.CHINESE, Theme.DARK)


def test_the_demonstration_has_one_click_cards_and_nothing_else_has(rig: Rig) -> None:
    page = rig.page(size=NARROW)
    page.goto("/accounts/login/")
    assert page.locator("[data-demo]").count() == 0
    with override_settings(DEMO=True):
        page.goto("/accounts/login/")
        assert page.locator("[data-demo]").count() == 9
        rig.picture(page, "sign-in-demo")
        page.locator("[data-demo=supervisor1]").click()
        page.wait_for_load_state()
    assert "/accounts/login/" not in page.url


def test_everything_to_a_problem_can_be_done_without_a_script(rig: Rig) -> None:
    rig.expect(422)
    page: Any = rig.page(script=False)
    sign_in(page, "supervisor1")
    page.goto("/problems/")
    everything = int(page.locator("[data-total]").first.get_attribute("data-total"))
    page.goto("/problems/?state=found")
    found = int(page.locator("[data-total]").first.get_attribute("data-total"))
    assert 0 < found < everything
    page.locator("tr[data-problem] a, [data-problem] a").first.click()
    page.wait_for_url("**/problems/*-*/**")
    with page.expect_navigation():
        page.locator("#step button[data-verb=assign]").click()
    assert page.locator("#step").count() == 1
    rig.picture(page, "no-script-refused")
