"""What the shared ground must know of a problem: who sees it, where its page is, its events and notices in words."""

from typing import Any

from django.urls import reverse

from casetracker.registry import Subject
from inspections.models import Problem

from .events import changes_clock, event_sentence, is_internal
from .gates import may_open
from .imports import IMPORT
from .notices import NOTICES, notice_sentence

__all__ = [
    "IMPORT",
    "NOTICES",
    "PROBLEM",
    "changes_clock",
    "event_sentence",
    "is_internal",
    "may_open",
    "notice_sentence",
]


def _link(problem_id: Any) -> str:
    """The address of a problem's page, from its id or from the problem."""
    return reverse("problem", args=[getattr(problem_id, "pk", problem_id)])


PROBLEM = Subject(
    type="problem",
    model=Problem,
    visible_to=Problem.objects.visible_to,
    link=_link,
    event_sentence=event_sentence,
    notice_sentence=notice_sentence,
    farewells=frozenset({"moved_away", "import_moved"}),
)
