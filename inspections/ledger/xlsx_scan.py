"""A look at the raw parts of an xlsx file before a library loads it; only the reader's child process runs this.

The library holds a whole sheet at once, sized by its outermost cells, so a single cell at XFD1048576 asks for 550 GB.
The scan finds the outermost cell that holds anything, refuses what is beyond the limits, document type declarations
and false sizes, and notes what the library does not tell: hidden rows, and whole numbers too long for a float.
What it overlooks still meets the memory and time limits of the process.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

CHUNK, WHOLE = 4 * 1024**2, 32 * 1024**2
SMALL_PART = 5 * 1024**2
CELLS_TO_JUDGE = 64 * 1024  # a program writes positions with all cells or with none

# A cell with a position and something inside; r="1" of a row has no letters and is no match. The patterns begin with
# plain letters, or are asked only where such letters occur: on a sheet of 100 MB that saves seconds.
CELL = re.compile(rb""" r=["']([A-Za-z]{1,7})([0-9]{1,9})["'][^>]*(?<!/)>(?!</)""")
CELL_SPACED = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,9})["'][^>]*(?<!/)>(?!</)""")
UNPLACED = re.compile(rb"<(?:\w+:)?c(?=[\s>/])(?![^>]*\sr\s*=)")
TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s>/])([^>]*)>(</)?")
PLACE = re.compile(rb"""\sr=["']([A-Za-z]*)([0-9]{1,9})["']""")
HIDDEN_AT_ALL = re.compile(rb"""hidden=["'](?:1|true)["']""")
HIDDEN = re.compile(rb"""<(?:\w+:)?row\b(?=[^>]*\shidden=["'](?:1|true)["'])[^>]*?\sr=["']([0-9]{1,9})["']""")
LONG_AT_ALL = re.compile(rb"v>-?[0-9]{16}")
LONG_NUMBER = re.compile(rb""" r=["']([A-Za-z]{1,7})([0-9]{1,9})["'][^>]*><(?:\w+:)?v>(-?[0-9]{16,40})</""")


class Refusal(Exception):
    """A file that is not read, with the code and the facts for the message."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass
class Scan:
    """What one worksheet holds: its outermost filled row and column, hidden rows, exact long numbers by row, column."""

    rows: int = 0
    columns: int = 0
    hidden: set[int] = field(default_factory=set)
    exact: dict[int, dict[int, str]] = field(default_factory=dict)
    letters: set[bytes] = field(default_factory=set)


@dataclass(frozen=True)
class Book:
    """The workbook part: worksheets as name, part and visibility, and which day the dates count from."""

    sheets: list[tuple[str, str, bool]]
    date_1904: bool


def column_number(letters: bytes) -> int:
    """Return 1 for A, 27 for AA, 16384 for XFD."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def local(tag: str) -> str:
    return tag.rpartition("}")[2]


def chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a part's content; refuses document type declarations, other encodings and damaged data."""
    tail = b""
    try:
        with archive.open(name) as part:
            while chunk := part.read(CHUNK):
                if not tail and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise Refusal("unreadable", what="encoding")
                seen = tail + chunk
                if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                    raise Refusal("unreadable", what="doctype")
                tail = chunk[-16:]
                yield chunk
    except RuntimeError as problem:  # a password on the zip archive itself
        raise Refusal("encrypted") from problem
    except (zlib.error, NotImplementedError) as problem:
        raise Refusal("unreadable") from problem


def small_part(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """Return a small part parsed; it has no document type declaration, so no entity can unfold."""
    content = b""
    for chunk in chunks(archive, name):
        content += chunk
        if len(content) > SMALL_PART:
            raise Refusal("too_large", what="unpacked_bytes", found=len(content), most=SMALL_PART)
    try:
        return ElementTree.fromstring(content)
    except ElementTree.ParseError as problem:
        raise Refusal("unreadable") from problem


def relations(archive: zipfile.ZipFile, part: str, names: set[str]) -> dict[str, tuple[str, str]]:
    """Return what a part (empty for the whole package) points to, by id: the kind's last word and the other part."""
    folder, name = posixpath.split(part)
    where = posixpath.join(folder, "_rels", f"{name}.rels")
    if where not in names:
        return {}
    found = {}
    for relation in small_part(archive, where):
        target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", "")))
        found[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], target.lstrip("/"))
    return found


def open_book(archive: zipfile.ZipFile, limits: dict[str, int]) -> Book:
    """Check the archive's sizes and the parts every reading uses, and return what the workbook part says."""
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits["unpacked_bytes"]:
        raise Refusal("too_large", what="unpacked_bytes", found=unpacked, most=limits["unpacked_bytes"])
    if len(entries) > limits["parts"]:
        raise Refusal("too_large", what="parts", found=len(entries), most=limits["parts"])
    if "[Content_Types].xml" not in names or "xl/workbook.bin" in names:
        raise Refusal("not_a_spreadsheet", what="other_office" if names & {"mimetype", "xl/workbook.bin"} else "")
    books = [part for kind, part in relations(archive, "", names).values() if kind == "officeDocument"]
    if not books or books[0] not in names:
        raise Refusal("unreadable")
    related = relations(archive, books[0], names)
    for kind, part in related.values():
        if kind in ("sharedStrings", "styles") and part in names:
            for _chunk in chunks(archive, part):  # reading to the end compares size and checksum
                pass
    sheets, date_1904 = [], False
    for element in small_part(archive, books[0]).iter():
        if local(element.tag) == "workbookPr":
            date_1904 = element.get("date1904") in ("1", "true")
        elif local(element.tag) == "sheet":
            relation_id = next((value for key, value in element.items() if local(key) == "id"), "")
            kind, part = related.get(relation_id, ("", ""))
            if kind == "worksheet" and part in names:
                sheets.append((element.get("name", ""), part, element.get("state", "visible") == "visible"))
    return Book(sheets, date_1904)


def sheets(archive: zipfile.ZipFile, book: Book, wanted: str | None) -> list[dict[str, Any]]:
    """Return name, rows, columns, visible and scan of every worksheet, with `wanted` looking into that one only."""
    result = []
    for name, part, visible in book.sheets:
        look = wanted is None or "".join(name.split()) == "".join(wanted.split())
        scan = scan_sheet(archive, part) if look else Scan()
        result.append({"name": name, "rows": scan.rows, "columns": scan.columns, "visible": visible, "scan": scan})
    return result


def scan_sheet(archive: zipfile.ZipFile, part: str) -> Scan:
    """Return what one worksheet part holds."""
    scan, rest = Scan(), b""
    for chunk in chunks(archive, part):
        rest += chunk
        cut = rest.rfind(b"row>") + 4  # a chunk ends with a row, so that no cell is cut in two
        if cut < 4:
            if len(rest) < WHOLE:
                continue
            cut = len(rest)
        look_at(rest[:cut], scan)
        rest = rest[cut:]
    look_at(rest, scan)
    scan.columns = max(map(column_number, scan.letters), default=scan.columns)
    return scan


def look_at(content: bytes, scan: Scan) -> None:
    """Add whole rows of a worksheet to the scan."""
    if UNPLACED.search(content, 0, CELLS_TO_JUDGE):
        count_unplaced(content, scan)
    else:
        usual = b' r="' in content or b" r='" in content
        found = (CELL if usual else CELL_SPACED).findall(content)
        if found:
            scan.letters.update({letters for letters, _row in found})
            scan.rows = max(scan.rows, max(map(int, {row for _letters, row in found})))
    if HIDDEN_AT_ALL.search(content):
        scan.hidden.update(map(int, HIDDEN.findall(content)))
    if not LONG_AT_ALL.search(content):
        return
    for letters, row, digits in LONG_NUMBER.findall(content):
        scan.exact.setdefault(int(row), {})[column_number(letters) - 1] = digits.decode()


def count_unplaced(content: bytes, scan: Scan) -> None:
    """The same for cells without a position, which stand one right of the cell before them."""
    row, column = scan.rows, 0
    for match in TAG.finditer(content):
        tag, attributes, empty = match.groups()
        place = PLACE.search(attributes)
        if tag == b"row":
            row, column = int(place[2]) if place else row + 1, 0
            continue
        column = column_number(place[1]) if place and place[1] else column + 1
        if not empty and not attributes.endswith(b"/"):
            scan.rows = max(scan.rows, row)
            scan.letters.add(letters_of(column))


def letters_of(column: int) -> bytes:
    """Return A for 1, AA for 27."""
    letters = b""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = bytes([65 + rest]) + letters
    return letters
