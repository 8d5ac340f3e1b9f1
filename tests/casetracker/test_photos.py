"""Photos without a database: what is told from their bytes, what is refused, and what their copies are."""

from __future__ import annotations

import contextlib
import hashlib
import io
import random
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from casetracker import photo_header, photos
from casetracker.evidence import EvidenceRefused, make_copies
from casetracker.filetypes import JPEG, PNG, WEBP, recognise
from casetracker.photo_header import degrees
from casetracker.photos import PhotoFacts
from tests.casetracker.pictures import corners, full_exif, picture, saved


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "证据 store"
    settings.EVIDENCE_ROOT = folder
    return folder


def put(root: Path, content: bytes) -> str:
    """Lay bytes into the store as an original and return their SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    folder = root / sha256[:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sha256).write_bytes(content)
    return sha256


def inspected(path: Path) -> PhotoFacts:
    """What the web process knows of a file without decoding it."""
    with path.open("rb") as content:
        return photos.inspect(path, recognise(content))


def derived(root: Path, content: bytes) -> tuple[PhotoFacts, Image.Image, bytes]:
    """Return the facts, the preview as an image and its bytes."""
    sha256 = put(root, content)
    facts = inspected(root / sha256[:2] / sha256)
    make_copies(sha256)
    preview = (root / sha256[:2] / f"{sha256}.preview.jpg").read_bytes()
    return facts, Image.open(io.BytesIO(preview)), preview


def refused_at_once(root: Path, content: bytes) -> str:
    """The code with which the web process refuses a file that it does not decode."""
    sha256 = put(root, content)
    with pytest.raises(EvidenceRefused) as refusal:
        inspected(root / sha256[:2] / sha256)
    assert refusal.value.message.endswith(".")
    return refusal.value.code


def refused_by_the_child(root: Path, content: bytes) -> str:
    with pytest.raises(EvidenceRefused) as refusal:
        make_copies(put(root, content))
    assert not list((root / "staging").iterdir())
    return refusal.value.code


# --- photos, without a database ---------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "MPO"])
def test_every_photo_format_becomes_a_jpeg_preview_and_thumbnail(root: Path, form: str) -> None:
    content = saved(picture(2000, 1500), form)
    facts, preview, _bytes = derived(root, content)
    assert (facts.width, facts.height) == (2000, 1500)
    assert (preview.format, preview.size) == ("JPEG", (1600, 1200))
    assert corners(preview) == ["red", "green", "blue", "white"]
    sha256 = hashlib.sha256(content).hexdigest()
    with Image.open(root / sha256[:2] / f"{sha256}.thumbnail.jpg") as thumbnail:
        assert thumbnail.size == (480, 360)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "1", "I;16"])
def test_a_png_of_any_colour_model_becomes_a_preview(root: Path, mode: str) -> None:
    image = picture(64, 48, "L").convert("I").point(lambda grey: grey * 257).convert("I;16")
    facts, preview, _bytes = derived(root, saved(image if mode == "I;16" else picture(64, 48, mode), "PNG"))
    assert (facts.width, preview.mode, preview.size) == (64, "RGB", (64, 48))
    assert preview.getpixel((60, 44)) == pytest.approx((255, 255, 255), abs=8)


def test_a_cmyk_jpeg_becomes_a_preview(root: Path) -> None:
    _facts, preview, _bytes = derived(root, saved(picture(64, 48, "CMYK")))
    assert preview.mode == "RGB"


def test_a_transparent_png_is_laid_on_white(root: Path) -> None:
    _facts, preview, _bytes = derived(root, saved(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"))
    assert preview.getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_shown_upright(root: Path, orientation: int) -> None:
    turned = {  # how the sensor's picture must lie so that the tag turns it upright
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    raw = picture() if turned is None else picture().transpose(turned)
    exif = Image.Exif()
    exif[0x0112] = orientation
    facts, preview, _bytes = derived(root, saved(raw, exif=exif))
    assert facts.orientation == orientation
    assert (facts.width, facts.height) == (640, 480)
    assert preview.size == (640, 480)
    assert corners(preview) == ["red", "green", "blue", "white"]


def test_the_whitelisted_metadata_is_read_and_nothing_of_it_stays_in_the_copies(root: Path) -> None:
    content = saved(picture(), exif=full_exif(), comment=b"secret comment", xmp=b"<x:xmpmeta>secret</x:xmpmeta>")
    facts, preview, preview_bytes = derived(root, content)
    assert facts.taken_at == datetime(2019, 11, 25, 1, 42, 7, tzinfo=UTC)
    assert facts.lat == pytest.approx(35.2213, abs=1e-4)
    assert facts.lon == pytest.approx(113.2508, abs=1e-4)
    assert "HUAWEI" in facts.make
    assert not preview.getexif()
    assert not {"exif", "comment", "xmp", "icc_profile"} & set(preview.info)
    assert b"secret" not in preview_bytes


@pytest.mark.parametrize("offset", [None, "   :  ", "Z"])
def test_an_exif_time_without_a_usable_offset_is_local_time(root: Path, offset: str | None) -> None:
    exif = Image.Exif()
    exif[0x0132] = "2019:11:25 09:42:07"
    if offset:
        exif.get_ifd(0x8769)[0x9010] = offset
    facts, _preview, _bytes = derived(root, saved(picture(), exif=exif))
    assert facts.taken_at == datetime(2019, 11, 25, 1, 42, 7, tzinfo=UTC)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "nonsense", "9999:12:31 23:59:59", ""])
def test_an_impossible_exif_time_counts_as_none(root: Path, taken: str) -> None:
    exif = Image.Exif()
    exif[0x0132] = taken
    facts, _preview, _bytes = derived(root, saved(picture(), exif=exif))
    assert facts.taken_at is None


@pytest.mark.parametrize("lat", [(91.0, 0.0, 0.0), (1.0, 2.0), (0.0, 0.0, 0.0)])
def test_an_impossible_exif_position_counts_as_none(root: Path, lat: tuple[float, ...]) -> None:
    exif = Image.Exif()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", lat, "E", (0.0, 0.0, 0.0)
    facts, _preview, _bytes = derived(root, saved(picture(), exif=exif))
    assert (facts.lat, facts.lon) == (None, None)


@pytest.mark.parametrize("part", [IFDRational(1, 0), IFDRational(0, 0), float("inf"), -1.0, "north", None])
def test_an_exif_degree_that_is_no_number_counts_as_none(part: Any) -> None:
    assert degrees((part, 0.0, 0.0), "N", negative="S", most=90) is None


def test_broken_exif_is_no_reason_to_refuse_a_good_photo(root: Path) -> None:
    facts, _preview, _bytes = derived(root, saved(picture(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 40))
    assert facts.orientation == 1


def test_html_behind_a_photo_does_not_reach_the_copies(root: Path) -> None:
    polyglot = saved(picture()) + b"<html><script>alert(document.cookie)</script></html>"
    _facts, _preview, preview_bytes = derived(root, polyglot)
    assert b"script" not in preview_bytes


def test_html_in_the_comment_of_a_photo_does_not_reach_the_copies(root: Path) -> None:
    _facts, _preview, preview_bytes = derived(root, saved(picture(), comment=b"<script>alert(1)</script>"))
    assert b"script" not in preview_bytes


@pytest.mark.parametrize("side", [13_000, 19_000])
def test_a_decompression_bomb_is_refused_unopened(root: Path, side: int) -> None:
    bomb = saved(Image.new("1", (side, side)), "PNG")
    assert len(bomb) < 100_000
    assert refused_at_once(root, bomb) == "too_many_pixels"
    assert refused_by_the_child(root, bomb) == "too_many_pixels"


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_of_48_megapixels_is_taken(root: Path, form: str) -> None:
    options = {"compress_level": 1} if form == "PNG" else {"quality": 50}
    facts, preview, _bytes = derived(root, saved(picture(8000, 6000), form, **options))
    assert (facts.width, facts.height) == (8000, 6000)
    assert preview.size == (1600, 1200)


def noise(form: str, **options: Any) -> bytes:
    """A small picture that does not compress, so that its end lies far from its beginning."""
    return saved(Image.frombytes("RGB", (200, 150), random.Random(7).randbytes(90_000)), form, **options)


WHOLE = {
    "jpeg": (JPEG, noise("JPEG", exif=full_exif())),
    "progressive": (JPEG, noise("JPEG", progressive=True)),
    "restarts": (JPEG, noise("JPEG", restart_marker_rows=2)),
    "two pictures": (JPEG, noise("MPO", save_all=True, append_images=[picture(64, 48)])),
    "png": (PNG, noise("PNG", exif=full_exif())),
    "webp": (WEBP, noise("WEBP")),
    "lossless webp": (WEBP, noise("WEBP", lossless=True)),
    "webp with exif": (WEBP, noise("WEBP", exif=full_exif())),
    "moving webp": (WEBP, noise("WEBP", save_all=True, append_images=[picture(200, 150)])),
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_header_says_of_a_photo_what_pillow_says(name: str) -> None:
    found, content = WHOLE[name]
    header = photo_header.read(content, found.mime)
    assert (header.width, header.height) == (200, 150)
    with Image.open(io.BytesIO(content)) as opened:
        has_exif = bool(opened.getexif())
    assert (photo_header.metadata(header.exif)["lat"] is not None) is has_exif


@pytest.mark.parametrize("name", sorted(set(WHOLE) - {"two pictures"}))
@pytest.mark.parametrize("missing", [2, 9, 1000, 0.1, 0.5, 0.9, 0.999])
def test_a_photo_cut_off_on_the_way_is_refused_at_once(root: Path, name: str, missing: float) -> None:
    content = WHOLE[name][1]
    left = len(content) - (int(len(content) * missing) if missing < 1 else int(missing))
    assert refused_at_once(root, content[:left]) == "damaged"


@pytest.mark.parametrize("name", ["jpeg", "progressive", "png"])
def test_one_missing_byte_is_enough(root: Path, name: str) -> None:
    assert refused_at_once(root, WHOLE[name][1][:-1]) == "damaged"


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("tail", [b"\0" * 700, b"\0\0\0\x18ftypmp42" + b"film" * 300, b"\r\n", b"\xff\xd8\xff\xe0cut"])
def test_what_phones_put_behind_a_photo_is_let_be(root: Path, name: str, tail: bytes) -> None:
    content = WHOLE[name][1] + tail
    path = root / hashlib.sha256(content).hexdigest()[:2] / put(root, content)
    assert (inspected(path).width, inspected(path).height) == (200, 150)


def test_a_film_behind_a_photo_does_not_keep_it_from_being_shown(root: Path) -> None:
    _facts, preview, _bytes = derived(root, WHOLE["jpeg"][1] + b"\0\0\0\x18ftypmp42" + b"film" * 300)
    assert preview.size == (200, 150)


def test_a_thumbnail_inside_the_metadata_is_not_taken_for_the_end(root: Path) -> None:
    inside = b"\xff\xe1" + struct.pack(">H", 10) + b"\xff\xd8..\xff\xd9.."
    content = WHOLE["jpeg"][1][:2] + inside + WHOLE["jpeg"][1][2:]
    assert derived(root, content)[0].width == 200
    assert refused_at_once(root, content[:5000]) == "damaged"


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x01\xff\xd9",
        b"\xff\xd8\xff\xda\x00\x02..\xff\xd9",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x09\0\0\0\x09\x08\0\0\0\0....\0\0\0\0IEND....",
        b"RIFF\x04\0\0\0WEBP",
        b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x09\0\0\x09\0\0",
        b"\xff\xd8\xff" + b"\xff" * 100_000,
        b"\xff\xd8\xff" + b"\xff\x01" * 200_000,
    ],
)
def test_a_shell_without_a_picture_is_refused_at_once(root: Path, content: bytes) -> None:
    assert refused_at_once(root, content) == "damaged"


@given(st.data())
def test_no_bytes_confuse_the_reader_of_headers(data: st.DataObject) -> None:
    found, content = WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]
    changed = bytearray(content[: data.draw(st.integers(20, len(content)))])
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8)):
        changed[at % len(changed)] = byte
    with contextlib.suppress(EvidenceRefused):
        header = photo_header.read(bytes(changed), found.mime)
        assert set(photo_header.metadata(header.exif)) >= {"orientation", "taken", "lat"}


@given(st.binary(max_size=300), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_no_metadata_confuses_its_reader(noise: bytes, start: bytes) -> None:
    assert 1 <= photo_header.metadata(start + noise)["orientation"] <= 8


def damaged_inside(form: str) -> bytes:
    """A photo from its beginning to its end, with nonsense in between."""
    content = bytearray(noise(form))
    at = content.index(b"IDAT") + 40 if form == "PNG" else len(content) // 2
    content[at : at + 2000] = b"\x5a" * 2000
    return bytes(content)


def test_only_decoding_finds_what_is_broken_inside(root: Path) -> None:
    sha256 = put(root, damaged_inside("PNG"))
    assert inspected(root / sha256[:2] / sha256).width == 200
    assert refused_by_the_child(root, damaged_inside("PNG")) == "damaged"


def test_a_photo_that_is_cut_off_is_refused_by_the_child_too(root: Path) -> None:
    assert refused_by_the_child(root, noise("JPEG")[:5000]) == "damaged"


def test_a_photo_that_eats_memory_is_refused_and_the_server_lives(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starved = root.parent / "starved.py"
    starved.write_text(photos.CHILD.read_text().replace("MEMORY_BYTES = 1024**3", "MEMORY_BYTES = 300 * 1024**2"))
    monkeypatch.setattr(photos, "CHILD", starved)
    content = saved(Image.new("RGB", (8000, 6000)), "PNG")
    assert refused_by_the_child(root, content) == "too_heavy"


def test_the_child_process_sees_no_secret_of_the_server(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text("import os, sys; sys.exit(repr(sorted(os.environ)))")
    monkeypatch.setattr(photos, "CHILD", spy)
    monkeypatch.setenv("CASETRACKER_SECRET_KEY", "x" * 50)
    with pytest.raises(RuntimeError) as failure:
        make_copies(put(root, saved(picture())))
    assert "PATH" in str(failure.value)
    assert "CASETRACKER" not in str(failure.value)


@pytest.mark.parametrize(
    "ending", ["os.kill(os.getpid(), signal.SIGTERM)", "raise OSError(28, 'No space')", "import none"]
)
def test_a_trouble_of_the_server_is_not_blamed_on_the_photo(
    root: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    broken = root.parent / "broken.py"
    script = photos.CHILD.read_text().replace("import resource\n", "import os\nimport resource\nimport signal\n")
    broken.write_text(
        script.replace(
            "    from PIL import Image, JpegImagePlugin", f"    {ending}\n    from PIL import Image, JpegImagePlugin"
        )
    )
    assert ending in broken.read_text()
    monkeypatch.setattr(photos, "CHILD", broken)
    with pytest.raises(RuntimeError):
        make_copies(put(root, noise("JPEG")))


def test_the_child_script_imports_nothing_of_this_project() -> None:
    code = f"import runpy, sys; runpy.run_path({str(photos.CHILD)!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert not {"django", "casetracker"} & {name.split(".")[0] for name in done.stdout.split()}
