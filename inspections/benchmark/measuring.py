"""Taking the time of one thing many times, and of its SQL alone."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

WARM = 3


@dataclass
class Measured:
    """One line of the table; times in milliseconds, `queries` of one call.

    `bare_sql` is the median of the same statements alone (where rows are written: of what the statements took of each
    call), `bare_page` that of a bare Django view of the same rows, `per_second` requests answered per second to eight
    clients, `megabytes` the most memory that this process held meanwhile; None where it has no meaning.
    """

    name: str
    runs: int
    p50: float
    p95: float
    queries: int
    bare_sql: float | None = None
    bare_page: float | None = None
    per_second: float | None = None
    megabytes: int | None = None

    @property
    def to_sql(self) -> float | None:
        return self.p50 / self.bare_sql if self.bare_sql else None

    @property
    def to_page(self) -> float | None:
        return self.p50 / self.bare_page if self.bare_page else None


@dataclass
class Heard:
    """The statements that one call sent, and how long the server took for them, in milliseconds."""

    statements: list[tuple[str, Any, bool]] = field(default_factory=list)
    sent: int = 0
    spent: float = 0
    # Not where there are too many to be kept.
    is_keeping: bool = True

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.sent += 1
        if self.is_keeping:
            self.statements.append((sql, params, many))
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.spent += (time.perf_counter() - begin) * 1000


@contextmanager
def heard(*, is_keeping: bool = True) -> Iterator[Heard]:
    """Listens to the statements sent meanwhile."""
    ear = Heard(is_keeping=is_keeping)
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
    return [_once(call) for _ in range(runs)]


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
    taken, spent, queries = [], [], 0
    for nth, call in enumerate(calls):
        with heard(is_keeping=False) as ear:
            took = _once(call)
        if nth:
            taken.append(took)
            spent.append(ear.spent)
        queries = max(queries, ear.sent) if nth else 0
    return Measured(
        name, len(taken), quantile(taken, 0.5), quantile(taken, 0.95), queries, bare_sql=quantile(spent, 0.5)
    )


def whole(name: str, call: Callable[[], object], runs: int, *, is_reading: bool) -> Measured:
    """Measure something long, each run from its beginning to its end, with the memory that it takes."""
    taken, spent, most = [], [], 0
    for _ in range(runs):
        forget_peak()
        with heard(is_keeping=is_reading) as ear:
            taken.append(_once(call))
        most = max(most, peak() or 0)
        spent.append(_once(lambda: _replay(ear.statements)) if is_reading else ear.spent)
    return Measured(
        name,
        runs,
        quantile(taken, 0.5),
        quantile(taken, 0.95),
        ear.sent,
        bare_sql=quantile(spent, 0.5),
        megabytes=most or None,
    )


def _once(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000


def forget_peak() -> None:
    """Let the most memory held count from now on, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int | None:
    """The most memory that this process has held, in megabytes; None where the system doesn't tell."""
    with suppress(OSError), Path("/proc/self/status").open() as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return None


def _replay(statements: Sequence[tuple[str, Any, bool]]) -> None:
    """The same reading statements, through the driver alone."""
    with connection.cursor() as cursor:
        for sql, params, many in statements:
            if not many and sql.lstrip().upper().startswith(("SELECT", "WITH", "(")):
                cursor.execute(sql, params)
                if cursor.description:
                    cursor.fetchall()
