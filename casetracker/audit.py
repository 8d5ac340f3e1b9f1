"""The only writer of the history."""

from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from casetracker.copying import copy_in
from casetracker.models import Event, Unit, User
from casetracker.transactions import OutsideTransaction

# What JSON has as it is.
JSON = frozenset([str, int, float, bool, type(None)])


def event(
    *,
    subject_type: str,
    subject_id: UUID,
    label: str,
    verb: str,
    by: User | None,
    at: Any = None,
    actor_unit: Unit | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    **details: Any,
) -> Event:
    """An unsaved event, for callers that write many at once; record() is the usual way.

    `actor_unit` is that of the post in which the person acted; without it the first of today's posts is named.
    """
    if actor_unit is None and by is not None and by.posts:
        actor_unit = by.posts[0].unit
    return Event(
        subject_type=subject_type,
        subject_id=subject_id,
        subject_label=label[:200],
        verb=verb,
        at=at or timezone.now(),
        actor_id=by.pk if by else None,
        actor_name=str(by) if by else "",
        actor_unit=actor_unit.name_zh if actor_unit else "",
        before=plain(before or {}),
        after=plain(after or {}),
        details=plain(details),
    )


def record(**facts: Any) -> Event:
    """Write one event (see event() for the facts) in the transaction of the change that it tells of.

    Raises OutsideTransaction when there is none. Sequence and hashes are set by the database.
    """
    return write(event(**facts))


def write(row: Event) -> Event:
    """Write an event that event() made. Raises as record() does."""
    if not connection.in_atomic_block:
        raise OutsideTransaction("An event must share the transaction of the change.")
    row.save(force_insert=True)
    return row


def record_many(rows: list[Event]) -> None:
    """Write many events, in order per subject, in the caller's transaction; their keys are not known afterwards."""
    copy_in(rows)


def timeline(subject_type: str, subject_id: UUID) -> models.QuerySet[Event]:
    """The history of one subject, newest first."""
    return Event.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by("-seq")


def plain(value: Any) -> Any:
    """The value in the JSON types: dates as ISO text, decimals and ids as text, rows as their label."""
    if type(value) in JSON:
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    if isinstance(value, bool | int | float):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
