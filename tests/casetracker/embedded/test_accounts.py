"""As whom the servers run, and where their sockets and programs lie."""

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from casetracker import embedded
from casetracker.embedded import account
from tests.casetracker.embedded.servers import REPOSITORY, hold

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


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
