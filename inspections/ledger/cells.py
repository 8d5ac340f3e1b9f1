"""Pure parsers for single cells: each returns a value, None for an empty cell, or raises CellError."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inspections.ledger.errors import CellError

NO_DATE = _("“%(value)s” is not a date. Write it as %(example)s.")
YEAR_MISSING = _("The year is missing in “%(value)s”. Write it as %(example)s.")

Cell = str | int | float | bool | datetime.date | datetime.datetime | None

YEARS = range(1949, 2101)
SERIALS = range(18_264, 73_415)  # 1950-01-01 to 2100-12-31, as Excel counts them
DAY_ZERO = datetime.date(1899, 12, 30)
DAYS_TO_1904 = 1462

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
# Letters that no workbook can hold.
NO_XML = "\ufffe\uffff"
OUTER = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b"
NOTHING = re.compile(r"[\s/\\|\-–—―－]*")
CJK = "\u3000-\u9fff\uf900-\ufaff\uff00-\uffef"

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

YES = frozenset(["是", "有", "对", "√", "✓", "✔", "☑", "✅", "y", "yes", "true", "t", "1", "1.0", "on"])
NO = frozenset(["否", "无", "非", "不是", "没有", "错", "×", "✗", "✘", "x", "n", "no", "false", "f", "0", "0.0", "off"])
COUNTERS = re.compile(r"(?<=\d)(?:人次|人|名|个|处|次|件|项|条|家|天|日|元)$")
NUMBER = re.compile(
    r"(.*?)\s*[〔\[(【［（{〖<《]\s*(\d{4})\s*年?\s*[〕\])】］）}〗>》]\s*第?\s*(\d{1,12})\s*号?", re.A | re.S
)
NUMBER_PLAIN = re.compile(r"(.*?)\s*(\d{4})\s*年\s*第?\s*(\d{1,12})\s*号", re.A | re.S)
# What the numbers of registers are made of, one digit at least: words such as “abc???” or 待定 are none.
NUMBERLIKE = re.compile(r"(?s)(?=.*\d)[\w\s\-–—./\\#№()\[\]{}<>〔〕【】〖〗《》:,、&+~'·]+")
DEGREES = re.compile(r"(\d{1,3})° ?(?:(\d{1,2})['′] ?(?:(\d{1,2}(?:\.\d+)?)(?:\"|″|'')?)?)?", re.A)


NO_NUMBER = _(
    "“%(value)s” is no number of a problem. Write it like 焦督〔2019〕12号, or leave it empty to get the next free one."
)


class CaseNumber(NamedTuple):
    """A number such as 焦督〔2019〕12号; without that shape `text` is what stood there, and year and seq are None."""

    text: str
    prefix: str
    year: int | None
    seq: int | None


def fold(text: str) -> str:
    """Return text with full-width letters, digits and signs as ordinary ones; for dates, numbers and codes only."""
    return text.translate(FULL_WIDTH)


def plain(value: Cell) -> str:
    """Return any cell as the text a person sees, outer whitespace off, control characters out."""
    if isinstance(value, str) and value.isprintable():  # by far the most cells
        return value.strip(OUTER)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        exact = Decimal(f"{value:.15g}")  # the digits a spreadsheet keeps; 0.1 + 0.2 is 0.3 there
        return f"{exact:f}" if exact.is_finite() else str(value)
    if isinstance(value, int):
        return str(value)
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in text if letter in "\n\t" or not _is_control(letter)).strip(OUTER)


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs") or letter in NO_XML


def is_nothing(value: Cell) -> bool:
    """Say whether a cell is empty, or holds only the strokes people put where nothing applies."""
    if not isinstance(value, str):
        return value is None
    return not value[:1].isalnum() and NOTHING.fullmatch(fold(plain(value))) is not None


def checked_length(text: str, longest: int) -> str:
    """Return text, or raise too_long."""
    if len(text) > longest:
        raise CellError(
            "too_long", _("%(length)s characters, at most %(longest)s fit."), length=len(text), longest=longest
        )
    return text


def as_text(value: Cell, *, longest: int = 10_000) -> str | None:
    """Return free text: nothing in it is folded or changed but outer whitespace and control characters."""
    return checked_length(plain(value), longest) or None


def as_name(value: Cell, *, longest: int = 120) -> str | None:
    """Return a name on one line: a line break in the cell becomes a space, between Chinese characters nothing."""
    text = plain(value)
    if "\n" in text or "\t" in text:
        text = re.sub(rf"(?<=[{CJK}])\s*[\n\t]\s*(?=[{CJK}])", "", text)
        text = re.sub(r"\s*[\n\t]\s*", " ", text)
    return checked_length(text, longest) or None


def as_names(value: Cell, *, longest: int = 120) -> list[str]:
    """Return the names in one cell, split at the strongest separator in it: line break, semicolon, 、, comma.

    The inverse is join_names. 无 and strokes are no names; a repeated name counts once.
    """
    text = plain(value) if not isinstance(value, str) else value
    for separators in ("\r\n", "；;", "、", "，,"):
        parts = re.split(f"[{separators}]", text)
        if len(parts) > 1:
            break
    names = [as_name(part, longest=longest) for part in parts if not is_nothing(part)]
    return list(dict.fromkeys(name for name in names if name and name != "无"))


def join_names(names: list[str]) -> str:
    """Return names as one cell that as_names splits into the same names."""
    held = "".join(names)
    if ";" in held or "；" in held:
        separator = "\n"
    elif "、" in held:
        separator = "；"
    else:
        separator = "、"
    text = separator.join(names)
    return text if as_names(text) == names else text + separator


def as_code(value: Cell, *, longest: int = 60) -> str | None:
    """Return a code or number of another register: full-width characters folded, all whitespace out."""
    text = "" if is_nothing(value) else "".join(fold(plain(value)).split())
    return checked_length(text, longest) or None


def as_number_text(value: Cell, *, longest: int = 60) -> CaseNumber | None:
    """Return a case number in its normal form, 焦督〔2019〕12号 for 焦督[2019]第０12号; other shapes stay.

    Raises bad_number for what can't be the number of anything.
    """
    text = "" if is_nothing(value) else fold(plain(value))
    if text and not NUMBERLIKE.fullmatch(text):
        raise CellError("bad_number", NO_NUMBER, value=plain(value)[:60])
    match = NUMBER.fullmatch(text) or NUMBER_PLAIN.fullmatch(text)
    if match is None:
        text = " ".join(text.split())
        return CaseNumber(checked_length(text, longest), text, None, None) if text else None
    prefix, year, seq = "".join(match[1].split()), int(match[2]), int(match[3])
    return CaseNumber(checked_length(f"{prefix}〔{year}〕{seq}号", longest), prefix, year, seq)


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


def as_bool(value: Cell) -> bool | None:
    """Return 是, √, Y, 1 … as True and 否, ×, N, 0 … as False."""
    if is_nothing(value):
        return None
    if isinstance(value, bool):
        return value
    word = fold(plain(value)).casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise CellError("unknown_value", _("“%(value)s” is neither yes nor no."), value=plain(value)[:60])


def bad_number(value: Cell) -> CellError:
    return CellError("bad_number", _("“%(value)s” is not a number that fits here."), value=plain(value)[:60])


def as_decimal(
    value: Cell, *, least: Decimal = Decimal(0), most: Decimal = Decimal("99999999.99"), places: int = 2
) -> Decimal | None:
    """Return a number between `least` and `most`, both included, with at most `places` decimals."""
    if is_nothing(value):
        return None
    if isinstance(value, bool | datetime.date):
        raise bad_number(value)
    text = COUNTERS.sub("", fold(plain(value)).replace(" ", "").lstrip("¥￥"))
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text, re.A):
        text = text.replace(",", "")
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", text, re.A) or len(text) > 60:
        raise bad_number(value)
    try:
        number = Decimal(text)
        rounded = number.quantize(Decimal(1).scaleb(-places)) if least <= number <= most else None
    except InvalidOperation:
        rounded = None
    if rounded is None or rounded != number:
        raise bad_number(value)
    return rounded


def as_int(value: Cell, *, least: int = 0, most: int = 1_000_000) -> int | None:
    """Return a whole number between `least` and `most`; a counter such as 人 behind it is read over."""
    number = as_decimal(value, least=Decimal(least), most=Decimal(most), places=0)
    return None if number is None else int(number)


def as_degrees(value: Cell, most: int, letters: str) -> float | None:
    """Return degrees as a float with six decimals (a tenth of a metre); also E113.23, 113.23° and 113°13′48″."""
    if is_nothing(value):
        return None
    if isinstance(value, bool | datetime.date):
        raise bad_number(value)
    text = (
        fold(plain(value)).upper().replace("北纬", "N").replace("东经", "E").replace("南纬", "S").replace("西经", "W")
    )
    text = text.replace("度", "°").replace("分", "'").replace("秒", '"')
    direction = text[:1] if text[:1] in letters else text[-1:] if text[-1:] in letters else ""
    text = text.removeprefix(direction).removesuffix(direction).strip(" :") if direction else text
    if match := DEGREES.fullmatch(text):
        degrees = float(match[1]) + float(match[2] or 0) / 60 + float(match[3] or 0) / 3600
    elif re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{0,20})?°?", text, re.A):
        degrees = float(text.rstrip("°"))
    else:
        raise bad_number(value)
    if direction == letters[1]:
        degrees = -degrees
    if not -most <= degrees <= most:
        raise bad_number(value)
    return round(degrees, 6)


def as_lat(value: Cell) -> float | None:
    """Return a WGS-84 latitude in degrees."""
    return as_degrees(value, 90, "NS")


def as_lon(value: Cell) -> float | None:
    """Return a WGS-84 longitude in degrees."""
    return as_degrees(value, 180, "EW")


def normalise(text: str) -> str:
    """Return text as headers and choices are compared: NFKC, one kind of bracket, no whitespace, lower case."""
    text = unicodedata.normalize("NFKC", text).translate(BRACKETS)
    return "".join(text.split()).casefold().strip(":*#").replace("_", "")


BRACKETS = str.maketrans("〔【〖《[{〕】〗》]}", "((((((" + "))))))")


def as_choice(value: Cell, values: Mapping[str, str]) -> str | None:
    """Return what `values` (keys normalised) says for the cell; raises unknown_value."""
    if is_nothing(value):
        return None
    chosen = values.get(normalise(plain(value)))
    if chosen is None:
        raise CellError(
            "unknown_value",
            _("“%(value)s” is not known here. Choose under “Values” what it means, or correct the cell."),
            value=plain(value)[:60],
        )
    return chosen
