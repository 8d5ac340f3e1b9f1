"""The rows of the list of problems. Fifty of them are most of a page's work, so their cells are made here, not in
a template, and only the columns that are shown are read."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from casetracker.dates import short_date
from casetracker.explain.lateness import moved_note
from casetracker.templatetags.ui import lang_run, light, unbroken
from casetracker.workdays import Calendar
from inspections.enums import Clock, Route, Severity, Source, Status, Verb
from inspections.listing import COLUMNS
from inspections.models import Problem
from inspections.presenting import light_of, step_clock
from inspections.querysets import ProblemQuerySet
from inspections.workflow import legal

READ = (
    *("number", "number_year", "number_seq", "found_on", "site_name", "description", "special", "route", "status"),
    *("status_since", "due_on", "first_due_on", "met_on", "next_due_on", "paused_since", "closed_on"),
    "extension_count",
    *("kind__name_zh", "kind__name_en"),
)
SEVERITIES, ROUTES, SOURCES, STATES, CLOCKS = (
    dict(words.choices) for words in (Severity, Route, Source, Status, Clock)
)
# The columns of the table that each column of the list needs besides.
READ_FOR: dict[str, tuple[str, ...]] = {
    "unit": ("lead_unit__name_zh", "lead_unit__name_en"),
    "responsible": ("responsible_name",),
    "district": ("district__name_zh", "district__name_en"),
    "team": ("team__name_zh", "team__name_en"),
    "party": ("party_name",),
    "severity": ("severity",),
    "source": ("source",),
}


@dataclass
class Row:
    """A problem of the list: what identifies it, its light and its cells as HTML, the verbs its state allows."""

    id: str
    url: str
    light: SafeString
    number: SafeString
    plain_number: str
    title: SafeString
    said: SafeString
    special: bool
    site: SafeString
    cells: SafeString
    can: str


class Words:
    """The words of one page in the reader's language; what many rows share is put together once."""

    def __init__(self, today: datetime.date) -> None:
        self.today = today
        self.text = cache(self._text)
        self.day = cache(self._day)
        self.light = cache(light)
        self.can = cache(self._can)

    @staticmethod
    def _text(value: Any) -> SafeString:
        """Data or words, escaped, marked where they are in the other language."""
        shown = lang_run(value)
        return shown if isinstance(shown, SafeString) else SafeString(escape(shown))

    def _day(self, day: datetime.date) -> SafeString:
        words = escape(short_date(day, self.today))
        return SafeString(f'<time datetime="{day.isoformat()}">{words}</time>')

    @staticmethod
    def _can(verbs: tuple[Verb, ...], status: str, route: str) -> str:
        return " ".join(verb.value for verb in verbs if legal(verb, status, route))


def shown(columns: list[str]) -> ProblemQuerySet:
    """What is read of the problems of a page."""
    every: Any = Problem.objects.select_related()
    return reading(every, columns)


def reading(problems: ProblemQuerySet, columns: list[str]) -> ProblemQuerySet:
    """The problems with just those columns of the table that these columns of the list need."""
    more = [name for column in columns for name in READ_FOR.get(column, ())]
    joined = {"kind", *(name.split("__")[0] for name in more if "__" in name)}
    rows: Any = problems.select_related(None).select_related(*joined).only(*READ, *more)
    return rows


def rows_of(
    problems: list[Problem],
    columns: list[str],
    verbs: list[Verb],
    *,
    today: datetime.date,
    calendar: Calendar,
    back: Callable[[Problem], str] = lambda problem: "",
) -> list[Row]:
    """The rows of a page; `back` says of a problem what its address has of the list, for the way back and on."""
    words = Words(today)
    cells = [
        (f'<td class="cell-more is-{name}" data-label="{escape(str(COLUMNS[name]))}">', CELLS[name]) for name in columns
    ]
    asked = tuple(verbs)
    made = []
    for problem in problems:
        drawn = [(begin, cell(problem, words)) for begin, cell in cells]
        made.append(
            Row(
                id=str(problem.pk),
                url=reverse("problem", args=[problem.pk]) + back(problem),
                light=words.light(*light_of(problem, today, calendar)),
                number=words.text(problem.number),
                plain_number=problem.number,
                title=words.text(problem.title),
                said=words.text(problem.said[:SAID]),
                special=problem.special,
                site=words.text(problem.site_name),
                cells=SafeString("".join(f"{begin}{text}</td>" if text else EMPTY for begin, text in drawn)),
                can=words.can(asked, problem.status, problem.route),
            )
        )
    return made


# More of a description than any row is wide; the stylesheet clips what it does not show.
SAID = 120
EMPTY = '<td class="cell-more"></td>'


def _due(problem: Problem, words: Words) -> str:
    """The date that the light counts to; under that of another clock than the lead's rectification what it is for,
    and under one that moved the first date and how often it was extended."""
    clock = step_clock(problem)
    own = clock == Clock.RECTIFY and problem.due_on is not None and problem.met_on is None
    if clock is not None and not own and problem.next_due_on is not None:
        return f'{words.day(problem.next_due_on)}<span class="cell-second nowrap">{words.text(CLOCKS[clock])}</span>'
    if problem.due_on is None:
        return ""
    shown = words.day(problem.due_on)
    if problem.first_due_on is None or problem.first_due_on == problem.due_on:
        return shown
    note = moved_note(problem.first_due_on, problem.due_on, problem.extension_count, words.today)
    return f'{shown}<span class="cell-second">{unbroken(note)}</span>'


# The cell of a column as HTML; empty where the problem has nothing there.
CELLS: dict[str, Callable[[Problem, Words], str]] = {
    "unit": lambda problem, words: words.text(problem.lead_unit.name) if problem.lead_unit else "",
    "responsible": lambda problem, words: words.text(problem.responsible_name),
    "district": lambda problem, words: words.text(problem.district.name),
    "team": lambda problem, words: words.text(problem.team.name),
    "party": lambda problem, words: words.text(problem.party_name),
    "severity": lambda problem, words: words.text(SEVERITIES[problem.severity]),
    "route": lambda problem, words: words.text(ROUTES[problem.route]),
    "source": lambda problem, words: words.text(SOURCES[problem.source]),
    "found": lambda problem, words: words.day(problem.found_on),
    "due": _due,
    "state": lambda problem, words: words.text(STATES[problem.status]),
}
