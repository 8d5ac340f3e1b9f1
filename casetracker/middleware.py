"""What every request passes through."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from casetracker.errors import DomainError

Handler = Callable[[HttpRequest], HttpResponse]


class Headers:
    """Headers that every answer carries and Django does not set."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
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
                logout(request)
                return redirect(f"{settings.LOGIN_URL}")
            if now - seen >= 300 or "seen" not in session:
                session["seen"] = now
        return self.get_response(request)


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


class DomainErrors:
    """Turns a refusal of the domain that no view caught into a page that says what to do next."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        return render(request, "refused.html", {"error": error}, status=error.status)
