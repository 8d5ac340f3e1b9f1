"""Being a person at the problem page: opening it, reading it, pressing its buttons."""

import datetime
import html
import io
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from casetracker.models import User
from inspections import workflow
from inspections.enums import AssignmentRole, Audience, Result, Status, Verb
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import make_problem, shot
from tests.cast import Cast


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User, problem: Problem, query: str = "") -> HttpResponse:
    return signed_in(person).get(reverse("problem", args=[problem.pk]) + query)  # type: ignore[return-value]


def text_of(response: Any) -> str:
    """What a reader sees, without tags and scripts."""
    body = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(body))


def do(person: User, problem: Problem, verb: Verb, **data: Any) -> Any:
    return signed_in(person).post(reverse("problem_verb", args=[problem.pk, verb.value]), data)


def picture(colour: str = "green") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return SimpleUploadedFile("IMG_1.jpg", out.getvalue(), content_type="image/jpeg")


def later(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def verbs_on(response: Any) -> set[str]:
    """The actions of the page itself, without those of its frame (signing out, language)."""
    page = response.content.decode()
    return set(re.findall(r'data-verb="([a-z_]+)"', page[page.find("<main") :]))


# --- Reading ----------------------------------------------------------------------------------------


def press(person: User, problem: Problem, verb: Verb, **data: Any) -> HttpResponse:
    """What a browser with htmx sends from the panel of the next step."""
    url = reverse("problem_verb", args=[problem.pk, verb.value])
    return signed_in(person).post(url, data | {"inline": "1"}, headers={"HX-Request": "true"})


def full(cast: Cast) -> Problem:
    """A reported problem with everything: two units, an extension, a recheck, comments, an escalation."""
    start = timezone.now() - datetime.timedelta(days=5)
    problem = make_problem(
        cast,
        status=Status.RECTIFYING,
        others=[Addressee(cast.city_management, AssignmentRole.CO)],
        internal_note="举报人要求保密",
        now=start,
    )
    asked = workflow.ask_extension(problem, by=cast.handler1, reason="缺料", plan="周五到货", wanted_on=later(9))
    workflow.decide_extension(problem, by=cast.supervisor1, extension=asked, granted_on=later(8))
    workflow.recheck(problem, by=cast.inspector1, result=Result.PARTLY, remaining="9 处中的 6 处")
    workflow.escalate(problem, by=cast.supervisor1, reason="进展慢")
    workflow.comment(problem, by=cast.supervisor1, text="请抓紧", audience=Audience.UNIT)
    workflow.comment(problem, by=cast.supervisor1, text="此单位去年被约谈", audience=Audience.INTERNAL)
    for handler in (cast.handler1, cast.handler2):
        workflow.report_back(problem, by=handler, text="已覆盖", shots=[shot(handler)])
    return problem
