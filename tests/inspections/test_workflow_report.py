"""Logging a problem: number, stay, clocks, photos, who may, and what is refused."""

from decimal import Decimal

import pytest

from casetracker.errors import Invalid, NotAllowed
from casetracker.models import Event, NumberSeries
from inspections import workflow
from inspections.enums import Phase, Route, Severity, Source, Status, Verb
from inspections.models import (
    Checklist,
    ChecklistItem,
    ChecklistVersion,
    Party,
    Problem,
    ProblemKind,
)
from tests.builders import at, day, make_paper, make_problem, make_site, make_visit, shot
from tests.cast import Cast
from tests.inspections.reading import clocks, last_event, stays, told, waiting

MONDAY = at("2019-12-02 09:00")


def test_a_central_problem_waits_for_assignment_the_same_day(people: Cast) -> None:
    site = make_site(people, "锦绣家园工地")

    problem = workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=site,
        description="  九处黄土裸露 ",
        kind=ProblemKind.objects.get(code="bare_soil"),
        quantity=Decimal(9),
        shots=[shot(people.inspector1)],
        now=MONDAY,
    )

    problem = Problem.objects.get(pk=problem.pk)
    assert (problem.status, problem.route, problem.number) == ("found", "central", "焦督〔2019〕1号")
    assert (problem.office, problem.district_id, problem.site_name) == (people.office, "410802", "锦绣家园工地")
    assert (problem.description, problem.severity, problem.version) == ("九处黄土裸露", "ordinary", 1)
    assert (problem.lat, problem.lon) == (site.lat, site.lon)
    assert (problem.due_on, problem.met_on, problem.lead_unit) == (None, None, None)
    assert stays(problem) == [("found", "report")]
    assert clocks(problem) == {"deploy": (day("2019-12-02"), None)}
    assert problem.attachments.get().phase == Phase.BEFORE
    event = last_event(problem)
    assert (event.verb, event.seq, event.at, event.actor_name) == ("report", 1, MONDAY, "陈望")
    assert event.details["photos"] == 1
    assert event.details["kind"] == "bare_soil"


def test_numbers_go_on_without_a_gap_and_begin_anew_each_year_of_finding(people: Cast) -> None:
    first = make_problem(people, now=MONDAY)
    second = make_problem(people, now=MONDAY, team=people.team2)
    with pytest.raises(Invalid):
        workflow.report(by=people.inspector1, team=people.team1, site=first.site, description=" ", now=MONDAY)
    third = workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=first.site,
        description="补录",
        found_on=day("2019-12-31"),
        now=at("2020-01-01 08:00"),
    )
    fourth = make_problem(people, now=at("2020-01-01 08:00"))

    numbers = [one.number for one in (first, second, third, fourth)]
    assert numbers == ["焦督〔2019〕1号", "焦督〔2019〕2号", "焦督〔2019〕3号", "焦督〔2020〕1号"]


def test_an_office_without_a_prefix_numbers_by_its_short_name(people: Cast) -> None:
    people.office.number_prefix = ""
    people.office.short_zh = "焦督办"
    people.office.save()

    assert make_problem(people, now=MONDAY).number == "焦督办〔2019〕1号"


def test_an_on_the_spot_problem_without_a_unit_runs_for_the_team(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)

    assert stays(problem) == [("rectifying", "report")]
    assert clocks(problem) == {"rectify": (day("2019-12-03"), None)}
    assert (problem.due_on, problem.first_due_on, problem.lead_unit) == (day("2019-12-03"), day("2019-12-03"), None)
    assert not problem.assignments.exists()


def test_an_on_the_spot_problem_with_a_unit_is_theirs_at_once_and_they_are_told(people: Cast) -> None:
    problem = make_problem(
        people, status=Status.RECTIFYING, route=Route.ON_SPOT, unit=people.city_management, now=MONDAY
    )

    own = problem.assignments.get()
    assert (own.unit, own.role, own.state) == (people.city_management, "lead", "claimed")
    assert (own.assigned_on, own.assigned_by) == (day("2019-12-02"), people.inspector1)
    assert clocks(problem) == {"rectify 市城管局": (day("2019-12-03"), None)}
    assert problem.lead_unit == people.city_management
    assert told(problem, "assigned") == {"handler2"}


def test_the_short_term_runs_from_the_day_it_was_found_and_a_checklist_item_may_set_it(people: Cast) -> None:
    site = make_site(people)
    kind = ProblemKind.objects.get(code="voc")
    version = ChecklistVersion.objects.create(
        checklist=Checklist.objects.create(code="t", name_zh="检查表"), number=1, issued_on=day("2019-01-01")
    )
    item = ChecklistItem.objects.create(version=version, position=1, name_zh="密闭", kind=kind, term_days=3)

    problem = workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=site,
        description="未密闭",
        item=item,
        route=Route.ON_SPOT,
        found_on=day("2019-11-29"),
        now=MONDAY,
    )

    # The rule for what is told on the spot gives one day, and the item’s three stay within it.
    assert problem.due_on == day("2019-11-30")
    assert (problem.kind, problem.severity) == (kind, Severity.MAJOR)


def test_found_shortly_after_midnight_belongs_to_the_new_local_day(people: Cast) -> None:
    problem = workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=make_site(people),
        description="夜间施工",
        found_at=at("2019-12-02 23:59"),
        now=at("2019-12-03 00:30"),
    )

    assert problem.found_on == day("2019-12-02")
    assert clocks(problem)["deploy"][0] == day("2019-12-02")


def test_source_party_visit_and_candidates_are_kept(people: Cast) -> None:
    site = make_site(people)
    visit = make_visit(people, site, on=day("2019-12-02"))
    party = Party.objects.create(office=people.office, name="某某建设公司")

    problem = workflow.report(
        by=people.supervisor1,
        team=people.team1,
        site=site,
        visit=visit,
        description="上级交办",
        source=Source.HIGHER,
        source_ref=" D2HA-17 ",
        party=party,
        internal_note="举报人要求保密",
        candidates=[people.housing, people.city_management],
        now=MONDAY,
    )

    problem = Problem.objects.get(pk=problem.pk)
    assert (problem.source, problem.source_ref, problem.party_name) == ("higher", "D2HA-17", "某某建设公司")
    assert (problem.visit, problem.internal_note) == (visit, "举报人要求保密")
    assert set(problem.candidates.all()) == {people.housing, people.city_management}
    assert not Problem.objects.visible_to(people.handler1).exists()


def test_what_cannot_be_is_refused_and_leaves_nothing(people: Cast) -> None:
    site, other = make_site(people), make_site(people)
    usual = {"by": people.inspector1, "team": people.team1, "site": site, "description": "x", "now": MONDAY}
    wrong = [
        ({"description": "  "}, "description"),
        ({"found_on": day("2019-12-03")}, "found_on"),
        ({"quantity": Decimal(0)}, "quantity"),
        ({"source": Source.HIGHER}, "source_ref"),
        ({"visit": make_visit(people, other)}, "visit"),
        ({"visit": make_visit(people, site, team=people.team2)}, "visit"),
        ({"site": make_site(people, office=people.far_office, district="141102")}, "site"),
    ]
    for change, field in wrong:
        with pytest.raises(Invalid) as refusal:
            workflow.report(**usual | change)
        assert refusal.value.field == field
        assert refusal.value.status == 422

    assert not Problem.objects.exists()
    assert not Event.objects.filter(subject_type="problem").exists()
    assert not NumberSeries.objects.exists()


def test_only_the_teams_inspectors_and_the_offices_supervisors_report(people: Cast) -> None:
    site = make_site(people)
    refused = []
    for name, person in people.everybody().items():
        try:
            workflow.report(by=person, team=people.team1, site=site, description="x", now=MONDAY)
        except NotAllowed:
            refused.append(name)

    assert set(people.everybody()) - set(refused) == {"inspector1", "supervisor1", "supervisor2"}


def test_a_paper_is_no_photo_and_the_same_file_is_not_doubled(people: Cast) -> None:
    photo, paper = shot(), workflow.Shot(make_paper())

    problem = workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=make_site(people),
        description="x",
        shots=[photo, photo, paper],
        now=MONDAY,
    )

    assert problem.attachments.count() == 2


def test_candidates_can_be_named_until_it_is_assigned(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)

    workflow.name_candidates(
        problem, by=people.inspector1, units=[people.housing, people.jiefang], reason="权属不清", now=MONDAY
    )

    assert set(problem.candidates.all()) == {people.housing, people.jiefang}
    event = last_event(problem)
    assert (event.verb, event.details["units"]) == (Verb.NAME_CANDIDATES, ["市住建局", "解放区政府"])
    assert waiting(problem) == {"deploy"}
