"""Undoing an import of exposures in the media: those that it brought count no more, follow-ups are as before.

Exposures come from imports alone, and an import changes nothing of them but their follow-up: what stands in the way is
a later import that told of one, which its event says.
"""

import datetime
from uuid import UUID

from casetracker import audit
from inspections.models import ImportRow, Named
from inspections.workflow.undoing.parts import CHUNK, Part, Undoing

SUBJECT = "exposure"
FOLLOW_UP = ("follow_up_on", "follow_up_result")


def _take_back(undoing: Undoing, ids: list[UUID]) -> None:
    found = list(Named.objects.filter(pk__in=ids).order_by("pk"))
    Named.objects.filter(pk__in=ids).update(undone=True)
    audit.record_many([undoing.event(SUBJECT, one, one.name, taken_back=True) for one in found])
    undoing.tell("taken_back", found)


def _restore(undoing: Undoing, ids: list[UUID]) -> None:
    kept = dict(ImportRow.objects.filter(batch=undoing.batch, subject_id__in=ids).values_list("subject_id", "before"))
    found = list(Named.objects.filter(pk__in=ids).order_by("pk"))
    events = []
    for one in found:
        before = kept[one.pk]
        now = {name: getattr(one, name) for name in before}
        for name, value in before.items():
            setattr(one, name, datetime.date.fromisoformat(value) if name == "follow_up_on" and value else value)
        events.append(undoing.event(SUBJECT, one, one.name, before=now, after=before))
    Named.objects.bulk_update(found, FOLLOW_UP, batch_size=CHUNK)
    audit.record_many(events)
    undoing.tell("restored", found)


PART = Part(SUBJECT, Named, _take_back, _restore)
