"""A ledger's data rows as Python values: an open sheet, its mapping, and one parsed row after the other."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker.wording import called_lazy, listed_lazy
from inspections.enums import Route
from inspections.ledger import checks, layout
from inspections.ledger.cells import Cell, as_names, normalise, plain
from inspections.ledger.errors import CellError, LayoutError, Message, RowError
from inspections.ledger.fields import SPECIAL_ROUTES, Context, Field
from inspections.ledger.layout import Header, Record, Records
from inspections.ledger.mapping import LedgerMapping
from inspections.ledger.reader import Limits, Reading, Row, Sheet, read, sheets
from inspections.ledger.splitting import Key, Later, Splitter, Told, fixed_there, followed, key_of, with_later

# the day of a row; the other dates of the row cannot lie before it
FIRST_DAY = {"problems": "found_on", "visits": "date", "exposures": "published_on"}
KEPT_VALUES = 5000  # per column; dates, names and choices repeat, free text does not
IMPOSSIBLE_BEFORE = ("done_on", "rechecked_on", "closed_on")
DOUBTFUL_BEFORE = ("due_on", "first_due_on", "follow_up_on")
# what a ledger tells as done cannot lie ahead; what is due may
PAST = {"problems": ("found_on", *IMPOSSIBLE_BEFORE), "visits": ("date",)}

MISSING = _("This cell must be filled.")
HALF_POSITION = _("A position needs latitude and longitude.")
ONE_ADDRESSEE = _("A special assignment has two addressees; this has one.")
BEFORE_START = _("This lies before %(start)s, the day it began.")
AFTER_TODAY = _("This lies after today, %(today)s. Correct the date, or leave it empty until it has happened.")


LEFT_OUT = "left_out"
LEAVE_OUT = _("Left out: the mapping says so of this value.")

# Cells to read in the place of the sheet's own: row number -> canonical column -> text.
Corrections = Mapping[int, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One data row. With any `errors` it is refused; `doubtful` remarks leave it acceptable.

    `values` has a key for each canonical column the sheet has or a default fills: an empty cell is None (or []), a
    column the sheet lacks has no key. `cells` are the sheet's own, with ditto marks resolved, in the order of labels.
    `headers` gives the sheet's own header text of a canonical column.
    """

    row: int
    values: dict[str, Any]
    errors: tuple[RowError, ...]
    doubtful: tuple[RowError, ...]
    cells: list[Cell]
    hidden: bool
    headers: Mapping[str, str]
    # The code of a row that we exported, and whether its cells are those that went out.
    check: checks.Check | None = None
    is_as_exported: bool = False


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


class RowParser:
    """Reads the rows of one sheet; what many cells of a column say alike is read once."""

    def __init__(
        self,
        mapping: LedgerMapping,
        header: Header,
        columns: Mapping[str, int],
        today: datetime.date,
        *,
        date_1904: bool = False,
    ) -> None:
        self.mapping = mapping
        self.header = header
        self.columns = columns
        self.today = today
        self.date_1904 = date_1904
        self.past = PAST.get(mapping.kind, ())
        self.first_day = FIRST_DAY.get(mapping.kind, "")
        self.fields = sorted(mapping.fields.items(), key=lambda item: item[0] != self.first_day)
        self.headers = {name: header.label(column) or name for name, column in columns.items()}
        self.known: dict[str, dict[str, Any]] = {name: {} for name in columns}
        self.base = Context(None, mapping.date_order, date_1904)
        self.corrections: Corrections = {}

    def parse(self, record: Record) -> ParsedRow:
        """Return one row's values and what is wrong with them; whatever its cells hold, nothing is raised."""
        values: dict[str, Any] = {}
        errors: list[RowError] = []
        doubtful: list[RowError] = []
        if (left_out := self.left_out(record)) is not None:
            return ParsedRow(record.number, {}, (left_out,), (), record.cells, record.hidden, self.headers)
        check = self.check_of(record)
        added = self.corrections.get(record.number, {})
        for name, known in self.fields:
            if name == checks.COLUMN:
                continue
            column = self.columns.get(name)
            if column is not None or name in added:
                cell = record.cells[column] if column is not None else added[name] or None
                try:
                    values[name] = self.value(name, known, cell, values)
                except CellError as problem:
                    values[name] = None
                    errors.append(self.remark(record, name, problem.code, problem.message))
                    continue
            # What is empty in a row of our own is empty here.
            if name in self.mapping.defaults and values.get(name) in (None, []) and check is None:
                values[name] = self.mapping.defaults[name]
            if known.required and values.get(name) is None:
                errors.append(self.remark(record, name, "missing", Message(MISSING)))
        if self.mapping.kind == "problems":
            self.check_special(record, values, doubtful)
        self.check_order(record, values, errors, doubtful)
        self.check_past(record, values, errors)
        if (values.get("lat") is None) != (values.get("lon") is None) and not errors:
            lacking = "lat" if values.get("lat") is None else "lon"
            errors.append(self.remark(record, lacking, "missing", Message(HALF_POSITION)))
        untouched = check is not None and checks.digest(values) == check.digest
        if untouched:
            errors, doubtful = [], []
        return ParsedRow(
            record.number,
            values,
            tuple(errors),
            tuple(doubtful),
            record.cells,
            record.hidden,
            self.headers,
            check,
            untouched,
        )

    def check_of(self, record: Record) -> checks.Check | None:
        """The check code of a row that we exported."""
        column = self.columns.get(checks.COLUMN)
        return checks.read(record.cells[column]) if column is not None else None

    def remark(self, record: Record, name: str, code: str, message: Message) -> RowError:
        """Return a remark on a canonical column of the row, under the sheet's own header text."""
        column = self.columns.get(name)
        if column is None:
            return RowError(record.number, name, "", code, message, name)
        return RowError(record.number, self.headers[name], plain(record.cells[column])[:200], code, message, name)

    def left_out(self, record: Record) -> RowError | None:
        """Why the mapping leaves this row out; None where it doesn't."""
        for name, texts in self.mapping.leave_out.items():
            column = self.columns.get(name)
            cell = record.cells[column] if column is not None else None
            if cell is None:
                continue
            told = {normalise(plain(cell))}
            if self.mapping.fields[name].holds == "names":
                told |= {normalise(one) for one in as_names(cell)}
            if told & texts:
                return self.remark(record, name, LEFT_OUT, Message(LEAVE_OUT))
        return None

    def value(self, name: str, known: Field, cell: Cell, values: Mapping[str, Any]) -> Any:
        """Return one cell's value, after what the mapping's values say for it. Raises CellError."""
        if cell is None:
            return [] if known.holds == "names" else None
        if not isinstance(cell, str):
            return known.read(self.replaced(name, cell), self.base)
        seen = self.known.setdefault(name, {})
        if cell in seen:
            found = seen[cell]
            return found.copy() if isinstance(found, list) else found
        replaced = self.replaced(name, cell)
        if known.holds == "names" and name in self.mapping.values:
            result = self.replaced_names(name, known, cell)
        else:
            try:
                result = known.read(replaced, self.base)
            except CellError:
                if known.holds != "date":
                    raise
                # perhaps a date without a year, which the first day of the row then completes
                return known.read(
                    replaced,
                    Context(self.mapping.year, self.base.date_order, self.date_1904, values.get(self.first_day)),
                )
        if len(seen) < KEPT_VALUES:
            seen[cell] = result
        return result

    def replaced(self, name: str, cell: Cell) -> Cell:
        """Return what the mapping's values give for a cell, else the cell."""
        table = self.mapping.values.get(name)
        key = normalise(plain(cell)) if table is not None else ""
        if table is not None and key in table:
            return table[key]
        if name == "route" and isinstance(cell, str) and normalise(plain(cell)) in SPECIAL_ROUTES:
            return Route.CENTRAL.value
        return cell

    def replaced_names(self, name: str, known: Field, cell: str) -> list[str]:
        """The same for each of several names in one cell, and for the cell as a whole."""
        table = self.mapping.values[name]
        names: list[str] = known.read(table.get(normalise(plain(cell)), cell), self.base)
        return list(dict.fromkeys(new for old in names if (new := table.get(normalise(old), old))))

    def check_special(self, record: Record, values: dict[str, Any], doubtful: list[RowError]) -> None:
        """Set the flag where 专项交办 stood in the route's column; a special row with one addressee is doubtful."""
        column = self.columns.get("route")
        if column is not None and not values.get("special"):
            cell = record.cells[column]
            told = normalise(plain(cell)) if isinstance(cell, str) else ""
            if told in SPECIAL_ROUTES and told not in self.mapping.values.get("route", {}):
                values["special"] = True
        if values.get("special") and not values.get("co_units"):
            doubtful.append(self.remark(record, "special", "one_addressee", Message(ONE_ADDRESSEE)))

    def check_order(
        self, record: Record, values: dict[str, Any], errors: list[RowError], doubtful: list[RowError]
    ) -> None:
        """Refuse what was done before it was found; a date planned before that is doubtful."""
        start = values.get(self.first_day)
        if start is None:
            return
        for names, where in ((IMPOSSIBLE_BEFORE, errors), (DOUBTFUL_BEFORE, doubtful)):
            for name in names:
                day = values.get(name)
                if day is not None and day < start:
                    message = Message(BEFORE_START, {"start": start.isoformat()})
                    where.append(self.remark(record, name, "bad_order", message))

    def check_past(self, record: Record, values: dict[str, Any], errors: list[RowError]) -> None:
        """Refuse what has not happened yet."""
        for name in self.past:
            day = values.get(name)
            if day is not None and day > self.today:
                errors.append(
                    self.remark(record, name, "future", Message(AFTER_TODAY, {"today": self.today.isoformat()}))
                )
