"""Pure parsers for cells that hold a day, written in one of the many ways in which people write one."""

from __future__ import annotations

import datetime
import re

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inspections.ledger.cells.texts import Cell, fold, is_nothing, plain
from inspections.ledger.errors import CellError

NO_DATE = _("“%(value)s” is not a date. Write it as %(example)s.")
YEAR_MISSING = _("The year is missing in “%(value)s”. Write it as %(example)s.")

YEARS = range(1949, 2101)
SERIALS = range(18_264, 73_415)  # 1950-01-01 to 2100-12-31, as Excel counts them
DAY_ZERO = datetime.date(1899, 12, 30)
DAYS_TO_1904 = 1462

CLOCK = r"\d{1,2}(?:时|[:时]\d{1,2}(?:[:分]\d{1,2}(?:\.\d+)?秒?|分)?)(?: ?Z|[+-]\d\d:?\d\d)?"
TIME = rf"(?:(?: ?T? ?|(?<=[日号]))(?:[上下]午|凌晨|夜间?|晚上?)? ?(?:(?<=[ T日号午晨夜间晚上]){CLOCK})?)?"
WEEKDAY = r"(?: ?\(?(?:星期|周)[一二三四五六日天]\)?)?"
YEAR_FIRST = re.compile(
    rf"(\d{{4}})[-./年。、 ]{{1,2}}(\d{{1,2}})[-./月。、 ]{{1,2}}(\d{{1,2}})[日号.]?{WEEKDAY}{TIME}", re.A
)
SHORT_YEAR = re.compile(rf"(\d{{2}})年 ?(\d{{1,2}})月 ?(\d{{1,2}})[日号]?{WEEKDAY}{TIME}", re.A)
SOLID = re.compile(r"(\d{4})(\d\d)(\d\d)", re.A)
NO_YEAR = re.compile(rf"(\d{{1,2}})(?:月 ?|[./-])(\d{{1,2}})[日号]?{WEEKDAY}{TIME}", re.A)
YEAR_LAST = re.compile(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d\d)(?: +\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp][Mm])?)?", re.A)


def bad_date(value: Cell, *, year_known: bool = True) -> CellError:
    """What is wrong with a date; one that lacks nothing but its year is told so, where nothing else names the year."""
    text, this_year = plain(value)[:60], timezone.localdate().year
    day = NO_YEAR.fullmatch(" ".join(fold(text).split())) if isinstance(value, str) and not year_known else None
    if day and real_day("2000", day[1], day[2]):
        # 29 February is a day of few years: the newest that has it.
        years = range(this_year, this_year - 9, -1)
        example = str(next(each for year in years if (each := real_day(str(year), day[1], day[2]))))
        return CellError("bad_date", YEAR_MISSING, value=text, example=example)
    return CellError("bad_date", NO_DATE, value=text, example=f"{this_year}-10-16")


def as_date(
    value: Cell,
    *,
    year: int | None = None,
    order: str = "",
    date_1904: bool = False,
    not_before: datetime.date | None = None,
) -> datetime.date | None:
    """Return the day of a date cell or of a date written in one of the usual ways; raises bad_date.

    `year` completes dates without one; with `not_before` it is the first such day from that day on, so that 1月5日 due
    for something found on 2019-12-20 lies in 2020. `order` (ymd, mdy, dmy) is what the mapping says about dates of
    three bare numbers; without it only a four-digit year in front is understood. Times are left out.
    """
    if is_nothing(value):
        return None
    if isinstance(value, datetime.datetime):
        day: datetime.date | None = value.date()
    elif isinstance(value, datetime.date):
        day = value
    elif isinstance(value, bool):
        raise bad_date(value)
    elif isinstance(value, int | float):
        day = serial_day(value, date_1904)
    else:
        assert value is not None
        day = written_day(" ".join(fold(plain(value)).split()), year, order, date_1904, not_before)
    if day is None or day.year not in YEARS:
        raise bad_date(value, year_known=year is not None or not_before is not None)
    return day


def serial_day(number: float, date_1904: bool) -> datetime.date | None:
    """Return the day of a spreadsheet's serial number, or of a number such as 20191016."""
    if not -1e9 < number < 1e9:
        return None
    whole = int(number)
    if whole >= 10**7 and number == whole:
        match = SOLID.fullmatch(str(whole))
        return real_day(match[1], match[2], match[3]) if match else None
    whole += DAYS_TO_1904 if date_1904 else 0
    return DAY_ZERO + datetime.timedelta(days=whole) if whole in SERIALS else None


def written_day(
    text: str, year: int | None, order: str, date_1904: bool, not_before: datetime.date | None
) -> datetime.date | None:
    """Return the day a folded text names, None when it names none."""
    if match := YEAR_FIRST.fullmatch(text) or SOLID.fullmatch(text):
        return real_day(match[1], match[2], match[3])
    if match := SHORT_YEAR.fullmatch(text):
        return real_day("20" + match[1], match[2], match[3])
    if order and (match := YEAR_LAST.fullmatch(text)):
        first, second, third = match[1], match[2], match[3]
        if order == "ymd":
            return real_day("20" + first, second, third) if len(third) == 2 and len(first) == 2 else None
        last = third if len(third) == 4 else "20" + third
        return real_day(last, first, second) if order == "mdy" else real_day(last, second, first)
    first_year = year if year is not None or not_before is None else not_before.year
    if first_year is not None and (match := NO_YEAR.fullmatch(text)):
        month, day_number = (match[2], match[1]) if order == "dmy" and "月" not in text else (match[1], match[2])
        last_year = max(first_year, not_before.year + 1) if not_before else first_year
        days = [real_day(str(each), month, day_number) for each in range(first_year, last_year + 1)]
        return next((day for day in days if day and not_before and day >= not_before), days[0])
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text, re.A):
        return serial_day(float(text), date_1904)
    return None


def real_day(year: str, month: str, day: str) -> datetime.date | None:
    """Return the day if the calendar has it."""
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
