"""The limited child process that decodes one untrusted photo; it imports Pillow and nothing of this project.

Run as `python -I photo_child.py ORIGINAL PREVIEW THUMBNAIL`. It writes both pictures as fresh JPEG files without any
metadata and prints one JSON object: `{}`, or `{"error": "damaged" | "too_many_pixels" | "too_heavy"}`. A trouble that
is not the photo's (a disk that is full or cannot be read, Pillow missing) ends it with a status above 0.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from typing import Any

MEMORY_BYTES = 1024**3
CPU_SECONDS = 20
MAX_PIXELS = 50_000_000
PREVIEW_SIDE, PREVIEW_QUALITY = 1600, 75
THUMBNAIL_SIDE, THUMBNAIL_QUALITY = 480, 70

ORIENTATION = 0x0112  # the only EXIF tag read here (CIPA DC-008)


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


def reencode(source: str) -> tuple[bytes, bytes]:
    """Return the preview and the thumbnail of a picture file; raises whatever Pillow raises."""
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
        picture.draft("RGB", (PREVIEW_SIDE, PREVIEW_SIDE))  # JPEG is then decoded at a fraction of its size
        picture.load()
        try:
            turn = turns.get(picture.getexif().get(ORIENTATION, 1))
        except Exception:  # broken metadata is no reason to refuse a good picture, and Pillow raises anything
            turn = None
        shown = flatten(picture)
    shown.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if turn is not None:
        shown = shown.transpose(turn)
    preview = jpeg(shown, PREVIEW_QUALITY)
    shown.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    return preview, jpeg(shown, THUMBNAIL_QUALITY)


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


def answer(said: dict[str, str]) -> None:
    """Tell the parent process."""
    sys.stdout.write(json.dumps(said))


def main(arguments: list[str]) -> None:
    """Do the work for the three paths given."""
    limit_self()
    original, preview_path, thumbnail_path = arguments
    try:
        preview, thumbnail = reencode(original)
    except MemoryError:
        answer({"error": "too_heavy"})
        return
    except Exception as problem:  # a decoder fed with hostile bytes may raise anything
        if isinstance(problem, ImportError) or getattr(problem, "errno", None) is not None:
            raise  # Pillow's own errors carry no number of the system's
        bomb = type(problem).__name__ in ("DecompressionBombError", "DecompressionBombWarning")
        answer({"error": "too_many_pixels" if bomb else "damaged"})
        return
    for path, content in ((preview_path, preview), (thumbnail_path, thumbnail)):
        with open(path, "wb") as out:
            out.write(content)
    answer({})


if __name__ == "__main__":
    main(sys.argv[1:])
