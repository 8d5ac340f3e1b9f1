"""The supervisor, with small scripts as parts: restarting, failing, stopping, leaving no process."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError

from casetracker import supervisor
from casetracker.embedded import Services, child
from casetracker.management.commands import run
from casetracker.supervisor import Part, Signals, Supervisor

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = """
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Services whose servers are given elsewhere: nothing runs, logs go to a folder of the test."""
    (tmp_path / "log").mkdir()
    services = Services(tmp_path)
    yield services
    for process in services.processes.values():
        child.stop(process, grace=0)


@pytest.fixture
def supervised(services: Services) -> Iterator[Supervisor]:
    supervised = Supervisor(services, dict(os.environ), Signals())
    yield supervised
    for process in supervised.running.values():
        child.stop(process, grace=0)


def part(name: str, code: str, *, process: str = "web", restarts: bool = False) -> Part:
    return Part(name, (sys.executable, "-c", code), process, restarts)


def alive(pid: int) -> bool:
    """False for a process that ended, also where nobody has collected it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def wait_for(path: Path, lines: int = 2) -> list[str]:
    """The lines of a log (the first is the header) once it has that many."""
    for _ in range(600):
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= lines:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{path} never had {lines} lines")


def test_a_signal_stops_every_part_and_the_exit_status_is_zero(supervised: Supervisor) -> None:
    pids: list[int] = []

    def announce() -> None:
        pids.extend(process.pid for process in supervised.running.values())
        supervised.signals.count += 1

    code = supervised.run([part("web", SLEEP), part("beat", SLEEP, process="beat")], lambda: True, announce)
    assert code == 0
    assert len(pids) == 2
    assert not any(map(alive, pids))


def test_parts_stop_in_order_web_workers_beat_and_then_the_servers(
    supervised: Supervisor, services: Services, tmp_path: Path
) -> None:
    farewell = (
        "import signal, sys, time\n"
        "def leave(*_):\n"
        f"    open({str(tmp_path / 'order')!r}, 'a').write(sys.argv[1] + '\\n'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, leave); print('up', flush=True); time.sleep(60)"
    )
    services.processes["redis"] = child.spawn(
        [sys.executable, "-c", farewell, "redis"], log=services.logs / "redis.log"
    )
    parts = [
        Part(name, (sys.executable, "-c", farewell, name), process)
        for name, process in (("web", "web"), ("worker-tick", "worker"), ("beat", "beat"))
    ]

    def announce() -> None:
        for name in ("redis", "web", "worker-tick", "beat"):
            wait_for(services.logs / f"{name}.log")
        supervised.signals.count += 1

    supervised.run(parts, lambda: True, announce)
    assert (tmp_path / "order").read_text().split() == ["web", "worker-tick", "beat", "redis"]


def test_a_part_that_ignores_the_request_is_killed(supervised: Supervisor) -> None:
    supervised._start(part("web", STUBBORN))
    [process] = supervised.running.values()
    wait_for(supervised.services.logs / "web.log")
    supervised.signals.count = 2  # a second Ctrl-C: no waiting
    supervised.stop()
    assert process.returncode == -signal.SIGKILL


def test_what_a_part_started_ends_with_it(supervised: Supervisor) -> None:
    supervised._start(part("web", PARENT))
    grandchild = int(wait_for(supervised.services.logs / "web.log")[1])
    assert alive(grandchild)
    supervised.stop()
    for _ in range(100):
        if not alive(grandchild):
            break
        time.sleep(0.05)
    assert not alive(grandchild)


def test_a_worker_that_exits_is_started_again(
    supervised: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    once = (
        f"import pathlib, sys, time; mark = pathlib.Path({str(tmp_path / 'mark')!r})\n"
        "if not mark.exists(): mark.touch(); sys.exit(9)\n"
        f"pathlib.Path({str(tmp_path / 'again')!r}).touch(); time.sleep(60)"
    )
    code = supervised.run(
        [part("worker-mail", once, process="worker", restarts=True)],
        ready=(tmp_path / "again").exists,
        announce=lambda: setattr(supervised.signals, "count", 1),
    )
    assert code == 0
    assert "worker-mail ended (exit code 9) and is started again" in capsys.readouterr().out


def test_a_worker_that_keeps_exiting_stops_everything(
    supervised: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [part("web", SLEEP), part("worker-work", "raise SystemExit('no broker')", process="worker", restarts=True)]
    assert supervised.run(parts, lambda: False, lambda: None) == 1
    said = capsys.readouterr().out
    assert said.count("is started again") == 2
    assert "worker-work ended too often (exit code 1)" in said
    assert "    no broker" in said


def test_a_crash_of_another_part_is_said_and_stops_the_rest(
    supervised: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    pids: list[int] = []

    def note() -> bool:
        pids.extend(process.pid for process in supervised.running.values())
        return False

    crash = "import os, time; print('cannot go on', flush=True); time.sleep(0.5); os.kill(os.getpid(), 9)"
    assert supervised.run([part("beat", crash, process="beat"), part("web", SLEEP)], note, lambda: None) == 1
    said = capsys.readouterr().out
    assert "beat ended (killed by SIGKILL)" in said
    assert "    cannot go on" in said
    assert pids
    assert not any(map(alive, pids))


def test_a_crash_of_a_server_is_said_and_stops_the_rest(
    supervised: Supervisor, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-c", "print('out of memory'); raise SystemExit(3)"]
    services.processes["redis"] = child.spawn(command, log=services.logs / "redis.log")
    assert supervised.run([part("web", SLEEP)], lambda: False, lambda: None) == 1
    assert "redis ended (exit code 3)" in capsys.readouterr().out


def test_a_signal_while_preparing_interrupts_it(supervised: Supervisor) -> None:
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervised.signals.install()
    sender = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    try:
        sender.start()
        with pytest.raises(supervisor.Interrupted):
            supervised.once([sys.executable, "-c", SLEEP])
        assert supervised.signals.count == 1
    finally:
        sender.join()
        for number, handler in kept.items():
            signal.signal(number, handler)


def test_preparing_hands_on_its_exit_status(supervised: Supervisor) -> None:
    assert supervised.once([sys.executable, "-c", "raise SystemExit(4)"]) == 4


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's own")
def test_parts_of_a_killed_supervisor_end_with_it(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from casetracker.embedded import child\n"
        "print(child.spawn([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)\n"
        "import time; time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=supervisor.REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(supervisor.REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    for _ in range(100):
        if not alive(pid):
            break
        time.sleep(0.05)
    assert not alive(pid)


def test_a_taken_port_is_refused_with_another_to_choose() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CommandError, match="PORT=8001"):
            run.check_free("127.0.0.1", taken.getsockname()[1])


def test_a_free_port_and_its_later_use_do_not_disturb_each_other() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run.check_free("127.0.0.1", port)
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", -1), ("127.0.0.1", 70000), ("host.invalid", 8000)])
def test_an_impossible_address_is_refused(host: str, port: int) -> None:
    with pytest.raises(CommandError, match=r"cannot listen|between 1 and 65535"):
        run.check_free(host, port)


def test_the_workers_have_queues_and_names_of_their_own() -> None:
    parts = supervisor.parts("127.0.0.1:8000")
    assert [part.name for part in parts] == ["web", "worker-tick", "worker-mail", "worker-work", "beat"]
    assert [part.process for part in parts if part.restarts] == ["worker"] * 3
    assert "127.0.0.1:8000" in parts[0].command
