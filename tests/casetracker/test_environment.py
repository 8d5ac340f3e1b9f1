"""What the environment says, and what follows where it says nothing."""

from pathlib import Path

import pytest

from casetracker import environment

REAL = ("DATABASE_URL", "CASETRACKER_URL", "CASETRACKER_SECRET_KEY", "CASETRACKER_HOSTS")


def test_commands_beside_a_demonstration_belong_to_it_and_to_no_real_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*REAL, "CASETRACKER_SUPERUSER_URL"):
        monkeypatch.delenv(name, raising=False)
    assert not environment.demonstrates(tmp_path)
    environment.secret_in(tmp_path)
    assert environment.demonstrates(tmp_path)
    for name in REAL:
        with monkeypatch.context() as real:
            real.setenv(name, "https://casetracker.example")
            assert not environment.demonstrates(tmp_path)
