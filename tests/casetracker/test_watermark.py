"""The strip on pictures that leave the office."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from pytest_django import Settings

from casetracker import watermark
from casetracker.watermark import drawable, has_chinese_font

LINES = ["2019-11-25 09:42 +08:00 锦绣华庭项目工地", "35.22130, 113.25080 ±6 m", "李督导 K7Q4", "9f3ac1d20b7e"]


def plain(width: int = 1600, height: int = 1200) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(out, "JPEG", quality=95)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


@pytest.fixture
def fresh_fonts() -> None:
    watermark._chinese_font.cache_clear()
    watermark._font.cache_clear()


def test_the_strip_is_dark_with_white_letters_and_the_picture_above_is_untouched() -> None:
    marked = opened(watermark.watermark(plain(), LINES))
    assert marked.size == (1600, 1200)
    assert marked.getpixel((800, 300)) == pytest.approx((200, 120, 40), abs=4)
    strip = marked.crop((0, 1100, 1600, 1200))
    assert strip.getpixel((1590, 95)) == pytest.approx((90, 54, 18), abs=8)
    assert max(strip.convert("L").tobytes()) > 240


@pytest.mark.parametrize("width", [120, 480, 1600])
def test_a_long_line_is_wrapped_and_never_runs_out_of_the_picture(width: int) -> None:
    marked = opened(watermark.watermark(plain(width, width), ["W" * 150]))
    right_edge = marked.crop((width - 3, 0, width, width)).convert("L")
    assert max(right_edge.tobytes()) < 200


def test_without_lines_the_picture_is_returned_as_it_is() -> None:
    content = plain()
    assert watermark.watermark(content, ["", "  "]) == content


@pytest.mark.usefixtures("fresh_fonts")
def test_without_a_chinese_font_time_coordinates_code_and_hash_remain(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FONT = ""
    monkeypatch.setattr(watermark, "FONT_PLACES", ())
    assert not has_chinese_font()
    kept = [drawable(line) for line in [*LINES, "锦绣华庭"]]
    assert kept == ["2019-11-25 09:42 +08:00", "35.22130, 113.25080 ±6 m", "K7Q4", "9f3ac1d20b7e", ""]
    assert watermark.watermark(plain(), LINES) != plain()
    watermark._chinese_font.cache_clear()
    watermark._font.cache_clear()


def test_a_picture_that_is_not_a_jpeg_is_not_opened() -> None:
    out = io.BytesIO()
    Image.new("RGB", (10, 10)).save(out, "PNG")
    with pytest.raises(OSError, match="cannot identify"):
        watermark.watermark(out.getvalue(), LINES)
