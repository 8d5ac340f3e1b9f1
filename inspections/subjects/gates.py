"""Who may open a stored file: whoever sees a problem or a visit that holds it."""

from typing import Any

from inspections import scope
from inspections.models import Attachment, Highlight, Problem, Visit


def may_open(sha256: str, user: Any) -> bool:
    """Whether the person sees a problem that holds the file, or a visit whose highlight shows it.

    A withdrawn file stays open to whoever may withdraw one (the office), and closes to everybody else.
    """
    held = Attachment.objects.filter(evidence=sha256, problem__in=Problem.objects.visible_to(user))
    if not _of_office(user):
        held = held.filter(withdrawn_at__isnull=True)
    if held.exists():
        return True
    return Highlight.objects.filter(evidence=sha256, visit__in=Visit.objects.visible_to(user)).exists()


def _of_office(user: Any) -> bool:
    see = scope.of(user)
    return bool(see.offices or see.teams)
