"""Undoing an import: what it brought is voided, what it changed is as it was before; all of it or nothing."""

import datetime
import json
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.core import serializers
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from casetracker import audit, notices
from casetracker.enums import Role
from casetracker.errors import IllegalMove
from casetracker.models import Deadline, Event, Unit, User
from inspections.enums import AssignmentState, ImportState, Status, Verb, VoidKind
from inspections.models import Assignment, ImportBatch, ImportRow, Problem, Recheck, Stage, Visit
from inspections.searching import index_problem
from inspections.workflow import telling
from inspections.workflow.engine import SUBJECT

VERB = "undo_import"
# Outcomes of rows that brought something, and of those that changed something.
BROUGHT, CHANGED = ("created", "revived"), ("updated",)
CHUNK = 500
# So many rows are told one by one on the page of the batch, and so many of what stands in the way.
TOLD = 1000
WHY = gettext_noop("The import was undone.")

# Not restored: the key, what counts on, and what is made of other columns.
NOT_KEPT = ("id", "version", "search", "finders", "candidates")


def snapshot(problem: Problem, named: dict[str, Any] | None = None) -> dict[str, Any]:
    """The problem with its stays, addressees, clocks and imported re-inspections, in JSON types, to restore it from.

    `named`: the values that are about to change, as histories tell them.
    """
    columns = [field.name for field in Problem._meta.concrete_fields if field.name not in NOT_KEPT]
    clocks = Deadline.objects.filter(subject_type=SUBJECT, subject_id=problem.pk)
    parts: list[QuerySet[Any]] = [
        Stage.objects.filter(problem=problem),
        Assignment.objects.filter(problem=problem),
        clocks,
        Recheck.objects.filter(problem=problem, by__isnull=True),
    ]
    return {
        "problem": json.loads(serializers.serialize("json", [problem], fields=columns)),
        "parts": [row for rows in parts for row in json.loads(serializers.serialize("json", rows))],
        "named": named or {},
    }


def built_on(batch: ImportBatch) -> list[dict[str, Any]]:
    """What was done since with what an import brought or changed, newest last, of each problem or visit the last act:
    subject ("problem" or "visit"), id, label, who, verb. Empty where the import can be undone."""
    rows = ImportRow.objects.filter(batch=batch, outcome__in=(*BROUGHT, *CHANGED)).values("subject_id")
    undone = ImportBatch.objects.filter(office=batch.office_id, state=ImportState.UNDONE).values_list("pk", flat=True)
    own = Q(verb=Verb.IMPORT, details__batch__in=[str(batch.pk), *map(str, undone)])
    events = Event.objects.filter(
        subject_type__in=(SUBJECT, "visit"), subject_id__in=rows, at__gte=batch.created_at
    ).exclude(Q(verb__in=("release_import", VERB)) | own)
    found = {
        event.subject_id: {
            "subject": event.subject_type,
            "id": str(event.subject_id),
            "label": event.subject_label,
            "who": event.actor_name,
            "verb": event.verb,
        }
        for event in events.order_by("seq")[: TOLD * 5]
    }
    visits = Visit.objects.filter(pk__in=rows)
    used = Q(problems__import_batch__isnull=True, problems__isnull=False) | Q(rechecks__isnull=False)
    for visit in visits.filter(used).distinct()[:TOLD]:
        found.setdefault(
            visit.pk, {"subject": "visit", "id": str(visit.pk), "label": str(visit), "who": "", "verb": ""}
        )
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
    """Void what the batch brought and restore what it changed; numbers stay with the void rows.

    Returns the counts `voided`, `restored` and `visits` with the first `rows` (row, what, id, label), or, where
    somebody worked on it since, only `built`, and nothing was changed. Of a job whose worker died after it, what was
    done then. Raises IllegalMove when it was undone before.
    """
    row = ImportBatch.objects.select_for_update().select_related("office").get(pk=batch.pk)
    done: dict[str, Any] = row.report.get("undone", {})
    if done.get("job") == str(job_id):
        return done
    if row.state != ImportState.DONE:
        raise IllegalMove(_("This import was undone already."))
    moment = now or timezone.now()
    brought, changed = _rows(row, BROUGHT), _rows(row, CHANGED)
    # Locked before it is judged: whoever takes a step at the same moment comes before it, or waits.
    touched = ImportRow.objects.filter(batch=row, outcome__in=(*BROUGHT, *CHANGED)).values("subject_id")
    for rows in (Problem.objects.filter(pk__in=touched), Visit.objects.filter(pk__in=touched)):
        list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    if built := built_on(row):
        return {"built": built[:TOLD]}
    result: dict[str, Any] = {"job": str(job_id), "voided": 0, "restored": 0, "visits": 0, "rows": []}
    total, reached = len(brought) + len(changed), 0
    _tell_units(row, by, moment)
    for chunk in _chunks(list(changed)):
        _restore(row, chunk, changed, by, moment, result)
        progress(reached := reached + len(chunk), total)
    for chunk in _chunks(list(brought)):
        _take_back(row, chunk, brought, by, moment, result)
        progress(reached := reached + len(chunk), total)
    result["rows"].sort(key=lambda one: one["row"])
    row.state, row.undone_at, row.undone_by = ImportState.UNDONE, moment, by
    row.report["undone"] = result
    row.save(update_fields=["state", "undone_at", "undone_by", "report"])
    return result


def _rows(batch: ImportBatch, outcomes: Iterable[str]) -> dict[UUID, int]:
    """Id and row number of what the batch did, in the order of the ids."""
    rows = ImportRow.objects.filter(batch=batch, outcome__in=outcomes, subject_id__isnull=False)
    in_order = rows.order_by("subject_id").values_list("subject_id", "row")
    return {key: row for key, row in in_order if key is not None}


def _chunks(ids: list[UUID]) -> Iterable[list[UUID]]:
    return (ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK))


def _tell_row(result: dict[str, Any], row: int, what: str, one: Problem | Visit) -> None:
    result[what] += 1
    if len(result["rows"]) < TOLD:
        result["rows"].append({"row": row, "what": what, "id": str(one.pk), "label": str(one)})


# --- What it brought --------------------------------------------------------------------------------------------------


def _take_back(
    batch: ImportBatch, ids: list[UUID], rows: dict[UUID, int], by: User, now: datetime.datetime, result: dict[str, Any]
) -> None:
    """Void the problems and mark the visits undone that are among these."""
    problems = list(Problem.objects.filter(pk__in=ids).order_by("pk").defer("search"))
    if problems:
        _void(batch, problems, by, now)
    visits = list(Visit.objects.filter(pk__in=ids).order_by("pk"))
    Visit.objects.filter(pk__in=ids).update(undone=True)
    # Problems of other imports that were joined to a visit of this one belong to none again.
    Problem.objects.filter(visit__in=ids, import_batch__isnull=False).exclude(pk__in=ids).update(visit=None)
    audit.record_many(
        [
            audit.event(
                subject_type="visit", subject_id=one.pk, label=one.site_name, verb=VERB, by=by, at=now,
                file=batch.file_name, batch=str(batch.pk),
            )
            for one in visits
        ]
    )  # fmt: skip
    for what, found in (("voided", problems), ("visits", visits)):
        for each in found:
            _tell_row(result, rows[each.pk], what, each)


def _void(batch: ImportBatch, problems: list[Problem], by: User, now: datetime.datetime) -> None:
    """As void() does it, many at once: stays, assignments and clocks end, the dates stay to be read."""
    living = [one for one in problems if one.status != Status.VOID]
    ids = [one.pk for one in living]
    Stage.objects.filter(problem__in=ids, until__isnull=True).update(until=Greatest(F("since"), now))
    Stage.objects.bulk_create(
        [Stage(problem=one, status=Status.VOID, since=max(now, one.status_since), verb=Verb.VOID) for one in living],
        batch_size=CHUNK,
    )
    live = Assignment.objects.live().filter(problem__in=ids)
    clocks = Deadline.objects.current().filter(subject_type=SUBJECT, subject_id__in=ids)
    ending = clocks.filter(Q(met_on__isnull=True) | Q(part_id__in=live.values("pk")))
    ending.update(replaced_at=Greatest(F("opened_at"), now))
    live.update(state=AssignmentState.RELEASED, ended_on=timezone.localdate(now), end_reason=WHY)
    events = []
    for one in problems:
        before = {"status": one.status, "void_kind": one.void_kind}
        if one.status != Status.VOID:
            one.status, one.void_kind, one.status_since = Status.VOID, VoidKind.OTHER, max(now, one.status_since)
        one.paused_since, one.next_due_on, one.held = None, None, False
        one.version += 1
        after = {"status": one.status, "void_kind": one.void_kind}
        events.append(_event(batch, one, by, now, before, after, kind=one.void_kind))
    columns = ["status", "status_since", "void_kind", "paused_since", "next_due_on", "held", "version"]
    Problem.objects.bulk_update(problems, columns, batch_size=CHUNK)
    audit.record_many(events)


def _tell_units(batch: ImportBatch, by: User, now: datetime.datetime) -> None:
    """One notice per handler and unit of how many problems that it had heard of will be void."""
    brought = ImportRow.objects.filter(batch=batch, outcome__in=BROUGHT).values("subject_id")
    spoken = Problem.objects.open().filter(pk__in=brought, held=False).order_by()
    given: dict[Unit, int] = {}
    for one in Assignment.objects.live().filter(problem__in=spoken.values("pk")).select_related("unit"):
        given[one.unit] = given.get(one.unit, 0) + 1
    for unit, count in given.items():
        notices.queue(
            telling.people_of([unit], Role.HANDLER),
            kind="import_undone",
            subject_type="import",
            subject_id=batch.pk,
            label=batch.file_name,
            period=f"undone-{unit.pk}",
            at=now,
            count=count,
            unit=unit.name_zh,
            unit_en=unit.name_en,
            by=str(by),
        )


# --- What it changed --------------------------------------------------------------------------------------------------


def _restore(
    batch: ImportBatch, ids: list[UUID], rows: dict[UUID, int], by: User, now: datetime.datetime, result: dict[str, Any]
) -> None:
    """Bring problems back to what they were before the batch changed them."""
    kept = dict(ImportRow.objects.filter(batch=batch, subject_id__in=ids).values_list("subject_id", "before"))
    problems = Problem.objects.filter(pk__in=ids).select_related("kind", "district", "site", "team", "lead_unit")
    for problem in problems.order_by("pk"):
        handled = set(telling.handlers(problem))
        named = kept[problem.pk]["named"]
        now_named = {name: _named(problem, name) for name in named}
        _write_back(problem, kept[problem.pk])
        event = _event(batch, problem, by, now, now_named, named)
        audit.record_many([event])
        _tell_handlers(event, problem, handled)
        _tell_row(result, rows[problem.pk], "restored", problem)


def _write_back(problem: Problem, kept: dict[str, Any]) -> None:
    """Write the rows of a snapshot in the place of those of now."""
    was = next(iter(serializers.deserialize("python", kept["problem"]))).object
    for field in Problem._meta.concrete_fields:
        if field.name not in NOT_KEPT:
            setattr(problem, field.attname, getattr(was, field.attname))
    # Released meanwhile with the batch that it came with.
    origin = problem.import_batch
    problem.held = problem.held and (origin is None or origin.released_at is None)
    problem.version += 1
    problem.search = index_problem(problem)
    problem.save()
    Stage.objects.filter(problem=problem).delete()
    Recheck.objects.filter(problem=problem, by__isnull=True).delete()
    Deadline.objects.filter(subject_type=SUBJECT, subject_id=problem.pk).delete()
    Assignment.objects.filter(problem=problem).delete()
    parts = [one.object for one in serializers.deserialize("python", kept["parts"])]
    Stage.objects.bulk_create([one for one in parts if isinstance(one, Stage)])
    Assignment.objects.bulk_create([one for one in parts if isinstance(one, Assignment)])
    Deadline.objects.bulk_create([one for one in parts if isinstance(one, Deadline)])
    Recheck.objects.bulk_create([one for one in parts if isinstance(one, Recheck)])


def _named(problem: Problem, name: str) -> Any:
    """What history keeps of a column's present value."""
    if name == "co_units":
        others = Assignment.objects.live().filter(problem=problem).exclude(unit=problem.lead_unit_id)
        return "、".join(sorted(others.values_list("unit__name_zh", flat=True)))
    value = getattr(problem, name)
    return audit.plain(getattr(value, "name_zh", None) or value)


def _tell_handlers(event: Event, problem: Problem, before: set[User]) -> None:
    """Tell the units of a released problem that its date or its units are as before the import."""
    if problem.held or not problem.is_open:
        return
    after = set(telling.handlers(problem))
    if "due_on" in event.after or after - before:
        telling.tell(event, problem, after, kind="import_restored", file=event.details["file"], due_on=problem.due_on)
    telling.tell(event, problem, before - after, kind="import_moved", file=event.details["file"])


def _event(
    batch: ImportBatch,
    problem: Problem,
    by: User,
    now: datetime.datetime,
    before: dict[str, Any],
    after: dict[str, Any],
    **details: Any,
) -> Event:
    return audit.event(
        subject_type=SUBJECT,
        subject_id=problem.pk,
        label=problem.number,
        verb=VERB,
        by=by,
        at=now,
        before=before,
        after=after,
        file=batch.file_name,
        batch=str(batch.pk),
        **details,
    )
