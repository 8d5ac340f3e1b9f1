"""Imports as long work: checking a file, and importing it, each in a worker with visible progress."""

import datetime
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker import audit, notices, registry
from casetracker.enums import Role
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import Deadline, Event, Job, Unit, User
from casetracker.working import LostLease
from inspections.enums import AssignmentState, Clock, ImportState
from inspections.ledger.errors import LedgerError
from inspections.ledger.importing.batch import import_file
from inspections.ledger.importing.clocks import restart_deploy_clocks, start_first_clocks
from inspections.ledger.mapping import from_dict
from inspections.models import Assignment, ImportBatch, Problem
from inspections.workflow import telling

CHECK, IMPORT = "ledger_check", "ledger_import"
MOST_BYTES = 50 * 1024 * 1024


def keep_upload(file: BinaryIO, name: str) -> str:
    """Store an uploaded ledger under the hash of its bytes; returns the hash. Raises Invalid when it is too large."""
    folder = settings.DATA / "ledgers"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as part:
        size = 0
        while block := file.read(1 << 20):
            size += len(block)
            if size > MOST_BYTES:
                Path(part.name).unlink()
                raise Invalid(_("The file is larger than 50 MB. Split it, or remove pictures from it."), field="file")
            digest.update(block)
            part.write(block)
    suffix = Path(name).suffix.lower()[:6]
    shutil.move(part.name, folder / f"{digest.hexdigest()}{suffix}")
    return digest.hexdigest() + suffix


def kept(key: str) -> Path:
    """The stored ledger of this key."""
    if not key.replace(".", "").isalnum():
        raise FileNotFoundError(key)
    return Path(settings.DATA) / "ledgers" / key


class SideProgress:
    """Saves progress over a connection of its own: the import is one transaction, which nobody else sees into."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.connection: Any = connections.create_connection("default")

    def __call__(self, done: int, total: int) -> None:
        lease = timezone.now() + datetime.timedelta(seconds=registry.jobs[self.job.kind].lease_seconds)
        with self.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE casetracker_job SET done = %s, total = %s, lease_until = %s "
                "WHERE id = %s AND claim = %s AND state = 'running'",
                [done, total, lease, self.job.pk, self.job.claim],
            )
            if cursor.rowcount != 1:
                raise LostLease(self.job.pk)
            cursor.execute(
                "INSERT INTO casetracker_heartbeat (name, beat_at) VALUES ('worker:work', %s) "
                "ON CONFLICT (name) DO UPDATE SET beat_at = EXCLUDED.beat_at",
                [timezone.now()],
            )

    def close(self) -> None:
        self.connection.close()


def run(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Check (a dry run) or import; a worker that dies leaves nothing, and the next one starts again."""
    params = job.params
    side = SideProgress(job)
    try:
        report = import_file(
            kept(params["file"]),
            from_dict(params["mapping"]),
            office=Unit.objects.get(pk=params["office"]),
            by=job.requested_by,
            file_name=params["file_name"],
            dry_run=job.kind == CHECK,
            progress=side,
            job=job,
        )
    except LedgerError as error:
        raise Invalid(error.message) from error
    finally:
        side.close()
    result = report.as_json()
    if report.batch is not None:
        result["batch"] = str(report.batch.pk)
    return result


def result_url(job: Job) -> str:
    """The page of the check, or of the batch that the import made."""
    if job.kind == CHECK:
        return reverse("import_check", args=[job.pk])
    return reverse("import_batch", args=[job.result["batch"]])


@transaction.atomic
def release(batch: ImportBatch, *, by: User | None) -> int:
    """Let reminders and mail speak of a batch's open problems; returns how many there are. `by` is None for a command.

    What the ledger had assigned is to be claimed from this day on, and what was assigned by hand meanwhile, without
    a word to the unit, is told to it now. Raises IllegalMove when it was released or undone already.
    """
    row = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if row.released_at is not None or row.state != ImportState.DONE:
        raise IllegalMove(_("This batch was released already."))
    now = timezone.now()
    row.released_at, row.released_by = now, by
    row.save(update_fields=["released_at", "released_by"])
    waiting = Problem.objects.select_for_update(of=("self",)).filter(import_batch=row, held=True).order_by("pk")
    every = list(waiting.only("pk", "number", "status"))
    Problem.objects.filter(pk__in=[problem.pk for problem in every]).update(held=False)
    # What was voided, merged or closed meanwhile is not spoken of, nor counted.
    held = {problem.pk: problem for problem in every if problem.is_open}
    start_first_clocks(list(held), timezone.localdate(now), now)
    restart_deploy_clocks(list(held), timezone.localdate(now), now)
    events = [
        audit.event(
            subject_type="problem",
            subject_id=problem.pk,
            label=problem.number,
            verb="release_import",
            by=by,
            at=now,
            file=row.file_name,
        )
        for problem in held.values()
    ]
    audit.record_many(events)
    _tell_assigned(events)
    _tell_units(row, list(held), now)
    return len(held)


def _tell_units(batch: ImportBatch, problems: list[UUID], now: datetime.datetime) -> None:
    """One notice per handler and unit of how many problems of the batch the ledger itself gave to the unit."""
    rows = Assignment.objects.live().filter(problem__in=problems, assigned_by__isnull=True).select_related("unit")
    given: dict[Unit, set[UUID]] = {}
    for one in rows:
        given.setdefault(one.unit, set()).add(one.problem_id)
    for unit, keys in given.items():
        seeing = [
            person
            for person in telling.people_of([unit], Role.HANDLER)
            if Problem.objects.visible_to(person).filter(pk__in=keys).exists()
        ]
        notices.queue(
            seeing,
            kind="import_released",
            subject_type="import",
            subject_id=batch.pk,
            label=batch.file_name,
            period=f"unit-{unit.pk}",
            at=now,
            count=len(keys),
            unit=unit.name_zh,
            unit_en=unit.name_en,
        )


def _tell_assigned(events: list[Event]) -> None:
    """Tell units of what was assigned to them by hand while it was held, and what they have not claimed since."""
    causes = {event.subject_id: event for event in events}
    rows = Assignment.objects.filter(
        problem__in=causes, assigned_by__isnull=False, state=AssignmentState.ASSIGNED
    ).select_related("problem", "assigned_by", "unit")
    # Each its own date: a unit that was named later counts from then, not with the lead.
    clock = Deadline.objects.running().filter(
        subject_type="problem", subject_id=OuterRef("problem_id"), part_id=OuterRef("pk"), clock=Clock.RECTIFY
    )
    for one in rows.defer("problem__search").annotate(own_due_on=Subquery(clock.values("due_on")[:1])):
        notices.queue(
            telling.handlers(one.problem, [one]),
            kind="assigned",
            subject_type="problem",
            subject_id=one.problem_id,
            label=one.problem.number,
            period=f"event-{causes[one.problem_id].pk}",
            at=causes[one.problem_id].at,
            by=str(one.assigned_by),
            site=one.problem.site_name,
            due_on=one.own_due_on or one.problem.due_on,
        )


AGAIN: dict[str, Any] = {"begin_url": "import", "begin_words": _("Choose another file, or read it another way")}
KINDS = (
    registry.JobKind(CHECK, _("Checking the ledger"), run, result_url, lease_seconds=120, **AGAIN),
    registry.JobKind(IMPORT, _("Importing the ledger"), run, result_url, lease_seconds=120, **AGAIN),
)
