"""The embedded PostgreSQL and Redis: starting, recovering, refusing, and leaving no process."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import psycopg
import pytest
import redis

from casetracker import embedded
from casetracker.embedded import child, postgres
from tests.casetracker.embedded.servers import gone, hold, query


def test_both_servers_answer_and_a_stop_leaves_no_process(data: Path) -> None:
    with embedded.start(data) as services:
        pids = [process.pid for process in services.processes.values()]
        assert len(pids) == 2
        assert query(services.environment["DATABASE_URL"], "SELECT current_user") == "casetracker"
        with redis.Redis.from_url(services.environment["REDIS_URL"]) as broker:
            assert broker.ping()
            assert broker.config_get("save") == {"save": ""}
        sockets = services._sockets
    assert all(gone(pid) for pid in pids)
    assert sockets
    assert not sockets.exists()


def test_nothing_listens_on_a_network_port(data: Path) -> None:
    with embedded.start(data) as services:
        url = services.environment["CASETRACKER_SUPERUSER_URL"]
        assert query(url, "SHOW listen_addresses") == ""
        with redis.Redis.from_url(services.environment["REDIS_URL"]) as broker:
            assert broker.config_get("port") == {"port": "0"}


def test_roles_and_database_are_as_the_application_expects(data: Path) -> None:
    with embedded.start(data, redis=False) as services:
        url, owner = (services.environment["DATABASE_URL"], services.environment["DATABASE_OWNER_URL"])
        assert query(url, "SHOW lock_timeout") == "3s"
        assert query(url, "SHOW idle_in_transaction_session_timeout") == "30s"
        assert query(owner, "SHOW lock_timeout") == "0"
        assert query(url, "SHOW server_encoding") == "UTF8"
        assert query(url, "SHOW fsync") == "on"
        assert query(url, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()") == (
            "casetracker_owner"
        )
        assert query(owner, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user") is False
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query(url, "CREATE TABLE mine (id int)")


def test_a_second_start_finds_the_data(data: Path) -> None:
    with (
        embedded.start(data, redis=False) as services,
        psycopg.connect(services.environment["DATABASE_OWNER_URL"]) as connection,
    ):
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept AS SELECT '焦作' AS name")
    with embedded.start(data, redis=False) as services:
        assert query(services.environment["DATABASE_OWNER_URL"], "SELECT name FROM kept") == "焦作"


def test_a_killed_database_recovers_at_the_next_start(data: Path) -> None:
    with embedded.start(data, redis=False) as services:
        owner = services.environment["DATABASE_OWNER_URL"]
        with psycopg.connect(owner) as connection:
            connection.execute("DROP TABLE IF EXISTS crashed")
            connection.execute("CREATE TABLE crashed AS SELECT 7 AS n")
        services.processes["postgres"].send_signal(signal.SIGKILL)
        services.processes["postgres"].wait()
        assert (data / "postgres" / "postmaster.pid").exists()
    with embedded.start(data, redis=False) as services:
        assert query(services.environment["DATABASE_OWNER_URL"], "SELECT n FROM crashed") == 7


def test_a_pid_file_that_names_a_living_stranger_does_not_prevent_a_start(data: Path) -> None:
    with embedded.start(data, redis=False):
        lines = (data / "postgres" / "postmaster.pid").read_text().splitlines()
    owner = (data / "postgres").stat().st_uid
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=owner if os.geteuid() == 0 else None)
    try:
        (data / "postgres" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with embedded.start(data, redis=False) as services:
            assert query(services.environment["DATABASE_URL"], "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's own")
def test_servers_of_a_killed_process_end_with_it(data: Path, holders: list[subprocess.Popen[str]]) -> None:
    pids = hold(data, holders, redis=True)
    holders[0].kill()
    assert all(gone(pid) for pid in pids)


def test_a_second_start_on_a_living_folder_is_refused_and_names_the_process(
    data: Path, holders: list[subprocess.Popen[str]]
) -> None:
    hold(data, holders)
    with pytest.raises(embedded.AlreadyRunning, match=rf"process {holders[0].pid}\b") as refused:
        embedded.start(data)
    assert refused.value.environment["DATABASE_URL"].startswith("postgresql://casetracker@/")


def test_whoever_only_looks_who_has_the_folder_keeps_nobody_from_taking_it(tmp_path: Path) -> None:
    taken: list[IO[str]] = []
    (tmp_path / "run.json").touch()
    with (tmp_path / "run.json").open() as looked:
        fcntl.flock(looked, fcntl.LOCK_SH)
        start = threading.Thread(target=lambda: taken.append(embedded._claim(tmp_path)))
        start.start()
        start.join(0.2)
        assert start.is_alive(), "it did not wait"
    start.join(60)
    with taken[0]:
        assert embedded._is_claimed(tmp_path)
        with pytest.raises(embedded.AlreadyRunning, match=rf"process {os.getpid()}\b"):
            embedded._claim(tmp_path)
    assert not embedded._is_claimed(tmp_path)


def test_a_first_start_that_was_cut_short_is_begun_again(data: Path) -> None:
    fresh = data.with_name("cut short")
    (fresh / "postgres.new").mkdir(parents=True)
    (fresh / "postgres.new" / "PG_VERSION").write_text("half")
    with embedded.start(fresh, redis=False) as services:
        assert query(services.environment["DATABASE_URL"], "SELECT 1") == 1
    assert not (fresh / "postgres.new").exists()


def test_a_database_of_another_version_is_refused_with_the_remedy(data: Path) -> None:
    other = data.with_name("old version")
    (other / "postgres").mkdir(parents=True)
    (other / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(embedded.EmbeddedError, match=r"made by PostgreSQL 9\.6"):
        embedded.start(other, redis=False)


def test_a_database_that_cannot_start_shows_its_log(data: Path) -> None:
    broken = data.with_name("broken")
    with embedded.start(broken, redis=False):
        pass
    (broken / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(embedded.EmbeddedError, match="pg_control"):
        embedded.start(broken, redis=False)
    with pytest.raises(embedded.EmbeddedError, match="pg_control"):  # and the folder was let go of
        embedded.start(broken, redis=False)


def test_the_log_shown_is_that_of_the_latest_start(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    for text in ("first", "second"):
        child.spawn(["/bin/echo", text], log=log).wait()
    assert child.last_lines(log) == "    second"


def test_the_settings_keep_durability() -> None:
    assert postgres.SETTINGS["fsync"] == "on"
    assert "synchronous_commit" not in postgres.SETTINGS
