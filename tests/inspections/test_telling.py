"""Who is told: whoever acts for the office or the unit, in the unit acted for, and nobody who may not see it."""

from pathlib import Path
from typing import Any

import pytest

from casetracker.enums import Role
from casetracker.errors import Invalid
from casetracker.models import Job, Notice
from inspections import policy, workflow
from inspections.enums import AssignmentRole, Audience, Phase, Result, Route, Severity, Status, VoidKind
from inspections.ledger.importing.jobs import release
from inspections.models import Problem
from inspections.subjects import NOTICES, PROBLEM
from inspections.workflow import Addressee
from inspections.workflow.evidence import tell_unreadable
from inspections.workflow.undoing import undo_import
from tests.builders import at, day, make_problem, make_site, shot
from tests.cast import Cast, join, leave, make_person
from tests.inspections.ledger.test_importing import changed, ledger, take_in
from tests.inspections.reading import fresh, last_event, told

MONDAY = at("2019-12-02 09:00")
FRIDAY = at("2019-12-06 10:00")


def test_supervisors_and_leaders_are_told_who_may_act_above_in_and_below_the_office(people: Cast) -> None:
    for name, unit in (("above", people.bureau), ("below", people.team2), ("far", people.far_bureau)):
        make_person(f"{name}-s", "督", (unit, Role.SUPERVISOR))
        make_person(f"{name}-l", "领", (unit, Role.LEADER))
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)

    workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=FRIDAY)

    assert told(problem, "hand_back") == {"supervisor1", "supervisor2", "above-s", "below-s"}
    from inspections.workflow import telling

    assert {one.username for one in telling.leaders(problem)} == {"leader1", "above-l", "below-l"}
    everybody = [*telling.supervisors(problem), *telling.leaders(problem)]
    assert all(policy.supervises(one, problem) or policy.leads_office(one, problem) for one in everybody)


def test_an_escalation_is_told_to_everybody_who_handles_for_the_lead_and_to_nobody_else_there(people: Cast) -> None:
    make_person("head", "局长", (people.housing, Role.LEADER))
    make_person("second", "林工", (people.housing, Role.HANDLER))
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)

    workflow.escalate(problem, by=people.supervisor1, reason="超期", now=FRIDAY)

    assert told(problem, "escalate") == {"handler1", "second", "supervisor2"}


def test_the_responsible_person_handles_for_the_unit(people: Cast) -> None:
    head = make_person("head", "局长", (people.housing, Role.LEADER))
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)

    with pytest.raises(Invalid) as refusal:
        workflow.claim(problem, by=people.handler1, responsible=head, now=FRIDAY)

    assert refusal.value.field == "responsible"


def test_whoever_asked_for_more_time_and_has_left_is_not_told_of_the_decision(people: Cast) -> None:
    second = make_person("second", "林工", (people.housing, Role.HANDLER))
    problem = make_problem(people, status=Status.CLAIMED, now=MONDAY)
    asked = workflow.ask_extension(
        problem, by=second, reason="雨", plan="x", wanted_on=day("2019-12-30"), now=at("2019-12-03 09:00")
    )
    leave(second, people.housing, day("2019-12-04"))

    workflow.decide_extension(problem, by=people.supervisor1, extension=asked, granted_on=day("2019-12-20"), now=FRIDAY)

    assert told(problem, "decide_extension") == {"handler1"}


def everything_that_tells(people: Cast) -> None:
    """Every kind of notice about problems, brought about in the usual ways."""
    sup, one, handler = people.supervisor1, people.inspector1, people.handler1
    co = [Addressee(people.city_management, AssignmentRole.CO), Addressee(people.jiefang, AssignmentRole.GOVERNMENT)]

    def step(verb: Any, problem: Problem, by: Any, **facts: Any) -> Any:
        return verb(problem, by=by, now=FRIDAY, **facts)

    first = make_problem(people, status=Status.ASSIGNED, severity=Severity.MAJOR, others=co, now=MONDAY)
    step(workflow.claim, first, handler)
    step(workflow.begin_work, first, handler, plan="三步")
    step(workflow.release, first, sup, assignment=first.assignments.get(unit=people.jiefang), reason="无关")
    ask = {"reason": "雨", "plan": "x", "wanted_on": day("2020-01-30")}
    extension = step(workflow.ask_extension, first, handler, **ask)
    step(workflow.decide_extension, first, sup, extension=extension, granted_on=day("2020-01-30"))
    step(workflow.pause, first, sup, reason="停工")
    step(workflow.resume, first, sup)
    step(workflow.comment, first, sup, text="请抓紧", audience=Audience.UNIT)
    step(workflow.comment, first, people.handler2, text="已安排")
    step(workflow.recheck, first, one, result=Result.NOT_FIXED)
    step(workflow.recheck, first, one, result=Result.NOT_FIXED)
    step(workflow.escalate, first, sup, reason="超期")
    step(workflow.lift, first, sup, reason="已答")
    step(workflow.claim, first, people.handler2)
    for member in (handler, people.handler2):
        step(workflow.report_back, first, member, text="已办", shots=[shot(member)])
    step(workflow.send_back, first, one, reason="未完", due_on=day("2020-02-20"))
    for member in (handler, people.handler2):
        step(workflow.report_back, first, member, text="已办", shots=[shot(member)])
    step(workflow.verify, first, one, shots=[shot(one)])
    step(workflow.recheck, first, sup, result=Result.NOT_FIXED)
    step(workflow.close, first, sup)
    step(workflow.reopen, first, sup, reason="反弹", due_on=day("2020-03-20"))
    away = make_site(people, "山阳建材市场", district="410811")
    moved = make_problem(people, now=MONDAY)
    step(workflow.amend, moved, sup, reason="录入有误", site=away, team=people.team2)

    handed = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    step(workflow.hand_back, handed, handler, reason="不属本局")
    step(workflow.void, handed, sup, kind=VoidKind.TEST, reason="练习")
    on_spot = make_problem(people, route=Route.ON_SPOT, status=Status.RECTIFYING, unit=people.housing, now=MONDAY)
    step(workflow.to_central, on_spot, sup, reason="需交办")
    reported = make_problem(people, status=Status.REPORTED, now=MONDAY)
    after = reported.attachments.get(phase=Phase.AFTER)
    step(workflow.withdraw_evidence, reported, sup, attachment=after, reason="不是此处")
    before = reported.attachments.get(phase=Phase.BEFORE)
    tell_unreadable(before.evidence, FRIDAY)
    step(workflow.merge, reported, sup, survivor=fresh(on_spot), reason="同一处")


def imports_that_tell(people: Cast, folder: Path) -> None:
    """A released ledger that comes again with another date for one problem and another unit for the other, and
    once more with a date that is taken back."""
    one, other = {"问题编号": "焦督〔2019〕7001号"}, {"问题编号": "焦督〔2019〕7002号"}
    batch = take_in(ledger(folder, changed(**one), changed(**other)), people.office).batch
    assert batch is not None
    release(batch, by=people.supervisor1)
    again = ledger(folder, changed(**one, 整改时限="2099-11-28"), changed(**other, 责任单位="市城管局"), name="b.csv")
    take_in(again, people.office)
    wrong = take_in(ledger(folder, changed(**one, 整改时限="2099-12-28"), name="c.csv"), people.office).batch
    assert wrong is not None
    job = Job.objects.create(kind="ledger_undo", requested_by=people.supervisor1, created_at=wrong.created_at)
    undo_import(wrong, by=people.supervisor1, job_id=job.pk, progress=lambda done, total: None)


def test_nobody_is_told_of_what_they_may_not_see(people: Cast, tmp_path: Path) -> None:
    """People of every role in every unit, some of whom left: over all kinds of notice."""
    units = (people.bureau, people.office, people.team1, people.team2, people.housing, people.city_management)
    for unit in (*units, people.jiefang, people.far_office, people.far_housing):
        for role in Role:
            make_person(f"{role.value}-{unit.pk}", "某", (unit, role))
            gone = make_person(f"gone-{role.value}-{unit.pk}", "某")
            join(gone, unit, role, until_on=day("2019-12-01"))

    everything_that_tells(people)
    imports_that_tell(people, tmp_path)

    notices = Notice.objects.filter(subject_type="problem").select_related("person")
    assert {notice.kind for notice in notices} == set(NOTICES)
    wrong = [
        (notice.kind, notice.person.username)
        for notice in notices
        if notice.kind not in PROBLEM.farewells
        and not Problem.objects.visible_to(notice.person).filter(pk=notice.subject_id).exists()
    ]
    assert wrong == []


def test_history_names_the_unit_of_the_post_in_which_one_acted(people: Cast) -> None:
    both = make_person("both", "兼职", (people.office, Role.SUPERVISOR), (people.housing, Role.HANDLER))
    join(both, people.team2, Role.INSPECTOR)
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    seen = []

    def acted(verb: Any, **facts: Any) -> None:
        verb(problem, by=both, now=FRIDAY, **facts)
        seen.append((last_event(problem).verb, last_event(problem).actor_unit))

    acted(workflow.claim)
    acted(workflow.begin_work)
    acted(workflow.ask_extension, reason="雨", plan="x", wanted_on=day("2019-12-30"))
    acted(workflow.pause, reason="停工")
    acted(workflow.report_back, text="已办", shots=[shot()])
    acted(workflow.void, kind=VoidKind.TEST, reason="练习")
    reported = workflow.report(by=both, team=people.team2, site=make_site(people), description="x", now=MONDAY)

    office, unit = people.office.name_zh, people.housing.name_zh
    assert seen == [
        ("claim", unit),
        ("begin", unit),
        ("ask_extension", unit),
        ("pause", office),
        ("report_back", unit),
        ("void", office),
    ]
    assert last_event(reported).actor_unit == people.team2.name_zh
