"""manage.py commands and their database: the running one, one for their own length, or none."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from casetracker import embedded
from casetracker.environment import secret_in
from tests.casetracker.embedded.servers import REPOSITORY, RUNS_AT, forget_urls, gone, hold, query


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


def test_a_command_beside_a_running_server_knows_the_address_that_people_open(
    data: Path, holders: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links of letters that it sends lead to the server, whose PORT this shell does not have."""
    forget_urls(monkeypatch, data)
    for name in ("CASETRACKER_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CASETRACKER_DEMO", "1")

    def address() -> str:
        words = ["shell", "--no-imports", "-c", "from django.conf import settings; print(settings.URL)"]
        line = [sys.executable, "manage.py", *words]
        return subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()

    hold(data, holders)
    assert address() == RUNS_AT
    monkeypatch.setenv("CASETRACKER_URL", "https://casetracker.example/")
    assert address() == "https://casetracker.example"


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
