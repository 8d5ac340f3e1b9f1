"""The refusals of the domain; pages, bulk work and commands show them as they are."""

from typing import Any


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
