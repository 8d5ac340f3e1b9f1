"""A first look at a spreadsheet: which sheet is the ledger, which row its header, what stands in its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from inspections.ledger import layout
from inspections.ledger.cells import Cell, is_nothing, plain
from inspections.ledger.errors import LayoutError, ReaderError
from inspections.ledger.fields import is_secret
from inspections.ledger.layout import Header
from inspections.ledger.mapping import LedgerMapping
from inspections.ledger.reader import Limits, Row, Sheet, SheetSize, read, sheets

# So many rows are looked at; a header lies among them.
LOOKED_AT = 60
SAMPLES = 3
LONGEST = 60
# What is shown of a password.
HIDDEN = "•••"
# So many sheets are tried where nothing says which one is meant.
TRIED = 8


@dataclass
class Glance:
    """What was seen. `header_rows` is empty where no header was found; then there are no keys.

    `keys`: the text that names each column, empty where none names it alone. `samples`: some different values of each.
    `found`: the key of the column that each canonical name probably means. `first`: row number and texts.
    """

    form: str
    sheet: str
    rows: int
    sheets: list[SheetSize] = field(default_factory=list)
    header_rows: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    samples: list[list[str]] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    first: list[tuple[int, list[str]]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def look(path: str | Path, mapping: LedgerMapping, *, fixed: bool = False, limits: Limits | None = None) -> Glance:
    """Look at a file as this mapping would read it. Raises ReaderError.

    Sheet and header row of the mapping are hints, since next month's file may have others; with `fixed` they hold.
    """
    wanted = wanted_texts(mapping)
    there = sheets(path, limits=limits)
    named = mapping.sheet if any(one.name == mapping.sheet for one in there) else None
    if fixed and mapping.sheet is not None and named is None and there and there[0].name:
        named = mapping.sheet  # the reader refuses it, naming the sheets there are
    visible = [one.name for one in there if one.visible and one.rows][:TRIED]
    candidates = visible if named is None else [named]
    best: tuple[int, Sheet, list[Row], Header | None] | None = None
    for name in candidates or [""]:
        sheet, rows = _opening(path, name or None, limits)
        header = _header(rows, wanted, mapping.header_row, fixed=fixed)
        found = set(layout.columns(header, wanted)) if header is not None else set()
        score = len(found) + (1000 if found.issuperset(mapping.required) else 0)
        if best is None or score > best[0]:
            best = (score, sheet, rows, header)
        if score >= 1000:
            break
    assert best is not None
    return _seen(best[1], best[2], best[3], wanted, there)


def wanted_texts(mapping: LedgerMapping) -> dict[str, tuple[str, ...]]:
    """The texts that may name each canonical column: what the mapping says before what is usual."""
    usual = {name: (name, *known.headers) for name, known in mapping.fields.items()}
    if not mapping.columns:
        return usual
    return {name: (text, *usual[name]) for name, text in mapping.columns.items()}


def _opening(path: str | Path, sheet: str | None, limits: Limits | None) -> tuple[Sheet, list[Row]]:
    with read(path, sheet=sheet, limits=limits) as reading:
        return reading.sheet, list(islice(chain.from_iterable(reading), LOOKED_AT))


def _header(
    rows: list[Row], wanted: Mapping[str, Sequence[str]], at: tuple[int, ...] | None, *, fixed: bool
) -> Header | None:
    """The header at the rows that are named, or found; None where there is none."""
    named = _found(rows, wanted, at) if at is not None else None
    if fixed and named is not None:
        return named
    found = _found(rows, wanted, None)
    if named is None or found is None:
        return named or found
    return named if len(layout.columns(named, wanted)) >= len(layout.columns(found, wanted)) else found


def _found(rows: list[Row], wanted: Mapping[str, Sequence[str]], at: tuple[int, ...] | None) -> Header | None:
    try:
        return layout.find_header(rows, wanted, at)
    except LayoutError:
        return None


def _seen(
    sheet: Sheet, rows: list[Row], header: Header | None, wanted: Mapping[str, Sequence[str]], there: list[SheetSize]
) -> Glance:
    seen = Glance(sheet.form, sheet.name, sheet.rows, there)
    seen.first = [(row.number, [_short(cell) for cell in row.cells]) for row in rows]
    if header is None:
        return seen
    secret = {column for column, label in enumerate(header.labels()) if is_secret(label)}
    below_header = max(header.rows)
    seen.first = [
        (number, [HIDDEN if column in secret and number > below_header else cell for column, cell in enumerate(cells)])
        for number, cells in seen.first
    ]
    seen.header_rows = list(header.rows)
    seen.keys = layout.keys(header)
    below = [row for row in rows if row.number > max(header.rows)]
    seen.samples = [[] if column in secret else _samples(below, column) for column in range(len(seen.keys))]
    seen.found = {
        name: seen.keys[column] for name, column in layout.columns(header, wanted).items() if seen.keys[column]
    }
    return seen


def _samples(rows: list[Row], column: int) -> list[str]:
    cells = (row.cells[column] for row in rows if column < len(row.cells))
    return list(islice(dict.fromkeys(_short(cell) for cell in cells if not is_nothing(cell)), SAMPLES))


def _short(cell: Cell) -> str:
    text = " ".join(plain(cell).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


__all__ = ["Glance", "ReaderError", "look", "wanted_texts"]
