"""Putting the record right: amend, void, withdraw evidence."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import Custody, District, Evidence, Notice
from casetracker.views import inbox
from inspections import workflow
from inspections.enums import Phase, Result, Route, Severity, Status, VoidKind
from inspections.models import ImportBatch, Party, Problem, ProblemKind
from inspections.subjects import event_sentence
from inspections.views.problem.panels import path
from inspections.views.problem.record import load
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, make_site, make_visit, shot
from tests.cast import Cast
from tests.inspections.ledger.test_importing import changed, ledger, take_in
from tests.inspections.reading import clock_rows, clocks, events, fresh, last_event, snapshot, states, told, waiting

MONDAY = at("2019-12-02 09:00")
FRIDAY = at("2019-12-06 10:00")


def amend(problem: Problem, by: Any, **values: Any) -> Problem:
    workflow.amend(problem, by=by, reason="录入有误", now=FRIDAY, **values)
    return fresh(problem)


def test_amending_keeps_the_number_and_writes_before_and_after(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    kind = ProblemKind.objects.get(code="dust")

    after = amend(problem, people.supervisor1, kind=kind, description="场地积尘", quantity=Decimal(8), lat=35.2)

    assert (after.number, after.kind, after.description, after.quantity) == (
        problem.number,
        kind,
        "场地积尘",
        Decimal(8),
    )
    event = last_event(problem)
    assert (event.before["kind"], event.after["kind"]) == ("黄土裸露未覆盖", "场地积尘")
    assert event.details["reason"] == "录入有误"
    assert Problem.objects.find("积尘").filter(pk=problem.pk).exists()
    assert not Problem.objects.find("黄土裸露").filter(pk=problem.pk).exists()
    assert told(problem, "amend") == {"handler1"}
    assert after.status == Status.ASSIGNED


def test_history_keeps_one_name_whatever_the_language_of_the_one_who_wrote(people: Cast) -> None:
    from django.utils import translation

    problem = make_problem(people, now=MONDAY)
    with translation.override("en"):
        workflow.amend(problem, by=people.supervisor1, reason="x", team=people.team2, now=FRIDAY)

    assert (last_event(problem).before["team"], last_event(problem).after["team"]) == (
        "第一现场督导组",
        "第二现场督导组",
    )


def test_a_new_site_brings_its_name_and_district_and_a_new_party_its_name(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    site = make_site(people, "山阳建材市场", district="410811")
    party = Party.objects.create(office=people.office, name="某某商贸公司")

    after = amend(problem, people.supervisor1, site=site, party=party)
    assert (after.site_name, after.district_id, after.party_name) == ("山阳建材市场", "410811", "某某商贸公司")
    kept = amend(problem, people.supervisor1, site=make_site(people), district=District.objects.get(code="410803"))
    assert kept.district_id == "410803"


def test_severity_and_day_of_finding_count_the_dates_anew(people: Cast) -> None:
    assigned = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    on_spot = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)
    found = make_problem(people, now=MONDAY)

    after = amend(assigned, people.supervisor1, severity=Severity.MAJOR)
    assert (after.due_on, after.first_due_on) == (day("2020-01-02"), day("2020-01-02"))
    row = next(row for row in clock_rows(assigned) if row.clock == "rectify")
    assert (row.rule.code if row.rule else "", row.started_on) == ("rectify_major", day("2019-12-02"))
    assert amend(on_spot, people.supervisor1, found_on=day("2019-11-29")).due_on == day("2019-11-30")
    amend(found, people.supervisor1, found_on=day("2019-11-29"))
    assert clocks(found)["deploy"] == (day("2019-11-29"), None)


def test_counting_anew_keeps_stops_and_agreed_dates(people: Cast) -> None:
    stopped = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.pause(stopped, by=people.supervisor1, reason="停工", now=at("2019-12-03 09:00"))
    workflow.resume(stopped, by=people.supervisor1, now=at("2019-12-05 09:00"))
    agreed = make_problem(people, status=Status.REPORTED, now=MONDAY)
    workflow.send_back(agreed, by=people.inspector1, reason="x", due_on=day("2019-12-20"), now=FRIDAY)

    assert amend(stopped, people.supervisor1, severity=Severity.MAJOR).due_on == day("2020-01-04")
    assert amend(agreed, people.supervisor1, severity=Severity.MAJOR).due_on == day("2019-12-20")


def test_another_team_takes_over_the_teams_clocks_and_both_are_told(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=MONDAY)

    after = amend(problem, people.supervisor1, team=people.team2)

    assert after.team == people.team2
    assert next(row.unit for row in clock_rows(problem) if row.clock == "verify") == people.team2
    assert told(problem, "amend") == {"handler1", "inspector1", "inspector2"}


def test_what_cannot_be_is_refused_by_its_field(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLOSED, now=MONDAY)
    before = snapshot(problem)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"found_on": day("2019-12-07")}, "found_on"),
        ({"found_on": day("2019-12-05")}, "found_on"),
        ({"description": "  "}, "description"),
        ({"quantity": Decimal(0)}, "quantity"),
        ({"severity": "terrible"}, "severity"),
        ({"source": "dream"}, "source"),
        ({"district": None}, "district"),
        ({"team": people.far_team}, "team"),
        ({"status": "found"}, ""),
        ({"description": problem.description}, ""),
        ({}, ""),
        ({"site": make_site(people, "吕梁工地", office=people.far_office, district="141102")}, "site"),
    ]
    for values, field in wrong:
        with pytest.raises(Invalid) as refusal:
            amend(problem, people.supervisor2, **values)
        assert refusal.value.field == field, values
    with pytest.raises(Invalid):
        workflow.amend(problem, by=people.supervisor2, reason=" ", description="y", now=FRIDAY)
    assert snapshot(problem) == before


def test_it_is_found_neither_before_its_visit_nor_after_its_fix_was_spoken_of(people: Cast) -> None:
    site = make_site(people)
    visit = make_visit(people, site, on=day("2019-12-02"))
    reported = make_problem(people, status=Status.REPORTED, site=site, visit=visit, now=MONDAY)
    looked_at = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)
    workflow.recheck(looked_at, by=people.inspector1, result=Result.NOT_FIXED, now=at("2019-12-04 09:00"))

    for problem, wrong in ((reported, "2019-12-03"), (reported, "2019-12-01"), (looked_at, "2019-12-05")):
        with pytest.raises(Invalid) as refusal:
            amend(problem, people.supervisor1, found_on=day(wrong))
        assert refusal.value.field == "found_on"
    assert amend(looked_at, people.supervisor1, found_on=day("2019-12-04")).found_on == day("2019-12-04")


def test_it_is_not_found_after_the_day_it_was_handed_on(people: Cast) -> None:
    assigned = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    sent = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)
    workflow.to_central(sent, by=people.inspector1, reason="须移交", now=MONDAY)

    for problem in (assigned, sent):
        before = snapshot(problem)
        with pytest.raises(Invalid) as refusal:
            amend(problem, people.supervisor1, found_on=day("2019-12-04"))
        assert refusal.value.field == "found_on"
        assert str(refusal.value) == "It can’t be found after 2 Dec 2019, when it was handed on."
        assert snapshot(problem) == before
    assert amend(assigned, people.supervisor1, found_on=day("2019-11-30")).found_on == day("2019-11-30")


def test_what_a_ledger_assigned_goes_along_with_its_day_of_finding(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed(整改时限="")), people.office)
    problem = Problem.objects.get()
    assert (problem.found_on, problem.due_on) == (day("2019-10-16"), day("2019-10-23"))

    for moved, due in (("2019-10-18", "2019-10-25"), ("2019-10-14", "2019-10-21")):
        after = amend(problem, people.supervisor1, found_on=day(moved))
        assert problem.assignments.get().assigned_on == day(moved)
        assert (after.due_on, after.first_due_on) == (day(due), day(due))
        assert next(row.started_on for row in clock_rows(problem) if row.clock == "rectify") == day(moved)
        steps = path(load(people.supervisor1, problem.pk))
        assert [step["on"] for step in steps[:2]] == [day(moved), day(moved)]
    event = last_event(problem)
    assert (event.before["assigned_on"], event.after["assigned_on"]) == ("2019-10-18", "2019-10-14")
    assert "Assigned on: 18 Oct 2019 became 14 Oct 2019." in event_sentence(event)


def test_what_a_ledger_gave_to_nobody_is_to_be_assigned_from_its_day_of_finding(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed(责任单位="", 整改时限="")), people.office)
    problem = Problem.objects.get()

    amend(problem, people.supervisor1, found_on=day("2019-10-18"))

    assert clocks(problem)["deploy"] == (day("2019-10-18"), None)
    assert "assigned_on" not in last_event(problem).after


def test_a_ledgers_problem_is_found_neither_after_its_import_nor_after_a_real_assignment(
    people: Cast, tmp_path: Path
) -> None:
    take_in(ledger(tmp_path, changed()), people.office)
    problem = Problem.objects.get()
    ImportBatch.objects.update(created_at=at("2019-12-04 09:00"))
    with pytest.raises(Invalid) as refusal:
        amend(problem, people.supervisor1, found_on=day("2019-12-05"))
    assert str(refusal.value) == "It can’t be found after 4 Dec 2019, when it was imported."

    workflow.hand_back(problem, by=people.handler1, reason="不归我局", now=MONDAY)
    workflow.assign(problem, by=people.supervisor1, addressees=[Addressee(people.city_management)], now=MONDAY)
    with pytest.raises(Invalid) as refusal:
        amend(problem, people.supervisor1, found_on=day("2019-12-03"))
    assert str(refusal.value) == "It can’t be found after 2 Dec 2019, when it was handed on."
    amend(problem, people.supervisor1, found_on=day("2019-10-18"))
    given = dict(problem.assignments.values_list("unit__name_zh", "assigned_on"))
    assert given == {"市住建局": day("2019-10-18"), "市城管局": day("2019-12-02")}


def test_the_units_hear_nothing_of_what_only_the_office_reads(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, internal_note="内部甲", now=MONDAY)

    amend(problem, people.supervisor1, internal_note="内部乙")
    assert told(problem, "amend") == set()

    amend(problem, people.supervisor1, internal_note="内部丙", description="改")
    assert told(problem, "amend") == {"handler1"}


def test_a_new_district_is_told_to_the_teams_that_gain_and_lose_it(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, team=people.team2, by=people.inspector2, now=MONDAY)
    site = make_site(people, "山阳建材市场", district="410811")

    amend(problem, people.supervisor1, site=site)

    # The first team saw it for its district only; the second found it, and it is in its own district now.
    assert told(problem, "amend") == {"handler1", "inspector2"}
    assert told(problem, "moved_away") == {"inspector1"}
    notice = Notice.objects.get(subject_id=problem.pk, kind="moved_away")
    assert notice.params["site"] == problem.site_name
    [shown] = inbox.tell([notice], people.inspector1)
    assert (shown.url, "no longer with your team" in shown.sentence) == ("", True)


def test_the_reporter_amends_until_it_was_assigned_then_only_a_supervisor(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    amend(problem, people.inspector1, description="改一")
    workflow.assign(problem, by=people.supervisor1, addressees=[workflow.Addressee(people.housing)], now=FRIDAY)
    with pytest.raises(NotAllowed):
        amend(problem, people.inspector1, description="改二")
    workflow.hand_back(problem, by=people.handler1, reason="不属本局", now=FRIDAY)
    with pytest.raises(NotAllowed):
        amend(problem, people.inspector1, description="改二")
    with pytest.raises(NotAllowed):
        amend(make_problem(people, now=MONDAY, by=people.supervisor1), people.inspector1, description="改")

    assert amend(problem, people.supervisor1, description="改三").description == "改三"
    own = make_problem(people, status=Status.RECTIFYING, route=Route.ON_SPOT, now=MONDAY)
    assert amend(own, people.inspector1, description="改四").description == "改四"


@pytest.mark.parametrize("verb", ["amend", "void"])
def test_once_closed_a_second_supervisor_is_needed(people: Cast, verb: str) -> None:
    def act(by: Any) -> None:
        if verb == "amend":
            amend(problem, by, description="改")
        else:
            workflow.void(problem, by=by, kind=VoidKind.DUPLICATE, reason="重复", now=FRIDAY)

    problem = make_problem(people, status=Status.CLOSED, now=MONDAY)
    before = snapshot(problem)
    with pytest.raises(NotAllowed):
        act(people.supervisor1)
    assert snapshot(problem) == before

    act(people.supervisor2)

    assert last_event(problem).verb == verb


def test_a_voided_problem_ends_everything_and_its_number_is_never_given_again(people: Cast) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    workflow.escalate(problem, by=people.supervisor1, reason="超期", due_on=day("2019-12-20"), now=FRIDAY)
    for data in ({"kind": VoidKind.TEST, "reason": ""}, {"kind": "whim", "reason": "x"}):
        with pytest.raises(Invalid):
            workflow.void(problem, by=people.supervisor1, now=FRIDAY, **data)

    workflow.void(problem, by=people.supervisor1, kind=VoidKind.NOT_A_PROBLEM, reason="已有许可", now=FRIDAY)

    after = fresh(problem)
    assert (after.status, after.void_kind, after.paused_since) == ("void", "not_a_problem", None)
    assert (after.number, make_problem(people, now=MONDAY).number) == ("焦督〔2019〕1号", "焦督〔2019〕2号")
    assert states(problem) == {"市住建局": "released"}
    assert waiting(problem) == set()
    assert problem.escalations.get().lifted_on == day("2019-12-06")
    assert told(problem, "void") == {"handler1", "inspector1"}
    assert problem.pk not in Problem.objects.counted().values_list("pk", flat=True)
    with pytest.raises(IllegalMove):
        workflow.comment(problem, by=people.supervisor1, text="x", now=FRIDAY)


def photo_of(problem: Problem, phase: Phase) -> Any:
    return problem.attachments.get(phase=phase, withdrawn_at__isnull=True)


def test_withdrawing_keeps_file_hash_and_custody(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    attachment = photo_of(problem, Phase.BEFORE)
    with pytest.raises(Invalid):
        workflow.withdraw_evidence(problem, by=people.supervisor1, attachment=attachment, reason="", now=FRIDAY)

    workflow.withdraw_evidence(problem, by=people.supervisor1, attachment=attachment, reason="拍到无关人员", now=FRIDAY)

    attachment.refresh_from_db()
    assert (attachment.withdrawn_by, attachment.withdrawn_reason) == (people.supervisor1, "拍到无关人员")
    assert Evidence.objects.filter(pk=attachment.evidence_id).exists()
    assert Custody.objects.filter(evidence=attachment.evidence_id, action="withdrawn").count() == 1
    assert fresh(problem).status == Status.ASSIGNED
    with pytest.raises(IllegalMove):
        workflow.withdraw_evidence(problem, by=people.supervisor1, attachment=attachment, reason="x", now=FRIDAY)


@pytest.mark.parametrize(
    ("status", "phases", "back"),
    [
        (Status.REPORTED, [Phase.AFTER], True),
        (Status.REPORTED, [Phase.BEFORE], True),
        (Status.VERIFIED, [Phase.AFTER], False),
        (Status.VERIFIED, [Phase.AFTER, Phase.RECHECK], True),
        (Status.CLOSED, [Phase.BEFORE], True),
        (Status.CLOSED, [Phase.RECHECK], False),
    ],
)
def test_a_problem_goes_back_when_nothing_shows_its_fix_any_more(
    people: Cast, status: Status, phases: list[Phase], back: bool
) -> None:
    problem = make_problem(people, status=status, now=MONDAY)

    for phase in phases:
        workflow.withdraw_evidence(
            problem, by=people.supervisor1, attachment=photo_of(problem, phase), reason="不是此处", now=FRIDAY
        )

    after = fresh(problem)
    assert after.status == (Status.RECTIFYING if back else status)
    assert last_event(problem).details["back"] is back
    if back:
        assert (after.met_on, after.due_on, after.closed_on, after.verified_by) == (
            None,
            day("2019-12-09"),
            None,
            None,
        )
        assert waiting(problem) == {"rectify 市住建局"}
        assert states(problem) == {"市住建局": "claimed"}
        assert after.reopen_count == (0 if status == Status.REPORTED else 1)
        assert told(problem, "withdraw_evidence") == {"handler1", "inspector1"}


def test_an_imported_problem_without_photos_stays_closed(people: Cast) -> None:
    problem = make_problem(people, status=Status.CLOSED, now=MONDAY)
    for phase in (Phase.BEFORE, Phase.AFTER, Phase.RECHECK):
        problem.attachments.filter(phase=phase).update(withdrawn_at=MONDAY, withdrawn_reason="x")
    workflow.recheck(problem, by=people.inspector1, result=Result.NOT_CHECKED, shots=[], now=FRIDAY)
    extra = problem.attachments.create(
        evidence=shot().evidence, phase=Phase.PAPER, added_by=people.inspector1, added_at=FRIDAY
    )

    workflow.withdraw_evidence(problem, by=people.supervisor1, attachment=extra, reason="x", now=FRIDAY)

    assert fresh(problem).status == Status.CLOSED


def test_a_file_can_be_given_to_the_problem_it_belongs_to(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    other = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    attachment = photo_of(problem, Phase.BEFORE)

    workflow.withdraw_evidence(
        problem, by=people.supervisor1, attachment=attachment, reason="拍错点位", belongs_to=other, now=FRIDAY
    )

    attachment.refresh_from_db()
    assert attachment.moved_to == other
    assert other.attachments.filter(evidence=attachment.evidence_id, phase="before").count() == 1
    assert last_event(problem).details["belongs_to"] == other.number
    assert last_event(other).details["came_from"] == problem.number
    assert [event.seq for event in events(other)] == list(range(1, len(events(other)) + 1))
    with pytest.raises(Invalid):
        workflow.withdraw_evidence(
            other,
            by=people.supervisor1,
            attachment=other.attachments.first(),
            reason="x",
            belongs_to=other,
            now=FRIDAY,
        )
