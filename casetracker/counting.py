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
) -> Counts:
    """Count every list up to the cap, and the groups of grouped lists of at most `cap` rows; one query.

    `grouped` maps a key to a queryset and the columns or annotations it is grouped by. Groups carry their
    values as text.
    """
    parts: list[str] = []
    params: list[Any] = []
    for key, queryset in lists.items():
        limited = queryset.order_by().values_list(Value(1))[: cap + 1]
        _add(parts, params, limited, "SELECT %s, NULL::text[], count(*) FROM ({}) one", [f"list {key}"])
    for key, (queryset, columns) in (grouped or {}).items():
        names = [f"c{number}" for number in range(len(columns))]
        array = ", ".join(f"coalesce({name}::text, '')" for name in names)
        around = f"SELECT %s, ARRAY[{array}], count(*) FROM ({{}}) one({', '.join(names)}) GROUP BY 2"
        _add(parts, params, queryset.order_by().values_list(*columns)[: cap + 1], around, [f"group {key}"])
    found = _run(" UNION ALL ".join(parts), params) if parts else []
    totals = {key: Total(0) for key in lists}
    groups: dict[str, Groups] = {key: {} for key in grouped or {}}
    for tag, values, number in found:
        kind, _, key = tag.partition(" ")
        if kind == "list":
            totals[key] = Total(min(number, cap), number > cap)
        else:
            groups[key][tuple(values or ())] = number
    return Counts(totals, {key: None if sum(group.values()) > cap else group for key, group in groups.items()})


def count_exactly(queryset: QuerySet[Any, Any]) -> Total:
    """The whole count, however long it takes."""
    return Total(queryset.order_by().count())


def _add(parts: list[str], params: list[Any], queryset: QuerySet[Any, Any], around: str, before: list[Any]) -> None:
    try:
        sql, values = queryset.query.sql_with_params()
    except EmptyResultSet:
        return
    parts.append(around.format(sql))
    params += [*before, *values]


def _run(sql: str, params: list[Any]) -> list[tuple[str, list[str] | None, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
