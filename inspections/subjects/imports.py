"""What the shared ground must know of an import: who sees any of it, the list of its problems, its notices in words."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker.bilingual import in_language
from casetracker.models import Event, Notice
from casetracker.registry import Subject
from inspections.models import ImportBatch, ImportRow, Problem


def _visible_to(user: Any) -> "QuerySet[ImportBatch]":
    """The imports that brought or changed a problem which the person may see."""
    seen = Problem.objects.visible_to(user)
    changed = ImportRow.objects.filter(batch=OuterRef("pk"), outcome="updated", subject_id__in=seen.values("pk"))
    return ImportBatch.objects.filter(Exists(seen.filter(import_batch=OuterRef("pk"))) | Exists(changed))


def list_url(batch_id: UUID, *, state: str = "") -> str:
    """The list of the problems that an import brought, all that count or only those in a state."""
    return f"{reverse('problems')}?batch={batch_id}" + (f"&state={state}" if state else "")


def _link(batch_id: Any) -> str:
    return list_url(getattr(batch_id, "pk", batch_id), state="open")


def _event_sentence(event: Event) -> str:
    return event.subject_label


def notice_sentence(notice: Notice) -> str:
    """How many problems came to the reader's unit, and from which file."""
    count = int(notice.params.get("count") or 0)
    unit = in_language(notice.params.get("unit", ""), notice.params.get("unit_en", ""))
    words = {"count": count, "file": notice.subject_label, "unit": unit}
    if notice.kind == "import_undone":
        text = ngettext(
            "The import of %(file)s was undone: %(count)s problem of your unit (%(unit)s) is voided.",
            "The import of %(file)s was undone: %(count)s problems of your unit (%(unit)s) are voided.",
            count,
        )
        return text % words
    if not unit:
        return _("There is news of the import of %(file)s.") % words
    text = ngettext(
        "%(count)s problem imported from %(file)s is now with your unit (%(unit)s).",
        "%(count)s problems imported from %(file)s are now with your unit (%(unit)s).",
        count,
    )
    return text % words


IMPORT = Subject(
    type="import",
    model=ImportBatch,
    visible_to=_visible_to,
    link=_link,
    event_sentence=_event_sentence,
    notice_sentence=notice_sentence,
)
