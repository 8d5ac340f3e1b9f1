"""A workbook's sheet as its reader (reader_child) sends it: encoded cells, merged ranges filled, hidden rows marked.

Like the reader, it imports nothing of Django.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator
from typing import Any

from inspections.ledger import xls_scan
from inspections.ledger.xlsx_scan import Scan


def encode(value: Any, most: int) -> Any:
    """Return a calamine cell in the protocol's form; whole numbers without a fraction, very long ones as text."""
    if isinstance(value, str):
        return value[:most] or None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        if value.is_integer():
            return int(value) if abs(value) < 1e15 else str(int(value))
        return value
    if isinstance(value, bool | int):
        return value
    if isinstance(value, datetime.date):
        return [value.isoformat()]
    if isinstance(value, datetime.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if isinstance(value, datetime.timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02d}"
    return None


class Merges:
    """The value of a merged range's first cell, repeated over the range while rows stream by."""

    def __init__(self, ranges: Iterable[tuple[tuple[int, int], tuple[int, int]]], width: int) -> None:
        self.coming = sorted(ranges, reverse=True)
        self.width = width
        self.running: dict[int, tuple[int, Any]] = {}

    def fill(self, row: int, cells: list[Any]) -> None:
        """Fill the empty cells of row `row` (0-based) that lie in a merged range."""
        while self.coming and self.coming[-1][0][0] <= row:
            (top, left), (bottom, right) = self.coming.pop()
            if top == row and left < self.width:
                span = range(left, min(right, self.width - 1) + 1)
                self.running.update((column, (bottom, cells[left])) for column in span)
        for column, (bottom, value) in list(self.running.items()):
            if row > bottom:
                del self.running[column]
            elif cells[column] is None:
                cells[column] = value


def calamine_rows(sheet: Any, limits: dict[str, int], scan: Scan) -> Iterator[tuple[int, bool, list[Any]]]:
    """Yield number, hidden flag and cells of each row that holds anything of its own."""
    left, width = sheet.start[1], sheet.end[1] + 1
    margin: list[Any] = [None] * left  # the library leaves out empty columns at the left, but not empty rows above
    merges = Merges(sheet.merged_cell_ranges or (), width)
    hidden, exact = scan.hidden, scan.exact
    most = limits["text"] + 1  # a cut text is still longer than any column allows, so its row is refused
    for index, row in enumerate(sheet.iter_rows()):
        cells = [value or None if type(value) is str and len(value) < most else encode(value, most) for value in row]
        if index + 1 in exact:
            for column, digits in exact[index + 1].items():
                if left <= column < width and isinstance(row[column - left], float):
                    cells[column] = digits
        if left:
            cells = margin + cells
        filled = any(cell is not None for cell in cells)
        if merges.coming or merges.running:
            merges.fill(index, cells)
        if filled:
            yield index + 1, index + 1 in hidden, cells


def old_sheets(workbook: Any, content: bytes) -> tuple[list[dict[str, Any]], bool]:
    """Return the worksheets of an xls workbook in the form of xlsx_scan.sheets, and whether dates count from 1904."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    hidden, date_1904 = xls_scan.scan(content)
    sheets = []
    for position, entry in enumerate(workbook.sheets_metadata):
        if entry.typ == SheetTypeEnum.WorkSheet:
            end = workbook.get_sheet_by_name(entry.name).end or (-1, -1)
            sheets.append(
                {
                    "name": entry.name,
                    "rows": end[0] + 1,
                    "columns": end[1] + 1,
                    "visible": entry.visible == SheetVisibleEnum.Visible,
                    "scan": Scan(hidden=hidden[position] if position < len(hidden) else set()),
                }
            )
    return sheets, date_1904
