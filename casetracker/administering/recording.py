"""How an administrator's change enters the history: the id of a row without a UUID, before and after."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.errors import Invalid
from casetracker.models import Event, Unit, User

UNIT, PERSON, CALENDAR, RULE, OPTION = "unit", "person", "calendar", "rule", "option"
DISTRICT = "district"
# Made once for all installations: the ids of history must be the same on every machine.
NAMESPACE = uuid.UUID("5d0f6ac5-5a3b-5d9e-9d0c-0f4f8f6c2b11")


def subject_id(kind: str, key: object) -> uuid.UUID:
    """The id under which history knows something that has no UUID: its kind and its key (a number, a year, a code)."""
    return uuid.uuid5(NAMESPACE, f"{kind}:{key}")


def subject_id_of(row: Model) -> uuid.UUID:
    """The id under which history knows a unit or a person."""
    return subject_id({Unit: UNIT, User: PERSON}[type(row)], row.pk)


def tell(kind: str, key: object, label: str, verb: str, by: User | None, **facts: Any) -> None:
    """Write the event of a change in the transaction of the change."""
    audit.record(subject_type=kind, subject_id=subject_id(kind, key), label=label, verb=verb, by=by, **facts)


def event_of(kind: str, key: object, label: str, verb: str, by: User | None, **facts: Any) -> Event:
    """The same event unsaved, for changes of many rows at once (audit.record_many writes them)."""
    return audit.event(subject_type=kind, subject_id=subject_id(kind, key), label=label, verb=verb, by=by, **facts)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs between two states of a row, as before and after. Raises Invalid when nothing does."""
    names = [name for name in after if before.get(name) != after[name]]
    if not names:
        raise Invalid(_("Nothing was changed."))
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def reasoned(reason: str) -> str:
    """The reason in one line of text. Raises Invalid when there is none."""
    words = " ".join(reason.split())
    if not words:
        raise Invalid(_("Say why: a sentence is enough."), field="reason")
    return words
