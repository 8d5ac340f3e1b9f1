"""The web server's own answers, which are given before a request is one of Django's."""

import contextlib
import socket
import time
from typing import Any

from django.template.loader import render_to_string
from gunicorn.http.errors import LimitRequestLine  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

# A browser that is cut off while it still sends shows no answer at all: so much more is taken from it, so long.
MOST_READ = 1024 * 1024
LINGER_SECONDS = 2.0


class Worker(ThreadWorker):
    """Threads as gunicorn has them; an address that is too long gets a page that says what to do."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        if not isinstance(exc, LimitRequestLine):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Address too long from ip=%s: %s", addr[0] if addr else "", exc)
        with contextlib.suppress(OSError):
            client.settimeout(LINGER_SECONDS)
            client.sendall(too_long())
            _take_the_rest(client)


def too_long() -> bytes:
    """The whole answer 414; which language the reader wants was not read, so the page speaks both."""
    page = render_to_string("414.html").encode()
    head = [
        "HTTP/1.1 414 URI Too Long",
        "Connection: close",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(page)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
        "Referrer-Policy: same-origin",
        "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'",
    ]
    return "\r\n".join([*head, "", ""]).encode() + page


def _take_the_rest(client: socket.socket) -> None:
    """Read on until the browser has closed its side, within limits: however slowly it sends, a thread is held no longer
    than LINGER_SECONDS."""
    client.shutdown(socket.SHUT_WR)
    left, until = MOST_READ, time.monotonic() + LINGER_SECONDS
    while left > 0 and (seconds := until - time.monotonic()) > 0:
        client.settimeout(seconds)
        block = client.recv(65536)
        if not block:
            return
        left -= len(block)
