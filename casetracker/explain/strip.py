"""The calendar strip of a deadline: one cell per day, the long middle folded."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from casetracker.dates import long_date_with_weekday, weekday_short
from casetracker.workdays import CountedDay

from .facts import Explained, day_name
from .sentence import term_words

MOST_CELLS = 16
WIDEST_WORD = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `states` are words of start, counted, skipped, stopped, makeup, due, first, late, met, today, fold."""

    states: tuple[str, ...]
    weekday: str = ""
    number: str = ""
    label: str = ""
    on: date | None = None
    title: str = ""

    @property
    def classes(self) -> str:
        """The class names that components/_deadline_strip.html puts on the cell."""
        return " ".join(f"is-{state}" for state in self.states)


def strip_cells(facts: Explained, most: int = MOST_CELLS) -> list[Cell]:
    """A cell for every day from the start to the due date, or to the day it was met or today where it is late.

    Beyond `most` cells the days between those that matter fold to "… 9 days …".
    """
    counted = {day.day.on: day for day in facts.days}
    length = (_last_day(facts) - facts.start).days + 1
    shown = _shown(facts, length, most)
    cells: list[Cell] = []
    previous = -1
    for index in shown:
        if hidden := index - previous - 1:
            cells.append(_fold(hidden))
        on = facts.start + timedelta(days=index)
        cells.append(_cell(facts, on, counted.get(on)))
        previous = index
    return cells


def _last_day(facts: Explained) -> date:
    last = max(facts.start, facts.first_due_on, facts.due_on)
    return max(last, facts.met_on or facts.today) if facts.is_late or facts.paused_since else last


def _shown(facts: Explained, length: int, most: int) -> list[int]:
    """The days to show, counted from the start: those that matter and as many beside them as there is room for."""
    if length <= most:
        return list(range(length))
    dates = [facts.first_due_on, facts.due_on, facts.met_on, facts.today]
    keys = {0, length - 1} | {index for on in dates if on and 0 <= (index := (on - facts.start).days) < length}
    nearby = {near for key in keys for near in range(max(0, key - most), min(length, key + most + 1))}
    shown: set[int] = set(keys)
    for index in sorted(nearby - keys, key=lambda index: (min(abs(index - key) for key in keys), index)):
        if _cells_taken(shown | {index}) <= most:
            shown.add(index)
    return sorted(shown | {index + 1 for index in shown if index + 2 in shown})


def _cells_taken(shown: set[int]) -> int:
    """How many cells these days take, with one for each fold between them."""
    ordered = sorted(shown)
    return len(ordered) + sum(after - before > 1 for before, after in pairwise(ordered))


def _fold(days: int) -> Cell:
    return Cell(states=("fold",), number=ngettext("… %(count)s day …", "… %(count)s days …", days) % {"count": days})


def _cell(facts: Explained, on: date, counted: CountedDay | None) -> Cell:
    states = _states(facts, on, counted)
    return Cell(
        states=states,
        weekday=pgettext("calendar strip", "today") if "today" in states else weekday_short(on),
        number=str(on.day),
        label=_label(facts, on, counted, states),
        on=on,
        title=_title(facts, on, counted),
    )


def _title(facts: Explained, on: date, counted: CountedDay | None) -> str:
    """The whole date, what the day is called where it matters, and whose term ends on it where it isn't the rule's:
    the cell itself is too narrow for all."""
    name = day_name(counted.day) if counted else ""
    if facts.limit is not None and facts.clock is not None and on == facts.clock.due_on:
        ends = _("%(rule)s: %(term)s") % {"rule": facts.rule_name, "term": term_words(facts.clock.term)}
        name = pgettext("between items of a list", ", ").join(part for part in (name, ends) if part)
    words = {"date": long_date_with_weekday(on, facts.today), "name": name}
    return pgettext("calendar strip", "%(date)s, %(name)s") % words if words["name"] else words["date"]


def _states(facts: Explained, on: date, counted: CountedDay | None) -> tuple[str, ...]:
    if on == facts.start:
        states = ["start"]
    elif on > facts.due_on and facts.is_late:
        states = ["late"]
    elif counted is None or counted.counting == "after":
        states = ["counted"]
    else:
        states = [counted.counting]
    if states == ["counted"] and counted and facts.counts_workdays and counted.day.kind == "makeup":
        states.append("makeup")
    marks = {"first": facts.first_due_on, "due": facts.due_on, "met": facts.met_on, "today": facts.today}
    if facts.first_due_on == facts.due_on:
        del marks["first"]
    return (*states, *(mark for mark, day in marks.items() if day == on))


def _label(facts: Explained, on: date, counted: CountedDay | None, states: tuple[str, ...]) -> str:
    ordinal = counted.ordinal if counted and "counted" in states else None
    words = {"ordinal": ordinal}
    if "late" in states:
        return _late_label(facts, on, states)
    if "due" in states:
        if facts.due_on != facts.first_due_on:
            return _new_date_label(facts)
        return pgettext("calendar strip", "%(ordinal)s due") % words if ordinal else pgettext("calendar strip", "due")
    if "first" in states:
        return pgettext("calendar strip, first date", "first")
    if "start" in states:
        return _fitting(facts.started_by_word, pgettext("calendar strip", "start"))
    if "met" in states:
        return _fitting(facts.met_by_word, pgettext("calendar strip", "done"))
    if "stopped" in states:
        return pgettext("calendar strip, stopped", "stop")
    if "skipped" in states and counted:
        return _fitting(day_name(counted.day), pgettext("calendar strip, weekend", "off"))
    if "makeup" in states:
        return pgettext("calendar strip, make-up working day", "%(ordinal)s work") % words
    return str(ordinal or "")


def _fitting(word: str, short: str) -> str:
    """The word itself where a cell holds it, as most Chinese ones, else the short one."""
    return word if 0 < len(word) <= WIDEST_WORD else short


def _new_date_label(facts: Explained) -> str:
    if facts.extensions and facts.extensions[-1].cause == "extended":
        return pgettext("calendar strip, extended", "new")
    return pgettext("calendar strip, other new date", "new")


def _late_label(facts: Explained, on: date, states: tuple[str, ...]) -> str:
    """The last late day says what happened on it, or how late it is by today; those before it say nothing."""
    if "met" in states:
        return _fitting(facts.met_by_word, pgettext("calendar strip", "done"))
    if "today" in states and not facts.met_on:
        return pgettext("calendar strip", "%(count)s late") % {"count": (on - facts.due_on).days}
    return ""
