"""The embedded PostgreSQL and Redis: starting, recovering, refusing, and leaving no process."""

import fcntl
import importlib.util
import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psycopg
import pytest
import redis

from casetracker import embedded
from casetracker.embedded import account, child, postgres
from casetracker.environment import secret_in

REPOSITORY = Path(__file__).resolve().parents[2]
HOLDER = """
import signal, sys, time
from pathlib import Path
from casetracker import embedded
services = embedded.start(Path(sys.argv[1]), redis=sys.argv[2] == "redis")
try:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print(*(process.pid for process in services.processes.values()), flush=True)
    time.sleep(120)
finally:
    services.stop()
"""


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A data folder with a space and Chinese in a path too long for a socket, that any user may enter.

    Not below pytest's own temporary folder, which is closed to other users.
    """
    with tempfile.TemporaryDirectory(prefix="casetracker-test-") as base:
        Path(base).chmod(0o755)
        yield Path(base) / "督查 案件" / ("长" * 30) / "var"


@pytest.fixture
def holders() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that a test starts and that must not outlive it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def hold(
    data: Path,
    holders: list[subprocess.Popen[str]],
    *,
    redis: bool = False,
    python: str = sys.executable,
    user: account.Account | None = None,
) -> list[int]:
    """Run the servers in another process; returns the process numbers of the servers."""
    packages = importlib.util.find_spec("psycopg")
    assert packages
    assert packages.origin
    process = subprocess.Popen(
        [python, "-c", HOLDER, str(data), "redis" if redis else ""],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{Path(packages.origin).parents[1]}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
        **(user.popen if user else {}),
    )
    holders.append(process)
    assert process.stdout
    line = process.stdout.readline()
    assert line, "the servers did not start"
    return [int(word) for word in line.split()]


def gone(pid: int) -> bool:
    """True once the process has ended; waits, and gives up after a minute."""
    for _ in range(600):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False


def query(url: str, sql: str) -> object:
    """The first value of the first row."""
    with psycopg.connect(url) as connection:
        row = connection.execute(sql).fetchone()
    assert row
    return row[0]


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


def test_a_command_uses_the_running_servers_and_leaves_them_running(
    data: Path, holders: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_urls(monkeypatch, data)
    pids = hold(data, holders, redis=True)
    with embedded.for_command(["manage.py", "figures"]):
        assert query(os.environ["DATABASE_URL"], "SELECT 1") == 1
        assert os.environ["REDIS_URL"].startswith("unix://")
    assert "DATABASE_URL" not in os.environ
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_command_beside_a_demonstration_belongs_to_it(
    data: Path, holders: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_urls(monkeypatch, data)
    for name in ("CASETRACKER_DEMO", "CASETRACKER_URL", "CASETRACKER_HOSTS", "CASETRACKER_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    hold(data, holders)

    def command() -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "manage.py", "sqlsequencereset", "casetracker"]
        return subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    refused = command()
    assert refused.returncode != 0
    assert "CASETRACKER_SECRET_KEY is missing" in refused.stderr
    secret_in(data)
    done = command()
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_alone_starts_the_database_for_its_own_length(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_urls(monkeypatch, data)
    with embedded.start(data, redis=False):
        pass
    with embedded.for_command(["manage.py", "figures"]):
        pid = query(os.environ["CASETRACKER_SUPERUSER_URL"], "SELECT pg_backend_pid()")
        assert isinstance(pid, int)
        assert "REDIS_URL" not in os.environ
    assert gone(pid)


@pytest.mark.parametrize(
    "line", ["manage.py", "manage.py help", "manage.py run", "manage.py figures --help", "manage.py check --deploy"]
)
def test_a_command_that_asks_no_database_starts_none(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_urls(monkeypatch, tmp_path / "var")
    with embedded.for_command(line.split()):
        assert "DATABASE_URL" not in os.environ
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("line", ["figures --format json", "send_digest --dry-run", "showmigrations"])
def test_a_command_where_there_is_no_installation_says_so_and_makes_nothing(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_urls(monkeypatch, tmp_path / "var")
    done = subprocess.run(
        [sys.executable, "manage.py", *line.split()], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"there is no installation in {tmp_path / 'var'}" in done.stderr
    assert "Set CASETRACKER_DATA" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("--settings=x migrate --plan", "migrate --settings=x --plan"),
        ("--settings x -v 2 --no-color migrate", "migrate --settings x -v 2 --no-color"),
        ("figures --format json", "figures --format json"),
        ("--version", "--version"),
        ("--settings x", "--settings x"),
        ("", ""),
    ],
)
def test_options_may_stand_before_the_command(line: str, command: str) -> None:
    assert embedded.command_first(["manage.py", *line.split()]) == ["manage.py", *command.split()]


def test_a_command_after_its_options_begins_and_asks_as_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_urls(monkeypatch, tmp_path / "var")
    line = [sys.executable, "manage.py", "--settings=casetracker.settings", "diffsettings"]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "var").exists()


def test_migrate_begins_an_installation_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="casetracker-test-") as base:
        Path(base).chmod(0o755)
        forget_urls(monkeypatch, Path(base) / "var")
        with embedded.for_command(["manage.py", "migrate"]):
            assert query(os.environ["DATABASE_URL"], "SELECT 1") == 1
        with embedded.for_command(["manage.py", "figures"]):
            assert query(os.environ["DATABASE_URL"], "SELECT 1") == 1


def test_a_command_beside_a_run_with_a_database_elsewhere_asks_for_its_address(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_urls(monkeypatch, data.with_name("elsewhere"))
    with (
        embedded.start(data.with_name("elsewhere"), postgres=False),
        pytest.raises(embedded.EmbeddedError, match="Set the same DATABASE_URL"),
        embedded.for_command(["manage.py", "figures"]),
    ):
        pass
    with (
        pytest.raises(embedded.EmbeddedError, match="no installation"),
        embedded.for_command(["manage.py", "figures"]),
    ):
        pass


def test_a_command_whose_reader_leaves_ends_quietly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_urls(monkeypatch, tmp_path / "var")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "manage.py", "diffsettings"]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@pytest.mark.parametrize(("line", "code"), [("diffsettings", 0), ("figures", 1), ("nonsense", 1)])
def test_a_command_without_an_output_ends_as_with_one(
    line: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_urls(monkeypatch, tmp_path / "var")
    for closed in (">&-", ">&- 2>&-"):
        command = ["/bin/sh", "-c", f'exec "$0" manage.py {line} {closed}', sys.executable]
        done = subprocess.run(command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == code
        assert "Traceback" not in done.stderr


def test_a_given_database_url_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_urls(monkeypatch, tmp_path / "var")
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/x")
    with embedded.for_command(["manage.py", "figures"]):
        assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/x"
    assert not (tmp_path / "var").exists()


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


def test_a_socket_folder_that_is_a_link_or_a_strangers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(embedded.EmbeddedError, match="Remove it"):
        account.private_folder(tmp_path / "link", None)
    if os.geteuid() == 0:
        os.chown(tmp_path / "real", pwd.getpwnam("nobody").pw_uid, -1)
        with pytest.raises(embedded.EmbeddedError, match="Remove it"):
            account.private_folder(tmp_path / "real", None)


def test_the_socket_path_stays_short_under_a_long_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("t" * 120)))
    folder = account.sockets(tmp_path / "var", None)
    try:
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= account.SOCKET_PATH_LIMIT
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()


def test_the_log_shown_is_that_of_the_latest_start(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    for text in ("first", "second"):
        child.spawn(["/bin/echo", text], log=log).wait()
    assert child.last_lines(log) == "    second"


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


@as_root
def test_root_runs_the_servers_as_an_ordinary_user_and_says_which(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh = data.with_name("by root")
    with embedded.start(fresh) as services:
        assert services.account
        assert services.account.name in {"postgres", "nobody"}
        for process in services.processes.values():
            assert Path(f"/proc/{process.pid}").stat().st_uid == services.account.uid
    assert f"as user {services.account.name}" in capsys.readouterr().err


@as_root
def test_root_is_refused_where_the_servers_user_cannot_go(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(embedded.EmbeddedError, match="CASETRACKER_DATA=/var/lib/casetracker"):
        embedded.start(tmp_path / "closed" / "var")


@as_root
def test_programs_below_a_folder_closed_to_the_servers_user_are_copied(data: Path, tmp_path: Path) -> None:
    """As with a checkout below /root and data elsewhere."""
    from casetracker.embedded import binaries

    user = account.choose(data)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "redis-server").write_bytes(binaries.redis(data, None).read_bytes())
    (closed / "redis-server").chmod(0o700)
    data.mkdir(parents=True, exist_ok=True)
    program = binaries._copied([closed / "redis-server"], closed, data) / "redis-server"
    assert user
    assert user.may("-x", program)


@as_root
def test_an_ordinary_user_runs_everything_as_themselves(data: Path, holders: list[subprocess.Popen[str]]) -> None:
    own = data.with_name("of nobody")
    own.mkdir(parents=True)
    entry = pwd.getpwnam("nobody")
    nobody = account.Account("nobody", entry.pw_uid, entry.pw_gid)
    python = next((path for path in (sys.executable, "/usr/bin/python3") if nobody.may("-x", Path(path))), None)
    if not python or not nobody.may("-r", REPOSITORY / "manage.py"):
        pytest.skip("Python or the checkout is closed to nobody")
    os.chown(own, nobody.uid, nobody.gid)
    for pid in hold(own, holders, redis=True, python=python, user=nobody):
        assert Path(f"/proc/{pid}").stat().st_uid == nobody.uid
    state = json.loads((own / "run.json").read_text())
    assert f"casetracker-{nobody.uid}-" in state["environment"]["DATABASE_URL"]


def test_the_settings_keep_durability() -> None:
    assert postgres.SETTINGS["fsync"] == "on"
    assert "synchronous_commit" not in postgres.SETTINGS


def forget_urls(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    """As a user's shell has it: only the data folder is named."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CASETRACKER_SUPERUSER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CASETRACKER_DATA", str(data))
