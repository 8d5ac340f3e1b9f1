"""The evidence store: what is taken in at once, what is refused, and what stays on disk and in the log."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django import Settings

from casetracker import evidence
from casetracker.evidence import EvidenceRefused, clean_name, make_copies, store
from casetracker.models import Custody, Evidence
from tests.casetracker.pictures import full_exif, picture, saved


@pytest.fixture
def root(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "证据 store"
    settings.EVIDENCE_ROOT = folder
    return folder


def test_a_name_is_never_used_as_a_path() -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        make_copies("../../etc/passwd")


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


def test_storing_a_photo_asks_little_and_leaves_the_copies_to_a_worker(db: None, root: Path) -> None:
    with CaptureQueriesContext(connection) as asked:
        row = store(io.BytesIO(saved(picture())), name="a.jpg", by=None, source="desk")
    # Its row and the first entry of its log, together.
    assert [query["sql"].split()[0] for query in asked] == ["SAVEPOINT", "INSERT", "INSERT", "RELEASE"]
    assert row.copies_due_at == row.stored_at
    assert [path.name for path in (root / row.sha256[:2]).iterdir()] == [row.sha256]


def test_nothing_but_photos_waits_for_copies(db: None, root: Path) -> None:
    for content in (b"%PDF-1.4\n%%EOF", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x08meta"):
        assert store(io.BytesIO(content), name="a", by=None, source="desk").copies_due_at is None


@pytest.mark.parametrize("change", ["name = 'b.jpg'", "size = 1", "stored_at = now()", "sha256 = repeat('0', 64)"])
def test_what_is_said_of_a_file_never_changes(db: None, root: Path, change: str) -> None:
    row = store(io.BytesIO(saved(picture())), name="a.jpg", by=None, source="desk")
    for sql in (f"UPDATE casetracker_evidence SET {change}", "DELETE FROM casetracker_evidence"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert Evidence.objects.get() == row


def test_the_owner_of_the_tables_cannot_change_it_either(committed: None, root: Path) -> None:
    row = store(io.BytesIO(saved(picture())), name="a.jpg", by=None, source="desk")
    with connections["owner"].cursor() as cursor:
        for sql in (
            "UPDATE casetracker_evidence SET name = 'b', copy_attempts = 1",
            "DELETE FROM casetracker_evidence",
        ):
            with pytest.raises(DatabaseError, match="append-only"):
                cursor.execute(sql)
        cursor.execute("UPDATE casetracker_evidence SET copy_attempts = 1")
    row.refresh_from_db()
    assert (row.name, row.copy_attempts) == ("a.jpg", 1)
