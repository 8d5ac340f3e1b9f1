"""The strip of words on a photo that leaves the office: drawn on a copy, never on the only one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

# Where systems keep a font with Chinese glyphs, the plainest face first.
FONT_PLACES = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/source-han-sans/SourceHanSansSC-Regular.otf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
)
SHARE_OF_WIDTH = 32  # the letters are about one thirty-second of the width
SMALLEST_SHARE = 52  # long lines shrink to this before they wrap
DARKNESS = 0.55


def watermark(picture: bytes, lines: Sequence[str]) -> bytes:
    """Return the JPEG with a dark strip along its lower edge that holds the lines in white.

    `picture` is one of our own derivatives, never a file from outside. Letters that no font of this machine can draw
    are left out, and with them a line of which nothing remains; time, coordinates, code and hash always stay.
    """
    with Image.open(io.BytesIO(picture), formats=["JPEG"]) as opened:
        image = opened.convert("RGB")
    shown = [kept for line in lines if (kept := drawable(line))]
    if not shown:
        return picture
    font, shown = _fit(shown, image.width)
    size = round(font.size)
    step, edge = size * 4 // 3, size * 2 // 3
    top = max(0, image.height - step * len(shown) - edge)
    strip = image.crop((0, top, image.width, image.height))
    image.paste(Image.blend(strip, Image.new("RGB", strip.size), DARKNESS), (0, top))
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(shown):
        draw.text((edge, top + edge // 2 + row * step), line, font=font, fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def has_chinese_font() -> bool:
    """Whether pictures made on this machine can hold Chinese words (the operations page says so)."""
    return _chinese_font() is not None


def drawable(line: str) -> str:
    """Return the line without the letters that this machine cannot draw, spaces closed up."""
    if not has_chinese_font():
        line = "".join(letter if letter.isascii() or letter in "±°" else " " for letter in line)
    return " ".join(line.split())


def _fit(lines: list[str], width: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return a font and the lines as they fit the width: first smaller, then wrapped."""
    size = max(11, width // SHARE_OF_WIDTH)
    smallest = max(10, width // SMALLEST_SHARE)
    font = _font(size)
    while size > smallest and max(font.getlength(line) for line in lines) > width - size * 4 // 3:
        size -= 1
        font = _font(size)
    return font, [piece for line in lines for piece in _wrap(line, font, width - size * 4 // 3)]


def _wrap(line: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break a line between letters wherever the next one would leave the width."""
    pieces = [""]
    for letter in line:
        if pieces[-1] and font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return [piece.strip() for piece in pieces]


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    found = _chinese_font()
    if found:
        return ImageFont.truetype(found[0], size, index=found[1])
    return ImageFont.load_default(size)  # type: ignore[return-value]  # scalable as soon as a size is given


@lru_cache(maxsize=1)
def _chinese_font() -> tuple[str, int] | None:
    """Return path and face number of a font with simplified Chinese glyphs; the setting FONT goes first."""
    for place in (settings.FONT, *FONT_PLACES):
        if place and Path(place).is_file():
            return place, _simplified_face(place)
    return None


def _simplified_face(path: str) -> int:
    """Return which face of a collection is the simplified Chinese one, the first where none says so."""
    for face in range(10):
        try:
            family = ImageFont.truetype(path, 12, index=face).getname()[0] or ""
        except OSError:
            break
        if family.endswith((" SC", "微软雅黑")):
            return face
    return 0
