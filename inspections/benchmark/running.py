"""The whole measurement, in the order of the table."""

from collections.abc import Callable
from itertools import chain

from inspections.benchmark import ledgers, pages, serving, steps
from inspections.benchmark.measuring import Measured
from inspections.benchmark.scene import NothingToMeasure, Scene, look

__all__ = ["NothingToMeasure", "run"]

# A whole ledger is written or read once where a page is asked for so often.
FILES = 13


def run(runs: int, seconds: float, say: Callable[[str], None]) -> tuple[Scene, list[Measured]]:
    """Measure everything `runs` times and ask over HTTP for `seconds` each (0: not at all).

    What writes leaves its problems behind, closed. Raises NothingToMeasure where the database is empty.
    """
    scene = look()
    lines = []
    parts = (
        pages.measure(scene, runs),
        steps.measure(scene, max(2, runs // 2)),
        ledgers.measure(scene, max(1, runs // FILES)),
    )
    for line in chain.from_iterable(parts):
        lines.append(line)
        say(f"{line.name}: {line.p50:.0f} ms")
    if seconds:
        rates = serving.per_second(scene, pages.addresses(scene), seconds)
        for line in lines:
            line.per_second = rates.get(line.name)
    return scene, lines
