"""Who the embedded servers run as, and the folders that belong to them."""

import contextlib
import hashlib
import os
import pwd
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103
_LONGEST_SOCKET = ".s.PGSQL.5432"


class EmbeddedError(RuntimeError):
    """The embedded servers cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """An unprivileged user for the servers when Casetracker itself runs as root."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """The arguments with which subprocess becomes this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": os.getgrouplist(self.name, self.gid)}

    def may(self, test: str, path: Path) -> bool:
        """True if `test` (-x, -r, -d …) of the shell holds for this user."""
        command = ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]
        return subprocess.run(command, cwd="/", check=False, **self.popen).returncode == 0


def choose(data: Path) -> Account | None:
    """None for an ordinary user. For root: the owner of an existing database, else postgres, else nobody.

    PostgreSQL refuses to run as root. Raises EmbeddedError when no such user exists.
    """
    if os.geteuid() != 0:
        return None
    names: list[str] = ["postgres", "nobody"]
    database = data / "postgres"
    if database.exists() and (owner := database.stat().st_uid) != 0:
        try:
            names.insert(0, pwd.getpwuid(owner).pw_name)
        except KeyError:
            raise EmbeddedError(
                f"{database} belongs to user number {owner}, who does not exist here. "
                f"Give it to an existing one: chown -R postgres {database}"
            ) from None
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root and there is neither a user postgres nor nobody. "
        "Run Casetracker as an ordinary user, or make one: useradd --system postgres"
    )


def prepare(data: Path, account: Account | None) -> None:
    """Make the data folder and var/log; refuse with the remedy where the servers could not work in it."""
    try:
        if not data.exists():
            data.mkdir(parents=True)
            if account:  # whatever root's umask: the servers must pass through, not look around
                data.chmod(0o711)
        (data / "log").mkdir(mode=0o700, exist_ok=True)  # the servers inherit open files
    except OSError as error:
        raise EmbeddedError(
            f"the data folder {data} cannot be used ({error.strerror}). "
            "Set CASETRACKER_DATA to a folder that you may write to."
        ) from None
    if account is None:
        return
    for folder in [*reversed(data.parents), data]:
        if not account.may("-x", folder):
            raise EmbeddedError(
                f"as root the servers run as user {account.name}, who cannot enter {folder}. "
                "Set CASETRACKER_DATA to a folder that every user may enter, for example "
                "CASETRACKER_DATA=/var/lib/casetracker, or run as an ordinary user."
            )


def private_folder(path: Path, account: Account | None) -> Path:
    """Make a folder that only the servers' user may enter, or check the one that is there.

    Raises EmbeddedError for a link, a foreign owner or open permissions: in a shared temporary folder
    somebody else may have put it there.
    """
    owner = account.uid if account else os.geteuid()
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise EmbeddedError(
            f"{path} should be a folder of user {owner}, and it is not. "
            "Remove it, or run Casetracker as the user it belongs to."
        )
    if account and found.st_uid != owner:
        os.chown(path, account.uid, account.gid)
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def sockets(data: Path, account: Account | None) -> Path:
    """The short private folder for the servers' sockets, always the same one for the same data folder.

    Not inside the data folder, whose path may be too long for a socket.
    """
    uid = account.uid if account else os.geteuid()
    name = f"casetracker-{uid}-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]}"
    parent = Path(tempfile.gettempdir())
    unusable = len(os.fsencode(parent / name / _LONGEST_SOCKET)) > SOCKET_PATH_LIMIT or '"' in str(parent)
    if unusable or (account and not account.may("-x", parent)):
        parent = Path("/tmp")  # the folder made in it is private and checked
    return private_folder(parent / name, account)
