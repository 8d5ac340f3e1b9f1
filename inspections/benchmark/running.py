"""The whole measurement, in the order of the table."""

from collections.abc import Callable

from inspections.benchmark import pages, serving, steps
from inspections.benchmark.measuring import Measured
from inspections.benchmark.scene import NothingToMeasure, Scene, look

__all__ = ["NothingToMeasure", "run"]


def run(runs: int, seconds: float, say: Callable[[str], None]) -> tuple[Scene, list[Measured]]:
    """Measure everything `runs` times and ask over HTTP for `seconds` each (0: not at all).

    What writes leaves its problems behind, closed. Raises NothingToMeasure where the database is empty.
    """
    scene = look()
    lines = []
    for line in pages.measure(scene, runs):
        lines.append(line)
        say(f"{line.name}: {line.p50:.0f} ms")
    for line in steps.measure(scene, max(2, runs // 2)):
        lines.append(line)
        say(f"{line.name}: {line.p50:.0f} ms")
    if seconds:
        rates = serving.per_second(scene, pages.addresses(scene), seconds)
        for line in lines:
            line.per_second = rates.get(line.name)
    return scene, lines
