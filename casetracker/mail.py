"""Mail in a folder: demonstration mode, and installations without a mail server."""

import email
import email.policy
import os
import time
import uuid
from collections.abc import Sequence
from email.message import EmailMessage as Parsed
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class FolderBackend(BaseEmailBackend):
    """Writes each message as one .eml file, complete before it gets its name."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:8]}"
            part = folder / f"{name}.part"
            part.write_bytes(message.message().as_bytes())
            part.rename(folder / f"{name}.eml")
        return len(email_messages)


def keep(message: bytes, name: str) -> None:
    """Store one message under a name of its own; storing it again changes nothing. OSError where it can't be."""
    folder = Path(settings.MAIL_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.{uuid.uuid4().hex[:8]}.part"
    with part.open("wb") as file:
        file.write(message)
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / f"{name}.eml")


def newest(limit: int = 200) -> list[tuple[str, Parsed]]:
    """The newest messages of the folder as (name, message), newest first."""
    folder = Path(settings.MAIL_FOLDER)
    if not folder.is_dir():
        return []
    names = sorted((path.name for path in folder.glob("*.eml")), reverse=True)[:limit]
    return [(name.removesuffix(".eml"), read(name.removesuffix(".eml"))) for name in names]


def read(name: str) -> Parsed:
    """One message of the folder; FileNotFoundError when there is none of this name."""
    return email.message_from_bytes(read_bytes(name), policy=email.policy.default)


def read_bytes(name: str) -> bytes:
    """One message as it was sent; FileNotFoundError when there is none of this name."""
    if not name.replace("-", "").isalnum() or not name.isascii():
        raise FileNotFoundError(name)
    return (Path(settings.MAIL_FOLDER) / f"{name}.eml").read_bytes()


def count() -> int:
    """How many messages the folder holds."""
    folder = Path(settings.MAIL_FOLDER)
    return sum(1 for _path in folder.glob("*.eml")) if folder.is_dir() else 0
