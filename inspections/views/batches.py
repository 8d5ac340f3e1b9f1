"""Central assignments (集中交办): several problems as one numbered document to several units, shown and printed."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import calendars, presses, wording
from casetracker.enums import Role
from casetracker.errors import DomainError, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import Unit, User
from inspections import alike, lists, scope, workflow
from inspections.enums import Status
from inspections.forms.batches import BatchForm
from inspections.models import Assignment, Batch, Problem
from inspections.presenting import light_of
from inspections.workflow import Addressee

PAGE = 50
MOST = 200


@require_safe
def batches(request: HttpRequest) -> HttpResponse:
    """The batches in which the person sees a problem, newest first. Query: `before` the last one of a page."""
    found = lists.batches(request.user)
    total = found.count()
    # What is no id was typed by somebody: the newest page answers.
    if before := _uuid(request.GET.get("before", "")):
        found = found.filter(pk__lt=before)
    rows = list(lists.batch_rows(found, request.user)[: PAGE + 1])
    older = f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    context = {"rows": rows[:PAGE], "total": total, "older": older, "may_open": _office_of(request.user) is not None}
    return render(request, "inspections/batches/list.html", context)


@require_safe
def batch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One batch with its problems by unit; a handler reads the part of the own unit."""
    row = get_object_or_404(lists.batches(request.user).select_related("office", "issued_by"), pk=pk)
    parts = _parts(request.user, row)
    total = len({one["problem"].pk for part in parts for one in part["rows"]})
    return render(request, "inspections/batches/page.html", {"batch": row, "parts": parts, "total": total})


@require_safe
def batch_print(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The document to print (交办单): a sheet for each unit with its list and a reply slip."""
    row = get_object_or_404(lists.batches(request.user).select_related("office", "issued_by"), pk=pk)
    return render(request, "inspections/batches/print.html", {"batch": row, "parts": _parts(request.user, row)})


@require_http_methods(["GET", "HEAD", "POST"])
def new_batch(request: HttpRequest) -> HttpResponse:
    """Make a batch of problems that wait to be assigned: those of `ids`, else all of the office (at most 200).

    One transaction for number and assignments; a problem that somebody else assigned meanwhile stays out and
    is named with its reason. Answers 403 to anybody but a supervisor.
    """
    office = _office_of(request.user)
    if office is None:
        raise NotAllowed(_("Only a supervisor of the office may do this."))
    sent = request.POST if request.method == "POST" else request.GET
    problems = _waiting(request.user, office, sent.getlist("ids"))
    form = BatchForm(request.POST if request.method == "POST" else None, office=office, problems=problems)
    if request.method == "POST" and form.is_valid():
        key = uuid7()
        address = reverse("batch", args=[key])
        try:
            with presses.once(request, address, gettext_noop("This batch is already issued."), alike=False):
                made, refused = _make(request.user, office, form, key)  # type: ignore[arg-type]
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            _say(request, made, refused)
            return HttpResponseRedirect(address)
    status = 422 if form.is_bound else 200
    duplicates = alike.likely_duplicates(problems, request.user)
    rows = [row | {"alike": duplicates.get(row["problem"].pk)} for row in form.rows()]
    context = {"form": form, "problems": problems, "rows": rows}
    return render(request, "inspections/batches/new.html", context, status=status)


class NothingAssigned(DomainError):
    """Every problem of the batch was refused; no number is used up."""

    status = 409


@transaction.atomic
def _make(user: User, office: Unit, form: BatchForm, key: UUID) -> tuple[Batch, list[tuple[Problem, str]]]:
    data = form.cleaned_data
    made = workflow.open_batch(
        by=user, office=office, title=data["title"], requirement=data["requirement"], batch_id=key
    )
    chosen, refused = form.chosen(), []
    for problem, unit, reason in chosen:
        try:
            workflow.assign(
                problem, by=user, addressees=[Addressee(unit)], due_on=data["due_on"], reason=reason, batch=made
            )
        except DomainError as error:
            refused.append((problem, str(error)))
    if len(refused) == len(chosen):
        raise NothingAssigned(_each(refused))
    return made, refused


def _each(refused: list[tuple[Problem, str]]) -> str:
    return wording.one_after_another(wording.of(problem.number, why) for problem, why in refused)


def _say(request: HttpRequest, made: Batch, refused: list[tuple[Problem, str]]) -> None:
    messages.success(request, _("%(number)s is issued.") % {"number": made.number}, extra_tags="5")
    if refused:
        words = {"count": len(refused), "which": _each(refused)}
        sentence = ngettext(
            "%(count)s problem stayed out. %(which)s", "%(count)s problems stayed out. %(which)s", len(refused)
        )
        messages.warning(request, sentence % words)


def _office_of(user: Any) -> Unit | None:
    """The office for which the person issues batches."""
    units = user.units_as(Role.SUPERVISOR)
    return scope.bureau_of(units[0]) if units else None


def _waiting(user: Any, office: Unit, ids: list[str]) -> list[Problem]:
    rows = Problem.objects.visible_to(user).filter(status=Status.FOUND, office=office)
    if ids:
        rows = rows.filter(pk__in=[one for one in map(_uuid, ids) if one])
    return list(rows.for_rows().prefetch_related("candidates", "checklist_item").order_by("found_on", "pk")[:MOST])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _parts(user: Any, row: Batch) -> list[dict[str, Any]]:
    """The problems of a batch by unit, each with its light; only those that the person sees."""
    assignments = (
        Assignment.objects.visible_to(user)
        .filter(batch=row)
        .select_related("unit", "problem__kind", "problem__site", "problem__district", "problem__party")
        .defer("problem__search", "problem__site__search", "problem__party__search")
        .order_by("unit__kind", "unit__sort_key", "unit__pk", "problem__number_year", "problem__number_seq")
    )
    today, calendar = timezone.localdate(), calendars.load()
    parts = []
    for unit, rows in groupby(assignments, key=lambda one: one.unit):
        shown = [{"row": one, "problem": one.problem, "lit": light_of(one.problem, today, calendar)} for one in rows]
        parts.append({"unit": unit, "rows": shown})
    return parts
