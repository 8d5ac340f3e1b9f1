"""Starts PostgreSQL and Redis for the tests, before Django reads its settings (loaded by -p in pyproject.toml).

One server per run with a migrated template database; every worker, and every test that commits, gets a
clone of it and connects as the application's role. Nothing is started when CASETRACKER_TEST_URL names a
server (a superuser's address).
"""

import atexit
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
    services = embedded.start(data)
    owner_pid = os.getpid()

    def end() -> None:
        if os.getpid() == owner_pid:
            services.stop()
            shutil.rmtree(data, ignore_errors=True)

    atexit.register(end)
    os.environ.update(services.environment)
    _make_template(services.environment)


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
