"""Starts PostgreSQL and Redis for the tests, before Django reads its settings (loaded by -p in pyproject.toml).

One server per run with a migrated template database; every worker, and every test that commits, gets a
clone of it and connects as the application's role. Nothing is started when CASETRACKER_TEST_URL names a
server (a superuser's address).
"""

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "casetracker_template"


def named(url: str, database: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}", netloc=parts.netloc or "@")).replace("@//", "@/")


def _begin() -> None:
    data = Path(tempfile.mkdtemp(prefix="casetracker-tests-"))
    (data / "static").mkdir()
    data.chmod(0o755)  # as root the servers run as another user, who must get in
    os.environ.update(
        {
            "CASETRACKER_DATA": str(data),
            "CASETRACKER_DEMO": "0",
            "CASETRACKER_SECRET_KEY": "tests-only-" + "x" * 40,
            "CASETRACKER_URL": "http://testserver",
            "CASETRACKER_HOSTS": "testserver,localhost,127.0.0.1",
        }
    )
    sys.path.insert(0, str(ROOT))
    from casetracker import embedded

    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    kept = _kept_template()
    is_made = kept.is_dir()
    if is_made:
        subprocess.run(["cp", "-a", str(kept), str(data / "postgres")], check=True)
    # Tests roll back, so that to autovacuum every table is empty; plans made for empty tables then meet full ones.
    quick = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
    services = embedded.start(data, settings=quick)
    owner_pid = os.getpid()

    def end() -> None:
        if os.getpid() == owner_pid:
            services.stop()
            shutil.rmtree(data, ignore_errors=True)

    atexit.register(end)
    os.environ.update(services.environment)
    if not is_made:
        _make_template(services.environment)
        _keep_template(services.environment, data / "postgres", kept)


def _kept_template() -> Path:
    """Where a migrated server of exactly these migrations is kept, so that the next run starts in a second."""
    digest = hashlib.sha256()
    for pattern in ("*/migrations/*.py", "*/reference.py", "*/*content*.py", "casetracker/calendars.py", "*.lock"):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return ROOT / "var" / f"tests-{os.getuid()}-{digest.hexdigest()[:16]}"


def _keep_template(environment: dict[str, str], running: Path, kept: Path) -> None:
    """Copy the server's folder as a base backup would see it: complete, and only then under its name."""
    import psycopg

    kept.parent.mkdir(exist_ok=True)
    for old in kept.parent.glob(f"tests-{os.getuid()}-*"):
        shutil.rmtree(old, ignore_errors=True)
    with psycopg.connect(named(environment["CASETRACKER_SUPERUSER_URL"], "postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_backup_start('template', true)")
        part = kept.with_suffix(f".{os.getpid()}")
        copied = subprocess.run(["cp", "-a", str(running), str(part)], check=False).returncode == 0
        label = connection.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchone()
    if not copied or label is None:
        shutil.rmtree(part, ignore_errors=True)
        return
    (part / "postmaster.pid").unlink(missing_ok=True)
    (part / "backup_label").write_text(label[0])
    # The log that the copy needs to become consistent was written after the copy of that folder.
    shutil.copytree(running / "pg_wal", part / "pg_wal", dirs_exist_ok=True)
    owner = running.stat()
    for path in [part / "backup_label", *(part / "pg_wal").rglob("*")]:
        os.chown(path, owner.st_uid, owner.st_gid)
    try:
        part.rename(kept)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)


def _make_template(environment: dict[str, str]) -> None:
    import psycopg

    superuser = environment["CASETRACKER_SUPERUSER_URL"]
    with psycopg.connect(named(superuser, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE} OWNER casetracker_owner")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        check=True,
        env=os.environ
        | {
            "DATABASE_URL": named(environment["DATABASE_URL"], TEMPLATE),
            "DATABASE_OWNER_URL": named(environment["DATABASE_OWNER_URL"], TEMPLATE),
        },
    )


def own_database() -> str:
    return f"casetracker_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


if "PYTEST_XDIST_WORKER" not in os.environ and "CASETRACKER_SUPERUSER_URL" not in os.environ:
    _begin()
for _name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
    os.environ[_name] = named(os.environ[_name], own_database())
