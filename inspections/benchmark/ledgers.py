"""What goes in and out as files: lists and ledgers of many rows written, and a ledger of as many rows read in."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from django.utils import translation

from casetracker import registry
from casetracker.exporting import Cell, Table
from casetracker.exporting.writing import write
from inspections.benchmark.measuring import Measured, whole
from inspections.benchmark.scene import Scene
from inspections.ledger import checks
from inspections.ledger.fields import PROBLEM
from inspections.ledger.importing import import_file
from inspections.ledger.mapping import from_dict
from inspections.models import Problem

ROWS = 100_000
# What the ledger of a stranger does not have: our numbers and our check codes.
OURS = ("number", checks.COLUMN)
TOLD = "description"


class NotTaken(RuntimeError):
    """A ledger that was to be measured did not come in as it should; the message says what became of its rows."""


def measure(scene: Scene, runs: int) -> Iterator[Measured]:
    """One line per file: the list with what it shows and the ledger in both forms, and the ledger read in again."""
    rows = min(ROWS, scene.problems)
    query = _newest(scene, rows)
    with tempfile.TemporaryDirectory() as kept, translation.override("zh-hans"):
        folder = Path(kept)
        for key, name in (("problems", "list"), ("ledger", "ledger")):
            for form in ("csv", "xlsx"):
                call = _export(scene, key, query, rows, form, folder)
                yield whole(f"export: {name} of {rows:,} rows, {form}", call, runs, is_reading=True)
        path = folder / "stranger.csv"
        write(_stranger(registry.exports["ledger"].table(scene.supervisor, query), rows), "csv", path)
        # A check does all that an import does, and takes it back.
        yield whole(f"import: check of {rows:,} rows", _import(scene, path, rows), runs, is_reading=False)


def _newest(scene: Scene, rows: int) -> str:
    """The address of a list that has so many rows and hardly more: those found last."""
    newest = Problem.objects.filter(office=scene.office).order_by("-found_on", "-pk")
    return f"order=found&found_from={newest[rows - 1 : rows].values_list('found_on', flat=True).get().isoformat()}"


def _export(scene: Scene, key: str, query: str, rows: int, form: str, folder: Path) -> Callable[[], object]:
    def call() -> object:
        table: Table = registry.exports[key].table(scene.supervisor, query)
        return write(_first(table, rows), form, folder / f"out.{form}")

    return call


def _first(table: Table, rows: int) -> Table:
    return replace(table, total=rows, rows=lambda: islice(table.rows(), rows))


def _stranger(table: Table, rows: int) -> Table:
    """The same as an office would bring it that has never heard of us: problems that are not here yet."""
    kept = [position for position, name in enumerate(PROBLEM) if name not in OURS]
    told = list(PROBLEM).index(TOLD)

    def read() -> Iterator[list[Cell]]:
        for nth, cells in enumerate(_first(table, rows).rows(), start=1):
            yield [f"第{nth}处：{cells[told]}" if position == told else cells[position] for position in kept]

    return Table("Ledger", [table.columns[position] for position in kept], rows, read)


def _import(scene: Scene, path: Path, rows: int) -> Callable[[], object]:
    mapping = from_dict({"kind": "problems"})

    def call() -> object:
        report = import_file(path, mapping, office=scene.office, by=None, dry_run=True)
        if report.created != rows:
            told = [one.as_json() for one in report.refused[:3]]
            raise NotTaken(f"{report.created:,} of {rows:,} rows came in; {report.refused_rows:,} refused: {told}")
        return report

    return call
