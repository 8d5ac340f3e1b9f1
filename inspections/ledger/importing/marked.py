"""What was edited in a row that we exported, and what here meanwhile, by the marks of its cells alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from inspections.ledger import checks
from inspections.ledger.errors import Message, RowError
from inspections.ledger.exporting.written import cell_text
from inspections.ledger.importing.returning import CONFLICT, CONFLICT_EMPTY
from inspections.ledger.rows import ParsedRow


def edited(row: ParsedRow, columns: Sequence[str], here: Mapping[str, Any]) -> tuple[list[str], list[RowError]]:
    """The columns that were edited since the export and say something else than what stands here; and a remark on
    each of them that was changed here meanwhile, too.

    `columns` are those of the export in their order, `here` what a ledger in the row's language would say now.
    """
    assert row.check is not None
    names, conflicts = [], []
    for position, name in enumerate(columns):
        if name not in row.values or not row.check.is_edited(position, row.values[name]):
            continue
        if checks.canonical(row.values[name]) == checks.canonical(here[name]):
            continue
        names.append(name)
        if row.check.is_edited(position, here[name]):
            conflicts.append(_conflict(row, name, here[name]))
    return names, conflicts


def _conflict(row: ParsedRow, name: str, here: Any) -> RowError:
    language = row.check.language if row.check else "en"
    text, value = cell_text(name, here, language)[:200], cell_text(name, row.values[name], language)[:200]
    message = Message(CONFLICT, {"here": text}) if text else Message(CONFLICT_EMPTY)
    return RowError(row.row, row.headers.get(name, name), value, "conflict", message, name)
