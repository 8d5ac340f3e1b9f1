"""Refusing unsafe settings at start-up, each with what to set."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Advice
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError


def unsafe() -> list[CheckMessage]:
    """What must be set before this installation may start (nothing in demonstration mode)."""
    if settings.DEMO:
        return []
    found: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < 40:
        found.append(
            Error(
                "CASETRACKER_SECRET_KEY is missing or shorter than 40 characters.",
                hint="Set it to a long random text and keep it: "
                "python -c 'import secrets; print(secrets.token_urlsafe(48))'",
                id="casetracker.E001",
            )
        )
    if not os.environ.get("CASETRACKER_URL"):
        found.append(
            Error(
                "CASETRACKER_URL is missing.",
                hint="Set it to the address people open, e.g. https://casetracker.example.gov.",
                id="casetracker.E002",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "CASETRACKER_HOSTS allows every host.",
                hint="Name the hosts, separated by commas.",
                id="casetracker.E003",
            )
        )
    return found


@register()
def settings_check(**kwargs: Any) -> list[CheckMessage]:
    return unsafe()


@register(deploy=True)
def mail_check(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO or os.environ.get("CASETRACKER_MAIL_URL"):
        return []
    return [
        Advice(
            "CASETRACKER_MAIL_URL is missing: mail is kept in a folder and nobody receives it.",
            hint="Set it to smtp://user:password@host:587?tls=starttls.",
            id="casetracker.W001",
        )
    ]


def refuse_unsafe() -> None:
    """Raise ImproperlyConfigured with what to set; the web process calls it before it answers anything."""
    if problems := unsafe():
        raise ImproperlyConfigured(" ".join(f"{item.msg} {item.hint}" for item in problems))
    if not settings.DEMO and _holds_demonstration():
        raise ImproperlyConfigured(
            "This database holds the demonstration, whose password is published. "
            "Set DATABASE_URL to another database, or CASETRACKER_DEMO=1 to go on demonstrating."
        )


def _holds_demonstration() -> bool:
    """False as well where the database can't be asked: then nobody can sign in either, and /healthz says so."""
    from casetracker import options

    try:
        return options.holds_demonstration()
    except DatabaseError:
        return False
