"""The data set: of the asked size, in proportion, the same every time, true to the history's chain."""

import datetime
from collections import Counter
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from casetracker import search
from casetracker.models import Deadline, Event, NumberSeries
from inspections import dataset, workflow
from inspections.dataset import histories
from inspections.dataset.people import find_office
from inspections.models import Assignment, Attachment, Problem, Stage, Visit
from tests.builders import day, make_site
from tests.cast import Cast

pytestmark = pytest.mark.django_db

# One of each is enough here.
ENDED = tuple((telling, 1) for telling, _ in histories.ENDED)
UNFINISHED = tuple((telling, 1) for telling, _ in histories.OPEN)
MONDAY = day("2026-03-02")
TOLD = (Problem, Stage, Assignment, Attachment, Deadline, Event)


def make(problems: int, on: datetime.date = MONDAY) -> dataset.Made:
    return dataset.make(problems, print, on=on, ended=ENDED, unfinished=UNFINISHED, per_transaction=60)


def rows(office: Any) -> list[tuple[Any, ...]]:
    names = ("pk", "number", "site_name", "district_id", "status", "found_on", "due_on", "closed_on", "search")
    return list(Problem.objects.filter(office=office).order_by("number_seq").values_list(*names))


def test_it_has_the_size_and_the_proportions_that_were_asked_for() -> None:
    made = make(200)

    assert (made.before, made.problems) == (0, 200)
    office = find_office()
    problems = Problem.objects.filter(office=office)
    assert problems.count() == 200
    states = Counter(problems.values_list("status", flat=True))
    assert states["closed"] > states["rectifying"] > 0
    assert problems.overdue(MONDAY).count() > 10
    assert Visit.objects.filter(team__parent=office).count() == 4 * 200
    # The histories that it was copied from were taken back.
    assert not problems.filter(site_name__contains="样本").exists()
    assert not Event.objects.filter(subject_label__contains="样本").exists()


def test_each_copy_is_whole() -> None:
    make(120)

    for problem in Problem.objects.select_related("lead_unit", "site"):
        events = list(Event.objects.filter(subject_id=problem.pk).order_by("seq"))
        assert [one.seq for one in events] == list(range(1, len(events) + 1))
        assert {one.subject_label for one in events} == {problem.number}
        assert events[0].verb == "report"
        assert events[0].at.date() == problem.found_on
        assert problem.site_name == problem.site.name
        assert problem.district_id == problem.site.district_id
        assert Stage.objects.filter(problem=problem, until=None).get().status == problem.status
        if problem.lead_unit is not None and problem.route == "central":
            assert problem.assignments.filter(unit=problem.lead_unit).exists()
            assert problem.lead_unit.name_zh in str(events[1].details)


def test_the_chain_of_every_history_holds() -> None:
    make(60)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM casetracker_event e WHERE e.hash <> casetracker_event_hash(e)")
        assert cursor.fetchone() == (0,)


def test_the_same_number_in_the_same_week_makes_the_same_rows() -> None:
    def once(on: datetime.date) -> list[tuple[Any, ...]]:
        with transaction.atomic():
            make(130, on)
            made = rows(find_office())
            transaction.set_rollback(True)
        # Units are new ones each time, so that their teams' numbers in the search column differ.
        return [one[:-1] for one in made]

    assert once(MONDAY) == once(MONDAY + datetime.timedelta(days=4))


def test_a_run_goes_on_where_the_last_one_ended() -> None:
    make(150)
    first = rows(find_office())
    # What an interrupted run had no time for.
    NumberSeries.objects.all().delete()

    made = make(250)

    assert (made.before, made.problems) == (150, 250)
    assert rows(find_office())[:150] == first


def test_one_that_was_measured_on_grows_no_more() -> None:
    make(60)
    last = Problem.objects.select_related("site", "team", "reported_by").order_by("-number_seq")[0]
    assert last.reported_by is not None
    workflow.report(by=last.reported_by, team=last.team, site=last.site, description="测量")

    assert make(60).problems == 60
    with pytest.raises(dataset.NotHere, match="new database"):
        make(90)


def test_what_is_found_next_takes_the_next_number() -> None:
    make(120)
    last = Problem.objects.filter(number_year=2026).order_by("-number_seq")[0]

    assert NumberSeries.objects.get(issuer=last.office, kind=workflow.NUMBER_KIND, year=2026).last == last.number_seq


def test_it_is_found_by_the_words_of_its_place_and_its_number() -> None:
    make(60)
    problem = Problem.objects.order_by("number_seq")[7]

    for words in (problem.site_name, problem.description, str(problem.number_seq), problem.district.name_zh):
        assert Problem.objects.filter(search.matches(words), pk=problem.pk).exists(), words


def test_it_stays_away_from_an_offices_own_problems(people: Cast, settings: Any) -> None:
    site = make_site(people)
    workflow.report(by=people.inspector1, team=people.team1, site=site, description="黄土裸露")
    settings.DEMO = False

    with pytest.raises(CommandError, match="database of its own"):
        call_command("make_dataset", problems=10)


@pytest.mark.parametrize("number", [0, -5])
def test_a_data_set_of_nothing_is_refused(number: int) -> None:
    with pytest.raises(CommandError, match="from 1 on"):
        call_command("make_dataset", problems=number)
