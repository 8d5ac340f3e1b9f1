"""Recording a visit as one whole, and the re-inspection of everything open at a site."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import Event
from inspections import visiting, workflow
from inspections.enums import AlertLevel, Result, Status, VisitMode
from inspections.models import AlertPeriod, Campaign, ChecklistItem, Problem, Visit
from inspections.visiting import Answer, Finding, Good, Seen, VisitRefused
from tests.builders import at, day, make_photo, make_problem, make_site, make_visit, shot
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)


def test_a_visit_is_written_with_everything_that_belongs_to_it(people: Cast) -> None:
    site = make_site(people)
    item = ChecklistItem.objects.filter(version__checklist__code="six_hundreds").first()
    assert item is not None
    recorded = visiting.record_visit(
        by=people.inspector1,
        team=people.team1,
        site=site,
        started_at=at("2019-12-06 09:00"),
        ended_at=at("2019-12-06 10:30"),
        inspectors=[people.inspector1],
        names=["街道王某"],
        version=item.version,
        answers=[Answer(item, False, "北侧")],
        highlights=[Good("雾炮齐全", make_photo(people.inspector1))],
        findings=[Finding("北侧围挡缺失", item=item, kind=item.kind, shots=[shot(people.inspector1)])],
        note="大风",
        now=at("2019-12-06 11:00"),
    )
    visit = recorded.visit
    assert (visit.on, visit.people, visit.site_name) == (day("2019-12-06"), 2, site.name)
    assert [one.name for one in visit.inspectors.order_by("pk")] == [str(people.inspector1), "街道王某"]
    assert [(one.item, one.passed, one.note) for one in visit.answers.all()] == [(item, False, "北侧")]
    assert visit.highlights.get().evidence is not None
    problem = recorded.found[0]
    assert (problem.visit, problem.checklist_item, problem.found_on) == (visit, item, visit.on)
    event = Event.objects.get(subject_type="visit", subject_id=visit.pk)
    assert event.verb == "record_visit"
    assert event.details["found"] == [problem.number]


def test_a_visit_across_midnight_belongs_to_the_day_it_began(people: Cast) -> None:
    visit = visiting.record_visit(
        by=people.inspector1,
        team=people.team1,
        site=make_site(people),
        started_at=at("2019-12-06 22:30"),
        ended_at=at("2019-12-07 01:15"),
        inspectors=[people.inspector1],
        now=at("2019-12-07 08:00"),
    ).visit
    assert visit.on == day("2019-12-06")


def test_the_alert_and_the_campaign_are_those_of_the_day(people: Cast) -> None:
    AlertPeriod.objects.create(office=people.office, level=AlertLevel.YELLOW, from_on=day("2019-12-01"))
    orange = AlertPeriod.objects.create(
        office=people.bureau, level=AlertLevel.ORANGE, from_on=day("2019-12-05"), until_on=day("2019-12-06")
    )
    AlertPeriod.objects.create(office=people.far_office, level=AlertLevel.RED, from_on=day("2019-12-01"))
    drive = Campaign.objects.create(
        office=people.office, name_zh="百日攻坚", from_on=day("2019-11-01"), until_on=day("2019-12-06")
    )
    assert visiting.alert_on(people.team1, day("2019-12-06")) == orange
    assert visiting.alert_on(people.team1, day("2019-12-07")).level == AlertLevel.YELLOW  # type: ignore[union-attr]
    assert list(visiting.campaigns_on(people.team1, day("2019-12-06"))) == [drive]
    facts: dict[str, Any] = {"by": people.inspector1, "team": people.team1, "inspectors": [people.inspector1]}
    site = make_site(people)
    visit = visiting.record_visit(**facts, site=site, on=day("2019-12-06"), campaign=drive).visit
    assert visit.alert == orange
    with pytest.raises(Invalid) as refused:
        visiting.record_visit(**facts, site=site, on=day("2019-12-07"), campaign=drive)
    assert refused.value.field == "campaign"


def test_impossible_days_and_heads_are_refused(people: Cast) -> None:
    facts: dict[str, Any] = {"by": people.inspector1, "team": people.team1, "site": make_site(people)}
    here: dict[str, Any] = {"inspectors": [people.inspector1]}
    for changes, field in (
        ({**here, "on": timezone.localdate() + DAY}, "on"),
        ({**here, "started_at": at("2019-12-06 10:00"), "ended_at": at("2019-12-06 09:00")}, "ended_at"),
        ({**here, "started_at": at("2019-12-06 10:01"), "now": at("2019-12-06 10:00")}, "started_at"),
        (
            {
                **here,
                "started_at": at("2019-12-06 09:00"),
                "ended_at": at("2019-12-06 10:01"),
                "now": at("2019-12-06 10:00"),
            },
            "ended_at",
        ),
        ({}, "inspectors"),
        ({**here, "names": ["甲", "乙"], "people": 2}, "people"),
    ):
        with pytest.raises(Invalid) as refused:
            visiting.record_visit(**facts, **changes)
        assert refused.value.field == field
    assert visiting.record_visit(**facts, people=5).visit.people == 5


def test_only_the_team_and_its_supervisors_record(people: Cast) -> None:
    site = make_site(people)
    for person in (people.inspector2, people.handler1, people.leader1, people.outsider):
        with pytest.raises(NotAllowed):
            visiting.record_visit(by=person, team=people.team1, site=site, people=1)
    assert visiting.record_visit(by=people.supervisor1, team=people.team1, site=site, people=1).visit


# --- Re-inspection ------------------------------------------------------------------------------------


def test_a_reinspection_carries_over_every_open_problem_whatever_the_team(people: Cast) -> None:
    site = make_site(people)
    own = make_problem(people, site=site, status=Status.RECTIFYING)
    other = make_problem(people, site=site, team=people.team2, by=people.supervisor1, status=Status.FOUND)
    make_problem(people, site=site, status=Status.CLOSED)
    make_problem(people, site=site, status=Status.VOID)
    assert set(visiting.carried_over(site)) == {own, other}
    page = sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}&mode=recheck").content.decode()
    assert own.number in page
    assert other.number in page
    assert page.count("data-problem=") == 2


def test_results_move_the_problems_with_the_visit(people: Cast) -> None:
    site = make_site(people)
    reported = make_problem(people, site=site, status=Status.REPORTED)
    rectifying = make_problem(people, site=site, status=Status.RECTIFYING)
    failed = make_problem(people, site=site, status=Status.REPORTED)
    assigned = make_problem(people, site=site, status=Status.ASSIGNED)
    found = make_problem(people, site=site, status=Status.FOUND)
    left = make_problem(people, site=site, status=Status.CLAIMED)
    new_date = timezone.localdate() + 4 * DAY
    recorded = visiting.record_visit(
        by=people.inspector1,
        team=people.team1,
        site=site,
        mode=VisitMode.RECHECK,
        inspectors=[people.inspector1],
        seen=[
            Seen(reported, Result.FIXED, shots=[shot()]),
            Seen(rectifying, Result.FIXED, shots=[shot()]),
            Seen(failed, Result.PARTLY, remaining="6 of 9", note="还差三处", due_on=new_date),
            Seen(assigned, Result.NOT_FIXED, note="未动工"),
            Seen(found, Result.FIXED, shots=[shot()]),
            Seen(left, Result.NOT_CHECKED),
        ],
    )
    status = {one.pk: one.status for one in Problem.objects.filter(site=site)}
    assert status[reported.pk] == status[rectifying.pk] == Status.VERIFIED
    assert status[failed.pk] == Status.RECTIFYING
    assert Problem.objects.get(pk=failed.pk).due_on == new_date
    assert (status[assigned.pk], status[found.pk], status[left.pk]) == ("assigned", "found", "claimed")
    results = dict(recorded.visit.rechecks.values_list("problem", "result"))
    assert results[assigned.pk] == Result.NOT_FIXED
    assert results[found.pk] == Result.FIXED
    assert results[left.pk] == Result.NOT_CHECKED
    assert len(results) == 6


def test_without_a_new_date_the_rule_gives_one(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED)
    visit = make_visit(people, problem.site)
    visiting.see(Seen(problem, Result.NOT_FIXED, note="未覆盖"), visit, by=people.inspector1)
    assert Problem.objects.get(pk=problem.pk).due_on == timezone.localdate() + 7 * DAY


def test_fixed_without_a_photo_from_before_is_recorded_and_not_verified(people: Cast) -> None:
    problem = workflow.report(by=people.inspector1, team=people.team1, site=make_site(people), description="积尘")
    workflow.assign(problem, by=people.supervisor1, addressees=[workflow.Addressee(people.housing)])
    visit = make_visit(people, problem.site)
    visiting.see(Seen(problem, Result.FIXED, shots=[shot()]), visit, by=people.inspector1)
    assert Problem.objects.get(pk=problem.pk).status == Status.ASSIGNED
    assert problem.rechecks.get().result == Result.FIXED


def test_all_or_nothing_and_every_refused_row_is_named(people: Cast) -> None:
    site = make_site(people)
    good = make_problem(people, site=site, status=Status.REPORTED)
    incomplete = make_problem(people, site=site, status=Status.RECTIFYING)
    merged = make_problem(people, site=site, status=Status.FOUND)
    workflow.merge(merged, by=people.supervisor1, survivor=good, reason="同一处")
    before = Event.objects.count()
    with pytest.raises(VisitRefused) as refused:
        visiting.record_visit(
            by=people.inspector1,
            team=people.team1,
            site=site,
            inspectors=[people.inspector1],
            seen=[
                Seen(good, Result.FIXED, shots=[shot()]),
                Seen(incomplete, Result.PARTLY),
                Seen(merged, Result.NOT_FIXED),
            ],
            findings=[Finding("  ")],
        )
    rows = refused.value.rows
    assert set(rows) == {("seen", incomplete.pk), ("seen", merged.pk), ("finding", 0)}
    assert isinstance(rows["seen", merged.pk], IllegalMove)
    assert refused.value.status == 409
    assert Visit.objects.count() == 0
    assert Event.objects.count() == before
    assert Problem.objects.get(pk=good.pk).status == Status.REPORTED
