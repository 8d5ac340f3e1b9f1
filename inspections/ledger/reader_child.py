"""The limited child process that reads one untrusted spreadsheet; it imports nothing of Django.

Run as `python -I reader_child.py JSON` with `{"path", "sheet": name or null, "list": bool, "limits": {...}}`.
It prints JSON lines: `{"sheets": [...]}` when listing; else `{"sheet": {...}, "sheets": [name, ...]}`, then
`{"rows": [[number, hidden, [cell, ...]], ...]}` in batches, then `{"end": true}`; or at any point `{"error": ...}`.
A cell is null, text, number, bool, or a list of one ISO date or date-time. Blank rows are left out, trailing cells too.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inspections.ledger import csv_text, xlsx_scan  # noqa: E402  (the isolated interpreter must be told where the project is)
from inspections.ledger.workbooks import calamine_rows, old_sheets  # noqa: E402
from inspections.ledger.xlsx_scan import Refusal, Scan  # noqa: E402

BATCH_ROWS, BATCH_LETTERS = 500, 400_000
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def limit_self(limits: dict[str, int]) -> None:
    """Give this process its bounds; a system that knows one of them not is left without that one."""
    bounds = (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, 1024**2),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in bounds:
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def say(message: dict[str, Any]) -> None:
    """Write one JSON line."""
    sys.stdout.buffer.write(encode_json(message).encode() + b"\n")


def form_of(path: str, limits: dict[str, int]) -> str:
    """Return `xlsx`, `xls` or `csv`, judged by the content alone; refuses everything else."""
    size = os.path.getsize(path)
    if size > limits["file_bytes"]:
        raise Refusal("too_large", what="file_bytes", found=size, most=limits["file_bytes"])
    if size == 0:
        raise Refusal("empty")
    with open(path, "rb") as file:
        head = file.read(8)
        if head == OLD_OFFICE:
            content = file.read()
            if "EncryptedPackage".encode("utf-16-le") in content:
                raise Refusal("encrypted")
            if not any(name.encode("utf-16-le") in content for name in ("Workbook", "WORKBOOK", "Book", "BOOK")):
                raise Refusal("not_a_spreadsheet")
            return "xls"
    return "xlsx" if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) else "csv"


def stream(rows: Iterable[tuple[int, bool, list[Any]]]) -> None:
    """Write the rows in batches, bounded both in rows and in letters."""
    batch: list[str] = []
    letters = 0
    for number, hidden, cells in rows:
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            continue
        batch.append(encode_json((number, hidden, cells)))
        letters += len(batch[-1])
        if len(batch) >= BATCH_ROWS or letters >= BATCH_LETTERS:
            say_rows(batch)
            batch, letters = [], 0
    if batch:
        say_rows(batch)


def say_rows(batch: list[str]) -> None:
    """Write one batch of rows that are JSON already."""
    sys.stdout.buffer.write(('{"rows":[' + ",".join(batch) + "]}\n").encode())


def check_size(rows: int, columns: int, limits: dict[str, int]) -> None:
    """Refuse a sheet beyond the limits, before anything of it is sent."""
    if rows > limits["rows"]:
        raise Refusal("too_large", what="rows", found=rows, most=limits["rows"])
    if columns > limits["columns"]:
        raise Refusal("too_large", what="columns", found=columns, most=limits["columns"])
    if rows * columns > limits["cells"]:
        raise Refusal("too_large", what="cells", found=rows * columns, most=limits["cells"])


def choose(sheets: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    """Return the sheet of that name, without one the first visible sheet that holds anything."""
    if wanted is None:
        filled = [sheet for sheet in sheets if sheet["rows"]]
        if not filled:
            raise Refusal("empty")
        return next((sheet for sheet in filled if sheet["visible"]), filled[0])
    for sheet in sheets:
        if sheet["name"] == wanted:
            return sheet
    for sheet in sheets:
        if "".join(sheet["name"].split()) == "".join(wanted.split()):
            return sheet
    raise Refusal("no_such_sheet", sheet=wanted, sheets=[sheet["name"] for sheet in sheets])


def read_workbook(order: dict[str, Any], form: str, limits: dict[str, int]) -> None:
    """Read or list an xlsx or xls workbook."""
    from python_calamine import CalamineWorkbook

    if form == "xlsx":
        with zipfile.ZipFile(order["path"]) as archive:
            book = xlsx_scan.open_book(archive, limits)
            wanted = None if order["list"] else order["sheet"]
            sheets, date_1904 = xlsx_scan.sheets(archive, book, wanted), book.date_1904
    with open(order["path"], "rb") as file:
        workbook = CalamineWorkbook.from_filelike(file)
        if form == "xls":
            sheets, date_1904 = old_sheets(workbook, Path(order["path"]).read_bytes())
        if order["list"]:
            listed = ("name", "rows", "columns", "visible")
            say({"sheets": [{key: sheet[key] for key in listed} for sheet in sheets]})
            return
        chosen = choose(sheets, order["sheet"])
        scan: Scan = chosen["scan"]
        check_size(chosen["rows"], chosen["columns"], limits)
        loaded = workbook.get_sheet_by_name(chosen["name"])
    if loaded.end is None:
        raise Refusal("empty")
    rows, columns = loaded.end[0] + 1, loaded.end[1] + 1
    check_size(rows, columns, limits)
    head = {
        "name": chosen["name"],
        "rows": rows,
        "columns": columns,
        "hidden_rows": sum(number <= rows for number in scan.hidden),
        "form": form,
        "date_1904": date_1904,
    }
    say({"sheet": head, "sheets": [sheet["name"] for sheet in sheets]})
    stream(calamine_rows(loaded, limits, scan))
    say({"end": True})


def read_csv(order: dict[str, Any], limits: dict[str, int]) -> None:
    """Read or list a CSV file as one nameless sheet."""
    text = csv_text.decode(Path(order["path"]).read_bytes())
    if text[:2000].lstrip().lower().startswith(("<html", "<!doctype", "<table", "<?xml")):
        raise Refusal("not_a_spreadsheet", what="markup")
    csv.field_size_limit(1024**2)
    delimiter, start = csv_text.delimiter_of(text)
    most = limits["text"] + 1

    def records() -> Iterator[tuple[int, bool, list[Any]]]:
        lines = io.StringIO(text[start:] if start else text, newline="")
        first = 1
        if start:
            next(lines)
            first = 2
        for number, record in enumerate(csv.reader(lines, delimiter=delimiter), first):
            yield number, False, [cell[:most] or None for cell in record]

    rows = columns = 0
    for number, _hidden, record in records():
        filled = max((index for index, cell in enumerate(record, 1) if cell), default=0)
        if filled:
            rows, columns = number, max(columns, filled)
    check_size(rows, columns, limits)
    if not rows:
        raise Refusal("empty")
    sheet = {"name": "", "rows": rows, "columns": columns, "visible": True}
    if order["list"]:
        say({"sheets": [sheet]})
        return
    head = {"name": "", "rows": rows, "columns": columns, "hidden_rows": 0, "form": "csv", "date_1904": False}
    say({"sheet": head, "sheets": [""]})
    stream(records())
    say({"end": True})


def main(order: dict[str, Any]) -> None:
    """Carry out one order; whatever goes wrong is said as one error line."""
    from python_calamine import CalamineError, PasswordError

    limits = order["limits"]
    limit_self(limits)
    try:
        form = form_of(order["path"], limits)
        if form == "csv":
            read_csv(order, limits)
        else:
            read_workbook(order, form, limits)
    except Refusal as refusal:
        say({"error": refusal.code, **refusal.params})
    except MemoryError:
        say({"error": "too_large", "what": "memory"})
    except PasswordError:
        say({"error": "encrypted"})
    except (zipfile.BadZipFile, CalamineError, csv.Error, EOFError, OSError) as problem:
        say({"error": "unreadable", "detail": f"{type(problem).__name__}: {problem}"[:300]})
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except BrokenPipeError:  # the parent has seen enough
        os._exit(0)
    except BaseException as problem:  # a parser fed with hostile bytes may raise anything, even a Rust panic
        say({"error": "unreadable", "detail": f"{type(problem).__name__}: {problem}"[:300]})
        sys.stdout.flush()
