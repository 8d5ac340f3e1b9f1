"""Reading a spreadsheet of unknown origin through a limited child process, row by row."""

from __future__ import annotations

import datetime
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casetracker.exporting.quoting import unquote_csv
from casetracker.wording import listed_lazy
from inspections.ledger.cells import Cell
from inspections.ledger.errors import ReaderError

CHILD = Path(__file__).with_name("reader_child.py")
PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PATH", "TMPDIR")  # nothing else of the environment


@dataclass(frozen=True, slots=True)
class Limits:
    """What a spreadsheet may be at most; `cells` is rows times columns, `text` the letters of one cell."""

    file_bytes: int = 50 * 1024**2
    unpacked_bytes: int = 300 * 1024**2
    parts: int = 2000
    rows: int = 250_000
    columns: int = 200
    cells: int = 16_000_000
    text: int = 50_000
    memory: int = 1024**3
    cpu_seconds: int = 60


@dataclass(frozen=True, slots=True)
class SheetSize:
    """One worksheet as a list shows it: rows and columns up to the outermost filled cell; a CSV's name is empty."""

    name: str
    rows: int
    columns: int
    visible: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet being read; `form` is xlsx, xls or csv, `date_1904` says from which day bare serial dates count."""

    name: str
    rows: int
    columns: int
    hidden_rows: int
    form: str
    date_1904: bool


class Row(NamedTuple):
    """One filled row: its number in the sheet (from 1), its cells without trailing empty ones, whether it is hidden."""

    number: int
    cells: list[Cell]
    hidden: bool


class Reading:
    """An open sheet; iterate once over batches (lists of at most 500 rows). Blank rows are left out.

    In a CSV the quote that our own export writes before formulas is taken off (see exporting.quoting).
    """

    def __init__(self, child: Child, sheet: Sheet, sheets: tuple[str, ...]) -> None:
        self._child = child
        self.sheet = sheet
        self.sheets = sheets

    def __iter__(self) -> Iterator[list[Row]]:
        special: type = str if self.sheet.form == "csv" else list
        value_of: Callable[[Any], Cell] = unquote_csv if special is str else day_of
        while batch := self._child.answer().get("rows"):
            yield [
                Row(number, [value_of(cell) if type(cell) is special else cell for cell in cells], hidden)
                for number, hidden, cells in batch
            ]


@contextmanager
def read(path: str | Path, *, sheet: str | None = None, limits: Limits | None = None) -> Iterator[Reading]:
    """Open a sheet of an xlsx, xls or csv file (told by content, not by name) for reading in batches.

    Without `sheet` it is the first visible one that holds anything; a CSV has one sheet whatever is asked for.
    Cells come as text, int, float, bool, date, datetime or None; numbers of more than 15 digits as text, error cells
    and formulas without a stored value as None; a merged range repeats its first cell. Raises ReaderError, also while
    batches are read. Leaving the block early ends the child.
    """
    with started(path, sheet=sheet, only_list=False, limits=limits or Limits()) as child:
        head = child.answer()
        yield Reading(child, Sheet(**head["sheet"]), tuple(head["sheets"]))


def sheets(path: str | Path, *, limits: Limits | None = None) -> list[SheetSize]:
    """Return every worksheet in the file's order. Raises ReaderError."""
    with started(path, sheet=None, only_list=True, limits=limits or Limits()) as child:
        return [SheetSize(**entry) for entry in child.answer()["sheets"]]


def day_of(cell: list[str]) -> datetime.date:
    """Return the date or date-time that the protocol wraps in a list."""
    text = cell[0]
    return datetime.datetime.fromisoformat(text) if "T" in text else datetime.date.fromisoformat(text)


class Child:
    """The running child process and its answers, one JSON object per line."""

    def __init__(self, process: subprocess.Popen[bytes], complaints: IO[bytes], limits: Limits) -> None:
        self.process = process
        self.complaints = complaints
        self.limits = limits

    def answer(self) -> dict[str, Any]:
        """Return the next answer; an error answer, a broken one or a dead child is a ReaderError."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:  # the child died before or within the line
            raise self.died() from None
        if "error" in answer:
            raise refusal(answer, self.limits)
        return answer

    def died(self) -> ReaderError:
        """Tell from its last signs why the child ended."""
        status = self.process.wait()
        self.complaints.seek(0)
        last_words = self.complaints.read(100_000)
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return ReaderError("too_large", TOO_LARGE["time"], most=self.limits.cpu_seconds)
        if b"memory allocation" in last_words or b"MemoryError" in last_words or b"capacity overflow" in last_words:
            return ReaderError("too_large", TOO_LARGE["memory"])
        return ReaderError(
            "reader_died",
            _("Reading the file broke off (%(status)s). Open it in a spreadsheet program, save it as xlsx, try again."),
            status=status,
        )


@contextmanager
def started(path: str | Path, *, sheet: str | None, only_list: bool, limits: Limits) -> Iterator[Child]:
    """Start the child for one order and end it with the block."""
    path = Path(path).absolute()
    if not path.is_file():
        raise ReaderError("unreadable", _("There is no file %(path)s."), path=path)
    order = json.dumps({"path": str(path), "sheet": sheet, "list": only_list, "limits": asdict(limits)})
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-I", str(CHILD), order],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
        )
        try:
            yield Child(process, complaints, limits)
        finally:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()
            process.wait()


TOO_LARGE: dict[str, str | Promise] = {
    "file_bytes": _("The file has %(found)s bytes, at most %(most)s are read. Split it and import the parts."),
    "unpacked_bytes": _(
        "Unpacked the file has more than %(most)s bytes. Split it, or remove pictures and other sheets."
    ),
    "parts": _("The file consists of %(found)s parts, at most %(most)s are read. Copy the table into a new file."),
    "rows": _("The sheet has %(found)s rows, at most %(most)s are read. Split it and import the parts."),
    "columns": _("The sheet reaches to column %(found)s, at most %(most)s are read. Delete what stands to the right."),
    "cells": _("The sheet spans %(found)s cells, at most %(most)s are read. Delete stray cells, or split it."),
    "memory": _("Reading the file takes more memory than allowed. Split it and import the parts."),
    "time": _("Reading the file takes more than %(most)s seconds. Split it and import the parts."),
}
NOT_A_SPREADSHEET: dict[str, str | Promise] = {
    "": _("This is not a spreadsheet. Give an xlsx, xls or csv file."),
    "markup": _("This is a web page or XML with the name of a spreadsheet. Open it, save it as xlsx and try again."),
    "other_office": _("This kind of office file is not read. Save the table as xlsx and try again."),
}
UNREADABLE: dict[str, str | Promise] = {
    "": _("The file is damaged or incomplete. Open it in a spreadsheet program, save it as xlsx and try again."),
    "encoding": _("The letters of the file are in an unknown encoding. Save it as CSV UTF-8 or as xlsx and try again."),
    "doctype": _("The file contains a document type declaration, which no spreadsheet program writes. It is refused."),
}
OTHERS: dict[str, str | Promise] = {
    "encrypted": _("The file is protected by a password. Save it without one and try again."),
    "empty": _("The file holds no rows."),
    "no_such_sheet": _("There is no sheet “%(sheet)s”. The file has: %(sheets)s."),
}


def refusal(answer: dict[str, Any], limits: Limits) -> ReaderError:
    """Return the child's error answer with a sentence for people."""
    code, what = str(answer["error"]), str(answer.get("what", ""))
    if code == "too_large":
        return ReaderError(code, TOO_LARGE[what], found=answer.get("found"), most=answer.get("most"))
    if code == "no_such_sheet":
        return ReaderError(code, OTHERS[code], sheet=answer["sheet"], sheets=listed_lazy(answer["sheets"]))
    if code in OTHERS:
        return ReaderError(code, OTHERS[code])
    known = NOT_A_SPREADSHEET if code == "not_a_spreadsheet" else UNREADABLE
    return ReaderError(code, known.get(what, known[""]))
