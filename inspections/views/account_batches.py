"""The page of an import of people or units: its rows are accounts and units, and releasing it invites people."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker.invited import standings
from casetracker.models import Unit
from inspections.enums import ImportState
from inspections.ledger.importing import accounts
from inspections.models import ImportBatch, ImportRow
from inspections.workflow.undoing import BROUGHT

SHOWN = 500


def page(request: HttpRequest, row: ImportBatch, shared: dict[str, Any]) -> HttpResponse:
    """What an import of people or units did; who waits for an invitation, and who needs a first password by hand."""
    is_done, of_people = row.state == ImportState.DONE, row.kind == "people"
    brought = accounts.brought(row) if of_people else None
    people = list(brought.order_by("username")[:SHOWN]) if brought is not None and is_done else []
    standing = standings(people)
    pairs = [(one, standing.get(one.pk)) for one in people]
    total = brought.count() if brought is not None else 0
    context = {
        **shared,
        "of_people": of_people,
        "waiting": accounts.waiting(row) if is_done and of_people and row.released_at is None else 0,
        "people": pairs,
        "total": total,
        "more": max(0, total - SHOWN),
        "by_hand": sum(1 for _one, how in pairs if how is not None and how.by_hand),
        "units": _units(row) if is_done and not of_people else [],
    }
    return render(request, "inspections/imports/accounts.html", context)


def _units(row: ImportBatch) -> list[Unit]:
    """The units that an import brought, as they are now."""
    rows = ImportRow.objects.filter(batch=row, outcome__in=BROUGHT).values_list("before__pk", flat=True)
    return list(Unit.objects.filter(pk__in=[key for key in rows if key]).select_related("parent")[:SHOWN])


def released_words(count: int) -> str:
    """How many invitations a release sends."""
    if not count:
        return _("Released: nobody of this import waits for an invitation.")
    text = ngettext(
        "Released: %(count)s invitation is on its way.", "Released: %(count)s invitations are on their way.", count
    )
    return text % {"count": count}
