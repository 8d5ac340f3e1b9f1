"""Dates that people give: the usual term of a checklist item, later than the rule, a mistyped year, why."""

import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from casetracker.errors import Invalid
from inspections import workflow
from inspections.enums import EscalationLevel, Result, Status, Verb
from inspections.forms.handing import usual
from inspections.models import Batch, ChecklistItem, Problem
from inspections.workflow import Addressee
from tests.builders import make_problem, shot
from tests.cast import Cast
from tests.inspections.pressing import do, later, signed_in, text_of

FAR = "check the year"


def item_of(days: int) -> ChecklistItem:
    found = ChecklistItem.objects.filter(term_days=days).first()
    assert found is not None
    return found


def raised(people: Cast, days: int) -> Problem:
    problem = make_problem(people)
    problem.checklist_item = item_of(days)
    problem.save(update_fields=["checklist_item"])
    return problem


# --- The usual term of a checklist item -----------------------------------------------------------------


def test_the_item_gives_the_date_where_it_ends_before_the_rule(people: Cast) -> None:
    problem = raised(people, 3)
    page = text_of(do_get(people, problem, Verb.ASSIGN))
    assert f"usual term of item {problem.checklist_item.position}: 3 days" in page  # type: ignore[union-attr]
    assert do(people.supervisor1, problem, Verb.ASSIGN, lead=people.housing.pk).status_code == 302
    assert Problem.objects.get(pk=problem.pk).due_on == later(3)


def test_the_rule_stays_the_outer_limit(people: Cast) -> None:
    item = ChecklistItem(term_days=30, position=4)
    problem = make_problem(people)
    problem.checklist_item = item
    assert usual(problem, timezone.localdate()).due_on == later(7)
    workflow.assign(make := make_problem(people), by=people.supervisor1, addressees=[Addressee(people.housing)])
    assert Problem.objects.get(pk=make.pk).due_on == later(7)


def test_a_batch_gives_each_its_own_date_and_says_why(people: Cast) -> None:
    short, plain = raised(people, 3), make_problem(people)
    page = text_of(signed_in(people.supervisor1).get(reverse("batch_new")))
    assert "usual term of item" in page
    data = {"title": "扬尘", "ids": [str(short.pk), str(plain.pk)], "unit": people.housing.pk}
    signed_in(people.supervisor1).post(reverse("batch_new"), data)
    assert [Problem.objects.get(pk=one.pk).due_on for one in (short, plain)] == [later(3), later(7)]


# --- Later than the rule -------------------------------------------------------------------------------


def test_a_later_date_than_the_rules_needs_a_reason(people: Cast) -> None:
    problem = make_problem(people)
    data = {"lead": people.housing.pk, "due_on": later(8).isoformat()}
    refused = do(people.supervisor1, problem, Verb.ASSIGN, **data)
    assert refused.status_code == 422
    assert "say why it is later" in text_of(refused)
    assert do(people.supervisor1, problem, Verb.ASSIGN, **data, reason="需停产检修").status_code == 302
    assert Problem.objects.get(pk=problem.pk).due_on == later(8)
    assert do(people.supervisor1, make_problem(people), Verb.ASSIGN, **(data | {"due_on": later(7)})).status_code == 302


def test_a_batch_with_a_later_date_needs_a_reason(people: Cast) -> None:
    problem = make_problem(people)
    data = {"title": "扬尘", "ids": [str(problem.pk)], "unit": people.housing.pk, "due_on": later(20).isoformat()}
    client = signed_in(people.supervisor1)
    refused = client.post(reverse("batch_new"), data)
    assert refused.status_code == 422
    assert "say why it is later" in text_of(refused)
    assert client.post(reverse("batch_new"), data | {"later": "冬季停工"}).status_code == 302
    assert Batch.objects.get().assignments.get().problem.due_on == later(20)


def test_more_time_than_was_asked_for_needs_a_reason(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING)
    asked = workflow.ask_extension(problem, by=people.handler1, reason="缺料", plan="周五到货", wanted_on=later(9))
    data = {"extension": asked.pk, "decision": "granted", "granted_on": later(10).isoformat()}
    refused = do(people.supervisor1, problem, Verb.DECIDE_EXTENSION, **data)
    assert refused.status_code == 422
    assert "later than was asked for" in text_of(refused)
    assert do(people.supervisor1, problem, Verb.DECIDE_EXTENSION, **data, note="遇雨").status_code == 302


# --- A year too far --------------------------------------------------------------------------------------


def test_a_mistyped_year_is_refused_wherever_a_date_is_given(people: Cast) -> None:
    far, by = datetime.date(2099, 1, 1), people.supervisor1
    found, working = make_problem(people), make_problem(people, status=Status.RECTIFYING)
    reported, closed = make_problem(people, status=Status.REPORTED), make_problem(people, status=Status.CLOSED)
    to = [Addressee(people.housing)]
    acts: list[tuple[str, Any]] = [
        ("due_on", lambda on: workflow.assign(found, by=by, addressees=to, due_on=on, reason="x")),
        ("due_on", lambda on: workflow.send_back(reported, by=by, reason="x", due_on=on)),
        ("due_on", lambda on: workflow.reopen(closed, by=by, reason="x", due_on=on)),
        ("due_on", lambda on: workflow.escalate(working, by=by, reason="x", due_on=on)),
        (
            "wanted_on",
            lambda on: workflow.ask_extension(working, by=people.handler1, reason="x", plan="x", wanted_on=on),
        ),
    ]
    for field, act in acts:
        with pytest.raises(Invalid, match=FAR) as refused:
            act(far)
        assert refused.value.field == field
        with pytest.raises(Invalid, match=FAR):
            act(later(367))
    asked = workflow.ask_extension(working, by=people.handler1, reason="x", plan="x", wanted_on=later(300))
    with pytest.raises(Invalid, match=FAR):
        workflow.decide_extension(working, by=by, extension=asked, granted_on=far, note="x")
    workflow.reopen(closed, by=by, reason="x", due_on=later(366))


@pytest.mark.parametrize("verb", [Verb.ASSIGN, Verb.ESCALATE])
def test_bulk_and_batch_say_it_beside_the_date(people: Cast, verb: Verb) -> None:
    problem = make_problem(people)
    client = signed_in(people.supervisor1)
    data = {"title": "扬尘", "ids": [str(problem.pk)], "unit": people.housing.pk, "due_on": "2099-01-01", "later": "x"}
    assert FAR in text_of(client.post(reverse("batch_new"), data))
    press = {"ids": [str(problem.pk)], "verb": verb.value, "confirm": "1", "lead": people.housing.pk}
    press |= {"due_on": "2099-01-01", "reason": "x", "level": EscalationLevel.SUPERVISION.value}
    assert FAR in text_of(client.post(reverse("bulk"), press))
    assert Problem.objects.get(pk=problem.pk).status == Status.FOUND


# --- Partly fixed --------------------------------------------------------------------------------------


def test_partly_asks_one_question_and_what_remains_is_reason_enough(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED)
    data = {"result": "partly", "due_on": later(3).isoformat()}
    refused = do(people.supervisor1, problem, Verb.SEND_BACK, **data)
    assert refused.status_code == 422
    assert "Say what remains to be done" in text_of(refused)
    assert "Say what is not right yet." not in text_of(refused)
    assert do(people.supervisor1, problem, Verb.SEND_BACK, **data, remaining="9 处中的 6 处").status_code == 302
    row = problem.rechecks.get()
    assert (row.result, row.remaining, row.note) == (Result.PARTLY, "9 处中的 6 处", "")
    page = text_of(signed_in(people.handler1).get(reverse("problem", args=[problem.pk])))
    assert "9 处中的 6 处" in page


def test_not_fixed_asks_what_is_not_right(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED)
    data = {"result": "not_fixed", "due_on": later(3).isoformat(), "remaining": "6"}
    refused = do(people.supervisor1, problem, Verb.SEND_BACK, **data)
    assert "Say what is not right yet." in text_of(refused)
    with pytest.raises(Invalid):
        workflow.send_back(problem, by=people.supervisor1, reason=" ", remaining="6", due_on=later(3))
    workflow.send_back(
        problem,
        by=people.supervisor1,
        reason="",
        remaining="6",
        result=Result.PARTLY,
        due_on=later(3),
        shots=[shot(people.supervisor1)],
    )


def do_get(people: Cast, problem: Problem, verb: Verb) -> Any:
    return signed_in(people.supervisor1).get(reverse("problem_verb", args=[problem.pk, verb.value]))
