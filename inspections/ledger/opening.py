"""A ledger opened for reading: its sheet, its header and columns found, and one parsed row after the other."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker.wording import called_lazy, listed_lazy
from inspections.ledger import checks, layout
from inspections.ledger.cells import Cell
from inspections.ledger.errors import LayoutError
from inspections.ledger.layout import Header, Records
from inspections.ledger.mapping import LedgerMapping
from inspections.ledger.reader import Limits, Reading, Row, Sheet, read, sheets
from inspections.ledger.rows import Corrections, ParsedRow, RowParser
from inspections.ledger.splitting import Key, Later, Splitter, Told, fixed_there, followed, key_of, with_later


def part_names(mapping: LedgerMapping) -> list[str]:
    """The canonical columns that tell the problems of one inspection apart."""
    return mapping.split.names if mapping.split else ["kind", "description"]


class Ledger:
    """An open sheet with its columns found; iterate once over ParsedRow, then `skipped` and `hidden` are complete."""

    def __init__(
        self,
        reading: Reading,
        mapping: LedgerMapping,
        today: datetime.date,
        corrections: Corrections | None = None,
        later: Mapping[Key, Later] | None = None,
    ) -> None:
        self.corrections = corrections or {}
        self.later = later or {}
        # Data rows so far, and those of them that name no problem.
        self.count = self.nothing = 0
        self.mapping = mapping
        self.today = today
        self.sheet: Sheet = reading.sheet
        self.sheets = reading.sheets
        rows = chain.from_iterable(reading)
        first = first_rows(rows, mapping.header_row)
        self.header: Header = layout.find_header(first, mapping.wanted, mapping.header_row)
        self.columns = layout.columns(self.header, mapping.wanted)
        if mapping.columns:
            layout.require_columns(self.header, self.columns, mapping.wanted)
        self.splitter = Splitter(mapping, self.header)
        own, self.columns = self.columns, self.columns | self.splitter.columns
        lacking = [name for name in mapping.required if name not in self.columns and name not in mapping.defaults]
        if lacking:
            raise LayoutError(
                "missing_columns",
                _(
                    "The sheet has no column for %(names)s. It has: %(labels)s. Choose under “Columns” which is which, "
                    "or say it in a mapping file."
                ),
                names=listed_lazy([called_lazy(name, mapping.fields[name].headers[0]) for name in lacking]),
                labels=listed_lazy([label for label in self.header.labels() if label]),
            )
        places = {
            row: {own[name]: text or None for name, text in cells.items() if name in own}
            for row, cells in self.corrections.items()
        }
        self._records = Records(
            chain(first, rows), self.header, own, mapping.required, places, is_exported=self._is_exported
        )

    def _is_exported(self, cells: Sequence[Cell]) -> bool:
        column = self.columns.get(checks.COLUMN)
        return column is not None and checks.read(cells[column]) is not None

    @property
    def records(self) -> Records:
        """The data rows as the sheet has them, corrected, in the place of iterating over the ledger."""
        return self._records

    @property
    def read(self) -> dict[str, str]:
        """The sheet's own header of each canonical column that is read, in the order of the sheet."""
        in_order = sorted(self.columns.items(), key=lambda item: item[1])
        return {name: self.splitter.label(column) or name for name, column in in_order}

    @property
    def unread(self) -> list[str]:
        """The labels of columns that the mapping does not read."""
        used = {*self.columns.values(), *self.splitter.used}
        return [label for column, label in enumerate(self.header.labels()) if label and column not in used]

    @property
    def skipped(self) -> layout.Skipped:
        """The rows that are no data rows, so far."""
        return self._records.skipped

    @property
    def hidden(self) -> int:
        """How many data rows were hidden in the sheet, so far; they are read like all others."""
        return self._records.hidden

    def __iter__(self) -> Iterator[ParsedRow]:
        names = part_names(self.mapping)
        for one in self.told():
            if one.part.names_nothing:
                self.nothing += 1
                continue
            row = fixed_there(one.row) if one.part.is_fixed and not one.row.errors else one.row
            later = self.later.get(key_of(row, names))
            if later is None:
                yield row
            elif later.is_known:
                self.nothing += 1
            else:
                yield with_later(row, later)

    def told(self) -> Iterator[Told]:
        """Every part of every data row, also those that name no problem."""
        parser = RowParser(self.mapping, self.header, self.columns, self.today, date_1904=self.sheet.date_1904)
        parser.corrections = self.corrections
        parser.headers = {name: self.splitter.label(column) or name for name, column in self.columns.items()}
        for record in self._records:
            self.count += 1
            again = self.splitter.is_again(record)
            for part in self.splitter.parts(record):
                row = parser.parse(part.record)
                if part.unreadable:
                    row = replace(row, errors=(self.splitter.refusal(record, part.unreadable), *row.errors))
                yield Told(row, again, part)


@contextmanager
def open_ledger(
    path: str | Path,
    mapping: LedgerMapping,
    *,
    limits: Limits | None = None,
    today: datetime.date | None = None,
    corrections: Corrections | None = None,
    later: Mapping[Key, Later] | None = None,
) -> Iterator[Ledger]:
    """Open a spreadsheet file as a ledger. Raises ReaderError or LayoutError.

    Where the mapping names no sheet, it is the first visible one whose header fits. Rows that tell of something
    after `today` (the local day unless one is given) are refused. `corrections` are read in the place of what the
    sheet says: by row number, then by canonical column. `later` is what read_later() found.
    """
    day = today or timezone.localdate()
    with ExitStack() as stack:
        reading = stack.enter_context(read(path, sheet=mapping.sheet, limits=limits))
        try:
            ledger = Ledger(reading, mapping, day, corrections, later)
        except LayoutError as problem:
            if mapping.sheet is not None or len(reading.sheets) < 2:
                raise
            stack.close()
            ledger = elsewhere(path, mapping, limits, day, reading.sheet.name, stack, problem, corrections, later)
        yield ledger


def read_later(
    path: str | Path,
    mapping: LedgerMapping,
    *,
    today: datetime.date | None = None,
    corrections: Corrections | None = None,
) -> Mapping[Key, Later]:
    """Read a ledger once for what its re-inspections say of its problems; empty where the mapping knows of none."""
    if mapping.recheck is None:
        return {}
    with open_ledger(path, mapping, today=today, corrections=corrections) as ledger:
        return followed(ledger.told(), part_names(mapping))


def elsewhere(
    path: str | Path,
    mapping: LedgerMapping,
    limits: Limits | None,
    today: datetime.date,
    tried: str,
    stack: ExitStack,
    problem: LayoutError,
    corrections: Corrections | None,
    later: Mapping[Key, Later] | None,
) -> Ledger:
    """Return the ledger from the first other visible sheet with a header; raises `problem` when there is none."""
    for size in sheets(path, limits=limits):
        if size.visible and size.rows and size.name != tried:
            try:
                reading = stack.enter_context(read(path, sheet=size.name, limits=limits))
                return Ledger(reading, mapping, today, corrections, later)
            except LayoutError:
                stack.close()
    raise problem


def first_rows(rows: Iterator[Row], header_row: tuple[int, ...] | None) -> list[Row]:
    """Take the rows in which the header must be."""
    taken: list[Row] = []
    for row in rows:
        taken.append(row)
        if row.number >= max(header_row) if header_row else len(taken) == layout.LOOK_AHEAD:
            break
    return taken
