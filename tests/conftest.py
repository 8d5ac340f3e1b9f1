"""Fixtures every test may use: the database of the worker, a database of one's own, people and problems."""

import gc
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from casetracker import calendars
from tests import services

if TYPE_CHECKING:
    from tests.cast import Cast

# Looking for cycles after every 700 new objects costs a tenth of the tests' time: models and templates are many.
gc.set_threshold(50_000)

# The same examples on every run; make faults (CASETRACKER_FULL) looks for new ones, and for more of them.
_slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
hypothesis_settings.register_profile("default", derandomize=True, deadline=None, suppress_health_check=_slow)
hypothesis_settings.register_profile("full", max_examples=1000, deadline=None, suppress_health_check=_slow)
hypothesis_settings.load_profile("full" if os.environ.get("CASETRACKER_FULL") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _server() -> psycopg.Connection[Any]:
    return psycopg.connect(services.named(os.environ["CASETRACKER_SUPERUSER_URL"], "postgres"), autocommit=True)


def _clone(name: str) -> None:
    with _server() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE {services.TEMPLATE} OWNER casetracker_owner')


def _drop(name: str) -> None:
    with _server() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A clone of the migrated template, used as the application's role; tests roll back in it."""
    name = services.own_database()
    _clone(name)
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    _drop(name)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database of this test's own, for tests that commit (threads, workers, browsers); dropped afterwards."""
    name = f"casetracker_{uuid.uuid4().hex[:12]}"
    _clone(name)
    aliases = ["default", "owner"]
    before = {alias: connections.databases[alias]["NAME"] for alias in aliases}
    with django_db_blocker.unblock():
        for alias in aliases:
            connections[alias].close()
            connections.databases[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name
        yield
        for alias in aliases:
            connections[alias].close()
            connections.databases[alias]["NAME"] = connections[alias].settings_dict["NAME"] = before[alias]
    _drop(name)


@pytest.fixture
def people(db: None) -> "Cast":
    """The cast of tests/cast.py in the worker's database."""
    from tests.cast import cast

    return cast()


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _own_folders(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path / "evidence"
    settings.EXPORTS_ROOT = tmp_path / "exports"
    settings.MAIL_FOLDER = tmp_path / "mail"


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A request leaves its person's language active in the thread that answered it."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


assert not settings.DEBUG


@pytest.fixture
def calendar_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that count queries: on a busy machine the process may ask between two pages whether it changed."""
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 3600.0)
