"""Redis as a child process: a broker's doorbell in memory, without persistence."""

import contextlib
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from casetracker.embedded import binaries, child
from casetracker.embedded.account import Account, EmbeddedError, private_folder

SOCKET = "redis.sock"


def urls(sockets: Path) -> dict[str, str]:
    """The environment variable that names the embedded Redis."""
    return {"REDIS_URL": f"unix://{quote(str(sockets / SOCKET), safe='/')}"}


def start(data: Path, sockets: Path, account: Account | None) -> subprocess.Popen[bytes]:
    """Start Redis on a Unix socket only and return once it answers; EmbeddedError when it exits instead."""
    program = binaries.redis(data, account)
    folder, log, path = (private_folder(data / "redis", account), data / "log" / "redis.log", sockets / SOCKET)
    _ask(path, b"SHUTDOWN NOSAVE\r\n")  # one whose Casetracker was killed; the lock of the folder is ours
    process = child.spawn(
        [str(program), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"]
        + ["--save", "", "--appendonly", "no", "--daemonize", "no"],
        log=log,
        environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        folder=folder,
        account=account,
    )
    try:
        while not _ask(path, b"PING\r\n").startswith(b"+PONG"):
            if process.poll() is not None:
                raise EmbeddedError(
                    f"Redis stopped while starting (exit code {process.returncode}). "
                    f"Its log {log} ends:\n{child.last_lines(log)}"
                )
            time.sleep(0.02)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """There is nothing to save: end it."""
    child.stop(process, signal.SIGTERM, grace=5)


def _ask(path: Path, command: bytes) -> bytes:
    """What Redis answers on its socket, empty when nobody is there."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(str(path))
        connection.sendall(command)
        return connection.recv(64)
    return b""
