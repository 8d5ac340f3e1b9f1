"""What was turned down and taken up again: which fixes, photos and visits still count, and who may judge."""

import pytest

from casetracker.enums import Role
from casetracker.errors import DomainError, IllegalMove, Invalid, NotAllowed
from inspections import policy, workflow
from inspections.enums import AssignmentRole, AssignmentState, Phase, Result, Route, Status
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, make_site, make_visit, shot
from tests.cast import Cast, make_person
from tests.inspections.reading import clocks, fresh, states, waiting

MONDAY = at("2019-12-02 09:00")
FRIDAY = at("2019-12-06 10:00")
LATER = at("2019-12-20 10:00")


# --- The day of a fix -------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "counts"), [("2019-12-05", False), ("2019-12-06", True), ("2019-12-07", True)])
def test_no_fix_is_dated_before_the_day_the_problem_was_reopened(people: Cast, on: str, counts: bool) -> None:
    site = make_site(people)
    problem = make_problem(people, status=Status.CLOSED, site=site, now=MONDAY)
    visit = make_visit(people, site, on=day(on))
    workflow.reopen(problem, by=people.supervisor1, reason="复发", due_on=day("2019-12-13"), now=FRIDAY)

    if counts:
        workflow.verify(problem, by=people.inspector1, visit=visit, shots=[shot()], now=LATER)
        assert fresh(problem).met_on == day(on)
        return
    for act in (
        lambda: workflow.verify(problem, by=people.inspector1, visit=visit, shots=[shot()], now=LATER),
        lambda: workflow.recheck(problem, by=people.inspector1, result=Result.FIXED, visit=visit, now=LATER),
    ):
        with pytest.raises(Invalid) as refusal:
            act()
        assert refusal.value.field == "visit"


def test_no_fix_is_dated_before_a_re_inspection_that_found_it_not_fixed_nor_by_that_visit(people: Cast) -> None:
    site = make_site(people)
    problem = make_problem(people, status=Status.RECTIFYING, site=site, now=MONDAY)
    earlier, failed, later = (make_visit(people, site, on=day(f"2019-12-0{n}")) for n in (4, 5, 7))
    workflow.recheck(problem, by=people.inspector1, result=Result.NOT_FIXED, visit=failed, now=at("2019-12-05 12:00"))

    for visit in (earlier, failed):
        with pytest.raises(Invalid):
            workflow.verify(problem, by=people.inspector1, visit=visit, shots=[shot()], now=LATER)
    workflow.verify(problem, by=people.inspector1, visit=later, shots=[shot()], now=LATER)

    assert fresh(problem).met_on == day("2019-12-07")


def test_the_first_of_the_re_inspections_that_found_it_fixed_is_the_day_it_was_put_right(people: Cast) -> None:
    site = make_site(people)
    problem = make_problem(people, status=Status.RECTIFYING, site=site, now=MONDAY)
    for on, result in (("2019-12-05", Result.PARTLY), ("2019-12-08", Result.FIXED), ("2019-12-11", Result.FIXED)):
        visit = make_visit(people, site, on=day(on))
        workflow.recheck(
            problem,
            by=people.inspector1,
            result=result,
            visit=visit,
            remaining="6",
            shots=[shot()],
            now=at(f"{on} 12:00"),
        )

    workflow.verify(problem, by=people.inspector1, now=LATER)

    problem = fresh(problem)
    assert (problem.met_on, problem.due_on, problem.verified_on) == (
        day("2019-12-08"),
        day("2019-12-09"),
        day("2019-12-20"),
    )


# --- Fixed on the spot ------------------------------------------------------------------------------


def test_on_the_spot_ends_with_the_first_report_return_or_reopening(people: Cast) -> None:
    sent_back = make_problem(people, route=Route.ON_SPOT, status=Status.REPORTED, now=MONDAY)
    workflow.send_back(sent_back, by=people.supervisor1, reason="未完", due_on=day("2019-12-20"), now=FRIDAY)
    reopened = make_problem(people, route=Route.ON_SPOT, status=Status.VERIFIED, now=MONDAY)
    workflow.reopen(reopened, by=people.supervisor1, reason="复发", due_on=day("2019-12-20"), now=FRIDAY)

    for problem in (sent_back, reopened):
        assert workflow.refused(fresh(problem), people.inspector1)
        with pytest.raises(IllegalMove, match="somebody else must verify it now"):
            workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()], now=FRIDAY)


def test_a_member_of_the_assigned_unit_does_not_see_it_put_right_on_the_spot(people: Cast) -> None:
    both = make_person("both", "借调", (people.housing, Role.HANDLER), (people.team1, Role.INSPECTOR))
    problem = make_problem(people, route=Route.ON_SPOT, status=Status.RECTIFYING, unit=people.housing)

    with pytest.raises(NotAllowed):
        workflow.fix_on_spot(problem, by=both, shots=[shot()])
    workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()])


@pytest.mark.parametrize("again", ["reopen", "to_central"])
def test_whoever_saw_it_put_right_on_the_spot_never_judges_it(people: Cast, again: str) -> None:
    both = make_person("both", "双岗", (people.team1, Role.INSPECTOR), (people.office, Role.SUPERVISOR))
    problem = make_problem(people, route=Route.ON_SPOT, status=Status.RECTIFYING, now=MONDAY)
    workflow.fix_on_spot(problem, by=both, shots=[shot()], now=FRIDAY)
    if again == "reopen":
        workflow.reopen(problem, by=both, reason="复发", due_on=day("2019-12-20"), now=FRIDAY)
    else:
        workflow.to_central(problem, by=both, reason="未真正整改", now=FRIDAY)
        workflow.assign(problem, by=both, addressees=[Addressee(people.housing)], now=FRIDAY)

    with pytest.raises(NotAllowed, match="four eyes"):
        workflow.verify(problem, by=both, shots=[shot()], now=LATER)
    workflow.verify(problem, by=people.supervisor2, shots=[shot()], now=LATER)


def test_what_was_seen_on_the_spot_opens_no_gate_of_the_office(people: Cast) -> None:
    problem = make_problem(people, route=Route.ON_SPOT, status=Status.REPORTED, now=MONDAY)
    workflow.verify(problem, by=people.supervisor1, shots=[shot()], now=FRIDAY)
    workflow.to_central(problem, by=people.supervisor1, reason="未真正整改", now=LATER)
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=LATER)

    with pytest.raises(Invalid) as refusal:
        workflow.verify(problem, by=people.supervisor2, now=LATER)

    assert refusal.value.field == "shots"


# --- Rights after it -------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", ["reopened", "reported", "sent to the office"])
def test_the_reporter_amends_alone_only_what_nobody_ever_called_fixed(people: Cast, turn: str) -> None:
    plain = make_problem(people, route=Route.ON_SPOT, status=Status.RECTIFYING, now=MONDAY)
    assert policy.PREDICATES["amender"](fresh(plain), people.inspector1) is None
    status = Status.REPORTED if turn == "reported" else Status.VERIFIED
    problem = make_problem(people, route=Route.ON_SPOT, status=status, now=MONDAY)
    if turn == "reopened":
        workflow.reopen(problem, by=people.supervisor1, reason="复发", due_on=day("2019-12-20"), now=FRIDAY)
    elif turn == "reported":
        workflow.send_back(problem, by=people.supervisor1, reason="未完", due_on=day("2019-12-20"), now=FRIDAY)
    else:
        workflow.to_central(problem, by=people.supervisor1, reason="未真正整改", now=FRIDAY)

    assert (
        policy.PREDICATES["amender"](fresh(problem), people.inspector1)
        == "Only a supervisor of the office may do this."
    )


def test_a_unit_that_never_claimed_claims_when_the_problem_is_reopened(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.ASSIGNED, others=others, now=MONDAY)
    workflow.claim(problem, by=people.handler2, now=MONDAY)
    workflow.verify(problem, by=people.inspector1, shots=[shot()], now=FRIDAY)

    workflow.reopen(problem, by=people.supervisor1, reason="复发", due_on=day("2019-12-20"), now=FRIDAY)

    assert fresh(problem).status == Status.RECTIFYING
    assert states(problem) == {"市住建局": "assigned", "市城管局": "claimed"}
    assert clocks(problem)["claim 市住建局"] == (day("2019-12-09"), None)
    with pytest.raises(IllegalMove, match="Claim it first"):
        workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=LATER)
    workflow.claim(problem, by=people.handler1, now=LATER)
    assert (fresh(problem).responsible, fresh(problem).status) == (people.handler1, Status.RECTIFYING)
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=LATER)


# --- Photos withdrawn -------------------------------------------------------------------------------


def withdraw_photo_of(problem: Problem, person: object, by: object) -> None:
    photo = problem.attachments.get(phase=Phase.AFTER, feedback__by=person)
    workflow.withdraw_evidence(problem, by=by, attachment=photo, reason="不是这个点位", now=FRIDAY)  # type: ignore[arg-type]


@pytest.mark.parametrize("reported", ["lead", "both"])
def test_a_report_whose_photo_is_withdrawn_is_no_report(people: Cast, reported: str) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    status = Status.REPORTED if reported == "both" else Status.RECTIFYING
    problem = make_problem(people, status=status, others=others, now=MONDAY)
    if reported == "lead":
        workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=FRIDAY)

    withdraw_photo_of(problem, people.handler1, people.supervisor1)

    one = fresh(problem)
    assert (one.status, one.met_on, one.fixed_by) == (Status.RECTIFYING, None, None)
    assert states(problem) == {"市住建局": "claimed", "市城管局": "reported" if reported == "both" else "claimed"}
    assert "rectify 市住建局" in waiting(problem)
    assert "verify" not in waiting(problem)
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=FRIDAY)
    assert fresh(problem).status == (Status.REPORTED if reported == "both" else Status.RECTIFYING)


def test_a_report_that_keeps_a_photo_stands_and_so_does_a_verified_fix(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot(), shot()], now=FRIDAY)
    first, second = problem.attachments.filter(phase=Phase.AFTER)

    workflow.withdraw_evidence(problem, by=people.supervisor1, attachment=first, reason="x", now=FRIDAY)
    assert fresh(problem).status == Status.REPORTED
    workflow.verify(problem, by=people.inspector1, shots=[shot()], now=FRIDAY)
    workflow.withdraw_evidence(problem, by=people.supervisor1, attachment=second, reason="x", now=FRIDAY)

    assert fresh(problem).status == Status.VERIFIED
    assert problem.assignments.get().state == AssignmentState.REPORTED


# --- Long words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["reason", "lifted", "responsible_name", "goal", "remaining", "source_ref"])
def test_words_too_long_for_their_column_are_refused_with_the_limit(people: Cast, field: str) -> None:
    problem = make_problem(people, status=Status.ASSIGNED)
    supervisor, long = people.supervisor1, "长" * 501
    if field == "lifted":
        workflow.escalate(problem, by=supervisor, reason="长" * 500)
    acts = {
        "reason": lambda: workflow.escalate(problem, by=supervisor, reason=long),
        "lifted": lambda: workflow.lift(problem, by=supervisor, reason=long),
        "responsible_name": lambda: workflow.claim(problem, by=people.handler1, responsible_name=long),
        "goal": lambda: workflow.assign(
            make_problem(people), by=supervisor, addressees=[Addressee(people.housing)], goal=long
        ),
        "remaining": lambda: workflow.recheck(problem, by=supervisor, result=Result.PARTLY, remaining=long),
        "source_ref": lambda: workflow.report(
            by=people.inspector1, team=people.team1, site=make_site(people), description="x", source_ref=long
        ),
    }

    with pytest.raises(DomainError, match="characters; this has 501") as refusal:
        acts[field]()

    assert isinstance(refusal.value, Invalid)
    assert refusal.value.field == ("reason" if field == "lifted" else field)
