"""Between the table of calendar days and the pure Calendar value: rows to load, reading with a cache, storing."""

import csv
import io
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

import chinese_calendar
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.models import CalendarDay
from casetracker.wording import listed
from casetracker.workdays import Calendar, Day, Kind, provisional_day
from casetracker.workdays.days import SATURDAY

PACKAGE_SOURCE = "chinesecalendar"
PROVISIONAL_SOURCE = "provisional"
PACKAGE_YEARS = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)

# Names where the package's own are abbreviated or too long for a calendar strip.
NAMES_ZH = {
    "Tomb-sweeping Day": "清明节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
NAMES_EN = {"Mid-autumn Festival": "Mid-Autumn Festival", "Anti-Fascist 70th Day": "Victory Day"}

# Chinese and English name of each known holiday, found by either of them and by the package's spelling.
HOLIDAY_NAMES: dict[str, tuple[str, str]] = {}
for _holiday in chinese_calendar.Holiday:
    _pair = (NAMES_ZH.get(_holiday.value, _holiday.chinese), NAMES_EN.get(_holiday.value, _holiday.value))
    HOLIDAY_NAMES |= dict.fromkeys((*_pair, _holiday.value, _holiday.chinese), _pair)

LONGEST_NAME = 40

Over = Literal["provisional", "loaded", "all"]

# A process asks at most this often whether the table has changed.
CHECK_SECONDS = 5.0


class Row(NamedTuple):
    """One row to be of the calendar table, with the columns of CalendarDay."""

    on: date
    is_workday: bool
    kind: Kind
    name_zh: str
    name_en: str
    source: str
    official: bool


@dataclass(frozen=True)
class Changes:
    """What storing rows did: dates with the row before (None where new) and after, and dates left as they were."""

    changed: tuple[tuple[Row | None, Row], ...]
    kept: tuple[Row, ...]
    unchanged: int


@dataclass
class _Cached:
    calendar: Calendar
    stamp: tuple[object, ...]
    checked_at: float


_cached: _Cached | None = None


def load() -> Calendar:
    """The calendar of the table, shared by all callers of this process; one query every few seconds when unchanged.

    A missing day, even an empty table, is answered provisionally by the Calendar itself.
    """
    global _cached
    now = time.monotonic()
    if _cached and now - _cached.checked_at < CHECK_SECONDS:
        return _cached.calendar
    stamp = tuple(CalendarDay.objects.aggregate(Count("on"), Max("updated_at")).values())
    if _cached and _cached.stamp == stamp:
        _cached.checked_at = now
        return _cached.calendar
    columns = [column for column in Row._fields if column != "source"]
    calendar = Calendar.of(Day(*values) for values in CalendarDay.objects.values_list(*columns))
    _cached = _Cached(calendar, stamp, now)
    return calendar


def last_settled_year() -> int | None:
    """The last year whose holiday notice is in the table, seen by its National Day."""
    days = CalendarDay.objects.filter(official=True, on__month=10, on__day=1)
    last = days.aggregate(last=Max("on"))["last"]
    return last.year if last else None


def clear() -> None:
    """Forget what this process has read; other processes notice a change by themselves within seconds."""
    global _cached
    _cached = None


def rows_from_package(years: Iterable[int]) -> list[Row]:
    """Official rows for whole years from the chinesecalendar package.

    ValueError for a year the package does not know: the State Council publishes each year the autumn before.
    """
    years = list(years)
    if unknown := [year for year in years if year not in PACKAGE_YEARS]:
        raise ValueError(
            f"The package knows {PACKAGE_YEARS[0]}-{PACKAGE_YEARS[-1]}, not {', '.join(map(str, unknown))}. "
            "Load the official notice of that year from a CSV file instead."
        )
    return [_package_row(on) for year in years for on in days_of(year)]


def provisional_rows(year: int) -> list[Row]:
    """Rows for a year whose notice is not out: Monday to Friday minus the fixed public holidays, not official."""
    return [row_of(provisional_day(on), PROVISIONAL_SOURCE) for on in days_of(year)]


def row_of(day: Day, source: str) -> Row:
    return Row(day.on, day.is_workday, day.kind, day.name_zh, day.name_en, source, day.official)


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


class NoticeError(ValueError):
    """A notice file that can't be used; `problems` names every faulty row and what to write instead."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class Notice(NamedTuple):
    """The days a notice lists, and the other days of the years it settles, which follow the week."""

    listed: list[Row]
    other: list[Row]


def read_notice(text: str, source: str) -> Notice:
    """Official rows from the CSV text of a holiday notice with the columns date, is_workday and name.

    The notice lists days off and make-up working days. It settles a year whose National Day it lists; days of other
    years (31 December before New Year's Day) stand alone. NoticeError names each faulty row by its line number.
    """
    rows: dict[date, Row] = {}
    lines: dict[date, int] = {}
    problems: list[str] = []
    for line, values in _notice_lines(text):
        try:
            row = _notice_row(values, source)
            if row.on in rows:
                raise ValueError(_("%(date)s is already in row %(row)s.") % {"date": row.on, "row": lines[row.on]})
            rows[row.on], lines[row.on] = row, line
        except ValueError as error:
            problems.append(_("Row %(row)s: %(problem)s") % {"row": line, "problem": error})
    if not rows and not problems:
        problems = [_("The file has no rows below its header.")]
    if problems:
        raise NoticeError(problems)
    settled = [on.year for on, row in rows.items() if (on.month, on.day) == (10, 1) and not row.is_workday]
    other = [_ordinary_row(on, source) for year in settled for on in days_of(year) if on not in rows]
    return Notice(list(rows.values()), other)


def store_notice(notice: Notice) -> Changes:
    """Write a notice: what it lists replaces anything, the other days only what was provisional."""
    with transaction.atomic():
        listed = store(notice.listed, over="all")
        other = store(notice.other, over="provisional")
    return Changes(listed.changed + other.changed, (), listed.unchanged + other.unchanged + len(other.kept))


def store(rows: Sequence[Row], *, over: Over = "loaded") -> Changes:
    """Write the rows that differ from the table, all or none, and say what changed.

    `over` says which rows may be replaced: only "provisional" ones, also those "loaded" from the package (but none
    entered by hand or from a notice), or "all". A provisional row never replaces an official one.
    """
    if not rows:
        return Changes((), (), 0)
    with transaction.atomic():
        dates = [row.on for row in rows]
        present = CalendarDay.objects.select_for_update().filter(on__range=(min(dates), max(dates))).order_by("on")
        stored = {row.on: row for row in map(Row._make, present.values_list(*Row._fields))}
        changed: list[tuple[Row | None, Row]] = []
        kept: list[Row] = []
        for row in rows:
            before = stored.get(row.on)
            if before == row:
                continue
            if before and not _may_replace(before, row, over):
                kept.append(before)
            else:
                changed.append((before, row))
        now = timezone.now()
        CalendarDay.objects.bulk_create(
            [CalendarDay(**row._asdict(), updated_at=now) for _, row in changed],
            batch_size=2000,
            update_conflicts=True,
            unique_fields=["on"],
            update_fields=[*Row._fields[1:], "updated_at"],
        )
        transaction.on_commit(clear)
    clear()
    return Changes(tuple(changed), tuple(kept), len(rows) - len(changed) - len(kept))


def _may_replace(before: Row, row: Row, over: Over) -> bool:
    if not before.official:
        return True
    return row.official and (over == "all" or (over == "loaded" and before.source == PACKAGE_SOURCE))


def _package_row(on: date) -> Row:
    name = chinese_calendar.workdays.get(on) or chinese_calendar.holidays.get(on)
    if not name:
        return _ordinary_row(on, PACKAGE_SOURCE)
    return _named_row(on, on in chinese_calendar.workdays, HOLIDAY_NAMES[name], PACKAGE_SOURCE)


def _named_row(on: date, is_workday: bool, names: tuple[str, str], source: str) -> Row:
    """A day off, or a working day made up for one, with the Chinese and English name of the holiday."""
    return row_of(Day(on, is_workday, "makeup" if is_workday else "holiday", *names), source)


def _ordinary_row(on: date, source: str) -> Row:
    """A date that no notice names: Monday to Friday work, the weekend is off."""
    is_workday = on.weekday() < SATURDAY
    return row_of(Day(on, is_workday, "workday" if is_workday else "weekend"), source)


def _notice_lines(text: str) -> list[tuple[int, dict[str, str]]]:
    """The lines below the header with their numbers; NoticeError where columns are missing or the CSV is broken."""
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), restkey="more", restval="", skipinitialspace=True)
    try:
        missing = [name for name in ("date", "is_workday", "name") if name not in (reader.fieldnames or ())]
        if missing:
            raise NoticeError([_("Row 1: the header lacks %(columns)s.") % {"columns": listed(missing)}])
        return [(reader.line_num, values) for values in reader]
    except csv.Error as error:
        problem = _("the line is no CSV (%(reason)s)") % {"reason": error}
        raise NoticeError([_("Row %(row)s: %(problem)s") % {"row": reader.line_num, "problem": problem}]) from error


def _notice_row(values: Mapping[str, str], source: str) -> Row:
    """One line of a notice; ValueError says what is wrong with it."""
    on = _read_date(values["date"].strip())
    is_workday = _read_flag(values["is_workday"].strip())
    name = values["name"].strip()
    ordinary = _ordinary_row(on, source)
    if is_workday == ordinary.is_workday and (is_workday or not name):
        return ordinary
    if not is_workday and not name:
        raise ValueError(_("a day off from Monday to Friday needs the name of its holiday."))
    names = HOLIDAY_NAMES.get(name, (name, values.get("name_en", "").strip() or name))
    if max(map(len, names)) > LONGEST_NAME:
        raise ValueError(_("the name is longer than %(count)s characters.") % {"count": LONGEST_NAME})
    return _named_row(on, is_workday, names, source)


def _read_date(text: str) -> date:
    """2027-02-06, 2027/2/6, 2027.2.6 or 2027年2月6日."""
    parts = re.fullmatch(r"(20\d\d)\D(\d{1,2})\D(\d{1,2})日?", text)
    try:
        if parts:
            return date(*map(int, parts.groups()))
    except ValueError:
        pass
    raise ValueError(_("“%(text)s” is not a date of this century. Write it as 2027-02-06.") % {"text": text})


def _read_flag(text: str) -> bool:
    """Whether a day is worked, in the spellings of people and spreadsheets."""
    if text.lower() in {"1", "true", "yes", "y", "是", "班", "上班", "调休上班"}:
        return True
    if text.lower() in {"0", "false", "no", "n", "否", "休", "放假", "休息"}:
        return False
    raise ValueError(_("“%(text)s” in is_workday is neither yes nor no. Write 1 or 0.") % {"text": text})
