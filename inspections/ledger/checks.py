"""Pure: the check code of an exported row, by which the importer knows the row again and sees whether it was edited."""

from __future__ import annotations

import datetime
import hashlib
import re
import string
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from inspections.ledger.cells import CaseNumber, Cell, fold, plain

COLUMN = "check"
FORM = re.compile(r"(zh|en)(\d{1,9})-([0-9a-f]{16})-([0-9a-f]{32})-([\w-]*)", re.A)
LETTERS = string.ascii_letters + string.digits + "-_"
# So many letters mark one cell: 18 bits.
MARK = 3


class Check(NamedTuple):
    """What a check code says: the language of the file, the version of what was exported, the digest of its cells,
    whose row it is, and a mark of each cell, by which the edited ones are told from the others."""

    language: str
    version: int
    digest: str
    subject: UUID
    marks: str = ""

    def __str__(self) -> str:
        return f"{self.language}{self.version}-{self.digest}-{self.subject.hex}-{self.marks}"

    def is_edited(self, position: int, value: Any) -> bool:
        """Whether a cell says something else than when it was exported; `position` is its column's in the export."""
        return self.marks[position * MARK : (position + 1) * MARK] != mark(value)


def read(cell: Cell) -> Check | None:
    """The check code in a cell; None for everything that is none. Never raises."""
    if not isinstance(cell, str):
        return None
    match = FORM.fullmatch(fold(plain(cell[:400])))
    return Check(match[1], int(match[2]), match[3], UUID(match[4]), match[5]) if match else None


def digest(values: Mapping[str, Any]) -> str:
    """The digest of a row's values as the importer reads them. Empty ones leave no mark, so that a column which the
    importer learns later changes no code."""
    told = (f"{name}={text}" for name in sorted(values) if name != COLUMN and (text := canonical(values[name])))
    return hashlib.sha256("\x1f".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def mark(value: Any) -> str:
    """A few letters that are hardly ever the same for two values."""
    number = zlib.crc32(canonical(value).encode("utf-8", "surrogatepass"))
    return LETTERS[number & 63] + LETTERS[number >> 6 & 63] + LETTERS[number >> 12 & 63]


def marks(values: Iterable[Any]) -> str:
    """The marks of a row's values, in the order of its columns."""
    return "".join(map(mark, values))


def canonical(value: Any) -> str:
    """A value as text that is the same for every way of writing it; nothing, no and none at all are empty."""
    if isinstance(value, str):
        return value
    if not value and not isinstance(value, float):
        return ""
    if isinstance(value, CaseNumber):
        return value.text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, float):
        return f"{round(value, 6) + 0.0:.6f}"  # there is no degree less than nothing by nothing
    return "\n".join(value) if isinstance(value, list) else str(value)
