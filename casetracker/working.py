"""Long work: rows of Job that one worker after another may hold; whatever a worker did not commit never happened.

A worker claims a job with a token and a lease. Progress is saved with both, so that a worker that was thought dead
and wakes up late finds the job taken and loses its last, uncommitted piece instead of doing it twice.
"""

import datetime
import logging
import uuid
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from casetracker import registry
from casetracker.audit import plain
from casetracker.enums import JobState, Language
from casetracker.errors import DomainError
from casetracker.ids import uuid7
from casetracker.models import Heartbeat, Job, User

# So often a job is taken up before it counts as failed.
ATTEMPTS = 5

logger = logging.getLogger(__name__)


class LostLease(Exception):
    """The job belongs to another worker by now; what the present transaction did must be rolled back."""


def enqueue(kind: str, params: dict[str, Any], by: User | None, total: int = 0, job_id: uuid.UUID | None = None) -> Job:
    """Put down a job for the workers, who look every few seconds; commits with the caller's transaction.

    `kind` is a key of registry.jobs; `params` must be JSON (dates and ids are written as text).
    """
    return Job.objects.create(
        pk=job_id or uuid7(),
        kind=registry.jobs[kind].key,
        params=plain(params),
        requested_by=by,
        total=total,
        created_at=timezone.now(),
    )


def work(limit: int | None = None) -> int:
    """Do the waiting jobs, oldest first, and those whose worker died; returns how many were taken up."""
    taken = 0
    while limit is None or taken < limit:
        job = _claim()
        if job is None:
            break
        taken += 1
        _do(job, in_worker=True)
    return taken


def do_here(job: Job) -> Job:
    """Do a small job of enqueue_claimed() in this process, now; should it die, a worker goes on where it stopped."""
    _do(job)
    job.refresh_from_db()
    return job


def enqueue_claimed(
    kind: str, params: dict[str, Any], by: User | None, total: int = 0, job_id: uuid.UUID | None = None
) -> Job:
    """A job that nobody else takes up while the lease of this process runs."""
    now = timezone.now()
    return Job.objects.create(
        pk=job_id or uuid7(),
        kind=registry.jobs[kind].key,
        params=plain(params),
        requested_by=by,
        total=total,
        created_at=now,
        state=JobState.RUNNING,
        attempts=1,
        claim=uuid.uuid4(),
        lease_until=now + _lease(kind),
    )


def progress(job: Job, done: int, total: int) -> None:
    """Save how far a job is, with whatever `job.result` holds, and renew its lease, in the caller's transaction.

    Raises LostLease when another worker holds the job: let it pass, so that the transaction is rolled back.
    """
    job.done, job.total = done, total
    job.lease_until = timezone.now() + _lease(job.kind)
    kept = Job.objects.filter(pk=job.pk, claim=job.claim, state=JobState.RUNNING).update(
        done=done, total=total, result=job.result, lease_until=job.lease_until
    )
    if not kept:
        raise LostLease(job.pk)


def _lease(kind: str) -> datetime.timedelta:
    return datetime.timedelta(seconds=registry.jobs[kind].lease_seconds)


def _claim() -> Job | None:
    """Take the oldest job that waits or whose lease has run out; one taken up too often is given up."""
    now = timezone.now()
    free = Q(state=JobState.PENDING) | Q(state=JobState.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=True)
            .filter(free, kind__in=list(registry.jobs))
            .order_by("created_at", "pk")
            .first()
        )
        if job is None:
            return None
        job.state, job.claim, job.attempts = JobState.RUNNING, uuid.uuid4(), job.attempts + 1
        job.lease_until = now + _lease(job.kind)
        job.save(update_fields=["state", "claim", "attempts", "lease_until"])
    return job


def _do(job: Job, in_worker: bool = False) -> None:
    """Run a claimed job in the language of whoever asked for it, and write how it ended."""

    def save(done: int, total: int) -> None:
        progress(job, done, total)
        if in_worker:
            # A worker whose task takes long says nothing itself (signs.held_up): progress is its sign of life.
            Heartbeat.objects.update_or_create(name="worker:work", defaults={"beat_at": timezone.now()})

    if job.attempts > ATTEMPTS:
        _end(job, JobState.FAILED, error=gettext_noop("The worker died each time."))
        return
    language = job.requested_by.language if job.requested_by else "en"
    try:
        with translation.override(language):
            result = registry.jobs[job.kind].run(job, save)
    except LostLease:
        logger.warning("job %s went to another worker", job.pk)
    except DomainError as refusal:
        _end(job, JobState.FAILED, error=str(refusal), refusal=_in_each_language(refusal))
    except Exception as error:
        logger.exception("job %s failed at attempt %s", job.pk, job.attempts)
        if job.attempts >= ATTEMPTS:
            _end(job, JobState.FAILED, error=f"{type(error).__name__}: {error}")
        else:
            _hand_back(job)
    else:
        job.result = plain(result)
        _end(job, JobState.DONE)


def _in_each_language(refusal: DomainError) -> dict[str, str]:
    """Why it was refused, by language: whoever reads it later may read another than whoever asked."""
    words = {}
    for language in Language.values:
        with translation.override(language):
            words[language] = str(refusal)[:2000]
    return words


def _end(job: Job, state: JobState, error: str = "", refusal: dict[str, str] | None = None) -> None:
    # A failed job keeps the result that was last committed.
    changes: dict[str, Any] = {"done": F("total"), "result": job.result} if state == JobState.DONE else {}
    Job.objects.filter(pk=job.pk, claim=job.claim, state=JobState.RUNNING).update(
        state=state,
        error=error[:2000],
        refusal=refusal or {},
        claim=None,
        lease_until=None,
        finished_at=timezone.now(),
        **changes,
    )


def _hand_back(job: Job) -> None:
    """Give the job to the next tick, a little later with every attempt."""
    pause = datetime.timedelta(seconds=2**job.attempts)
    Job.objects.filter(pk=job.pk, claim=job.claim, state=JobState.RUNNING).update(
        claim=None, lease_until=timezone.now() + pause
    )
