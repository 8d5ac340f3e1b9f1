"""What is kept as a whole or not at all, without a savepoint where nobody would go back to one."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, transaction


class OutsideTransaction(RuntimeError):
    """Rows were to be written outside the transaction of the change that they belong to."""


Given = ParamSpec("Given")
Made = TypeVar("Made")


class Together(transaction.Atomic):
    """A transaction inside which no refusal is caught: what fails in it, or in one inside it, ends all of it.

    Directly inside another one it joins that one; inside an ordinary transaction.atomic(), whose owner may catch a
    refusal and go on, it has a savepoint of its own.
    """

    def __init__(self) -> None:
        super().__init__(DEFAULT_DB_ALIAS, savepoint=True, durable=False)

    def __enter__(self) -> None:
        around = connections[DEFAULT_DB_ALIAS].atomic_blocks
        self.savepoint = not all(isinstance(one, Together) for one in around)
        super().__enter__()


def together(function: Callable[Given, Made]) -> Callable[Given, Made]:
    """Do all that the function does in one transaction (see Together)."""

    @wraps(function)
    def inner(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        with Together():
            return function(*args, **kwargs)

    return inner
