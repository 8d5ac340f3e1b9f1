"""The ticks: each takes nothing, looks in the database for what is due, and may run twice."""

from celery import shared_task
from django.utils import timezone

from casetracker import working
from casetracker.models import Heartbeat


def _alive(*names: str) -> None:
    now = timezone.now()
    for name in names:
        Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now})


@shared_task
def alive_tick() -> None:
    """A tick that arrives proves beat and this worker alive."""
    _alive("beat", "worker:tick")


@shared_task
def alive_mail() -> None:
    _alive("beat", "worker:mail")


@shared_task
def alive_work() -> None:
    _alive("beat", "worker:work")


@shared_task
def work_jobs() -> None:
    """Long work that waits, and what a dead worker left."""
    working.work(limit=10)
