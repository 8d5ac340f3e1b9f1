"""The refused rows of a check as a file of their own: the sheet's columns and the reason, to correct and import."""

import csv
import datetime
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from casetracker.bilingual import in_language
from casetracker.exporting.quoting import quote_csv
from inspections.ledger import layout
from inspections.ledger.cells import Cell, plain
from inspections.ledger.fields import is_secret
from inspections.ledger.importing.report import Report
from inspections.ledger.mapping import LedgerMapping
from inspections.ledger.opening import open_ledger
from inspections.ledger.rows import Corrections

# A spreadsheet's cell holds no more.
LONGEST = 32_000


def keep(target: Path, path: Path, mapping: LedgerMapping, corrections: Corrections, report: Report) -> None:
    """Write the refused rows of a report, as the sheet (with its corrections) has them, to a file of ours."""
    reasons: dict[int, list[tuple[str, str]]] = {}
    for told in report.refusals:
        zh, en = (f"{told['column']}：{told['message_zh']}", f"{told['column']}: {told['message_en']}")
        reasons.setdefault(told["row"], []).append((zh, en))
    with open_ledger(path, mapping, corrections=corrections) as ledger, target.open("w", encoding="utf-8") as file:
        names = layout.keys(ledger.header)
        labels = [name or label for name, label in zip(names, ledger.header.labels(), strict=True)]
        secret = {column for column, label in enumerate(ledger.header.labels()) if is_secret(label)}
        file.write(json.dumps(labels) + "\n")
        for record in ledger.records:
            if record.number in report.codes:
                known = reasons.get(record.number) or [(report.codes[record.number],) * 2]
                why = ["；".join(zh for zh, _en in known), "; ".join(en for _zh, en in known)]
                file.write(json.dumps([_row(record.cells, secret), *why]) + "\n")


def as_csv(kept: Path) -> str:
    """The file that keep() wrote as CSV, the reasons in the active language; begins with a byte order mark."""
    out = io.StringIO(newline="")
    out.write("\ufeff")
    writer = csv.writer(out)
    for cells in _rows(kept):
        writer.writerow([quote_csv(plain(cell)) for cell in cells])
    return out.getvalue()


def as_xlsx(kept: Path) -> bytes:
    """The same as a workbook with one sheet: real dates, text as text, the header frozen."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet()
    day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for number, cells in enumerate(_rows(kept)):
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime.datetime):
                sheet.write_datetime(number, column, cell.replace(tzinfo=None), moment)
            elif isinstance(cell, datetime.date):
                sheet.write_datetime(number, column, cell, day)
            elif isinstance(cell, bool):
                sheet.write_boolean(number, column, cell)
            elif isinstance(cell, int | float):
                sheet.write_number(number, column, cell)
            elif cell:
                sheet.write_string(number, column, cell[:LONGEST], None if number else bold)
    book.close()
    return out.getvalue()


def _rows(kept: Path) -> Iterator[list[Cell]]:
    """The header and the rows, each with the reason as its last cell."""
    with kept.open(encoding="utf-8") as file:
        labels = json.loads(file.readline())
        yield [*labels, _("Reason")]
        for line in file:
            cells, zh, en = json.loads(line)
            own = [_read(cell) for cell in cells][: len(labels)]
            yield [*own, *[None] * (len(labels) - len(own)), in_language(zh, en)]


def _row(cells: list[Cell], secret: set[int]) -> list[Any]:
    """The cells of a row; passwords are left out."""
    return [None if column in secret else _kept(cell) for column, cell in enumerate(cells)]


def _kept(cell: Cell) -> Any:
    return [cell.isoformat()] if isinstance(cell, datetime.date) else cell


def _read(cell: Any) -> Cell:
    if not isinstance(cell, list):
        return cell
    text = cell[0]
    return datetime.datetime.fromisoformat(text) if "T" in text else datetime.date.fromisoformat(text)
