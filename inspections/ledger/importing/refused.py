"""The refused rows of a check as a file of their own: the sheet's columns and the reason, to correct and import."""

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from casetracker.bilingual import in_language
from casetracker.exporting import Column, Table
from inspections.ledger import layout
from inspections.ledger.cells import Cell, plain
from inspections.ledger.fields import is_secret
from inspections.ledger.importing.report import Report
from inspections.ledger.mapping import LedgerMapping
from inspections.ledger.opening import open_ledger
from inspections.ledger.rows import Corrections


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


def table(kept: Path, name: str) -> Table:
    """The rows that keep() wrote, as the sheet has them, with the reasons in the active language as the last column."""
    with kept.open(encoding="utf-8") as file:
        labels: list[str] = json.loads(file.readline())
        total = sum(1 for _line in file)

    def rows() -> Iterator[list[Cell]]:
        with kept.open(encoding="utf-8") as file:
            next(file)
            for line in file:
                cells, zh, en = json.loads(line)
                own = [_read(cell) for cell in cells][: len(labels)]
                yield [*own, *[None] * (len(labels) - len(own)), in_language(zh, en)]

    heads = [*(Column(label) for label in labels), Column(_("Reason"), 48)]
    return Table(name, heads, total, rows)


def _row(cells: list[Cell], secret: set[int]) -> list[Any]:
    """The cells of a row; passwords are left out."""
    return [None if column in secret else _kept(cell) for column, cell in enumerate(cells)]


def _kept(cell: Cell) -> Any:
    return [cell.isoformat()] if isinstance(cell, datetime.date) else cell


def _read(cell: Any) -> Cell:
    if isinstance(cell, str):
        return plain(cell)
    if not isinstance(cell, list):
        found: Cell = cell
        return found
    text = cell[0]
    return datetime.datetime.fromisoformat(text) if "T" in text else datetime.date.fromisoformat(text)
