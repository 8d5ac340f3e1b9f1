"""A data folder, and the processes that hold its servers."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data() -> Iterator[Path]:
    """A data folder with a space and Chinese in a path too long for a socket, that any user may enter.

    Not below pytest's own temporary folder, which is closed to other users.
    """
    with tempfile.TemporaryDirectory(prefix="casetracker-test-") as base:
        Path(base).chmod(0o755)
        yield Path(base) / "督查 案件" / ("长" * 30) / "var"


@pytest.fixture
def holders() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that a test starts and that must not outlive it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()
