"""Lists as files: asking for one, the reader's own ones, and the download."""

import tempfile
import uuid
from pathlib import Path
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from casetracker import registry
from casetracker.enums import JobState
from casetracker.exporting import Table, Unknown, jobs
from casetracker.exporting.writing import FORMS, MOST_ROWS, TYPES, too_long, write
from casetracker.models import Job, User

# So many of the reader's own exports are shown.
SHOWN = 50


@require_POST
def export_new(request: HttpRequest, key: str) -> HttpResponseBase:
    """A list as the page with this `query` shows it, as `form` xlsx or csv: at once where it is short, else by a
    worker. 404 for a list that the person does not see and for a query that no page gives out, 422 for more rows
    than a workbook holds.
    """
    user: User = request.user  # type: ignore[assignment]
    export = registry.exports.get(key)
    form, query = request.POST.get("form", FORMS[0]), request.POST.get("query", "").replace("\x00", "")
    if export is None or not export.shown_to(user) or form not in FORMS:
        raise Http404
    try:
        table: Table = export.table(user, query)
    except Unknown as error:
        raise Http404 from error
    if form == "xlsx" and table.total > MOST_ROWS:
        raise too_long()
    if table.total > jobs.AT_ONCE:
        return redirect("job", jobs.ask(export, query, form, by=user).pk)
    return written(table, form)


def written(table: Table, form: str) -> FileResponse:
    """A table as `form` (xlsx or csv) to download, written here and now."""
    # Some writers need a name to write to; the file itself is gone with the answer.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        write(table, form, path)
        return _download(path, jobs.file_name(table, form), form)


@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """The files that workers wrote for the reader, or are writing, newest first."""
    user: User = request.user  # type: ignore[assignment]
    posts = jobs.posts_of(user)
    found = Job.objects.filter(kind=jobs.KIND, requested_by=request.user)  # type: ignore[misc]
    rows = [_row(user, posts, job) for job in found.order_by("-created_at")[:SHOWN]]
    return render(request, "exports/list.html", {"rows": rows, "total": found.count()})


@require_safe
def export(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """A file that is ready, with its download; 404 with the way to a new one where it can't be had any more."""
    user: User = request.user  # type: ignore[assignment]
    job = _own(request, job_id)
    context = _row(user, jobs.posts_of(user), job)
    if not context["there"]:
        return _gone(request, context)
    return render(request, "exports/export.html", context)


@require_safe
def export_file(request: HttpRequest, job_id: uuid.UUID) -> HttpResponseBase:
    """The file, for whoever asked for it and still sees what is in it."""
    user: User = request.user  # type: ignore[assignment]
    job = _own(request, job_id)
    context = _row(user, jobs.posts_of(user), job)
    if not context["there"]:
        return _gone(request, context)
    try:
        return _download(jobs.path_of(job), job.result["name"], job.params["form"])
    except FileNotFoundError:  # cleared at this very moment
        return _gone(request, context)


def _own(request: HttpRequest, job_id: uuid.UUID) -> Job:
    return get_object_or_404(Job, pk=job_id, kind=jobs.KIND, requested_by=request.user, state=JobState.DONE)


def _row(user: User, posts: str, job: Job) -> dict[str, Any]:
    """What a page says of an export: whether its file can be had, until when, and where the list stands."""
    listed, query = registry.exports.get(job.params["list"]), job.params["query"]
    done = job.state == JobState.DONE
    seen = done and jobs.may_have(user, posts, job)
    return {
        "job": job,
        "listed": listed,
        "form": job.params["form"],
        "kept_until": jobs.kept_until(job) if done else None,
        "seen": seen,
        "there": seen and jobs.path_of(job).is_file(),
        "done": done,
        "list_url": reverse(listed.page) + (f"?{query}" if query else "") if listed else "",
    }


def _gone(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "exports/gone.html", context, status=404)


def _download(path: Path, name: str, form: str) -> FileResponse:
    answer = FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=TYPES[form])
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store"
    return answer
