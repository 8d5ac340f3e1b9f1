"""Pages of people: the list, one person, making and changing an account, and what may be done to it."""

from dataclasses import asdict
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casetracker import invitations, paging, subjects
from casetracker.administering.people import change_person, create_person
from casetracker.administering.recording import PERSON
from casetracker.enums import Role
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.people import PersonForm
from casetracker.invited import standings
from casetracker.models import Unit, User
from casetracker.office import AskedPeople, people_rows
from casetracker.paging import Order, Section
from casetracker.views.access import for_administrators

BY_NAME = Order("name", "", (Section(("username",)),))


@require_safe
@for_administrators
def people(request: HttpRequest) -> HttpResponse:
    """The accounts: /office/people/?q=…&role=…&unit=…&state=closed; the same queries however many there are."""
    asked = AskedPeople.of(request.GET)
    found = asked.found
    query = {name: value for name, value in asdict(asked).items() if value}
    try:
        page = paging.page(
            found,
            BY_NAME,
            shown=people_rows(),
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except paging.BadCursor:
        return redirect("people")
    total = found.count()
    standing = standings(page.rows) if asked.state == "invited" else {}
    context = {
        "rows": [(row, standing.get(row.pk)) for row in page.rows],
        "shown": len(page.rows),
        "total": total,
        "title": _title(total, asked.state),
        "newer_url": f"?{urlencode(query | {'before': page.newer})}" if page.newer else "",
        "older_url": f"?{urlencode(query | {'after': page.older})}" if page.older else "",
        **asdict(asked),
        "export_query": urlencode(query),
        "roles": Role.choices,
        "units": Unit.objects.current().order_by("kind", "sort_key"),
        "tabs": _tabs(asked.state),
        "filtered": bool(asked.q or asked.role or asked.unit),
    }
    return render(request, "office/people.html", context)


def _title(count: int, state: str) -> str:
    words = {
        "open": ngettext("%(count)s person", "%(count)s people", count),
        "without": ngettext("%(count)s open account without a role", "%(count)s open accounts without a role", count),
        "invited": ngettext("%(count)s person without a password", "%(count)s people without a password", count),
        "closed": ngettext("%(count)s closed account", "%(count)s closed accounts", count),
    }
    return words[state] % {"count": f"{count:,}"}


def _tabs(state: str) -> list[dict[str, Any]]:
    labels = {
        "open": _("People"),
        "without": _("Without a role"),
        "invited": _("Without a password"),
        "closed": _("Closed accounts"),
    }
    return [
        {"label": label, "count": None, "url": f"?state={key}", "current": key == state}
        for key, label in labels.items()
    ]


@require_safe
@for_administrators
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: posts, sign-in, what was changed. No case contents, whatever the person works on."""
    row = get_object_or_404(User, pk=pk)
    return render(request, "office/person.html", _context(row))


def _context(row: User) -> dict[str, Any]:
    today = timezone.localdate()
    posts = list(row.memberships.select_related("unit").order_by("-from_on", "-pk"))
    return {
        "one": row,
        "running": [post for post in posts if post.from_on <= today and (not post.until_on or post.until_on >= today)],
        "coming": [post for post in posts if post.from_on > today],
        "past": [post for post in posts if post.until_on and post.until_on < today],
        "factors": [one.get_type_display() for one in Authenticator.objects.filter(user=row).order_by("type")],
        "standing": standings([row]).get(row.pk),
        "sessions": UserSession.objects.filter(user=row).count(),
        "events": subjects.told(PERSON, row.pk),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def person_new(request: HttpRequest) -> HttpResponse:
    """Make an account; the answer shows its first password, once."""
    user: User = request.user  # type: ignore[assignment]
    form = PersonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, password = create_person(by=user, **form.values())
            except DomainError as error:
                status = refuse(form, error)
            else:
                return render(request, "office/password.html", {"one": made, "password": password, "made": True})
    return render(request, "office/person_form.html", {"form": form, "one": None}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def person_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change name, sign-in name, address, telephone or language."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(User, pk=pk)
    form = PersonForm(request.POST or None, instance=get_object_or_404(User, pk=pk))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                change_person(row, by=user, **form.values())
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The account is saved."))
                return redirect("person", pk)
    return render(request, "office/person_form.html", {"form": form, "one": row}, status=status)


@require_POST
@for_administrators
def person_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Send an invitation (again): from then on only its own link works. 409 where one is on its way already."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(User, pk=pk)
    invitations.invite(row, by=user)
    messages.success(request, _("The invitation is on its way; an earlier link no longer works."))
    return redirect("person", pk)
