"""Every page of every role: nothing scrolls sideways at any size, and axe finds nothing serious, light and dark."""

import os

import pytest
from django.template.loader import get_template
from django.test import RequestFactory, override_settings
from django.utils import timezone, translation

from casetracker import digest, mail
from casetracker.enums import Language
from casetracker.errors import IllegalMove
from inspections.enums import Verb
from inspections.forms import VERB_FORMS
from tests.journeys.conftest import DESK, NARROW, PHONE, House, Rig
from tests.journeys.faults import faults, faults_of
from tests.journeys.places import FORMS, OF_THE_DEMONSTRATION, missing, places
from tests.world import address_of

FULL = bool(os.environ.get("CASETRACKER_FULL"))
ROLES = ("supervisor1", "inspector1", "handler1", "leader1", "officer1", "admin", "")
LIGHT_PHONE, DARK_DESK = ("light", NARROW), ("dark", DESK)


def test_every_address_is_among_the_pages(house: House) -> None:
    unseen, no_exceptions = missing(house.world)
    assert unseen == set(), "put each new page into tests/journeys/places.py, as somebody who may open it"
    assert no_exceptions == set()


@pytest.mark.slow
@pytest.mark.parametrize(("language", "look"), [("en", LIGHT_PHONE), ("zh", DARK_DESK)], ids=["en", "zh"])
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
def test_every_page_fits_and_can_be_read_by_everybody(
    rig: Rig, role: str, language: str, look: tuple[str, tuple[int, int]]
) -> None:
    scheme, size = look
    # Verbs that another role does, and a page for a person without the right, say so with their status.
    rig.expect(403, 409)
    person = rig.house.world.everybody[role] if role else None
    page = rig.page(person, language=language, scheme=scheme, size=size)
    # English, whose words are the longer ones, sees every page; Chinese every third one in the short form.
    urls = places(rig.house.world)[role]
    assert faults_of(page, urls if FULL or language == "en" else urls[::3], size) == []


# --- Pages that need more than an address --------------------------------------------------------------


def test_the_pages_of_refusals_are_pages_too(rig: Rig) -> None:
    world = rig.house.world
    rig.expect(400, 403, 404, 409, 422)
    page = rig.page(world.cast.supervisor1)
    for url, status in {
        "/nowhere/": 404,
        address_of("invited", (world.invitation.pk, "nothing")): 404,
        "/problems/?wrong=1": 400,
        "/problems/?found_from=never": 422,
        address_of("problem_verb", (world.problem.pk, "nothing")): 404,
        address_of("problem_verb", (world.problem.pk, Verb.CLOSE.value)): 409,
        address_of("problem_verb", (world.problem.pk, Verb.REPORT_BACK.value)): 403,
    }.items():
        assert page.goto(url).status == status, url
        assert page.locator("h1").count() == 1, url
        assert faults(page, DESK) == [], url


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.CHINESE])
@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "405", "414", "500", "503", "refused"])
def test_the_pages_of_errors_are_pages_too(rig: Rig, name: str, language: Language) -> None:
    """Those that no address leads to, as the server sends them."""
    rig.expect(500)
    with translation.override(language):
        refusal = {"error": IllegalMove("焦督〔2026〕1号 was closed by 陈敏 at 09:42.")} if name == "refused" else None
        html = get_template(f"{name}.html").render(refusal, RequestFactory().get("/broken/") if refusal else None)
    page = rig.page(size=PHONE, scheme="dark")
    page.route("**/broken/", lambda route: route.fulfill(status=500, content_type="text/html", body=html))
    page.goto("/broken/")
    assert page.locator("h1").count() == 1
    assert faults(page, PHONE) == []


def test_a_form_that_was_refused_can_be_read_by_everybody(rig: Rig) -> None:
    rig.expect(422)
    world = rig.house.world
    page = rig.page(world.cast.supervisor1, language="zh", size=PHONE)
    for url in (
        address_of("problem_new", (), f"site={world.site.pk}"),
        address_of("problem_verb", (world.problem.pk, Verb.VOID.value)),
        address_of("site_new"),
        address_of("batch_new"),
    ):
        page.goto(url)
        page.eval_on_selector("main form[method=post]", "form => { form.noValidate = true; form.requestSubmit(); }")
        page.wait_for_selector("[aria-invalid=true], [role=alert]", timeout=20_000)
        assert faults(page, PHONE) == [], url


def test_back_after_a_refused_and_corrected_form_opens_the_form_again(rig: Rig) -> None:
    rig.expect(422)
    world = rig.house.world
    page = rig.page(world.cast.supervisor1)
    correct, visit = (address_of(name, (world.visit.pk,)) for name in ("visit_correct", "visit"))
    page.goto(visit)
    page.goto(correct)
    save = "[data-verb=correct_visit]"
    with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
        page.click(save)
    assert refused.value.status == 422
    page.wait_for_selector("[aria-invalid=true]")
    page.fill("textarea[name=note]", "沿河一带")
    page.fill("textarea[name=reason]", "补记")
    page.click(save)
    page.wait_for_url(f"**{visit}")
    assert page.go_back().status == 200
    assert page.url.endswith(correct)
    assert page.locator("textarea[name=note]").input_value() == "沿河一带"
    assert page.locator("[aria-invalid=true]").count() == 0
    page.go_back()
    page.go_back()
    assert page.url.endswith(visit)


def test_bulk_work_is_confirmed_on_a_page(rig: Rig) -> None:
    page = rig.page(rig.house.world.cast.supervisor1, language="zh")
    page.goto("/problems/?state=open")
    page.locator("[data-select-row]").first.check()
    page.locator("[data-bulk-bar] [data-verb=escalate]").click()
    page.wait_for_url("**/problems/bulk/confirm/**")
    assert faults(page, DESK) == []


def test_the_mail_of_the_demonstration_is_a_page_too(rig: Rig) -> None:
    with override_settings(DEMO=True):
        digest.send(digest.plan(timezone.localdate()))
        letter = mail.newest()[0][0]
        page = rig.page(rig.house.people.leader1, size=NARROW)
        urls = [address_of(name, (letter,) if name == "mail_message" else ()) for name in OF_THE_DEMONSTRATION]
        assert faults_of(page, urls, PHONE) == []
        page = rig.page(size=PHONE, language="zh")
        page.goto(address_of("account_login"))
        assert page.locator(".person-card").count() > 0
        assert faults(page, PHONE) == []


def test_every_verb_with_a_form_is_among_the_pages() -> None:
    """Those that only another state or person has are seen on the pages of the loop."""
    elsewhere = {Verb.CLAIM, Verb.BEGIN, Verb.REPORT_BACK, Verb.ASK_EXTENSION, Verb.FIX_ON_SPOT, Verb.SEND_BACK}
    elsewhere |= {Verb.RESUME, Verb.LIFT, Verb.RELEASE, Verb.NAME_MISSING}
    assert set(VERB_FORMS) - set(FORMS) == elsewhere
