"""PostgreSQL and Redis as child processes, for whoever gives no DATABASE_URL or REDIS_URL.

Only the standard library and the installed programs: usable before Django has settings.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Self

from casetracker.embedded import account as accounts
from casetracker.embedded import postgres as postgresql
from casetracker.embedded import redis as redis_server
from casetracker.embedded.account import Account, EmbeddedError

__all__ = ["AlreadyRunning", "EmbeddedError", "Services", "command_first", "data_folder", "for_command", "start"]

# They never ask the database anything. (`run` starts servers of its own, and `check` asks on demand.)
COMMANDS_WITHOUT_DATABASE = {
    *("help", "version", "--help", "-h", "--version"),
    *("collectstatic", "findstatic", "diffsettings", "messages", "makemigrations"),
}

# They make an installation where there is none; every other command asks about one that is there.
COMMANDS_THAT_BEGIN = {"run", "migrate"}

# What may stand before a command and takes the next word.
OPTIONS_WITH_VALUE = {"--settings", "--pythonpath", "--verbosity", "-v"}


class AlreadyRunning(EmbeddedError):
    """Another process runs the servers of this data folder; `environment` is empty until they are ready."""

    def __init__(self, data: Path, pid: int, command: str, environment: dict[str, str], ready: bool) -> None:
        super().__init__(
            f"Casetracker already runs on {data} (process {pid}: {command}). "
            f"Stop it first (kill {pid}), or set CASETRACKER_DATA to another folder."
        )
        self.pid, self.environment, self.ready = pid, environment, ready


@dataclass
class Services:
    """The running servers: their addresses as environment variables, their processes by name."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    account: Account | None = None
    _lock: IO[str] | None = None
    _sockets: Path | None = None

    @property
    def logs(self) -> Path:
        """The folder with one log per process."""
        return self.data / "log"

    def stop(self) -> None:
        """Stop Redis, then PostgreSQL, and let go of the data folder; calling it again does nothing."""
        if process := self.processes.pop("redis", None):
            redis_server.stop(process)
        if process := self.processes.pop("postgres", None):
            postgresql.stop(process)
        if self._sockets:
            (self._sockets / redis_server.SOCKET).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._sockets.rmdir()
        if self._lock:
            self._lock.close()
        self._lock = self._sockets = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()


def data_folder() -> Path:
    """CASETRACKER_DATA, else var/ beside manage.py; absolute."""
    given = os.environ.get("CASETRACKER_DATA", "").strip()
    return Path(given).expanduser().absolute() if given else Path(__file__).resolve().parents[2] / "var"


def _to_stderr(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def start(
    data: Path | None = None,
    *,
    postgres: bool = True,
    redis: bool = True,
    settings: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    say: Callable[[str], None] = _to_stderr,
) -> Services:
    """Start the servers on a data folder and return when both answer; call it from the main thread.

    The first start creates the database and its roles; `settings` go over PostgreSQL's own (fsync=off, say,
    for tests), commands beside the servers get `environment`, too. On Linux the servers end with this process,
    however it ends. Raises AlreadyRunning when another process has the folder, EmbeddedError with the remedy else.
    """
    data = (data or data_folder()).absolute()
    account = accounts.choose(data)
    accounts.prepare(data, account)
    services = Services(data, dict(environment or {}), account=account, _lock=_claim(data))
    try:
        services._sockets = sockets = accounts.sockets(data, account)
        if postgres:
            services.processes["postgres"] = postgresql.start(data, sockets, account, settings or {}, say)
            services.environment |= postgresql.urls(sockets)
        if redis:
            services.processes["redis"] = redis_server.start(data, sockets, account)
            services.environment |= redis_server.urls(sockets)
        _announce(services, ready=True)
    except BaseException:
        services.stop()
        raise
    return services


def _claim(data: Path) -> IO[str]:
    """Lock run.json for as long as this process lives; AlreadyRunning when another process has it.

    The kernel drops the lock with its holder, so nothing stale is ever mistaken for a running server.
    """
    path = data / "run.json"
    try:
        lock = path.open("a+")
    except PermissionError:
        raise EmbeddedError(
            f"the data folder {data} belongs to another user. Run as that user (or root), "
            "or set CASETRACKER_DATA to another folder."
        ) from None
    if not _taken(lock):
        lock.seek(0)
        with lock:
            try:
                state = json.loads(lock.read())
            except ValueError:  # being written
                state = {"pid": 0, "command": "starting", "environment": {}, "ready": False}
        raise AlreadyRunning(data, **state)
    _write(lock, {}, ready=False)
    return lock


def _taken(lock: IO[str]) -> bool:
    """Lock an open run.json; False when another process has it.

    Whoever only looks (_is_claimed) holds a shared lock for a moment, and is waited for: beside it there is room for
    another shared one, beside the lock of whoever has the folder there is none.
    """
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            return True
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(lock, fcntl.LOCK_UN)
        time.sleep(0.01)


def _is_claimed(data: Path) -> bool:
    """Whether a process has this data folder now, perhaps with a database elsewhere."""
    try:
        with (data / "run.json").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _announce(services: Services, *, ready: bool) -> None:
    if services._lock:
        _write(services._lock, services.environment, ready=ready)


def _write(lock: IO[str], environment: dict[str, str], *, ready: bool) -> None:
    """Who has the folder and where its servers are; never a password, the sockets are private instead."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])
    lock.seek(0)
    lock.truncate()
    json.dump({"pid": os.getpid(), "command": command, "environment": environment, "ready": ready}, lock)
    lock.flush()


def command_first(argv: Sequence[str]) -> list[str]:
    """The same command line with the options that stand before the command behind it, where Django looks for them."""
    words = list(argv[1:])
    count = 0
    while count < len(words) and words[count].startswith("-"):
        count += 2 if words[count] in OPTIONS_WITH_VALUE else 1
    if count >= len(words):  # no command at all, as in --version
        return list(argv)
    return [*argv[:1], words[count], *words[:count], *words[count + 1 :]]


def needs_database(argv: Sequence[str]) -> bool:
    """Whether this manage.py command line may ask the database something."""
    if len(argv) < 2 or {"--help", "-h"} & set(argv[2:]):
        return False
    if argv[1] == "run":
        return "--prepare" in argv
    if argv[1] == "check":
        return any(word.startswith("--database") for word in argv[2:])
    return argv[1] not in COMMANDS_WITHOUT_DATABASE


@contextlib.contextmanager
def for_command(argv: Sequence[str]) -> Iterator[None]:
    """Give a manage.py command a database: the one DATABASE_URL names, the running embedded one, or one started
    for as long as the command takes (or other commands that joined meanwhile)."""
    if os.environ.get("DATABASE_URL") or not needs_database(argv):
        yield
        return
    data = data_folder()
    if argv[1] not in COMMANDS_THAT_BEGIN and not (data / "postgres").exists() and not _is_claimed(data):
        raise EmbeddedError(
            f"there is no installation in {data}. Set CASETRACKER_DATA to the folder of the one you mean, as it was "
            "set for make run, or DATABASE_URL to its database. (manage.py migrate would begin a new one here.)"
        )
    accounts.prepare(data, accounts.choose(data))
    with (data / "commands.lock").open("a") as commands:
        services, environment = _joined(data, commands)
        with _in_environment(environment):
            try:
                yield
            finally:
                if services:
                    _leave_last(commands)
                    services.stop()


def _joined(data: Path, commands: IO[str]) -> tuple[Services | None, dict[str, str]]:
    """The environment of the running servers, or of servers started here, which then come first.

    Whoever uses servers of another command holds a shared lock; it stops them only when alone.
    """
    while True:
        fcntl.flock(commands, fcntl.LOCK_SH)
        try:
            services = start(data, redis=False)
        except AlreadyRunning as running:
            if running.ready and "DATABASE_URL" not in running.environment:
                raise EmbeddedError(
                    f"Casetracker runs (process {running.pid}) with a database of its own. "
                    "Set the same DATABASE_URL for this command."
                ) from None
            if running.ready:
                return None, running.environment
        else:
            return services, services.environment
        fcntl.flock(commands, fcntl.LOCK_UN)  # it is starting, or about to stop
        time.sleep(0.1)


def _leave_last(commands: IO[str]) -> None:
    """Wait for commands that use the servers started here."""
    try:
        fcntl.flock(commands, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _to_stderr("Waiting for another command that uses this database (Ctrl-C stops it under that command).")
        with contextlib.suppress(KeyboardInterrupt):
            fcntl.flock(commands, fcntl.LOCK_EX)


@contextlib.contextmanager
def _in_environment(values: dict[str, str]) -> Iterator[None]:
    """The variables added to os.environ; what the user gave stays."""
    added = {name: value for name, value in values.items() if not os.environ.get(name)}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
