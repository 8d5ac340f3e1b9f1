"""Keyset paging of any list: a page begins after a row, never at a number, so page 10,000 comes as fast as page 1."""

import base64
import binascii
import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    F,
    Func,
    IntegerField,
    Model,
    OrderBy,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.functional import Promise

SIZE = 50
# Between the parts of a spot; no date and no number has it.
SPOT = "."

Row = TypeVar("Row", bound=Model)


class BadCursor(ValueError):
    """A place in a list that this list, in this order, never gave out."""


@dataclass(frozen=True)
class Section:
    """A stretch of a list in which all keys run in one direction and none is null; the id decides between equals.

    `where` tells its rows from those of the other sections: together, the sections hold every row exactly once.
    """

    keys: tuple[str, ...]
    descending: bool = False
    where: Q = Q()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.keys, "pk")

    def ordering(self, among: bool = False) -> list[OrderBy]:
        """The ORDER BY of this stretch; `among` others, its keys are null outside of it."""
        keys: list[Any] = [Case(When(self.where, then=F(key))) if among else F(key) for key in self.columns]
        return [key.desc() if self.descending else key.asc() for key in keys]


@dataclass(frozen=True)
class Order:
    """One way to sort a list: its sections, one after the other; `day` is the date key that can be jumped to."""

    key: str
    label: str | Promise
    sections: tuple[Section, ...]
    day: str = ""
    backwards: bool = False

    @property
    def name(self) -> str:
        """How an address names it: due, or -due for the other way round."""
        return f"-{self.key}" if self.backwards else self.key

    @property
    def newest_first(self) -> bool:
        """Whether it begins with the newest day and only goes back from there: its pages are newer and older ones."""
        return bool(self.day) and all(one.descending and one.keys[0] == self.day for one in self.sections)

    def reversed(self) -> "Order":
        turned = tuple(replace(section, descending=not section.descending) for section in reversed(self.sections))
        return replace(self, sections=turned, backwards=not self.backwards)

    def sort(self, queryset: "QuerySet[Row]") -> Any:
        """All rows in this order, each telling its section as `in_section`; a page reads only a stretch of it."""
        if len(self.sections) == 1:
            found = queryset.annotate(in_section=Value(0))
            return found.order_by(*self.sections[0].ordering())
        ranks = [When(section.where, then=Value(rank)) for rank, section in enumerate(self.sections)]
        found = queryset.annotate(in_section=Case(*ranks, output_field=IntegerField()))
        keys = [key for section in self.sections for key in section.ordering(among=True)]
        return found.order_by("in_section", *keys)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page; `newer` and `older` are the places beside it, empty at an end of the list."""

    rows: list[Row]
    newer: str
    older: str


def chosen(orders: Sequence[Order], name: str) -> Order | None:
    """The order that an address asks for: the first when it names none, None for an unknown one."""
    if not name:
        return orders[0]
    known = next((order for order in orders if order.key == name.removeprefix("-")), None)
    return known.reversed() if known and name.startswith("-") else known


def page(
    queryset: "QuerySet[Row]",
    order: Order,
    *,
    shown: "QuerySet[Row] | None" = None,
    after: str = "",
    before: str = "",
    jump: datetime.date | None = None,
    size: int = SIZE,
) -> Page[Row]:
    """One page of `queryset`: the first, or the one after or before a place, or the one from a day on.

    Always one query. `shown` carries the joins and annotations that rows need; they are read for the rows of the
    page alone. Raises BadCursor for a place that this order never gave out.
    """
    walk = order.reversed() if before else order
    start, condition = 0, Q()
    if after or before:
        start, values = _read(after or before, order, queryset.model)
        start = len(order.sections) - 1 - start if before else start
        condition = Q(_Beyond(walk.sections[start], values))
    elif jump is not None and order.day:
        start = next(rank for rank, section in enumerate(walk.sections) if section.keys[0] == order.day)
        condition = _from(queryset.model, order.day, jump, walk.sections[start].descending)
    ids = _ids(queryset, walk, start, condition, size + 1)
    whole = queryset.model._default_manager.all() if shown is None else shown
    rows: list[Any] = list(walk.sort(whole.filter(pk__in=ids))[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if before:
        rows.reverse()
        for row in rows:
            row.in_section = len(order.sections) - 1 - row.in_section
    if not rows:
        return Page([], "", "")
    newer = place(rows[0], order) if (more if before else after or jump) else ""
    older = place(rows[-1], order) if before or more else ""
    return Page(rows, newer, older)


def beside(queryset: "QuerySet[Row]", order: Order, pk: Any, *, forward: bool, at: str = "") -> "Row | None":
    """The row right after (or before) that of `pk`, which itself may have left the list; None past either end.

    `at` is where the row stood, as spot() wrote it: what was done to it since may have moved it. Without one, or
    with one that this order never gave out, it counts from where the row stands now, which takes a second query.
    """
    here = _place_at(at, order, queryset.model, pk) or _place_now(queryset.model, order, pk)
    if not here:
        return None
    others = queryset.exclude(pk=pk)
    found = page(others, order, after=here if forward else "", before="" if forward else here, size=1)
    return found.rows[0] if found.rows else None


def spot(row: Any, order: Order) -> str:
    """Where a row of a page stands in this order, short enough for its address, which names the row: section, keys."""
    keys = [_plain(getattr(row, key)) for key in order.sections[row.in_section].keys]
    return SPOT.join(str(part) for part in (row.in_section, *keys))


def _place_at(at: str, order: Order, model: type[Model], pk: Any) -> str:
    """The place that spot() wrote of this row; empty for anything else."""
    rank, *rest = at.split(SPOT, 1)
    if not rank.isdecimal() or not rank.isascii() or len(rank) > 2 or int(rank) >= len(order.sections) or not rest:
        return ""
    # Only the last key may be a text, which may have the mark in it.
    keys = rest[0].split(SPOT, len(order.sections[int(rank)].keys) - 1)
    found = _encode([order.name, int(rank), *keys, _plain(pk)])
    try:
        _read(found, order, model)
    except BadCursor:
        return ""
    return found


def _place_now(model: type[Model], order: Order, pk: Any) -> str:
    """The place of a row as it stands now; empty where this order has none for it."""
    here: Any = order.sort(model._default_manager.filter(pk=pk)).first()
    if here is None or here.in_section is None:
        return ""
    if any(getattr(here, column) is None for column in order.sections[here.in_section].columns):
        return ""
    return place(here, order)


def _from(model: type[Model], key: str, day: datetime.date, descending: bool) -> Q:
    """From a day on in the direction of the walk, the day inside; of moments the local day."""
    if not isinstance(model._meta.get_field(key), DateTimeField):
        return Q(**{f"{key}__lte" if descending else f"{key}__gte": day})
    midnight = timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
    return Q(**{f"{key}__lt": midnight + datetime.timedelta(days=1)} if descending else {f"{key}__gte": midnight})


def _ids(queryset: "QuerySet[Row]", walk: Order, start: int, condition: Q, limit: int) -> Any:
    """The ids of the next `limit` rows; a section is read only when those before it have not filled the page.

    Each section is a table expression of its own, which PostgreSQL reads once, whoever asks for it.
    """
    bare = queryset.order_by().select_related(None).values("pk")
    tables: list[str] = []
    params: list[Any] = []
    for section in walk.sections[start:]:
        part = bare.filter(section.where).filter(condition).order_by(*section.ordering())
        condition = Q()
        try:
            sql, values = part[:limit].query.sql_with_params()
        except EmptyResultSet:
            continue
        read = " + ".join(f"(SELECT count(*) FROM part{n})" for n in range(len(tables)))
        short = f" WHERE {read} < {limit}" if read else ""
        tables.append(f"part{len(tables)} (id) AS MATERIALIZED (SELECT * FROM ({sql}) one{short})")
        params += values
    if not tables:
        return []
    union = " UNION ALL ".join(f"SELECT id FROM part{n}" for n in range(len(tables)))
    return RawSQL(f"WITH {', '.join(tables)} {union}", params)  # noqa: S611  Django's own SQL, all values parameters


class _Beyond(Func):
    """(key, …, id) > (value, …, value): one row comparison, which PostgreSQL answers from an index."""

    output_field = BooleanField()

    def __init__(self, section: Section, values: Sequence[Any]) -> None:
        super().__init__(*(F(column) for column in section.columns), *values)
        self.sign = "<" if section.descending else ">"

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        parts = [compiler.compile(expression) for expression in self.get_source_expressions()]
        half = len(parts) // 2
        left, right = (", ".join(sql for sql, _ in side) for side in (parts[:half], parts[half:]))
        return f"({left}) {self.sign} ({right})", [param for _, params in parts for param in params]


def place(row: Any, order: Order) -> str:
    """The place of a row that sort() annotated: order, section and keys, in letters that an address takes."""
    keys = [_plain(getattr(row, column)) for column in order.sections[row.in_section].columns]
    return _encode([order.name, row.in_section, *keys])


def _encode(parts: Sequence[str | int]) -> str:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> str | int:
    if isinstance(value, int):
        return value
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _read(text: str, order: Order, model: type[Model]) -> tuple[int, list[Value]]:
    """The section and the key values of a place; BadCursor when anything about it is not as place() makes it."""
    try:
        name, rank, *keys = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if name != order.name or type(rank) is not int or not 0 <= rank < len(order.sections):
            raise BadCursor(text)
        columns = order.sections[rank].columns
        fields = [model._meta.pk if column == "pk" else model._meta.get_field(column) for column in columns]
        return rank, [_value(field, key) for field, key in zip(fields, keys, strict=True)]
    except (ValueError, TypeError, ValidationError, binascii.Error, RecursionError) as error:
        raise BadCursor(text) from error


def _value(field: Any, key: Any) -> Value:
    if type(key) not in (str, int) or "\0" in str(key):
        raise BadCursor(key)
    # A generated column takes what the columns it is made of take.
    kind = getattr(field, "output_field", field)
    value = kind.to_python(key)
    kind.run_validators(value)
    return Value(value, output_field=kind)
