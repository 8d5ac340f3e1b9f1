#!/usr/bin/env python
"""Django's command line, with a database under it: the one DATABASE_URL names or an embedded one."""

import os
import select
import signal
import sys
from collections.abc import Callable

from casetracker import embedded


def main() -> None:
    """Run the command that sys.argv names."""
    sys.argv = embedded.command_first(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casetracker.settings")
    try:
        with embedded.for_command(sys.argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except embedded.EmbeddedError as error:
        sys.exit(f"manage.py: {error}")


def quietly(command: Callable[[], None]) -> None:
    """Run a command whose reader may leave early, as head does: then it ends without a word, as SIGPIPE would end it.

    The signal itself stays ignored, as Python has it: it would also end whoever writes to a server that went away.
    An output that the shell closed (>&-) takes everything and keeps nothing.
    """
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    try:
        try:
            command()
        finally:
            if not sys.stdout.closed:
                sys.stdout.flush()
    except BrokenPipeError:
        if not reader_left():
            raise
        # What is still buffered goes nowhere, or Python itself would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


def reader_left() -> bool:
    """Whether nobody reads the standard output any more."""
    watch = select.poll()
    watch.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _file, event in watch.poll(0))


if __name__ == "__main__":
    quietly(main)
