"""Writing a table into a file, CSV or workbook, row by row."""

import csv
import datetime
import re
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext_lazy as _

from casetracker.errors import Invalid
from casetracker.exporting.quoting import quote_csv
from casetracker.exporting.tables import CHUNK, Cell, Table

Progress = Callable[[int, int], None]

TYPES = {"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv; charset=utf-8"}
FORMS = tuple(TYPES)

# What one sheet holds below its header, what one cell, and from when on it knows days.
MOST_ROWS = 1_048_575
MOST_LETTERS = 32_767
FIRST_YEAR = 1900
# XML has no such letters; a workbook with one of them would count as damaged.
NO_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")
NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\']")


def write(table: Table, form: str, path: Path, progress: Progress = lambda done, total: None) -> int:
    """Write the table as `form` (xlsx or csv) into a new file; returns how many rows it has.

    `progress` is called with the rows done and those expected, every 2,000. Raises Invalid for more rows than a
    sheet holds.
    """
    return {"csv": _write_csv, "xlsx": _write_xlsx}[form](table, path, progress)


def _write_csv(table: Table, path: Path, progress: Progress) -> int:
    """UTF-8 with a mark at the beginning, by which spreadsheet programs know it."""
    done = 0
    with path.open("w", encoding="utf-8-sig", newline="", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow([quote_csv(column.header) for column in table.columns])
        for row in table.rows():
            writer.writerow([_as_text(cell) for cell in row])
            done += 1
            if not done % CHUNK:
                progress(done, table.total)
    return done


def _as_text(cell: Cell) -> str:
    if isinstance(cell, str):
        return quote_csv(cell)
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ", "minutes")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    # The digits that a spreadsheet keeps, and never 1e-06, which not everybody reads as a number.
    return f"{Decimal(f'{cell:.15g}'):f}" if isinstance(cell, float) else str(cell)


def _write_xlsx(table: Table, path: Path, progress: Progress) -> int:
    if table.total > MOST_ROWS:
        raise too_long()
    # Rows go to the disk as they come, beside the file, where nobody else reads.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="part-") as folder:
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        try:
            return _fill(book, table, progress)
        finally:
            book.close()


def too_long() -> Invalid:
    return Invalid(_("A workbook holds at most 1,048,575 rows. Narrow the list, or choose CSV."), field="form")


def _fill(book: Any, table: Table, progress: Progress) -> int:
    sheet = book.add_worksheet(NO_SHEET_NAME.sub(" ", table.name)[:31])
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    day, moment = (book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "yyyy-mm-dd hh:mm"))
    sheet.freeze_panes(1, 0)
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(0, number, column.header, head)
    done = 0
    for row in table.rows():
        done += 1
        if done > MOST_ROWS:
            raise too_long()
        for number, cell in enumerate(row):
            if cell is None or cell == "":
                continue
            if isinstance(cell, datetime.date) and cell.year < FIRST_YEAR:
                cell = _as_text(cell)
            if isinstance(cell, str):
                sheet.write_string(done, number, NO_XML.sub("", cell)[:MOST_LETTERS])
            elif isinstance(cell, datetime.datetime):
                sheet.write_datetime(done, number, cell, moment)
            elif isinstance(cell, datetime.date):
                sheet.write_datetime(done, number, cell, day)
            elif isinstance(cell, bool):
                sheet.write_boolean(done, number, cell)
            else:
                sheet.write_number(done, number, cell)
        if not done % CHUNK:
            progress(done, table.total)
    return done
