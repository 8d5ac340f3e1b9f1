"""The deadlines of a problem, each explained: light, sentence and strip of days."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from casetracker import calendars
from casetracker.dates import long_date
from casetracker.explain import Cell, Explained, Limit, lateness, sentence, strip_cells
from casetracker.models import Deadline
from casetracker.workdays import Term, light
from inspections import deadlines
from inspections.enums import AssignmentRole, Clock, Light, Verb
from inspections.presenting import Lit
from inspections.views.problem.record import Record
from inspections.workflow.engine import SUBJECT

# What set a clock going, as the first word of its sentence.
STARTED: dict[str, Any] = {
    Verb.REPORT: pgettext_lazy("set the clock going", "Found"),
    Verb.ASSIGN: pgettext_lazy("set the clock going", "Assigned"),
    Verb.NAME_MISSING: pgettext_lazy("set the clock going", "Assigned"),
    Verb.REPORT_BACK: pgettext_lazy("set the clock going", "Reported back"),
    Verb.RELEASE: pgettext_lazy("set the clock going", "Reported back"),
    Verb.VERIFY: pgettext_lazy("set the clock going", "Verified"),
    Verb.FIX_ON_SPOT: pgettext_lazy("set the clock going", "Fixed on the spot"),
    Verb.SEND_BACK: pgettext_lazy("set the clock going", "Sent back"),
    Verb.REOPEN: pgettext_lazy("set the clock going", "Reopened"),
    Verb.HAND_BACK: pgettext_lazy("set the clock going", "Handed back"),
    Verb.TO_CENTRAL: pgettext_lazy("set the clock going", "Sent to the office"),
    Verb.ASK_EXTENSION: pgettext_lazy("set the clock going", "Asked for"),
    Verb.ESCALATE: pgettext_lazy("set the clock going", "Escalated"),
    Verb.IMPORT: pgettext_lazy("set the clock going", "In the ledger"),
    "release_import": pgettext_lazy("set the clock going", "Released"),
}
# What met it, under the day on the strip.
MET: dict[str, Any] = {
    Clock.DEPLOY: pgettext_lazy("met the clock", "assigned"),
    Clock.CLAIM: pgettext_lazy("met the clock", "claimed"),
    Clock.FEEDBACK: pgettext_lazy("met the clock", "answered"),
    Clock.RECTIFY: pgettext_lazy("met the clock", "reported"),
    Clock.VERIFY: pgettext_lazy("met the clock", "verified"),
    Clock.CLOSE: pgettext_lazy("met the clock", "closed"),
    Clock.EXTENSION: pgettext_lazy("met the clock", "decided"),
    Clock.LOOK_BACK: pgettext_lazy("met the clock", "looked back"),
    Clock.ESCALATION: pgettext_lazy("met the clock", "lifted"),
}
GIVEN = gettext_lazy("date given by the office")
IN_LEDGER = gettext_lazy("date in the ledger")
OF_ITEM = gettext_lazy("usual term of the checklist item")
ORDER = {clock: position for position, clock in enumerate([Clock.RECTIFY, *Clock])}


@dataclass(frozen=True)
class ClockShown:
    """One deadline as the page shows it."""

    row: Deadline
    label: str
    unit: str
    lit: Lit
    sentence: str
    cells: list[Cell]

    @property
    def first_due_on(self) -> Any:
        """The first date where another was agreed since; else None."""
        return self.row.first_due_on if self.row.first_due_on != self.row.due_on else None


def current(record: Record) -> list[Deadline]:
    """The versions that hold now of every clock of the problem, rectification first."""
    rows = Deadline.objects.of(SUBJECT, record.problem.pk).current().select_related("rule", "unit")
    return sorted(rows, key=lambda row: (ORDER.get(Clock(row.clock), 99), row.started_on, row.pk))


def explained(record: Record, rows: list[Deadline]) -> tuple[list[ClockShown], list[ClockShown]]:
    """The clocks that matter now (the lead's rectification and whatever runs), and the others."""
    lead = next((one.pk for one in record.live if one.role == AssignmentRole.LEAD), None)
    several = len(record.live) > 1
    main: list[ClockShown] = []
    others: list[ClockShown] = []
    for row in rows:
        own = row.part_id in (None, lead) or row.clock == Clock.ESCALATION
        matters = own and (row.clock == Clock.RECTIFY or (row.met_on is None and record.problem.is_open))
        shown = _shown(record, row, several)
        (main if matters else others).append(shown)
    return main, others


def part_light(record: Record, rows: list[Deadline], part: Any) -> Lit | None:
    """The light of one assignment's own rectification clock."""
    row = next((row for row in rows if row.part_id == part and row.clock == Clock.RECTIFY), None)
    return lit_of(row, record) if row is not None else None


def _shown(record: Record, row: Deadline, several: bool) -> ClockShown:
    facts = facts_of(row, record)
    return ClockShown(
        row=row,
        label=str(Clock(row.clock).label),
        unit=row.unit.name if several and row.unit is not None and row.part_id else "",
        lit=lit_of(row, record),
        sentence=sentence(facts),
        cells=strip_cells(facts),
    )


def facts_of(row: Deadline, record: Record) -> Explained:
    """What casetracker.explain must know of a deadline row."""
    rule, term, limit = row.rule, None, None
    name, source = str(IN_LEDGER if row.started_by == Verb.IMPORT else GIVEN), ""
    if rule is not None and row.amount is not None:
        term = Term(row.amount, row.term_unit, row.roll)  # type: ignore[arg-type]
        name, source = rule.name, rule.source
        if record.problem.checklist_item_id is not None and deadlines.within(rule, term):
            limit = Limit(name, deadlines.term_of(rule), source)
            name, source = str(OF_ITEM), ""
    return Explained(
        start=row.started_on,
        started_by_word=str(STARTED.get(row.started_by, STARTED[Verb.ASSIGN])),
        due_on=row.due_on,
        first_due_on=row.first_due_on,
        rule_name=name,
        rule_source=source,
        term=term,
        limit=limit,
        calendar=calendars.load(),
        today=record.today,
        stops=deadlines.stops_of(row.stops, record.today),
        extensions=deadlines.agreed_of(row.agreed),
        met_on=row.met_on,
        met_by_word=str(MET[Clock(row.clock)]),
        provisional=row.provisional,
        paused_since=row.paused_since if row.met_on is None else None,
    )


def lit_of(row: Deadline, record: Record) -> Lit:
    """The light of a deadline row; one met late keeps the colour of lateness, in the words of what was done."""
    # The clock's name stands beside the light; only the words of one that was met need it.
    name = None if row.clock == Clock.RECTIFY or row.met_on is None else str(Clock(row.clock).label)
    stopped = 0
    if row.paused_since is not None and row.met_on is None and row.paused_since <= row.due_on:
        stopped = (record.today - row.paused_since).days + 1
    words = lateness(row.due_on, record.today, met_on=row.met_on, clock_name=name, stopped_days=stopped)
    if row.met_on is not None:
        return Lit(Light.LATE if row.met_on > row.due_on else Light.DONE, words)
    near = row.rule.near_workdays if row.rule is not None else 1
    state = light(row.due_on, record.today, calendars.load(), near, stopped=bool(stopped))
    return Lit(state, words)


def in_force(rows: list[ClockShown]) -> str:
    """Since when the rule of the first clock is in force, for the head of the panel."""
    rule = rows[0].row.rule if rows else None
    if rule is None or rows[0].row.amount is None:
        return ""
    return _("Rule in force since %(date)s") % {"date": long_date(rule.effective_from)}
