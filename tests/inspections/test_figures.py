"""Published figures are those of their last day: what happens later changes none of them."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from inspections import figures, workflow
from inspections.enums import Route, Status, VoidKind
from inspections.figures import Period
from inspections.models import Problem, Stage, Visit
from tests.builders import at, day, make_problem
from tests.cast import Cast, sign_in

FIRST = day("2019-11-01")
MONDAY = at("2019-12-02 09:00")
LATER = at("2019-12-20 09:00")


def totals(last: str) -> dict[str, int]:
    return figures.totals(Problem.objects.all(), Visit.objects.all(), Period(FIRST, day(last)))


@pytest.mark.parametrize("how", ["void", "merge"])
def test_what_is_voided_or_merged_later_still_counts_on_every_day_before(people: Cast, how: str) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, special=True, now=MONDAY)
    survivor = make_problem(people, route=Route.ON_SPOT, status=Status.REPORTED, now=MONDAY)
    before = {last: totals(last) for last in ("2019-12-02", "2019-12-12", "2019-12-19")}
    assert (before["2019-12-12"]["problems"], before["2019-12-12"]["overdue"]) == (2, 1)

    if how == "void":
        workflow.void(problem, by=people.supervisor1, kind=VoidKind.TEST, reason="练习", now=LATER)
    else:
        workflow.merge(problem, by=people.supervisor1, survivor=survivor, reason="同一处", now=LATER)

    assert {last: totals(last) for last in before} == before
    after = totals("2019-12-20")
    assert (after["problems"], after["central"], after["on_spot"], after["overdue"]) == (1, 0, 1, 0)


def test_the_list_behind_a_figure_of_the_past_holds_the_rows_that_it_counted(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED, now=MONDAY)
    make_problem(people, now=MONDAY)
    workflow.void(problem, by=people.supervisor1, kind=VoidKind.TEST, reason="练习", now=LATER)
    client = Client()
    client.force_login(people.supervisor1)

    for last, wanted in (("2019-12-19", 2), ("2019-12-20", 1)):
        span = f"from=2019-11-01&to={last}"
        page = client.get(f"{reverse('problems')}?figure=problems&{span}").content.decode()
        assert re.findall(r'data-total="(\d+)"', page)[0] == str(wanted)
        shown = client.get(f"{reverse('figures')}?from=2019-11-01&to={last}").content.decode()
        [cell] = re.findall(r'data-figure="problems"[^>]*>(.*?)</a>', shown, re.S)
        assert re.sub(r"\D", "", re.sub(r"<[^>]+>", "", cell)) == str(wanted)


def test_kinds_and_units_add_up_to_the_total_with_those_that_have_none(people: Cast) -> None:
    make_problem(people, status=Status.ASSIGNED)
    bare = make_problem(people)
    Problem.objects.filter(pk=bare.pk).update(kind=None)
    browser = sign_in(people.supervisor1)

    context = browser.get("/figures/").context

    total = context["totals"]["problems"]
    assert total == 2
    assert sum(row["value"] for row in context["kinds"]) == total
    assert sum(row["problems"]["value"] for row in context["units"]) == total
    kind = next(row for row in context["kinds"] if row["key"] == "kind-none")
    unit = next(row for row in context["units"] if row["problems"]["key"] == "problems-unit-none")
    for url in (kind["url"], unit["problems"]["url"]):
        page = browser.get(url).content.decode()
        assert bare.number in page
        assert 'data-total="1"' in page


def test_what_an_import_brought_as_void_never_counted(people: Cast) -> None:
    problem = make_problem(people, status=Status.VOID, now=MONDAY)
    Stage.objects.filter(problem=problem, status=Status.VOID).update(verb="import", since=LATER)

    assert totals("2019-12-19")["problems"] == 0


def test_special_counts_from_the_day_it_was_made_so(people: Cast) -> None:
    problem = make_problem(people, now=MONDAY)
    workflow.assign(
        problem,
        by=people.supervisor1,
        addressees=[workflow.Addressee(people.housing)],
        special=True,
        now=LATER,
    )
    assert [totals(last)["special"] for last in ("2019-12-19", "2019-12-20")] == [0, 1]

    # An imported one does not say since when.
    Problem.objects.filter(pk=problem.pk).update(special_on=None)
    assert [totals(last)["special"] for last in ("2019-12-01", "2019-12-02")] == [0, 1]
