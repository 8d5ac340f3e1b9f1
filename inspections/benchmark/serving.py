"""Eight clients at once against the web server itself, over HTTP on the loopback."""

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings

from casetracker.supervisor import REPOSITORY, answers, parts
from inspections.benchmark.scene import Scene

CLIENTS = 8


class NoAnswer(RuntimeError):
    """The web server did not come up, or answered something else than a page."""


def per_second(scene: Scene, addresses: Mapping[str, str], seconds: float) -> dict[str, float]:
    """How many requests a second the server answers for each address; clients and server share this machine."""
    cookie = scene.client(scene.supervisor).cookies[settings.SESSION_COOKIE_NAME].value
    with _server() as port:
        return {name: _load(port, address, cookie, seconds) for name, address in addresses.items()}


def _load(port: int, address: str, cookie: str, seconds: float) -> float:
    counts, failures = [0] * CLIENTS, []
    stop = threading.Event()

    def client(nth: int) -> None:
        headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}", "Host": "localhost"}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not stop.is_set():
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                failures.append(answer.status)
                return
            counts[nth] += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(nth,)) for nth in range(CLIENTS)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - begin
    if failures:
        raise NoAnswer(f"{address} answered {failures[0]} over HTTP")
    return sum(counts) / taken


@contextmanager
def _server() -> Iterator[int]:
    """The web process as manage.py run starts it, on a free port, for as long as it is measured."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    web = parts(f"127.0.0.1:{port}")[0]
    values = {**os.environ, "CASETRACKER_PROCESS": web.process}
    process = subprocess.Popen(web.command, cwd=REPOSITORY, env=values, stdout=subprocess.DEVNULL, stderr=sys.stderr)
    try:
        for _ in range(300):
            if answers("127.0.0.1", port):
                break
            if process.poll() is not None:
                raise NoAnswer(f"The web server ended with {process.returncode}.")
            time.sleep(0.1)
        else:
            raise NoAnswer("The web server did not answer within 30 seconds.")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)
