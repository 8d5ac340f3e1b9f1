"""The demonstration year: the two workbooks through the importer, and the end of what was open that day."""

import datetime
import random
from collections.abc import Callable
from pathlib import Path

from django.utils import timezone

from casetracker.models import Notice, Unit, User
from inspections import figures, workflow
from inspections.demo.photos import Pool
from inspections.enums import AssignmentRole, Status
from inspections.ledger.importing import import_file
from inspections.ledger.mapping import profile
from inspections.models import ImportBatch, Problem

FOLDER = Path(__file__).parent
CUT_OFF = datetime.date(2019, 12, 9)
FIRST = datetime.date(2019, 1, 7)
Say = Callable[[str], None]


def is_loaded() -> bool:
    return ImportBatch.objects.filter(file_name="jiaozuo-2019-problems.xlsx").exists()


def load(office: Unit, say: Say) -> None:
    """Import both workbooks as on the cut-off day; the demonstration speaks of its open items, so they are released
    at once."""
    by = User.objects.get(username="supervisor1")
    for file, kind in (
        ("jiaozuo-2019-visits.xlsx", "jiaozuo-visits"),
        ("jiaozuo-2019-problems.xlsx", "jiaozuo-problems"),
    ):
        report = import_file(FOLDER / file, profile(kind), office=office, by=by, held=False, today=CUT_OFF)
        say(f"{report.created:,} rows from {file}")


def close_the_rest(pool: Pool, say: Say) -> None:
    """Take the problems still open on the cut-off day through the workflow on days of 2020."""
    rest = figures.not_closed(Problem.objects.all(), figures.Period(FIRST, CUT_OFF)).exclude(status=Status.CLOSED)
    chance = random.Random("the rest of 2019")
    people = {user.username: user for user in User.objects.all()}
    for count, problem in enumerate(rest.order_by("number_seq").select_related("lead_unit", "kind", "team"), 1):
        # Working days of January to March 2020, spread so that a few close each day.
        day = datetime.date(2020, 1, 2) + datetime.timedelta(days=chance.randrange(80))
        finish(problem, at(day, 9), people, pool, chance)
        if count % 50 == 0:
            say(f"{count} of the problems left open were closed")
    Notice.objects.filter(created_at__lt=timezone.now() - datetime.timedelta(days=30), read_at__isnull=True).update(
        read_at=timezone.now()
    )


def at(day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
    """A local moment."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(hour, minute)))


def finish(
    problem: Problem, now: datetime.datetime, people: dict[str, User], pool: Pool, chance: random.Random
) -> None:
    """Everything that is still missing until the problem is closed, an hour or a day apart."""
    hour, day = datetime.timedelta(hours=1), datetime.timedelta(days=1)
    supervisor = people["supervisor1"]
    if problem.status == Status.ASSIGNED:
        problem = workflow.claim(problem, by=answers_for(problem), now=now)
    if problem.status == Status.CLAIMED:
        plan = "已制定整改方案，按时限推进。"
        problem = workflow.begin_work(problem, by=answers_for(problem), plan=plan, now=now + hour)
    if problem.status == Status.RECTIFYING:
        for assignment in problem.assignments.live().order_by("role"):
            # The lead's role sorts after a co-handler's: whoever is last completes the report.
            by = handler_of(assignment.unit)
            if assignment.role != AssignmentRole.LEAD and assignment.state == "assigned":
                workflow.claim(problem, by=by, now=now + hour)
            problem = workflow.report_back(
                problem,
                by=by,
                text="已整改完成，现场已恢复。",
                shots=[pool.shot(problem, "after", chance)],
                now=now + day,
            )
    if problem.status == Status.REPORTED:
        shots = [pool.shot(problem, "after", chance)]
        problem = workflow.verify(problem, by=supervisor, shots=shots, now=now + 2 * day)
    if problem.status == Status.VERIFIED:
        workflow.close(problem, by=people["supervisor2"], now=now + 3 * day)


def handler_of(unit: Unit) -> User:
    """Who answers for a unit in the demonstration."""
    post = unit.memberships.filter(role="handler").select_related("user").order_by("pk").first()
    if post is None:
        raise LookupError(f"{unit} has no handler in the demonstration.")
    return post.user


def answers_for(problem: Problem) -> User:
    assert problem.lead_unit is not None
    return handler_of(problem.lead_unit)
