"""What a letter says, before it is words on a page: parts with totals, groups and lines, and their rendering."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from casetracker.dates import in_chinese, long_date, long_date_with_weekday, weekday_long

SHAPES = {"late": "■", "near": "▲", "ok": "●", "done": "✓"}
LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class AsOf:
    """The moment a letter speaks of, its local day, and whether that day is today (else history is asked)."""

    moment: datetime.datetime
    on: datetime.date
    living: bool

    @property
    def sunday(self) -> datetime.date:
        return self.on + datetime.timedelta(days=6 - self.on.weekday())

    @property
    def last_week(self) -> tuple[datetime.date, datetime.date]:
        """Monday and Sunday of the week before."""
        monday = self.on - datetime.timedelta(days=self.on.weekday())
        return monday - datetime.timedelta(days=7), monday - datetime.timedelta(days=1)


@dataclass(frozen=True)
class Total:
    """One figure at the top; `url` opens exactly its rows (empty where no list can show them)."""

    key: str
    value: int
    label: str
    url: str = ""
    late: bool = False


@dataclass(frozen=True)
class Line:
    """One row: light and its words, what, where, and the small facts below."""

    light: str
    words: str
    title: str
    url: str
    place: str = ""
    number: str = ""
    facts: Sequence[str] = ()

    @property
    def shape(self) -> str:
        return SHAPES[self.light]


@dataclass(frozen=True)
class Group:
    """Rows under a heading; `count` is how many there are, `more` says how many of them are not shown."""

    title: str
    count: int
    lines: Sequence[Line]
    more: str = ""
    url: str = ""


@dataclass(frozen=True)
class Part:
    """What one section of the programme says to one reader."""

    subject: str
    headline: str
    whose: str
    why: str
    totals: Sequence[Total]
    groups: Sequence[Group]
    remarks: Sequence[str] = ()
    button: tuple[str, str] | None = None
    links: Sequence[tuple[str, str]] = ()
    # The figures as numbers, kept with the letter.
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Words:
    """A letter in words: what the Letter row freezes."""

    subject: str
    text: str
    html: str
    numbers: list[dict[str, Any]]


def absolute(path: str) -> str:
    """A link that works outside the pages; it carries no rights."""
    return settings.URL + path


def as_of_words(as_of: AsOf) -> str:
    """Monday 9 December 2019, 08:00."""
    time = f"{timezone.localtime(as_of.moment):%H:%M}"
    if in_chinese():
        return f"{long_date(as_of.on)}（{weekday_long(as_of.on)}）{time}"
    return f"{long_date_with_weekday(as_of.on)}, {time}"


def render(parts: Sequence[Part], as_of: AsOf, template: str = "mail/overdue") -> Words:
    """The letter in the active language. The subject has no line breaks; names in it are data, never markup."""
    context = {
        "parts": parts,
        "first": parts[0],
        "as_of": as_of_words(as_of),
        "lang": "zh-Hans" if in_chinese() else "en",
        "home": absolute("/"),
    }
    subject = pgettext("between two subjects", "; ").join(part.subject for part in parts)
    context["subject"] = " ".join(subject.split())[:LONGEST_SUBJECT]
    title = render_to_string(f"{template}.subject.txt", context)
    return Words(
        " ".join(title.split()),
        render_to_string(f"{template}.txt", context),
        render_to_string(f"{template}.html", context),
        [part.numbers for part in parts],
    )


def and_more(hidden: int) -> str:
    """What stands under a group that doesn't show all its rows."""
    return _("%(count)s more: open the list") % {"count": f"{hidden:,}"} if hidden else ""
