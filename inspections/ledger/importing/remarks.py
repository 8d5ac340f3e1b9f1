"""Remarks on rows beyond those that a report keeps: all of them, in a file, so that memory stays flat."""

import heapq
import json
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Any

from inspections.ledger.errors import RowError

KEPT_REMARKS = 5000


class Remarks:
    """What is to be said about rows: the first 5,000 remarks are `kept`, the others lie in a temporary file.

    Once all are added, iterating gives every one, in the form of RowError.as_json() and the order of the rows.
    """

    def __init__(self) -> None:
        self.kept: list[RowError] = []
        # The row of each remark in the file, and where it lies there.
        self.places: list[tuple[int, int]] = []
        self.file: IO[bytes] | None = None
        self.end = 0

    def add(self, *remarks: RowError) -> None:
        for one in remarks:
            if len(self.kept) < KEPT_REMARKS:
                self.kept.append(one)
            else:
                self._put_by(one)

    @property
    def left_off(self) -> int:
        """How many there are besides the kept ones."""
        return len(self.places)

    def sort(self) -> None:
        """Bring the kept ones into the order of the rows, whichever were taken in first."""
        self.kept.sort(key=lambda one: one.row)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        kept = (one.as_json() for one in sorted(self.kept, key=lambda one: one.row))
        return heapq.merge(kept, self._others(), key=lambda one: one["row"])

    def _put_by(self, remark: RowError) -> None:
        if self.file is None:
            self.file = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the report
            weakref.finalize(self, self.file.close)
        self.places.append((remark.row, self.end))
        # In words: a sentence still to be translated takes a hundred times as long to read back.
        self.end += self.file.write(json.dumps(remark.as_json()).encode() + b"\n")

    def _others(self) -> Iterator[dict[str, Any]]:
        for _row, place in sorted(self.places):
            assert self.file is not None
            self.file.seek(place)
            yield json.loads(self.file.readline())
