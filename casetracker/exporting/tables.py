"""What an exported list is before it is written: its columns, and its rows in the order shown."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

# A moment must be local and naive: a spreadsheet knows no time zones.
Cell = str | bool | int | float | Decimal | datetime.date | datetime.datetime | None

# So many rows are read at a time.
CHUNK = 2000


class Unknown(ValueError):
    """A query that no page of the list gives out."""


@dataclass(frozen=True)
class Column:
    """One column: its header in the reader's language, and how many letters of it a screen should show."""

    header: str
    width: int = 16


@dataclass(frozen=True)
class Table:
    """A list to be written. `rows()` gives the cells of one row after the other and reads them as it goes.

    `name` is what the list is called, on the sheet and in the name of the file; `total` how many rows there are.
    """

    name: str
    columns: Sequence[Column]
    total: int
    rows: Callable[[], Iterator[Sequence[Cell]]]


def streamed(found: "QuerySet[Any, Any]") -> Iterator[Any]:
    """The rows of a query as the database hands them out, a chunk at a time, so that memory stays flat."""
    return found.iterator(chunk_size=CHUNK)
