"""The benchmark: it measures every page and every step on what is here, and leaves whole problems behind."""

import io

import pytest
from django.core.management import CommandError, call_command

from inspections import benchmark, dataset
from inspections.benchmark import measuring
from inspections.dataset import histories
from inspections.models import Problem
from tests.builders import day

pytestmark = pytest.mark.django_db

ENDED = ((histories.in_time, 1), (histories.on_spot, 12))
UNFINISHED = ((histories.at_work, 1),)


@pytest.mark.parametrize(
    ("times", "share", "expected"),
    [
        ([5.0], 0.95, 5.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.5, 50.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([float(n) for n in range(1, 21)], 0.95, 19.0),
    ],
)
def test_quantiles_are_times_that_were_measured(times: list[float], share: float, expected: float) -> None:
    assert measuring.quantile(times, share) == expected


def test_the_statements_of_a_call_are_counted_and_said_again_alone(people: object) -> None:
    line = measuring.reading("two", lambda: (Problem.objects.count(), Problem.objects.first()), 3)

    assert line.queries == 2
    assert line.bare_sql is not None
    assert line.to_page is None


def test_it_measures_every_page_and_every_step() -> None:
    dataset.make(160, print, on=day("2026-03-02"), ended=ENDED, unfinished=UNFINISHED, per_transaction=60)
    before = Problem.objects.count()

    scene, lines = benchmark.run(4, 0, print)

    told = benchmark.as_json(scene, lines)
    assert told["problems"] == before
    names = {line["name"] for line in told["measured"]}
    assert {"list: everything", "problem", "report with one photo", "assign", "verify with one photo", "close"} <= names
    assert all(line["queries"] > 0 and line["p95_ms"] >= line["p50_ms"] > 0 for line in told["measured"])
    assert all(line["to_bare_page"] for line in told["measured"] if line["name"].startswith("list"))
    made = Problem.objects.filter(description__startswith="测量")
    assert made.count() == 3
    assert set(made.values_list("status", flat=True)) == {"closed"}
    table = benchmark.as_markdown(lines)
    assert len(table.splitlines()) == len(lines) + 2


def test_an_empty_database_is_told_what_to_do() -> None:
    with pytest.raises(CommandError, match="make_dataset"):
        call_command("benchmark", runs=4, seconds=0, stdout=io.StringIO(), stderr=io.StringIO())


def test_too_few_runs_are_refused() -> None:
    with pytest.raises(CommandError, match="at least 4"):
        call_command("benchmark", runs=3)
