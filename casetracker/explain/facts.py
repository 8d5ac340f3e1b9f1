"""What must be known of a deadline to explain it, whichever app it belongs to."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from casetracker.bilingual import in_language
from casetracker.workdays import (
    Calendar,
    Clock,
    CountedDay,
    Day,
    Extension,
    Stop,
    Term,
    count,
    walk,
)

# Days beyond this are not numbered one by one: a mistyped year must not cost a page its time.
LONGEST_WALK = timedelta(days=3700)


@dataclass(frozen=True)
class Limit:
    """The rule within which a shorter term holds, its words in the active language."""

    rule_name: str
    term: Term
    rule_source: str = ""


@dataclass(frozen=True, kw_only=True)
class Explained:
    """The facts of one deadline.

    Words (`started_by_word`, `met_by_word`, rule, source, reasons) come in the active language; `started_by_word`
    says what set the clock going ("Assigned", "Reported back") and begins the sentence. `term` is None where a date
    was given rather than counted (an imported ledger, a dated plan). `first_due_on` is where the term ends with its
    stops, `due_on` the date agreed last, if any. A stop that still runs ends today and is named by `paused_since`.
    `limit` is the rule where `term` and `rule_name` are those of something that asks for less.
    """

    start: date
    started_by_word: str
    due_on: date
    first_due_on: date
    rule_name: str
    term: Term | None
    calendar: Calendar
    today: date
    rule_source: str = ""
    limit: Limit | None = None
    stops: tuple[Stop, ...] = ()
    extensions: tuple[Extension, ...] = ()
    met_on: date | None = None
    met_by_word: str = ""
    provisional: bool = False
    paused_since: date | None = None

    @cached_property
    def clock(self) -> Clock | None:
        """The term counted again; None where there is no term or the stored date is not what it gives.

        The two differ when the calendar was corrected after the date was set. The stored date holds.
        """
        if self.term is None:
            return None
        clock = count(self.start, self.term, self.calendar, self.stops)
        return clock if clock.due_on == self.first_due_on else None

    @cached_property
    def days(self) -> tuple[CountedDay, ...]:
        """Every day from the start to the later of first and present due date, and how each counted."""
        last = max(self.start, self.first_due_on, self.due_on, self.today if self.paused_since else self.start)
        last = min(last, self.start + LONGEST_WALK)
        counted_until = self.clock.nominal_on if self.clock else self.first_due_on
        term = self.term or Term((last - self.start).days)
        return tuple(walk(self.start, last, term, self.calendar, self.stops, counted_until=counted_until))

    @property
    def counts_workdays(self) -> bool:
        return self.term is not None and self.term.unit == "workday"

    @property
    def is_late(self) -> bool:
        """Met or still open after its date; a clock that stopped in time is not late while it stands still."""
        if self.paused_since and not self.met_on and self.paused_since <= self.due_on:
            return False
        return (self.met_on or self.today) > self.due_on


def day_name(day: Day) -> str:
    """The holiday's name in the active language; empty for an ordinary weekend or working day."""
    return in_language(day.name_zh, day.name_en)
