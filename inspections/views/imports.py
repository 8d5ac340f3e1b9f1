"""Ledgers in: upload, what was imported, releasing and undoing it; long work runs in a worker."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from casetracker import working
from casetracker.enums import JobState
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import Job, Unit, User
from inspections import listing, lists
from inspections.enums import ImportState
from inspections.forms.imports import RememberForm, UploadForm
from inspections.ledger import kinds, reach
from inspections.ledger.errors import LedgerError
from inspections.ledger.importing import drafts, jobs
from inspections.ledger.kinds import ACCOUNTS, told
from inspections.ledger.mapping_toml import EXAMPLE, OF_PEOPLE, dumps
from inspections.ledger.reach import Reach
from inspections.models import ImportBatch, ImportDraft, ImportRow, SavedMapping
from inspections.views import account_batches
from inspections.views.import_reports import SHOWN, page_of, remarks, tables, undone_of
from inspections.workflow.undoing import BROUGHT, CHANGED, built_on

# The rows of each kind's list, as an address asks for them.
LISTS: dict[str, Callable[[QueryDict, User], Any]] = {
    "problems": lambda query, user: listing.read(query, user).problems,
    "visits": lambda query, user: lists.visits(query, user).rows,
    "sites": lambda query, user: lists.sites(query, user).rows,
    "exposures": lambda query, user: lists.exposures(query, user).rows,
}


def reach_of(user: Any) -> Reach:
    """What a supervisor or an administrator imports; 404 for everybody else."""
    found = reach.of(user)
    if found is None:
        raise Http404
    return found


IN_MAPPING = "mapping__kind"


def page(request: HttpRequest) -> HttpResponse:
    """Upload a ledger to be read in, and see what is under way and what was imported before."""
    user: User = request.user  # type: ignore[assignment]
    mine = reach_of(user)
    form = UploadForm(
        request.POST or None, request.FILES or None, reach=mine, initial={"how": request.GET.get("kind", "")}
    )
    status = 200
    if request.method == "POST":
        if form.is_valid() and (draft := _begun(form, user)) is not None:
            return redirect("job", draft.checked) if draft.checked else redirect("import_draft", draft.pk)
        status = 422
    context = {
        "form": form,
        "batches": lists.imports(user)[:100],
        "total": lists.imports(user).count(),
        "drafts": ImportDraft.objects.filter(mine.rows(IN_MAPPING)).select_related("by")[:20],
        "only_accounts": not mine.cases,
    }
    return render(request, "inspections/imports/page.html", context, status=status)


def _begun(form: UploadForm, user: User) -> ImportDraft | None:
    """The draft of what was uploaded; None, with the reason at its field, for a file that can't be used."""
    file, data = form.cleaned_data["file"], form.cleaned_data
    try:
        return drafts.begin(file, file.name, source=data["source"], office=data["office"], by=user)
    except Invalid as error:
        form.add_error("file", str(error))
    except LedgerError as error:
        form.add_error("file", str(error.message))
    return None


@require_safe
def example(request: HttpRequest) -> HttpResponse:
    """An example of a mapping file."""
    return toml(EXAMPLE if reach_of(request.user).cases else OF_PEOPLE, "example")


def toml(source: dict[str, Any], name: str) -> HttpResponse:
    """A mapping to download, for the command."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.toml"'}
    return HttpResponse(dumps(source), content_type="application/toml; charset=utf-8", headers=headers)


@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget how a ledger was read."""
    way = get_object_or_404(SavedMapping, reach_of(request.user).rows(IN_MAPPING), pk=pk)
    way.delete()
    messages.success(request, _("“%(name)s” is forgotten.") % {"name": way.name})
    return redirect("import")


@require_safe
def batch(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """What an import did."""
    row = _batch(request, batch_id)
    if row.kind in ACCOUNTS:
        return account_batches.page(request, row, _shared(row))
    is_done = row.state == ImportState.DONE
    context = {
        **_shared(row),
        "held": row.problems.held().count() if is_done else 0,
        "listed": _listed(row, request.user) if is_done else [],  # type: ignore[arg-type]
        "remains_held": is_done and row.released_at is None and row.problems.filter(held=True).exists(),
    }
    return render(request, "inspections/imports/batch.html", context)


def _shared(row: ImportBatch) -> dict[str, Any]:
    """What the page of every kind of import says."""
    report = remarks(row.report, row.kind)
    is_done = row.state == ImportState.DONE
    return {
        "batch": row,
        "undone": undone_of(row),
        "can_undo": is_done and ImportRow.objects.filter(batch=row, outcome__in=(*BROUGHT, *CHANGED)).exists(),
        "remember": RememberForm(initial={"name": name_of(row.file_name)}),
        "tables": tables(report),
        **report,
    }


def _listed(row: ImportBatch, user: User) -> list[dict[str, Any]]:
    """What the import brought and what it changed, as the person sees it today: words, how many, the list of it."""
    kind = kinds.KINDS[row.kind]
    found = []
    for key, parameter, sentence in (("brought", "batch", kind.brought), ("changed", "changed", kind.changed)):
        if not sentence:
            continue
        query = f"{parameter}={row.pk}"
        count = LISTS[row.kind](QueryDict(query), user).count()
        if count:
            found.append({"key": key, "words": told(sentence, count), "url": f"{reverse(kind.page)}?{query}"})
    return found


@require_POST
def release(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Let reminders and mail speak of the batch's open problems."""
    user: User = request.user  # type: ignore[assignment]
    row = _batch(request, batch_id)
    count = jobs.release(row, by=user)
    if row.kind in ACCOUNTS:
        messages.success(request, account_batches.released_words(count))
        return redirect("import_batch", batch_id)
    text = ngettext(
        "Released: reminders and mail now speak of %(count)s open problem.",
        "Released: reminders and mail now speak of %(count)s open problems.",
        count,
    )
    messages.success(request, text % {"count": count})
    return redirect("import_batch", batch_id)


def undo(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Ask before an import is undone, then undo it in a worker; 409 with what stands in the way where somebody worked
    on it since, or where it was undone already."""
    row = _batch(request, batch_id)
    if row.state != ImportState.DONE:
        raise IllegalMove(_("This import was undone already."))
    built = built_on(row)
    if request.method == "POST" and not built:
        return redirect("job", _undoing(row, request.user).pk)  # type: ignore[arg-type]
    # Several rows of one person are one person.
    outcomes = (
        ImportRow.objects.filter(batch=row)
        .order_by()
        .values_list("outcome")
        .annotate(rows=Count("subject_id", distinct=True))
    )
    counts = dict(outcomes)
    kind = kinds.KINDS[row.kind]
    bring, change = (sum(counts.get(one, 0) for one in outcomes) for outcomes in (BROUGHT, CHANGED))
    context = {
        "batch": row,
        "built": [one | {"url": page_of(one["subject"], one["id"])} for one in built[:SHOWN]],
        "more": max(0, len(built) - SHOWN),
        "kind": kind,
        "then": [
            told(words, count) for words, count in ((kind.to_take_back, bring), (kind.to_restore, change)) if count
        ],
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "inspections/imports/undo.html", context, status=status)


@transaction.atomic
def _undoing(row: ImportBatch, user: User) -> Job:
    """The job that undoes the import; pressing twice, even at the same moment, undoes once."""
    ImportBatch.objects.select_for_update().filter(reach_of(user).rows(), pk=row.pk).get()
    waiting = (JobState.PENDING, JobState.RUNNING)
    same = Job.objects.filter(kind=jobs.UNDO, requested_by=user, params__batch=str(row.pk), state__in=waiting)
    params = {"batch": str(row.pk), "file_name": row.file_name}
    return same.first() or working.enqueue(jobs.UNDO, params, user)


@require_POST
def remember_batch(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Keep how this ledger was read, under a name."""
    row = _batch(request, batch_id)
    remember(request, row.office, drafts.to_keep(row.mapping, is_fixed=False))
    return redirect("import_batch", batch_id)


@require_safe
def batch_mapping(request: HttpRequest, batch_id: uuid.UUID) -> HttpResponse:
    """How this ledger was read, as a file."""
    return toml(_batch(request, batch_id).mapping, "mapping")


def remember(request: HttpRequest, office: Unit, source: dict[str, Any]) -> None:
    """Keep a mapping for the office under the name that was sent, in the place of one of that name."""
    form = RememberForm(request.POST)
    if not form.is_valid():
        messages.warning(request, str(next(iter(form.errors["name"]))))
        return
    name = form.cleaned_data["name"]
    same = SavedMapping.objects.filter(office=office, name=name)
    if same.exclude(reach_of(request.user).rows(IN_MAPPING)).exists():
        messages.warning(request, _("This name is in use for another kind of ledger. Choose another one."))
        return
    kept = {"mapping": source, "by": request.user, "saved_at": timezone.now()}
    SavedMapping.objects.update_or_create(office=office, name=name, defaults=kept)
    words = _("Remembered as “%(name)s”: choose it when the next ledger of this kind comes.")
    messages.success(request, words % {"name": name})


def name_of(file_name: str) -> str:
    """What a way to read a ledger may be called: its file's name without the ending."""
    return file_name.rpartition(".")[0][:60] or file_name[:60]


def _batch(request: HttpRequest, batch_id: uuid.UUID) -> ImportBatch:
    return get_object_or_404(
        ImportBatch.objects.select_related("by", "released_by", "undone_by", "office"),
        reach_of(request.user).rows(),
        pk=batch_id,
    )
