"""What an import of people leaves to be done: inviting them, once somebody releases it."""

import datetime

from django.db.models import QuerySet

from casetracker import invitations
from casetracker.models import Invitation, User
from inspections.ledger.importing.office_names import about
from inspections.ledger.importing.report import NEW
from inspections.models import ImportBatch, ImportRow


def brought(batch: ImportBatch) -> QuerySet[User]:
    """The people whose accounts an import made, or opened again."""
    rows = ImportRow.objects.filter(batch=batch, outcome__in=NEW, before__made=True)
    return User.objects.filter(pk__in=[key for key in rows.values_list("before__pk", flat=True) if key])


def waiting(batch: ImportBatch) -> int:
    """How many people releasing it would invite."""
    people = list(brought(batch).filter(invitations.WITHOUT_PASSWORD, is_active=True).exclude(email=""))
    invited = Invitation.objects.living().filter(person__in=people).exclude(waits_for=batch.pk, released_at=None)
    return len(people) - invited.count()


def release(batch: ImportBatch, *, by: User | None, now: datetime.datetime) -> int:
    """Invite the people whom the batch brought, each once; returns how many. In the caller's transaction."""
    # Who got an address only since is invited like the others.
    invitations.hold(list(brought(batch)), waits_for=batch.pk, file_name=batch.file_name, now=now)
    return invitations.release(batch.pk, by=by, now=now, **about(batch))
