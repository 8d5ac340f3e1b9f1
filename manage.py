#!/usr/bin/env python
"""Django's command line, with a database under it: the one DATABASE_URL names or an embedded one."""

import os
import sys

from casetracker import embedded


def main() -> None:
    """Run the command that sys.argv names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casetracker.settings")
    try:
        with embedded.for_command(sys.argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except embedded.EmbeddedError as error:
        sys.exit(f"manage.py: {error}")


if __name__ == "__main__":
    main()
