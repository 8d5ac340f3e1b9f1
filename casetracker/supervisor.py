"""The processes of one installation under one parent: started, watched, restarted, and stopped without a trace."""

import contextlib
import http.client
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from casetracker.embedded import Services, child

REPOSITORY = Path(__file__).resolve().parent.parent
RESTARTS, RESTART_WINDOW = 3, 60.0
LONGEST_ADDRESS = 8190  # as much as gunicorn allows; casetracker.web answers longer ones


@dataclass(frozen=True, eq=False)
class Part:
    """One process beside the servers: its name is also that of its log."""

    name: str
    command: Sequence[str]
    process: str  # CASETRACKER_PROCESS, by which the settings know what they serve
    restarts: bool = False


class Interrupted(BaseException):
    """A signal to stop that arrived while something was being prepared."""


@dataclass
class Signals:
    """Ctrl-C, SIGTERM and SIGHUP, counted: the first asks to stop, a second one hurries."""

    count: int = 0
    raising: bool = True

    def install(self) -> None:
        """Take the signals over; a SIGHUP that nohup ignores stays ignored."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._arrived)

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.raising:
            self.raising = False  # what cleans up is not interrupted again
            raise Interrupted

    def hurry(self) -> bool:
        """True after the second signal."""
        return self.count > 1


def say(text: str) -> None:
    """A line for whoever watches; a closed terminal must not stop the stopping."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def parts(address: str) -> list[Part]:
    """Web, the three workers (mail apart, so that a slow mail server holds nothing up) and beat, in stopping order."""
    celery = [sys.executable, "-m", "celery", "-A", "casetracker"]
    web = [sys.executable, "-m", "gunicorn", "casetracker.wsgi", "--bind", address]
    web += ["--workers", "2", "--worker-class", "casetracker.web.Worker", "--threads", "4"]
    web += ["--graceful-timeout", "10", "--no-control-socket", "--limit-request-line", str(LONGEST_ADDRESS)]
    worker = ["--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    return [
        Part("web", web, "web"),
        *(
            Part(
                f"worker-{queue}",
                [*celery, "worker", "-Q", queue, "-n", f"{queue}@%h", *worker],
                "worker",
                restarts=True,
            )
            for queue in ("tick", "mail", "work")
        ),
        Part("beat", [*celery, "beat", "--pidfile=", "--loglevel", "INFO"], "beat"),
    ]


@dataclass
class Supervisor:
    """Runs parts beside started services until a signal comes or one of them fails."""

    services: Services
    environment: Mapping[str, str]
    signals: Signals
    running: dict[Part, subprocess.Popen[bytes]] = field(default_factory=dict)
    _exits: dict[Part, deque[float]] = field(default_factory=dict)

    def run(self, parts: Sequence[Part], ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Start the parts, announce once `ready`, watch; returns the exit status after everything has stopped."""
        self.signals.raising = False
        announced = False
        try:
            for part in parts:
                self._start(part)
            while not self.signals.count:
                if not self._all_well():
                    return 1
                if not announced and ready():
                    announce()
                    announced = True
                time.sleep(0.2)
            return 0
        finally:
            self.stop()

    def once(self, command: Sequence[str]) -> int:
        """Run a command to its end with the terminal as its output; an Interrupted stops it."""
        process = child.spawn(command, environment=self.environment, folder=REPOSITORY)
        try:
            return process.wait()
        finally:
            child.stop(process, grace=5)

    def stop(self) -> None:
        """Stop web, workers, beat, then Redis and PostgreSQL; what does not obey is killed."""
        say("Stopping …")
        for kind in dict.fromkeys(part.process for part in self.running):
            processes = [process for part, process in self.running.items() if part.process == kind]
            for process in processes:
                if process.poll() is None:
                    process.terminate()
            end = time.monotonic() + 15
            for process in processes:
                child.stop(process, first=0, grace=end - time.monotonic(), hurry=self.signals.hurry)
        self.running.clear()
        self.services.stop()
        say("Stopped.")

    def _start(self, part: Part) -> None:
        self.running[part] = child.spawn(
            part.command,
            log=self.services.logs / f"{part.name}.log",
            environment={**self.environment, "CASETRACKER_PROCESS": part.process},
            folder=REPOSITORY,
        )

    def _all_well(self) -> bool:
        """False once something ended that is not to be started again; says what and how."""
        for name, process in self.services.processes.items():
            if process.poll() is not None:
                return self._failed(name, process.returncode)
        for part, process in self.running.items():
            if process.poll() is None:
                continue
            child.stop(process)  # its own children, if any
            if not part.restarts or self._ended_often(part):
                return self._failed(part.name, process.returncode, " too often" if part.restarts else "")
            say(f"{part.name} ended ({how(process.returncode)}) and is started again.")
            self._start(part)
        return True

    def _ended_often(self, part: Part) -> bool:
        """Counts an exit; True for the third within a minute."""
        exits = self._exits.setdefault(part, deque(maxlen=RESTARTS))
        exits.append(time.monotonic())
        return len(exits) == RESTARTS and exits[-1] - exits[0] < RESTART_WINDOW

    def _failed(self, name: str, code: int, often: str = "") -> bool:
        log = self.services.logs / f"{name}.log"
        say(f"{name} ended{often} ({how(code)}), so everything stops. Its log {log} ends:\n{child.last_lines(log)}")
        return False


def how(code: int) -> str:
    """'exit code 1' or 'killed by SIGKILL'."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def answers(host: str, port: int) -> bool:
    """Whether the web process says at /healthz that it works, asked within two seconds."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
