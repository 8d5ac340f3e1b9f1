"""What belongs together is kept as a whole, and a savepoint costs a statement only where somebody may need it."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from casetracker.models import Option
from casetracker.transactions import Together, together

pytestmark = pytest.mark.usefixtures("committed")


class Refused(Exception):
    pass


@together
def write(key: str) -> None:
    Option.objects.create(name=key, value=1)


@together
def write_and_refuse(key: str) -> None:
    write(key)
    raise Refused


def kept(*keys: str) -> set[str]:
    return set(Option.objects.filter(name__in=keys).values_list("name", flat=True))


def savepoints(queries: CaptureQueriesContext) -> int:
    return sum(one["sql"].startswith("SAVEPOINT") for one in queries.captured_queries)


def test_one_inside_another_joins_it_without_a_savepoint() -> None:
    with CaptureQueriesContext(connection) as queries, Together():
        write("a")

        @together
        def both() -> None:
            write("b")

        both()

    assert savepoints(queries) == 0
    assert kept("a", "b") == {"a", "b"}


def test_a_refusal_inside_ends_all_of_it() -> None:
    @together
    def both() -> None:
        write("a")
        write_and_refuse("b")

    with pytest.raises(Refused):
        both()

    assert kept("a", "b") == set()


def test_whoever_catches_a_refusal_in_an_ordinary_transaction_keeps_the_rest() -> None:
    with transaction.atomic():
        write("a")
        with pytest.raises(Refused):
            write_and_refuse("b")
        write("c")

    assert kept("a", "b", "c") == {"a", "c"}


def test_an_ordinary_transaction_in_between_is_gone_back_to() -> None:
    with Together():
        write("a")
        with pytest.raises(Refused), transaction.atomic():
            write_and_refuse("b")
        write("c")

    assert kept("a", "b", "c") == {"a", "c"}
