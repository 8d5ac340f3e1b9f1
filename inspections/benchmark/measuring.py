"""Taking the time of one thing many times, and of its SQL alone."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

WARM = 3


@dataclass
class Measured:
    """One line of the table; times in milliseconds, `queries` of one call.

    `bare_sql` is the median of the same statements alone, `bare_page` that of a bare Django view of the same rows,
    `per_second` requests answered per second to eight clients; None where it has no meaning.
    """

    name: str
    runs: int
    p50: float
    p95: float
    queries: int
    bare_sql: float | None = None
    bare_page: float | None = None
    per_second: float | None = None
    note: str = ""

    @property
    def to_sql(self) -> float | None:
        return self.p50 / self.bare_sql if self.bare_sql else None

    @property
    def to_page(self) -> float | None:
        return self.p50 / self.bare_page if self.bare_page else None


@dataclass
class Heard:
    """The statements that one call sent."""

    statements: list[tuple[str, Any, bool]] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append((sql, params, many))
        return execute(sql, params, many, context)


@contextmanager
def heard() -> Iterator[Heard]:
    """Listens to the statements sent meanwhile."""
    ear = Heard()
    with connection.execute_wrapper(ear):
        yield ear


def quantile(times: Sequence[float], share: float) -> float:
    """The time within which this share of the calls ended (nearest rank), in the unit of `times`."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def times(call: Callable[[], object], runs: int) -> list[float]:
    """How long each of `runs` calls took, in milliseconds, after a few that are not counted."""
    for _ in range(min(WARM, runs)):
        call()
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begin) * 1000)
    return taken


def reading(
    name: str, call: Callable[[], object], runs: int, bare_page: Callable[[], object] | None = None
) -> Measured:
    """Measure something that only reads, its statements alone, and a bare page of the same rows."""
    taken = times(call, runs)
    with heard() as ear:
        call()
    alone = times(lambda: _replay(ear.statements), runs)
    page = times(bare_page, runs) if bare_page else None
    return Measured(
        name,
        runs,
        quantile(taken, 0.5),
        quantile(taken, 0.95),
        len(ear.statements),
        bare_sql=quantile(alone, 0.5),
        bare_page=quantile(page, 0.5) if page else None,
    )


def writing(name: str, calls: Sequence[Callable[[], object]]) -> Measured:
    """Measure something that changes rows, each call once; the first is not counted."""
    taken, queries = [], 0
    for nth, call in enumerate(calls):
        with heard() as ear:
            begin = time.perf_counter()
            call()
            if nth:
                taken.append((time.perf_counter() - begin) * 1000)
        queries = max(queries, len(ear.statements)) if nth else 0
    return Measured(name, len(taken), quantile(taken, 0.5), quantile(taken, 0.95), queries)


def _replay(statements: Sequence[tuple[str, Any, bool]]) -> None:
    """The same reading statements, through the driver alone."""
    with connection.cursor() as cursor:
        for sql, params, many in statements:
            if not many and sql.lstrip().upper().startswith(("SELECT", "WITH", "(")):
                cursor.execute(sql, params)
                if cursor.description:
                    cursor.fetchall()
