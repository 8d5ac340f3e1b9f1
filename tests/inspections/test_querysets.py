"""Who sees what, what is overdue, what is alike: the questions that every page starts from."""

import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import given, settings
from hypothesis import strategies as st

from casetracker.models import District
from inspections import workflow
from inspections.enums import AssignmentRole, Route, Status
from inspections.models import Assignment, Party, Problem, ProblemKind, Site, Visit
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, make_site, make_visit
from tests.cast import Cast, join, make_person

MONDAY = at("2019-12-02 09:00")


def seers(people: Cast, problem: Problem) -> set[str]:
    everybody = people.everybody().items()
    return {name for name, one in everybody if Problem.objects.visible_to(one).filter(pk=problem.pk).exists()}


OFFICE = {"inspector1", "supervisor1", "supervisor2", "leader1", "officer1", "legal1"}


def test_before_assignment_only_the_office_and_the_districts_inspectors_see_it(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    workflow.name_candidates(problem, by=people.inspector1, units=[people.housing, people.jiefang], now=MONDAY)

    assert seers(people, problem) == OFFICE
    assert not Problem.objects.visible_to(AnonymousUser()).exists()


def test_a_handler_sees_it_from_assignment_on_and_still_after_it_ended(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    assert seers(people, problem) == OFFICE | {"handler1"}

    workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=MONDAY)
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=MONDAY)

    assert seers(people, problem) == OFFICE | {"handler1", "government1"}


def test_an_inspector_sees_the_districts_of_the_team_and_what_the_team_found_elsewhere(people: Cast) -> None:
    elsewhere = make_site(people, district="410811")
    in_district = make_problem(people, site=elsewhere, team=people.team2, by=people.inspector2, now=MONDAY)
    found_there = make_problem(people, site=elsewhere, team=people.team1, now=MONDAY)

    assert seers(people, in_district) & {"inspector1", "inspector2"} == {"inspector2"}
    assert seers(people, found_there) & {"inspector1", "inspector2"} == {"inspector1", "inspector2"}


def test_a_team_with_a_whole_city_sees_its_counties(people: Cast) -> None:
    people.team1.districts.set(District.objects.filter(code="410800"))
    problem = make_problem(people, site=make_site(people, district="4108Z1"), team=people.team2, now=MONDAY)

    assert "inspector1" in seers(people, problem)


def test_after_a_merge_both_teams_see_the_survivor(people: Cast) -> None:
    survivor = make_problem(people, now=MONDAY)
    double = make_problem(people, team=people.team2, by=people.inspector2, now=MONDAY)
    assert "inspector2" not in seers(people, survivor)

    workflow.merge(double, by=people.supervisor1, survivor=survivor, reason="同一处", now=MONDAY)

    assert "inspector2" in seers(people, survivor)
    Problem.objects.visible_to(people.inspector2).get(pk=survivor.pk)


def test_somebody_with_two_posts_sees_both_and_each_row_once(people: Cast) -> None:
    join(people.inspector1, people.housing, "handler")
    far = make_problem(people, site=make_site(people, district="410811"), team=people.team2, now=MONDAY)
    own = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    workflow.assign(
        far,
        by=people.supervisor1,
        addressees=[Addressee(people.housing), Addressee(people.jiefang, AssignmentRole.CO)],
        now=MONDAY,
    )

    assert sorted(Problem.objects.visible_to(people.inspector1).values_list("pk", flat=True)) == sorted(
        [far.pk, own.pk]
    )


def test_a_membership_that_ended_or_has_not_begun_shows_nothing(people: Cast) -> None:
    make_problem(people, now=MONDAY)
    former, coming = make_person("former", "旧人"), make_person("coming", "新人")
    join(former, people.office, "supervisor", until_on=day("2019-12-31"))
    join(coming, people.office, "supervisor", from_on=day("2099-01-01"))

    assert not Problem.objects.visible_to(former).exists()
    assert not Problem.objects.visible_to(coming).exists()


def test_sites_visits_parties_and_assignments_follow_the_same_lines(people: Cast) -> None:
    site = make_site(people, district="410802")
    make_visit(people, site)
    party = Party.objects.create(office=people.office, name="某某建设公司")
    problem = make_problem(people, site=site, now=MONDAY)
    workflow.amend(problem, by=people.supervisor1, reason="x", party=party, now=MONDAY)
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=MONDAY)

    def seen(model: type) -> set[str]:
        everybody = people.everybody().items()
        return {name for name, person in everybody if model.objects.visible_to(person).exists()}  # type: ignore[attr-defined]

    assert seen(Site) == OFFICE | {"handler1"}
    assert seen(Visit) == OFFICE
    assert seen(Party) == OFFICE | {"handler1"}
    assert seen(Assignment) == OFFICE | {"handler1"}


def test_a_team_sees_each_site_it_visited_elsewhere_once(people: Cast) -> None:
    site = make_site(people, district="410811")
    for _ in range(3):
        make_visit(people, site, team=people.team1)
    make_problem(people, site=site, team=people.team1, now=MONDAY)

    assert list(Site.objects.visible_to(people.inspector1)) == [site]
    assert Visit.objects.visible_to(people.inspector1).count() == 3
    Visit.objects.update(undone=True)
    assert Visit.objects.counted().count() == 0


@pytest.mark.parametrize(
    ("today", "overdue"), [("2019-12-08", False), ("2019-12-09", False), ("2019-12-10", True), ("2020-12-09", True)]
)
def test_due_today_is_not_overdue(people: Cast, today: str, overdue: bool) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    assert problem.due_on == day("2019-12-09")

    assert Problem.objects.overdue(day(today)).exists() is overdue
    assert problem.is_overdue(day(today)) is overdue


@pytest.mark.parametrize("status", list(Status))
def test_only_what_a_unit_still_has_to_put_right_is_overdue(people: Cast, status: Status) -> None:
    make_problem(people, status=status, now=MONDAY)

    late = status in (Status.ASSIGNED, Status.CLAIMED, Status.RECTIFYING)
    assert Problem.objects.overdue(day("2020-06-01")).exists() is late


dates = st.none() | st.dates(datetime.date(2019, 12, 1), datetime.date(2019, 12, 20))


@settings(max_examples=60)
@given(st.sampled_from(Status), dates, dates, dates, st.dates(datetime.date(2019, 12, 1), datetime.date(2019, 12, 22)))
def test_the_query_and_the_row_agree_on_overdue(
    people: Cast,
    status: Status,
    due: datetime.date | None,
    met: datetime.date | None,
    paused: datetime.date | None,
    today: datetime.date,
) -> None:
    problem = Problem.objects.first() or make_problem(people, now=MONDAY)
    Problem.objects.update(
        status=status,
        void_kind="test" if status == Status.VOID else "",
        closed_on=day("2019-12-20") if status == Status.CLOSED else None,
        due_on=due,
        first_due_on=due,
        met_on=met,
        paused_since=paused,
    )
    problem.refresh_from_db()

    assert Problem.objects.overdue(today).exists() is problem.is_overdue(today)


def test_what_is_due_in_a_span_leaves_out_the_done_and_the_stopped(people: Cast) -> None:
    due = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    stopped = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.pause(stopped, by=people.supervisor1, reason="停工", now=MONDAY)
    make_problem(people, status=Status.REPORTED, now=MONDAY)

    for first, last, found in (
        ("2019-12-09", "2019-12-09", [due]),
        ("2019-12-01", "2019-12-09", [due]),
        ("2019-12-10", "2019-12-20", []),
        ("2019-12-01", "2019-12-08", []),
    ):
        assert list(Problem.objects.due_between(day(first), day(last))) == found


def test_open_and_counted(people: Cast) -> None:
    problems = {status: make_problem(people, status=status, now=MONDAY) for status in Status}

    not_open = {problems[Status.CLOSED].pk, problems[Status.VOID].pk}
    assert {one.pk for one in Problem.objects.open()} == {one.pk for one in problems.values()} - not_open
    assert Problem.objects.counted().count() == 7
    assert [status for status, one in problems.items() if one.is_open] == list(Status)[:6]


def test_search_finds_words_numbers_and_former_places(people: Cast) -> None:
    problem = make_problem(people, description="黄土裸露约200平方米", now=MONDAY)
    make_problem(people, description="道路破损", route=Route.ON_SPOT, status=Status.RECTIFYING, now=MONDAY)

    for text in ("黄土裸露", "裸露", "露", "200", problem.site_name, "焦督〔2019〕1号"):
        assert problem in Problem.objects.find(text), text
    assert Problem.objects.find("破损").count() == 1
    assert Problem.objects.find("油烟").count() == 0
    assert ProblemKind.objects.get(code="bare_soil") == problem.kind


def test_a_whole_number_means_that_problem_and_not_those_with_its_figures_in_their_words(people: Cast) -> None:
    first = make_problem(people, description="裸露约80平方米", now=MONDAY)
    second = make_problem(people, description="裸露约10平方米，2019年", now=MONDAY)
    assert (first.number, second.number) == ("焦督〔2019〕1号", "焦督〔2019〕2号")

    for text in ("焦督〔2019〕1号", "焦督[2019]第1号", "（2019）1", "〔２０１９〕１号"):
        assert list(Problem.objects.find(text)) == [first], text
    # Of a number that nobody here has, the words are looked for: it may be that of another ledger.
    assert list(Problem.objects.find("焦督〔2019〕10号")) == [second]
    assert list(Problem.objects.find("吕督〔2019〕1号")) == []


def test_rows_of_a_list_need_no_further_queries(people: Cast, django_assert_num_queries: object) -> None:
    for _ in range(3):
        make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    person = people.supervisor1
    list(Problem.objects.visible_to(person))

    with django_assert_num_queries(1):  # type: ignore[operator]
        for row in Problem.objects.visible_to(person).for_rows():
            assert all((row.kind, row.site.name, row.district.name_zh, row.lead_unit, row.team.name_zh))
