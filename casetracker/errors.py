"""The refusals of the domain; pages, bulk work and commands show them as they are."""

from typing import Any

from django.utils.translation import gettext


class DomainError(Exception):
    """Something that may not happen; `message` says what to do next, `status` is the HTTP answer."""

    status = 409

    def __init__(self, message: Any, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __str__(self) -> str:
        return str(self.message)


class IllegalMove(DomainError):
    """The present state does not allow the verb (somebody else may have been first)."""


class NotAllowed(DomainError):
    """The person may not do this, with the reason."""

    status = 403


class Invalid(DomainError):
    """What was given is not enough or contradicts itself; `field` names the input."""

    status = 422

    def __init__(self, message: Any, field: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.field = field


def said(stored: str) -> str:
    """Why something failed, as it was stored by a worker, in the active language.

    The first line is a sentence of ours in English, which is translated, or a machine's own words, which stay; lines
    after it always stay.
    """
    sentence, _gap, more = stored.partition("\n")
    return "\n".join(part for part in (gettext(sentence) if sentence else "", more) if part)
