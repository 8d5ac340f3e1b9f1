"""What the parts of undoing share: the undoing under way, and what a kind of import says of itself."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model, Q

from casetracker import audit
from casetracker.models import Event, User
from inspections.enums import ImportState, Verb
from inspections.models import ImportBatch

VERB = "undo_import"
# Outcomes of rows that brought something, and of those that changed something.
BROUGHT, CHANGED = ("created", "revived"), ("updated",)
# A site that came along with a ledger of something else.
ALONG = "along"
# The verbs of what an import does, which name its batch.
IMPORTING = (Verb.IMPORT, "enter_site", "change_site")
CHUNK = 500
# So many rows are told one by one on the page of the batch, and so many of what stands in the way.
TOLD = 1000

# What was built on something: subject, id, label, who, verb (the last two empty where nobody's act tells of it).
Built = dict[str, Any]


@dataclass
class Undoing:
    """One undoing under way. `rows`: the row numbers of what is taken back or restored, by its id."""

    batch: ImportBatch
    by: User
    now: datetime.datetime
    rows: dict[UUID, int]
    # How many, of the rows and of the sites that came along.
    taken_back: int = 0
    restored: int = 0
    along: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)

    def event(self, subject_type: str, one: Any, label: str, **facts: Any) -> Event:
        """An event of this undoing, to be recorded."""
        return audit.event(
            subject_type=subject_type,
            subject_id=one.pk,
            label=label,
            verb=VERB,
            by=self.by,
            at=self.now,
            file=self.batch.file_name,
            batch=str(self.batch.pk),
            **facts,
        )

    def tell(self, what: str, found: Iterable[Model]) -> None:
        """Count what became of these, and tell the first ones row by row: `taken_back` or `restored`."""
        for one in found:
            setattr(self, what, getattr(self, what) + 1)
            if len(self.told) < TOLD:
                self.told.append({"row": self.rows[one.pk], "what": what, "id": str(one.pk), "label": str(one)})


def not_of(batch: ImportBatch) -> Q:
    """The events of this import and of imports that were undone, and of undoing and releasing: nothing to build on."""
    undone = ImportBatch.objects.filter(office=batch.office_id, state=ImportState.UNDONE).values_list("pk", flat=True)
    # A detail that an event lacks is neither in the list nor not in it: asked for first, it is not.
    own = Q(verb__in=IMPORTING, details__has_key="batch", details__batch__in=[str(batch.pk), *map(str, undone)])
    return Q(verb__in=("release_import", VERB)) | own


def nothing_built(rows: Any) -> Iterable[Built]:
    """For what only events tell of."""
    return ()


def same_keys(rows: Any) -> Any:
    """For what rows of an import name by its primary key."""
    return rows.values("subject_id")


def nothing_first(undoing: Undoing) -> None:
    """For what needs nothing done before."""


def never(undoing: Undoing, ids: list[UUID]) -> None:
    """For what an import never changes."""
    raise AssertionError("such an import changes nothing that was here")


@dataclass(frozen=True)
class Part:
    """How imports of one kind are undone.

    `take_back` and `restore` are given some of the ids at a time and tell the undoing what they did. `built_on` finds
    what was built on what it brought (a query of ids) and no event of theirs tells of.
    """

    # The type of its events.
    subject: str
    model: type[Model]
    take_back: Callable[[Undoing, list[UUID]], None]
    restore: Callable[[Undoing, list[UUID]], None] = never
    built_on: Callable[[Any], Iterable[Built]] = nothing_built
    # Once, before anything is undone.
    first: Callable[[Undoing], None] = nothing_first
    # Of a kind whose rows have no UUID: judges a whole batch, and gives the primary keys of the rows of one.
    judge: Callable[[ImportBatch], list[Built]] | None = None
    keys: Callable[[Any], Any] = same_keys
