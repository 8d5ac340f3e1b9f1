"""What the tests of the embedded servers share: servers in another process, and what is left of them."""

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from casetracker.embedded import account

REPOSITORY = Path(__file__).resolve().parents[3]
RUNS_AT = "http://127.0.0.1:8765"
HOLDER = """
import signal, sys, time
from pathlib import Path
from casetracker import embedded
services = embedded.start(
    Path(sys.argv[1]), redis=sys.argv[2] == "redis", environment={"CASETRACKER_RUNS_AT": sys.argv[3]}
)
try:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print(*(process.pid for process in services.processes.values()), flush=True)
    time.sleep(120)
finally:
    services.stop()
"""


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
        [python, "-c", HOLDER, str(data), "redis" if redis else "", RUNS_AT],
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


def forget_urls(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    """As a user's shell has it: only the data folder is named."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "CASETRACKER_SUPERUSER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CASETRACKER_DATA", str(data))
