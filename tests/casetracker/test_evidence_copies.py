"""The copies of photos: made by a worker or by the first viewer, once, and what becomes of a photo nobody can open."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from PIL import Image

from casetracker import evidence, photos, registry, tasks
from casetracker.evidence import EvidenceRefused, copy_waiting, open_derivative, store
from casetracker.evidence.copying import ATTEMPTS
from casetracker.models import Evidence
from tests.casetracker.pictures import picture, saved
from tests.services import ROOT, named


@pytest.fixture
def root(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "evidence"
    settings.EVIDENCE_ROOT = folder
    return folder


@pytest.fixture
def told() -> Iterator[list[str]]:
    """Which photos the apps were told to be unreadable."""
    heard: list[str] = []

    def hear(row: Evidence, now: Any) -> None:
        heard.append(row.pk)

    registry.unreadable_photos.append(hear)
    yield heard
    registry.unreadable_photos.remove(hear)


def keep(content: bytes = b"", name: str = "a.jpg") -> Evidence:
    return store(io.BytesIO(content or saved(picture())), name=name, by=None, source="desk")


def broken() -> bytes:
    """A PNG from its beginning to its end, with nonsense in between."""
    content = bytearray(saved(Image.frombytes("RGB", (200, 150), random.Random(7).randbytes(90_000)), "PNG"))
    at = content.index(b"IDAT") + 40
    content[at : at + 2000] = b"\x5a" * 2000
    return bytes(content)


def copies(row: Evidence, root: Path) -> list[Path]:
    return sorted((root / row.pk[:2]).glob(f"{row.pk}.*"))


def child(root: Path, monkeypatch: pytest.MonkeyPatch, begin: str) -> None:
    """Let the photo process do something else first."""
    changed = root.parent / "changed.py"
    script = photos.CHILD.read_text()
    changed.write_text(
        script.replace("    limit_self()\n", f"    import os, signal, time\n    {begin}\n    limit_self()\n")
    )
    monkeypatch.setattr(photos, "CHILD", changed)


def later(row: Evidence) -> Evidence:
    """As long after that the photo is due again, whatever happened."""
    Evidence.objects.filter(pk=row.pk, copies_due_at__isnull=False).update(copies_due_at=timezone.now())
    return Evidence.objects.get(pk=row.pk)


# --- by a worker ------------------------------------------------------------------------------------


def test_the_tick_makes_the_copies_of_what_waits(db: None, root: Path) -> None:
    rows = [keep(saved(picture(640 + number, 480))) for number in range(3)]
    tasks.copy_photos.apply()
    for row in rows:
        row.refresh_from_db()
        assert (row.copies_due_at, row.copy_attempts, row.unreadable) == (None, 0, "")
        assert [path.suffixes for path in copies(row, root)] == [[".preview", ".jpg"], [".thumbnail", ".jpg"]]
    assert copy_waiting() == 0
    assert not list((root / "staging").iterdir())


def test_a_portion_ends_when_its_time_is_over(db: None, root: Path) -> None:
    rows = [keep(saved(picture(640 + number, 480))) for number in range(2)]
    assert copy_waiting(seconds=0) == 1
    assert [bool(copies(row, root)) for row in rows] == [True, False]


def test_two_workers_at_once_share_the_photos(committed: None, root: Path) -> None:
    rows = [keep(saved(picture(640 + number, 480))) for number in range(6)]
    taken = []

    def work() -> None:
        taken.append(copy_waiting(60))
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(taken) == 6
    assert all(len(copies(row, root)) == 2 for row in rows)
    assert not Evidence.objects.filter(copies_due_at__isnull=False).exists()


def test_a_killed_worker_leaves_its_photo_to_the_next(
    committed: None, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = keep()
    child(root, monkeypatch, f"open({str(root / 'begun')!r}, 'w').close(); time.sleep(30)")
    code = "import django; django.setup(); from django.conf import settings; from pathlib import Path\n"
    code += f"settings.EVIDENCE_ROOT = Path({str(root)!r})\n"
    code += (
        f"from casetracker import evidence, photos; photos.CHILD = Path({str(photos.CHILD)!r}); evidence.copy_waiting()"
    )
    names = {alias: connections.databases[alias]["NAME"] for alias in ("default", "owner")}
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "casetracker.settings"}
    for variable, alias in (("DATABASE_URL", "default"), ("DATABASE_OWNER_URL", "owner")):
        environment[variable] = named(environment[variable], names[alias])
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, start_new_session=True)
    for _ in range(600):
        if (root / "begun").exists():
            break
        assert worker.poll() is None
        time.sleep(0.1)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    monkeypatch.undo()

    row.refresh_from_db()
    assert row.copy_attempts == 1
    assert row.copies_due_at is not None
    assert row.copies_due_at > timezone.now() + timedelta(minutes=1)
    assert copy_waiting() == 0
    later(row)
    assert copy_waiting() == 1
    assert len(copies(row, root)) == 2
    assert Evidence.objects.get().copies_due_at is None


def test_a_photo_whose_workers_all_die_is_left_to_its_first_viewer(db: None, root: Path) -> None:
    row = keep()
    Evidence.objects.update(copy_attempts=ATTEMPTS)
    assert copy_waiting() == 1
    row.refresh_from_db()
    assert (row.copies_due_at, row.unreadable, copies(row, root)) == (None, "", [])
    with open_derivative(row, "preview") as opened:
        assert opened.read(3) == b"\xff\xd8\xff"


def test_a_trouble_of_the_server_is_tried_again_later(
    db: None, root: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    row = keep()
    with monkeypatch.context() as patched:
        child(root, patched, "os.kill(os.getpid(), signal.SIGTERM)")
        assert copy_waiting() == 1
    row.refresh_from_db()
    assert (row.unreadable, row.copy_attempts, told) == ("", 1, [])
    assert row.copies_due_at is not None
    assert row.copies_due_at > timezone.now() + timedelta(seconds=20)
    later(row)
    assert copy_waiting() == 1
    assert len(copies(row, root)) == 2


def test_a_lost_original_keeps_no_worker_busy(db: None, root: Path) -> None:
    row = keep()
    (root / row.pk[:2] / row.pk).unlink()
    taken = 0
    while later(row).copies_due_at:
        taken += copy_waiting()
    assert taken == ATTEMPTS + 1
    assert Evidence.objects.get().unreadable == ""


# --- by the first viewer ----------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [["preview"], ["thumbnail"], ["preview", "thumbnail"]])
def test_a_missing_copy_is_made_on_the_spot(db: None, root: Path, lost: list[str]) -> None:
    row = keep()
    copy_waiting()
    for size in lost:
        (root / row.pk[:2] / f"{row.pk}.{size}.jpg").unlink()
    for size in lost:
        with open_derivative(row, size) as opened:  # type: ignore[arg-type]
            assert opened.read(3) == b"\xff\xd8\xff"
    assert later(row).copies_due_at is None


def test_a_viewer_does_not_wait_for_the_worker_to_begin(db: None, root: Path) -> None:
    row = keep()
    with open_derivative(row, "thumbnail") as opened:
        assert opened.read(3) == b"\xff\xd8\xff"
    assert copy_waiting() == 0


def test_viewers_and_a_worker_at_once_find_the_same_two_copies(committed: None, root: Path) -> None:
    row = keep(saved(picture(3000, 2000)))
    seen: list[bytes] = []
    barrier = threading.Barrier(4)

    def view() -> None:
        barrier.wait()
        with open_derivative(row, "preview") as opened:
            seen.append(opened.read())
        connections.close_all()

    def work() -> None:
        barrier.wait()
        copy_waiting()
        connections.close_all()

    people = [threading.Thread(target=one) for one in (view, view, view, work)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    preview = (root / row.pk[:2] / f"{row.pk}.preview.jpg").read_bytes()
    assert seen == [preview] * 3
    assert Image.open(io.BytesIO(preview)).size == (1600, 1067)
    assert len(copies(row, root)) == 2
    assert later(row).copies_due_at is None
    assert not list((root / "staging").iterdir())


# --- a photo that nobody can open -------------------------------------------------------------------


def test_a_photo_broken_inside_keeps_its_bytes_and_is_marked_and_told_once(
    db: None, root: Path, told: list[str]
) -> None:
    row = keep(broken(), "现场.png")
    assert row.is_inline
    assert copy_waiting() == 1
    row.refresh_from_db()
    assert (row.unreadable, row.copies_due_at, row.is_inline, row.shows_something) == ("damaged", None, False, False)
    assert "Take it again" in evidence.showing_note(row)
    assert evidence.is_intact(row)
    assert [entry.action for entry in row.custody.all()] == ["stored", "unreadable"]
    assert copy_waiting() == 0
    with pytest.raises(EvidenceRefused, match="Take it again"):
        open_derivative(row, "preview")
    assert told == [row.pk]


def test_a_viewer_finds_it_too_and_it_is_still_told_once(db: None, root: Path, told: list[str]) -> None:
    row = keep(broken())
    for _viewer in range(2):
        with pytest.raises(EvidenceRefused):
            open_derivative(row, "thumbnail")  # the same row as it was read before
    assert copy_waiting() == 0
    assert told == [row.pk]
    assert [entry.action for entry in row.custody.all()] == ["stored", "unreadable"]


def test_an_unreadable_photo_sent_again_is_refused_at_once(db: None, root: Path, told: list[str]) -> None:
    row = keep(broken())
    copy_waiting()
    with pytest.raises(EvidenceRefused) as refusal:
        keep(broken())
    assert refusal.value.code == "damaged"
    assert [entry.action for entry in row.custody.all()] == ["stored", "unreadable", "stored_again"]
    assert told == [row.pk]


def test_a_photo_is_too_heavy_only_at_the_second_try(
    db: None, root: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    row = keep()
    child(root, monkeypatch, "os.kill(os.getpid(), signal.SIGKILL)")
    copy_waiting()
    row.refresh_from_db()
    assert (row.unreadable, row.is_inline, told) == ("", True, [])
    later(row)
    copy_waiting()
    row.refresh_from_db()
    assert (row.unreadable, row.copies_due_at, told) == ("too_heavy", None, [row.pk])
    assert "memory or time" in row.unreadable_note
