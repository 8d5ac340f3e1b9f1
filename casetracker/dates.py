"""Dates and times as people read them, in the active language: "9 December 2019", "9 Dec", 12月9日."""

from collections.abc import Mapping
from datetime import date, datetime

from django.utils import timezone
from django.utils.dateformat import format as by_pattern
from django.utils.translation import get_language

# Whole patterns per language, because Chinese writes month numbers where English writes names; the catalogue
# translates words, not the order of day, month and year. Keys say what the pattern leaves out.
ENGLISH: Mapping[str, str] = {"long": "j F Y", "long_no_year": "j F", "short": "j M Y", "short_no_year": "j M"}
CHINESE: Mapping[str, str] = {
    "long": "Y年n月j日",
    "long_no_year": "n月j日",
    "short": "Y年n月j日",
    "short_no_year": "n月j日",
}

WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS_ZH = "一二三四五六日"


def in_chinese() -> bool:
    """Whether the active language is Chinese."""
    return (get_language() or "en").startswith("zh")


def long_date(on: date, today: date | None = None) -> str:
    """Written out, 9 December 2019 / 2019年12月9日; with `today` given, the year only where it differs from today's."""
    return _written(on, "long", today)


def short_date(on: date, today: date | None = None) -> str:
    """For rows, 9 Dec / 12月9日, the year only where it differs from that of `today` (default: the local day)."""
    return _written(on, "short", today or timezone.localdate())


def long_date_with_weekday(on: date, today: date | None = None) -> str:
    """For titles, Monday 9 December 2019 / 2019年12月9日 星期一; the year as in long_date()."""
    if in_chinese():
        return f"{long_date(on, today)} {weekday_long(on)}"
    return f"{weekday_long(on)} {long_date(on, today)}"


def short_moment(at: datetime, today: date | None = None) -> str:
    """For histories, 6 Dec 18:42 / 12月6日 18:42 in local time, 24 hours, the year as in short_date()."""
    local = timezone.localtime(at) if timezone.is_aware(at) else at
    return f"{short_date(local.date(), today)} {local:%H:%M}"


def weekday_short(on: date) -> str:
    """For strips and columns, Mon / 一."""
    return WEEKDAYS_ZH[on.weekday()] if in_chinese() else WEEKDAYS_EN[on.weekday()][:3]


def weekday_long(on: date) -> str:
    """For titles, Monday / 星期一."""
    return f"星期{WEEKDAYS_ZH[on.weekday()]}" if in_chinese() else WEEKDAYS_EN[on.weekday()]


def _written(on: date, length: str, today: date | None) -> str:
    patterns = CHINESE if in_chinese() else ENGLISH
    return by_pattern(on, patterns[length if today is None or on.year != today.year else f"{length}_no_year"])
