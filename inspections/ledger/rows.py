"""A ledger's data rows as Python values, each with what is wrong with it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from inspections.enums import Route
from inspections.ledger import checks
from inspections.ledger.cells import Cell, as_names, normalise, plain
from inspections.ledger.errors import CellError, Message, RowError
from inspections.ledger.fields import SPECIAL_ROUTES, Context, Field
from inspections.ledger.layout import Header, Record
from inspections.ledger.mapping import LedgerMapping

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
