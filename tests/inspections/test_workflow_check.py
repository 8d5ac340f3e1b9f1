"""Judging the fix: re-inspect, verify, send back, close, reopen, look back."""

from typing import Any

import pytest

from casetracker import options
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from inspections import workflow
from inspections.enums import AssignmentRole, Result, Route, Status, VisitMode
from inspections.workflow import Addressee, Shot
from inspections.workflow.reporting import drawn_for_look_back
from tests.builders import at, day, make_paper, make_problem, make_visit, shot
from tests.cast import Cast
from tests.inspections.reading import clock_rows, clocks, fresh, last_event, snapshot, states, stays, told, waiting

MONDAY = at("2019-12-02 09:00")
FRIDAY = at("2019-12-06 10:00")
TUESDAY = at("2019-12-10 10:00")


def test_verifying_on_site_writes_the_recheck_and_starts_the_closing_clock(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)
    visit = make_visit(people, problem.site, on=day("2019-12-06"), mode=VisitMode.RECHECK)

    workflow.verify(problem, by=people.inspector1, shots=[shot()], visit=visit, note="9处全部覆盖", now=FRIDAY)

    problem = fresh(problem)
    assert (problem.status, problem.verified_by, problem.verified_by_name, problem.verified_on) == (
        "verified",
        people.inspector1,
        "陈望",
        day("2019-12-06"),
    )
    recheck = problem.rechecks.get()
    assert (recheck.result, recheck.visit, recheck.on, recheck.by) == (
        "fixed",
        visit,
        day("2019-12-06"),
        people.inspector1,
    )
    assert recheck.attachments.get().phase == "recheck"
    assert clocks(problem)["verify"] == (day("2019-12-04"), day("2019-12-06"))
    assert clocks(problem)["close"] == (day("2019-12-10"), None)
    assert waiting(problem) == {"close"}
    assert last_event(problem).details["from_papers"] is False
    assert told(problem, "verify") == {"handler1"}


def test_verifying_from_papers_stands_on_the_units_photo(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)

    workflow.verify(problem, by=people.supervisor1, now=FRIDAY)

    assert fresh(problem).status == Status.VERIFIED
    assert last_event(problem).details["from_papers"] is True


def test_what_was_not_reported_needs_a_recheck_photo_and_then_is_met_that_day(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)
    visit = make_visit(people, problem.site, on=day("2019-12-05"))
    before = snapshot(problem)
    for shots in ([], [Shot(make_paper())]):
        with pytest.raises(Invalid) as refusal:
            workflow.verify(problem, by=people.inspector1, shots=shots, now=FRIDAY)
        assert refusal.value.field == "shots"
    assert snapshot(problem) == before

    workflow.verify(problem, by=people.inspector1, shots=[shot()], visit=visit, now=FRIDAY)

    problem = fresh(problem)
    assert (problem.status, problem.met_on, problem.verified_on) == (
        "verified",
        day("2019-12-05"),
        day("2019-12-06"),
    )
    assert states(problem) == {"市住建局": "reported"}
    assert waiting(problem) == {"close"}
    assert stays(problem)[-2:] == [("claimed", "claim"), ("verified", "verify")]


def test_where_only_some_have_not_reported_they_are_named(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.RECTIFYING, others=others, now=MONDAY)
    with pytest.raises(Invalid, match="It was not reported back: add a photo of how it is now"):
        workflow.verify(problem, by=people.inspector1, now=FRIDAY)

    workflow.report_back(problem, by=people.handler1, text="已办", shots=[shot()], now=FRIDAY)

    with pytest.raises(Invalid, match="These units have not reported back: City Management. Add a photo of how it is"):
        workflow.verify(problem, by=people.inspector1, now=FRIDAY)


def test_a_recheck_that_found_it_fixed_opens_the_way_to_verify(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.recheck(problem, by=people.inspector1, result=Result.FIXED, shots=[shot()], now=FRIDAY)
    assert fresh(problem).status == Status.RECTIFYING

    workflow.verify(problem, by=people.inspector1, now=FRIDAY)

    assert fresh(problem).status == Status.VERIFIED


def test_sending_back_unmakes_the_report_and_keeps_the_first_date(people: Cast) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    problem = make_problem(people, status=Status.REPORTED, others=others, now=MONDAY)

    workflow.send_back(
        problem,
        by=people.inspector1,
        reason="北侧三处未覆盖",
        due_on=day("2019-12-13"),
        result=Result.PARTLY,
        remaining="6/9",
        now=FRIDAY,
    )

    problem = fresh(problem)
    assert problem.status == Status.RECTIFYING
    assert (problem.due_on, problem.first_due_on, problem.met_on) == (day("2019-12-13"), day("2019-12-09"), None)
    assert (problem.return_count, problem.failed_rechecks, problem.fixed_by) == (1, 1, None)
    assert states(problem) == {"市住建局": "claimed", "市城管局": "claimed"}
    assert waiting(problem) == {"rectify 市住建局", "rectify 市城管局"}
    assert problem.rechecks.get().remaining == "6/9"
    row = next(row for row in clock_rows(problem) if row.clock == "rectify")
    assert row.agreed == [["2019-12-06", "2019-12-13", "sent_back", "北侧三处未覆盖"]]
    assert told(problem, "send_back") == {"handler1", "handler2"}
    assert (last_event(problem).before["met_on"], last_event(problem).after["met_on"]) == ("2019-12-02", None)


def test_sending_back_needs_a_reason_a_date_and_a_failed_result(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)
    before = snapshot(problem)
    good = {"reason": "未清扫", "due_on": day("2019-12-13")}
    wrong = [
        ({"reason": " "}, "reason"),
        ({"due_on": day("2019-12-05")}, "due_on"),
        ({"result": Result.PARTLY}, "remaining"),
        ({"result": Result.FIXED}, "result"),
    ]
    for change, field in wrong:
        with pytest.raises(Invalid) as refusal:
            workflow.send_back(problem, by=people.inspector1, now=FRIDAY, **good | change)
        assert refusal.value.field == field
    assert snapshot(problem) == before


def test_old_photos_do_not_show_a_fix_that_was_turned_down(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)
    workflow.send_back(
        problem, by=people.inspector1, reason="未清扫", due_on=day("2019-12-13"), shots=[shot()], now=FRIDAY
    )
    with pytest.raises(Invalid):
        workflow.verify(problem, by=people.inspector1, now=TUESDAY)
    workflow.recheck(problem, by=people.inspector1, result=Result.FIXED, now=TUESDAY)
    with pytest.raises(Invalid):
        workflow.verify(problem, by=people.inspector1, now=TUESDAY)

    workflow.verify(problem, by=people.inspector1, shots=[shot()], now=TUESDAY)

    assert (fresh(problem).status, fresh(problem).met_on) == (Status.VERIFIED, day("2019-12-10"))


def test_a_reopened_problem_is_not_verified_on_the_strength_of_the_old_recheck(people: Cast) -> None:
    problem = make_problem(people, status=Status.VERIFIED, now=MONDAY)
    workflow.reopen(problem, by=people.supervisor1, reason="又裸露", due_on=day("2019-12-13"), now=FRIDAY)
    with pytest.raises(Invalid):
        workflow.verify(problem, by=people.inspector1, now=FRIDAY)


def test_the_second_failed_recheck_proposes_escalation(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.recheck(problem, by=people.inspector1, result=Result.NOT_FIXED, now=FRIDAY)
    workflow.recheck(problem, by=people.inspector1, result=Result.NOT_CHECKED, note="大门紧锁", now=FRIDAY)
    assert told(problem, "propose_escalation") == set()

    workflow.recheck(problem, by=people.inspector1, result=Result.PARTLY, remaining="6/9", now=TUESDAY)

    assert fresh(problem).failed_rechecks == 2
    assert told(problem, "propose_escalation") == {"supervisor1", "supervisor2"}
    assert fresh(problem).status == Status.RECTIFYING


@pytest.mark.parametrize("status", [Status.VERIFIED, Status.CLOSED])
def test_a_failed_recheck_of_a_struck_off_problem_proposes_reopening(people: Cast, status: Status) -> None:
    problem = make_problem(people, status=status, now=MONDAY)

    workflow.recheck(problem, by=people.inspector1, result=Result.NOT_FIXED, shots=[shot()], now=TUESDAY)

    assert fresh(problem).status == status
    assert told(problem, "propose_reopen") == {"supervisor1", "supervisor2"}


def test_partly_says_what_remains_and_a_visit_must_fit(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    elsewhere = make_visit(people, on=day("2019-12-06"))
    too_early = make_visit(people, problem.site, on=day("2019-12-01"))
    tomorrow = make_visit(people, problem.site, on=day("2019-12-07"))
    before = snapshot(problem)
    wrong = [
        ({"result": Result.PARTLY}, "remaining"),
        ({"result": "perhaps"}, "result"),
        ({"result": Result.FIXED, "visit": elsewhere}, "visit"),
        ({"result": Result.FIXED, "visit": too_early}, "visit"),
        ({"result": Result.FIXED, "visit": tomorrow}, "visit"),
    ]
    for data, field in wrong:
        with pytest.raises(Invalid) as refusal:
            workflow.recheck(problem, by=people.inspector1, now=FRIDAY, **data)
        assert refusal.value.field == field
    assert snapshot(problem) == before


def test_closing_strikes_it_off(people: Cast) -> None:
    problem = make_problem(people, status=Status.VERIFIED, now=MONDAY)

    workflow.close(problem, by=people.supervisor1, note="同意销号", now=FRIDAY)

    problem = fresh(problem)
    assert (problem.status, problem.closed_by, problem.closed_on) == (
        "closed",
        people.supervisor1,
        day("2019-12-06"),
    )
    assert waiting(problem) == set()
    assert clocks(problem)["close"] == (day("2019-12-04"), day("2019-12-06"))
    assert told(problem, "close") == {"handler1", "inspector1"}
    assert not problem.is_open


def test_the_same_supervisor_may_verify_and_close_unless_the_office_wants_a_second_one(people: Cast) -> None:
    first = make_problem(people, status=Status.REPORTED, now=MONDAY)
    workflow.verify(first, by=people.supervisor1, now=FRIDAY)
    workflow.close(first, by=people.supervisor1, now=FRIDAY)
    options.put("require_second_closer", True)
    second = make_problem(people, status=Status.REPORTED, now=MONDAY)
    workflow.verify(second, by=people.supervisor1, now=FRIDAY)

    with pytest.raises(NotAllowed):
        workflow.close(second, by=people.supervisor1, now=FRIDAY)
    workflow.close(second, by=people.supervisor2, now=FRIDAY)

    assert fresh(first).status == fresh(second).status == Status.CLOSED


def test_a_second_close_is_refused_naming_who_was_first(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLOSED, now=MONDAY)
    before = snapshot(problem)

    with pytest.raises(IllegalMove) as refusal:
        workflow.close(problem, by=people.supervisor2, now=FRIDAY)

    assert "周衡" in refusal.value.message
    assert refusal.value.facts["problem"].status == Status.CLOSED
    assert snapshot(problem) == before


@pytest.mark.parametrize("status", [Status.VERIFIED, Status.CLOSED])
def test_reopening_is_counted_and_puts_everybody_to_work_again(people: Cast, status: Status) -> None:
    problem = make_problem(people, status=status, now=MONDAY)
    with pytest.raises(Invalid):
        workflow.reopen(problem, by=people.supervisor1, reason=" ", due_on=day("2019-12-13"), now=FRIDAY)

    workflow.reopen(problem, by=people.supervisor1, reason="又裸露", due_on=day("2019-12-13"), now=FRIDAY)

    problem = fresh(problem)
    assert (problem.status, problem.reopen_count) == ("rectifying", 1)
    assert (problem.due_on, problem.first_due_on, problem.met_on) == (day("2019-12-13"), day("2019-12-09"), None)
    assert (problem.verified_by, problem.verified_on, problem.closed_by, problem.closed_on) == (None,) * 4
    assert states(problem) == {"市住建局": "claimed"}
    assert waiting(problem) == {"rectify 市住建局"}
    assert told(problem, "reopen") == {"handler1", "inspector1"}
    assert problem.is_overdue(day("2019-12-14"))


def test_a_reopened_problem_without_a_unit_runs_for_the_team(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLOSED, route=Route.ON_SPOT, now=MONDAY)

    workflow.reopen(problem, by=people.supervisor1, reason="又积尘", due_on=day("2019-12-13"), now=FRIDAY)

    assert waiting(problem) == {"rectify"}
    assert fresh(problem).due_on == day("2019-12-13")
    with pytest.raises(IllegalMove, match="somebody else must verify it now"):
        workflow.fix_on_spot(problem, by=people.inspector1, shots=[shot()], now=TUESDAY)
    workflow.report_back(problem, by=people.inspector1, text="已清扫", shots=[shot()], now=TUESDAY)
    workflow.verify(problem, by=people.supervisor1, now=TUESDAY)
    assert fresh(problem).status == Status.VERIFIED


def test_the_look_back_draw_takes_its_share_and_the_server_can_repeat_it() -> None:
    from casetracker.ids import uuid7

    ids = [uuid7() for _ in range(5000)]
    drawn = [one for one in ids if drawn_for_look_back(one, 10)]

    assert 400 < len(drawn) < 600
    assert drawn == [one for one in ids if drawn_for_look_back(one, 10)]
    assert set(drawn) <= {one for one in ids if drawn_for_look_back(one, 20)}
    assert not any(drawn_for_look_back(one, 0) for one in ids)
    assert all(drawn_for_look_back(one, 100) for one in ids)


def test_nobody_can_choose_an_id_that_is_not_drawn_without_the_servers_secret(settings: Any) -> None:
    from casetracker.ids import uuid7

    ids = [uuid7() for _ in range(500)]
    drawn = [one for one in ids if drawn_for_look_back(one, 50)]

    settings.SECRET_KEY = "another"

    assert drawn != [one for one in ids if drawn_for_look_back(one, 50)]


def test_a_drawn_one_is_looked_back_at_by_somebody_else(people: Cast) -> None:
    options.put("look_back_percent", 100)
    problem = make_problem(people, status=Status.CLOSED, route=Route.ON_SPOT, now=MONDAY)
    assert (problem.look_back, problem.looked_back_on) == (True, None)
    assert waiting(problem) == {"look_back"}
    with pytest.raises(NotAllowed):
        workflow.recheck(problem, by=people.inspector1, result=Result.FIXED, now=FRIDAY)

    workflow.recheck(problem, by=people.supervisor1, result=Result.NOT_CHECKED, now=FRIDAY)
    assert waiting(problem) == {"look_back"}
    workflow.recheck(problem, by=people.supervisor1, result=Result.FIXED, now=TUESDAY)

    assert fresh(problem).looked_back_on == day("2019-12-10")
    assert waiting(problem) == set()


@pytest.mark.parametrize("looked", [True, False])
def test_what_was_to_be_looked_back_at_and_is_reopened_is_judged_by_others_instead(people: Cast, looked: bool) -> None:
    options.put("look_back_percent", 100)
    problem = make_problem(people, status=Status.VERIFIED, route=Route.ON_SPOT, now=MONDAY)
    if looked:
        workflow.recheck(problem, by=people.supervisor1, result=Result.NOT_FIXED, now=FRIDAY)

    workflow.reopen(problem, by=people.supervisor1, reason="未真正整改", due_on=day("2019-12-13"), now=FRIDAY)

    problem = fresh(problem)
    assert (problem.look_back, problem.looked_back_on) == (looked, day("2019-12-06") if looked else None)
    assert waiting(problem) == {"rectify"}
