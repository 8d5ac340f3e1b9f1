"""The list of problems as a table: what always stands there, and the columns that the reader chose."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import calendars, counting
from casetracker.exporting import Cell, Column, Table, Unknown, streamed
from casetracker.models import User
from casetracker.workdays import Calendar
from inspections import listing
from inspections.enums import Clock
from inspections.models import Problem
from inspections.presenting import light_of, step_clock
from inspections.views.rows import CLOCKS, ROUTES, SEVERITIES, SOURCES, STATES, reading


def asked(user: User, query: str) -> tuple[listing.Listing, list[str]]:
    """The list and its columns as the page with this query shows them. Raises Unknown for what no page gives out."""
    parameters = QueryDict(query)
    try:
        found = listing.read(parameters, user)
        columns = listing.columns(parameters, None)
    except listing.BadAddress as error:
        raise Unknown(error.parameter) from error
    if not found.is_valid:
        raise Unknown(query)
    return found, columns


def table(user: User, query: str) -> Table:
    """Every row of the list in the order shown, with number, problem and site and the columns chosen."""
    found, columns = asked(user, query)
    own = [part for name in columns for part in PARTS[name]]
    heads = [
        Column(_("Number"), 20),
        Column(_("Deadline"), 20),
        Column(_("Problem"), 24),
        Column(_("Description"), 48),
        Column(_("Special assignment"), 10),
        Column(_("Site"), 32),
        *(Column(str(part.header), part.width) for part in own),
    ]
    rows = reading(found.in_order, columns)

    def read() -> Iterator[list[Cell]]:
        words = Words(found.today, calendars.load())
        cells = [part.cell for part in own]
        for problem in streamed(rows):
            yield [
                problem.number,
                words.light(problem),
                words.name(problem.kind) or problem.title,
                problem.description,
                words.yes if problem.special else None,
                problem.site_name,
                *(cell(problem, words) for cell in cells),
            ]

    return Table(_("Problems"), heads, counting.count_exactly(found.problems).rows, read)


class Words:
    """The words of one file in the reader's language; what many rows share is put together once."""

    def __init__(self, today: datetime.date, calendar: Calendar) -> None:
        self.today = today
        self.calendar = calendar
        self.yes = _("yes")
        # By the label itself: to compare two of them would translate them each time.
        self._words: dict[int, str] = {}
        self._names: dict[tuple[type, Any], str] = {}
        self._lights: dict[tuple[Any, ...], str] = {}

    def word(self, label: Any) -> str:
        """A label of a choice, which lives as long as the program."""
        known = self._words.get(id(label))
        if known is None:
            known = self._words[id(label)] = str(label)
        return known

    def name(self, row: Any) -> str | None:
        """The name of a unit, a district or a kind; None where there is none."""
        if row is None:
            return None
        key = (type(row), row.pk)
        known = self._names.get(key)
        if known is None:
            known = self._names[key] = str(row.name)
        return known

    def light(self, problem: Problem) -> str:
        """What the light of the row says."""
        key = tuple(getattr(problem, name) for name in LIT_BY)
        words = self._lights.get(key)
        if words is None:
            if len(self._lights) > MOST_LIGHTS:
                self._lights.clear()
            words = self._lights[key] = str(light_of(problem, self.today, self.calendar).words)
        return words


# What a light is made of, and how many different ones are kept.
LIT_BY = ("status", "due_on", "met_on", "next_due_on", "paused_since", "closed_on", "status_since")
MOST_LIGHTS = 20_000


@dataclass(frozen=True)
class Part:
    """One column of the file that a column of the list becomes."""

    header: Any
    width: int
    cell: Callable[[Problem, Words], Cell]


def _due_on(problem: Problem, words: Words) -> Cell:
    """The date that the list shows: that of the present step, else the rectification's."""
    clock = step_clock(problem)
    own = clock == Clock.RECTIFY and problem.due_on is not None and problem.met_on is None
    return problem.next_due_on if clock is not None and not own and problem.next_due_on else problem.due_on


def _due_for(problem: Problem, words: Words) -> Cell:
    """What that date is for."""
    clock = step_clock(problem) or (Clock.RECTIFY if problem.due_on else None)
    return words.word(CLOCKS[clock]) if clock else None


# What each column of the list becomes.
PARTS: dict[str, tuple[Part, ...]] = {
    "unit": (Part(gettext_lazy("Responsible unit"), 24, lambda problem, words: words.name(problem.lead_unit)),),
    "responsible": (Part(gettext_lazy("Responsible person"), 16, lambda problem, words: problem.responsible_name),),
    "district": (Part(gettext_lazy("District"), 16, lambda problem, words: words.name(problem.district)),),
    "team": (Part(gettext_lazy("Team"), 20, lambda problem, words: words.name(problem.team)),),
    "party": (Part(gettext_lazy("Responsible party"), 28, lambda problem, words: problem.party_name),),
    "severity": (Part(gettext_lazy("Severity"), 12, lambda problem, words: words.word(SEVERITIES[problem.severity])),),
    "route": (Part(gettext_lazy("Route"), 16, lambda problem, words: words.word(ROUTES[problem.route])),),
    "source": (Part(gettext_lazy("Source"), 16, lambda problem, words: words.word(SOURCES[problem.source])),),
    "found": (Part(gettext_lazy("Found"), 12, lambda problem, words: problem.found_on),),
    # Where the list shows one date with what it is for and what it was at first, a file has a column for each.
    "due": (
        Part(gettext_lazy("Due date"), 12, _due_on),
        Part(gettext_lazy("Due for"), 16, _due_for),
        Part(gettext_lazy("First date"), 12, lambda problem, words: problem.first_due_on),
        Part(gettext_lazy("Extensions"), 10, lambda problem, words: problem.extension_count or None),
    ),
    "state": (Part(gettext_lazy("State"), 14, lambda problem, words: words.word(STATES[problem.status])),),
}
