"""The limited child process that decodes one untrusted photo; it imports Pillow and nothing of this project.

Run as `python -I photo_child.py ORIGINAL PREVIEW THUMBNAIL`. It writes both pictures as fresh JPEG files without any
metadata and prints one JSON object: `{"error": "damaged" | "too_many_pixels" | "too_heavy"}`, or the facts
`width`, `height` (as shown, after rotation), `orientation`, `taken`, `offset`, `make`, `lat`, `lon`.
"""

from __future__ import annotations

import io
import json
import math
import resource
import sys
import warnings
from typing import Any

MEMORY_BYTES = 1024**3
CPU_SECONDS = 20
MAX_PIXELS = 50_000_000
PREVIEW_SIDE, PREVIEW_QUALITY = 1600, 75
THUMBNAIL_SIDE, THUMBNAIL_QUALITY = 480, 70

# EXIF tags (CIPA DC-008): the whole list of what is ever read
MAKE, ORIENTATION, CHANGED_AT = 0x010F, 0x0112, 0x0132
EXIF_PART, GPS_PART = 0x8769, 0x8825
TAKEN_AT, CHANGED_OFFSET, TAKEN_OFFSET = 0x9003, 0x9010, 0x9011
GPS_LAT_REF, GPS_LAT, GPS_LON_REF, GPS_LON = 1, 2, 3, 4


def limit_self() -> None:
    """Give this process its bounds; a system that knows one of them not is left without that one."""
    bounds = (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 64 * 1024**2),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in bounds:
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):
            continue


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
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    if not isinstance(value, str):
        return ""
    return "".join(letter for letter in value if letter.isprintable()).strip()[:60]


def metadata(exif: Any) -> dict[str, Any]:
    """Return the whitelisted facts of Pillow's Exif object."""
    inner, gps = exif.get_ifd(EXIF_PART), exif.get_ifd(GPS_PART)
    lat = degrees(gps.get(GPS_LAT), gps.get(GPS_LAT_REF), negative="S", most=90)
    lon = degrees(gps.get(GPS_LON), gps.get(GPS_LON_REF), negative="W", most=180)
    if lat is None or lon is None or (lat == 0 and lon == 0):  # phones write 0, 0 before they know
        lat = lon = None
    taken, offset = text(inner.get(TAKEN_AT)), text(inner.get(TAKEN_OFFSET))
    if not taken:
        taken, offset = text(exif.get(CHANGED_AT)), text(inner.get(CHANGED_OFFSET))
    orientation = exif.get(ORIENTATION)
    return {
        "orientation": orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        "taken": taken,
        "offset": offset,
        "make": text(exif.get(MAKE)),
        "lat": lat,
        "lon": lon,
    }


def reencode(source: str) -> tuple[dict[str, Any], bytes, bytes]:
    """Return the facts, the preview and the thumbnail of a picture file; raises whatever Pillow raises."""
    from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401  (registers exactly these)

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    with Image.open(source, formats=["JPEG", "PNG", "WEBP"]) as picture:
        width, height = picture.size
        picture.draft("RGB", (PREVIEW_SIDE, PREVIEW_SIDE))  # JPEG is then decoded at a fraction of its size
        picture.load()
        try:
            facts = metadata(picture.getexif())
        except Exception:  # broken metadata is no reason to refuse a good picture, and Pillow raises anything
            facts = {"orientation": 1, "taken": "", "offset": "", "make": "", "lat": None, "lon": None}
        shown = flatten(picture)
    shown.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    turn = turns.get(facts["orientation"])
    if turn is not None:
        shown = shown.transpose(turn)
    facts["width"], facts["height"] = (height, width) if facts["orientation"] >= 5 else (width, height)
    preview = jpeg(shown, PREVIEW_QUALITY)
    shown.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return facts, preview, jpeg(shown, THUMBNAIL_QUALITY)


def flatten(picture: Any) -> Any:
    """Return the pixels alone, on white, as a new RGB image: comments, profiles and EXIF stay behind."""
    from PIL import Image

    clear = Image.new("RGB", picture.size, "white")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = as_mode(picture, "RGBA")
        clear.paste(picture, mask=picture.getchannel("A"))
    elif picture.mode.startswith("I"):  # 16-bit grey: Pillow would cut it off at 255 instead of scaling it
        clear.paste(picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L"))
    else:
        clear.paste(as_mode(picture, "RGB"))
    return clear


def as_mode(picture: Any, mode: str) -> Any:
    """Return the picture in a mode, without the copy that Pillow makes of one that has it already."""
    return picture if picture.mode == mode else picture.convert(mode)


def jpeg(picture: Any, quality: int) -> bytes:
    """Return the picture as JPEG bytes."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def answer(facts: dict[str, Any]) -> None:
    """Tell the parent process."""
    sys.stdout.write(json.dumps(facts))


def main(arguments: list[str]) -> None:
    """Do the work for the three paths given."""
    limit_self()
    original, preview_path, thumbnail_path = arguments
    try:
        facts, preview, thumbnail = reencode(original)
    except MemoryError:
        answer({"error": "too_heavy"})
        return
    except Exception as problem:  # a decoder fed with hostile bytes may raise anything
        bomb = type(problem).__name__ in ("DecompressionBombError", "DecompressionBombWarning")
        answer({"error": "too_many_pixels" if bomb else "damaged"})
        return
    for path, content in ((preview_path, preview), (thumbnail_path, thumbnail)):
        with open(path, "wb") as out:
            out.write(content)
    answer(facts)


if __name__ == "__main__":
    main(sys.argv[1:])
