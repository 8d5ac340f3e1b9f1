"""What every request passes through."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from casetracker import presses
from casetracker.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
READING = ("GET", "HEAD")


class Headers:
    """Headers that every answer carries and Django does not set; methods nobody needs (TRACE) are refused."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        response = self.get_response(request)
        response.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
        if response.get("Content-Type", "").startswith(("text/html", "application/json")):
            response.setdefault("Cache-Control", "no-store")
            patch_vary_headers(response, ["HX-Request", "Cookie"])
        return response


class Health:
    """Answers /healthz before sessions or anything else touches the database."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            from casetracker.health import healthz

            return healthz(request)
        return self.get_response(request)


class SessionLimits:
    """Ends a session after 8 hours without a request, and 7 days after signing in whatever happens."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            session = request.session
            began = session.setdefault("began", now)
            seen = session.get("seen", now)
            if now - began > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
                logout(request)  # and on as a visitor: what needs a person leads to signing in, and then back
            elif now - seen >= 300 or "seen" not in session:
                session["seen"] = now
        return self.get_response(request)


class SignIn(LoginRequiredMiddleware):
    """Leads a visitor to signing in, and then on: to the page that was asked for, or where the form stood that was
    sent. What a form wanted is not done afterwards; the person reads that it was not, and presses again."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        if request.method in READING:
            return super().handle_no_permission(request, view_func)
        messages.info(request, _("Nothing was done. Sign in first, then press again."))
        return redirect(f"{reverse(settings.LOGIN_URL)}?{urlencode({'next': _page_before(request)})}")


def _page_before(request: HttpRequest) -> str:
    """The page of ours on which a form stood, with its query; my work where the browser names none."""
    before = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(before, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(before)
        if _leads_somewhere(parts.path):
            return parts._replace(scheme="", netloc="", fragment="").geturl()
    return "/"


def _leads_somewhere(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


class WrongMethod:
    """An address that only takes a button's press, opened as a page: leads to the page that the button stands on, the
    next one above it. Where there is none, and for every other wrong method, a page says what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        whole_page = request.method in READING and not request.htmx  # type: ignore[attr-defined]
        if whole_page and (above := _page_above(request.path)):
            return redirect(above)
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page


def _page_above(path: str) -> str:
    """The nearest address of ours above this one; "" where that is only the first page."""
    parts = path.strip("/").split("/")[:-1]
    while parts:
        above = f"/{'/'.join(parts)}/"
        if _leads_somewhere(above):
            return above
        parts.pop()
    return ""


class Language:
    """The reader's language: the person's own once signed in, else the cookie, else what the browser asks for."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        language = user.language if user.is_authenticated else translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language"])
        return response


class FirstPassword:
    """Leads a person whose password an administrator gave to choosing one of their own; no other page opens before."""

    # What still answers: changing the password, signing out, the language.
    OPEN = ("account_change_password", "account_logout", "account_reauthenticate", "set_preferences")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return self.get_response(request)
        if request.path in map(reverse, self.OPEN):
            return self.get_response(request)
        list(messages.get_messages(request))  # what the sign-in said would stand above the reason
        messages.info(request, _("Choose a password of your own before you go on."))
        return redirect("account_change_password")


class InvalidForms:
    """Gives a page of the sign-in library that shows its form again the status that ours have: 422 where the form was
    invalid, 429 where it was sent too often."""

    # What the library calls too many tries.
    TOO_OFTEN = frozenset({"too_many_login_attempts", "rate_limited"})

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        if request.method == "POST" and response.status_code == 200:
            shown = [one for one in (response.context_data or {}).values() if isinstance(one, BaseForm)]
            errors = [error for form in shown for found in form.errors.as_data().values() for error in found]
            if errors:
                response.status_code = 429 if self.TOO_OFTEN & {error.code for error in errors} else 422
        return response


class DomainErrors:
    """Turns a refusal of the domain that no view caught into a page that says what to do next, and leads a form that
    was pressed before to what it made."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and response.status_code in (403, 409, 422) and (done := presses.before(request)):
            return _lead_on(request, done)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, presses.Pressed):
            return _lead_on(request, error)
        if not isinstance(error, DomainError):
            return None
        return render(request, "refused.html", {"error": error}, status=error.status)


def _lead_on(request: HttpRequest, done: presses.Pressed) -> HttpResponse:
    messages.info(request, done.words)
    return redirect(done.address)
