"""What the bytes of a photo say without decoding a pixel: whether it is whole, how large it is, the metadata we keep.

This runs in the web process on bytes from outside, and so it is read by hand and not by Pillow, although
`Image.open` decodes no pixels of a JPEG: opening a WebP hands the whole file to a decoder written in C and sets aside
its canvas, opening a PNG unpacks its text chunks, and reading EXIF builds every tag of it. Here every step is a
slice of fixed size, the number of steps is bounded, and only the whitelisted tags are looked at. What needs decoding
(broken compressed data) is found later by `photo_child`, in a process with limits.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from mmap import mmap
from typing import Any, Literal

from casetracker.filetypes import damaged

PARTS_LIMIT = 100_000  # a PNG of 25 MB has some 3,000 chunks
EXIF_LIMIT = 1024 * 1024
ENTRIES_LIMIT = 500  # an EXIF directory has some 60 entries
VALUE_LIMIT = 1000  # bytes of one value; the longest we want is a name

# EXIF tags (CIPA DC-008): the whole list of what is ever read
MAKE, ORIENTATION, CHANGED_AT = 0x010F, 0x0112, 0x0132
EXIF_PART, GPS_PART = 0x8769, 0x8825
TAKEN_AT, CHANGED_OFFSET, TAKEN_OFFSET = 0x9003, 0x9010, 0x9011
GPS_LAT_REF, GPS_LAT, GPS_LON_REF, GPS_LON = 1, 2, 3, 4
_ROOT_TAGS = frozenset((MAKE, ORIENTATION, CHANGED_AT, EXIF_PART, GPS_PART))
_INNER_TAGS = frozenset((TAKEN_AT, CHANGED_OFFSET, TAKEN_OFFSET))
_GPS_TAGS = frozenset((GPS_LAT_REF, GPS_LAT, GPS_LON_REF, GPS_LON))
# TIFF 6.0, section 2: type -> bytes of one value (byte, text, short, long, rational, undefined)
_VALUE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}

_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff]", re.DOTALL)
_JPEG_END = b"\xff\xd9"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD9)))
_EXIF_NAME = b"Exif\0\0"

Content = bytes | mmap


@dataclass(frozen=True)
class Header:
    """Pixels as they lie in the file, before any turning, and the EXIF block (a TIFF structure), empty without one."""

    width: int
    height: int
    exif: bytes


def read(content: Content, mime: str) -> Header:
    """Walk through a JPEG, PNG or WebP to its end and return its header; bytes after the end are let be.

    Phones put films and second pictures behind the photo. Raises EvidenceRefused (damaged) for a file that is cut
    off before its end, or that no decoder could open.
    """
    header = {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp}[mime](content)
    if not header.width or not header.height:
        raise damaged()
    return header


def _jpeg(content: Content) -> Header:
    """ITU-T T.81, annex B: segments up to the compressed data, and the end marker behind it.

    Inside compressed data an 0xFF is always followed by 0x00 or a restart marker, so that the first end marker
    after its beginning is the end of this picture, and a file without one was cut off.
    """
    at, exif, size = 2, b"", (0, 0)
    for _count in range(PARTS_LIMIT):
        marker = _JPEG_MARKER.search(content, at)
        if marker is None:
            break
        code, start = content[marker.end() - 1], marker.end()
        if code in _JPEG_BARE:
            at = start
            continue
        at = start + int.from_bytes(content[start : start + 2], "big")
        if code == 0xD9 or at < start + 2 or at > len(content):
            break
        if code in _JPEG_FRAMES and size == (0, 0):
            height, width = content[start + 3 : start + 5], content[start + 5 : start + 7]
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
        elif code == 0xE1 and not exif and content[start + 2 : start + 8] == _EXIF_NAME:
            exif = content[start + 8 : at]
        elif code == 0xDA:
            # Most often it is the end of the file; looking there first saves a search of some megabytes.
            if content[max(at, len(content) - 2) :] != _JPEG_END and content.find(_JPEG_END, at) < 0:
                break
            return Header(*size, exif)
    raise damaged()


def _png(content: Content) -> Header:
    """ISO/IEC 15948, 5: chunks from IHDR to IEND, with at least one of compressed data between."""
    if content[8:16] != b"\0\0\0\rIHDR":
        raise damaged()
    width, height = struct.unpack(">II", content[16:24].ljust(8, b"\0"))
    at, exif, has_data = 8, b"", False
    for _count in range(PARTS_LIMIT):
        length, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        start, at = at + 8, at + 12 + length
        if at > len(content):
            break
        if name == b"IEND":
            if has_data:
                return Header(width, height, exif)
            break
        has_data = has_data or name == b"IDAT"
        if name == b"eXIf" and length <= EXIF_LIMIT:
            exif = content[start : start + length]
    raise damaged()


def _webp(content: Content) -> Header:
    """RFC 9649, 2: chunks up to the length that the file itself names; a missing last padding byte is let be."""
    end = 8 + int.from_bytes(content[4:8], "little")
    at, exif, canvas, picture = 12, b"", (0, 0), (0, 0)
    for _count in range(PARTS_LIMIT):
        if at + 8 > end:
            break
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        start = at + 8
        at = start + length + length % 2
        if start + length > len(content):
            raise damaged()
        if name == b"VP8X":
            canvas = _little(content[start + 4 : start + 7]) + 1, _little(content[start + 7 : start + 10]) + 1
        elif name == b"VP8 ":
            picture = (
                _little(content[start + 6 : start + 8]) & 0x3FFF,
                _little(content[start + 8 : start + 10]) & 0x3FFF,
            )
        elif name == b"VP8L":
            bits = _little(content[start + 1 : start + 5])
            picture = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif name == b"ANMF":
            picture = canvas
        elif name == b"EXIF" and length <= EXIF_LIMIT:
            exif = content[start : start + length].removeprefix(_EXIF_NAME)
    if picture == (0, 0) or at > end + 1:
        raise damaged()
    return Header(*(canvas if canvas != (0, 0) else picture), exif)


def _little(part: bytes) -> int:
    return int.from_bytes(part, "little")


# --- metadata ---------------------------------------------------------------------------------------


def metadata(exif: bytes) -> dict[str, Any]:
    """Return the whitelisted facts of an EXIF block: orientation (1 to 8), taken, offset, make, lat, lon (WGS-84).

    Broken metadata is no reason to refuse a good photo: what cannot be read counts as not said.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    root = _directory(exif, _number_at(exif, 4, order), order, _ROOT_TAGS) if order else {}
    inner = _directory(exif, root.get(EXIF_PART), order, _INNER_TAGS)
    gps = _directory(exif, root.get(GPS_PART), order, _GPS_TAGS)
    lat = degrees(gps.get(GPS_LAT), gps.get(GPS_LAT_REF), negative="S", most=90)
    lon = degrees(gps.get(GPS_LON), gps.get(GPS_LON_REF), negative="W", most=180)
    if lat is None or lon is None or (lat == 0 and lon == 0):  # phones write 0, 0 before they know
        lat = lon = None
    taken, offset = text(inner.get(TAKEN_AT)), text(inner.get(TAKEN_OFFSET))
    if not taken:
        taken, offset = text(root.get(CHANGED_AT)), text(inner.get(CHANGED_OFFSET))
    orientation = root.get(ORIENTATION)
    return {
        "orientation": orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        "taken": taken,
        "offset": offset,
        "make": text(root.get(MAKE)),
        "lat": lat,
        "lon": lon,
    }


def _directory(exif: bytes, at: Any, order: str | None, wanted: frozenset[int]) -> dict[int, Any]:
    """Return the wanted tags of the directory at an offset; entries beyond the block or too long are passed over."""
    found: dict[int, Any] = {}
    if order is None or not isinstance(at, int) or at + 2 > len(exif):
        return found
    (count,) = struct.unpack_from(f"{order}H", exif, at)
    for entry in range(at + 2, at + 2 + 12 * min(count, ENTRIES_LIMIT), 12):
        if entry + 12 > len(exif):
            break
        tag, kind, number_of = struct.unpack_from(f"{order}HHI", exif, entry)
        size = _VALUE_SIZES.get(kind, 0) * number_of
        if tag not in wanted or tag in found or not 0 < size <= VALUE_LIMIT:
            continue
        start = entry + 8 if size <= 4 else _number_at(exif, entry + 8, order)
        raw = exif[start : start + size]
        if len(raw) == size:
            found[tag] = _value(raw, kind, order)
    return found


def _number_at(exif: bytes, at: int, order: str) -> int:
    return int.from_bytes(exif[at : at + 4], "little" if order == "<" else "big")


def _value(raw: bytes, kind: int, order: str) -> Any:
    """Return text as bytes, one number as int, several as a tuple; rationals as floats, None for one without sense."""
    byteorder: Literal["little", "big"] = "little" if order == "<" else "big"
    if kind in (2, 7):
        return raw.split(b"\0")[0]
    if kind == 5:
        pairs = struct.iter_unpack(f"{order}II", raw)
        return tuple(above / below if below else None for above, below in pairs)
    width = _VALUE_SIZES[kind]
    numbers = tuple(int.from_bytes(raw[at : at + width], byteorder) for at in range(0, len(raw), width))
    return numbers[0] if len(numbers) == 1 else numbers


def number(value: Any) -> float | None:
    """Return an EXIF number as a finite float, None for anything else such as a division by zero."""
    try:
        result = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def degrees(parts: Any, direction: Any, *, negative: str, most: float) -> float | None:
    """Return degrees from EXIF's degrees, minutes and seconds, None when they are incomplete or out of range."""
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        return None
    numbers = [number(part) for part in parts]
    if None in numbers:
        return None
    whole, minutes, seconds = (part or 0.0 for part in numbers)
    result = whole + minutes / 60 + seconds / 3600
    if not 0 <= result <= most:
        return None
    return -result if text(direction).upper() == negative else result


def text(value: Any) -> str:
    """Return an EXIF text without control characters, at most 60 letters."""
    if not isinstance(value, bytes):
        return ""
    decoded = value.decode("utf-8", "ignore")
    return "".join(letter for letter in decoded if letter.isprintable()).strip()[:60]
