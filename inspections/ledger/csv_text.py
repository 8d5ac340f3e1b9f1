"""Delimited text: which encoding and which delimiter; only the reader's child process runs this."""

from __future__ import annotations

import csv
import io

from inspections.ledger.xlsx_scan import Refusal

DELIMITERS = ",;\t"


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
    best, best_score = ",", 0
    for delimiter in DELIMITERS:
        widths: list[int] = []
        for record in csv.reader(io.StringIO(text[:65536], newline=""), delimiter=delimiter):
            if any(record):
                widths.append(len(record))
            if len(widths) == 50:
                break
        score = sum((width - 1) * widths.count(width) for width in widths)
        if score > best_score:
            best, best_score = delimiter, score
    return best, 0
