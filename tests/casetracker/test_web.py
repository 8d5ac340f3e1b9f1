"""The web server as the supervisor starts it: addresses that are longer than it takes."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from casetracker import supervisor, web
from casetracker.embedded import child


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    values = {**os.environ, "CASETRACKER_DATA": str(tmp_path_factory.mktemp("web")), "CASETRACKER_PROCESS": "web"}
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(collect, cwd=supervisor.REPOSITORY, env=values, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
    web = supervisor.parts(f"127.0.0.1:{free}")[0]
    process = subprocess.Popen(web.command, cwd=supervisor.REPOSITORY, env=values)
    try:
        yield free
    finally:
        child.stop(process, grace=10)


def ask(port: int, address: str) -> tuple[int, str, str]:
    """Status, what kind of answer, and the answer; asked again while the server is starting."""
    for _try in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", address)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()
        except ConnectionRefusedError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError("the web server did not start")


def test_a_long_search_is_answered_by_a_page_of_ours(port: int) -> None:
    status, _kind, _page = ask(port, "/accounts/login/?next=" + "a" * 6000)
    assert status == 200


@pytest.mark.parametrize("length", [9_000, 300_000])
def test_an_address_beyond_all_measure_gets_a_page_in_both_languages(port: int, length: int) -> None:
    status, kind, page = ask(port, "/problems/?q=" + "a" * length)
    assert (status, kind) == (414, "text/html; charset=utf-8")
    assert "This address is too long" in page
    assert '<span lang="zh-Hans">' in page
    assert 'href="/"' in page


def test_whoever_goes_on_sending_holds_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte from time to time, each within the time that one waits for it."""
    monkeypatch.setattr(web, "LINGER_SECONDS", 0.5)
    ours, theirs = socket.socketpair()
    done = threading.Event()

    def take() -> None:
        with ours, contextlib.suppress(OSError):
            web._take_the_rest(ours)
        done.set()

    threading.Thread(target=take, daemon=True).start()
    with theirs, contextlib.suppress(BrokenPipeError):
        for _byte in range(100):
            theirs.send(b"x")
            if done.wait(0.1):
                break
    assert done.is_set()
