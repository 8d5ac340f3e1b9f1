"""Handing one letter to a mail server, knowing at every moment whether its body may have left.

Django's own backend hides the phases of the conversation: a lost answer looks like a failure, and the
retry doubles the mail. Here the caller commits its marker between the server's go-ahead and the body,
and only a missing answer to the final dot is an unknown outcome (RFC 5321, 4.5.3.2.6: wait ten minutes).
"""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.conf import settings

GO_AHEAD = 354


class Outcome(Enum):
    """What became of a letter."""

    ACCEPTED = "accepted"
    # Answered with 4xx, or failed before the final dot: nothing was taken on, it may be tried again.
    LATER = "later"
    # Answered with 5xx: it will never be taken on as it is.
    REFUSED = "refused"
    # No answer after the final dot: it may or may not have arrived.
    UNKNOWN = "unknown"
    # The marker could not be set; nothing left.
    STOPPED = "stopped"


@dataclass(frozen=True)
class Answer:
    """The outcome and the server's words; `reached` is False where no server answered at all."""

    outcome: Outcome
    words: str = ""
    reached: bool = True


class _Refusal(Exception):
    """An answer of the server that ends the conversation before the body."""

    def __init__(self, code: int, words: bytes) -> None:
        super().__init__(code)
        text = f"{code} {words.decode(errors='replace')}"
        self.answer = Answer(Outcome.REFUSED if code >= 500 else Outcome.LATER, text)


def hand_over(message: bytes, *, sender: str, recipient: str, mark: Callable[[], bool]) -> Answer:
    """Send one message to one recipient over one connection.

    `mark` is called when the server is ready for the body and nothing of it has left; where it returns
    False the conversation ends there. `message` has CRLF line ends. Never raises for what a server or a
    network does.
    """
    try:
        server = _connected()
    except _Refusal as refusal:
        return refusal.answer
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return Answer(Outcome.LATER, _words(error), reached=False)
    with contextlib.closing(server):
        try:
            _envelope(server, sender, recipient)
        except _Refusal as refusal:
            return refusal.answer
        except UnicodeError as error:
            # An address that this conversation can't carry; another try would say the same.
            return Answer(Outcome.REFUSED, _words(error))
        except (OSError, smtplib.SMTPException) as error:
            return Answer(Outcome.LATER, _words(error))
        if not mark():
            return Answer(Outcome.STOPPED)
        return _body(server, message)


def _connected() -> smtplib.SMTP:
    """A connection that has said who it is, encrypted and signed in as the settings ask."""
    kind: Any = smtplib.SMTP
    more: dict[str, Any] = {}
    if settings.EMAIL_USE_SSL:
        kind, more = smtplib.SMTP_SSL, {"context": ssl.create_default_context()}
    server: smtplib.SMTP = kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=settings.EMAIL_TIMEOUT, **more)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.EMAIL_USE_TLS:
            server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except smtplib.SMTPAuthenticationError as error:
        # A wrong password of ours is no fault of the letter's.
        server.close()
        raise _Refusal(450, b"signing in to the mail server failed") from error
    except BaseException:
        server.close()
        raise
    return server


def _envelope(server: smtplib.SMTP, sender: str, recipient: str) -> None:
    """From, to, and the server's go-ahead for the body."""
    for command, wanted in (
        (lambda: server.mail(sender), 250),
        (lambda: server.rcpt(recipient), 250),
        (lambda: server.docmd("DATA"), GO_AHEAD),
    ):
        code, words = command()
        if code != wanted and not (wanted == 250 and code == 251):
            raise _Refusal(code, words)


def _body(server: smtplib.SMTP, message: bytes) -> Answer:
    """The body, then the final dot; from the dot on a missing answer is an unknown outcome."""
    text = re.sub(rb"(?m)^\.", b"..", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    try:
        server.send(text)
    except (OSError, smtplib.SMTPException) as error:
        return Answer(Outcome.LATER, _words(error))
    try:
        if server.sock is not None:
            server.sock.settimeout(settings.MAIL_FINAL_REPLY_SECONDS)
        server.send(b".\r\n")
        code, words = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        return Answer(Outcome.UNKNOWN, _words(error))
    said = f"{code} {words.decode(errors='replace')}"
    if code >= 500:
        return Answer(Outcome.REFUSED, said)
    if code >= 400:
        return Answer(Outcome.LATER, said)
    if not 200 <= code < 300:
        return Answer(Outcome.UNKNOWN, said)
    with contextlib.suppress(OSError, smtplib.SMTPException):
        server.quit()
    return Answer(Outcome.ACCEPTED, said)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
