"""Counting many lists in one statement, and none of them further than it must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, Value

# Counts are exact up to here; beyond it a page says "10,000+" and offers to count exactly.
CAP = 10_000

Groups = dict[tuple[str, ...], int]


@dataclass(frozen=True)
class Total:
    """How many rows there are, or that there are more than the cap."""

    rows: int
    more: bool = False

    def __str__(self) -> str:
        """12,479, or 10,000+ where counting stopped."""
        return f"{self.rows:,}+" if self.more else f"{self.rows:,}"

    @property
    def plain(self) -> str:
        """The same for machines: 12479, or 10,000+."""
        return str(self) if self.more else str(self.rows)


@dataclass(frozen=True)
class Counts:
    """What count() found: a total per list, and per grouped list its groups (None where there are too many rows)."""

    totals: dict[str, Total]
    groups: dict[str, Groups | None]


def count(
    lists: Mapping[str, QuerySet[Any, Any]],
    grouped: Mapping[str, tuple[QuerySet[Any, Any], Sequence[str]]] | None = None,
    cap: int = CAP,
    *,
    only_if: str = "",
) -> Counts:
    """Count every list up to the cap, and the groups of grouped lists of at most `cap` rows; one query.

    `grouped` maps a key to a queryset and the columns or annotations it is grouped by. Groups carry their
    values as text. `only_if` names a list that must not exceed the cap either for groups to be counted.
    """
    statement = _Statement(cap)
    for key, queryset in lists.items():
        statement.add(key, queryset)
    gate = statement.names.get(only_if)
    for key, (queryset, columns) in (grouped or {}).items():
        statement.add_groups(key, queryset, columns, [gate] if gate else [])
    totals = {key: Total(0) for key in lists}
    groups: dict[str, Groups | None] = {key: {} for key in grouped or {}}
    for tag, values, number in statement.run():
        kind, _, key = tag.partition(" ")
        found = groups.get(key) if kind == "group" else None
        if kind == "list":
            totals[key] = Total(min(number, cap), number > cap)
        elif kind == "size" and number > cap:
            groups[key] = None
        elif found is not None:
            found[tuple(values or ())] = number
    if only_if and totals[only_if].more:
        groups = dict.fromkeys(groups)
    return Counts(totals, groups)


class _Statement:
    """The one statement being put together: a named count per list, and groups that are read only if few."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.names: dict[str, str] = {}
        self.tables: list[str] = []
        self.parts: list[str] = []
        self.params: list[Any] = []
        self.after: list[Any] = []

    def add(self, key: str, queryset: QuerySet[Any, Any]) -> None:
        """Add the count of a list, unless nothing can be in it."""
        try:
            sql, params = queryset.order_by().values_list(Value(1))[: self.cap + 1].query.sql_with_params()
        except EmptyResultSet:
            return
        name = self.names[key] = f"n{len(self.tables)}"
        self.tables.append(f"{name} AS MATERIALIZED (SELECT count(*) AS rows FROM ({sql}) one)")
        self.params += params
        self.parts.append(f"SELECT %s, NULL::text[], rows FROM {name}")
        self.after.append(f"list {key}")

    def add_groups(self, key: str, queryset: QuerySet[Any, Any], columns: Sequence[str], gates: Sequence[str]) -> None:
        """Add the groups of a list, read only when neither it nor the gates exceed the cap."""
        try:
            found = queryset.order_by().values_list(*columns)[: self.cap + 1]
            sql, params = found.query.sql_with_params()
        except EmptyResultSet:
            return
        rows, size = f"g{len(self.tables)}", f"n{len(self.tables) + 1}"
        names = [f"c{number}" for number in range(len(columns))]
        # Read once, for its size and for its groups, and not at all where a gate exceeds the cap.
        open_gates = " AND ".join(f"(SELECT rows FROM {name}) <= {self.cap}" for name in gates) or "true"
        limited_rows = f"SELECT * FROM ({sql}) one WHERE {open_gates}"
        self.tables.append(f"{rows}({', '.join(names)}) AS MATERIALIZED ({limited_rows})")
        self.tables.append(f"{size} AS MATERIALIZED (SELECT count(*) AS rows FROM {rows})")
        self.params += params
        self.parts.append(f"SELECT %s, NULL::text[], rows FROM {size}")
        self.after.append(f"size {key}")
        values = ", ".join(f"coalesce({name}::text, '')" for name in names)
        few = f"(SELECT rows FROM {size}) <= {self.cap}"
        self.parts.append(f"SELECT %s, ARRAY[{values}], count(*) FROM {rows} WHERE {few} GROUP BY 2")
        self.after.append(f"group {key}")

    def run(self) -> list[tuple[str, list[str] | None, int]]:
        if not self.parts:
            return []
        with connection.cursor() as cursor:
            asked = f"WITH {', '.join(self.tables)} {' UNION ALL '.join(self.parts)}"
            cursor.execute(asked, [*self.params, *self.after])
            return cursor.fetchall()


def count_exactly(queryset: QuerySet[Any, Any]) -> Total:
    """The whole count, however long it takes."""
    return Total(queryset.order_by().count())
