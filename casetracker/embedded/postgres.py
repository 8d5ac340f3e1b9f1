"""PostgreSQL as a child process: creating the database folder, starting, recovering, stopping."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from casetracker.embedded import binaries, child
from casetracker.embedded.account import Account, EmbeddedError, private_folder

NAME = "casetracker"
OWNER = "casetracker_owner"
SUPERUSER = "postgres"

# A whole application on one small machine: sane, not tuned; durability stays as PostgreSQL has it.
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # only names the socket file
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "fsync": "on",
    "jit": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] %u@%d ",
}

# Run at each start, so that a first start that was cut short is finished by the next.
ROLES_AND_DATABASE = f"""
SELECT 'CREATE ROLE {OWNER} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER}') \\gexec
SELECT 'CREATE ROLE {NAME} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{NAME}') \\gexec
ALTER ROLE {NAME} SET lock_timeout = '3s';
ALTER ROLE {NAME} SET idle_in_transaction_session_timeout = '30s';
SELECT 'CREATE DATABASE {NAME} OWNER {OWNER}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{NAME}') \\gexec
"""


def url(role: str, database: str, sockets: Path) -> str:
    """The address of a database behind the socket folder (the port keeps a PGPORT of the user's out of it)."""
    return f"postgresql://{role}@/{database}?host={quote(str(sockets), safe='/')}&port=5432"


def urls(sockets: Path) -> dict[str, str]:
    """The environment variables that name the embedded database."""
    return {
        "DATABASE_URL": url(NAME, NAME, sockets),
        "DATABASE_OWNER_URL": url(OWNER, NAME, sockets),
        "CASETRACKER_SUPERUSER_URL": url(SUPERUSER, SUPERUSER, sockets),
    }


def start(
    data: Path, sockets: Path, account: Account | None, settings: Mapping[str, str], say: Callable[[str], None]
) -> subprocess.Popen[bytes]:
    """Start PostgreSQL on data/postgres, made when missing, and return once it takes connections.

    Waits for as long as the server says that it is starting or recovering; raises EmbeddedError with the
    end of its log when it exits. The caller holds the lock of the data folder.
    """
    programs = binaries.postgres(data, account)
    folder, log = data / "postgres", data / "log" / "postgres.log"
    if folder.exists():
        _refuse_foreign(folder, programs)
        _end_orphans(folder)
    else:
        say(f"Creating the database in {folder}" + (f" (as user {account.name})" if account else ""))
        _create(folder, programs, log, account)
    options = SETTINGS | dict(settings) | {"unix_socket_directories": f'"{sockets}"'}
    command = [str(programs / "postgres"), "-D", str(folder)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    process = child.spawn(
        command,
        log=log,
        environment=_environment(),
        folder=folder,
        account=account,
        death_signal=signal.SIGINT,  # the fast, clean stop; SIGTERM would wait for every client to leave
    )
    try:
        _wait(process, folder, log)
        _psql(programs, sockets, ROLES_AND_DATABASE)
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown: clients are disconnected and a checkpoint written; only then, in need, harder."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            child.stop(process, signal.SIGQUIT)
    child.stop(process)


def _environment() -> dict[str, str]:
    """Nothing of the user's PG* variables, and messages in English."""
    kept = {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **kept}


def _create(folder: Path, programs: Path, log: Path, account: Account | None) -> None:
    """initdb into a folder beside, renamed when complete: a half-made database is never started."""
    fresh = folder.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    private_folder(fresh, account)
    options = ["-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--auth=trust", "--no-instructions"]
    process = child.spawn(
        [str(programs / "initdb"), *options, "-D", str(fresh)],
        log=log,
        environment=_environment(),
        folder=fresh,
        account=account,
    )
    try:
        code = process.wait()
    except BaseException:
        child.stop(process)
        raise
    if code:
        raise EmbeddedError(f"PostgreSQL could not create its folder {folder}:\n{child.last_lines(log)}")
    fresh.rename(folder)


def _refuse_foreign(folder: Path, programs: Path) -> None:
    """A folder of another user or another PostgreSQL version is left alone, with the remedy said."""
    owner = folder.stat().st_uid
    if os.geteuid() not in {0, owner}:
        raise EmbeddedError(
            f"the database in {folder} belongs to user number {owner}. Run as that user (or root), "
            "or set CASETRACKER_DATA to another folder."
        )
    version = folder / "PG_VERSION"
    made_by = version.read_text().strip() if version.exists() else "?"
    output = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    installed = output.stdout.split()[-1].split(".")[0]
    if made_by != installed:
        raise EmbeddedError(
            f"the database in {folder} was made by PostgreSQL {made_by}, and the installed one is {installed}. "
            "Restore a backup into a new CASETRACKER_DATA, or install the package version it was made with."
        )


def _end_orphans(folder: Path) -> None:
    """Stop what a killed Casetracker left running on this folder, and clear a pid file that names a stranger.

    The lock of the data folder is ours, so whoever still works in it has lost its parent.
    """
    first = True
    while orphans := _orphans(folder):
        for pid in orphans if first else []:
            os.kill(pid, signal.SIGINT)
        first = False
        time.sleep(0.05)
    # PostgreSQL would take any living process with the number in the file for another server.
    (folder / "postmaster.pid").unlink(missing_ok=True)


def _orphans(folder: Path) -> list[int]:
    """Numbers of live postgres processes whose working folder is this one."""
    if Path("/proc/self/cwd").exists():
        return [int(entry.name) for entry in Path("/proc").iterdir() if _works_in(entry, folder)]
    try:
        pid = int((folder / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return []
    output = subprocess.run(["ps", "-p", str(pid), "-o", "args="], capture_output=True, text=True, check=False)
    return [pid] if str(folder) in output.stdout else []


def _works_in(entry: Path, folder: Path) -> bool:
    """True for a /proc entry of a postgres process that works in the folder."""
    try:
        return (
            entry.name.isdecimal()
            and (entry / "comm").read_text().strip() == "postgres"
            and (entry / "cwd").samefile(folder)
        )
    except OSError:
        return False


def _wait(process: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    """Until the eighth line of the pid file says ready, as pg_ctl reads it, or the process is gone."""
    while True:
        if process.poll() is not None:
            raise EmbeddedError(
                f"PostgreSQL stopped while starting (exit code {process.returncode}). "
                f"Its log {log} ends:\n{child.last_lines(log)}"
            )
        try:
            lines = (folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            lines = []
        if len(lines) > 7 and lines[0].strip() == str(process.pid) and lines[7].strip() == "ready":
            return
        time.sleep(0.02)


def _psql(programs: Path, sockets: Path, script: str) -> None:
    """Run SQL as the superuser; EmbeddedError with psql's words when it fails."""
    command = [str(programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url(SUPERUSER, SUPERUSER, sockets)]
    done = subprocess.run(
        command, input=script, env=_environment(), capture_output=True, text=True, check=False, start_new_session=True
    )
    if done.returncode:
        raise EmbeddedError(f"the roles and the database could not be made: {done.stderr.strip()}")
