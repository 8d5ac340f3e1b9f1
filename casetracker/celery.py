"""The Celery app and the whole beat schedule as one readable list.

A message is only a doorbell: every tick looks in the database for what is due, so that a lost, late,
doubled or reordered one changes nothing. Web processes never publish.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "casetracker.settings")

from django.conf import settings  # noqa: E402  the settings module is named just above

app = Celery("casetracker")
app.conf.update(settings.CELERY)
app.autodiscover_tasks()
app.steps["consumer"].add("casetracker.signs:WorkerSign")


def every(seconds: float, task: str, queue: str) -> dict[str, object]:
    """One line of the schedule; a tick nobody took in two periods is thrown away."""
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": 2 * seconds}}


app.conf.beat_schedule = {
    "plan the weekly e-mail": every(60, "casetracker.tasks.plan_digest", "tick"),
    "send what waits": every(5, "casetracker.tasks.send_deliveries", "mail"),
    "take back what a dead worker held": every(60, "casetracker.tasks.rescue", "tick"),
    "do long work": every(2, "casetracker.tasks.work_jobs", "work"),
    "make the copies of photos": every(5, "casetracker.tasks.copy_photos", "work"),
    "clear what was being written": every(3600, "casetracker.tasks.clear_staging", "work"),
    "delete old exports": every(3600, "casetracker.tasks.clear_exports", "work"),
    "forget forms pressed long ago": every(3600, "casetracker.tasks.forget_presses", "work"),
    "throw away ledgers that nobody went on with": every(3600, "inspections.tasks.tidy_ledgers", "work"),
}
