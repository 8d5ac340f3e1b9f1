"""What tests read of a problem after a move: its stays, clocks, history, notices, and all of it as one snapshot."""

import datetime
from typing import Any

from casetracker.models import Deadline, Event, Notice
from inspections.models import Problem

Dates = tuple[datetime.date, datetime.date | None]


def fresh(problem: Problem) -> Problem:
    """The problem as the database has it."""
    return Problem.objects.get(pk=problem.pk)


def stays(problem: Problem) -> list[tuple[str, str]]:
    """Every stay, (status, the verb that began it), oldest first."""
    return list(problem.stages.order_by("since", "pk").values_list("status", "verb"))


def clock_rows(problem: Problem) -> list[Deadline]:
    """The current versions of the problem's clocks."""
    return list(Deadline.objects.of("problem", problem.pk).current().select_related("unit").order_by("pk"))


def clocks(problem: Problem) -> dict[str, Dates]:
    """Due and met of every current clock; one that belongs to an assignment is named "claim 市住建局"."""
    found = {}
    for row in clock_rows(problem):
        unit = f" {row.unit.name_zh}" if row.part_id and row.unit else ""
        found[row.clock + unit] = (row.due_on, row.met_on)
    return found


def waiting(problem: Problem) -> set[str]:
    """The names of the clocks that still wait for somebody."""
    return {name for name, (_due, met) in clocks(problem).items() if met is None}


def last_event(problem: Problem) -> Event:
    return events(problem)[-1]


def events(problem: Problem) -> list[Event]:
    return list(Event.objects.filter(subject_type="problem", subject_id=problem.pk).order_by("seq"))


def told(problem: Problem, kind: str) -> set[str]:
    """Who was told of one kind of thing about the problem, by user name."""
    rows = Notice.objects.filter(subject_id=problem.pk, kind=kind)
    return set(rows.values_list("person__username", flat=True))


def states(problem: Problem) -> dict[str, str]:
    """The state of every assignment, by the unit's Chinese name (the last one where there were several)."""
    return {one.unit.name_zh: one.state for one in problem.assignments.select_related("unit").order_by("assigned_at")}


def snapshot(problem: Problem) -> dict[str, Any]:
    """Everything a move may write, to be compared before and after one that must change nothing."""
    one = fresh(problem)
    related = ("stages", "assignments", "extensions", "feedbacks", "rechecks", "escalations", "comments", "attachments")
    return {
        "problem": {field.attname: getattr(one, field.attname) for field in Problem._meta.concrete_fields},
        "candidates": sorted(one.candidates.values_list("pk", flat=True)),
        "finders": sorted(one.finders.values_list("pk", flat=True)),
        "clocks": list(Deadline.objects.of("problem", one.pk).order_by("pk").values()),
        "events": list(Event.objects.filter(subject_id=one.pk).order_by("seq").values()),
        "notices": list(Notice.objects.filter(subject_id=one.pk).order_by("pk").values()),
        **{name: list(getattr(one, name).order_by("pk").values()) for name in related},
    }
