"""The signs of life by which /healthz judges the workers and beat, each written by the process it stands for."""

import logging
import time
from collections.abc import Iterable
from typing import Any

from celery import bootsteps
from celery.beat import Scheduler
from celery.worker import state
from django.db import Error, connection, transaction
from django.utils import timezone

SECONDS = 10
logger = logging.getLogger(__name__)


def sign(name: str) -> None:
    """Write that this process lives. A database that is away, or slow, is only logged: the next sign comes soon.

    The connection is closed again: one left open in a worker would be handed on to the next child of its pool.
    """
    from casetracker.models import Heartbeat

    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '3s'")
            Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})
    except Error as error:
        logger.warning("no sign of life of %s could be written: %s", name, error)
    finally:
        connection.close()


class WorkerSign(bootsteps.StartStopStep):
    """A worker's sign of life, from the main loop of its process, whether beat rings or not.

    Not from a thread, which would go on beside a loop that hangs; and none while a task has been in hand for longer
    than a sign stays fresh: the process that runs it may hang, and long work tells of its own progress.
    """

    requires = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self.timer: Any = None

    def start(self, consumer: Any) -> None:
        name = f"worker:{str(consumer.hostname).split('@')[0]}"
        self.say(name)
        self.timer = consumer.timer.call_repeatedly(SECONDS, self.say, (name,))

    def stop(self, consumer: Any) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def say(self, name: str) -> None:
        if not held_up(tuple(state.active_requests), time.time()):
            sign(name)


def held_up(tasks: Iterable[Any], now: float) -> bool:
    """Whether one of the tasks in hand began longer ago than a sign of life stays fresh; `now` in seconds since 1970,
    as celery's own `time_start`."""
    from casetracker.health import FRESH_SECONDS

    return any(now - (task.time_start or now) > FRESH_SECONDS for task in tasks)


class Clock(Scheduler):
    """Beat's schedule, and beat's sign of life from its own loop, whoever takes the ticks.

    In memory: a tick that is lost or doubled changes nothing, and a file killed half-written would.
    """

    said = -float(SECONDS)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if time.monotonic() - self.said >= SECONDS:
            self.said = time.monotonic()
            sign("beat")
        wait: float = super().tick(*args, **kwargs)
        return wait
