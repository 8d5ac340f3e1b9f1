"""A photo that nobody can open: it opens no gate any more, whoever gave it is told once, and pages say so."""

import io
import random
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import strip_tags
from PIL import Image

from casetracker import evidence
from casetracker.errors import Invalid
from casetracker.models import Deadline, Evidence, Notice, User
from inspections import workflow
from inspections.enums import Clock, Phase, Status, Verb
from inspections.models import Highlight, Problem
from inspections.queue_rows import rows_of
from inspections.subjects.notices import notice_sentence
from inspections.subjects_sites import notice_sentence as visit_sentence
from inspections.workflow import Shot
from tests.builders import make_problem, make_visit, shot
from tests.cast import Cast
from tests.inspections.reading import fresh, snapshot, told


def broken(by: User, seed: int = 7, name: str = "现场.png") -> Evidence:
    """A stored photo with a beginning, an end and nonsense in between, which no worker has seen yet."""
    content = bytearray(_png(seed))
    at = content.index(b"IDAT") + 40
    content[at : at + 2000] = b"\x5a" * 2000
    return evidence.store(io.BytesIO(bytes(content)), name=name, by=by, source="desk")


def _png(seed: int) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (100, 80), random.Random(seed).randbytes(24_000)).save(out, "PNG")
    return out.getvalue()


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User, name: str, *args: Any) -> str:
    return signed_in(person).get(reverse(name, args=args)).content.decode()


def report(people: Cast, *files: Evidence) -> Problem:
    problem = make_problem(people)
    return workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=problem.site,
        description="裸土",
        shots=[Shot(one) for one in files],
    )


def row_to_verify(people: Cast, problem: Problem) -> str:
    """What my work says of how it was reported back."""
    waiting = Deadline.objects.running().filter(subject_id=problem.pk, clock=Clock.VERIFY).select_related("rule")
    [row] = rows_of(Verb.VERIFY)(list(waiting), people.supervisor1, timezone.localdate())
    return str(row.facts[0])


def test_it_counts_as_a_photo_until_somebody_knows_better(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING)
    bad = broken(people.handler1)
    workflow.report_back(problem, by=people.handler1, text="已覆盖", shots=[Shot(bad)])
    done = snapshot(problem)
    assert "1 photo" in row_to_verify(people, problem)

    evidence.copy_waiting(60)

    # What was done stays done, and the person is told.
    after = snapshot(problem)
    assert {**after, "notices": None} == {**done, "notices": None}
    assert told(problem, "unreadable_photo") == {"handler1"}
    # From now on it shows nothing, and no row counts it.
    assert "0 photos" in row_to_verify(people, problem)
    with pytest.raises(Invalid) as refusal:
        workflow.verify(fresh(problem), by=people.supervisor1)
    assert refusal.value.field == "shots"
    workflow.verify(fresh(problem), by=people.supervisor1, shots=[shot(people.supervisor1)])
    assert fresh(problem).status == Status.VERIFIED


def test_it_is_no_photo_of_before(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED)
    good = problem.attachments.get(phase=Phase.BEFORE)
    good.evidence = broken(people.inspector1)
    good.save()
    evidence.copy_waiting(60)
    with pytest.raises(Invalid) as refusal:
        workflow.verify(fresh(problem), by=people.supervisor1, shots=[shot(people.supervisor1)])
    assert refusal.value.field == "before"


def test_one_that_is_known_to_be_unreadable_opens_no_gate(people: Cast) -> None:
    bad = broken(people.handler1)
    evidence.copy_waiting(60)
    bad.refresh_from_db()
    problem = make_problem(people, status=Status.RECTIFYING)
    before = snapshot(problem)
    with pytest.raises(Invalid) as refused_answer:
        workflow.report_back(problem, by=people.handler1, text="已覆盖", shots=[Shot(bad)])
    with pytest.raises(Invalid) as refused_verdict:
        workflow.verify(problem, by=people.supervisor1, shots=[Shot(bad)])
    assert (refused_answer.value.field, refused_verdict.value.field) == ("shots", "shots")
    assert snapshot(problem) == before


def test_whoever_gave_it_is_told_once_however_many_problems_it_shows(people: Cast) -> None:
    bad = broken(people.inspector1)
    problems = [report(people, bad) for _ in range(3)]
    evidence.copy_waiting(60)
    notice = Notice.objects.get(kind="unreadable_photo")
    assert (notice.person, notice.subject_id) == (people.inspector1, problems[0].pk)
    assert notice_sentence(notice) == (
        f"The photo 现场.png of {problems[0].number}, {problems[0].site_name}, cannot be opened. Take it again."
    )
    assert "现场.png" in strip_tags(page(people.inspector1, "inbox"))


def test_whoever_uses_one_that_was_found_out_meanwhile_is_told_too(people: Cast) -> None:
    bad = broken(people.inspector1)
    evidence.copy_waiting(60)
    assert not Notice.objects.filter(kind="unreadable_photo").exists()
    bad.refresh_from_db()
    problem = report(people, bad)
    assert told(problem, "unreadable_photo") == {"inspector1"}


def test_nobody_is_told_of_an_imported_problem_that_was_not_released(people: Cast) -> None:
    bad = broken(people.inspector1)
    problem = report(people, bad)
    Problem.objects.filter(pk=problem.pk).update(held=True)
    evidence.copy_waiting(60)
    assert told(problem, "unreadable_photo") == set()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_problem_says_so_in_the_place_of_the_picture(people: Cast, language: str) -> None:
    bad = broken(people.inspector1)
    problem = report(people, bad, evidence.store(io.BytesIO(_png(9)), name="好.png", by=None, source="desk"))
    assert f'src="/evidence/{bad.pk}/' in page(people.inspector1, "problem", problem.pk)
    evidence.copy_waiting(60)
    User.objects.update(language=language)
    bad.refresh_from_db()
    with translation.override(language):
        said = bad.unreadable_note
    for name in ("problem", "problem_files"):
        body = page(people.inspector1, name, problem.pk)
        assert said in body
        assert reverse("evidence", args=[bad.pk, "original"]) in body
        assert f"{bad.pk}/thumbnail" not in body
        assert f"{bad.pk}/preview" not in body
    client = signed_in(people.inspector1)
    assert client.get(reverse("evidence", args=[bad.pk, "preview"])).status_code == 404
    kept = client.get(reverse("evidence", args=[bad.pk, "original"]))
    assert len(b"".join(kept)) == bad.size  # type: ignore[call-overload]


def test_a_viewer_who_finds_it_out_gets_no_picture_and_the_page_says_so_from_then_on(people: Cast) -> None:
    bad = broken(people.inspector1)
    problem = report(people, bad)
    client = signed_in(people.inspector1)
    assert client.get(reverse("evidence", args=[bad.pk, "thumbnail"])).status_code == 404
    assert "cannot be opened" in page(people.inspector1, "problem", problem.pk)
    assert told(problem, "unreadable_photo") == {"inspector1"}


def test_the_custody_log_tells_when_it_was_found_out(people: Cast) -> None:
    bad = broken(people.inspector1)
    problem = report(people, bad)
    evidence.copy_waiting(60)
    assert "could not be opened" in page(people.inspector1, "problem_files", problem.pk)


def test_a_visit_says_so_of_what_it_saw_and_of_what_was_good(people: Cast) -> None:
    seen, good = broken(people.supervisor1), broken(people.inspector1, seed=8, name="亮点.png")
    problem = make_problem(people, status=Status.REPORTED)
    visit = make_visit(people, problem.site)
    workflow.verify(problem, by=people.supervisor1, visit=visit, shots=[Shot(seen)])
    Highlight.objects.create(visit=visit, text="全程密闭运输", evidence=good)
    evidence.copy_waiting(60)
    body = page(people.supervisor1, "visit", visit.pk)
    assert body.count("data-unreadable") == 2
    assert f"{seen.pk}/thumbnail" not in body
    assert f"{good.pk}/thumbnail" not in body
    assert told(problem, "unreadable_photo") == {"supervisor1"}
    notice = Notice.objects.get(subject_id=visit.pk)
    assert notice.person == people.inspector1
    assert "亮点.png of the visit to" in visit_sentence(notice)
