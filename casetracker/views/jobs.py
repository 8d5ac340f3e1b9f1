"""How far long work is, and what came of it."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from casetracker import registry
from casetracker.enums import JobState
from casetracker.models import Job


@require_safe
def job(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """The progress of the reader's own job, asked for every two seconds; once it is done, its result."""
    row = get_object_or_404(Job, pk=job_id, requested_by=request.user, kind__in=list(registry.jobs))
    kind = registry.jobs[row.kind]
    context = {"job": row, "kind": kind, "refused": _refused(row)}
    polls = bool(request.htmx)  # type: ignore[attr-defined]
    if row.state == JobState.DONE:
        if polls:
            return HttpResponse(headers={"HX-Redirect": kind.result_url(row)})
        return redirect(kind.result_url(row))
    if row.state == JobState.FAILED:
        if polls:
            return HttpResponse(headers={"HX-Redirect": request.path})
        return render(request, "jobs/failed.html", context)
    return render(request, "jobs/_progress.html" if polls else "jobs/job.html", context)


def _refused(row: Job) -> int:
    """How many rows were refused so far: a number, or a list or mapping of them."""
    refused = row.result.get("refused", 0)
    return refused if isinstance(refused, int) else len(refused)
