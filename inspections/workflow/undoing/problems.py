"""Undoing an import of problems: those that it brought are voided, the others are as before with all their parts."""

import datetime
import json
from typing import Any
from uuid import UUID

from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_noop

from casetracker import audit, notices
from casetracker.enums import Role
from casetracker.models import Deadline, Event, Unit, User
from inspections.enums import AssignmentState, Status, Verb, VoidKind
from inspections.models import Assignment, ImportRow, Problem, Recheck, Stage
from inspections.searching import index_problem
from inspections.workflow import telling
from inspections.workflow.engine import SUBJECT
from inspections.workflow.undoing.parts import BROUGHT, CHUNK, Part, Undoing

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
        "problem": _in_json([problem], fields=columns),
        "parts": [row for rows in parts for row in _in_json(rows)],
        "named": named or {},
    }


def _in_json(rows: Any, **options: Any) -> list[Any]:
    found: list[Any] = json.loads(json.dumps(serializers.serialize("python", rows, **options), cls=Exact))
    return found


class Exact(DjangoJSONEncoder):
    """Moments with their microseconds: Django's own encoder cuts them off, and no row would be as before."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime.datetime) else super().default(o)


# --- What it brought --------------------------------------------------------------------------------------------------


def _take_back(undoing: Undoing, ids: list[UUID]) -> None:
    """As void() does it, many at once: stays, assignments and clocks end, the dates stay to be read."""
    now = undoing.now
    problems = list(Problem.objects.filter(pk__in=ids).order_by("pk").defer("search"))
    living = [one for one in problems if one.status != Status.VOID]
    living_ids = [one.pk for one in living]
    Stage.objects.filter(problem__in=living_ids, until__isnull=True).update(until=Greatest(F("since"), now))
    Stage.objects.bulk_create(
        [Stage(problem=one, status=Status.VOID, since=max(now, one.status_since), verb=Verb.VOID) for one in living],
        batch_size=CHUNK,
    )
    live = Assignment.objects.live().filter(problem__in=living_ids)
    clocks = Deadline.objects.current().filter(subject_type=SUBJECT, subject_id__in=living_ids)
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
        events.append(undoing.event(SUBJECT, one, one.number, before=before, after=after, kind=one.void_kind))
    columns = ["status", "status_since", "void_kind", "paused_since", "next_due_on", "held", "version"]
    Problem.objects.bulk_update(problems, columns, batch_size=CHUNK)
    audit.record_many(events)
    undoing.tell("taken_back", problems)


def _tell_units(undoing: Undoing) -> None:
    """One notice per handler and unit of how many problems that it had heard of will be void."""
    batch = undoing.batch
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
            at=undoing.now,
            count=count,
            unit=unit.name_zh,
            unit_en=unit.name_en,
            by=str(undoing.by),
        )


# --- What it changed --------------------------------------------------------------------------------------------------


def _restore(undoing: Undoing, ids: list[UUID]) -> None:
    kept = dict(ImportRow.objects.filter(batch=undoing.batch, subject_id__in=ids).values_list("subject_id", "before"))
    problems = Problem.objects.filter(pk__in=ids).select_related("kind", "district", "site", "team", "lead_unit")
    for problem in problems.order_by("pk"):
        handled = set(telling.handlers(problem))
        named = kept[problem.pk]["named"]
        now_named = {name: _named(problem, name) for name in named}
        _write_back(problem, kept[problem.pk])
        event = undoing.event(SUBJECT, problem, problem.number, before=now_named, after=named)
        audit.record_many([event])
        _tell_handlers(event, problem, handled)
        undoing.tell("restored", [problem])


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


PART = Part(SUBJECT, Problem, _take_back, _restore, first=_tell_units)
