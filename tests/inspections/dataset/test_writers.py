"""Several connections write one data set."""

from inspections import dataset
from inspections.dataset import histories
from inspections.models import Problem
from tests.builders import day

ENDED = ((histories.in_time, 1), (histories.on_spot, 1))
UNFINISHED = ((histories.at_work, 1),)


def make(problems: int, writers: int) -> dataset.Made:
    return dataset.make(
        problems,
        print,
        on=day("2026-03-02"),
        ended=ENDED,
        unfinished=UNFINISHED,
        per_transaction=60,
        writers=writers,
    )


def test_writers_beside_each_other_write_what_one_does(committed: None) -> None:
    make(150, writers=2)
    make(200, writers=2)

    numbers = list(Problem.objects.order_by("number_seq").values_list("number_seq", flat=True))
    assert numbers == list(range(1, 201))
    assert make(200, writers=1).before == 200
