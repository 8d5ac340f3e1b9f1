"""On the spot: put right while the team is there, or sent to the office."""

import pytest

from casetracker import options
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from inspections import workflow
from inspections.enums import Route, Status
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import at, day, make_paper, make_problem, make_site, shot
from tests.cast import Cast
from tests.inspections.reading import clocks, fresh, last_event, snapshot, states, stays, told, waiting

MONDAY = at("2019-12-02 09:00")
TUESDAY = at("2019-12-03 09:00")


def test_fixed_while_the_team_is_there(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)

    workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()], note="当场清扫", now=TUESDAY)

    problem = fresh(problem)
    assert (problem.status, problem.met_on, problem.fixed_by, problem.verified_by) == (
        "verified",
        day("2019-12-03"),
        people.inspector1,
        people.inspector1,
    )
    assert stays(problem) == [("rectifying", "report"), ("verified", "fix_on_spot")]
    assert clocks(problem) == {
        "rectify": (day("2019-12-03"), day("2019-12-03")),
        "close": (day("2019-12-05"), None),
    }
    assert not problem.look_back


def test_the_unit_hears_that_nothing_is_left_to_do(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, unit=people.housing, now=MONDAY)

    workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()], now=MONDAY)

    assert states(problem) == {"市住建局": "reported"}
    assert waiting(problem) == {"close"}
    assert told(problem, "fix_on_spot") == {"handler1"}
    assert fresh(problem).met_on == day("2019-12-02")


def test_photos_before_and_after_are_a_gate(people: Cast) -> None:
    problem = workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=make_site(people),
        description="积尘",
        route=Route.ON_SPOT,
        now=MONDAY,
    )
    before = snapshot(problem)
    paper = workflow.Shot(make_paper())
    wrong = [
        ({"shots": [shot()]}, "before"),
        ({"shots": [shot()], "before": [paper]}, "before"),
        ({"before": [shot()]}, "shots"),
        ({"before": [shot()], "shots": [paper]}, "shots"),
    ]
    for data, field in wrong:
        with pytest.raises(Invalid) as refusal:
            workflow.fix_on_spot(problem, by=people.inspector1, now=MONDAY, **data)
        assert refusal.value.field == field
    assert snapshot(problem) == before

    workflow.fix_on_spot(problem, by=people.inspector1, before=[shot()], shots=[shot()], now=MONDAY)

    assert fresh(problem).status == Status.VERIFIED


def test_whoever_saw_it_fixed_does_not_close_it(people: Cast) -> None:
    from tests.cast import join

    join(people.inspector1, people.office, "supervisor")
    problem = make_problem(people, status=Status.VERIFIED, route=Route.ON_SPOT, now=MONDAY)

    with pytest.raises(NotAllowed):
        workflow.close(problem, by=people.inspector1, now=TUESDAY)
    workflow.close(problem, by=people.supervisor1, now=TUESDAY)

    assert fresh(problem).status == Status.CLOSED


def test_a_central_problem_is_not_fixed_on_the_spot(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    with pytest.raises(IllegalMove):
        workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()], now=TUESDAY)


@pytest.mark.parametrize("status", [Status.RECTIFYING, Status.REPORTED, Status.VERIFIED])
def test_an_open_one_can_be_sent_to_the_office_and_counts_as_central_from_that_day(
    people: Cast, status: Status
) -> None:
    options.put("look_back_percent", 100)
    problem = make_problem(people, status=status, route=Route.ON_SPOT, unit=people.housing, now=MONDAY)
    with pytest.raises(Invalid):
        workflow.to_central(problem, by=people.inspector1, reason="", now=TUESDAY)

    workflow.to_central(problem, by=people.inspector1, reason="业主拒不整改", now=TUESDAY)

    problem = fresh(problem)
    assert (problem.status, problem.route, problem.central_on) == ("found", "central", day("2019-12-03"))
    assert problem.route_on(day("2019-12-02")) == "on_spot"
    assert problem.route_on(day("2019-12-03")) == "central"
    assert (problem.lead_unit, problem.due_on, problem.met_on, problem.fixed_by, problem.verified_by) == (None,) * 5
    assert not problem.look_back
    assert states(problem) == {"市住建局": "released"}
    assert waiting(problem) == {"deploy"}
    assert clocks(problem)["deploy"] == (day("2019-12-03"), None)
    assert told(problem, "to_central") == {"supervisor1", "supervisor2", "handler1"}
    assert last_event(problem).details["reason"] == "业主拒不整改"
    with pytest.raises(IllegalMove):
        workflow.to_central(problem, by=people.inspector1, reason="x", now=TUESDAY)

    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=TUESDAY)
    assert fresh(problem).due_on == day("2019-12-10")


def test_both_routes_sum_to_the_total_before_and_after(people: Cast) -> None:
    problems = [make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY) for _ in range(3)]
    problems.append(make_problem(people, now=MONDAY))
    workflow.to_central(problems[0], by=people.supervisor1, reason="转办", now=at("2019-12-04 09:00"))

    for on, central in (("2019-12-03", 1), ("2019-12-04", 2)):
        routes = [one.route_on(day(on)) for one in Problem.objects.all()]
        assert (routes.count("central"), len(routes)) == (central, 4)
