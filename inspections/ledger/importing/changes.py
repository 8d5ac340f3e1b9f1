"""What importing a row again changed: under which of the sheet's columns, for the report, and who is told of it."""

from typing import Any

from casetracker import audit
from casetracker.models import Event, User
from inspections.ledger.importing.past import Past
from inspections.models import Assignment, Problem
from inspections.workflow import telling

# The ledger's column of each column of a problem that has another name there.
COLUMNS = {
    "lead_unit": "unit",
    "party_name": "party",
    "internal_note": "remark",
    "met_on": "done_on",
    "verified_on": "rechecked_on",
    "verified_by_name": "rechecked_by",
    "responsible_name": "responsible",
    "extension_count": "extensions",
    "void_kind": "void",
}
# These follow from others.
FOLLOWING = ("status", "site_name")


def named(value: Any) -> Any:
    """A value as histories keep it: what has two names by its Chinese one."""
    return audit.plain(getattr(value, "name_zh", None) or value)


def changes_of(past: Past, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """One entry per changed value: row, number, column (the sheet's own header where it has one), old and new."""
    entries = []
    for name, old in before.items():
        column = COLUMNS.get(name, name)
        # A first date that is no column of the sheet is its date.
        if name in FOLLOWING or (name == "first_due_on" and column not in past.row.headers and "due_on" in before):
            continue
        entries.append(
            {
                "row": past.row.row,
                "number": past.made.number,
                "column": past.row.headers.get(column, column),
                "old": _text(old),
                "new": _text(after[name]),
            }
        )
    return entries


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:200]


def handlers_of(problem: Problem) -> dict[User, int]:
    """Who handles a problem now, each with the unit that has it."""
    rows = Assignment.objects.live().filter(problem=problem).select_related("problem")
    return {person: one.unit_id for one in rows for person in telling.handlers(problem, [one])}


def tell_changed(event: Event, problem: Problem, before: dict[User, int], old_units: set[int]) -> None:
    """Tell the units of a released problem that an import changed its date or its units.

    `before` are its handlers before. Whoever has it newly is told so, whoever has it no more, too.
    """
    if problem.held or not problem.is_open:
        return
    now = handlers_of(problem)
    words: dict[str, Any] = {"file": event.details["file"], "due_on": problem.due_on}
    new = [person for person, unit in now.items() if unit not in old_units]
    telling.tell(event, problem, new, kind="assigned", due_on=problem.due_on)
    if "due_on" in event.before:
        telling.tell(event, problem, [one for one in now if one not in new], kind="import_changed", **words)
    gone = [person for person in before if person not in now]
    telling.tell(event, problem, gone, kind="import_moved", file=event.details["file"])
