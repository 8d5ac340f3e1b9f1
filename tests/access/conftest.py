"""A city written once per module into a database of its own; each test plays in a transaction that is undone."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import override_settings

from tests.cast import Cast, cast
from tests.conftest import _clone, _drop
from tests.world import World, build

QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass
class City:
    """What the module's database holds, and the folder of its files."""

    world: World
    folder: Path


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    name, folder = f"casetracker_{uuid.uuid4().hex[:12]}", tmp_path_factory.mktemp("city")
    _clone(name)
    before = {alias: connections.databases[alias]["NAME"] for alias in ("default", "owner")}
    with django_db_blocker.unblock():
        _use(dict.fromkeys(before, name))
        with override_settings(EVIDENCE_ROOT=folder, EXPORTS_ROOT=folder / "exports", PASSWORD_HASHERS=QUICK):
            world = build(cast())
        yield City(world, folder)
        _use(before)
    _drop(name)


def _use(names: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections.databases[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name


@pytest.fixture
def world(city: City, settings: Any, _own_folders: None) -> Iterator[World]:
    """One of everything; what the test changes is undone."""
    settings.EVIDENCE_ROOT = city.folder
    settings.EXPORTS_ROOT = city.folder / "exports"
    with transaction.atomic():
        yield city.world
        transaction.set_rollback(True)


@pytest.fixture
def people(world: World) -> Cast:
    return world.cast
