"""The calendar value and the arithmetic of calendar days and working days on it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Kind = Literal["workday", "weekend", "holiday", "makeup"]

ONE_DAY = timedelta(days=1)
SATURDAY = 5

# Public holidays with a fixed date (全国年节及纪念日放假办法 in its text of 2025). The lunar ones and the weekends
# swapped around them are decided year by year, so a year without a notice goes without them rather than with a guess.
FIXED_HOLIDAYS: Mapping[tuple[int, int], tuple[str, str]] = {
    (1, 1): ("元旦", "New Year's Day"),
    (5, 1): ("劳动节", "Labour Day"),
    (5, 2): ("劳动节", "Labour Day"),
    (10, 1): ("国庆节", "National Day"),
    (10, 2): ("国庆节", "National Day"),
    (10, 3): ("国庆节", "National Day"),
}


@dataclass(frozen=True, slots=True)
class Day:
    """One date of a calendar; `official` is False where no holiday notice has settled it yet."""

    on: date
    is_workday: bool
    kind: Kind
    name_zh: str = ""
    name_en: str = ""
    official: bool = True


def provisional_day(on: date) -> Day:
    """What can be said of a date before the notice of its year: Monday to Friday minus the fixed public holidays."""
    if names := FIXED_HOLIDAYS.get((on.month, on.day)):
        return Day(on, False, "holiday", *names, official=False)
    if on.weekday() >= SATURDAY:
        return Day(on, False, "weekend", official=False)
    return Day(on, True, "workday", official=False)


@dataclass(frozen=True)
class Calendar:
    """Stored days by date. A date that is not stored is answered provisionally, never with an exception."""

    days: Mapping[date, Day] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, days: Iterable[Day]) -> Calendar:
        return cls({day.on: day for day in days})

    def day(self, on: date) -> Day:
        return self.days.get(on) or provisional_day(on)

    def is_workday(self, on: date) -> bool:
        return self.day(on).is_workday

    def is_official(self, on: date) -> bool:
        return self.day(on).official


def add_days(on: date, days: int) -> date:
    """The calendar day `days` after `on`, which itself is not counted."""
    return on + timedelta(days=days)


def add_workdays(on: date, workdays: int, calendar: Calendar) -> date:
    """The `workdays`-th working day after `on`; 0 gives `on` itself. ValueError for a negative number."""
    return _step(on, workdays, calendar, ONE_DAY)


def subtract_workdays(on: date, workdays: int, calendar: Calendar) -> date:
    """The `workdays`-th working day before `on`, for notices that must go out that long before."""
    return _step(on, workdays, calendar, -ONE_DAY)


def _step(on: date, workdays: int, calendar: Calendar, step: timedelta) -> date:
    if workdays < 0:
        raise ValueError(f"The number of working days can't be negative: {workdays}.")
    while workdays:
        on += step
        workdays -= calendar.is_workday(on)
    return on


def workdays_between(start: date, end: date, calendar: Calendar) -> int:
    """Working days after `start` up to and including `end`; 0 when `end` is not after `start`."""
    return sum(calendar.is_workday(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def add_months(on: date, months: int) -> date:
    """The corresponding day `months` later, or the end of that month where it has none (民法典 Art. 202)."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def add_years(on: date, years: int) -> date:
    """The corresponding day `years` later; 29 February ends on the 28th in other years (民法典 Art. 202)."""
    return add_months(on, years * 12)


def next_workday(on: date, calendar: Calendar) -> date:
    """The first working day after `on`."""
    return add_workdays(on, 1, calendar)


def roll_forward(on: date, calendar: Calendar) -> date:
    """`on`, or the first working day after it when it is a day off (民法典 Art. 203); make-up days are working days.

    Right for what a party may or must do (pay, object, appeal), wrong for what limits an authority.
    """
    return on if calendar.is_workday(on) else next_workday(on, calendar)


def last_workday_on_or_before(on: date, calendar: Calendar) -> date:
    """The day on which an authority has to act for a limit that ends on `on` and does not roll."""
    return on if calendar.is_workday(on) else subtract_workdays(on, 1, calendar)
