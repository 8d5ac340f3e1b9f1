"""The files of a problem: what each is, who handled it, and where the original is."""

from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from casetracker.enums import Role
from casetracker.evidence import showing_note
from casetracker.models import Custody
from inspections.enums import Verb
from inspections.models import Attachment
from inspections.views.problem.record import Record, load

ACTIONS: dict[str, Any] = {
    "stored": pgettext_lazy("custody", "stored"),
    "stored_again": pgettext_lazy("custody", "sent again"),
    "viewed": pgettext_lazy("custody", "viewed"),
    "downloaded": pgettext_lazy("custody", "downloaded"),
    "exported": pgettext_lazy("custody", "exported"),
    "withdrawn": pgettext_lazy("custody", "withdrawn"),
    "unreadable": pgettext_lazy("custody", "could not be opened"),
}


@require_safe
def problem_files(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All files of a visible problem; the office also reads the custody log and sees what was withdrawn."""
    record = load(request.user, pk)
    rows = [one for one in record.problem.attachments.all() if record.inside or one.withdrawn_at is None]
    prefetch_related_objects(rows, "withdrawn_by")
    logs = _logs(rows) if record.inside else {}
    context = {
        "record": record,
        "problem": record.problem,
        "rows": [_row(record, one, logs.get(one.evidence_id, [])) for one in rows],
        "can_withdraw": Verb.WITHDRAW_EVIDENCE in record.allowed,
    }
    return render(request, "inspections/problem/files.html", context)


def _row(record: Record, one: Attachment, log: list[dict[str, Any]]) -> dict[str, Any]:
    inline = one.evidence.is_inline
    original = not inline or record.user.has_role(Role.INSPECTOR, Role.SUPERVISOR)
    return {
        "row": one,
        "thumb": reverse("evidence", args=[one.evidence_id, "thumbnail"]) if inline else "",
        "preview": reverse("evidence", args=[one.evidence_id, "preview"]) if inline else "",
        "original": reverse("evidence", args=[one.evidence_id, "original"]) if original else "",
        "note": showing_note(one.evidence),
        "log": log,
    }


def _logs(rows: list[Attachment]) -> dict[str, list[dict[str, Any]]]:
    """The custody log of each file, oldest first."""
    logs: dict[str, list[dict[str, Any]]] = {}
    for entry in Custody.objects.filter(evidence__in=[one.evidence_id for one in rows]):
        logs.setdefault(entry.evidence_id, []).append(
            {"at": entry.at, "who": entry.actor_name, "what": ACTIONS.get(entry.action, entry.action)}
        )
    return logs
