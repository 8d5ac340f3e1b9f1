"""The page behind the link of an invitation: choosing a first password."""

import uuid

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from casetracker import invitations
from casetracker.errors import IllegalMove
from casetracker.forms.signing_in import SetPasswordForm
from casetracker.models import Invitation

GONE, UNKNOWN = 410, 404


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, key: uuid.UUID, secret: str) -> HttpResponse:
    """Choose a first password, once; 410 for a link that is used, void or too old, 404 for one that nobody was given.

    Looking takes nothing up: mail programs open links to look what is behind them.
    """
    row = invitations.find(key, secret)
    if row is not None and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(row.person.language)
        request.LANGUAGE_CODE = row.person.language
    if row is None or not invitations.is_open(row, timezone.now()):
        return _closed(request, row)
    form = SetPasswordForm(row.person, request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            password = form.cleaned_data["password1"]
            try:
                invitations.accept(row, lambda person: get_adapter(request).set_password(person, password))
            except IllegalMove:
                # Somebody was a moment faster with the same link.
                return _closed(request, invitations.find(key, secret))
            logout(request)  # of whoever was signed in here before
            messages.success(request, _("Your password is saved. Sign in with it now."))
            return redirect("account_login")
    return _page(request, row, {"form": form}, status)


def _closed(request: HttpRequest, row: Invitation | None) -> HttpResponse:
    """Why the link does not work, and what to do next."""
    if row is None:
        return _page(request, None, {"why": "unknown"}, UNKNOWN)
    if row.accepted_at is not None or row.person.has_usable_password():
        why = "used"
    elif row.withdrawn_at is None and row.person.is_active:
        why = "old"
    else:
        why = "void"
    return _page(request, row, {"why": why}, GONE)


def _page(request: HttpRequest, row: Invitation | None, context: dict[str, object], status: int) -> HttpResponse:
    response = render(
        request, "account/invited.html", {"person": row.person if row else None, **context}, status=status
    )
    response["Content-Language"] = str(request.LANGUAGE_CODE)
    return response
