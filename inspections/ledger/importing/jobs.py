"""Imports as long work: looking at a file, checking it, importing it and undoing that, in a worker with progress."""

import datetime
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker import audit, notices, registry
from casetracker.enums import Role
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import Deadline, Job, Unit, User
from casetracker.working import LostLease
from inspections.enums import AssignmentState, Clock, ImportState
from inspections.ledger.errors import LedgerError
from inspections.ledger.importing import accounts, drafts, refused
from inspections.ledger.importing.batch import import_file
from inspections.ledger.importing.clocks import restart_deploy_clocks, start_first_clocks
from inspections.ledger.importing.drafts import CHECK, IMPORT, READ, UNDO
from inspections.ledger.importing.uploads import kept, refused_of
from inspections.ledger.kinds import ACCOUNTS
from inspections.ledger.mapping import from_dict
from inspections.models import Assignment, ImportBatch, ImportDraft, Problem
from inspections.workflow import telling
from inspections.workflow.undoing import undo_import


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
        path, mapping = kept(params["file"]), from_dict(params["mapping"])
        corrections = drafts.corrections_of(params.get("corrections", {}))
        report = import_file(
            path,
            mapping,
            office=Unit.objects.get(pk=params["office"]),
            by=job.requested_by,
            file_name=params["file_name"],
            dry_run=job.kind == CHECK,
            progress=side,
            job=job,
            corrections=corrections,
        )
        if job.kind == CHECK and report.codes:
            refused.keep(refused_of(job.pk), path, mapping, corrections, report)
    except LedgerError as error:
        raise Invalid(error.message) from error
    finally:
        side.close()
    result = report.as_json()
    if report.batch is not None:
        result["batch"] = str(report.batch.pk)
    return result


def look(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """A first look at a large file."""
    draft = ImportDraft.objects.filter(pk=job.params["draft"]).first()
    if draft is None:
        raise Invalid(_("This upload is gone. Choose the file again."))
    try:
        drafts.see(draft)
    except LedgerError as error:
        raise Invalid(error.message) from error
    return {}


def undo(job: Job, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Undo an import; the result says of each of the first rows what became of it, or what was built on it."""
    assert job.requested_by is not None, "an import is undone by somebody"
    side = SideProgress(job)
    try:
        batch = ImportBatch.objects.get(pk=job.params["batch"])
        return undo_import(batch, by=job.requested_by, job_id=job.pk, progress=side)
    finally:
        side.close()


def result_url(job: Job) -> str:
    """The next page of the way: columns after a look; values, where some were not understood, or the check; the batch
    that was made or undone, or what stands in the way of that."""
    if job.kind == READ:
        return reverse("import_draft", args=[job.params["draft"]])
    if job.kind == CHECK:
        if job.params.get("draft") and drafts.unsettled(job.result, job.params.get("settled", {})):
            return reverse("import_values", args=[job.params["draft"]])
        return reverse("import_check", args=[job.pk])
    if job.kind == UNDO:
        return reverse("import_undo" if "built" in job.result else "import_batch", args=[job.params["batch"]])
    return reverse("import_batch", args=[job.result["batch"]])


@transaction.atomic
def release(batch: ImportBatch, *, by: User | None) -> int:
    """Let reminders and mail speak of a batch's open problems; returns how many there are. `by` is None for a command.

    A batch of people is released by inviting them; it returns how many are invited.

    What the ledger had assigned is to be claimed from this day on, and what was assigned by hand meanwhile, without
    a word to the unit, is told to it now. Raises IllegalMove when it was released or undone already.
    """
    row = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if row.state == ImportState.UNDONE:
        raise IllegalMove(_("This import was undone already."))
    if row.released_at is not None or row.state != ImportState.DONE:
        raise IllegalMove(_("This batch was released already."))
    now = timezone.now()
    row.released_at, row.released_by = now, by
    row.save(update_fields=["released_at", "released_by"])
    if row.kind in ACCOUNTS:
        return accounts.release(row, by=by, now=now)
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
    _tell_assigned(row, list(held), now)
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


def _tell_assigned(batch: ImportBatch, problems: list[UUID], now: datetime.datetime) -> None:
    """Tell units of what was assigned to them by hand while it was held, and what they have not claimed since."""
    rows = Assignment.objects.filter(
        problem__in=problems, assigned_by__isnull=False, state=AssignmentState.ASSIGNED
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
            period=f"import-{batch.pk.hex}",
            at=now,
            by=str(one.assigned_by),
            site=one.problem.site_name,
            due_on=one.own_due_on or one.problem.due_on,
        )


AGAIN: dict[str, Any] = {"begin_url": "import", "begin_words": _("Choose another file, or read it another way")}
KINDS = (
    registry.JobKind(READ, _("Looking at the ledger"), look, result_url, lease_seconds=120, **AGAIN),
    registry.JobKind(CHECK, _("Checking the ledger"), run, result_url, lease_seconds=120, **AGAIN),
    registry.JobKind(IMPORT, _("Importing the ledger"), run, result_url, lease_seconds=120, **AGAIN),
    registry.JobKind(
        UNDO,
        _("Undoing the import"),
        undo,
        result_url,
        lease_seconds=120,
        begin_url="import",
        begin_words=_("Back to the imports"),
    ),  # fmt: skip
)
