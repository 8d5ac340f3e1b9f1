"""Rows that we exported and that come back: untouched, edited, or edited on both sides."""

import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from casetracker.models import Event
from inspections.ledger import checks
from inspections.ledger.errors import Message, RowError
from inspections.ledger.exporting.values import Told, told
from inspections.ledger.exporting.written import COLUMNS, cell_text
from inspections.ledger.importing.edits import DESCRIPTIVE, FIXED, Edits, Refused
from inspections.ledger.importing.names import Names
from inspections.ledger.importing.report import Outcome, Report
from inspections.ledger.importing.visits import OTHER_OFFICE
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, Problem

CONFLICT = _("It was changed here and in the file since it was exported. Here it is “%(here)s” now.")
CONFLICT_EMPTY = _("It was changed here and in the file since it was exported. Here it is empty now.")
LOOP_OWNED = _(
    "A file can’t change this of a problem that was worked on here. Put back what stands here, “%(here)s”, and make "
    "the change on the problem’s page."
)
LOOP_OWNED_EMPTY = _(
    "A file can’t change this of a problem that was worked on here. Empty the cell, and make the change on the "
    "problem’s page."
)
TWICE = _("This problem stands on another row with other content.")

# What imports themselves write into a problem's history.
OWN_VERBS = ("import", "release_import", "undo_import")


class Returning:
    """Sorts out the rows of our own exports, and applies what was edited in them."""

    def __init__(self, batch: ImportBatch, names: Names, now: datetime.datetime, *, held: bool, today: Any) -> None:
        self.office = batch.office
        self.edits = Edits(batch, names, now, held=held, today=today)
        self.seen: dict[UUID, str] = {}

    def write(self, rows: list[ParsedRow], report: Report) -> tuple[list[Outcome], list[ParsedRow]]:
        """What became of the rows whose problems are here, and the rows that are for others to write."""
        subjects = [row.check.subject for row in rows if row.check is not None]
        if not subjects:
            return [], rows
        offices = dict(Problem.objects.filter(pk__in=subjects).values_list("pk", "office_id"))
        others: list[ParsedRow] = []
        outcomes: list[Outcome] = []
        edited: dict[UUID, ParsedRow] = {}
        for row in rows:
            if row.check is None or row.check.subject not in offices:
                others.append(row)
            elif offices[row.check.subject] != self.office.pk:
                report.refuse(_remark(row, checks.COLUMN, str(row.check), "other_office", Message(OTHER_OFFICE)))
            elif (again := self._again(row)) is not None:
                if again:
                    outcomes.append(Outcome(row, "duplicate"))
                else:
                    report.refuse(_remark(row, "number", _shown(row, "number"), "duplicate", Message(TWICE)))
            elif row.is_as_exported:
                outcomes.append(Outcome(row, "unchanged", row.check.subject))
            else:
                edited[row.check.subject] = row
        return outcomes + self._write_edited(edited, report), others

    def _again(self, row: ParsedRow) -> bool | None:
        """Whether a row before it was of the same problem and said the same; None where there was none."""
        assert row.check is not None
        digest = checks.digest(row.values)
        before = self.seen.setdefault(row.check.subject, "")
        if not before:
            self.seen[row.check.subject] = digest
            return None
        return before == digest

    def _write_edited(self, rows: dict[UUID, ParsedRow], report: Report) -> list[Outcome]:
        """What became of rows that were edited.

        Their problems are locked first and judged then: a step of the workflow at the same moment either comes before
        and is seen here, or waits and finds what the file changed.
        """
        if not rows:
            return []
        joined = ("kind", "district", "site", "team", "lead_unit", "office", "party")
        problems = Problem.objects.select_for_update(of=("self",)).filter(pk__in=rows).order_by("pk").defer("search")
        locked = {problem.pk: problem for problem in problems.select_related(*joined)}
        events = Event.objects.filter(subject_type="problem", subject_id__in=rows).exclude(verb__in=OWN_VERBS)
        worked = set(events.values_list("subject_id", flat=True))
        worked |= {pk for pk, problem in locked.items() if problem.import_batch_id is None}
        here = _told(rows)
        outcomes = []
        for pk, row in rows.items():
            outcome = self._take(row, locked[pk], here[pk], report, is_worked=pk in worked)
            if outcome is not None:
                outcomes.append(outcome)
        return outcomes

    def _take(self, row: ParsedRow, problem: Problem, here: Told, report: Report, *, is_worked: bool) -> Outcome | None:
        """What became of one edited row; None when it is refused."""
        assert row.check is not None
        edited = [
            name
            for position, name in enumerate(COLUMNS)
            if name in row.values
            and row.check.is_edited(position, row.values[name])
            and checks.canonical(row.values[name]) != checks.canonical(here.values[name])
            and not self.edits.mean_the_same(name, row, problem, here)
        ]
        if not edited:
            return Outcome(row, "unchanged", problem.pk)
        if row.check.version != problem.version:
            report.refuse(*(_against(row, name, here, "conflict", CONFLICT, CONFLICT_EMPTY) for name in edited))
            return None
        barred = [name for name in edited if name in FIXED or (is_worked and name not in DESCRIPTIVE)]
        if barred:
            report.refuse(*(_against(row, name, here, "loop_owned", LOOP_OWNED, LOOP_OWNED_EMPTY) for name in barred))
            return None
        try:
            apply = self.edits.amend if is_worked else self.edits.rewrite
            return apply(row, problem, edited, here, report)
        except Refused as refused:
            column = refused.column if refused.column in row.headers else edited[0]
            report.refuse(_remark(row, column, _shown(row, column), refused.code, refused.message))
            return None


def _told(rows: dict[UUID, ParsedRow]) -> dict[UUID, Told]:
    """What the ledger says of these problems now, each in the language of its row."""
    found: dict[UUID, Told] = {}
    for language in {row.check.language for row in rows.values() if row.check}:
        keys = [pk for pk, row in rows.items() if row.check and row.check.language == language]
        found |= {one.pk: one for one in told(Problem.objects.filter(pk__in=keys), language)}
    return found


def _against(row: ParsedRow, name: str, here: Told, code: str, filled: Any, empty: Any) -> RowError:
    """A remark on a cell that says something else than what stands here."""
    assert row.check is not None
    text = cell_text(name, here.values[name], row.check.language)[:200]
    return _remark(row, name, _shown(row, name), code, Message(filled, {"here": text}) if text else Message(empty))


def _shown(row: ParsedRow, name: str) -> str:
    return cell_text(name, row.values.get(name), row.check.language if row.check else "en")


def _remark(row: ParsedRow, name: str, value: str, code: str, message: Message) -> RowError:
    return RowError(row.row, row.headers.get(name, name), value[:200], code, message)
