"""What the shared ground must know of checklists and kinds: their pages, and what changed them, in words."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from casetracker import subjects as ground
from casetracker.enums import Role
from casetracker.registry import Subject
from inspections.checklists import CHECKLIST, PROBLEM_KIND, SITE_KIND
from inspections.models import Checklist, ProblemKind, SiteKind

LABELS: dict[str, Any] = {
    "severity": gettext_lazy("usual severity"),
    "measure_zh": gettext_lazy("counted in (Chinese)"),
    "measure_en": gettext_lazy("counted in (English)"),
    "counts_as_quantity": gettext_lazy("one problem with a quantity"),
    "position": gettext_lazy("place in lists"),
    "site_kinds": gettext_lazy("kinds of site"),
}
SAYINGS: dict[str, Any] = {
    "create_checklist": gettext_lazy("%(who)s made the checklist."),
    "change_checklist": gettext_lazy("%(who)s changed the checklist."),
    "issue_checklist": gettext_lazy("%(who)s issued version %(number)s with %(count)s items."),
    "retire_checklist": gettext_lazy("%(who)s retired the checklist."),
    "revive_checklist": gettext_lazy("%(who)s took the checklist into use again."),
    "create_kind": gettext_lazy("%(who)s made the kind."),
    "change_kind": gettext_lazy("%(who)s changed the kind."),
}
DETAILED = frozenset({"change_checklist", "change_kind"})


def teach() -> None:
    """Add the verbs and columns of checklists to those that the ground puts into words."""
    ground.LABELS.update(LABELS)
    ground.SAYINGS.update(SAYINGS)
    ground.DETAILED.update(DETAILED)


def _all(model: Any) -> Any:
    def visible(user: Any) -> QuerySet[Any]:
        rows = model.objects
        return rows.all() if user.has_role(Role.ADMINISTRATOR) else rows.none()

    return visible


def _link(name: str) -> Any:
    return lambda key: reverse(name, args=[getattr(key, "pk", key)])


SUBJECTS = tuple(
    Subject(kind, model, _all(model), _link(page), ground.event_sentence, ground.notice_sentence)
    for kind, model, page in (
        (CHECKLIST, Checklist, "checklist"),
        (PROBLEM_KIND, ProblemKind, "problem_kind"),
        (SITE_KIND, SiteKind, "site_kind"),
    )
)
