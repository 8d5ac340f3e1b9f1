"""The ticks of inspections: each takes nothing, looks for what is due, and may run twice."""

from celery import shared_task
from django.utils import timezone

from inspections.ledger.importing import drafts


@shared_task(soft_time_limit=60, time_limit=90)
def tidy_ledgers() -> None:
    """Throw away uploads that nobody went on with."""
    drafts.tidy(timezone.now())
