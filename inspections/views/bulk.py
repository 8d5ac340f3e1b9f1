"""One verb for many problems: what it asks once, and what became of each row."""

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST, require_safe

from casetracker import presses
from casetracker.enums import JobState
from casetracker.ids import uuid7
from casetracker.models import Job, Unit, User
from inspections import alike, bulk, listing
from inspections.enums import Status, Verb
from inspections.forms.bulk import FORMS, BulkForm
from inspections.models import Assignment, Batch, Problem
from inspections.views.problems import bulk_verbs
from inspections.workflow import legal

# So many of the chosen rows are named before the verb is confirmed, and of the done ones afterwards.
NAMED = 10
DONE_NAMED = 200
# Before assigning, of so many it is looked up which open problems may be the same.
COMPARED = 200
# So many rows fit into an address; a page of the list has fewer.
IN_ADDRESS = 60


@dataclass
class Selection:
    """The chosen rows: by their ids, or every row of a list (then by the query, asked anew each time)."""

    ids: list[uuid.UUID]
    every: bool
    query: str


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Take the choice from the list to the page that asks what the verb needs, then do it (POST with confirm=1).

    400 for a verb that isn't done in bulk, 403 for one the person has no part in, 404 when a row isn't visible,
    422 while something is missing, 409 when the list grew or shrank before it was confirmed.
    """
    return _answer(request, request.POST)


@require_safe
def confirm(request: HttpRequest) -> HttpResponse:
    """Ask what the verb needs: ?verb=close&ids=…, or every=1 for all rows of the list in `query`.

    A page of its own, so that whoever comes back to it from the result is asked nothing by the browser.
    """
    return _answer(request, request.GET)


def _answer(request: HttpRequest, asked: QueryDict) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    verb = _verb(asked)
    if verb is None:
        if request.method != "POST":
            raise Http404
        return HttpResponseBadRequest()
    if verb not in bulk_verbs(user):
        return render(request, "403.html", status=403)
    selection = _selection(asked, user)
    back = reverse("problems") + (f"?{selection.query}" if selection.query else "")
    if not selection.ids or len(selection.ids) > bulk.MOST:
        messages.warning(request, _none() if not selection.ids else _too_many())
        return redirect(back)
    confirmed = request.POST.get("confirm") == "1"
    if request.method == "POST" and not confirmed and (selection.every or len(selection.ids) <= IN_ADDRESS):
        return redirect(f"{reverse('bulk_confirm')}?{_address(verb, selection)}")
    offices = list(Unit.objects.filter(pk__in=Problem.objects.filter(pk__in=selection.ids).values("office")))
    form = FORMS[verb](request.POST if confirmed else None, offices=offices)
    changed = confirmed and request.POST.get("expected") != str(len(selection.ids))
    if confirmed and not changed and form.is_valid():
        made = uuid7()
        # Whoever comes back and presses again escalates nothing twice; what the state forbids by then is refused so.
        alike = verb == Verb.ESCALATE
        with presses.once(request, reverse("job", args=[made]), gettext_noop("This is done already."), alike=alike):
            job = bulk.put_down(verb, selection.ids, form.data_of(), by=user, back=selection.query, job_id=made)
        bulk.begin(job)
        return redirect("job", made)
    context = _confirm_context(verb, selection, form, back, user) | {"changed": changed}
    status = 409 if changed else 422 if confirmed else 200
    return render(request, "inspections/bulk/confirm.html", context, status=status)


def _verb(asked: QueryDict) -> Verb | None:
    name = asked.get("verb", "")
    return Verb(name) if name in {verb.value for verb in bulk.VERBS} else None


def _address(verb: Verb, selection: Selection) -> str:
    """The query by which confirm() finds the same choice."""
    chosen: dict[str, Any] = {"every": "1"} if selection.every else {"ids": selection.ids}
    return urlencode({"verb": verb.value, "query": selection.query, **chosen}, doseq=True)


def _selection(asked: QueryDict, user: User) -> Selection:
    """The chosen rows; Http404 when one of them isn't visible to the person."""
    query = QueryDict(asked.get("query", ""))
    if asked.get("every") == "1":
        rows = _asked(query, user).problems
        return Selection(list(rows.values_list("pk", flat=True)[: bulk.MOST + 1]), True, query.urlencode())
    try:
        wanted = {uuid.UUID(one) for one in asked.getlist("ids")}
    except ValueError as error:
        raise Http404 from error
    seen = set(Problem.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", flat=True))
    if seen != wanted:
        raise Http404
    return Selection(sorted(seen), False, query.urlencode())


def _asked(query: QueryDict, user: User) -> listing.Listing:
    try:
        asked = listing.read(query, user)
    except listing.BadAddress as error:
        raise Http404 from error
    if not asked.is_valid:
        raise Http404
    return asked


def _none() -> str:
    return _("Select at least one row, then choose what to do.")


def _too_many() -> str:
    return _("At most %(most)s problems at once. Narrow the list first.") % {"most": f"{bulk.MOST:,}"}


def _confirm_context(verb: Verb, selection: Selection, form: BulkForm, back: str, user: User) -> dict[str, Any]:
    chosen = Problem.objects.filter(pk__in=selection.ids)
    states = chosen.order_by().values_list("status", "route").annotate(rows=Count("pk"))
    named = _named(verb, chosen, user)
    possible = sum(rows for status, route, rows in states if legal(verb, status, route))
    return {
        "verb": verb,
        "form": form,
        "selection": selection,
        "count": len(selection.ids),
        "impossible": len(selection.ids) - possible,
        "named": named,
        "unnamed": len(selection.ids) - len(named),
        "compared": COMPARED if verb == Verb.ASSIGN and len(selection.ids) > COMPARED else 0,
        "back_url": back,
    }


def _named(verb: Verb, chosen: Any, user: User) -> list[dict[str, Any]]:
    """The first rows, and before assigning further ones that may be the same as another open problem, with those."""
    rows: list[Problem] = list(chosen.for_rows().order_by("due_on", "pk")[: COMPARED if verb == Verb.ASSIGN else NAMED])
    duplicates: dict[uuid.UUID, list[Problem]] = {}
    if verb == Verb.ASSIGN:
        duplicates = alike.likely_duplicates([one for one in rows if one.status == Status.FOUND], user)
    return [
        {"problem": one, "alike": duplicates.get(one.pk)}
        for place, one in enumerate(rows)
        if place < NAMED or one.pk in duplicates
    ]


def _batch(user: Any, done: dict[str, Any]) -> Batch | None:
    """The document that the assigned ones went out with, where they went out with one."""
    sent = Assignment.objects.visible_to(user).filter(batch=done.get("batch")).select_related("batch")
    row = sent.first() if done.get("batch") else None
    return row.batch if row else None


@require_safe
def result(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """What became of each row, the refused ones first; only for whoever asked for it."""
    job = get_object_or_404(Job, pk=job_id, kind=bulk.KIND, requested_by=request.user, state=JobState.DONE)
    refused: dict[str, str] = job.result["refused"]
    done: list[str] = job.result["done"]
    rows = Problem.objects.visible_to(request.user).for_rows().in_bulk([*refused, *done[:DONE_NAMED]])
    known = {str(key): row for key, row in rows.items()}
    back = job.params.get("back", "")
    context = {
        "verb": Verb(job.params["verb"]),
        "refused": [(known.get(key), reason) for key, reason in refused.items()],
        "done": sorted((known[key] for key in done[:DONE_NAMED] if key in known), key=lambda row: row.number_seq),
        "done_count": len(done),
        "unnamed": max(0, len(done) - DONE_NAMED),
        "back_url": reverse("problems") + (f"?{back}" if back else ""),
        "batch": _batch(request.user, job.result) if done else None,
    }
    return render(request, "inspections/bulk/result.html", context)
