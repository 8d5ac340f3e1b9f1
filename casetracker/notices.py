"""Telling people: queue() in the caller's transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from casetracker.audit import plain
from casetracker.models import Notice, User
from casetracker.transactions import OutsideTransaction


def queue(
    people: Iterable[User],
    *,
    kind: str,
    subject_type: str,
    subject_id: UUID,
    label: str,
    period: str,
    at: Any = None,
    **params: Any,
) -> int:
    """Tell people one thing about one subject, once per period; returns how many were told.

    `period` names the occasion (an event's id, a day); the same occasion says nothing twice. Must be
    called in the transaction of the change, so that nobody is told of what did not happen.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("queue() must share the transaction of the change.")
    moment = at or timezone.now()
    rows = [
        Notice(
            person=person,
            kind=kind,
            subject_type=subject_type,
            subject_id=subject_id,
            subject_label=label[:200],
            period=period,
            params=plain(params),
            created_at=moment,
        )
        for person in {person.pk: person for person in people if person.is_active}.values()
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
