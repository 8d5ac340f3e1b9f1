"""Small pieces that sentences about subjects are made of: quoted words, lists, dates, the joining of sentences."""

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import lazy
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from casetracker.dates import short_date
from casetracker.templatetags.ui import lang_run

Names = Mapping[str, str]

# Where a sentence may be cut without hurting its sense, and what is no loss at the end of a title.
BREAKS = re.compile(r"[，。；：！？、\n]|[,.;:!?](?=\s|$)")
ENDS = " \n，。；：！？、,.;:!?"


def fill(text: str, /, **words: Any) -> SafeString:
    """The translated sentence with its named placeholders filled in.

    Every word is escaped unless it is safe, and marked where it is not in the page's own language.
    """
    shown = {name: word if isinstance(word, SafeString) else lang_run(word) for name, word in words.items()}
    return mark_safe(text % {name: conditional_escape(word) for name, word in shown.items()})  # noqa: S308


def strong(name: str) -> SafeString:
    """A person's name in the weight that the timeline gives to people."""
    return format_html("<b>{}</b>", lang_run(name))


def joined(sentences: Iterable[str]) -> SafeString:
    """Whole sentences, one after the other; empty ones are left out."""
    gap = pgettext("between sentences", " ")
    return mark_safe(gap.join(conditional_escape(one) for one in sentences if one))  # noqa: S308


def listed(items: Iterable[str]) -> str:
    """Names as a list: A, B, C."""
    return pgettext("between items of a list", ", ").join(map(str, items))


def opening(text: str, most: int = 40) -> str:
    """The first words of a long text as a title: up to a sense break, with "…" where more follows.

    most: how wide it may be in Latin letters; a Chinese character is as wide as two.
    """
    whole = text.strip().rstrip(ENDS)
    if _width(whole) <= most and "\n" not in whole:
        return whole
    line = whole.split("\n")[0]
    fits = next((at for at in range(len(line), 0, -1) if _width(line[:at]) < most), 1)
    ends = [found.start() for found in BREAKS.finditer(line + "\n") if found.start() <= fits]
    breaks = [at for at in ends if 3 * _width(line[:at]) >= most or at == len(line)]
    spaces = [found.start() for found in re.finditer(r"\s", line[: fits + 1])]
    kept = line[: (breaks or spaces or [fits])[-1]].rstrip(ENDS)
    return f"{kept}…"


def _width(text: str) -> int:
    """In Latin letters."""
    return sum(2 if ord(letter) >= 0x2E80 else 1 for letter in text)


def of(name: object, words: object) -> str:
    """What is said of a thing, after its name: 20190001: It is closed."""
    return pgettext("a name and what is said of it", "%(name)s: %(words)s") % {"name": name, "words": words}


def beside(name: object, words: object) -> str:
    """A name with more about it in brackets: 城管局 (co-handler)."""
    return pgettext("a name with more about it", "%(name)s (%(words)s)") % {"name": name, "words": words}


def called(name: str, title: str) -> str:
    """What is missing by its title, which may have brackets of its own, and its name: “District” (district)."""
    return pgettext("a title and the name it stands for", "“%(title)s” (%(name)s)") % {"title": title, "name": name}


# The same for a sentence that is read in another language than the one in which it is made, as a job's refusal is;
# the items must be a list, which can be read more than once.
listed_lazy = lazy(listed, str)
called_lazy = lazy(called, str)


def one_after_another(sentences: Iterable[str]) -> str:
    """Whole sentences of plain text in a row."""
    return pgettext("between sentences", " ").join(sentences)


def day(value: Any) -> str:
    """A stored ISO date as people read it; empty where there is none."""
    if not value:
        return ""
    on = value if isinstance(value, datetime.date) else datetime.date.fromisoformat(str(value)[:10])
    return short_date(on)


def quoted(label: str, text: str) -> SafeString:
    """A sentence that quotes what somebody wrote, with a word before it; empty where nothing was written."""
    said = str(text or "").strip().rstrip("。.")
    return fill(_("%(label)s: “%(text)s”."), label=label, text=said) if said else SafeString()


def reason(details: Mapping[str, Any]) -> SafeString:
    return quoted(pgettext("in the history", "Reason"), details.get("reason", ""))


def note(details: Mapping[str, Any]) -> SafeString:
    return quoted(pgettext("in the history", "Note"), details.get("note", ""))
