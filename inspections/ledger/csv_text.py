"""Delimited text: which encoding and which delimiter; only the reader's child process runs this."""

from __future__ import annotations

import csv
import io
from itertools import islice

from inspections.ledger.xlsx_scan import Refusal

DELIMITERS = ",;\t"
LOOKED_AT, MOST_RECORDS = 65536, 50


def decode(content: bytes) -> str:
    """Return the text of a CSV file in UTF-8 (with or without mark), UTF-16 with mark, or GB18030."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        codecs = ["utf-16"]
    elif b"\0" in content:
        raise Refusal("not_a_spreadsheet")
    else:
        codecs = ["utf-8-sig", "gb18030"]
    for codec in codecs:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        odd = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\n\r\x0b\x0c")
        if odd > len(text) // 100 or "\0" in text:
            raise Refusal("not_a_spreadsheet")
        return text
    raise Refusal("unreadable", what="encoding")


def delimiter_of(text: str) -> tuple[str, int]:
    """Return the delimiter that splits the first records most evenly, and where the records begin."""
    first = text[:10].splitlines()[0] if text[:10] else ""
    if first.lower().startswith("sep=") and len(first) == 5:  # Excel's own hint line
        return first[4], len(first)
    tables = {delimiter: _widths(text, delimiter) for delimiter in DELIMITERS}
    # Cells full of another delimiter don't mislead where one of them splits every record alike.
    even = {delimiter: widths[0] for delimiter, widths in tables.items() if len(set(widths)) == 1 and widths[0] > 1}
    if even:
        return max(even, key=lambda delimiter: even[delimiter]), 0
    scores = {key: sum((width - 1) * widths.count(width) for width in widths) for key, widths in tables.items()}
    return max(scores, key=lambda delimiter: scores[delimiter]), 0


def _widths(text: str, delimiter: str) -> list[int]:
    """How many cells each of the first records has; one that is cut off at the end is left out."""
    widths = [len(record) for record in _records(text[:LOOKED_AT], delimiter) if any(record)]
    return widths[:-1] if len(text) > LOOKED_AT and len(widths) < MOST_RECORDS else widths


def _records(text: str, delimiter: str) -> list[list[str]]:
    return list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), MOST_RECORDS))
