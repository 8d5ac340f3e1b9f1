"""Putting right: claim, begin, report back."""

import pytest

from casetracker.errors import IllegalMove, Invalid, NotAllowed
from inspections import workflow
from inspections.enums import AssignmentRole, Audience, Phase, Route, Severity, Status
from inspections.workflow import Addressee, Shot
from tests.builders import at, day, make_paper, make_problem, make_site, shot
from tests.cast import Cast, join, leave, make_person
from tests.inspections.reading import clocks, fresh, last_event, snapshot, states, stays, told, waiting

MONDAY = at("2019-12-02 09:00")
TUESDAY = at("2019-12-03 09:00")


def test_a_member_of_the_unit_claims_it_and_answers_for_it(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)

    workflow.claim(problem, by=people.handler1, now=TUESDAY)

    problem = fresh(problem)
    assert (problem.status, problem.responsible, problem.responsible_name) == ("claimed", people.handler1, "赵岩")
    own = problem.assignments.get()
    assert (own.state, own.claimed_by, own.claimed_at, own.responsible) == (
        "claimed",
        people.handler1,
        TUESDAY,
        people.handler1,
    )
    assert clocks(problem)["claim 市住建局"] == (day("2019-12-03"), day("2019-12-03"))
    assert waiting(problem) == {"feedback 市住建局", "rectify 市住建局"}
    assert last_event(problem).details == {"unit": "市住建局", "responsible": "赵岩"}
    assert stays(problem)[-1] == ("claimed", "claim")


def test_the_claimer_may_name_a_colleague_or_somebody_without_an_account(people: Cast) -> None:
    colleague = make_person("colleague", "林工", (people.housing, "handler"))
    named = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    written = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    foreign = make_problem(people, status=Status.ASSIGNED, now=MONDAY)

    workflow.claim(named, by=people.handler1, responsible=colleague, now=TUESDAY)
    workflow.claim(written, by=people.handler1, responsible_name=" 老何 ", now=TUESDAY)
    with pytest.raises(Invalid) as refusal:
        workflow.claim(foreign, by=people.handler1, responsible=people.handler2, now=TUESDAY)

    assert (fresh(named).responsible, fresh(named).responsible_name) == (colleague, "林工")
    assert (fresh(written).responsible, fresh(written).responsible_name) == (None, "老何")
    assert refusal.value.field == "responsible"
    assert fresh(foreign).status == Status.ASSIGNED


def test_when_the_responsible_person_has_left_the_units_handlers_are_told(people: Cast) -> None:
    colleague = make_person("colleague", "林工", (people.housing, "handler"))
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)
    workflow.comment(problem, by=people.supervisor1, text="一", audience=Audience.UNIT, now=TUESDAY)
    assert told(problem, "comment") == {"handler1"}

    leave(people.handler1, people.housing, day("2019-12-31"))
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=TUESDAY)

    assert told(problem, "pause") == {colleague.username}


def test_a_second_claim_is_refused_with_the_present_state(people: Cast) -> None:
    second = make_person("second", "林工", (people.housing, "handler"))
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)
    before = snapshot(problem)

    with pytest.raises(IllegalMove) as refusal:
        workflow.claim(problem, by=second, now=TUESDAY)

    assert refusal.value.status == 409
    assert refusal.value.message.startswith("Your unit has claimed this already. 焦督〔2019〕1号 is now “Claimed” (")
    assert "赵岩" in refusal.value.message
    assert snapshot(problem) == before


def test_the_lead_begins_and_that_is_the_first_feedback(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)

    workflow.begin_work(problem, by=people.handler1, plan="三日内覆盖", goal="无裸露", now=TUESDAY)

    problem = fresh(problem)
    assert (problem.status, problem.measures, problem.goal) == ("rectifying", "三日内覆盖", "无裸露")
    assert clocks(problem)["feedback 市住建局"] == (day("2019-12-05"), day("2019-12-03"))
    assert waiting(problem) == {"rectify 市住建局"}
    assert told(problem, "begin") == {"inspector1"}


def test_a_major_problem_needs_a_plan_before_work_begins(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLAIMED, severity=Severity.MAJOR, now=MONDAY)
    with pytest.raises(Invalid) as refusal:
        workflow.begin_work(problem, by=people.handler1, plan=" ", now=TUESDAY)
    assert refusal.value.field == "plan"
    assert fresh(problem).status == Status.CLAIMED

    workflow.begin_work(problem, by=people.handler1, plan="一企一策：……", now=TUESDAY)

    assert fresh(problem).status == Status.RECTIFYING


def test_a_co_handler_cannot_begin_for_the_lead(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.CLAIMED, others=others, now=MONDAY)
    with pytest.raises(NotAllowed):
        workflow.begin_work(problem, by=people.handler2, now=TUESDAY)


def test_a_units_word_on_how_things_stand_is_its_first_feedback(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    assert "feedback 市城管局" in waiting(problem)

    workflow.comment(problem, by=people.handler2, text="已派清扫车", now=TUESDAY)

    assert clocks(problem)["feedback 市城管局"][1] == day("2019-12-03")


def test_reporting_back_meets_the_date_and_starts_verification(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    paper = make_paper()

    workflow.report_back(
        problem, by=people.handler1, text="已覆盖", shots=[shot()], papers=[paper], now=at("2019-12-06 16:00")
    )

    problem = fresh(problem)
    assert (problem.status, problem.met_on, problem.fixed_by) == ("reported", day("2019-12-06"), people.handler1)
    assert problem.due_on == day("2019-12-09")
    assert states(problem) == {"市住建局": "reported"}
    feedback = problem.feedbacks.get()
    assert (feedback.by, feedback.text, feedback.done_on) == (people.handler1, "已覆盖", day("2019-12-06"))
    assert {one.phase for one in feedback.attachments.all()} == {Phase.AFTER, Phase.PAPER}
    assert clocks(problem)["verify"] == (day("2019-12-10"), None)
    assert waiting(problem) == {"verify"}
    event = last_event(problem)
    assert (event.details["late_days"], event.details["photos"], event.details["papers"]) == (0, 1, 1)
    assert event.before["status"] == "rectifying"
    assert event.after["met_on"] == "2019-12-06"
    assert told(problem, "report_back") == {"inspector1"}


def test_a_late_report_says_how_late(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, due_on=day("2019-12-04"), now=MONDAY)

    workflow.report_back(problem, by=people.handler1, text="已覆盖", shots=[shot()], now=at("2019-12-06 16:00"))

    assert last_event(problem).details["late_days"] == 2
    assert fresh(problem).met_on == day("2019-12-06")


def test_reporting_back_needs_words_and_a_photo_of_how_it_is_now(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    before = snapshot(problem)
    wrong = [
        ({"text": " ", "shots": [shot()]}, "text"),
        ({"text": "已办", "shots": []}, "shots"),
        ({"text": "已办", "shots": [Shot(make_paper())]}, "shots"),
    ]
    for data, field in wrong:
        with pytest.raises(Invalid) as refusal:
            workflow.report_back(problem, by=people.handler1, now=TUESDAY, **data)
        assert refusal.value.field == field
    assert snapshot(problem) == before


def test_a_handler_is_not_held_up_by_a_before_photo_that_only_the_office_can_add(people: Cast) -> None:
    problem = workflow.report(
        by=people.inspector1, team=people.team1, site=make_site(people), description="热线举报", now=MONDAY
    )
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=MONDAY)
    workflow.claim(problem, by=people.handler1, now=MONDAY)
    workflow.begin_work(problem, by=people.handler1, now=MONDAY)

    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=TUESDAY)
    with pytest.raises(Invalid) as refusal:
        workflow.verify(problem, by=people.inspector1, shots=[shot()], now=TUESDAY)
    assert refusal.value.field == "before"
    workflow.verify(problem, by=people.inspector1, shots=[shot()], before=[shot()], now=TUESDAY)

    assert fresh(problem).status == Status.VERIFIED


def test_nobody_reports_back_twice_or_for_another_unit(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=TUESDAY)
    before = snapshot(problem)

    with pytest.raises(IllegalMove, match="reported back already"):
        workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=TUESDAY)
    for person in (people.government1, people.inspector1, people.supervisor1):
        with pytest.raises(NotAllowed):
            workflow.report_back(problem, by=person, text="已办", shots=[shot()], now=TUESDAY)

    assert snapshot(problem) == before


def test_an_unclaimed_assignment_is_claimed_before_it_reports(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.ASSIGNED, others=others, now=MONDAY)
    workflow.claim(problem, by=people.handler1, now=MONDAY)
    workflow.begin_work(problem, by=people.handler1, now=MONDAY)

    with pytest.raises(IllegalMove, match="Claim it first"):
        workflow.report_back(problem, by=people.handler2, text="已办", shots=[shot()], now=TUESDAY)
    workflow.claim(problem, by=people.handler2, now=TUESDAY)
    workflow.report_back(problem, by=people.handler2, text="已办", shots=[shot()], now=TUESDAY)

    assert states(problem) == {"市住建局": "claimed", "市城管局": "reported"}


def test_the_unit_of_an_on_the_spot_problem_reports_back_without_claiming(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, unit=people.housing, now=MONDAY)

    workflow.report_back(problem, by=people.handler1, text="已清扫", shots=[shot()], now=TUESDAY)

    assert (fresh(problem).status, fresh(problem).met_on) == (Status.REPORTED, day("2019-12-03"))


def test_without_a_unit_the_team_records_the_partys_proof(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)
    with pytest.raises(NotAllowed):
        workflow.report_back(problem, by=people.inspector2, text="x", shots=[shot()], now=TUESDAY)

    workflow.report_back(problem, by=people.inspector1, text="业主发来照片", shots=[shot()], now=TUESDAY)

    assert fresh(problem).status == Status.REPORTED
    with pytest.raises(NotAllowed):
        workflow.verify(problem, by=people.inspector1, shots=[shot()], now=TUESDAY)
    workflow.verify(problem, by=people.supervisor1, now=TUESDAY)
    assert fresh(problem).status == Status.VERIFIED


def test_a_former_member_no_longer_acts_for_the_unit(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    former = make_person("former", "旧人")
    join(former, people.housing, "handler", until_on=day("2019-12-31"))
    with pytest.raises(NotAllowed):
        workflow.claim(problem, by=former, now=TUESDAY)


def test_claiming_what_nobody_assigned_is_illegal(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    with pytest.raises(IllegalMove):
        workflow.claim(problem, by=people.handler1, now=TUESDAY)


def test_the_photo_of_how_it_was_shows_nothing_put_right(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING)
    before = problem.attachments.filter(phase=Phase.BEFORE).first()
    assert before is not None
    with pytest.raises(Invalid, match="how it was before"):
        workflow.report_back(problem, by=people.handler1, text="已覆盖", shots=[Shot(before.evidence)])
    assert not problem.feedbacks.exists()
