"""The light of a problem: state and words in every situation, from the columns of its row alone."""

import datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from casetracker.workdays import Calendar
from inspections.enums import Status
from inspections.models import Problem, ProblemKind
from inspections.presenting import light_of
from tests.builders import make_problem
from tests.cast import cast as make_cast

TODAY = datetime.date(2019, 12, 9)  # a Monday
NOON = datetime.datetime(2019, 12, 9, 4, 0, tzinfo=datetime.UTC)
CALENDAR = Calendar()


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def problem(status: Status = Status.RECTIFYING, step_due: str = "", **columns: Any) -> Problem:
    next_due_on = day(step_due) if step_due else None
    return Problem(status=status, status_since=NOON - datetime.timedelta(days=3), next_due_on=next_due_on, **columns)


@pytest.mark.parametrize(
    ("shown", "state", "words"),
    [
        (problem(due_on=day("2019-12-06")), "late", "3 days late"),
        (problem(due_on=day("2019-12-09")), "near", "due today"),
        (problem(due_on=day("2019-12-10")), "near", "due tomorrow"),
        (problem(due_on=day("2019-12-14")), "ok", "by 14 Dec"),
        (problem(), "ok", "no date set"),
        (problem(due_on=day("2019-12-14"), paused_since=day("2019-12-08")), "stopped", "stopped 2 days"),
        (problem(due_on=day("2019-12-06"), paused_since=day("2019-12-08")), "late", "3 days late"),
        (problem(due_on=day("2019-12-06"), met_on=day("2019-12-07")), "done", "reported 7 Dec"),
        (problem(step_due="2019-12-11", met_on=day("2019-12-07")), "ok", "Rectification by 11 Dec"),
        (problem(Status.FOUND, "2019-12-14", due_on=day("2019-12-14")), "ok", "by 14 Dec"),
        (problem(Status.FOUND, "2019-12-04", due_on=day("2019-12-14")), "late", "Assignment 5 days late"),
        (problem(Status.FOUND, "2019-12-06", due_on=day("2019-12-06")), "late", "3 days late"),
        (problem(Status.FOUND), "near", "found 6 Dec, to be assigned"),
        (problem(Status.FOUND, "2019-12-06"), "late", "Assignment 3 days late"),
        (problem(Status.REPORTED, met_on=day("2019-12-06")), "done", "reported 6 Dec"),
        (problem(Status.REPORTED, "2019-12-10"), "near", "Verify tomorrow"),
        (problem(Status.REPORTED, "2019-12-11"), "ok", "Verify by 11 Dec"),
        (problem(Status.REPORTED, "2019-12-04"), "late", "Verification 5 days late"),
        (problem(Status.VERIFIED, "2019-12-09"), "near", "Close today"),
        (problem(Status.VERIFIED), "done", "verified 6 Dec"),
        (problem(Status.CLOSED, closed_on=day("2019-12-07")), "done", "closed 7 Dec"),
        (problem(Status.VOID), "done", "voided 6 Dec"),
    ],
)
def test_a_light_says_state_and_words(shown: Problem, state: str, words: str) -> None:
    with time_machine.travel(NOON):
        assert tuple(light_of(shown, TODAY, CALENDAR)) == (state, words)


@pytest.mark.django_db
def test_a_list_reads_the_date_of_the_office_with_its_rows(django_assert_num_queries: Any) -> None:
    cast = make_cast()
    for status in (Status.FOUND, Status.REPORTED, Status.VERIFIED, Status.RECTIFYING):
        make_problem(cast, status=status)
    with django_assert_num_queries(1):
        rows = list(Problem.objects.all())
        words = {row.status: light_of(row, timezone.localdate(), CALENDAR).words for row in rows}
    assert words[Status.FOUND] == "Assign today"
    assert words[Status.REPORTED].startswith("Verify ")
    assert words[Status.VERIFIED].startswith("Close ")
    assert words[Status.RECTIFYING].startswith("by ")


@pytest.mark.parametrize(
    ("columns", "title", "long"),
    [
        ({"description": "夜间施工，噪声扰民。"}, "夜间施工，噪声扰民", False),
        ({"description": "夜间施工" * 12}, "夜间施工" * 4 + "夜间施…", True),
        ({"description": " ", "site_name": "北山雅苑项目工地"}, "北山雅苑项目工地", False),
        ({"kind": ProblemKind(name_zh="围挡不全", name_en="Fencing incomplete")}, "Fencing incomplete", False),
    ],
)
def test_a_problem_without_a_kind_is_called_by_what_is_said_of_it(
    columns: dict[str, Any], title: str, long: bool
) -> None:
    made = problem(**columns)
    assert (made.title, made.is_long) == (title, long)
