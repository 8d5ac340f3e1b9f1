"""Naming the regulator or government that a special assignment runs without: rights, state, clocks, notice."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from casetracker.errors import IllegalMove, Invalid
from casetracker.models import User
from inspections import policy, workflow
from inspections.enums import AssignmentRole, Status, Verb
from inspections.models import Problem
from inspections.subjects import changes_clock, event_sentence
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, shot
from tests.cast import Cast
from tests.inspections.pressing import do, page, signed_in, text_of, verbs_on
from tests.inspections.reading import clocks, fresh, last_event, snapshot, states, told, waiting

MONDAY = at("2019-12-02 09:00")
TUESDAY = at("2019-12-03 09:00")
THURSDAY = at("2019-12-05 09:00")
GOVERNMENT, REGULATOR = AssignmentRole.GOVERNMENT, AssignmentRole.REGULATOR


def special(people: Cast, status: Status = Status.CLAIMED, **more: Any) -> Problem:
    """One whose regulator is named and whose government is not."""
    others = [Addressee(people.city_management, REGULATOR)]
    return make_problem(people, status=status, others=others, special=True, now=MONDAY, **more)


def test_the_one_named_later_has_its_own_clocks_from_that_day_and_is_told(people: Cast) -> None:
    problem = special(people, Status.RECTIFYING)
    before = clocks(problem)

    workflow.name_missing(
        problem, by=people.supervisor1, addressees=[Addressee(people.jiefang, GOVERNMENT)], now=THURSDAY
    )

    assert fresh(problem).status == Status.RECTIFYING
    assert states(problem) == {"市住建局": "claimed", "市城管局": "claimed", "解放区政府": "assigned"}
    own = {
        "claim 解放区政府": (day("2019-12-06"), None),
        "feedback 解放区政府": (day("2019-12-08"), None),
        "rectify 解放区政府": (day("2019-12-12"), None),
    }
    assert clocks(problem) == before | own
    assert fresh(problem).due_on == day("2019-12-09")
    assert told(problem, "assigned") == {"handler1", "handler2", "government1"}
    event = last_event(problem)
    assert event.details["units"] == [{"unit": "解放区政府", "role": "government"}]
    assert changes_clock(event)
    assert strip_tags(event_sentence(event)).startswith(
        "周衡 assigned it to 解放区政府 (Local government) too, due 12 Dec"
    )


def test_the_problem_waits_for_the_one_named_later_and_four_eyes_hold_for_it(people: Cast) -> None:
    problem = special(people, Status.RECTIFYING)
    workflow.name_missing(
        problem, by=people.supervisor1, addressees=[Addressee(people.jiefang, GOVERNMENT)], now=TUESDAY
    )
    for person in (people.handler1, people.handler2):
        workflow.report_back(problem, by=person, text="已办", shots=[shot()], now=THURSDAY)
    assert fresh(problem).status == Status.RECTIFYING

    workflow.claim(problem, by=people.government1, now=THURSDAY)
    workflow.report_back(problem, by=people.government1, text="已督促", shots=[shot()], now=THURSDAY)

    assert fresh(problem).status == Status.REPORTED
    assert waiting(problem) == {"verify"}
    from tests.cast import join

    join(people.government1, people.team1, "inspector")  # type: ignore[arg-type]
    reason = workflow.refused(fresh(problem), User.objects.get(pk=people.government1.pk))[Verb.VERIFY]
    assert "four eyes" in reason


def test_both_may_be_named_at_once_with_a_date_of_the_office(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, special=True, now=MONDAY)
    named = [Addressee(people.city_management, REGULATOR), Addressee(people.jiefang, GOVERNMENT)]
    with pytest.raises(Invalid, match="say why it is later"):
        workflow.name_missing(problem, by=people.supervisor1, addressees=named, due_on=day("2019-12-20"), now=TUESDAY)

    workflow.name_missing(
        problem, by=people.supervisor1, addressees=named, due_on=day("2019-12-20"), reason="跨区协调", now=TUESDAY
    )

    assert {one.role for one in problem.assignments.live()} == {"lead", "regulator", "government"}
    assert clocks(problem)["rectify 市城管局"] == clocks(problem)["rectify 解放区政府"] == (day("2019-12-20"), None)


def test_after_a_hand_back_the_same_or_another_unit_is_named(people: Cast) -> None:
    problem = special(people, Status.ASSIGNED)
    for name in ("city_management", "shanyang"):
        workflow.hand_back(problem, by=people.handler2, reason="非我职责", now=TUESDAY)
        assert last_event(problem).details["only_own"]
        workflow.name_missing(
            problem, by=people.supervisor2, addressees=[Addressee(getattr(people, name), REGULATOR)], now=THURSDAY
        )
    assert list(problem.assignments.filter(role="regulator").values_list("unit__name_zh", "state")) == [
        ("市城管局", "handed_back"),
        ("市城管局", "handed_back"),
        ("山阳区政府", "assigned"),
    ]
    assert "rectify 市城管局" not in clocks(problem)


def test_a_unit_named_while_it_is_put_right_may_still_say_that_it_is_not_its(people: Cast) -> None:
    """Its own part ends; the lead goes on, may itself not hand back any more, and the role is missing again."""
    problem = special(people, Status.RECTIFYING)
    before = clocks(problem)
    named = [Addressee(people.jiefang, GOVERNMENT)]
    workflow.name_missing(problem, by=people.supervisor1, addressees=named, now=THURSDAY)
    assert policy.missing_roles(fresh(problem)) == []

    for person in (people.handler1, people.supervisor1):
        with pytest.raises(IllegalMove) as refusal:
            workflow.hand_back(problem, by=person, reason="不属本局", now=THURSDAY)
        assert "It is being put right already." in refusal.value.message
    assert "hand_back" in verbs_on(page(people.government1, problem))
    assert "hand_back" not in verbs_on(page(people.handler1, problem))
    assert do(people.government1, problem, Verb.HAND_BACK, reason="不在我辖区").status_code == 302

    assert fresh(problem).status == Status.RECTIFYING
    assert states(problem)["解放区政府"] == "handed_back"
    assert clocks(problem) == before
    assert policy.missing_roles(fresh(problem)) == [GOVERNMENT]
    event = last_event(problem)
    assert (event.details["unit"], event.details["only_own"]) == ("解放区政府", True)
    assert told(problem, "hand_back") == {"supervisor1", "supervisor2"}
    assert "name_missing" in verbs_on(page(people.supervisor1, problem))


@pytest.mark.parametrize("claimed", [False, True])
def test_the_last_one_that_was_waited_for_hands_back_and_the_report_is_whole(people: Cast, claimed: bool) -> None:
    problem = special(people, Status.RECTIFYING)
    named = [Addressee(people.jiefang, GOVERNMENT)]
    workflow.name_missing(problem, by=people.supervisor1, addressees=named, now=THURSDAY)
    if claimed:
        workflow.claim(problem, by=people.government1, now=THURSDAY)
    for person in (people.handler1, people.handler2):
        workflow.report_back(problem, by=person, text="已办", shots=[shot(person)], now=THURSDAY)
    with pytest.raises(IllegalMove, match="has reported back already"):
        workflow.hand_back(problem, by=people.handler2, reason="不属本局", now=THURSDAY)
    assert fresh(problem).status == Status.RECTIFYING

    workflow.hand_back(problem, by=people.government1, reason="不在我辖区", now=THURSDAY)

    assert fresh(problem).status == Status.REPORTED
    assert {name.split()[0] for name in waiting(problem)} == {"verify"}
    assert "inspector1" in told(problem, "hand_back")


def test_a_clock_that_stands_still_stands_still_for_the_new_unit_too(people: Cast) -> None:
    problem = special(people)
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=TUESDAY)
    workflow.name_missing(
        problem, by=people.supervisor1, addressees=[Addressee(people.jiefang, GOVERNMENT)], now=TUESDAY
    )
    workflow.resume(problem, by=people.supervisor1, reason="复工", now=at("2019-12-06 09:00"))
    assert clocks(problem)["rectify 解放区政府"] == (day("2019-12-12"), None)


def test_what_is_no_special_assignment_or_misses_nobody_is_refused_and_nothing_is_written(people: Cast) -> None:
    ordinary = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    whole = special(people)
    government = [Addressee(people.jiefang, GOVERNMENT)]
    workflow.name_missing(whole, by=people.supervisor1, addressees=government, now=TUESDAY)
    lacking = special(people)
    for problem, named, error in (
        (ordinary, government, IllegalMove),
        (whole, [Addressee(people.shanyang, GOVERNMENT)], IllegalMove),
        (lacking, [Addressee(people.shanyang, REGULATOR)], IllegalMove),
        (lacking, [Addressee(people.jiefang, AssignmentRole.CO)], Invalid),
        (lacking, [Addressee(people.housing, GOVERNMENT)], Invalid),
        (lacking, [], Invalid),
    ):
        before = snapshot(problem)
        with pytest.raises(error):
            workflow.name_missing(problem, by=people.supervisor1, addressees=named, now=THURSDAY)
        assert snapshot(problem) == before


# --- The page ---------------------------------------------------------------------------------------


def test_the_missing_one_is_named_on_the_page_by_one_form(people: Cast) -> None:
    problem = special(people)
    seen = page(people.supervisor1, problem)
    url = reverse("problem_verb", args=[problem.pk, "name_missing"])
    assert f'href="{url}"' in seen.content.decode()
    form = signed_in(people.supervisor1).get(url)
    assert [name for name in form.context["form"].fields if name != "seen"] == ["government", "due_on", "reason"]
    assert "市住建局" not in str(form.context["form"]["government"])

    empty = do(people.supervisor1, problem, Verb.NAME_MISSING, government="")
    assert empty.status_code == 422
    assert "Choose a unit." in text_of(empty)
    response = do(people.supervisor1, problem, Verb.NAME_MISSING, government=people.jiefang.pk)

    assert response.status_code == 302
    seen = page(people.supervisor1, problem)
    assert "none named" not in text_of(seen)
    assert "name_missing" not in verbs_on(seen)


def test_where_both_are_missing_one_is_enough_and_none_is_not(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, special=True, now=MONDAY)
    refused = do(people.supervisor1, problem, Verb.NAME_MISSING)
    assert refused.status_code == 422
    assert "Choose the unit of at least one of the two." in text_of(refused)
    assert do(people.supervisor1, problem, Verb.NAME_MISSING, regulator=people.city_management.pk).status_code == 302
    assert states(problem) == {"市住建局": "assigned", "市城管局": "assigned"}


def test_only_a_supervisor_sees_the_way_to_name_it(people: Cast) -> None:
    problem = special(people)
    for person in (people.inspector1, people.handler1, people.leader1):
        assert "name_missing" not in verbs_on(page(person, problem))
        refused = do(person, problem, Verb.NAME_MISSING, government=people.jiefang.pk)
        assert refused.status_code == 403


def test_pressed_twice_it_is_named_once_and_whoever_was_slower_is_told(people: Cast) -> None:
    both = make_problem(people, status=Status.ASSIGNED, special=True, now=MONDAY)
    for problem in (special(people), both):
        first = do(people.supervisor1, problem, Verb.NAME_MISSING, government=people.jiefang.pk)
        again = do(people.supervisor1, problem, Verb.NAME_MISSING, government=people.jiefang.pk)
        slower = do(people.supervisor2, problem, Verb.NAME_MISSING, government=people.shanyang.pk)
        assert [one.status_code for one in (first, again, slower)] == [302, 409, 409]
        assert "The last step here was your own" in text_of(again)
        assert "Somebody was faster" in text_of(slower)
        assert problem.assignments.filter(role="government").count() == 1
