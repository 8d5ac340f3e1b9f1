"""Ledgers of inspections: one cell that names several things, and later rows that tell how they were found again."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from inspections.enums import Result, Route
from inspections.ledger.cells import normalise
from inspections.ledger.errors import LayoutError, Message, RowError
from inspections.ledger.layout import Header, Record

if TYPE_CHECKING:
    from inspections.ledger.mapping import LedgerMapping
    from inspections.ledger.rows import ParsedRow

# The group of a part's pattern that says whether it was put right while the inspectors were there.
FIXED = "fixed"
BAD_PART = _("“%(part)s” is not written as the mapping says that a part of this cell is written.")
NO_COLUMN = _("The sheet has no column “%(name)s”, which the mapping’s [%(table)s] names.")


@dataclass(frozen=True)
class Split:
    """How one cell names several problems: the header of its column, what stands between them, how each is written.

    The groups of `part` are canonical columns, and `fixed`, whose text is `fixed` for what was put right on the spot.
    A cell that says one of `none` (normalised) names nothing.
    """

    column: str
    by: str
    part: re.Pattern[str]
    fixed: str = ""
    none: frozenset[str] = frozenset()

    @property
    def names(self) -> list[str]:
        """The canonical columns that a part fills, in the order of their groups."""
        return [name for name in self.part.groupindex if name != FIXED]


@dataclass(frozen=True)
class Again:
    """Which rows tell of a re-inspection: the header of a column, and what it says of them, normalised."""

    column: str
    values: frozenset[str]


# A problem of a row: the row's number, and what the part named.
Key = tuple[int, tuple[Any, ...]]


@dataclass(frozen=True)
class Later:
    """What re-inspections of its site say of one problem; `is_known` where an earlier row has it already."""

    is_known: bool = False
    checks: tuple[tuple[datetime.date, Result], ...] = ()


@dataclass(frozen=True)
class Part:
    """One part of a row as a row of its own: whether it was fixed on the spot, and what can't be read of it."""

    record: Record
    is_fixed: bool = False
    names_nothing: bool = False
    unreadable: str = ""


class Splitter:
    """Makes of one data row as many as its cell names; columns beyond the sheet's own hold what a part says."""

    def __init__(self, mapping: LedgerMapping, header: Header) -> None:
        self.split, self.again, self.header = mapping.split, mapping.recheck, header
        labels = [normalise(label) for label in header.labels()]
        self.width = len(labels)
        self.place = _place(labels, self.split.column, "split") if self.split else 0
        self.again_place = _place(labels, self.again.column, "recheck") if self.again else 0

    @property
    def columns(self) -> dict[str, int]:
        """The places of the columns that a part fills."""
        return {name: self.width + nth for nth, name in enumerate(self.split.names)} if self.split else {}

    @property
    def used(self) -> set[int]:
        """The places of the sheet's columns that are read for this."""
        return ({self.place} if self.split else set()) | ({self.again_place} if self.again else set())

    def label(self, column: int) -> str:
        """What the sheet calls a column; one that a part fills by the column of the part."""
        return self.split.column if self.split and column >= self.width else self.header.label(column)

    def is_again(self, record: Record) -> bool:
        return self.again is not None and normalise(str(record.cells[self.again_place] or "")) in self.again.values

    def parts(self, record: Record) -> Iterator[Part]:
        """The row once per part that its cell names; once, naming nothing, where the cell names nothing."""
        if self.split is None:
            yield Part(record)
            return
        text = str(record.cells[self.place] or "").strip()
        parts = [part.strip() for part in text.split(self.split.by) if part.strip()]
        if not parts or normalise(text) in self.split.none:
            yield Part(self._with(record, {}), names_nothing=True)
            return
        found = [self.split.part.fullmatch(part) for part in parts]
        bad = next((part for part, match in zip(parts, found, strict=True) if match is None), "")
        if bad:
            yield Part(self._with(record, {}), unreadable=bad)
            return
        for match in found:
            assert match is not None
            said = match.groupdict()
            yield Part(
                self._with(record, said), is_fixed=bool(self.split.fixed) and said.get(FIXED) == self.split.fixed
            )

    def _with(self, record: Record, said: Mapping[str, str | None]) -> Record:
        more = [said.get(name) for name in self.split.names] if self.split else []
        return record._replace(cells=[*record.cells[: self.width], *more])

    def refusal(self, record: Record, part: str) -> RowError:
        assert self.split is not None
        return RowError(record.number, self.split.column, part[:200], "bad_part", Message(BAD_PART, {"part": part}))


def _place(labels: list[str], column: str, table: str) -> int:
    if normalise(column) not in labels:
        raise LayoutError("missing_columns", NO_COLUMN, name=column, table=table)
    return labels.index(normalise(column))


def fixed_there(row: ParsedRow) -> ParsedRow:
    """What was put right while the inspectors were there: found, done and seen on one day."""
    day = row.values["found_on"]
    told = {"route": Route.ON_SPOT.value, "done_on": day, "rechecked_on": day}
    return dataclasses.replace(row, values=row.values | told)


def with_later(row: ParsedRow, later: Later) -> ParsedRow:
    """The row with what its re-inspections say; found fixed is done and rechecked on that day."""
    values = dict(row.values)
    for day, result in later.checks:
        if result == Result.FIXED:
            values |= {"done_on": day, "rechecked_on": day}
    not_fixed = [day.isoformat() for day, result in later.checks if result == Result.NOT_FIXED]
    if not_fixed:
        values["not_fixed_on"] = not_fixed
    return dataclasses.replace(row, values=values)


@dataclass
class _Inspection:
    """What one row of a site named on its day, in the order of the sheet."""

    row: int
    on: datetime.date
    is_again: bool
    # What each part named, and whether it was fixed there.
    named: dict[tuple[Any, ...], bool] = field(default_factory=dict)


def key_of(row: ParsedRow, names: Iterable[str]) -> Key:
    return row.row, tuple(row.values.get(name) for name in names)


@dataclass(frozen=True)
class Told:
    """A row of a part, whether it re-inspects, and the part."""

    row: ParsedRow
    is_again: bool
    part: Part


def followed(told: Iterable[Told], names: list[str]) -> Mapping[Key, Later]:
    """What later rows of the same site say of each problem that a row names; a row that can't be read tells nothing.

    Of a re-inspection, what it names of what was open is not fixed and what it does
    not name is; what it names besides is new.
    """
    sites: dict[tuple[Any, Any], dict[int, _Inspection]] = {}
    for one in told:
        values = one.row.values
        if values.get("found_on") is None or values.get("site") is None:
            continue
        seen = sites.setdefault((values.get("district"), values["site"]), {})
        inspection = seen.setdefault(one.row.row, _Inspection(one.row.row, values["found_on"], one.is_again))
        if not one.row.errors and not one.part.names_nothing:
            inspection.named[key_of(one.row, names)[1]] = one.part.is_fixed
    found: dict[Key, Later] = {}
    for inspections in sites.values():
        found |= _told(sorted(inspections.values(), key=lambda one: (one.on, one.is_again, one.row)))
    return found


def _told(inspections: list[_Inspection]) -> dict[Key, Later]:
    """The same of the inspections of one site, in their order."""
    told: dict[Key, Later] = {}
    waiting: list[Key] = []
    for one in inspections:
        open_before = {key[1] for key in waiting}
        if one.is_again:
            for key in waiting:
                result = Result.NOT_FIXED if key[1] in one.named else Result.FIXED
                told[key] = Later(checks=(*told.get(key, Later()).checks, (one.on, result)))
            waiting = [key for key in waiting if key[1] in one.named and not one.named[key[1]]]
        for named, is_fixed in one.named.items():
            if one.is_again and named in open_before:
                told[one.row, named] = Later(is_known=True)
            elif not is_fixed:
                waiting.append((one.row, named))
    return told
