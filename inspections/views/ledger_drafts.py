"""A ledger on its way in, step by step: sheet and header, columns, values, the check, corrections, the import."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from casetracker import working
from casetracker.enums import JobState
from casetracker.errors import IllegalMove
from casetracker.models import Job, User
from casetracker.wording import listed
from inspections.forms.imports import RememberForm
from inspections.forms.ledger_columns import SHOWN_ROWS, ColumnsForm, SheetForm, label_of
from inspections.forms.ledger_values import ValuesForm
from inspections.ledger.errors import LedgerError
from inspections.ledger.fields import is_telling
from inspections.ledger.importing import drafts, jobs, refused
from inspections.ledger.importing.uploads import refused_of
from inspections.models import ImportDraft
from inspections.views.imports import name_of, offices_of, remarks, remember, toml

STEPS = (
    ("sheet", gettext_lazy("Sheet")),
    ("columns", gettext_lazy("Columns")),
    ("values", gettext_lazy("Values")),
    ("check", gettext_lazy("Check")),
)
# So many remarks can be corrected on one page; what is left is asked for after the next check.
EDITABLE = 100
# A row that ends so is not mended by another text in the cell.
LONGEST_CELL = 200


def _draft(request: HttpRequest, draft_id: uuid.UUID) -> ImportDraft:
    """A draft of one of the person's offices; 404 for everybody else."""
    user: User = request.user  # type: ignore[assignment]
    return get_object_or_404(
        ImportDraft.objects.select_related("office", "by"), pk=draft_id, office__in=offices_of(user)
    )


def _checked(draft: ImportDraft) -> Job | None:
    """The check of what stands in the draft, once it is done."""
    return Job.objects.filter(pk=draft.checked, kind=jobs.CHECK, state=JobState.DONE).first() if draft.checked else None


def _steps(draft: ImportDraft, present: str) -> list[dict[str, Any]]:
    """The way with where the draft stands; steps that can be gone to are links."""
    checked = _checked(draft)
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


def _check(request: HttpRequest, row: ImportDraft) -> HttpResponse:
    """Check what stands in the draft now, and go to what comes of it."""
    job = drafts.check(row, request.user)  # type: ignore[arg-type]
    return redirect(jobs.result_url(job)) if job.state == JobState.DONE else redirect("job", job.pk)


@require_safe
def draft(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Go on where this ledger stands."""
    row = _draft(request, draft_id)
    if not row.reading.get("header_rows"):
        reading = Job.objects.filter(pk=row.checked, requested_by=request.user.pk).first() if row.checked else None
        return (
            redirect("job", reading.pk) if reading is not None and not row.reading else redirect("import_sheet", row.pk)
        )
    if (done := _checked(row)) is not None:
        return redirect(jobs.result_url(done))
    return redirect("import_columns", row.pk)


def sheet(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Which sheet is read, and which of its rows name the columns; another one can be chosen."""
    row = _draft(request, draft_id)
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
    context = {"draft": row, "form": form, "rows": shown, "steps": _steps(row, "sheet")}
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
    row = _draft(request, draft_id)
    if not row.reading.get("header_rows"):
        return redirect("import_draft", row.pk)
    form = ColumnsForm(request.POST or None, draft=row)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            drafts.change(row, mapping=form.cleaned_data["source"])
            return _check(request, row)
        status = 422
    unread = form.unread
    context = {
        "draft": row,
        "form": form,
        "unread": unread,
        "telling": listed([key for key, _told in unread if is_telling(key)]),
        "steps": _steps(row, "columns"),
    }
    return render(request, "inspections/imports/columns.html", context, status=status)


def values(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """What the texts mean that the check did not understand; then it is checked again."""
    row = _draft(request, draft_id)
    done = _checked(row)
    if done is None:
        return redirect("import_columns", row.pk)
    form = ValuesForm(request.POST or None, draft=row, report=done.result)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            mapping, settled = form.decisions()
            drafts.change(row, mapping=mapping, settled=settled)
            return _check(request, row)
        status = 422
    context = {"draft": row, "form": form, "checked": done, "steps": _steps(row, "values")}
    return render(request, "inspections/imports/values.html", context, status=status)


@require_safe
def check(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """What importing this ledger would do, row by row, with one button to do it."""
    done = _done(request, job_id)
    row = ImportDraft.objects.filter(pk=done.params.get("draft"), office__in=offices_of(request.user)).first()  # type: ignore[arg-type]
    report = done.result
    context = {
        "job": done,
        "draft": row,
        "is_latest": row is not None and row.checked == done.pk,
        "useless": _useless(report),
        "changing": report.get("created", 0) + report.get("updated", 0),
        "undecided": sum(len(texts) for texts in report.get("unmatched", {}).values()) if row is not None else 0,
        "steps": _steps(row, "check") if row is not None else [],
        "can_download": refused_of(done.pk).exists(),
        "remember": RememberForm(initial={"name": name_of(done.params["file_name"])}),
        **remarks(report),
        **_columns(report, done.params.get("mapping", {}).get("kind", ""), row.reading.get("keys", []) if row else []),
    }
    context["editable"] = _editable(context["refused"]) if context["is_latest"] else []
    # What can't be corrected here, or not yet, is listed to be read.
    fields = {one["field"] for one in context["editable"]}
    context["refused"] = [one for one in context["refused"] if f"cell-{one['row']}-{one.get('name')}" not in fields]
    context["more_editable"] = max(0, len(report.get("refused", [])) - EDITABLE) if fields else 0
    return render(request, "inspections/imports/check.html", context)


def _done(request: HttpRequest, job_id: uuid.UUID) -> Job:
    """A check that is done, of one of the person's offices."""
    offices = offices_of(request.user).values_list("pk", flat=True)  # type: ignore[arg-type]
    rows = Job.objects.filter(kind=jobs.CHECK, state=JobState.DONE, params__office__in=list(offices))
    return get_object_or_404(rows, pk=job_id)


def _editable(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The remarks of which a cell can be corrected here."""
    return [
        one | {"field": f"cell-{one['row']}-{one['name']}", "long": len(one["value"]) > 60}
        for one in told[:EDITABLE]
        if one.get("name") and len(one["value"]) < LONGEST_CELL
    ]


def _columns(report: dict[str, Any], kind: str, order: list[str]) -> dict[str, Any]:
    """The sheet's columns in its order with what each is read as (its usual and its canonical name), unread ones last,
    and which of these look as if something would be lost with them."""
    place = {header: number for number, header in enumerate(order)}
    read = [
        {"header": header, "name": name, "usual": label_of(kind, name)}
        for name, header in sorted(report.get("columns", {}).items(), key=lambda one: place.get(one[1], len(place)))
    ]
    unread = report.get("unread", [])
    return {
        "columns": [*read, *({"header": header, "name": ""} for header in unread)],
        "telling": listed([header for header in unread if is_telling(header)]),
    }


def _useless(report: dict[str, Any]) -> str:
    """Why importing this would do nothing; empty where it would do something."""
    if report.get("created") or report.get("updated"):
        return ""
    if any(one["code"] in ("may_be_same", "conflict") for one in report.get("doubtful", [])):
        return _("Nothing in it would change anything. The doubtful rows below say what to do.")
    if report.get("accepted") or report.get("duplicates"):
        return _("Everything in it is here already, unchanged.")
    if report.get("refused_rows"):
        return _("No row can be imported. Correct the cells below, or choose other columns or values.")
    return _("The file has no row to import.")


@require_POST
@transaction.atomic
def begin(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Import what was checked; pressing twice, even at the same moment, imports once. 409 where that does nothing, or
    where something was changed since."""
    user: User = request.user  # type: ignore[assignment]
    checked = Job.objects.select_for_update().filter(pk=_done(request, job_id).pk, kind=jobs.CHECK).get()
    if why := _useless(checked.result):
        raise IllegalMove(why)
    earlier = Job.objects.filter(kind=jobs.IMPORT, requested_by=user, params__checked=str(checked.pk)).first()
    if earlier is None:
        row = ImportDraft.objects.filter(pk=checked.params.get("draft"), office__in=offices_of(user)).first()
        if row is not None and row.checked != checked.pk:
            raise IllegalMove(_("Columns, values or cells were changed since this check. Look at the new one first."))
        earlier = working.enqueue(jobs.IMPORT, checked.params | {"checked": str(checked.pk)}, user)
    return redirect("job", earlier.pk)


@require_POST
def correct(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Read other texts in the place of refused cells, or one of the sheet's own again; then it is checked again."""
    row = _draft(request, draft_id)
    done = _checked(row)
    if done is None:
        return redirect("import_draft", row.pk)
    if "back" in request.POST:
        number, _colon, name = request.POST["back"].partition(":")
        if not number.isdecimal():
            raise Http404
        drafts.take_back(row, int(number), name)
        return _check(request, row)
    cells: dict[int, dict[str, str]] = {}
    for one in _editable(remarks(done.result)["refused"]):
        sent = request.POST.get(one["field"])
        if sent is not None and (text := sent.replace("\x00", "").strip()[:2000]) != one["value"]:
            cells.setdefault(one["row"], {})[one["name"]] = text
    if not cells:
        messages.warning(request, _("No cell was changed. Correct at least one, then check again."))
        return redirect("import_check", done.pk)
    drafts.correct(row, cells)
    return _check(request, row)


@require_safe
def refused_rows(request: HttpRequest, job_id: uuid.UUID, form: str) -> HttpResponse:
    """The refused rows to download: the sheet's columns and the reason; 404 where the check refused none."""
    done = _done(request, job_id)
    path = refused_of(done.pk)
    if form not in ("csv", "xlsx") or not path.exists():
        raise Http404
    name = _("%(name)s refused rows") % {"name": name_of(done.params["file_name"])}
    headers = {"Content-Disposition": content_disposition_header(True, f"{name}.{form}") or ""}
    if form == "csv":
        return HttpResponse(refused.as_csv(path), content_type="text/csv; charset=utf-8", headers=headers)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(refused.as_xlsx(path), content_type=kind, headers=headers)


@require_POST
def remember_draft(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Keep how this ledger is read, under a name."""
    row = _draft(request, draft_id)
    remember(request, row.office, drafts.to_keep(row.mapping, is_fixed=row.is_fixed))
    return redirect("import_draft", row.pk)


@require_safe
def mapping(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """How this ledger is read, as a file for the command."""
    return toml(_draft(request, draft_id).mapping, "mapping")


@require_POST
def drop(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Throw this upload away; what was imported from it stays."""
    row = _draft(request, draft_id)
    row.delete()
    messages.success(
        request, _("“%(name)s” was thrown away. Nothing of it was imported by that.") % {"name": row.file_name}
    )
    return redirect("import")
