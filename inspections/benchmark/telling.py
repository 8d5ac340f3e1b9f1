"""The table as JSON and as Markdown for the README."""

import platform
from typing import Any

from inspections.benchmark.measuring import Measured
from inspections.benchmark.scene import Scene

HEAD = (
    "| | p50 ms | p95 ms | queries | × its SQL alone | × a bare page | requests/s, 8 clients | MB |",
    "|---|" + "--:|" * 7,
)


def as_json(scene: Scene, lines: list[Measured]) -> dict[str, Any]:
    """Times in milliseconds, rounded to a tenth; ratios to a hundredth; what was not measured is null."""
    return {
        "problems": scene.problems,
        "on": scene.today.isoformat(),
        "python": platform.python_version(),
        "measured": [
            {
                "name": one.name,
                "runs": one.runs,
                "p50_ms": round(one.p50, 1),
                "p95_ms": round(one.p95, 1),
                "queries": one.queries,
                "bare_sql_ms": _rounded(one.bare_sql, 1),
                "bare_page_ms": _rounded(one.bare_page, 1),
                "to_bare_sql": _rounded(one.to_sql, 2),
                "to_bare_page": _rounded(one.to_page, 2),
                "requests_per_second": _rounded(one.per_second, 1),
                "peak_megabytes": one.megabytes,
            }
            for one in lines
        ],
    }


def as_markdown(lines: list[Measured]) -> str:
    rows = [
        f"| {one.name} | {one.p50:,.0f} | {one.p95:,.0f} | {one.queries:,} | {_cell(one.to_sql)} | "
        f"{_cell(one.to_page)} | {'' if one.per_second is None else f'{one.per_second:.0f}'} | {one.megabytes or ''} |"
        for one in lines
    ]
    return "\n".join([*HEAD, *rows])


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
