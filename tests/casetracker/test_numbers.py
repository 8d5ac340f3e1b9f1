"""Number series: without gaps or doubles, whoever asks at once and whatever is rolled back."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from casetracker.enums import UnitKind
from casetracker.models import NumberSeries, Unit
from tests.cast import make_unit


def office() -> Unit:
    return Unit.objects.filter(name_zh="督导办").first() or make_unit("督导办", UnitKind.OFFICE)


def take(issuer: Unit, kind: str = "problem", year: int = 2019, count: int = 1) -> int:
    with transaction.atomic():
        return NumberSeries.take(issuer.pk, kind, year, count)


def test_a_series_begins_at_one_per_issuer_kind_and_year(db: None) -> None:
    first, second = office(), make_unit("另一办公室", UnitKind.OFFICE)

    assert [take(first), take(first), take(first, "batch"), take(first, year=2020), take(second)] == [1, 2, 1, 1, 1]


def test_several_numbers_are_taken_in_one_piece(db: None) -> None:
    issuer = office()

    assert (take(issuer, count=5), take(issuer)) == (1, 6)


def test_a_series_goes_on_after_the_highest_imported_number(db: None) -> None:
    issuer = office()
    take(issuer)
    NumberSeries.reach(issuer.pk, "problem", 2019, 40)
    NumberSeries.reach(issuer.pk, "problem", 2019, 12)

    assert take(issuer) == 41


def test_a_number_that_was_rolled_back_is_given_again(db: None) -> None:
    issuer = office()
    take(issuer)
    savepoint = transaction.savepoint()
    assert take(issuer) == 2
    transaction.savepoint_rollback(savepoint)

    assert take(issuer) == 2


def test_a_number_is_taken_only_inside_a_transaction(committed: None) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        NumberSeries.take(office().pk, "problem", 2019)


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=12))
def test_what_is_kept_has_neither_gap_nor_double(db: None, wishes: list[tuple[int, bool]]) -> None:
    issuer = office()
    NumberSeries.objects.all().delete()
    kept: list[int] = []
    for count, keep in wishes:
        savepoint = transaction.savepoint()
        first = take(issuer, count=count)
        if keep:
            kept.extend(range(first, first + count))
        else:
            transaction.savepoint_rollback(savepoint)

    assert kept == list(range(1, len(kept) + 1))


def test_many_at_once_half_of_them_failing_leave_no_gap(committed: None) -> None:
    issuer = office()
    workers, each = 8, 10
    gate = threading.Barrier(workers)

    def work(number: int) -> list[int]:
        kept = []
        gate.wait(60)
        try:
            for n in range(each):
                if (taken := _take_or_fail(issuer, fails=(number + n) % 2 == 0)) is not None:
                    kept.append(taken)
        finally:
            connections.close_all()
        return kept

    with ThreadPoolExecutor(workers) as pool:
        numbers = [number for kept in pool.map(work, range(workers)) for number in kept]

    assert sorted(numbers) == list(range(1, workers * each // 2 + 1))


def _take_or_fail(issuer: Unit, *, fails: bool) -> int | None:
    try:
        with transaction.atomic():
            number = NumberSeries.take(issuer.pk, "problem", 2019)
            if fails:
                raise InterruptedError
            return number
    except InterruptedError:
        return None
