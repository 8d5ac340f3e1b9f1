"""The problem's plain columns and its running clock say the same, over imported rows and in every state."""

import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from casetracker import calendars
from casetracker.models import Deadline, Unit
from inspections import figures, workflow
from inspections.enums import LIVE_ASSIGNMENT, OPEN, AssignmentRole, Clock, Route, Status
from inspections.models import Assignment, Problem
from inspections.presenting import light_of, step_clock
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem
from tests.cast import Cast
from tests.inspections.ledger.test_importing import changed, ledger, take_in, year

__all__ = ["year"]

FIRST = (Clock.DEPLOY, Clock.RECTIFY)


def next_dates_of_clocks() -> dict[Any, datetime.date]:
    """By when the present step of each open problem is due, read from the clocks that run now alone."""
    steps = {
        Status.REPORTED: (Clock.VERIFY,),
        Status.VERIFIED: (Clock.CLOSE,),
    }
    opened = {one.pk: one for one in Problem.objects.open().defer("search")}
    leads = set(Assignment.objects.live().filter(role=AssignmentRole.LEAD).values_list("pk", flat=True))
    found: dict[Any, dict[tuple[str, bool], list[datetime.date]]] = {}
    for row in Deadline.objects.running().filter(subject_type="problem", subject_id__in=opened):
        own = row.part_id is None or row.part_id in leads
        found.setdefault(row.subject_id, {}).setdefault((row.clock, own), []).append(row.due_on)
    dates = {}
    for key, clocks in found.items():
        if opened[key].status == Status.FOUND:
            # It waits to be assigned, though its rectification may be due already.
            dates[key] = min(day for (clock, _own), days in clocks.items() if clock in FIRST for day in days)
            continue
        wanted = steps.get(Status(opened[key].status), (Clock.RECTIFY,))
        ways = [(clock, True) for clock in wanted] + [(Clock.RECTIFY, False)]
        first = next((clocks[way] for way in ways if way in clocks), None)
        if first is not None:
            dates[key] = min(first)
    return dates


def contradictions() -> list[str]:
    """Problems (the void left out) whose columns differ from their lead's assignment and rectification clock."""
    leads = {
        one.problem_id: one for one in Assignment.objects.filter(role=AssignmentRole.LEAD, state__in=LIVE_ASSIGNMENT)
    }
    clocks = {
        (row.subject_id, row.part_id): row
        for row in Deadline.objects.current().filter(subject_type="problem", clock=Clock.RECTIFY)
    }
    next_dates = next_dates_of_clocks()
    wrong = []
    for problem in Problem.objects.exclude(status=Status.VOID).defer("search"):
        lead = leads.get(problem.pk)
        clock = clocks.get((problem.pk, lead.pk)) if lead else None
        clock = clock or clocks.get((problem.pk, None))
        dates = (clock.first_due_on, clock.due_on, clock.met_on, clock.paused_since) if clock else (None,) * 4
        if (problem.first_due_on, problem.due_on, problem.met_on, problem.paused_since) != dates:
            wrong.append(f"{problem.number}: the dates are {dates}")
        if problem.next_due_on != next_dates.get(problem.pk):
            wrong.append(f"{problem.number}: the next date is {problem.next_due_on}")
        if problem.lead_unit_id != (lead.unit_id if lead else None):
            wrong.append(f"{problem.number}: the lead is {lead}")
        if lead and (problem.responsible_id, problem.responsible_name) != (lead.responsible_id, lead.responsible_name):
            wrong.append(f"{problem.number}: the responsible person is {lead.responsible_name}")
        if lead is None and problem.responsible_id is not None:
            wrong.append(f"{problem.number}: nobody is responsible")
    return wrong


@pytest.mark.usefixtures("year")
def test_over_the_practice_year_columns_equal_the_running_clock() -> None:
    assert Problem.objects.count() > 3000
    assert contradictions() == []


def test_in_every_state_columns_equal_the_running_clock(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    for status in Status:
        make_problem(people, status=status, others=others if status != Status.VOID else ())
        if status not in (Status.FOUND, Status.ASSIGNED, Status.CLAIMED, Status.VOID):
            make_problem(people, status=status, route=Route.ON_SPOT)
    assert contradictions() == []


def test_over_the_imported_columns_equal_the_running_clock(people: Cast, tmp_path: Path) -> None:
    take_in(every_row(tmp_path), people.office)
    assert Problem.objects.count() == 20
    assert contradictions() == []


def every_row(folder: Path) -> Path:
    """A row for each way in which dates may stand or be missing, with units and without."""
    stages = [
        {},
        {"整改完成日期": "2019-10-22"},
        {"核查日期": "2019-10-24"},
        {"销号日期": "2019-10-25"},
        {"整改完成日期": "2019-10-22", "核查日期": "2019-10-24", "销号日期": "2019-10-25"},
    ]
    rows = []
    for dates in stages:
        for unit in ("市住建局", ""):
            for due in ("2019-10-23", ""):
                number = f"焦督〔2019〕{len(rows) + 1}号"
                rows.append(changed(问题编号=number, 责任单位=unit, 整改时限=due, **dates))
    return ledger(folder, *rows)


def test_lists_and_figures_agree_on_what_is_overdue(people: Cast, tmp_path: Path) -> None:
    take_in(every_row(tmp_path), people.office)
    for text in ("2019-10-23", "2019-10-24", "2019-11-30"):
        today = day(text)
        living = set(Problem.objects.overdue(today).values_list("number", flat=True))
        assert living == {problem.number for problem in Problem.objects.all() if problem.is_overdue(today)}
        if text == "2019-11-30":
            period = figures.Period(day("2019-01-01"), today)
            told = figures.overdue(Problem.objects.all(), period)
            assert set(told.values_list("number", flat=True)) == living
            assert Problem.objects.get(number="焦督〔2019〕3号").status == Status.FOUND
            assert "焦督〔2019〕3号" in living


def test_a_found_row_with_a_date_keeps_its_first_one(people: Cast, tmp_path: Path) -> None:
    path = tmp_path / "first.csv"
    path.write_text(
        "问题编号,发现日期,县（市、区）,点位名称,问题描述,整改时限,原整改时限\n"
        "焦督〔2019〕7号,2019-10-16,解放区,工地,甲,2019-10-30,2019-10-23\n",
        "utf-8",
    )
    take_in(path, people.office)
    problem = Problem.objects.get()
    assert (problem.status, problem.first_due_on, problem.due_on) == (
        Status.FOUND,
        day("2019-10-23"),
        day("2019-10-30"),
    )
    clock = Deadline.objects.running().get(clock=Clock.RECTIFY)
    assert (clock.first_due_on, clock.due_on, clock.part_id) == (problem.first_due_on, problem.due_on, None)
    assert Unit.objects.get(pk=clock.unit_id) == people.office


def test_what_is_to_be_assigned_is_as_urgent_as_its_assignment_or_its_date(people: Cast, tmp_path: Path) -> None:
    """An imported row with a far date, and one closed without a unit that is reopened: the assignment comes first."""
    rows = [
        changed(问题编号="焦督〔2019〕1号", 责任单位="", 整改时限="2019-12-23"),
        changed(问题编号="焦督〔2019〕2号", 责任单位="", 整改时限="2019-10-10"),
        changed(
            问题编号="焦督〔2019〕3号",
            责任单位="",
            整改完成日期="2019-10-20",
            核查日期="2019-10-21",
            销号日期="2019-10-22",
        ),
    ]
    take_in(ledger(tmp_path, *rows), people.office)
    again = Problem.objects.get(number_seq=3)
    moment = at("2019-12-02 09:00")
    workflow.reopen(again, by=people.supervisor2, reason="反弹", due_on=day("2019-12-23"), now=moment)

    found = {one.number_seq: one for one in Problem.objects.all()}
    assert {one.status for one in found.values()} == {Status.FOUND}
    deploy = dict(Deadline.objects.running().filter(clock=Clock.DEPLOY).values_list("subject_id", "due_on"))
    by = {number: deploy[one.pk] for number, one in found.items()}
    assert by[1] < day("2019-12-23") > by[3]
    assert by[2] > day("2019-10-10")
    dates = {number: one.next_due_on for number, one in found.items()}
    assert dates == {1: by[1], 2: day("2019-10-10"), 3: by[3]}
    assert contradictions() == []

    today = by[3] + datetime.timedelta(days=5)
    lights = {number: light_of(one, today, calendars.load()) for number, one in found.items()}
    assert (lights[3].state, lights[3].words) == ("late", "Assignment 5 days late")
    assert lights[1].words.startswith("Assignment ")
    assert not lights[2].words.startswith("Assignment ")
    assert [step_clock(found[number]) for number in (1, 2, 3)] == [Clock.DEPLOY, Clock.RECTIFY, Clock.DEPLOY]

    Problem.objects.update(next_due_on=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("inspections.migrations.0014_next_due_on").FROM_CLOCKS)
    assert dict(Problem.objects.values_list("number_seq", "next_due_on")) == dates


def test_what_an_import_leaves_open_is_sorted_by_its_next_step(people: Cast, tmp_path: Path) -> None:
    """To be assigned, to be put right, to be verified, to be closed; and again when the ledger went on."""
    path = tmp_path / "open.csv"
    head = "问题编号,发现日期,县（市、区）,点位名称,问题描述,牵头单位,整改时限,整改完成日期,复查日期\n"
    rows = [
        "焦督〔2019〕1号,2019-10-16,解放区,工地,甲,,,,\n",
        "焦督〔2019〕2号,2019-10-16,解放区,工地,乙,市住建局,2019-10-30,,\n",
        "焦督〔2019〕3号,2019-10-16,解放区,工地,丙,市住建局,2019-10-30,2019-10-28,\n",
        "焦督〔2019〕4号,2019-10-16,解放区,工地,丁,市住建局,2019-10-30,2019-10-28,2019-10-29\n",
    ]
    path.write_text(head + "".join(rows), "utf-8")
    take_in(path, people.office)
    dates = dict(Problem.objects.values_list("number_seq", "next_due_on"))
    statuses = dict(Problem.objects.values_list("number_seq", "status"))
    assert statuses == {1: Status.FOUND, 2: Status.ASSIGNED, 3: Status.REPORTED, 4: Status.VERIFIED}
    assert (dates[1], dates[2]) == (day("2019-10-16"), day("2019-10-30"))
    assert day("2019-10-28") < dates[3] < dates[4]
    assert contradictions() == []

    rows[1] = "焦督〔2019〕2号,2019-10-16,解放区,工地,乙,市住建局,2019-10-30,2019-10-29,\n"
    path.write_text(head + "".join(rows), "utf-8")
    take_in(path, people.office)
    assert Problem.objects.get(number_seq=2).status == Status.REPORTED
    assert contradictions() == []


def test_an_update_of_the_product_fills_the_next_dates_of_what_is_there(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    for status in Status:
        make_problem(people, status=status, others=others if status != Status.VOID else ())
    before = dict(Problem.objects.values_list("pk", "next_due_on"))
    Problem.objects.update(next_due_on=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("inspections.migrations.0014_next_due_on").FROM_CLOCKS)
    assert dict(Problem.objects.values_list("pk", "next_due_on")) == before
    assert sum(one is not None for one in before.values()) == len(OPEN)
