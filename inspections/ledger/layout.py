"""Pure: which row of a sheet is the header, which column is what, and which rows are data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple, Protocol

from django.utils.translation import gettext_lazy as _

from casetracker.wording import listed_lazy
from inspections.ledger.cells import Cell, is_nothing, normalise, plain
from inspections.ledger.errors import LayoutError

LOOK_AHEAD = 50  # rows within which a header is looked for

DITTO = frozenset(
    normalise(mark)
    for mark in ["同上", "同上。", "同前", "〃", "″", '"', "''", "“", "”", "ditto", "same as above", "do."]
)
DITTO_STARTS = "同〃″\"'“”dDsSｄＤ 　\n\t"  # saves normalising every cell of the sheet
TOTAL = re.compile(
    r"(?:.{0,12}[合小总]|本?[页月季周年]?[合总小共累])计(?:[:(\d].*)?|共\d.*|(?:grand|sub)?total(?:[:(\d].*)?|sum"
)
LABEL = (
    "制表人?|制单人?|填表人?|填报人?|填报单位|填表单位|报送单位|单位负责人|负责人|审核人?|复核人?|审批人?|经办人|联系人|"
    "联系电话|填报日期|填报时间|填表日期|填表时间|制表日期|制表时间|打印日期|签字|签名|签章|盖章|备注|说明|注|附注|"
    "preparedby|checkedby|reviewedby|approvedby|signature|signed|note|notes|remarks"
)
SIGNATURE = re.compile(rf"(?:{LABEL})(?:[:(].*)?|\(?盖章\)?.*|第\d+页.*|page\d+.*|\(?以下空白\)?|(?:{LABEL}):.*")


class SheetRow(Protocol):
    """What this module needs of a row."""

    @property
    def number(self) -> int: ...
    @property
    def cells(self) -> Sequence[Cell]: ...
    @property
    def hidden(self) -> bool: ...


class Record(NamedTuple):
    """One data row with ditto marks resolved; `cells` has at least as many entries as the header has columns."""

    number: int
    cells: list[Cell]
    hidden: bool


@dataclass(frozen=True)
class Header:
    """The header rows by number, their texts per column from top to bottom, and the title rows above them."""

    rows: tuple[int, ...]
    texts: tuple[tuple[str, ...], ...]
    titles: frozenset[tuple[str, ...]] = frozenset()

    def label(self, column: int) -> str:
        """The text that names a column for people: its lowest one, on one line."""
        texts = self.texts[column] if column < len(self.texts) else ()
        return next((" ".join(text.split()) for text in reversed(texts) if text), "")

    def labels(self) -> list[str]:
        """Every column's label, in the order of the sheet; empty for a column without one."""
        return [self.label(column) for column in range(len(self.texts))]


@dataclass
class Skipped:
    """Rows that are no data rows, by their numbers: totals and signatures, lines without content, repeated headers."""

    footers: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    headers: list[int] = field(default_factory=list)


def make_header(rows: Sequence[SheetRow], titles: Iterable[SheetRow] = ()) -> Header:
    """Return the header that one row, or several of which any text may name a column, make."""
    width = max((len(row.cells) for row in rows), default=0)
    grid = [[plain(cell) for cell in row.cells] + [""] * (width - len(row.cells)) for row in rows]
    return Header(
        tuple(row.number for row in rows),
        tuple(zip(*grid, strict=True)) if grid else (),
        frozenset(signature(row.cells) for row in titles),
    )


def signature(cells: Sequence[Cell]) -> tuple[str, ...]:
    """The normalised texts of a row, by which a repeated title or header is known again."""
    texts = [normalise(plain(cell)) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def find_header(
    rows: Sequence[SheetRow], wanted: Mapping[str, Sequence[str]], at: Sequence[int] | None = None
) -> Header:
    """Return the header among the first rows of a sheet; raises LayoutError no_header.

    `wanted` gives the header texts that may name each canonical column. Without `at` (row numbers) it is the row that
    names most of them, joined with the row above or below where that names more and holds nothing but text.
    """
    if at is not None:
        chosen = [row for row in rows if row.number in at]
        if not chosen:
            raise LayoutError(
                "no_header",
                _("Row %(rows)s, given as header, is empty."),
                rows=listed_lazy([str(number) for number in at]),
            )
        return make_header(chosen, [row for row in rows if row.number < chosen[0].number])
    looked_at = list(rows[:LOOK_AHEAD])
    hits = [len(columns(make_header([row]), wanted)) for row in looked_at]
    best = max(range(len(hits)), key=lambda index: (hits[index], -index), default=0)
    if not hits or hits[best] < min(2, len(wanted)):
        raise LayoutError(
            "no_header",
            _("No header was found in the first %(count)s rows. Say which row it is and what its columns are called."),
            count=LOOK_AHEAD,
        )
    chosen, count = [looked_at[best]], hits[best]
    for neighbour in (best - 1, best + 1):
        if 0 <= neighbour < len(looked_at) and all(isinstance(cell, str | None) for cell in looked_at[neighbour].cells):
            joined = sorted([*chosen, looked_at[neighbour]], key=lambda row: row.number)
            if (more := len(columns(make_header(joined), wanted))) > count:
                chosen, count = joined, more
    return make_header(chosen, [row for row in looked_at if row.number < chosen[0].number])


def columns(header: Header, wanted: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the column (from 0) of each canonical name the header has.

    Of a name's texts the first one found wins; of several columns with that text the one whose lowest header row says
    it, then the leftmost. With two header rows the texts joined from top to bottom name a column too.
    """
    places: dict[str, tuple[int, int]] = {}
    for column, texts in enumerate(header.texts):
        keys = [normalise(text) for text in texts]
        joined = [key for index, key in enumerate(keys) if key and key not in keys[:index]]
        ranked = [*reversed(keys), "".join(joined), "/".join(joined)]
        for rank, key in enumerate(ranked):
            if key and (key not in places or places[key] > (rank, column)):
                places[key] = (rank, column)
    found: dict[str, int] = {}
    for name, usual in wanted.items():
        for text in usual:
            if (place := places.get(normalise(text))) is not None:
                found[name] = place[1]
                break
    return found


def keys(header: Header) -> list[str]:
    """The text by which a mapping names each column, in the order of the sheet; empty where nothing names it alone."""
    found: list[str] = []
    for column, texts in enumerate(header.texts):
        distinct = list(dict.fromkeys(" ".join(text.split()) for text in texts if text))
        wanted = dict.fromkeys([header.label(column), "/".join(distinct)])
        found.append(next((text for text in wanted if columns(header, {"": (text,)}).get("") == column), ""))
    return found


def require_columns(header: Header, found: Mapping[str, int], wanted: Mapping[str, Sequence[str]]) -> None:
    """Raise no_such_column for the first wanted column the header lacks, with the nearest header texts."""
    for name, texts in wanted.items():
        if name not in found:
            labels = [label for label in dict.fromkeys(header.labels()) if label]
            near = get_close_matches(texts[0], labels, 3, 0.3)
            raise LayoutError(
                "no_such_column",
                _("The sheet has no column “%(text)s” (%(name)s). It has: %(labels)s."),
                text=texts[0],
                name=name,
                labels=listed_lazy(near or labels[:40]),
            )


def opening(cells: Sequence[Cell]) -> str:
    """The normalised text of a row's first filled cell."""
    return next((text for cell in cells if cell is not None and (text := normalise(plain(cell)))), "")


def is_footer(first: str, cells: Sequence[Cell], required: Sequence[int]) -> bool:
    """Say whether a row is a total or signature line: its first text says so and it is no full data row."""
    if not (TOTAL.fullmatch(first) or SIGNATURE.fullmatch(first)):
        return False
    labels = {text for cell in cells if isinstance(cell, str) and SIGNATURE.fullmatch(text := normalise(plain(cell)))}
    if len(labels) > 1:  # 制表人 | 张三 | 审核人 | 李四
        return True
    values = [plain(cells[column]) if column < len(cells) else "" for column in required]
    return not values or not all(values) or len(set(values)) == 1


class Records:
    """The data rows below a header, streamed; `skipped` and `hidden` are complete when the iteration is.

    `corrections` are cells to read in the place of the sheet's own: by row number, then by column (from 0).
    """

    def __init__(
        self,
        rows: Iterable[SheetRow],
        header: Header,
        used: Mapping[str, int],
        required: Iterable[str] = (),
        corrections: Mapping[int, Mapping[int, Cell]] | None = None,
        *,
        is_exported: Callable[[Sequence[Cell]], bool] = lambda cells: False,
    ) -> None:
        self.rows = rows
        self.header = header
        self.corrections = corrections or {}
        self.used = sorted(set(used.values()))
        self.required = [used[name] for name in required if name in used]
        # Rows of our own exports are data as they stand: a text such as 同上 in one is that text.
        self.is_exported = is_exported
        self.skipped = Skipped()
        self.hidden = 0

    def __iter__(self) -> Iterator[Record]:
        width = len(self.header.texts)
        below = max(self.header.rows)
        repeats = self.header.titles | {
            signature([texts[level] for texts in self.header.texts]) for level in range(len(self.header.rows))
        }
        openings = {next((text for text in texts if text), "") for texts in repeats}
        above: dict[int, Cell] = {}
        for row in self.rows:
            if row.number <= below:
                continue
            cells = list(row.cells) + [None] * (width - len(row.cells))
            for column, corrected in self.corrections.get(row.number, {}).items():
                cells[column] = corrected
            if all(is_nothing(cells[column]) for column in self.used if column < len(cells)):
                self.skipped.blank.append(row.number)
            elif self.is_exported(cells):
                above.update((column, cells[column]) for column in self.used)
                self.hidden += row.hidden
                yield Record(row.number, cells, row.hidden)
            elif is_footer(first := opening(cells), cells, self.required):
                self.skipped.footers.append(row.number)
            elif first in openings and signature(cells) in repeats:
                self.skipped.headers.append(row.number)
            else:
                for column in self.used:
                    cell = cells[column]
                    if isinstance(cell, str) and cell[:1] in DITTO_STARTS and normalise(cell[:40]) in DITTO:
                        cells[column] = above.get(column, cell)
                    else:
                        above[column] = cell
                self.hidden += row.hidden
                yield Record(row.number, cells, row.hidden)
