"""The evidence store: what photos become, what is refused, and what stays on disk and in the log."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from pytest_django import Settings

from casetracker import evidence, photos
from casetracker.evidence import EvidenceRefused, clean_name, derive, store
from casetracker.models import Custody, Evidence
from casetracker.photo_child import degrees
from casetracker.photos import PhotoFacts

QUARTERS = {"red": (0, 0), "green": (1, 0), "blue": (0, 1), "white": (1, 1)}


@pytest.fixture
def root(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "证据 store"
    settings.EVIDENCE_ROOT = folder
    return folder


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


def put(root: Path, content: bytes) -> str:
    """Lay bytes into the store as an original and return their SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    folder = root / sha256[:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sha256).write_bytes(content)
    return sha256


def derived(root: Path, content: bytes) -> tuple[PhotoFacts, Image.Image, bytes]:
    """Return the facts, the preview as an image and its bytes."""
    sha256 = put(root, content)
    facts = derive(sha256)
    preview = (root / sha256[:2] / f"{sha256}.preview.jpg").read_bytes()
    return facts, Image.open(io.BytesIO(preview)), preview


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


def refusal_of(root: Path, content: bytes) -> str:
    with pytest.raises(EvidenceRefused) as refusal:
        derive(put(root, content))
    assert refusal.value.message.endswith(".")
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
    assert refusal_of(root, bomb) == "too_many_pixels"


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_of_48_megapixels_is_taken(root: Path, form: str) -> None:
    options = {"compress_level": 1} if form == "PNG" else {"quality": 50}
    facts, preview, _bytes = derived(root, saved(picture(8000, 6000), form, **options))
    assert (facts.width, facts.height) == (8000, 6000)
    assert preview.size == (1600, 1200)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_photo_is_refused(root: Path, form: str, share: float) -> None:
    noise = Image.frombytes("RGB", (200, 150), bytes((i * 7919) % 251 for i in range(90_000)))
    content = saved(noise, form)
    assert refusal_of(root, content[: int(len(content) * share)]) == "damaged"


def test_a_photo_that_eats_memory_is_refused_and_the_server_lives(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starved = root.parent / "starved.py"
    starved.write_text(photos.CHILD.read_text().replace("MEMORY_BYTES = 1024**3", "MEMORY_BYTES = 300 * 1024**2"))
    monkeypatch.setattr(photos, "CHILD", starved)
    content = saved(Image.new("RGB", (8000, 6000)), "PNG")
    assert refusal_of(root, content) == "too_heavy"


def test_the_child_process_sees_no_secret_of_the_server(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text("import os, sys; sys.exit(repr(sorted(os.environ)))")
    monkeypatch.setattr(photos, "CHILD", spy)
    monkeypatch.setenv("CASETRACKER_SECRET_KEY", "x" * 50)
    with pytest.raises(RuntimeError) as failure:
        derive(put(root, saved(picture())))
    assert "PATH" in str(failure.value)
    assert "CASETRACKER" not in str(failure.value)


def test_the_child_script_imports_nothing_of_this_project() -> None:
    code = f"import runpy, sys; runpy.run_path({str(photos.CHILD)!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert not {"django", "casetracker"} & {name.split(".")[0] for name in done.stdout.split()}


def test_a_name_is_never_used_as_a_path() -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        derive("../../etc/passwd")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../x.jpg", "x.jpg"),
        ("C:\\temp\\照片 1.jpg", "照片 1.jpg"),
        ("evil\u202egpj.exe\0", "evilgpj.exe"),
        ("x" * 300 + ".jpg", "x" * 196 + ".jpg"),
        ("\ud800", ""),
    ],
)
def test_a_file_name_keeps_its_letters_and_loses_its_tricks(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


# --- the store --------------------------------------------------------------------------------------


def test_a_stored_photo_has_its_row_its_files_and_its_first_custody_entry(db: None, root: Path) -> None:
    content = saved(picture(), exif=full_exif())
    row = store(io.BytesIO(content), name="../现场.jpg", by=None, source="desk")
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert (row.size, row.mime, row.kind, row.name) == (len(content), "image/jpeg", "photo", "现场.jpg")
    assert (row.width, row.height) == (640, 480)
    assert row.taken_at == datetime(2019, 11, 25, 1, 42, 7, tzinfo=UTC)
    assert row.exif_lat == pytest.approx(35.2213, abs=1e-4)
    assert row.is_inline
    original = root / row.sha256[:2] / row.sha256
    assert original.read_bytes() == content
    assert original.stat().st_mode & 0o777 == 0o400
    assert [(entry.action, entry.details["source"]) for entry in row.custody.all()] == [("stored", "desk")]
    assert not list((root / "staging").iterdir())


def test_the_time_of_the_device_goes_before_that_of_the_photo_and_both_are_kept(db: None, root: Path) -> None:
    said = datetime(2019, 11, 26, 0, 0, tzinfo=UTC)
    row = store(io.BytesIO(saved(picture(), exif=full_exif())), name="a.jpg", by=None, taken_at=said, source="field")
    assert row.taken_at == said
    assert row.custody.get().details["exif_taken_at"] == "2019-11-25T09:42:07+08:00"


def test_the_same_bytes_twice_are_one_row_with_two_custody_entries(db: None, root: Path) -> None:
    content = saved(picture())
    first = store(io.BytesIO(content), name="a.jpg", by=None, source="desk")
    second = store(io.BytesIO(content), name="b.jpg", by=None, source="field")
    assert first == second
    assert Evidence.objects.get().name == "a.jpg"
    assert [entry.action for entry in Custody.objects.all()] == ["stored", "stored_again"]


def test_a_missing_original_is_put_back_when_it_is_sent_again(db: None, root: Path) -> None:
    content = saved(picture())
    row = store(io.BytesIO(content), name="a.jpg", by=None, source="desk")
    original = root / row.sha256[:2] / row.sha256
    original.unlink()
    assert not evidence.is_intact(row)
    store(io.BytesIO(content), name="a.jpg", by=None, source="desk")
    assert evidence.is_intact(row)


def test_a_changed_byte_on_disk_is_found(db: None, root: Path) -> None:
    row = store(io.BytesIO(saved(picture())), name="a.jpg", by=None, source="desk")
    original = root / row.sha256[:2] / row.sha256
    changed = bytearray(original.read_bytes())
    changed[100] ^= 1
    original.chmod(0o600)
    original.write_bytes(changed)
    assert not evidence.is_intact(row)


def test_a_png_named_jpg_is_stored_as_what_it_is_and_downloads_under_a_fitting_name(db: None, root: Path) -> None:
    row = store(io.BytesIO(saved(picture(), "PNG")), name="照片.JPG", by=None, source="desk")
    assert (row.mime, row.name) == ("image/png", "照片.JPG")
    assert evidence.download_name(row) == "照片.png"


def test_a_heic_photo_is_kept_as_it_is_and_offered_as_a_download(db: None, root: Path) -> None:
    content = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x08meta"
    row = store(io.BytesIO(content), name="IMG_1.HEIC", by=None, source="field")
    assert (row.kind, row.mime, row.is_inline, row.width) == ("photo", "image/heic", False, None)
    assert "HEIC" in evidence.showing_note(row)
    with evidence.open_original(row) as original:
        assert original.read() == content
    with pytest.raises(EvidenceRefused, match="HEIC") as refusal:
        evidence.open_derivative(row, "preview")
    assert refusal.value.code == "no_preview"


def test_a_document_is_stored_and_only_ever_a_download(db: None, root: Path) -> None:
    row = store(io.BytesIO(b"%PDF-1.4\n%%EOF"), name="整改方案", by=None, source="desk")
    assert (row.kind, row.is_inline, evidence.download_name(row)) == ("pdf", False, "整改方案.pdf")


def test_a_missing_preview_is_made_anew(db: None, root: Path) -> None:
    row = store(io.BytesIO(saved(picture())), name="a.jpg", by=None, source="desk")
    (root / row.sha256[:2] / f"{row.sha256}.preview.jpg").unlink()
    with evidence.open_derivative(row, "preview") as opened:
        assert opened.read(3) == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported"),
        (saved(picture())[:2000], "damaged"),
        (saved(Image.new("1", (13_000, 13_000)), "PNG"), "too_many_pixels"),
        (b"\xff\xd8\xff".ljust(25 * 1024**2 + 1, b"\0"), "too_large"),
    ],
)
def test_a_refused_file_leaves_nothing_behind(db: None, root: Path, content: bytes, code: str) -> None:
    with pytest.raises(EvidenceRefused) as refusal:
        store(io.BytesIO(content), name="x.jpg", by=None, source="desk")
    assert refusal.value.code == code
    assert not Evidence.objects.exists()
    assert not [path for path in root.rglob("*") if path.is_file()]


def test_viewing_is_written_into_the_custody_log(db: None, root: Path) -> None:
    row = store(io.BytesIO(saved(picture())), name="a.jpg", by=None, source="desk")
    evidence.record_view(row, None)
    evidence.record_view(row, None, "downloaded")
    assert [entry.action for entry in row.custody.all()] == ["stored", "viewed", "downloaded"]


def test_what_a_crash_left_in_staging_is_cleared_after_a_day_and_not_before(root: Path) -> None:
    staging = root / "staging"
    staging.mkdir(parents=True)
    (staging / "new.part").write_bytes(b"being written")
    (staging / "old.part").write_bytes(b"left by a crash")
    two_days_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(staging / "old.part", (two_days_ago, two_days_ago))
    assert evidence.clear_staging() == 1
    assert [path.name for path in staging.iterdir()] == ["new.part"]
