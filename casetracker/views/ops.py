"""The operations page: whether every part works, what waits, what failed, and what to do about each."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from casetracker import deliveries, operations, registry
from casetracker.enums import Role
from casetracker.health import OK
from casetracker.models import User
from casetracker.views.access import for_operators


@require_safe
@for_operators
def ops(request: HttpRequest) -> HttpResponse:
    """Everything at one look; each line that is not in order says what to do."""
    user: User = request.user  # type: ignore[assignment]
    parts, facts, backlog = operations.parts(), operations.facts(), deliveries.backlog()
    troubles = operations.troubles(user)
    jobs = operations.jobs_open()
    wrong = sum(part.state != OK for part in parts) + sum(fact.light != "ok" for fact in facts)
    context: dict[str, Any] = {
        "title": _title(wrong + bool(backlog["failed"] + backlog["in_doubt"]) + bool(jobs["failed"])),
        "now": timezone.now(),
        "parts": parts,
        "beats": operations.other_beats(),
        "facts": facts,
        "backlog": backlog,
        "today": operations.deliveries_today(),
        "troubles": troubles[: operations.SHOWN],
        "troubles_total": troubles.count(),
        "jobs": jobs,
        "failed_jobs": [_shown(job) for job in operations.failed_jobs(user)[: operations.SHOWN]],
        "administers": user.has_role(Role.ADMINISTRATOR),
    }
    return render(request, "ops.html", context)


def _title(wrong: int) -> str:
    if not wrong:
        return _("Everything runs")
    text = ngettext("%(count)s thing needs somebody", "%(count)s things need somebody", wrong)
    return text % {"count": wrong}


def _shown(job: Any) -> dict[str, Any]:
    kind = registry.jobs.get(job.kind)
    return {"job": job, "label": kind.label if kind else job.kind}
