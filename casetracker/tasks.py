"""The ticks: each takes nothing, looks in the database for what is due, and may run twice."""

from celery import shared_task

from casetracker import deliveries, digest, evidence, presses, working
from casetracker.exporting import jobs as exporting


@shared_task
def work_jobs() -> None:
    """Long work that waits, and what a dead worker left."""
    working.work(limit=10)


@shared_task(soft_time_limit=120, time_limit=150)
def copy_photos() -> None:
    """A short portion of the photos that wait for their copies, so that long work is not held up by them."""
    evidence.copy_waiting()


@shared_task(soft_time_limit=60, time_limit=90)
def clear_staging() -> None:
    """Remove files that were being written when a process died."""
    evidence.clear_staging()


@shared_task(soft_time_limit=60, time_limit=90)
def clear_exports() -> None:
    """Delete lists that were written into files some days ago."""
    exporting.clear()


@shared_task(soft_time_limit=60, time_limit=90)
def forget_presses() -> None:
    """Drop the marks of forms that were pressed long ago."""
    presses.forget()


# --- The weekly e-mail and what leaves the house ----------------------------------------------------


@shared_task(soft_time_limit=720, time_limit=780)
def plan_digest() -> None:
    """Plan the weekly e-mail when it is owed."""
    digest.tick()


@shared_task(soft_time_limit=720, time_limit=780)
def send_deliveries() -> None:
    """Send what is due; a lease outlives the limits here, so that nobody else takes a row that is being sent."""
    deliveries.send_waiting()


@shared_task(soft_time_limit=60, time_limit=90)
def rescue() -> None:
    """Take back deliveries that a dead process held."""
    deliveries.rescue()
