"""The check of a ledger: what importing it would do, refused cells corrected in place, and the import itself."""

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from casetracker import working
from casetracker.enums import JobState
from casetracker.errors import IllegalMove
from casetracker.exporting.writing import FORMS
from casetracker.models import Job, User
from casetracker.views.exports import written
from casetracker.wording import listed
from inspections.forms.imports import RememberForm
from inspections.forms.ledger_columns import label_of
from inspections.ledger.fields import is_telling
from inspections.ledger.importing import drafts, jobs, refused
from inspections.ledger.importing.uploads import refused_of
from inspections.models import ImportDraft
from inspections.views.import_reports import remarks, table, tables
from inspections.views.imports import IN_MAPPING, name_of, reach_of
from inspections.views.ledger_drafts import check_anew, checked_of, draft_of, steps_of

# So many remarks can be corrected on one page; what is left is asked for after the next check.
EDITABLE = 100
# A row that ends so is not mended by another text in the cell.
LONGEST_CELL = 200


@require_safe
def check(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """What importing this ledger would do, row by row, with one button to do it."""
    done = _done(request, job_id)
    row = ImportDraft.objects.filter(reach_of(request.user).rows(IN_MAPPING), pk=done.params.get("draft")).first()
    report, kind = done.result, done.params.get("mapping", {}).get("kind", "problems")
    context = {
        "job": done,
        "draft": row,
        "is_latest": row is not None and row.checked == done.pk,
        "useless": _useless(report),
        "changing": report.get("created", 0) + report.get("updated", 0),
        "undecided": sum(len(texts) for texts in report.get("unmatched", {}).values()) if row is not None else 0,
        "steps": steps_of(row, "check") if row is not None else [],
        "can_download": refused_of(done.pk).exists(),
        "remember": RememberForm(initial={"name": name_of(done.params["file_name"])}),
        **remarks(report, kind),
        "telling": listed([header for header in report.get("unread", []) if is_telling(kind, header)]),
    }
    context["editable"] = _editable(context["refused"]) if context["is_latest"] else []
    # What can't be corrected here, or not yet, is listed to be read.
    fields = {one["field"] for one in context["editable"]}
    context["refused"] = [one for one in context["refused"] if f"cell-{one['row']}-{one.get('name')}" not in fields]
    context["tables"] = tables(context)
    if report.get("columns"):
        context["tables"].append(_columns(report, kind, row.reading.get("keys", []) if row else []))
    context["more_editable"] = max(0, len(report.get("refused", [])) - EDITABLE) if fields else 0
    return render(request, "inspections/imports/check.html", context)


def _done(request: HttpRequest, job_id: uuid.UUID) -> Job:
    """A check that is done, of one of the person's offices."""
    mine = reach_of(request.user).rows("params__mapping__kind", "params__office")
    rows = Job.objects.filter(mine, kind=jobs.CHECK, state=JobState.DONE)
    return get_object_or_404(rows, pk=job_id)


def _editable(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The remarks of which a cell can be corrected here."""
    return [
        one | {"field": f"cell-{one['row']}-{one['name']}", "long": len(one["value"]) > 60}
        for one in told[:EDITABLE]
        if one.get("name") and len(one["value"]) < LONGEST_CELL
    ]


def _columns(report: dict[str, Any], kind: str, order: list[str]) -> dict[str, Any]:
    """The table of the sheet's columns in its order with what each is read as, its usual and its canonical name; unread
    ones last."""
    place = {header: number for number, header in enumerate(order)}
    in_order = sorted(report["columns"].items(), key=lambda one: place.get(one[1], len(place)))
    read = [[header, f"{label_of(kind, name)} ({name})"] for name, header in in_order]
    unread = [[header, _("not read")] for header in report.get("unread", [])]
    return table(_("Columns"), [_("Your column"), _("Read as")], [*read, *unread], says=False, numbered=False)


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
        row = ImportDraft.objects.filter(reach_of(user).rows(IN_MAPPING), pk=checked.params.get("draft")).first()
        if row is not None and row.checked != checked.pk:
            raise IllegalMove(_("Columns, values or cells were changed since this check. Look at the new one first."))
        earlier = working.enqueue(jobs.IMPORT, checked.params | {"checked": str(checked.pk)}, user)
    return redirect("job", earlier.pk)


@require_POST
def correct(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """Read other texts in the place of refused cells, or one of the sheet's own again; then it is checked again."""
    row = draft_of(request, draft_id)
    done = checked_of(row)
    if done is None:
        return redirect("import_draft", row.pk)
    if "back" in request.POST:
        number, _colon, name = request.POST["back"].partition(":")
        if not number.isdecimal():
            raise Http404
        drafts.take_back(row, int(number), name)
        return check_anew(request, row)
    cells: dict[int, dict[str, str]] = {}
    for one in _editable(remarks(done.result, row.mapping["kind"])["refused"]):
        sent = request.POST.get(one["field"])
        if sent is not None and (text := sent.replace("\x00", "").strip()[:2000]) != one["value"]:
            cells.setdefault(one["row"], {})[one["name"]] = text
    if not cells:
        messages.warning(request, _("No cell was changed. Correct at least one, then check again."))
        return redirect("import_check", done.pk)
    drafts.correct(row, cells)
    return check_anew(request, row)


@require_safe
def refused_rows(request: HttpRequest, job_id: uuid.UUID, form: str) -> HttpResponseBase:
    """The refused rows to download: the sheet's columns and the reason; 404 where the check refused none."""
    done = _done(request, job_id)
    path = refused_of(done.pk)
    if form not in FORMS or not path.exists():
        raise Http404
    name = _("%(name)s refused rows") % {"name": name_of(done.params["file_name"])}
    return written(refused.table(path, name), form)
