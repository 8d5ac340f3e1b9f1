"""Pure parsers for cells that hold words: texts, names, codes, choices, yes and no."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from inspections.ledger.errors import CellError

Cell = str | int | float | bool | datetime.date | datetime.datetime | None

# Marks of the direction of writing, which copying leaves behind and nobody sees.
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSEEN = dict.fromkeys(map(ord, DIRECTIONS))
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20} | UNSEEN
# Letters that no workbook can hold.
NO_XML = "\ufffe\uffff"
OUTER = " \t\r\n\v\f\u00a0\u3000\ufeff\u200b" + DIRECTIONS
NOTHING = re.compile(r"[\s/\\|\-–—―－]*")
CJK = "\u3000-\u9fff\uf900-\ufaff\uff00-\uffef"

YES = frozenset(["是", "有", "对", "√", "✓", "✔", "☑", "✅", "y", "yes", "true", "t", "1", "1.0", "on"])
NO = frozenset(["否", "无", "非", "不是", "没有", "错", "×", "✗", "✘", "x", "n", "no", "false", "f", "0", "0.0", "off"])


def fold(text: str) -> str:
    """Return text with full-width letters, digits and signs as ordinary ones, and without what nobody sees; for dates,
    numbers and codes only."""
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


def normalise(text: str) -> str:
    """Return text as headers and choices are compared: NFKC, one kind of bracket, nothing unseen, lower case."""
    text = unicodedata.normalize("NFKC", text).translate(BRACKETS)
    return "".join(text.split()).casefold().strip(":*#").replace("_", "")


BRACKETS = str.maketrans("〔【〖《[{〕】〗》]}", "((((((" + "))))))") | UNSEEN


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
