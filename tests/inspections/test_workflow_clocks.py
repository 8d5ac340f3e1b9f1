"""When each clock starts and ends, on ordinary days and around the days that calendars get wrong.

Facts used: 2019-09-29 and 2020-01-19 are working Sundays, 2019-10-01..07 and 2020-01-24..02-02 are days off;
2021-02-07 is a working Sunday, 2021-02-11..17 the Spring Festival, 2021-02-20 a working Saturday.
"""

import datetime

import pytest
from django.utils import timezone

from casetracker import calendars, options
from casetracker.models import Deadline
from casetracker.workdays import light
from inspections import workflow
from inspections.enums import Route, Severity, Status
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, make_site, shot
from tests.cast import Cast
from tests.inspections.reading import clock_rows, fresh

ONE = datetime.timedelta(days=1)

# What starts the clock, the local moment, and the last day in time.
STARTS = [
    ("deploy", "2019-12-02 09:00", "2019-12-02"),
    ("deploy", "2019-10-01 00:05", "2019-10-01"),
    ("deploy", "2019-12-31 23:59", "2019-12-31"),
    ("claim", "2019-12-02 09:00", "2019-12-03"),
    ("claim", "2019-12-06 17:30", "2019-12-09"),
    ("claim", "2019-09-27 10:00", "2019-09-29"),
    ("claim", "2019-09-30 10:00", "2019-10-08"),
    ("claim", "2020-01-23 10:00", "2020-02-03"),
    ("feedback", "2019-12-02 09:00", "2019-12-05"),
    ("feedback", "2019-09-30 10:00", "2019-10-03"),
    ("feedback", "2020-02-27 10:00", "2020-03-01"),
    ("rectify", "2019-12-02 09:00", "2019-12-09"),
    ("rectify", "2019-12-02 00:00", "2019-12-09"),
    ("rectify", "2019-12-02 23:59", "2019-12-09"),
    ("rectify", "2019-12-27 09:00", "2020-01-03"),
    ("rectify", "2020-01-23 10:00", "2020-01-30"),
    ("rectify_major", "2019-12-02 09:00", "2020-01-02"),
    ("rectify_major", "2019-12-31 09:00", "2020-01-31"),
    ("rectify_major", "2020-01-31 09:00", "2020-02-29"),
    ("rectify_major", "2021-01-29 09:00", "2021-02-28"),
    ("rectify_on_spot", "2019-12-02 09:00", "2019-12-03"),
    ("rectify_on_spot", "2019-12-31 23:59", "2020-01-01"),
    ("verify", "2019-12-02 09:00", "2019-12-04"),
    ("verify", "2019-09-27 16:00", "2019-09-30"),
    ("verify", "2019-09-30 16:00", "2019-10-09"),
    ("verify", "2020-01-17 16:00", "2020-01-20"),
    ("verify", "2021-02-10 16:00", "2021-02-19"),
    ("close", "2019-12-06 09:00", "2019-12-10"),
    ("close", "2019-09-28 09:00", "2019-09-30"),
    ("close", "2021-02-10 09:00", "2021-02-19"),
    ("extension", "2019-12-02 09:00", "2019-12-03"),
    ("extension", "2020-01-17 16:59", "2020-01-19"),
    ("extension", "2020-01-23 09:00", "2020-02-03"),
    ("look_back", "2019-12-02 09:00", "2019-12-16"),
    ("look_back", "2021-02-05 09:00", "2021-02-24"),
    ("look_back", "2020-01-17 09:00", "2020-02-07"),
]


def start(people: Cast, clock: str, now: datetime.datetime) -> Problem:
    """Do the verb that starts the clock at this moment; what comes before it happened two days earlier."""
    earlier = now - 2 * ONE
    site = make_site(people)
    if clock == "deploy":
        return workflow.report(by=people.inspector1, team=people.team1, site=site, description="x", now=now)
    if clock in ("rectify_on_spot", "look_back"):
        route, since = Route.ON_SPOT, now if clock == "rectify_on_spot" else earlier
        problem = make_problem(people, status=Status.RECTIFYING, route=route, now=since)
        if clock == "look_back":
            workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()], now=now)
        return problem
    before = {"extension": Status.CLAIMED, "verify": Status.RECTIFYING, "close": Status.REPORTED}
    severity = Severity.MAJOR if clock == "rectify_major" else Severity.ORDINARY
    problem = make_problem(people, status=before.get(clock, Status.FOUND), severity=severity, now=earlier)
    if clock == "verify":
        workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=now)
    elif clock == "close":
        workflow.verify(problem, by=people.inspector1, shots=[shot()], now=now)
    elif clock == "extension":
        workflow.ask_extension(
            problem, by=people.handler1, reason="雨", plan="x", wanted_on=now.date() + 30 * ONE, now=now
        )
    else:
        workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=now)
    return problem


@pytest.mark.parametrize(("clock", "moment", "due"), STARTS)
def test_a_clock_runs_from_its_start_to_its_last_day_in_time(people: Cast, clock: str, moment: str, due: str) -> None:
    options.put("look_back_percent", 100)
    now, due_on = at(moment), day(due)

    problem = start(people, clock, now)

    row = next(row for row in clock_rows(problem) if row.clock == clock.partition("_")[0] or row.clock == clock)
    assert (row.started_on, row.due_on, row.first_due_on) == (timezone.localdate(now), due_on, due_on)
    assert (row.provisional, row.met_on, row.rule is not None) == (False, None, True)
    calendar = calendars.load()
    lights = [light(row.due_on, today, calendar) for today in (due_on - ONE, due_on, due_on + ONE)]
    assert lights[1:] == ["near", "late"]
    assert lights[0] != "late"
    late = [Deadline.objects.running().filter(pk=row.pk, due_on__lt=due_on + n * ONE).exists() for n in (-1, 0, 1)]
    assert late == [False, False, True]


@pytest.mark.parametrize(("clock", "moment", "due"), [one for one in STARTS if one[0].startswith("rectify")])
def test_only_the_rectification_date_makes_a_problem_overdue_from_the_day_after(
    people: Cast, clock: str, moment: str, due: str
) -> None:
    problem = fresh(start(people, clock, at(moment)))

    for today, overdue in ((day(due) - ONE, False), (day(due), False), (day(due) + ONE, True)):
        assert problem.is_overdue(today) is overdue
        assert Problem.objects.overdue(today).filter(pk=problem.pk).exists() is overdue


def test_an_office_clock_that_is_late_makes_nothing_overdue(people: Cast) -> None:
    found = make_problem(people, now=at("2019-12-02 09:00"))
    reported = make_problem(people, status=Status.REPORTED, now=at("2019-12-02 09:00"))
    verified = make_problem(people, status=Status.VERIFIED, now=at("2019-12-02 09:00"))

    late = Problem.objects.overdue(day("2020-12-31"))

    assert not late.filter(pk__in=[found.pk, reported.pk, verified.pk]).exists()


def test_every_version_of_a_clock_can_be_asked_what_it_knew(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=at("2019-12-02 09:00"))
    workflow.send_back(
        problem, by=people.inspector1, reason="未完", due_on=day("2019-12-20"), now=at("2019-12-06 09:00")
    )

    def knew(moment: str) -> tuple[datetime.date, datetime.date | None]:
        rows = Deadline.objects.as_of(at(moment)).filter(subject_id=problem.pk, clock="rectify")
        row = rows.get()
        return row.due_on, row.met_on

    assert knew("2019-12-03 00:00") == (day("2019-12-09"), day("2019-12-02"))
    assert knew("2019-12-07 00:00") == (day("2019-12-20"), None)


def test_a_date_beyond_the_last_holiday_notice_is_marked_provisional(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=at("2026-12-31 09:00"))
    row = next(row for row in clock_rows(problem) if row.clock == "verify")
    assert (row.provisional, row.due_on) == (True, day("2027-01-05"))

    workflow.pause(problem, by=people.supervisor1, reason="x", now=at("2027-01-04 09:00"))
    workflow.resume(problem, by=people.supervisor1, now=at("2027-01-05 09:00"))

    row = next(row for row in clock_rows(problem) if row.clock == "verify")
    assert (row.provisional, row.due_on) == (True, day("2027-01-06"))
