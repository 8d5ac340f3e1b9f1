"""manage.py run: the whole installation in one terminal, and nothing left of it afterwards."""

import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, CommandError, CommandParser, call_command
from django.db import OperationalError

from casetracker import built, embedded, environment
from casetracker.checks import refuse_unsafe
from casetracker.supervisor import Interrupted, Signals, Supervisor, answers, parts, say

DEMO_USERS = "inspector1 inspector2 supervisor1 handler1 handler2 officer1 legal1 leader1 admin"
DEMO_PASSWORD = "casetracker-demo"  # public: these accounts exist in demonstration mode only


class Command(BaseCommand):
    help = (
        "Start everything: PostgreSQL and Redis unless DATABASE_URL and REDIS_URL name others, the web server on "
        "CASETRACKER_BIND (127.0.0.1) and PORT (8000), the workers and beat. Ctrl-C stops all of it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="only migrate, compile the catalogues, collect static files and load the demonstration data",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_unsafe()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        if options["prepare"]:
            try:
                prepare()
            except OperationalError as error:
                raise CommandError(f"The database that DATABASE_URL names does not work: {error}") from None
            return
        host, port = environment.text("CASETRACKER_BIND", "127.0.0.1"), environment.number("PORT", 8000)
        check_free(host, port)
        signals = Signals()
        signals.install()
        try:
            services = embedded.start(
                postgres=not environment.text("DATABASE_URL"),
                redis=not environment.text("REDIS_URL"),
                environment={"CASETRACKER_RUNS_AT": settings.URL},
                say=say,
            )
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from None
        except Interrupted:
            sys.exit(0)
        sys.exit(supervise(services, signals, host, port))


def supervise(services: embedded.Services, signals: Signals, host: str, port: int) -> int:
    """Prepare, run the parts until a signal or a failure, stop all; returns the exit status."""
    values = {**os.environ, **services.environment, "CASETRACKER_DATA": str(services.data), "PYTHONUNBUFFERED": "1"}
    supervisor = Supervisor(services, values, signals)
    if services.account and services.processes:
        say(f"Running as root: {' and '.join(services.processes)} run as user {services.account.name}.")
    try:
        code = supervisor.once([sys.executable, "manage.py", "run", "--prepare"])
        if code:
            say("Preparing failed; what is written above says why.")
    except Interrupted:
        code = 0
    if code or signals.count:
        supervisor.stop()
        return code
    probe = "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host  # noqa: S104
    return supervisor.run(
        parts(f"[{host}]:{port}" if ":" in host else f"{host}:{port}"),
        ready=lambda: answers(probe, port),
        announce=lambda: announce(services),
    )


def announce(services: embedded.Services) -> None:
    """The address and, in demonstration mode, who may sign in."""
    say(f"\nCasetracker is ready: {settings.URL}/")
    if settings.DEMO:
        say(f"Sign in as {', '.join(DEMO_USERS.split())}; the password of each is {DEMO_PASSWORD}")
    say(f"Logs are in {services.logs}. Ctrl-C stops everything.\n")


def check_free(host: str, port: int) -> None:
    """CommandError when the web server could not listen there, before anything heavy is started."""
    if not 0 < port < 65536:
        raise CommandError(f"PORT must be between 1 and 65535, not {port}.")
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError:
        raise CommandError(f"Port {port} is reserved for root. Choose one above 1023, e.g. PORT=8000.") from None
    except OSError as error:
        raise CommandError(
            f"The web server cannot listen on {host}, port {port}: {error.strerror}. "
            "Choose another, e.g. PORT=8001, or stop the program that uses it."
        ) from None


def prepare() -> None:
    """Bring database, catalogues and static files up to this version, then the demonstration data; all repeatable."""
    say("Preparing the database …")
    call_command("migrate", interactive=False, verbosity=0)
    built.build(say)
    if settings.DEMO:
        say("Preparing the demonstration data …")
        call_command("demo")
