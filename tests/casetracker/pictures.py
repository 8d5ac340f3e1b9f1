"""Pictures for the tests of the evidence store: four coloured quarters in any format, with or without metadata."""

import io
from typing import Any

from PIL import Image

QUARTERS = {"red": (0, 0), "green": (1, 0), "blue": (0, 1), "white": (1, 1)}


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Four quarters: red and green above, blue and white below."""
    image = Image.new("RGB", (width, height))
    for colour, (x, y) in QUARTERS.items():
        image.paste(colour, (x * width // 2, y * height // 2, (x + 1) * width // 2, (y + 1) * height // 2))
    return image.convert(mode)


def saved(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def corners(image: Image.Image) -> list[str]:
    """Return the colours of the four quarters, read like a page."""
    found = []
    for y in (0.25, 0.75):
        for x in (0.25, 0.75):
            seen = image.getpixel((int(image.width * x), int(image.height * y)))
            assert isinstance(seen, tuple)
            named = {"red": (254, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 254), "white": (255, 255, 255)}
            found.append(min(named, key=lambda name: sum(abs(a - b) for a, b in zip(seen, named[name], strict=True))))
    return found


def full_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "华为 HUAWEI\0"
    exif[0x9286] = b"a comment"
    inner = exif.get_ifd(0x8769)
    inner[0x9003] = "2019:11:25 09:42:07"
    inner[0x9011] = "+08:00"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (35.0, 13.0, 16.7)
    gps[3], gps[4] = "E", (113.0, 15.0, 2.9)
    return exif
