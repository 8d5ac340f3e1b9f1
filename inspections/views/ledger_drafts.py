"""A ledger on its way in, step by step: its sheet and header, its columns, what its values mean."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from casetracker.enums import JobState
from casetracker.models import Job, User
from casetracker.wording import listed
from inspections.forms.ledger_columns import SHOWN_ROWS, ColumnsForm, SheetForm
from inspections.forms.ledger_values import ValuesForm
from inspections.ledger.errors import LedgerError
from inspections.ledger.fields import is_telling
from inspections.ledger.importing import drafts, jobs
from inspections.models import ImportDraft
from inspections.views.imports import IN_MAPPING, reach_of, remember, toml

STEPS = (
    ("sheet", gettext_lazy("Sheet")),
    ("columns", gettext_lazy("Columns")),
    ("values", gettext_lazy("Values")),
    ("check", gettext_lazy("Check")),
)


def draft_of(request: HttpRequest, draft_id: uuid.UUID) -> ImportDraft:
    """A draft of one of the person's offices; 404 for everybody else."""
    mine = reach_of(request.user).rows(IN_MAPPING)
    return get_object_or_404(ImportDraft.objects.select_related("office", "by"), mine, pk=draft_id)


def checked_of(draft: ImportDraft) -> Job | None:
    """The check of what stands in the draft, once it is done."""
    return Job.objects.filter(pk=draft.checked, kind=jobs.CHECK, state=JobState.DONE).first() if draft.checked else None


def steps_of(draft: ImportDraft, present: str) -> list[dict[str, Any]]:
    """The way with where the draft stands; steps that can be gone to are links."""
    checked = checked_of(draft)
    urls = {"sheet": reverse("import_sheet", args=[draft.pk])}
    if draft.reading.get("header_rows"):
        urls["columns"] = reverse("import_columns", args=[draft.pk])
    if checked is not None:
        urls["values"] = reverse("import_values", args=[draft.pk])
        urls["check"] = reverse("import_check", args=[checked.pk])
    order = [key for key, _label in STEPS]
    made = []
    for key, label in STEPS:
        state = "now" if key == present else "past" if order.index(key) < order.index(present) else "next"
        made.append({"key": key, "label": label, "url": urls.get(key, ""), "state": state})
    return made


def check_anew(request: HttpRequest, row: ImportDraft) -> HttpResponse:
    """Check what stands in the draft now, and go to what comes of it."""
    job = drafts.check(row, request.user)  # type: ignore[arg-type]
    return redirect(jobs.result_url(job)) if job.state == JobState.DONE else redirect("job", job.pk)


@require_safe
def draft(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Go on where this ledger stands."""
    row = draft_of(request, draft_id)
    if not row.reading.get("header_rows"):
        reading = Job.objects.filter(pk=row.checked, requested_by=request.user.pk).first() if row.checked else None
        return (
            redirect("job", reading.pk) if reading is not None and not row.reading else redirect("import_sheet", row.pk)
        )
    if (done := checked_of(row)) is not None:
        return redirect(jobs.result_url(done))
    return redirect("import_columns", row.pk)


def sheet(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Which sheet is read, and which of its rows name the columns; another one can be chosen."""
    row = draft_of(request, draft_id)
    if not row.reading:
        return redirect("import_draft", row.pk)
    form = SheetForm(request.POST or None, draft=row)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (answer := _placed(request, row, form)) is not None:
            return answer
    header = set(row.reading["header_rows"])
    last = max(SHOWN_ROWS, *(number + 5 for number in header), 0) if header else SHOWN_ROWS
    shown = [
        {"number": number, "cells": cells, "is_header": number in header}
        for number, cells in row.reading["first"]
        if number <= last or len(row.reading["first"]) <= SHOWN_ROWS
    ]
    context = {"draft": row, "form": form, "rows": shown, "steps": steps_of(row, "sheet")}
    return render(request, "inspections/imports/sheet.html", context, status=status)


def _placed(request: HttpRequest, row: ImportDraft, form: SheetForm) -> HttpResponse | None:
    """What follows from the chosen sheet and header; None, with the reason on the form, where they can't be."""
    user: User = request.user  # type: ignore[assignment]
    wanted, rows = form.cleaned_data["sheet"], sorted(form.cleaned_data["rows"])
    other = wanted != row.reading.get("sheet")
    if not other and not rows and "show" not in request.POST:
        form.add_error("rows", _("Tick the row that names the columns."))
        return None
    if not other and rows == row.reading["header_rows"]:
        return redirect("import_columns", row.pk)
    try:
        job = drafts.choose_place(row, user, sheet=wanted, header_row=None if other else rows)
    except LedgerError as error:
        form.add_error(None, str(error.message))
        return None
    if job is not None:
        return redirect("job", job.pk)
    return redirect("import_sheet" if other or not row.reading["header_rows"] else "import_columns", row.pk)


def columns(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Which column is what; then the ledger is checked."""
    row = draft_of(request, draft_id)
    if not row.reading.get("header_rows"):
        return redirect("import_draft", row.pk)
    form = ColumnsForm(request.POST or None, draft=row)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            drafts.change(row, mapping=form.cleaned_data["source"])
            return check_anew(request, row)
        status = 422
    unread = form.unread
    context = {
        "draft": row,
        "form": form,
        "unread": unread,
        "telling": listed([key for key, _told in unread if is_telling(form.kind, key)]),
        "steps": steps_of(row, "columns"),
    }
    return render(request, "inspections/imports/columns.html", context, status=status)


def values(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """What the texts mean that the check did not understand; then it is checked again."""
    row = draft_of(request, draft_id)
    done = checked_of(row)
    if done is None:
        return redirect("import_columns", row.pk)
    form = ValuesForm(request.POST or None, draft=row, report=done.result)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            mapping, settled = form.decisions()
            drafts.change(row, mapping=mapping, settled=settled)
            return check_anew(request, row)
        status = 422
    context = {"draft": row, "form": form, "checked": done, "steps": steps_of(row, "values")}
    return render(request, "inspections/imports/values.html", context, status=status)


@require_POST
def remember_draft(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Keep how this ledger is read, under a name."""
    row = draft_of(request, draft_id)
    remember(request, row.office, drafts.to_keep(row.mapping, is_fixed=row.is_fixed))
    return redirect("import_draft", row.pk)


@require_safe
def mapping(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """How this ledger is read, as a file for the command."""
    return toml(draft_of(request, draft_id).mapping, "mapping")


@require_POST
def drop(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Throw this upload away; what was imported from it stays."""
    row = draft_of(request, draft_id)
    row.delete()
    messages.success(
        request, _("“%(name)s” was thrown away. Nothing of it was imported by that.") % {"name": row.file_name}
    )
    return redirect("import")
