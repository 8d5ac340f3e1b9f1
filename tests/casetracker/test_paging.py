"""Keyset paging: every row once, in order, in both directions, for whatever rows and ties there are."""

import datetime
import itertools
import uuid

import pytest
from django.db.models import Q
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from casetracker import counting, paging
from casetracker.models import Job, User
from casetracker.paging import BadCursor, Order, Section

DONE = Q(finished_at__isnull=False)
ORDERS = (
    Order("made", "", (Section(("created_at",), descending=True),), day="created_at"),
    Order("kind", "", (Section(("kind", "attempts")),)),
    Order("id", "", (Section(()),)),
    # What is finished first, by its end; then the rest, which has none.
    Order("ended", "", (Section(("finished_at",), where=DONE), Section(("created_at",), descending=True, where=~DONE))),
    Order(
        "three",
        "",
        (
            Section(("attempts",), where=Q(state="running")),
            Section(("kind",), descending=True, where=Q(state="done")),
            Section(("total",), where=Q(state="pending")),
        ),
    ),
)
MIDNIGHT = timezone.make_aware(datetime.datetime(2019, 12, 9))


def make_jobs(rows: list[tuple[int, int, str]]) -> None:
    """Jobs with few different values, so that there are many ties: (day, small number, state)."""
    Job.objects.bulk_create(
        Job(
            kind="aäb 督"[number % 5],
            attempts=number,
            total=day % 2,
            state=state,
            created_at=MIDNIGHT + datetime.timedelta(days=day),
            finished_at=MIDNIGHT + datetime.timedelta(days=number) if state == "done" else None,
        )
        for day, number, state in rows
    )


def walk_forward(order: Order, size: int) -> list[list[uuid.UUID]]:
    pages, after = [], ""
    for _ in itertools.repeat(None, 100):
        page = paging.page(Job.objects.all(), order, after=after, size=size)
        pages.append([row.pk for row in page.rows])
        after = page.older
        if not after:
            return pages
    raise AssertionError("the walk never ends")


def walk_back(order: Order, size: int) -> list[list[uuid.UUID]]:
    """From a last page of one row back to the beginning."""
    last = list(order.sort(Job.objects.all()))[-1]
    place = paging.place(last, order)
    pages = [[last.pk]]
    while place:
        page = paging.page(Job.objects.all(), order, before=place, size=size)
        if page.rows:
            pages.append([row.pk for row in page.rows])
        place = page.newer
    return pages[::-1]


class Walks(TestCase):
    @given(
        rows=st.lists(
            st.tuples(st.integers(0, 3), st.integers(0, 4), st.sampled_from(["pending", "running", "done"])),
            min_size=1,
            max_size=25,
        ),
        size=st.integers(1, 7),
        order=st.sampled_from([*ORDERS, *(order.reversed() for order in ORDERS)]),
    )
    def test_every_row_is_met_once_in_order_both_ways(
        self, rows: list[tuple[int, int, str]], size: int, order: Order
    ) -> None:
        make_jobs(rows)
        expected = [row.pk for row in order.sort(Job.objects.all())]
        assert len(expected) == len(rows)
        forward = walk_forward(order, size)
        assert [pk for page in forward for pk in page] == expected
        assert all(len(page) == size for page in forward[:-1])
        assert [pk for page in walk_back(order, size) for pk in page] == expected


def test_the_reversed_order_is_the_order_backwards(db: None) -> None:
    make_jobs([(day, number, state) for day in range(3) for number in range(3) for state in ("done", "pending")])
    for order in ORDERS:
        forth = [row.pk for row in order.sort(Job.objects.all())]
        assert [row.pk for row in order.reversed().sort(Job.objects.all())] == forth[::-1]


def test_rows_that_disappear_or_appear_move_nobody_else(db: None) -> None:
    make_jobs([(0, n % 5, "pending") for n in range(10)])
    order = ORDERS[2]
    first = paging.page(Job.objects.all(), order, size=4)
    expected = list(Job.objects.order_by("pk").values_list("pk", flat=True))[4:8]
    first.rows[-1].delete()
    second = paging.page(Job.objects.all(), order, after=first.older, size=4)
    assert [row.pk for row in second.rows] == expected


def test_a_page_is_one_query_whatever_its_sections(db: None, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_jobs([(n % 3, n % 5, ("done", "pending")[n % 2]) for n in range(30)])
    for order, size in itertools.product(ORDERS, (5, 50)):
        with django_assert_num_queries(1):
            page = paging.page(Job.objects.all(), order, size=size)
        if page.older:
            with django_assert_num_queries(1):
                paging.page(Job.objects.all(), order, after=page.older, size=size)


def test_a_jump_lands_on_the_day_or_the_next_one_that_has_rows(db: None) -> None:
    make_jobs([(day, 0, "pending") for day in (0, 2, 4)])
    newest_first, oldest_first = ORDERS[0], ORDERS[0].reversed()
    day = timezone.localdate(MIDNIGHT) + datetime.timedelta(days=3)
    down = paging.page(Job.objects.all(), newest_first, jump=day)
    assert [timezone.localdate(row.created_at).day for row in down.rows] == [11, 9]
    assert down.newer
    assert [row.created_at.day for row in paging.page(Job.objects.all(), newest_first, before=down.newer).rows]
    up = paging.page(Job.objects.all(), oldest_first, jump=day)
    assert [timezone.localdate(row.created_at).day for row in up.rows] == [13]


def test_places_are_refused_unless_this_order_gave_them(db: None) -> None:
    make_jobs([(0, 1, "done"), (1, 1, "pending"), (2, 1, "done")])
    made = paging.page(Job.objects.all(), ORDERS[0], size=1).older
    for order in (ORDERS[0].reversed(), ORDERS[1], ORDERS[3]):
        with pytest.raises(BadCursor):
            paging.page(Job.objects.all(), order, after=made)


@given(text=st.text(max_size=80))
def test_any_text_as_a_place_is_read_or_refused(text: str) -> None:
    for order in ORDERS:
        try:
            paging._read(text, order, Job)
        except BadCursor:
            continue


@pytest.mark.parametrize(
    "values",
    [
        ["kind", 0],
        ["kind", 0, "a", 1],
        ["kind", 0, "a", 1, "no-uuid"],
        ["kind", 0, "a", None, "0193a5b0-0000-7000-8000-000000000000"],
        ["kind", 0, "a", 10**30, "0193a5b0-0000-7000-8000-000000000000"],
        ["kind", 0, "a\0", 1, "0193a5b0-0000-7000-8000-000000000000"],
        ["kind", 1, "a", 1, "0193a5b0-0000-7000-8000-000000000000"],
        ["kind", -1, "a", 1, "0193a5b0-0000-7000-8000-000000000000"],
        ["kind", True, "a", 1, "0193a5b0-0000-7000-8000-000000000000"],
        ["kind", 0, ["a"], 1, "0193a5b0-0000-7000-8000-000000000000"],
        {"kind": 0},
        None,
    ],
)
def test_forged_places_are_refused(values: object) -> None:
    import base64
    import json

    text = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    with pytest.raises(BadCursor):
        paging._read(text, ORDERS[1], Job)


def test_unknown_orders_are_not_guessed() -> None:
    assert paging.chosen(ORDERS, "") is ORDERS[0]
    assert paging.chosen(ORDERS, "kind") is ORDERS[1]
    assert paging.chosen(ORDERS, "-kind") == ORDERS[1].reversed()
    assert paging.chosen(ORDERS, "size") is None


# --- Counting -------------------------------------------------------------------------------------------------------


def test_counts_are_exact_up_to_the_cap_and_say_so_beyond(db: None, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    make_jobs([(n % 3, n % 5, ("done", "pending")[n % 2]) for n in range(12)])
    lists = {
        "all": Job.objects.all(),
        "done": Job.objects.filter(state="done"),
        "none": Job.objects.none(),
        "nobody": Job.objects.filter(requested_by=User(pk=7)),
    }
    with django_assert_num_queries(1):
        counts = counting.count(lists, {"state": (Job.objects.all(), ("state", "total"))}, cap=11)
    totals = {key: str(total) for key, total in counts.totals.items()}
    assert totals == {"all": "11+", "done": "6", "none": "0", "nobody": "0"}
    assert counts.groups == {"state": None}
    counts = counting.count(lists, {"state": (Job.objects.all(), ("state", "total"))}, cap=12)
    assert str(counts.totals["all"]) == "12"
    groups = counts.groups["state"]
    assert groups is not None
    assert sum(groups.values()) == 12
    assert {state for state, _total in groups} == {"done", "pending"}


def test_totals_are_written_for_readers_and_for_machines() -> None:
    assert str(counting.Total(12_479)) == "12,479"
    assert counting.Total(12_479).plain == "12479"
    assert counting.Total(10_000, more=True).plain == "10,000+"
