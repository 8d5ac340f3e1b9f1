"""How a ledger of ours is written: its headers, and its values as the cells that the importer reads them from."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.utils.translation import override

from casetracker.dates import in_chinese
from casetracker.exporting import Cell, Column
from inspections.enums import RiskClass, Route, Severity, Source, VisitMode, VoidKind
from inspections.ledger import checks
from inspections.ledger.cells import join_names
from inspections.ledger.fields import EXPOSURE, KINDS, PROBLEM, SITE, Field, usual_headers

# The columns that a check code marks, in this order; one that is added comes last.
COLUMNS = [name for name in PROBLEM if name != checks.COLUMN]
SITE_COLUMNS = [name for name in SITE if name != checks.COLUMN]
EXPOSURE_COLUMNS = [name for name in EXPOSURE if name != checks.COLUMN]
WORDS: dict[str, Any] = {
    "route": Route,
    "severity": Severity,
    "source": Source,
    "void": VoidKind,
    "mode": VisitMode,
    "risk_class": RiskClass,
}
WIDTHS = {"text": 48, "name": 20, "names": 20, "number": 20, "date": 12}


def language_of_file() -> str:
    """The language that is active, as a check code names it."""
    return "zh" if in_chinese() else "en"


def cell_text(name: str, value: Any, language: str) -> str:
    """What a ledger of this language (zh, en) has in the cell of a value; a name means the same in every kind."""
    with override("zh-hans" if language == "zh" else "en"):
        cell = writer({name: next(fields[name] for fields in KINDS.values() if name in fields)})({name: value}, None)[0]
    return checks.canonical(cell)


def heads(kind: str, fields: dict[str, Field]) -> list[Column]:
    """The columns of a kind of ledger under their usual headers."""
    position = 0 if in_chinese() else 1
    return [Column(usual_headers(kind, name)[position], WIDTHS.get(one.holds, 12)) for name, one in fields.items()]


def writer(fields: dict[str, Field]) -> Callable[[dict[str, Any], checks.Check | None], list[Cell]]:
    """Makes the cells of a row of its values, in the order of the columns; a choice in the words of the language."""
    language = "zh-hans" if in_chinese() else "en"
    yes = "是" if in_chinese() else "yes"

    @cache
    def word(name: str, value: str) -> str:
        with override(language):
            return str(WORDS[name](value).label)

    def cells(values: dict[str, Any], check: checks.Check | None) -> list[Cell]:
        row: list[Cell] = []
        for name, one in fields.items():
            value = values.get(name)
            if name == checks.COLUMN:
                row.append(str(check) if check else None)
            elif value is None:
                row.append(None)
            elif one.holds == "choice":
                row.append(word(name, value))
            elif one.holds == "names":
                row.append(join_names(value))
            elif one.holds == "bool":
                row.append(yes if value else None)
            else:
                row.append(value)
        return row

    return cells
