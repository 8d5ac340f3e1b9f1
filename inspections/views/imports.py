"""Ledgers in: upload, check, import, release; all long work runs in a worker."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from casetracker import working
from casetracker.bilingual import in_language
from casetracker.enums import JobState, Role, UnitKind
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import Job, Unit, User
from casetracker.wording import listed
from inspections import scope
from inspections.enums import OPEN
from inspections.forms.imports import UploadForm
from inspections.ledger.fields import is_telling, usual_headers
from inspections.ledger.importing import jobs
from inspections.models import ImportBatch, Problem
from inspections.subjects.imports import list_url

SHOWN = 500


def offices_of(user: User) -> Any:
    """The offices a supervisor imports for; 404 for everybody else."""
    if not user.has_role(Role.SUPERVISOR):
        raise Http404
    return Unit.objects.filter(pk__in=scope.of(user).offices, kind=UnitKind.OFFICE)


def page(request: HttpRequest) -> HttpResponse:
    """Upload a ledger to be checked, and see what was imported before."""
    user: User = request.user  # type: ignore[assignment]
    offices = offices_of(user)
    form = UploadForm(request.POST or None, request.FILES or None, offices=offices)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                job = _begin_check(form, user)
            except Invalid as error:
                form.add_error("file", str(error))
            else:
                return redirect("job", job.pk)
        status = 422
    batches = (
        ImportBatch.objects.filter(office__in=offices)
        .select_related("by", "office")
        .annotate(held=Count("problems", filter=Q(problems__held=True, problems__status__in=OPEN)))[:100]
    )
    return render(
        request,
        "inspections/imports/page.html",
        {"form": form, "batches": batches, "total": ImportBatch.objects.filter(office__in=offices).count()},
        status=status,
    )


def _begin_check(form: UploadForm, user: User) -> Job:
    file = form.cleaned_data["file"]
    key = jobs.keep_upload(file, file.name)
    params = {
        "file": key,
        "file_name": file.name,
        "mapping": form.cleaned_data["source"],
        "office": form.cleaned_data["office"].pk,
    }
    return working.enqueue(jobs.CHECK, params, user)


@require_safe
def check(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """What importing this ledger would do, row by row, with one button to do it."""
    user: User = request.user  # type: ignore[assignment]
    offices_of(user)
    job = get_object_or_404(Job, pk=job_id, kind=jobs.CHECK, requested_by=user, state=JobState.DONE)
    report = job.result
    context = {
        "job": job,
        "useless": _useless(report),
        "changing": report.get("created", 0) + report.get("updated", 0),
        **_remarks(report),
        **_columns(report, job.params.get("mapping", {}).get("kind", "")),
    }
    return render(request, "inspections/imports/check.html", context)


def _useless(report: dict[str, Any]) -> str:
    """Why importing this would do nothing; empty where it would do something."""
    if report.get("created") or report.get("updated"):
        return ""
    if any(one["code"] in ("may_be_same", "conflict") for one in report.get("doubtful", [])):
        return _("Nothing in it would change anything. The doubtful rows below say what to do.")
    if report.get("accepted") or report.get("duplicates"):
        return _("Everything in it is here already, unchanged.")
    if report.get("refused_rows"):
        return _("No row can be imported. Correct the rows below in the file and check it again.")
    return _("The file has no row to import.")


@require_POST
@transaction.atomic
def begin(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Import what was checked; pressing twice, even at the same moment, imports once. 409 where that does nothing."""
    user: User = request.user  # type: ignore[assignment]
    offices_of(user)
    done = Job.objects.select_for_update().filter(kind=jobs.CHECK, requested_by=user, state=JobState.DONE)
    checked = get_object_or_404(done, pk=job_id)
    if why := _useless(checked.result):
        raise IllegalMove(why)
    earlier = Job.objects.filter(kind=jobs.IMPORT, requested_by=user, params__checked=str(checked.pk)).first()
    job = earlier or working.enqueue(jobs.IMPORT, checked.params | {"checked": str(checked.pk)}, user)
    return redirect("job", job.pk)


@require_safe
def batch(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """What an import did."""
    row = _batch(request, batch_id)
    brought = Problem.objects.visible_to(request.user).filter(import_batch=row).counted()
    context = {
        "batch": row,
        "held": row.problems.held().count(),
        "brought": brought.count(),
        "brought_url": list_url(row.pk),
        "remains_held": row.released_at is None and row.problems.filter(held=True).exists(),
        **_remarks(row.report),
    }
    return render(request, "inspections/imports/batch.html", context)


@require_POST
def release(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Let reminders and mail speak of the batch's open problems."""
    user: User = request.user  # type: ignore[assignment]
    count = jobs.release(_batch(request, batch_id), by=user)
    text = ngettext(
        "Released: reminders and mail now speak of %(count)s open problem.",
        "Released: reminders and mail now speak of %(count)s open problems.",
        count,
    )
    messages.success(request, text % {"count": count})
    return redirect("import_batch", batch_id)


def _batch(request: HttpRequest, batch_id: uuid.UUID) -> ImportBatch:
    user: User = request.user  # type: ignore[assignment]
    return get_object_or_404(
        ImportBatch.objects.select_related("by", "released_by", "office"), pk=batch_id, office__in=offices_of(user)
    )


def _remarks(report: dict[str, Any]) -> dict[str, Any]:
    """The report for the page; very long lists are cut, and say so."""
    refused, doubtful = report.get("refused", []), report.get("doubtful", [])
    return {
        "report": report,
        "made": _made(report),
        "refused": _in_language(refused[:SHOWN]),
        "doubtful": _in_language(doubtful[:SHOWN]),
        "changes": report.get("changes", [])[:SHOWN],
        "more_changes": max(0, len(report.get("changes", [])) - SHOWN),
        "more_refused": max(0, len(refused) - SHOWN) + report.get("left_off", {}).get("refused", 0),
        "more_doubtful": max(0, len(doubtful) - SHOWN) + report.get("left_off", {}).get("doubtful", 0),
    }


def _columns(report: dict[str, Any], kind: str) -> dict[str, Any]:
    """The sheet's columns with what each is read as (its usual and its canonical name), unread ones last, and which
    of these look as if something would be lost with them."""
    read = [
        {"header": header, "name": name, "usual": in_language(*usual_headers(kind, name))}
        for name, header in report.get("columns", {}).items()
    ]
    unread = report.get("unread", [])
    return {
        "columns": [*read, *({"header": header, "name": ""} for header in unread)],
        "telling": listed([header for header in unread if is_telling(header)]),
    }


def _made(report: dict[str, Any]) -> list[dict[str, Any]]:
    """What an import creates besides its rows: how many of each sort, and what the first ones are called."""
    labels = {"units": _("Units"), "teams": _("Teams"), "sites": _("Sites"), "kinds": _("Kinds")}
    names = report.get("made_names", {})
    return [
        {"label": label, "count": report["made"][sort], "names": names.get(sort, [])}
        for sort, label in labels.items()
        if report.get("made", {}).get(sort)
    ]


def _in_language(remarks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The remarks in the reader's language, whoever imported in whichever."""
    return [one | {"message": in_language(one["message_zh"], one["message_en"])} for one in remarks]
