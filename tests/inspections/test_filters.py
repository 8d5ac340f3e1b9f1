"""Every filter of the list by itself, what they reject, and that tabs, facets and figures count what the list shows."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from casetracker.models import SavedView, Unit
from inspections import facets, figures, listing
from inspections.enums import AssignmentRole, Route, Severity, Status
from inspections.filters import AGES, ORDERS, ProblemFilter
from inspections.listing import BadAddress
from inspections.models import Problem
from inspections.offers import offer
from inspections.views.tabs import tabs_of, views_for
from inspections.workflow import Addressee
from tests.builders import at, make_problem, make_site
from tests.cast import Cast, cast, forget, join

TODAY = datetime.date(2019, 12, 9)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Ledger:
    """A cast with its problems, made once for this module; what a test changes is rolled back after it."""

    people: Cast
    made: dict[str, Problem]


@pytest.fixture(scope="module")
def whole(django_db_setup: None, django_db_blocker: Any) -> Iterator[Ledger]:
    with django_db_blocker.unblock(), transaction.atomic():
        people = cast()
        yield Ledger(people, make_some(people))
        transaction.set_rollback(True)


@pytest.fixture
def ledger(whole: Ledger) -> Iterator[Ledger]:
    savepoint = transaction.savepoint()
    for person in whole.people.everybody().values():
        forget(person)
    yield whole
    transaction.savepoint_rollback(savepoint)


@pytest.fixture
def people(ledger: Ledger) -> Cast:
    return ledger.people


@pytest.fixture
def made(ledger: Ledger) -> dict[str, Problem]:
    return ledger.made


def numbers(people: Cast, query: str, person: Any = None, today: datetime.date = TODAY) -> set[int]:
    """The running numbers of the problems that an address shows."""
    asked = listing.read(QueryDict(query), person or people.supervisor1, today)
    assert asked.is_valid, asked.filters.form.errors
    return {problem.number_seq for problem in asked.problems}


def make_some(people: Cast) -> dict[str, Problem]:
    """One problem of each kind that the filters tell apart, all found before 9 December 2019."""
    late = {"unit": people.housing, "status": Status.RECTIFYING}
    return {
        "late1": make_problem(people, due_on=TODAY - 1 * DAY, **late),
        "late3": make_problem(people, due_on=TODAY - 3 * DAY, **late),
        "late4": make_problem(people, due_on=TODAY - 4 * DAY, **late),
        "late8": make_problem(people, due_on=TODAY - 8 * DAY, **late),
        "late30": make_problem(people, due_on=TODAY - 30 * DAY, **late),
        "late31": make_problem(people, due_on=TODAY - 31 * DAY, **late),
        "today": make_problem(people, due_on=TODAY, status=Status.CLAIMED, now=at("2019-12-06 10:00")),
        "sunday": make_problem(people, due_on=TODAY + 6 * DAY, status=Status.ASSIGNED, now=at("2019-12-08 10:00")),
        "monday": make_problem(people, due_on=TODAY + 7 * DAY, status=Status.ASSIGNED, now=at("2019-12-08 11:00")),
        "found": make_problem(people, now=at("2019-12-07 10:00"), severity=Severity.MAJOR, kind="voc"),
        "closed": make_problem(people, status=Status.CLOSED, now=at("2019-12-02 10:00")),
        "void": make_problem(people, status=Status.VOID, now=at("2019-12-03 10:00")),
        "spot": make_problem(people, route=Route.ON_SPOT, status=Status.RECTIFYING, now=at("2019-12-08 12:00")),
        "other": make_problem(
            people,
            status=Status.ASSIGNED,
            unit=people.city_management,
            others=[Addressee(people.jiefang, AssignmentRole.CO)],
            special=True,
            team=people.team2,
            site=make_site(people, "示范区老怀菜馆（400号点）", district="4108Z1"),
            kind="fume_dirty",
            description="油烟净化设施未清洗",
            party_name="老怀菜馆",
            now=at("2019-12-05 10:00"),
            due_on=TODAY + 30 * DAY,
        ),
    }


def test_each_filter_keeps_what_it_names(people: Cast, made: dict[str, Problem]) -> None:
    seq = {name: problem.number_seq for name, problem in made.items()}
    everything = set(seq.values())
    late = {seq[name] for name in made if name.startswith("late")}
    kind = Problem.objects.get(pk=made["other"].pk).kind_id

    def shown(query: str) -> set[str]:
        found = numbers(people, query)
        return {name for name, number in seq.items() if number in found}

    assert numbers(people, "") == everything - {seq["void"]}
    assert shown("state=void") == {"void"}
    assert shown("state=closed&state=void") == {"closed", "void"}
    assert numbers(people, "state=open") == everything - {seq["void"], seq["closed"]}
    assert numbers(people, "overdue=any") == late
    assert shown("overdue=1-3") == {"late1", "late3"}
    assert shown("overdue=4-7&overdue=31") == {"late4", "late31"}
    assert shown("overdue=8-30") == {"late8", "late30"}
    assert shown("due=today") == {"today", "spot"}
    assert shown("due=week") == {"today", "spot", "sunday"}
    assert shown("due=fortnight") == {"today", "spot", "sunday", "monday"}
    assert shown("route=on_spot") == {"spot"}
    assert numbers(people, "route=on_spot&route=central") == everything - {seq["void"]}
    assert shown("special=1") == {"other"}
    assert shown("severity=major") == {"found"}
    assert shown(f"kind={kind}") == {"other"}
    assert shown(f"unit={people.city_management.pk}") == {"other"}
    assert shown(f"unit={people.jiefang.pk}") == {"other"}
    assert shown(f"lead={people.jiefang.pk}") == set()
    assert shown(f"lead={people.city_management.pk}") == {"other"}
    assert shown(f"team={people.team2.pk}") == {"other"}
    assert shown("district=4108Z1") == {"other"}
    assert numbers(people, "district=410800") == everything - {seq["void"]}
    assert shown(f"site={made['other'].site_id}") == {"other"}
    assert shown("found_from=2019-12-08") == {"sunday", "monday", "spot"}
    assert shown("found_from=2019-12-05&found_to=2019-12-06") == {"today", "other"}
    assert shown("due_from=2019-12-09&due_to=2019-12-15&state=claimed") == {"today"}
    assert shown("source=media") == set()
    assert shown("responsible=me") == set()
    assert numbers(people, "responsible=me", people.handler1) == {*late, seq["today"], seq["closed"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("油烟净化设施", {"other"}),
        ("油烟", {"other"}),
        ("馆", {"other"}),
        ("菜馆 未清洗", {"other"}),
        ("老怀菜馆", {"other"}),
        ("400", {"other"}),
        ("VOCs", {"found"}),
        ("ｖｏｃｓ", {"found"}),
        ("怀老", set()),
        ("，。", set()),
    ],
)
def test_text_search_finds_words_of_any_length_and_numbers(
    people: Cast, made: dict[str, Problem], text: str, names: set[str]
) -> None:
    found = numbers(people, f"q={text}")
    assert {name for name, problem in made.items() if problem.number_seq in found} == names


def test_a_number_is_found_in_full_and_by_its_digits(people: Cast, made: dict[str, Problem]) -> None:
    closed = made["closed"]
    assert closed.number_seq in numbers(people, f"q={closed.number}")
    assert closed.number_seq in numbers(people, f"q={closed.number_seq}")


def test_what_cannot_be_read_stays_and_says_so(people: Cast) -> None:
    for query, name in (
        ("found_from=2019-13-01", "found_from"),
        ("state=lost", "state"),
        ("overdue=2", "overdue"),
        ("unit=999999", "unit"),
        ("unit=x", "unit"),
        ("district=999999", "district"),
        ("kind=0", "kind"),
        ("site=1", "site"),
        ("due=never", "due"),
        ("q=" + "长" * 101, "q"),
    ):
        asked = listing.read(QueryDict(query), people.supervisor1)
        assert not asked.is_valid
        assert list(asked.filters.form.errors) == [name]
        assert asked.problems.count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "foo=1",
        "state__in=open",
        "order=colour",
        "jump=tomorrow",
        "cols=secret",
        "from=x&figure=problems",
        "figure=nonsense&from=2019-01-01&to=2019-12-09",
    ],
)
def test_an_address_that_nobody_gave_out_is_refused(people: Cast, query: str) -> None:
    def show() -> None:
        asked = listing.read(QueryDict(query), people.supervisor1)
        listing.columns(asked.query, None)

    with pytest.raises(BadAddress) as caught:
        show()
    assert caught.value.parameter == query.split("=")[0]


def test_a_handler_finds_only_what_was_assigned_to_the_unit(people: Cast, made: dict[str, Problem]) -> None:
    assert numbers(people, "q=油烟", people.handler1) == set()
    assert numbers(people, "q=油烟", people.handler2) == {made["other"].number_seq}
    for person in (people.outsider, people.far_handler, people.admin):
        for query in ("", "q=油烟", "state=open", f"site={made['other'].site_id}", f"unit={people.housing.pk}"):
            assert numbers(people, query, person) == set()
    assert offer(people.outsider, page="problems", site=str(made["other"].site_id)).site == []


# --- What is counted is what is shown -------------------------------------------------------------------------------


def test_every_tab_counts_what_its_address_shows(people: Cast) -> None:
    for person in (people.supervisor1, people.inspector1, people.handler1, people.leader1, people.officer1):
        asked = listing.read(QueryDict(""), person, TODAY)
        tabs = tabs_of(asked)
        assert len(tabs) == len(views_for(person))
        for tab in tabs:
            if tab.problems is not None:
                shown = numbers(people, tab.url.partition("?")[2], person)
                assert {problem.number_seq for problem in tab.problems} == shown, (person, tab.url)


def test_only_six_tabs_are_counted_and_a_broken_view_is_not(people: Cast) -> None:
    for number in range(4):
        SavedView.objects.create(
            owner=people.supervisor1, page="problems", name=f"视图{number}", query="state=open", position=number
        )
    SavedView.objects.create(owner=people.supervisor1, page="problems", name="坏", query="unit=999999", position=0)
    tabs = tabs_of(listing.read(QueryDict("state=open&order=found"), people.supervisor1, TODAY))
    assert sum(tab.problems is not None for tab in tabs) == 6
    assert next(tab for tab in tabs if tab.label == "坏").problems is None
    assert [tab.current for tab in tabs].count(True) == 1


def test_the_offer_is_what_the_reader_may_use(people: Cast) -> None:
    def save(owner: Any, name: str, unit: Unit | None = None, page: str = "problems") -> SavedView:
        return SavedView.objects.create(owner=owner, page=page, name=name, query="state=open", shared_with=unit)

    save(people.supervisor1, "own")
    save(people.supervisor1, "elsewhere", page="sites")
    save(people.supervisor2, "private")
    save(people.supervisor2, "shared", people.office)
    save(people.outsider, "foreign", people.far_office)
    offered = offer(people.supervisor1, page="problems")
    usable = SavedView.objects.usable_by(people.supervisor1).filter(page="problems")
    assert {one.zh for one in offered.view} == {view.name for view in usable} == {"own", "shared"}
    assert {one.zh: one.en for one in offered.view} == {"own": "own", "shared": "shared"}
    assert {one.key for one in offered.team} >= {str(people.team1.pk), str(people.office.pk)}
    assert str(people.housing.pk) in {one.key for one in offered.unit}
    cities = [label for label, _below in offered.choices("district")()]
    assert len(cities) == 3


def test_facets_count_the_rows_that_their_link_shows(people: Cast) -> None:
    for query in (
        "",
        "state=open",
        "overdue=any",
        "overdue=4-7&overdue=31&state=rectifying",
        "route=central",
        "q=土方",
    ):
        asked = listing.read(QueryDict(query), people.supervisor1, TODAY)
        counts = listing.count(asked, {})
        assert counts.totals["total"].rows == len(numbers(people, query))
        for name in ("state", "overdue", "route", "special"):
            for option in facets.options(asked, counts, name):
                assert option.count == len(numbers(people, option.url[1:])), (query, name, option.value)


def test_facets_are_left_out_where_counting_is_dear(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from casetracker import counting

    monkeypatch.setattr(counting.count, "__defaults__", (None, 5))
    asked = listing.read(QueryDict(""), people.supervisor1, TODAY)
    counts = listing.count(asked, {})
    assert str(counts.totals["total"]) == "5+"
    assert {option.count for option in facets.options(asked, counts, "state")} == {None}


def test_a_figure_and_its_list_agree(people: Cast) -> None:
    start, end = datetime.date(2019, 11, 1), TODAY
    visible = Problem.objects.visible_to(people.supervisor1)
    for key in figures.PROBLEM_FIGURES:
        rows = figures.queryset(key, visible, start, end)
        shown = numbers(people, f"figure={key}&from={start}&to={end}")
        assert shown == {problem.number_seq for problem in rows}, key
        narrowed = numbers(people, f"figure={key}&from={start}&to={end}&district=4108Z1")
        assert narrowed == {problem.number_seq for problem in rows.filter(district="4108Z1")}


def test_the_empty_list_names_the_filter_that_keeps_most_away(people: Cast) -> None:
    asked = listing.read(QueryDict("state=open&severity=major&overdue=any"), people.supervisor1, TODAY)
    chips = asked.chips()
    assert [chip.name for chip in chips] == ["state", "overdue", "severity"]
    blamed = listing.hindrance(asked, chips)
    assert blamed is not None
    assert blamed.name == "severity"
    asked = listing.read(QueryDict("q=没有这样的词"), people.outsider, TODAY)
    assert listing.hindrance(asked, asked.chips()) is None


def test_every_order_shows_every_row_once(people: Cast) -> None:
    for order in ORDERS:
        asked = listing.read(QueryDict(f"order={order.key}"), people.supervisor1, TODAY)
        forth = [problem.pk for problem in asked.in_order]
        back = [
            problem.pk for problem in listing.read(QueryDict(f"order=-{order.key}"), people.supervisor1, TODAY).in_order
        ]
        assert forth == back[::-1]
        assert len(set(forth)) == 13


def test_ages_have_no_gap_and_no_overlap(people: Cast) -> None:
    for days in range(1, 100):
        fits = [age for age, (least, most) in AGES.items() if least <= days and (most is None or days <= most)]
        assert len(fits) == 1


def test_posts_that_end_take_the_rows_along(people: Cast) -> None:
    query = "state=open"
    assert numbers(people, query, people.handler1)
    people.handler1.memberships.update(until_on=timezone.localdate() - DAY)
    forget(people.handler1)
    assert numbers(people, query, people.handler1) == set()
    join(people.handler1, people.city_management, "handler")  # type: ignore[arg-type]
    assert len(numbers(people, query, people.handler1)) == 1


def test_an_unknown_site_shows_nothing_and_says_which(people: Cast) -> None:
    asked = listing.read(QueryDict(f"site={uuid.uuid4()}"), people.supervisor1)
    assert asked.is_valid
    assert asked.problems.count() == 0
    assert [chip.name for chip in asked.chips()] == ["site"]


def test_the_filter_needs_no_query_of_its_own(people: Cast, django_assert_num_queries: Any) -> None:
    user = people.supervisor1
    Problem.objects.visible_to(user)
    offered = offer(user, page="problems")
    with django_assert_num_queries(0):
        filters = ProblemFilter(
            QueryDict(f"unit={people.housing.pk}&district=410802"),
            Problem.objects.visible_to(user),
            user=user,
            offered=offered,
        )
        assert filters.is_valid()
        str(filters.qs.query)
