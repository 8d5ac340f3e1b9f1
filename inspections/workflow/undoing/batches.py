"""Undoing a batch of whatever kind, in one transaction: judged first, then taken back and restored in chunks."""

import datetime
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.errors import IllegalMove
from casetracker.models import Event, User
from inspections.enums import ImportState
from inspections.models import ImportBatch, ImportRow
from inspections.workflow.undoing import exposures, people, problems, sites, units, visits
from inspections.workflow.undoing.parts import BROUGHT, CHANGED, CHUNK, TOLD, Built, Part, Undoing, not_of

# How each kind of import is undone.
PARTS: dict[str, Part] = {
    "problems": problems.PART,
    "visits": visits.PART,
    "people": people.PART,
    "units": units.PART,
    "sites": sites.PART,
    "exposures": exposures.PART,
}


def built_on(batch: ImportBatch) -> list[Built]:
    """What was done since with what an import brought or changed, newest last, of each the last act: subject, id,
    label, who, verb. Empty where the import can be undone."""
    part = PARTS[batch.kind]
    if part.judge is not None:
        return part.judge(batch)
    rows = ImportRow.objects.filter(batch=batch, outcome__in=(*BROUGHT, *CHANGED)).values("subject_id")
    of_these = Event.objects.filter(subject_type=part.subject, subject_id__in=rows, at__gte=batch.created_at)
    events = of_these.exclude(not_of(batch))
    found = {
        str(event.subject_id): {
            "subject": event.subject_type,
            "id": str(event.subject_id),
            "label": event.subject_label,
            "who": event.actor_name,
            "verb": event.verb,
        }
        for event in events.order_by("seq")[: TOLD * 5]
    }
    for one in part.built_on(rows.filter(outcome__in=BROUGHT)):
        found.setdefault(one["id"], one)
    return list(found.values())


@transaction.atomic
def undo_import(
    batch: ImportBatch,
    *,
    by: User,
    job_id: UUID,
    progress: Callable[[int, int], None],
    now: datetime.datetime | None = None,
) -> dict[str, Any]:
    """Take back what the batch brought and restore what it changed; numbers stay with what was taken back.

    Returns the counts `taken_back`, `restored` and `along` (sites that came with it) with the first `rows` (row, what,
    id, label), or, where somebody worked on it since, only `built`, and nothing was changed. Of a job whose worker
    died after it, what was done then. Raises IllegalMove when it was undone before.
    """
    row = ImportBatch.objects.select_for_update().select_related("office").get(pk=batch.pk)
    done: dict[str, Any] = row.report.get("undone", {})
    if done.get("job") == str(job_id):
        return done
    if row.state != ImportState.DONE:
        raise IllegalMove(_("This import was undone already."))
    part = PARTS[row.kind]
    brought, changed = _rows(row, BROUGHT), _rows(row, CHANGED)
    # Locked before it is judged: whoever takes a step at the same moment comes before it, or waits.
    touched = ImportRow.objects.filter(batch=row, outcome__in=(*BROUGHT, *CHANGED))
    held = part.model._default_manager.filter(pk__in=part.keys(touched)).select_for_update(of=("self",))
    list(held.order_by("pk").values_list("pk"))
    if built := built_on(row):
        return {"built": built[:TOLD]}
    undoing = Undoing(row, by, now or timezone.now(), brought | changed)
    part.first(undoing)
    total, reached = len(undoing.rows), 0
    for ids, undo in ((changed, part.restore), (brought, part.take_back)):
        for chunk in _chunks(list(ids)):
            undo(undoing, chunk)
            progress(reached := reached + len(chunk), total)
    undoing.along = sites.take_back_along(undoing)
    return _written_down(undoing, job_id)


def _written_down(undoing: Undoing, job_id: UUID) -> dict[str, Any]:
    """The batch is undone; its report says what became of its rows."""
    result: dict[str, Any] = {
        "job": str(job_id),
        "taken_back": undoing.taken_back,
        "restored": undoing.restored,
        "along": undoing.along,
        "rows": sorted(undoing.told, key=lambda one: int(one["row"])),
    }
    batch = undoing.batch
    batch.state, batch.undone_at, batch.undone_by = ImportState.UNDONE, undoing.now, undoing.by
    batch.report["undone"] = result
    batch.save(update_fields=["state", "undone_at", "undone_by", "report"])
    return result


def _rows(batch: ImportBatch, outcomes: Iterable[str]) -> dict[UUID, int]:
    """Id and row number of what the batch did, in the order of the ids."""
    rows = ImportRow.objects.filter(batch=batch, outcome__in=outcomes, subject_id__isnull=False)
    in_order = rows.order_by("subject_id").values_list("subject_id", "row")
    return {key: row for key, row in in_order if key is not None}


def _chunks(ids: list[UUID]) -> Iterable[list[UUID]]:
    return (ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK))
