"""GET /healthz with servers of its own, which the tests may stop, freeze and fill."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.test import Client

from casetracker import embedded, health, signs, supervisor
from casetracker.embedded import child
from casetracker.models import Heartbeat

EVERYTHING = {*health.WORKERS, health.BEAT}


@pytest.fixture(scope="module")
def servers() -> Iterator[embedded.Services]:
    """A PostgreSQL and a Redis with nothing in them."""
    with tempfile.TemporaryDirectory(prefix="casetracker-test-") as base:
        Path(base).chmod(0o711)
        with embedded.start(Path(base) / "var", settings={"fsync": "off"}) as services:
            yield services


@pytest.fixture
def installation(
    servers: embedded.Services, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[psycopg.Connection]:
    """The site pointed at these servers, migrated, every part alive; yields the owner's connection."""
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # whitenoise warns where there is none
    database = connections["default"].settings_dict
    with psycopg.connect(servers.environment["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for key, value in (
            ("HOST", owner.info.host),
            ("PORT", "5432"),
            ("USER", "casetracker"),
            ("NAME", "casetracker"),
        ):
            monkeypatch.setitem(database, key, value)
        settings.REDIS_URL = servers.environment["REDIS_URL"]
        health._migrated_databases.clear()
        owner.execute("CREATE TABLE django_migrations (app text, name text)")
        owner.execute(f"CREATE TABLE {Heartbeat._meta.db_table} (name text, beat_at timestamptz)")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO casetracker")
        for row in health._known_migrations():
            owner.execute("INSERT INTO django_migrations VALUES (%s, %s)", row)
        for name in EVERYTHING:
            beat(owner, name, seconds_ago=1)
        yield owner
        owner.execute(f"DROP TABLE IF EXISTS django_migrations, {Heartbeat._meta.db_table}")


def beat(owner: psycopg.Connection, name: str, *, seconds_ago: float) -> None:
    """Replace the sign of life of a part."""
    table = Heartbeat._meta.db_table
    owner.execute(f"DELETE FROM {table} WHERE name = %s", [name])
    owner.execute(f"INSERT INTO {table} VALUES (%s, now() - make_interval(secs => %s))", [name, seconds_ago])


def answer(status: int) -> dict[str, str]:
    """The body of /healthz, whose status must be as given; no test here may use Django's own connections."""
    response = Client().get("/healthz")
    assert response.status_code == status
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert set(body) == {"status", "database", "redis", "worker", "beat"}
    assert isinstance(body, dict)
    return body


def test_everything_works(installation: psycopg.Connection) -> None:
    assert set(answer(200).values()) == {"ok"}


def test_an_old_sign_of_life_of_one_worker_is_stale(installation: psycopg.Connection) -> None:
    beat(installation, "worker:mail", seconds_ago=121)
    body = answer(200)
    assert (body["status"], body["worker"], body["beat"]) == ("degraded", "stale", "ok")


def test_a_missing_worker_is_down_and_a_fresh_one_does_not_hide_it(installation: psycopg.Connection) -> None:
    installation.execute(f"DELETE FROM {Heartbeat._meta.db_table} WHERE name = 'worker:work'")
    body = answer(200)
    assert (body["status"], body["worker"]) == ("degraded", "down")


def test_beat_without_a_sign_of_life_is_down(installation: psycopg.Connection) -> None:
    installation.execute(f"DELETE FROM {Heartbeat._meta.db_table} WHERE name = 'beat'")
    body = answer(200)
    assert (body["status"], body["beat"], body["worker"]) == ("degraded", "down", "ok")


def process(servers: embedded.Services, log: Path, *words: str) -> subprocess.Popen[bytes]:
    """A real celery process on these servers."""
    environment = {**os.environ, **servers.environment, "CASETRACKER_SECRET_KEY": "x" * 50}
    environment |= {"CASETRACKER_PROCESS": words[0], "PYTHONDONTWRITEBYTECODE": "1"}
    return child.spawn(
        [sys.executable, "-m", "celery", "-A", "casetracker", *words],
        log=log,
        environment=environment,
        folder=supervisor.REPOSITORY,
    )


def wait_for_signs(owner: psycopg.Connection, log: Path, *names: str) -> None:
    """Forget the signs of life that there are, and wait for new ones."""
    owner.execute(f"DELETE FROM {Heartbeat._meta.db_table}")
    end = time.monotonic() + 90
    while time.monotonic() < end:
        rows = owner.execute(f"SELECT name FROM {Heartbeat._meta.db_table}").fetchall()
        if set(names) <= {row[0] for row in rows}:
            return
        time.sleep(0.2)
    pytest.fail(log.read_text())


def test_a_worker_and_beat_each_give_their_own_sign_of_life(
    installation: psycopg.Connection, servers: embedded.Services, tmp_path: Path
) -> None:
    """None by way of the other: beat alone, then a worker alone, each more than the sign of its start."""
    installation.execute(f"GRANT ALL ON {Heartbeat._meta.db_table} TO casetracker")
    worker = ("worker", "-Q", "tick", "-n", "tick@%h", "--concurrency", "1", "--without-gossip", "--without-mingle")
    for name, words in (("beat", ("beat", "--pidfile=")), ("worker:tick", worker)):
        log = tmp_path / f"{words[0]}.log"
        running = process(servers, log, *words)
        try:
            wait_for_signs(installation, log, name)
            wait_for_signs(installation, log, name)
        finally:
            child.stop(running, grace=10)
        written = installation.execute(f"SELECT name FROM {Heartbeat._meta.db_table}").fetchall()
        assert written == [(name,)]


def test_a_worker_whose_task_hangs_gives_no_sign_of_life() -> None:
    now = 1_000_000.0
    tasks = [SimpleNamespace(time_start=None), SimpleNamespace(time_start=now - health.FRESH_SECONDS)]
    assert not signs.held_up(tasks, now)
    assert signs.held_up([*tasks, SimpleNamespace(time_start=now - health.FRESH_SECONDS - 1)], now)
    assert not signs.held_up([], now)


def test_a_missing_redis_degrades(installation: psycopg.Connection, settings: Any, tmp_path: Path) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    body = answer(200)
    assert (body["status"], body["redis"], body["database"]) == ("degraded", "down", "ok")


def test_a_hanging_redis_is_down_and_does_not_hang_the_page(
    installation: psycopg.Connection, servers: embedded.Services
) -> None:
    servers.processes["redis"].send_signal(signal.SIGSTOP)
    try:
        body = answer(200)
    finally:
        servers.processes["redis"].send_signal(signal.SIGCONT)
    assert (body["status"], body["redis"]) == ("degraded", "down")


def test_a_hanging_database_is_down_and_does_not_hang_the_page(
    installation: psycopg.Connection, servers: embedded.Services
) -> None:
    servers.processes["postgres"].send_signal(signal.SIGSTOP)
    try:
        body = answer(503)
    finally:
        servers.processes["postgres"].send_signal(signal.SIGCONT)
    assert (body["status"], body["database"], body["worker"], body["redis"]) == ("down", "down", "down", "ok")


def test_a_locked_table_is_down_and_does_not_hang_the_page(installation: psycopg.Connection) -> None:
    with installation.transaction():
        installation.execute(f"LOCK TABLE {Heartbeat._meta.db_table}")
        assert answer(503)["database"] == "down"


def test_a_missing_database_is_down(
    installation: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", str(tmp_path))
    assert answer(503)["status"] == "down"


def test_a_refusing_database_is_down(installation: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "USER", "nobody_here")
    assert answer(503)["database"] == "down"


def test_an_unmigrated_database_is_down_until_it_is_migrated(installation: psycopg.Connection) -> None:
    app, name = sorted(health._known_migrations())[-1]
    installation.execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", [app, name])
    assert answer(503)["status"] == "down"
    installation.execute("INSERT INTO django_migrations VALUES (%s, %s)", [app, name])
    assert answer(200)["status"] == "ok"


def test_an_empty_database_is_down(installation: psycopg.Connection) -> None:
    installation.execute(f"DROP TABLE django_migrations, {Heartbeat._meta.db_table}")
    assert answer(503)["status"] == "down"


def test_only_reading_is_answered(installation: psycopg.Connection) -> None:
    assert Client().post("/healthz").status_code == 405
    assert Client().head("/healthz").status_code == 200


def test_an_unknown_host_is_answered_too(installation: psycopg.Connection) -> None:
    """Whoever watches may ask by address, before the name exists."""
    assert Client().get("/healthz", headers={"host": "10.0.0.7"}).status_code == 200


@pytest.mark.parametrize(
    ("age", "state"), [(0.0, "ok"), (119.9, "ok"), (120.0, "stale"), (1e9, "stale"), (None, "down")]
)
def test_freshness_ends_after_two_minutes(age: float | None, state: str) -> None:
    assert health.state_of({} if age is None else {"beat": age}, "beat") == state
