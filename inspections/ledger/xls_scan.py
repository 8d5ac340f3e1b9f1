"""What the library does not tell of an old Excel file (BIFF8): hidden rows and the date system.

Only the reader's child process runs this.

Layout from Microsoft's [MS-CFB] (the container) and [MS-XLS] (records BoundSheet8, Date1904, Row). A file this does not
understand is left to the library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

FREE = 0xFFFFFFFA  # sector numbers from here on are marks
BOUND_SHEET, DATE_1904, ROW, BOF, EOF = 0x0085, 0x0022, 0x0208, 0x0809, 0x000A
ROW_HIDDEN = 0x0020


def scan(content: bytes) -> tuple[list[set[int]], bool]:
    """Return the hidden rows (from 1) of each sheet in the workbook's order, and whether dates count from 1904."""
    try:
        stream = workbook_stream(content)
        starts, date_1904 = [], False
        for kind, body in records(stream, 0):
            if kind == BOUND_SHEET:
                starts.append(struct.unpack_from("<I", body)[0])
            elif kind == DATE_1904:
                date_1904 = body[:1] == b"\x01"
        return [hidden_rows(stream, start) for start in starts], date_1904
    except (struct.error, IndexError, ValueError):
        return [], False


def hidden_rows(stream: bytes, start: int) -> set[int]:
    """Return the hidden rows of the sheet whose records begin at `start`."""
    hidden = set()
    for kind, body in records(stream, start):
        if kind == ROW:
            row, flags = struct.unpack_from("<H10xH", body)
            if flags & ROW_HIDDEN:
                hidden.add(row + 1)
    return hidden


def records(stream: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of one part of the stream, with parts inside it (charts) left out."""
    depth = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        depth += (kind == BOF) - (kind == EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


def workbook_stream(content: bytes) -> bytes:
    """Return the stream named Workbook or Book; raises ValueError when there is none or its chain is broken."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    if size not in (512, 4096):
        raise ValueError("sector size")

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    def numbers(raw: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(raw) // 4}I", raw))

    fat_count, directory = struct.unpack_from("<II", content, 44)
    next_list = struct.unpack_from("<I", content, 68)[0]
    fat_sectors = [number for number in struct.unpack_from("<109I", content, 76) if number < FREE]
    while next_list < FREE and len(fat_sectors) < fat_count:
        *more, next_list = numbers(sector(next_list))
        fat_sectors += [number for number in more if number < FREE]
    table = [entry for number in fat_sectors[:fat_count] for entry in numbers(sector(number))]

    def chain(number: int) -> bytes:
        parts: list[bytes] = []
        while number < FREE:
            if len(parts) > len(table):
                raise ValueError("a chain without end")
            parts.append(sector(number))
            number = table[number]
        return b"".join(parts)

    entries = chain(directory)
    for place in range(0, len(entries) - 127, 128):
        length = struct.unpack_from("<H", entries, place + 64)[0]
        name = entries[place : place + max(0, min(length, 64) - 2)].decode("utf-16-le", "ignore")
        if name.lower() in ("workbook", "book"):
            first, size_of_stream = struct.unpack_from("<II", entries, place + 116)
            return chain(first)[:size_of_stream]
    raise ValueError("no workbook")
