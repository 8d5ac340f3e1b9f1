"""The closed loop in the browser: every step by the right person, in both languages, seen step by step."""

import datetime
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from casetracker.models import User
from inspections.demo.pictures import draw
from inspections.enums import Decision, Status
from inspections.models import Problem
from tests.builders import make_problem
from tests.journeys.conftest import PHONE, Rig

DAY = datetime.timedelta(days=1)
WORDS = {
    "en": {
        "told": "Bare soil at the east gate, about nine places",
        "done": "All covered and swept",
        "late": "days late",
    },
    "zh": {"told": "东门内土方黄土裸露，约九处未覆盖", "done": "已全部覆盖并清扫", "late": "逾期"},
}


def photo(phase: str, seed: int = 0) -> dict[str, Any]:
    """A drawn photograph as a browser sends one."""
    content = draw("bare_soil", phase, seed)  # type: ignore[arg-type]
    return {"name": f"IMG_{phase}.jpg", "mimeType": "image/jpeg", "buffer": content}


@dataclass
class Walk:
    """One problem on its way, with a page per person."""

    rig: Rig
    language: str
    problem: Problem

    def as_(self, person: User, **options: Any) -> Any:
        """The problem's page as this person sees it."""
        page = self.rig.page(person, language=self.language, **options)
        page.goto(f"/problems/{self.problem.pk}/")
        return page

    def press(self, page: Any, verb: str, status: Status) -> None:
        """Press the button of the next step; what came of it stands on the page."""
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.locator(f"#step button[data-verb={verb}]").click()
        page.wait_for_function("() => !document.querySelector('.htmx-request')")
        page.wait_for_load_state()
        self.problem.refresh_from_db()
        assert self.problem.status == status

    def picture(self, page: Any, name: str) -> None:
        self.rig.picture(page, f"loop-{self.language}-{name}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_problem_goes_round_the_loop(rig: Rig, language: str) -> None:
    people, words = rig.house.people, WORDS[language]
    walk = Walk(rig, language, reported(rig, language))
    assert walk.problem.attachments.count() == 1

    page = walk.as_(people.supervisor1)
    page.select_option("#step select[name=lead]", value=str(people.housing.pk))
    walk.press(page, "assign", Status.ASSIGNED)
    walk.picture(page, "2-assigned")

    page = walk.as_(people.handler1)
    walk.press(page, "claim", Status.CLAIMED)
    page.fill("#step textarea[name=plan]", "1. 3. 5.")
    walk.press(page, "begin", Status.RECTIFYING)
    walk.picture(page, "3-begun")
    page.fill("#step textarea[name=text]", words["done"])
    walk_refused(walk, page)
    page.set_input_files("#step input[name=shots]", photo("after"))
    walk.press(page, "report_back", Status.REPORTED)
    walk.picture(page, "4-reported")

    page = walk.as_(people.inspector1)
    walk.picture(page, "5-to-verify")
    page.check("#step input[name=result][value=fixed]")
    page.set_input_files("#step input[name=shots]", photo("after", 1))
    walk.press(page, "verify", Status.VERIFIED)
    walk.picture(page, "6-verified")

    page = walk.as_(people.supervisor1)
    walk.press(page, "close", Status.CLOSED)
    walk.picture(page, "7-closed")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    walk.picture(page, "8-closed-phone")


def reported(rig: Rig, language: str) -> Problem:
    """The inspector finds the site by its name and reports a problem with a photo."""
    people = rig.house.people
    page = rig.page(people.inspector1, language=language)
    page.goto("/problems/")
    page.locator("a[data-verb=report]").first.click()
    page.fill("main input[name=q]", "锦绣家园一号")
    page.locator(f"main a[data-site='{rig.house.world.site.pk}']").first.click()
    page.wait_for_url("**/problems/new/?site=*")
    rig.picture(page, f"loop-{language}-1-report")
    page.select_option("select[name=kind]", index=1)
    page.fill("textarea[name=description]", WORDS[language]["told"])
    page.set_input_files("input[name=photos]", photo("before"))
    page.locator("button[data-verb=report]").click()
    page.wait_for_url(lambda url: "/new/" not in url)
    rig.picture(page, f"loop-{language}-1-reported")
    key = page.url.rstrip("/").rsplit("/", 1)[-1]
    return Problem.objects.get(pk=key)


def walk_refused(walk: Walk, page: Any) -> None:
    """Without a photo nothing is reported back; what was typed stays."""
    walk.rig.expect(422)
    typed = page.input_value("#step textarea[name=text]")
    walk.press(page, "report_back", Status.RECTIFYING)
    assert page.locator("#step .error, #step .error-summary").count() > 0
    assert page.input_value("#step textarea[name=text]") == typed
    walk.picture(page, "4-refused")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_fix_that_is_none_goes_back_with_a_new_date(rig: Rig, language: str) -> None:
    problem = make_problem(rig.house.people, status=Status.REPORTED)
    walk = Walk(rig, language, problem)
    page = walk.as_(rig.house.people.inspector1)
    page.check("#step input[name=result][value=partly]")
    page.fill("#step input[name=remaining]", "6 / 9")
    page.fill("#step input[name=due_on]", (timezone.localdate() + 5 * DAY).isoformat())
    page.fill("#step textarea[name=note]", "北侧六处仍未覆盖")
    rig.picture(page, f"send-back-{language}-1")
    walk.press(page, "verify", Status.RECTIFYING)
    rig.picture(page, f"send-back-{language}-2")
    assert problem.due_on == timezone.localdate() + 5 * DAY
    handler = walk.as_(rig.house.people.handler1, size=PHONE)
    assert "北侧六处仍未覆盖" in handler.inner_text("main")
    rig.picture(handler, f"send-back-{language}-3-handler")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_more_time_is_asked_for_and_granted(rig: Rig, language: str) -> None:
    people, today = rig.house.people, timezone.localdate()
    problem = make_problem(people, status=Status.RECTIFYING, due_on=today + 3 * DAY)
    first = problem.due_on
    walk = Walk(rig, language, problem)
    page = walk.as_(people.handler1)
    page.locator("#step a[data-verb=ask_extension]").click()
    page.fill("input[name=wanted_on]", (today + 9 * DAY).isoformat())
    page.fill("textarea[name=reason]", "连续降雨，无法施工")
    page.fill("textarea[name=plan]", "雨停后三日内完成覆盖")
    rig.picture(page, f"extension-{language}-1")
    page.locator("button[data-verb=ask_extension]").click()
    page.wait_for_url(f"**/problems/{problem.pk}/")
    page = walk.as_(people.supervisor1)
    page.check("#step input[name=decision][value=granted]")
    rig.picture(page, f"extension-{language}-2")
    walk.press(page, "decide_extension", Status.RECTIFYING)
    rig.picture(page, f"extension-{language}-3")
    assert (problem.due_on, problem.first_due_on) == (today + 9 * DAY, first)
    assert problem.extensions.get().decision == Decision.GRANTED


def test_two_who_close_at_once_give_one_success_and_one_refusal(rig: Rig) -> None:
    rig.expect(409)
    problem = make_problem(rig.house.people, status=Status.VERIFIED)
    walk = Walk(rig, "en", problem)
    first, second = walk.as_(rig.house.people.supervisor1), walk.as_(rig.house.people.supervisor2)
    second.fill("#step textarea[name=note]", "seen on site")
    walk.press(first, "close", Status.CLOSED)
    events = problem.stages.count()
    walk.press(second, "close", Status.CLOSED)
    shown = second.inner_text("#step, main")
    assert "Somebody was faster" in shown
    rig.picture(second, "conflict-en")
    assert problem.stages.count() == events


def test_the_same_conflict_without_a_script_is_a_page(rig: Rig) -> None:
    rig.expect(409)
    problem = make_problem(rig.house.people, status=Status.VERIFIED)
    walk = Walk(rig, "zh", problem)
    first = walk.as_(rig.house.people.supervisor1)
    second = walk.as_(rig.house.people.supervisor2, script=False)
    walk.press(first, "close", Status.CLOSED)
    with second.expect_navigation():
        second.locator("#step button[data-verb=close]").click()
    assert second.locator(".conflict").count() == 1
    rig.picture(second, "conflict-zh-no-script")
