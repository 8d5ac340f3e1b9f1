"""Pages of checklists and kinds for administrators: lists, versions, issuing a new version, retiring, naming."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Max, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from casetracker import subjects
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.people import ReasonForm
from casetracker.models import User
from casetracker.views.access import for_administrators
from inspections import checklists as writing
from inspections.forms.checklists import (
    ChecklistForm,
    IssueForm,
    LinesFormSet,
    ProblemKindForm,
    SiteKindForm,
    initial_of,
)
from inspections.models import Checklist, ChecklistItem, ChecklistVersion, ProblemKind, SiteKind

METHODS = ["GET", "HEAD", "POST"]


@require_safe
@for_administrators
def checklists(request: HttpRequest) -> HttpResponse:
    """All checklists, those in use first, with their latest version; the same queries however many there are."""
    rows = list(
        Checklist.objects.annotate(last=Max("versions__number"))
        .prefetch_related("site_kinds", Prefetch("versions", ChecklistVersion.objects.order_by("-number")))
        .order_by("retired_on", "code")
    )
    # A list in use has no day on which it was retired, and PostgreSQL puts those last.
    rows.sort(key=lambda row: row.retired_on is not None)
    newest = {version.pk: row for row in rows for version in list(row.versions.all())[:1]}
    counted = ChecklistItem.objects.filter(version__in=newest).order_by().values_list("version")
    unverified = Count("pk", filter=~Q(clause="") & Q(clause_verified_by=""))
    items = {pk: (count, open_ones) for pk, count, open_ones in counted.annotate(n=Count("pk"), open=unverified)}
    found = [
        {"checklist": row, "version": version, "items": items.get(getattr(version, "pk", None), (0, 0))}
        for row in rows
        for version in [next(iter(row.versions.all()), None)]
    ]
    return render(request, "inspections/checklists/list.html", {"rows": found, "total": len(found)})


@require_safe
@for_administrators
def checklist(request: HttpRequest, pk: int) -> HttpResponse:
    """A checklist with its latest version, the earlier ones and what was changed."""
    row = get_object_or_404(Checklist.objects.prefetch_related("site_kinds"), pk=pk)
    return _page(request, row, row.latest)


@require_safe
@for_administrators
def checklist_version(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One issued version, as visits of its time used it."""
    version = get_object_or_404(ChecklistVersion.objects.select_related("checklist"), pk=pk)
    return _page(request, version.checklist, version)


def _page(request: HttpRequest, row: Checklist, version: ChecklistVersion | None) -> HttpResponse:
    versions = list(row.versions.annotate(items_count=Count("items")).order_by("-number"))
    context = {
        "checklist": row,
        "version": version,
        "is_latest": version is None or version.pk == versions[0].pk,
        "items": list(version.items.select_related("kind")) if version is not None else [],
        "versions": versions,
        "events": subjects.told(writing.CHECKLIST, row.pk),
    }
    return render(request, "inspections/checklists/page.html", context)


@require_http_methods(METHODS)
@for_administrators
def checklist_new(request: HttpRequest) -> HttpResponse:
    """Make a checklist; its first version comes next."""
    user: User = request.user  # type: ignore[assignment]
    form, status = ChecklistForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = writing.create_checklist(by=user, **form.values())
            except DomainError as error:
                status = refuse(form, error)
            else:
                return redirect("checklist_issue", made.pk)
    return render(request, "inspections/checklists/form.html", {"form": form, "checklist": None}, status=status)


@require_http_methods(METHODS)
@for_administrators
def checklist_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change names and kinds of site."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(Checklist, pk=pk)
    form, status = ChecklistForm(request.POST or None, instance=get_object_or_404(Checklist, pk=pk)), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                writing.change_checklist(row, by=user, **form.values())
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The checklist is saved."))
                return redirect("checklist", pk)
    return render(request, "inspections/checklists/form.html", {"form": form, "checklist": row}, status=status)


@require_http_methods(METHODS)
@for_administrators
def checklist_issue(request: HttpRequest, pk: int) -> HttpResponse:
    """A new version, begun as a copy of the latest one; 409 when another one was issued meanwhile."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(Checklist, pk=pk)
    last = row.latest
    number = last.number if last is not None else 0
    form = IssueForm(request.POST or None, initial={"based_on": number})
    lines: Any = LinesFormSet(request.POST or None, initial=initial_of(last), prefix="line")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and lines.is_valid():
            try:
                version = writing.issue_version(row, by=user, lines=lines.lines(), **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("Version %(number)s is issued.") % {"number": version.number})
                return redirect("checklist", pk)
    context = {"form": form, "lines": lines, "checklist": row, "next_number": number + 1}
    return render(request, "inspections/checklists/issue.html", context, status=status)


@require_http_methods(METHODS)
@for_administrators
def checklist_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Retire a checklist, or take a retired one into use again."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(Checklist, pk=pk)
    write = writing.retire if row.retired_on is None else writing.revive
    form, status = ReasonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                write(row, by=user, reason=form.cleaned_data["reason"])
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The change is on the record."))
                return redirect("checklist", pk)
    return render(request, "inspections/checklists/retire.html", {"form": form, "checklist": row}, status=status)


# --- Kinds ------------------------------------------------------------------------------------------


@require_safe
@for_administrators
def kinds(request: HttpRequest) -> HttpResponse:
    """The kinds of problem and of site."""
    of_problems, of_sites = list(ProblemKind.objects.all()), list(SiteKind.objects.all())
    context = {"problem_kinds": of_problems, "site_kinds": of_sites}
    total = len(of_problems) + len(of_sites)
    return render(request, "inspections/kinds/list.html", context | {"total": total})


@require_http_methods(METHODS)
@for_administrators
def problem_kind_new(request: HttpRequest) -> HttpResponse:
    """Make a kind of problem."""
    return _kind(request, ProblemKind, ProblemKindForm, None)


@require_http_methods(METHODS)
@for_administrators
def problem_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a kind of problem, for what is found from now on."""
    return _kind(request, ProblemKind, ProblemKindForm, pk)


@require_http_methods(METHODS)
@for_administrators
def site_kind_new(request: HttpRequest) -> HttpResponse:
    """Make a kind of site."""
    return _kind(request, SiteKind, SiteKindForm, None)


@require_http_methods(METHODS)
@for_administrators
def site_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a kind of site."""
    return _kind(request, SiteKind, SiteKindForm, pk)


def _kind(request: HttpRequest, model: Any, form_class: Any, pk: int | None) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(model, pk=pk) if pk is not None else None
    shown = get_object_or_404(model, pk=pk) if pk is not None else None
    form, status = form_class(request.POST or None, instance=shown), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if row is None:
                    writing.create_kind(model, by=user, **form.values())
                else:
                    writing.change_kind(row, by=user, **form.values())
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The kind is saved."))
                return redirect("kinds")
    context = {
        "form": form,
        "kind": row,
        "is_problem": model is ProblemKind,
        "events": subjects.told(writing.KINDS[model], pk) if pk is not None else [],
    }
    return render(request, "inspections/kinds/form.html", context, status=status)
