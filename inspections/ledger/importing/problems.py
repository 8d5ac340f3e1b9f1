"""Writing the problems of a ledger: new ones with their whole past, known ones only where the ledger changed."""

import dataclasses
import datetime
from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casetracker.models import Event, NumberSeries
from inspections.enums import ImportState, Status
from inspections.ledger.cells import CaseNumber
from inspections.ledger.errors import Message, RowError
from inspections.ledger.importing.doubles import doubt_changed, part_doubles
from inspections.ledger.importing.names import Names
from inspections.ledger.importing.past import Past
from inspections.ledger.importing.report import Outcome, Report
from inspections.ledger.importing.resolving import resolve
from inspections.ledger.importing.returning import OWN_VERBS, Returning
from inspections.ledger.importing.visits import remark
from inspections.ledger.importing.writing import rewrite, write_pasts
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, Problem, Visit
from inspections.workflow.reporting import NUMBER_KIND, number_text

NUMBER_TWICE = _("The number “%(name)s” stands on another row with other content.")
SAME_TWICE = _("This ledger has this problem twice, with different content. Keep the right one only.")
NUMBER_TAKEN = _(
    "%(number)s is the number of another problem here: %(site)s, found on %(found_on)s. Give this row another number, "
    "or leave it empty to get the next free one."
)
EXTERNAL_TAKEN = _(
    "“%(name)s” is here already as %(number)s. Give this row that number, or correct its number in the other ledger."
)
SEVERAL_VISITS = _("Several visits of the team fit this problem; it was joined to none of them.")
CHANGED_MEANWHILE = _("“%(name)s” was changed here since it was imported; the row was not taken over.")

# What is read with a problem that is to be written anew.
PARTS = ("kind", "district", "site", "team", "lead_unit", "office", "import_batch")


class ProblemWriter:
    """Creates, updates or leaves problems as the ledger says."""

    def __init__(
        self, batch: ImportBatch, names: Names, *, held: bool, today: datetime.date, now: datetime.datetime
    ) -> None:
        self.batch = batch
        self.names = names
        self.office = batch.office
        self.held = held
        self.today = today
        self.now = now
        self.seen: dict[str, str] = {}
        self.highest: dict[int, int] = {}
        self.returning = Returning(batch, names, self.now, held=held, today=today)

    def waits(self, row: ParsedRow) -> bool:
        """Rows without a number come last: theirs must lie above every number that the ledger itself gives."""
        return row.values.get("number") is None

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        outcomes, rows = self.returning.write(rows, report)
        for outcome in outcomes:
            # Whatever other row has the number of a problem that came back is another row of the same number.
            if (number := outcome.row.values.get("number")) is not None:
                self.seen.setdefault(f"number:{number.text}", "")
        self.names.load_sites({row.values["site"] for row in rows})
        wanted: list[Past] = []
        for row in rows:
            past = resolve(row, self.names, report, self.now)
            if past is None:
                continue
            earlier = {self.seen[key] for key in past.keys if key in self.seen}
            if earlier == {past.digest}:
                outcomes.append(Outcome(row, "duplicate"))
            elif earlier:
                report.refuse(_twice(past))
            else:
                self.seen |= dict.fromkeys(past.keys, past.digest)
                wanted.append(past)
        self.names.flush()
        unknown, known = self._sorted(wanted, report)
        new, doubled = part_doubles(unknown, self.batch)
        spoken_of = [problem.pk for _past, problem in known] + [one.subject_id for one in doubled]
        doubt_changed(new, self.batch, spoken_of)
        self._number(new)
        self._join_visits(new, report)
        write_pasts(new, self.batch, self.now, held=self.held, today=self.today)
        outcomes += [Outcome(past.row, "created", past.made.pk) for past in new]
        return outcomes + doubled + self._again(known)

    def finish(self) -> None:
        """The number series goes on after the highest imported number of each year."""
        for year, highest in self.highest.items():
            NumberSeries.reach(self.office.pk, NUMBER_KIND, year, highest)

    # --- Known already ---

    def _sorted(self, pasts: list[Past], report: Report) -> tuple[list[Past], list[tuple[Past, Problem]]]:
        """The rows that are new, and those whose problem is here; what would take another's number is refused."""
        table = self._known(pasts)
        new: list[Past] = []
        known: list[tuple[Past, Problem]] = []
        for past in pasts:
            problem = table.get(past.keys[0])
            elsewhere = table.get(f"external:{past.external_id}")
            if problem is not None and not _is_same(past, problem):
                report.refuse(_taken(past, problem))
            elif elsewhere is not None and elsewhere != problem:
                refusal = Message(EXTERNAL_TAKEN, {"name": past.external_id, "number": elsewhere.number})
                column = past.row.headers.get("external_id", "external_id")
                report.refuse(RowError(past.row.row, column, past.external_id, "duplicate", refusal, "external_id"))
            elif problem is None:
                new.append(past)
            else:
                known.append((past, problem))
        return new, known

    def _known(self, pasts: Iterable[Past]) -> dict[str, Problem]:
        """The problems that these rows may speak of, by key."""
        pasts = list(pasts)
        rows = Problem.objects.filter(
            Q(number__in=[past.number.text for past in pasts if past.number is not None])
            | Q(external_id__in=[past.external_id for past in pasts if past.external_id])
            | Q(import_key__in=[past.import_key for past in pasts if past.import_key]),
            office=self.office,
        )
        found: dict[str, Problem] = {}
        for problem in rows.select_related("import_batch").defer("search"):
            found[f"number:{problem.number}"] = problem
            if problem.external_id:
                found[f"external:{problem.external_id}"] = problem
            if problem.import_key:
                found[f"row:{problem.import_key}"] = problem
        return found

    def _again(self, known: list[tuple[Past, Problem]]) -> list[Outcome]:
        """Rows whose problems are here already: unchanged, updated, or changed on both sides.

        What is to be written anew is locked first and judged then: a step of the workflow at the same moment
        either comes before and is seen here, or waits and finds the problem as the ledger has it.
        """
        changed = [problem.pk for past, problem in known if _is_changed(past, problem) or _is_undone(problem)]
        rows = Problem.objects.select_for_update(of=("self",)).filter(pk__in=changed).order_by("pk").defer("search")
        locked = {row.pk: row for row in rows.select_related(*PARTS)}
        events = Event.objects.filter(subject_type="problem", subject_id__in=changed).exclude(verb__in=OWN_VERBS)
        touched = set(events.values_list("subject_id", flat=True))
        outcomes = []
        for past, seen in known:
            problem = locked.get(seen.pk, seen)
            revived = _is_undone(problem)
            if not revived and not _is_changed(past, problem):
                outcomes.append(Outcome(past.row, "unchanged", problem.pk))
            elif problem.import_batch_id is None or problem.pk in touched:
                doubt = remark(past.row, "number", problem.number, "conflict", CHANGED_MEANWHILE)
                row = dataclasses.replace(past.row, doubtful=(*past.row.doubtful, doubt))
                outcomes.append(Outcome(row, "unchanged", problem.pk))
            else:
                before, changes = rewrite(
                    past, problem, self.batch, self.now, held=self.held, today=self.today, revived=revived
                )
                if revived:
                    outcomes.append(Outcome(past.row, "revived", problem.pk))
                else:
                    outcomes.append(Outcome(past.row, "updated", problem.pk, before, changes))
        return outcomes

    # --- New ---

    def _number(self, pasts: list[Past]) -> None:
        """Give numbers to rows without one; remember the highest of the office's own series."""
        prefix = self.office.number_prefix or self.office.short
        waiting: dict[int, list[Past]] = {}
        for past in pasts:
            if past.number is None:
                waiting.setdefault(past.row.values["found_on"].year, []).append(past)
            elif past.number.prefix == prefix and past.number.year is not None and past.number.seq is not None:
                self.highest[past.number.year] = max(self.highest.get(past.number.year, 0), past.number.seq)
        for year, group in sorted(waiting.items()):
            NumberSeries.reach(self.office.pk, NUMBER_KIND, year, self.highest.get(year, 0))
            first = NumberSeries.take(self.office.pk, NUMBER_KIND, year, len(group))
            for offset, past in enumerate(group):
                past.number = CaseNumber(number_text(prefix, year, first + offset), prefix, year, first + offset)
                past.is_numbered_here = True

    def _join_visits(self, pasts: list[Past], report: Report) -> None:
        """Join each problem to the one visit of its team at its site on its day."""
        days = {past.row.values["found_on"] for past in pasts}
        sites = {past.site.pk for past in pasts}
        table: dict[tuple[int, UUID, datetime.date], list[UUID]] = {}
        for pk, team, site, on in (
            Visit.objects.counted().filter(on__in=days, site__in=sites).values_list("pk", "team_id", "site_id", "on")
        ):
            table.setdefault((team, site, on), []).append(pk)
        for past in pasts:
            fitting = table.get((past.team.pk, past.site.pk, past.row.values["found_on"]), [])
            if len(fitting) == 1:
                past.visit_id = fitting[0]
            elif fitting:
                doubt = RowError(past.row.row, "site", past.site.name, "several_visits", Message(SEVERAL_VISITS))
                past.row = dataclasses.replace(past.row, doubtful=(*past.row.doubtful, doubt))


def _twice(past: Past) -> RowError:
    """Another row has this one's number, or without one what it is known by, and says something else."""
    if past.number_text:
        return remark(past.row, "number", past.number_text, "duplicate", NUMBER_TWICE)
    column = "kind" if past.row.values.get("kind") else "description"
    return remark(past.row, column, past.row.values[column], "duplicate", SAME_TWICE)


def _is_same(past: Past, problem: Problem) -> bool:
    """Does the row that was matched by its key speak of this problem?

    A number that was given here, because a ledger had none, says nothing about another ledger's rows: then the
    row must fit by what that ledger knew the problem by.
    """
    if past.number is None:
        return True
    if problem.import_key:
        return problem.import_key == past.row_key
    return not problem.external_id or problem.external_id == past.external_id


def _is_undone(problem: Problem) -> bool:
    """Is it void because the import that brought it was undone?"""
    batch = problem.import_batch
    return problem.status == Status.VOID and batch is not None and batch.state == ImportState.UNDONE


def _is_changed(past: Past, problem: Problem) -> bool:
    return problem.import_digest != past.digest


def _taken(past: Past, problem: Problem) -> RowError:
    facts = {"number": problem.number, "site": problem.site_name, "found_on": problem.found_on.isoformat()}
    column = past.row.headers.get("number", "number")
    return RowError(past.row.row, column, problem.number, "duplicate", Message(NUMBER_TAKEN, facts), "number")
