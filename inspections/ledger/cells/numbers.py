"""Pure parsers for cells that hold a number: amounts, degrees, and the numbers that problems go by."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from inspections.ledger.cells.texts import Cell, checked_length, fold, is_nothing, plain
from inspections.ledger.errors import CellError

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
