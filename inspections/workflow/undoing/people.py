"""Undoing an import of people: accounts that it brought are closed, posts that it gave go, the rest is as before."""

import datetime
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q

from casetracker.administering import enrolling
from casetracker.administering.enrolling import Undone
from casetracker.administering.recording import PERSON
from casetracker.models import Delivery, Event, Invitation, Membership, Notice, User
from inspections.enums import ImportState
from inspections.models import ImportBatch, ImportRow
from inspections.workflow.undoing.parts import BROUGHT, CHANGED, TOLD, VERB, Built, Part, Undoing
from inspections.workflow.undoing.used import referring

# What an import itself makes of a person, and what is said to the person without anybody's doing.
OWN: tuple[Any, ...] = (Membership, Invitation, Delivery, Notice, EmailAddress)
Rows = list[tuple[UUID, dict[str, Any]]]


def _rows(batch: ImportBatch) -> Rows:
    """What each row of the batch did, in their order."""
    rows = ImportRow.objects.filter(batch=batch, outcome__in=(*BROUGHT, *CHANGED), subject_id__isnull=False)
    return [(key, before) for key, before in rows.order_by("row", "pk").values_list("subject_id", "before") if key]


def judge(batch: ImportBatch) -> list[Built]:
    """What was done since with the people whom the batch brought or changed, or by them: of each the last act."""
    rows = _rows(batch)
    pks = {key: before["pk"] for key, before in rows}
    made = {before["pk"] for _key, before in rows if before["made"]}
    people = User.objects.in_bulk(pks.values())
    found: dict[int, Built] = {}

    def add(pk: int, who: str, verb: str) -> None:
        found[pk] = {"subject": PERSON, "id": str(pk), "label": str(people[pk]), "who": who, "verb": verb}

    for event in of_others(batch, PERSON, list(pks)).order_by("seq")[: TOLD * 5]:
        add(pks[event.subject_id], event.actor_name, event.verb)
    # Whoever was given or lost rights by it and acted since did so by these rights.
    moved = {before["pk"] for _key, before in rows if before["made"] or "given" in before or "changed" in before}
    acts = Event.objects.filter(actor_id__in=moved, at__gte=batch.created_at).order_by("at")
    for pk, verb in acts.values_list("actor_id", "verb")[: TOLD * 5]:
        if pk is not None:
            add(pk, str(people[pk]), verb)
    for pk in made:
        if people[pk].last_login is not None or people[pk].has_usable_password():
            add(pk, str(people[pk]), "")
    for pk in referring(User, made - found.keys(), OWN):
        add(pk, "", "")
    return list(found.values())


def of_others(batch: ImportBatch, kind: str, keys: list[UUID]) -> Any:
    """What was done to these since the import, by anybody: but for it, imports that were undone, and invitations."""
    undone = ImportBatch.objects.filter(office=batch.office_id, state=ImportState.UNDONE).values_list("pk", flat=True)
    # Most events name no batch: without asking for that first, the database would leave them all out.
    of_imports = Q(details__has_key="batch", details__batch__in=[str(batch.pk), *map(str, undone)])
    own = of_imports | Q(verb="invite")
    return Event.objects.filter(subject_type=kind, subject_id__in=keys, at__gte=batch.created_at).exclude(own)


def keys_of(rows: Any) -> Iterable[int]:
    """The primary keys of people or units in these rows of an import."""
    return [key for key in rows.values_list("before__pk", flat=True) if key is not None]


def _undo(undoing: Undoing, ids: list[UUID]) -> None:
    """Bring these people back to what they were before the import."""
    wanted = set(ids)
    rows = [(key, before) for key, before in _rows(undoing.batch) if key in wanted]
    people = User.objects.in_bulk({before["pk"] for _key, before in rows})
    posts = {post.pk: post for post in Membership.objects.select_related("unit").filter(user__in=people)}
    undone: dict[UUID, Undone] = {}
    for key, before in rows:
        one = undone.setdefault(key, Undone(people[before["pk"]]))
        one.closes = one.closes or before["made"]
        # The first value that a row found is what was there before all of them.
        one.columns = before["columns"] | one.columns
        if (given := posts.get(before.get("given", 0))) is not None:
            one.gone.append(given)
        changed = before.get("changed")
        if changed is not None and (post := posts.get(changed["pk"])) is not None:
            one.restored.append((post, _read(changed["values"])))
    batch = undoing.batch
    enrolling.take_back(
        list(undone.values()), by=undoing.by, now=undoing.now, verb=VERB, file=batch.file_name, batch=str(batch.pk)
    )
    for key, one in undone.items():
        tell(undoing, key, one.person.pk, str(one.person), "taken_back" if one.closes else "restored")


def _read(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a post as the row kept them."""
    day = values.get("until_on")
    return values | ({"until_on": datetime.date.fromisoformat(day)} if day else {})


def tell(undoing: Undoing, key: UUID, pk: int, label: str, what: str) -> None:
    """Count what became of one, and tell the first ones row by row; pages know them by their primary key."""
    setattr(undoing, what, getattr(undoing, what) + 1)
    if len(undoing.told) < TOLD:
        undoing.told.append({"row": undoing.rows[key], "what": what, "id": str(pk), "label": label})


PART = Part(PERSON, User, _undo, _undo, judge=judge, keys=keys_of)
