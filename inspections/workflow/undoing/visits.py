"""Undoing an import of visits: they count no more."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q

from casetracker import audit
from inspections.models import Problem, Visit
from inspections.workflow.undoing.parts import TOLD, Built, Part, Undoing


def _take_back(undoing: Undoing, ids: list[UUID]) -> None:
    visits = list(Visit.objects.filter(pk__in=ids).order_by("pk"))
    Visit.objects.filter(pk__in=ids).update(undone=True)
    # Problems of other imports that were joined to a visit of this one belong to none again.
    Problem.objects.filter(visit__in=ids, import_batch__isnull=False).update(visit=None)
    audit.record_many([undoing.event("visit", one, one.site_name) for one in visits])
    undoing.tell("taken_back", visits)


def _built_on(rows: Any) -> Iterable[Built]:
    """Visits on which a problem was found or re-inspected here."""
    used = Q(problems__import_batch__isnull=True, problems__isnull=False) | Q(rechecks__isnull=False)
    for visit in Visit.objects.filter(pk__in=rows).filter(used).distinct()[:TOLD]:
        yield {"subject": "visit", "id": str(visit.pk), "label": str(visit), "who": "", "verb": ""}


PART = Part("visit", Visit, _take_back, built_on=_built_on)
