"""The usual term of a checklist item: it holds within the rule, says so, and follows what is amended."""

import datetime

import pytest
from django.urls import reverse

from casetracker.enums import Language
from casetracker.models import Deadline
from casetracker.workdays import Term
from inspections import bulk, deadlines, workflow
from inspections.enums import AssignmentRole, Route, Severity, Status, Verb
from inspections.models import Checklist, ChecklistItem, ChecklistVersion, Problem, ProblemKind
from inspections.workflow import Addressee
from tests.builders import at, day, make_problem, make_site
from tests.cast import Cast
from tests.inspections.pressing import do, later, page, signed_in, text_of
from tests.inspections.reading import clock_rows, fresh

MONDAY = at("2019-12-02 09:00")
TUESDAY = at("2019-12-03 09:00")
FRIDAY = at("2019-12-06 10:00")


def make_item(days: int | None) -> ChecklistItem:
    checklist = Checklist.objects.create(code=f"t{days}", name_zh="检查表")
    version = ChecklistVersion.objects.create(checklist=checklist, number=1, issued_on=day("2019-01-01"))
    kind = ProblemKind.objects.get(code="bare_soil")
    return ChecklistItem.objects.create(version=version, position=1, name_zh="密闭", kind=kind, term_days=days)


def found(
    people: Cast, days: int | None, *, severity: Severity = Severity.ORDINARY, now: datetime.datetime | None = MONDAY
) -> Problem:
    problem = make_problem(people, severity=severity, now=now)
    Problem.objects.filter(pk=problem.pk).update(checklist_item=make_item(days))
    return fresh(problem)


def assigned(people: Cast, problem: Problem, *, due_on: datetime.date | None = None) -> Problem:
    units = [Addressee(people.housing)]
    workflow.assign(problem, by=people.supervisor1, addressees=units, due_on=due_on, now=TUESDAY)
    return fresh(problem)


def told_on_spot(people: Cast, days: int, *, with_unit: bool) -> Problem:
    return workflow.report(
        by=people.inspector1,
        team=people.team1,
        site=make_site(people),
        description="未密闭",
        item=make_item(days),
        route=Route.ON_SPOT,
        unit=people.housing if with_unit else None,
        found_on=day("2019-12-02"),
        now=MONDAY,
    )


def rectify(problem: Problem) -> Deadline:
    return next(row for row in clock_rows(problem) if row.clock == "rectify")


def term(problem: Problem) -> tuple[str, int | None, str, bool]:
    row = rectify(problem)
    return row.rule.code if row.rule else "", row.amount, row.term_unit, row.roll


def amend(people: Cast, problem: Problem, severity: Severity) -> Problem:
    workflow.amend(problem, by=people.supervisor1, reason="录入有误", now=FRIDAY, severity=severity)
    return fresh(problem)


# --- Which one ends earlier -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "due_on", "amount"),
    [(None, "2019-12-10", 7), (1, "2019-12-04", 1), (6, "2019-12-09", 6), (7, "2019-12-10", 7), (8, "2019-12-10", 7)],
)
def test_the_earlier_of_rule_and_item_holds(people: Cast, days: int | None, due_on: str, amount: int) -> None:
    problem = assigned(people, found(people, days))
    assert (problem.due_on, problem.first_due_on) == (day(due_on), day(due_on))
    assert term(problem) == ("rectify_ordinary", amount, "day", False)
    row = rectify(problem)
    assert row.rule is not None
    assert deadlines.within(row.rule, Term(amount)) is (amount < 7)


@pytest.mark.parametrize(("days", "told"), [(30, (30, "day")), (31, (1, "month"))])
def test_a_month_is_measured_by_where_it_ends(people: Cast, days: int, told: tuple[int, str]) -> None:
    problem = assigned(people, found(people, days, severity=Severity.MAJOR))
    assert term(problem)[:3] == ("rectify_major", *told)
    assert problem.due_on == day("2020-01-02") + datetime.timedelta(days=told[1] == "month")


def test_every_addressee_gets_the_same_and_a_given_date_wins(people: Cast) -> None:
    problem = found(people, 3)
    units = [Addressee(people.housing), Addressee(people.city_management, AssignmentRole.CO)]
    workflow.assign(problem, by=people.supervisor1, addressees=units, now=TUESDAY)
    rows = [row for row in clock_rows(problem) if row.clock == "rectify"]
    assert [(row.due_on, row.amount) for row in rows] == [(day("2019-12-06"), 3)] * 2
    given = assigned(people, found(people, 4), due_on=day("2019-12-08"))
    assert (given.due_on, rectify(given).amount) == (day("2019-12-08"), None)


@pytest.mark.parametrize("with_unit", [True, False])
def test_on_the_spot_the_rule_is_the_limit_too(people: Cast, with_unit: bool) -> None:
    problem = told_on_spot(people, 30, with_unit=with_unit)
    assert problem.due_on == day("2019-12-03")
    assert term(problem) == ("rectify_on_spot", 1, "day", False)


def test_many_at_once_and_in_a_batch_have_the_same_term(people: Cast) -> None:
    one, other = found(people, 3, now=None), found(people, 4, now=None)
    data = {"lead": people.housing.pk, "due_on": None, "special": False, "goal": "", "measures": "", "reason": ""}
    bulk.begin(bulk.put_down(Verb.ASSIGN, [one.pk], data, by=people.supervisor1))
    sent = {"title": "扬尘", "ids": [str(other.pk)], "unit": people.housing.pk}
    signed_in(people.supervisor1).post(reverse("batch_new"), sent)
    for problem, days in ((one, 3), (other, 4)):
        assert fresh(problem).due_on == later(days)
        assert term(problem) == ("rectify_ordinary", days, "day", False)


# --- Amended, and stopped -------------------------------------------------------------------------------


def test_amending_the_severity_takes_the_earlier_again_both_ways(people: Cast) -> None:
    problem = assigned(people, found(people, 15, severity=Severity.MAJOR))
    assert (problem.due_on, term(problem)) == (day("2019-12-18"), ("rectify_major", 15, "day", False))
    problem = amend(people, problem, Severity.ORDINARY)
    assert (problem.due_on, term(problem)) == (day("2019-12-10"), ("rectify_ordinary", 7, "day", False))
    problem = amend(people, problem, Severity.MAJOR)
    assert (problem.due_on, term(problem)) == (day("2019-12-18"), ("rectify_major", 15, "day", False))


def test_amending_leaves_an_item_that_ends_earlier_either_way(people: Cast) -> None:
    problem = amend(people, assigned(people, found(people, 3)), Severity.MAJOR)
    assert (problem.due_on, term(problem)) == (day("2019-12-06"), ("rectify_major", 3, "day", False))


def test_amending_leaves_a_date_that_was_given(people: Cast) -> None:
    problem = assigned(people, found(people, 15, severity=Severity.MAJOR), due_on=day("2019-12-20"))
    assert amend(people, problem, Severity.ORDINARY).due_on == day("2019-12-20")


def test_a_stop_moves_the_term_of_an_item_too(people: Cast) -> None:
    problem = assigned(people, found(people, 3))
    workflow.claim(problem, by=people.handler1, now=at("2019-12-03 10:00"))
    workflow.pause(problem, by=people.supervisor1, reason="停工", now=at("2019-12-04 09:00"))
    workflow.resume(problem, by=people.supervisor1, now=at("2019-12-06 09:00"))
    assert fresh(problem).due_on == day("2019-12-08")
    assert term(problem)[1] == 3


# --- What the page says ---------------------------------------------------------------------------------


def speaking(people: Cast, language: Language) -> None:
    people.supervisor1.language = language
    people.supervisor1.save(update_fields=["language"])


@pytest.mark.parametrize(
    ("language", "said", "wrong"),
    [
        (
            Language.ENGLISH,
            "usual term of the checklist item: 3 days (calendar days); the rule’s limit is 7 days (ordinary problems",
            "date given by the office",
        ),
        (Language.CHINESE, "检查项的通常期限 3 天（自然日）；规则的上限为 7 天（", "督导组指定时限"),
    ],
)
def test_the_page_says_whose_term_it_is(people: Cast, language: Language, said: str, wrong: str) -> None:
    problem = found(people, 3, now=None)
    assert do(people.supervisor1, problem, Verb.ASSIGN, lead=people.housing.pk).status_code == 302
    speaking(people, language)
    shown = page(people.supervisor1, problem)
    assert said in text_of(shown)
    assert wrong not in text_of(shown)


@pytest.mark.parametrize("language", list(Language))
def test_the_last_day_on_the_strip_says_it_too(people: Cast, language: Language) -> None:
    problem = found(people, 3, now=None)
    do(people.supervisor1, problem, Verb.ASSIGN, lead=people.housing.pk)
    speaking(people, language)
    words = {
        Language.ENGLISH: "usual term of the checklist item: 3 days",
        Language.CHINESE: "检查项的通常期限 3 天",
    }
    titles = [part.split('"')[0] for part in page(people.supervisor1, problem).content.decode().split('title="')[1:]]
    assert sum(words[language] in title for title in titles) == 1


def test_where_the_rule_ends_first_only_the_rule_is_named(people: Cast) -> None:
    problem = found(people, 30, now=None)
    do(people.supervisor1, problem, Verb.ASSIGN, lead=people.housing.pk)
    assert fresh(problem).status == Status.ASSIGNED
    text = text_of(page(people.supervisor1, problem))
    assert "usual term" not in text
    assert "date given" not in text


def test_on_the_spot_the_page_names_the_rule_and_no_office(people: Cast) -> None:
    text = text_of(page(people.supervisor1, told_on_spot(people, 30, with_unit=True)))
    assert "usual term" not in text
    assert "date given" not in text
