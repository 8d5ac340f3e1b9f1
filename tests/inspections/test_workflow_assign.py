"""Handing on: assignment to one or several units, batches, hand-back, recall, release."""

import pytest

from casetracker.errors import IllegalMove, Invalid, NotAllowed
from inspections import workflow
from inspections.enums import AssignmentRole, Severity, Status
from inspections.models import Problem
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, shot
from tests.cast import Cast, make_unit
from tests.inspections.reading import clocks, fresh, last_event, snapshot, states, stays, told, waiting

MONDAY = at("2019-12-02 09:00")
TUESDAY = at("2019-12-03 09:00")
CO = AssignmentRole.CO


def test_assigning_starts_the_units_clocks_and_tells_them(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)

    workflow.assign(
        problem,
        by=people.supervisor1,
        addressees=[Addressee(people.housing)],
        goal="全部覆盖",
        measures="逐处覆盖，复核",
        now=TUESDAY,
    )

    problem = fresh(problem)
    assert problem.status == Status.ASSIGNED
    assert (problem.lead_unit, problem.due_on, problem.first_due_on) == (
        people.housing,
        day("2019-12-10"),
        day("2019-12-10"),
    )
    assert (problem.goal, problem.measures, problem.acceptor) == ("全部覆盖", "逐处覆盖，复核", people.team1)
    assert stays(problem) == [("found", "report"), ("assigned", "assign")]
    assert clocks(problem) == {
        "deploy": (day("2019-12-02"), day("2019-12-03")),
        "claim 市住建局": (day("2019-12-04"), None),
        "feedback 市住建局": (day("2019-12-06"), None),
        "rectify 市住建局": (day("2019-12-10"), None),
    }
    event = last_event(problem)
    assert (event.verb, event.before["status"], event.after["status"]) == ("assign", "found", "assigned")
    assert event.after["lead_unit"] == "市住建局"
    assert event.details["units"] == [{"unit": "市住建局", "role": "lead"}]
    assert told(problem, "assigned") == {"handler1"}


def test_a_major_problem_has_a_month(people: Cast) -> None:
    problem = make_problem(people, severity=Severity.MAJOR, status=Status.ASSIGNED, now=at("2020-01-31 09:00"))

    assert problem.due_on == day("2020-02-29")


def test_an_office_may_set_the_date_itself_but_not_in_the_past(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    before = snapshot(problem)
    with pytest.raises(Invalid) as refusal:
        workflow.assign(
            problem,
            by=people.supervisor1,
            addressees=[Addressee(people.housing)],
            due_on=day("2019-12-01"),
            now=MONDAY,
        )
    assert refusal.value.field == "due_on"
    assert snapshot(problem) == before

    workflow.assign(
        problem, by=people.supervisor1, addressees=[Addressee(people.housing)], due_on=day("2019-12-02"), now=MONDAY
    )
    assert clocks(problem)["rectify 市住建局"] == (day("2019-12-02"), None)


def test_a_special_assignment_goes_to_three_at_once_each_with_its_own_clocks(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)

    workflow.assign(
        problem,
        by=people.supervisor1,
        addressees=[
            Addressee(people.housing, AssignmentRole.LEAD),
            Addressee(people.city_management, AssignmentRole.REGULATOR),
            Addressee(people.jiefang, AssignmentRole.GOVERNMENT),
        ],
        special=True,
        now=MONDAY,
    )

    problem = fresh(problem)
    assert problem.special
    assert problem.route == "central"
    assert states(problem) == {"市住建局": "assigned", "市城管局": "assigned", "解放区政府": "assigned"}
    units = ("市住建局", "市城管局", "解放区政府")
    assert waiting(problem) == {f"{clock} {unit}" for clock in ("claim", "feedback", "rectify") for unit in units}
    assert told(problem, "assigned") == {"handler1", "handler2", "government1"}


def test_each_addressee_claims_and_reports_by_itself_and_the_problem_waits_for_the_last(people: Cast) -> None:
    others = [Addressee(people.city_management, CO), Addressee(people.jiefang, AssignmentRole.GOVERNMENT)]
    problem = make_problem(people, status=Status.ASSIGNED, others=others, now=MONDAY)

    workflow.claim(problem, by=people.handler2, now=TUESDAY)
    assert fresh(problem).status == Status.ASSIGNED
    assert states(problem)["市城管局"] == "claimed"
    workflow.claim(problem, by=people.handler1, now=TUESDAY)
    assert fresh(problem).status == Status.CLAIMED
    workflow.begin_work(problem, by=people.handler1, now=TUESDAY)
    workflow.claim(problem, by=people.government1, now=at("2019-12-03 10:00"))

    workflow.report_back(problem, by=people.handler2, text="已办", shots=[shot()], now=at("2019-12-04 10:00"))
    assert fresh(problem).met_on is None
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=at("2019-12-05 10:00"))
    one = fresh(problem)
    assert (one.status, one.met_on) == (Status.RECTIFYING, day("2019-12-05"))
    assert told(problem, "report_back") == set()
    workflow.report_back(problem, by=people.government1, text="已督促", shots=[shot()], now=at("2019-12-06 10:00"))

    assert fresh(problem).status == Status.REPORTED
    assert waiting(problem) == {"verify"}
    assert told(problem, "report_back") == {"inspector1"}
    assert clocks(problem)["rectify 市城管局"][1] == day("2019-12-04")


def test_the_last_missing_addressee_may_be_released_with_a_reason(people: Cast) -> None:
    others = [Addressee(people.city_management, CO)]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=TUESDAY)
    lead, other = problem.assignments.get(role="lead"), problem.assignments.get(role="co")
    before = snapshot(problem)
    for wrong in ({"assignment": other, "reason": " "}, {"assignment": lead, "reason": "x"}):
        with pytest.raises(Invalid):
            workflow.release(problem, by=people.supervisor1, now=TUESDAY, **wrong)
    assert snapshot(problem) == before

    workflow.release(problem, by=people.supervisor1, assignment=other, reason="无需配合", now=TUESDAY)

    assert fresh(problem).status == Status.REPORTED
    assert states(problem) == {"市住建局": "reported", "市城管局": "released"}
    assert waiting(problem) == {"verify"}
    assert told(problem, "release") == {"handler2", "inspector1"}


def test_addressees_must_make_sense(people: Cast) -> None:
    gone = make_unit("已撤销的局", people.housing.kind, valid_until=day("2019-11-30"))
    problem = make_problem(people, now=MONDAY)
    before = snapshot(problem)
    wrong = [
        ([], "lead"),
        ([Addressee(people.housing, CO)], "lead"),
        ([Addressee(people.housing), Addressee(people.jiefang)], "lead"),
        ([Addressee(people.housing), Addressee(people.housing, CO)], "units"),
        ([Addressee(gone)], "units"),
    ]
    for addressees, field in wrong:
        with pytest.raises(Invalid) as refusal:
            workflow.assign(problem, by=people.supervisor1, addressees=addressees, now=MONDAY)
        assert refusal.value.field == field
    assert snapshot(problem) == before


def test_choosing_among_several_candidates_needs_a_reason_that_stays_on_record(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    candidates = [people.housing, people.city_management, people.jiefang, people.shanyang]
    workflow.name_candidates(problem, by=people.inspector1, units=candidates, now=MONDAY)
    with pytest.raises(Invalid) as refusal:
        workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=MONDAY)
    assert refusal.value.field == "reason"

    workflow.assign(
        problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], reason="土地权属在区里", now=MONDAY
    )

    event = last_event(problem)
    assert set(event.details["candidates"]) == {"市住建局", "市城管局", "解放区政府", "山阳区政府"}
    assert event.details["reason"] == "土地权属在区里"


def test_passing_over_the_only_candidate_needs_a_reason_too(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    workflow.name_candidates(problem, by=people.inspector1, units=[people.jiefang], now=MONDAY)
    with pytest.raises(Invalid) as refusal:
        workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=MONDAY)
    assert refusal.value.field == "reason"

    workflow.assign(
        problem, by=people.supervisor1, addressees=[Addressee(people.housing)], reason="工地归住建", now=MONDAY
    )
    assert last_event(problem).details["reason"] == "工地归住建"


def test_one_candidate_needs_no_reason(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    workflow.name_candidates(problem, by=people.inspector1, units=[people.jiefang], now=MONDAY)

    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=MONDAY)

    assert fresh(problem).status == Status.ASSIGNED


def test_a_batch_is_one_numbered_document_to_several_units(people: Cast) -> None:
    problems = [make_problem(people, now=MONDAY) for _ in range(3)]
    batch = workflow.open_batch(
        by=people.supervisor1, office=people.office, title="十二月第一批集中交办", requirement="七日内", now=MONDAY
    )
    for problem, unit in zip(problems, [people.housing, people.housing, people.jiefang], strict=True):
        workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(unit)], batch=batch, now=MONDAY)
    second = workflow.open_batch(by=people.supervisor2, office=people.office, title="第二批", now=TUESDAY)

    assert (batch.number, second.number) == ("焦督交〔2019〕1号", "焦督交〔2019〕2号")
    assert batch.assignments.count() == 3
    assert last_event(problems[0]).details["batch"] == "焦督交〔2019〕1号"


def test_batches_are_issued_by_the_offices_own_supervisors_with_a_title(people: Cast) -> None:
    for person in (people.inspector1, people.leader1, people.outsider, people.handler1, people.admin):
        with pytest.raises(NotAllowed):
            workflow.open_batch(by=person, office=people.office, title="x", now=MONDAY)
    with pytest.raises(NotAllowed):
        workflow.open_batch(by=people.supervisor1, office=people.far_office, title="x", now=MONDAY)
    with pytest.raises(Invalid):
        workflow.open_batch(by=people.supervisor1, office=people.office, title=" ", now=MONDAY)
    far = workflow.open_batch(by=people.outsider, office=people.far_office, title="x", now=MONDAY)
    assert far.number == "吕督交〔2019〕1号"
    with pytest.raises(Invalid):
        workflow.assign(
            make_problem(people, now=MONDAY),
            by=people.supervisor1,
            addressees=[Addressee(people.housing)],
            batch=far,
            now=MONDAY,
        )


@pytest.mark.parametrize("status", [Status.ASSIGNED, Status.CLAIMED])
def test_the_lead_hands_back_what_is_not_theirs_and_the_office_must_assign_anew(people: Cast, status: Status) -> None:
    others = [Addressee(people.city_management, CO)]
    problem = make_problem(people, status=status, others=others, now=MONDAY)
    with pytest.raises(Invalid):
        workflow.hand_back(problem, by=people.handler1, reason="", now=TUESDAY)

    workflow.hand_back(problem, by=people.handler1, reason="不属于住建职责", now=TUESDAY)

    problem = fresh(problem)
    assert problem.status == Status.FOUND
    assert states(problem) == {"市住建局": "handed_back", "市城管局": "released"}
    assert (problem.lead_unit, problem.due_on, problem.responsible) == (None, None, None)
    assert problem.first_due_on == day("2019-12-09")
    assert clocks(problem) == {"deploy": (day("2019-12-03"), None)}
    assert told(problem, "hand_back") == {"supervisor1", "supervisor2", "handler2"}
    assert (last_event(problem).details["unit"], last_event(problem).details["recalled"]) == ("市住建局", False)

    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.jiefang)], now=at("2019-12-05 09:00"))
    problem = fresh(problem)
    assert (problem.due_on, problem.first_due_on) == (day("2019-12-12"), day("2019-12-09"))
    assert Problem.objects.visible_to(people.handler1).filter(pk=problem.pk).exists()


def test_a_supervisor_recalls_it(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)

    workflow.hand_back(problem, by=people.supervisor2, reason="交错了", now=TUESDAY)

    assert fresh(problem).status == Status.FOUND
    assert last_event(problem).details["recalled"] is True
    assert told(problem, "hand_back") == {"supervisor1", "handler1"}


def test_a_co_handler_hands_back_only_its_own(people: Cast) -> None:
    others = [Addressee(people.city_management, CO)]
    problem = make_problem(people, status=Status.CLAIMED, others=others, now=MONDAY)

    workflow.hand_back(problem, by=people.handler2, reason="无关", now=TUESDAY)

    assert fresh(problem).status == Status.CLAIMED
    assert states(problem) == {"市住建局": "claimed", "市城管局": "handed_back"}
    assert waiting(problem) == {"feedback 市住建局", "rectify 市住建局"}
    assert last_event(problem).details["only_own"] is True


def test_what_is_being_rectified_can_no_longer_be_handed_back(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    before = snapshot(problem)

    with pytest.raises(IllegalMove) as refusal:
        workflow.hand_back(problem, by=people.handler1, reason="x", now=TUESDAY)

    assert refusal.value.status == 409
    assert "焦督〔2019〕1号" in refusal.value.message
    assert "赵岩" in refusal.value.message
    assert snapshot(problem) == before


def test_a_second_notice_of_the_same_kind_is_not_swallowed(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    workflow.hand_back(problem, by=people.handler1, reason="一", now=TUESDAY)
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.housing)], now=at("2019-12-03 10:00"))
    workflow.hand_back(problem, by=people.handler1, reason="二", now=at("2019-12-03 11:00"))

    assert people.supervisor1.notices.filter(kind="hand_back").count() == 2
    assert people.handler1.notices.filter(kind="assigned").count() == 2
