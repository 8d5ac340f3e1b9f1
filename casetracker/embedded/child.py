"""Child processes that outlive nothing: started in a session of their own, logged to a file, stopped for certain."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from casetracker.embedded.account import Account

LOG_LIMIT = 5_000_000
_HEADER = "=== starting "
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str],
    *,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: Account | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session, so that Ctrl-C in the terminal does not reach it.

    Output goes to the end of `log` (or to this process's own output). On Linux the kernel sends
    `death_signal` when the thread that called this ends, even by kill -9: call it from the main thread.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    with contextlib.ExitStack() as files:
        output = None if log is None else files.enter_context(_opened(log))
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=folder,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 (after the change of user, which clears the death signal)
            **(account.popen if account else {}),
        )


def _opened(log: Path):  # type: ignore[no-untyped-def]
    """The log opened for appending, moved aside first when it has grown large."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))
    file = log.open("ab")
    file.write(f"{_HEADER}{log.stem} at {time.strftime('%Y-%m-%d %H:%M:%S')} ===\n".encode())
    file.flush()
    return file


def last_lines(log: Path, count: int = 12) -> str:
    """The end of what the latest start wrote into a log, indented, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 20_000))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return "    (no log)"
    starts = [number for number, line in enumerate(lines) if line.startswith(_HEADER)]
    lines = lines[starts[-1] + 1 :] if starts else lines
    return "\n".join(f"    {line}" for line in lines[-count:]) or "    (it wrote nothing)"


def stop(
    process: subprocess.Popen[bytes],
    first: int = signal.SIGTERM,
    grace: float = 10.0,
    hurry: Callable[[], bool] = lambda: False,
) -> int:
    """Ask the child to end, wait up to `grace` seconds (less once `hurry` says so), then kill its group.

    Afterwards no process of its group is left. Returns the exit code as Popen gives it.
    """
    with contextlib.suppress(ProcessLookupError):
        if process.poll() is None:
            process.send_signal(first)
    end = time.monotonic() + grace
    while process.poll() is None and time.monotonic() < end and not hurry():
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # also what the child itself may have left behind
    return process.wait()
