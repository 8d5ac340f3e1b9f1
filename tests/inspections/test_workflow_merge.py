"""并案: what the survivor takes over, what it does not prove, and who may merge what."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from casetracker.enums import Role
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import User
from inspections import policy, queues, workflow
from inspections.enums import Audience, Phase, Result, Route, Status
from inspections.models import Problem, Visit
from tests.builders import at, day, make_problem, make_site, make_visit, shot
from tests.cast import Cast, make_person
from tests.inspections.reading import events, fresh, last_event, snapshot, told, waiting

MONDAY = at("2019-12-02 09:00")
FRIDAY = at("2019-12-06 10:00")


def merge(double: Problem, survivor: Problem, by: User) -> None:
    workflow.merge(double, by=by, survivor=survivor, reason="同一处", now=FRIDAY)


def test_merging_hands_everything_to_the_survivor_and_counts_once(people: Cast) -> None:
    site = make_site(people, district="410802")
    visit = make_visit(people, site, team=people.team2, on=day("2019-12-02"))
    survivor = make_problem(people, site=site, now=MONDAY)
    double = make_problem(
        people, site=site, team=people.team2, visit=visit, by=people.inspector2, status=Status.REPORTED, now=MONDAY
    )
    workflow.recheck(double, by=people.supervisor1, result=Result.NOT_FIXED, now=at("2019-12-03 09:00"))
    workflow.comment(double, by=people.supervisor1, text="看看", now=at("2019-12-03 09:00"))

    workflow.merge(double, by=people.supervisor1, survivor=survivor, reason="同一处", now=FRIDAY)

    double, survivor = fresh(double), fresh(survivor)
    assert (double.status, double.void_kind, double.merged_into) == ("void", "duplicate", survivor)
    assert waiting(double) == set()
    assert survivor.status == Status.FOUND
    assert survivor.visit == visit
    assert set(survivor.finders.all()) == {people.team2}
    phases = sorted(survivor.attachments.values_list("phase", flat=True))
    assert phases == ["after", "before", "before"]
    assert (survivor.rechecks.count(), survivor.comments.count(), survivor.feedbacks.count()) == (1, 1, 1)
    assert (double.attachments.count(), double.rechecks.count()) == (0, 0)
    assert last_event(double).details["survivor"] == survivor.number
    assert last_event(survivor).details["merged"] == double.number
    assert last_event(survivor).verb == "merge"
    assert told(double, "merge") == {"handler1", "inspector2"}
    assert Problem.objects.counted().count() == 1
    assert Problem.objects.visible_to(people.inspector2).filter(pk=survivor.pk).exists()


def test_merging_into_itself_a_void_one_or_another_office_is_refused(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    gone = make_problem(people, status=Status.VOID, now=MONDAY)
    before = snapshot(problem)
    with pytest.raises(Invalid):
        workflow.merge(problem, by=people.supervisor1, survivor=problem, reason="x", now=FRIDAY)
    with pytest.raises(IllegalMove):
        workflow.merge(problem, by=people.supervisor1, survivor=gone, reason="x", now=FRIDAY)
    with pytest.raises(IllegalMove):
        workflow.merge(gone, by=people.supervisor1, survivor=problem, reason="x", now=FRIDAY)
    far = workflow.report(
        by=people.outsider,
        team=people.far_team,
        site=make_site(people, district="141102", office=people.far_office),
        description="x",
        now=MONDAY,
    )
    with pytest.raises(NotAllowed):
        workflow.merge(problem, by=people.supervisor1, survivor=far, reason="x", now=FRIDAY)
    assert snapshot(problem) == before


def test_nobody_judges_what_a_unit_of_theirs_had_before_it_was_merged(people: Cast) -> None:
    both = make_person("both", "兼职", (people.housing, Role.HANDLER), (people.office, Role.SUPERVISOR))
    first, second, last = (
        make_problem(people, status=Status.REPORTED, unit=unit, now=MONDAY)
        for unit in (people.housing, people.city_management, people.jiefang)
    )
    assert queues.to_verify(both).count() == 2
    merge(first, second, people.supervisor1)
    merge(second, last, people.supervisor1)

    assert fresh(first).merged_into == fresh(second).merged_into == last
    assert last_event(first).details["survivor"] == last.number
    with pytest.raises(NotAllowed):
        workflow.verify(last, by=both, shots=[shot()], now=FRIDAY)
    assert "verify" not in [move.verb for move in workflow.available(fresh(last), both)]
    assert queues.to_verify(both).count() == 0
    assert queues.to_verify(people.inspector1).count() == 1


def test_whoever_saw_the_merged_one_fixed_on_the_spot_does_not_judge_the_survivor(people: Cast) -> None:
    double = make_problem(people, route=Route.ON_SPOT, status=Status.VERIFIED, now=MONDAY)
    survivor = make_problem(people, status=Status.REPORTED, now=MONDAY)
    assert queues.to_verify(people.inspector1).count() == 1

    merge(double, survivor, people.supervisor1)

    assert policy.PREDICATES["verifier"](fresh(survivor), people.inspector1)
    assert queues.to_verify(people.inspector1).count() == 0
    assert policy.PREDICATES["verifier"](fresh(survivor), people.supervisor2) is None


def test_photos_and_re_inspections_that_came_over_are_no_proof_of_the_survivors_fix(people: Cast) -> None:
    double = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    survivor = make_problem(people, status=Status.RECTIFYING, unit=people.city_management, now=MONDAY)
    workflow.recheck(double, by=people.inspector1, result=Result.FIXED, shots=[shot()], now=at("2019-12-03 09:00"))
    merge(double, survivor, people.supervisor1)

    with pytest.raises(Invalid):
        workflow.verify(survivor, by=people.inspector1, now=FRIDAY)
    workflow.report_back(survivor, by=people.handler2, text="已办", shots=[shot()], now=FRIDAY)
    own = survivor.attachments.get(phase=Phase.AFTER)
    workflow.withdraw_evidence(survivor, by=people.supervisor1, attachment=own, reason="不是此处", now=FRIDAY)
    assert fresh(survivor).status == Status.RECTIFYING
    workflow.verify(survivor, by=people.inspector1, shots=[shot()], now=FRIDAY)

    assert fresh(survivor).status == Status.VERIFIED
    assert {one.came_from for one in survivor.rechecks.all()} == {double, None}


def test_how_it_was_before_is_shown_by_the_merged_ones_photo_too(people: Cast) -> None:
    """A call to the hotline has no photo; that the two are one place was just decided."""
    survivor = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    survivor.attachments.update(withdrawn_at=MONDAY, withdrawn_reason="x")
    merge(make_problem(people, now=MONDAY), survivor, people.supervisor1)

    workflow.verify(survivor, by=people.inspector1, shots=[shot()], now=FRIDAY)

    assert fresh(survivor).status == Status.VERIFIED


def test_merging_a_closed_one_away_needs_a_second_supervisor(people: Cast) -> None:
    double, survivor = (make_problem(people, status=Status.CLOSED, now=MONDAY) for _ in range(2))
    before = snapshot(double)
    with pytest.raises(NotAllowed) as refusal:
        merge(double, survivor, people.supervisor1)
    assert "second supervisor" in refusal.value.message
    assert snapshot(double) == before

    merge(double, survivor, people.supervisor2)

    assert fresh(double).merged_into == survivor


@pytest.mark.parametrize(
    ("double", "survivor", "allowed"),
    [
        (Status.RECTIFYING, Status.CLOSED, False),
        (Status.RECTIFYING, Status.VERIFIED, False),
        (Status.VERIFIED, Status.CLOSED, False),
        (Status.VERIFIED, Status.VERIFIED, True),
        (Status.CLOSED, Status.VERIFIED, True),
        (Status.REPORTED, Status.FOUND, True),
    ],
)
def test_what_is_further_on_takes_over_nothing_that_is_still_open(
    people: Cast, double: Status, survivor: Status, allowed: bool
) -> None:
    ending, living = (make_problem(people, status=status, now=MONDAY) for status in (double, survivor))
    if allowed:
        merge(ending, living, people.supervisor2)
        assert fresh(living).status == survivor
        return
    before = snapshot(ending), snapshot(living)
    with pytest.raises(Invalid) as refusal:
        merge(ending, living, people.supervisor2)
    assert refusal.value.field == "survivor"
    assert "reopen" in refusal.value.message
    assert (snapshot(ending), snapshot(living)) == before


def test_words_with_one_unit_are_not_shown_to_another(people: Cast) -> None:
    double = make_problem(people, status=Status.RECTIFYING, now=MONDAY)
    survivor = make_problem(people, status=Status.RECTIFYING, unit=people.city_management, now=MONDAY)
    workflow.comment(double, by=people.supervisor1, text="只对住建局说", audience=Audience.UNIT, now=MONDAY)
    workflow.comment(double, by=people.supervisor1, text="内部的话", now=MONDAY)
    merge(double, survivor, people.supervisor1)

    def reads(person: User, problem: Problem) -> set[str]:
        client = Client()
        client.force_login(person)
        page = client.get(reverse("problem", args=[problem.pk]))
        assert page.status_code == 200
        return {text for text in ("只对住建局说", "内部的话") if text in page.content.decode()}

    assert reads(people.handler2, survivor) == set()
    assert reads(people.handler1, double) == {"只对住建局说"}
    assert reads(people.supervisor1, survivor) == {"内部的话"}
    assert reads(people.supervisor1, double) == {"只对住建局说"}


def test_failed_re_inspections_add_up_and_the_second_proposes_an_order(people: Cast) -> None:
    double, survivor = (make_problem(people, status=Status.RECTIFYING, now=MONDAY) for _ in range(2))
    for problem in (double, survivor):
        workflow.recheck(problem, by=people.inspector1, result=Result.NOT_FIXED, now=at("2019-12-03 09:00"))
    assert told(survivor, "propose_escalation") == set()

    merge(double, survivor, people.supervisor1)

    assert fresh(survivor).failed_rechecks == 2
    assert told(survivor, "propose_escalation") == {"supervisor2"}


def test_every_visit_shows_what_it_found_where_it_lives_now(people: Cast) -> None:
    site = make_site(people)
    visits = [make_visit(people, site, on=day("2019-12-02")) for _ in range(2)]
    double, survivor = (make_problem(people, site=site, visit=visit, now=MONDAY) for visit in visits)
    same = make_problem(people, site=site, visit=visits[1], now=MONDAY)
    for ending in (double, same):
        merge(ending, survivor, people.supervisor1)
    client = Client()
    client.force_login(people.supervisor1)

    for visit in visits:
        assert list(Problem.objects.of_visit(visit)) == [survivor]
        page = client.get(reverse("visit", args=[visit.pk])).content.decode()
        assert survivor.number in page
        assert double.number not in page
    from inspections.lists import visit_rows

    counted: Any = visit_rows(people.supervisor1).filter(pk__in=[visit.pk for visit in visits])
    assert [row.found for row in counted] == [1, 1]
    assert client.get(reverse("visits") + "?problems=none").context is not None
    assert Visit.objects.filter(pk__in=[visit.pk for visit in visits]).count() == 2


def test_each_history_says_what_became_of_it(people: Cast) -> None:
    first, second, last = (make_problem(people, now=MONDAY) for _ in range(3))
    merge(first, second, people.supervisor1)
    merge(second, last, people.supervisor1)

    assert [(one.verb, one.details["survivor"]) for one in events(first)[1:]] == [
        ("merge", second.number),
        ("merge", last.number),
    ]
    assert [one.details.get("merged") for one in events(last)[1:]] == [second.number]
