"""Every page of every role: nothing scrolls sideways at any size, and axe finds nothing serious, light and dark."""

import os
from importlib.resources import files
from typing import Any

import pytest
from django.test import override_settings

from inspections.enums import Status, Verb
from inspections.forms import VERB_FORMS
from inspections.models import Checklist
from tests.journeys.conftest import DESK, NARROW, PHONE, Rig
from tests.world import World, address_of

FULL = bool(os.environ.get("CASETRACKER_FULL"))
SIZES = (NARROW, PHONE, DESK)
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN_AXE = """async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .map((found) => found.id + ": " + found.nodes.slice(0, 3).map((one) => one.html.slice(0, 160)).join(" | "))"""
TOO_WIDE = """() => {
  const wide = document.scrollingElement.scrollWidth, room = window.innerWidth;
  if (wide <= room) return "";
  const past = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > room + 1);
  return `${wide} > ${room}: ` + past.slice(-3).map((one) => one.outerHTML.slice(0, 120)).join(" | ");
}"""


def places(world: World) -> dict[str, list[str]]:
    """The pages of each role; a page that looks the same for another role stands with one of them only."""
    problem, problems = world.problem.pk, world.problems
    forms = [address_of("problem_verb", (problems[status].pk, verb.value)) for verb, status in FORMS.items()]
    listed = Checklist.objects.order_by("pk")[0].pk
    site, visit = f"site={world.site.pk}", f"visit={world.visit.pk}"
    return {
        "supervisor1": [
            *(address_of(name) for name in ("work", "problems", "visits", "sites", "figures", "batches", "inbox")),
            *(address_of(name) for name in ("import", "views", "me", "batch_new", "site_new", "usersessions_list")),
            *(address_of(name) for name in ("mfa_index", "account_change_password", "account_email", "account_logout")),
            *(address_of("problem", (one.pk,)) for one in problems.values()),
            address_of("problems", (), "overdue=any&cols=unit&cols=district&cols=party&cols=state"),
            address_of("problems", (), "q=nothing+has+these+words"),
            address_of("problem_files", (problem,)),
            address_of("search", (), "q=工地"),
            address_of("search", (), "q=nothing+has+these+words"),
            address_of("save_view", (), "page=problems&state=open"),
            address_of("batch", (world.batch.pk,)),
            address_of("batch_print", (world.batch.pk,)),
            address_of("site", (world.site.pk,)),
            address_of("site_change", (world.site.pk,)),
            address_of("visit", (world.visit.pk,)),
            address_of("job", (world.running.pk,)),
            address_of("bulk_result", (world.bulk.pk,)),
            address_of("parties"),
            address_of("party", (world.party.pk,)),
            address_of("party_change", (world.party.pk,)),
            address_of("weekly"),
            address_of("import_check", (world.checked.pk,)),
            address_of("import_batch", (world.imported.pk,)),
            *forms,
        ],
        "inspector1": [
            *(address_of(name) for name in ("work", "problems", "visit_new", "problem_new")),
            address_of("visit_new", (), site),
            address_of("visit_new", (), f"{site}&mode=recheck"),
            address_of("problem_new", (), site),
            address_of("problem_new", (), visit),
            address_of("problem", (problems[Status.REPORTED].pk,)),
        ],
        "handler1": [
            *(address_of(name) for name in ("work", "problems", "inbox")),
            *(address_of("problem", (problems[one].pk,)) for one in (Status.ASSIGNED, Status.RECTIFYING)),
            address_of("problem_verb", (problem, Verb.ASK_EXTENSION.value)),
            address_of("problem_verb", (problem, Verb.REPORT_BACK.value)),
        ],
        "leader1": [*(address_of(name) for name in ("work", "figures")), address_of("problem", (problem,))],
        "officer1": [address_of("work"), address_of("problem", (problem,))],
        "admin": [
            *(address_of(name) for name in ("work", "design", "ops", "office", "units", "unit_new", "people")),
            *(address_of(name) for name in ("person_new", "calendar", "calendar_load", "calendar_reload", "rules")),
            address_of("options"),
            *(address_of(name, (world.cast.housing.pk,)) for name in ("unit", "unit_change")),
            *(address_of(name, (world.cast.handler1.pk,)) for name in ("person", "person_change", "post_new")),
            address_of("person_act", (world.cast.handler1.pk, "deactivate")),
            address_of("post_end", (world.post.pk,)),
            address_of("calendar_day", ("2026-10-01",)),
            address_of("rule_new", (world.rule.code,)),
            address_of("rule_withdraw", (world.rule.pk,)),
            *(address_of(name) for name in ("checklists", "checklist_new", "kinds", "problem_kind_new")),
            *(address_of(name, (listed,)) for name in ("checklist", "checklist_change", "checklist_issue")),
            address_of("checklist_retire", (listed,)),
        ],
        "": [*(address_of(name) for name in ("account_login", "account_reset_password")), "/accounts/signup/"],
    }


# A form of its own for each verb, with a problem in a state that allows it.
FORMS: dict[Verb, str] = {
    Verb.ASSIGN: Status.FOUND,
    Verb.NAME_CANDIDATES: Status.FOUND,
    Verb.HAND_BACK: Status.ASSIGNED,
    Verb.VERIFY: Status.REPORTED,
    Verb.RECHECK: Status.RECTIFYING,
    Verb.CLOSE: Status.VERIFIED,
    Verb.REOPEN: Status.CLOSED,
    Verb.DECIDE_EXTENSION: "extension",
    Verb.PAUSE: Status.RECTIFYING,
    Verb.ESCALATE: Status.RECTIFYING,
    Verb.COMMENT: Status.RECTIFYING,
    Verb.AMEND: Status.RECTIFYING,
    Verb.MERGE: Status.RECTIFYING,
    Verb.VOID: Status.RECTIFYING,
    Verb.WITHDRAW_EVIDENCE: Status.RECTIFYING,
    Verb.TO_CENTRAL: "on_spot",
}
ROLES = ("supervisor1", "inspector1", "handler1", "leader1", "officer1", "admin", "")


def opened(rig: Rig, role: str, language: str, **options: Any) -> tuple[Any, list[str]]:
    person = rig.house.world.everybody[role] if role else None
    # Verbs that another role does, and a page for a person without the right, say so with their status.
    rig.expect(403, 409)
    return rig.page(person, language=language, **options), places(rig.house.world)[role]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("role", ROLES)
def test_no_page_scrolls_sideways(rig: Rig, role: str, language: str) -> None:
    page, pages = opened(rig, role, language, size=NARROW)
    wrong = []
    for url in pages:
        page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        page.goto(url)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            if words := page.evaluate(TOO_WIDE):
                wrong.append(f"{url} at {width}: {words}")
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [("zh", DESK, "light"), ("en", PHONE, "dark")] + ([("en", DESK, "light"), ("zh", DESK, "dark")] if FULL else []),
)
def test_axe_finds_nothing_serious(rig: Rig, role: str, language: str, size: tuple[int, int], scheme: str) -> None:
    page, pages = opened(rig, role, language, size=size, scheme=scheme)
    wrong = []
    # One run sees every page; of the other, every second one has to do in the short form.
    for url in pages if FULL or scheme == "light" else pages[::2]:
        page.goto(url)
        page.evaluate(AXE)
        wrong += [f"{url}: {found}" for found in page.evaluate(RUN_AXE, RULES)]
    assert wrong == []


def test_the_pages_of_errors_are_pages_too(rig: Rig) -> None:
    rig.expect(400, 403, 404, 405)
    page = rig.page(rig.house.people.supervisor1, size=NARROW)
    for url in ("/nowhere/", "/problems/?wrong=1", f"/problems/{rig.house.world.problem.pk}/nothing/"):
        page.goto(url)
        assert page.locator("h1").count() == 1, url
        assert page.evaluate(TOO_WIDE) == "", url
        page.evaluate(AXE)
        assert page.evaluate(RUN_AXE, RULES) == [], url


def test_the_mail_of_the_demonstration_is_a_page_too(rig: Rig) -> None:
    with override_settings(DEMO=True):
        page = rig.page(rig.house.people.leader1, size=NARROW)
        page.goto("/mail/")
        assert page.evaluate(TOO_WIDE) == ""
        page.evaluate(AXE)
        assert page.evaluate(RUN_AXE, RULES) == []


def test_every_verb_with_a_form_is_among_the_pages() -> None:
    """Those that only another state or person has are seen on the pages of the loop."""
    elsewhere = {Verb.CLAIM, Verb.BEGIN, Verb.REPORT_BACK, Verb.ASK_EXTENSION, Verb.FIX_ON_SPOT, Verb.SEND_BACK}
    elsewhere |= {Verb.RESUME, Verb.LIFT, Verb.RELEASE}
    assert set(VERB_FORMS) - set(FORMS) == elsewhere
