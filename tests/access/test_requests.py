"""What any request must keep to: methods, tokens, parameters, headers, redirects and cookies."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, reverse

from tests.access.rules import RULES, address, ask, client_of, rows
from tests.cast import PASSWORD, Cast
from tests.world import World

# --- Methods ----------------------------------------------------------------------------------------


def test_following_the_links_changes_nothing(world: World) -> None:
    client = client_of(world.cast.supervisor1)
    seen: set[str] = set()
    waiting = [address(world, url) for url in RULES]
    before = rows()
    while waiting and len(seen) < 150:
        url = waiting.pop(0)
        # Sorting, paging and filtering links lead to the same pages again.
        kind = re.sub(r"[0-9a-f-]{36}|\d+", "#", url.split("&")[0])
        if kind in seen or "/original/" in url:
            continue
        seen.add(kind)
        response = ask(client, "GET", url, htmx=len(seen) % 5 == 0)
        assert response.status_code < 500, url
        if response.streaming or "html" not in response.get("Content-Type", ""):
            continue
        here = response.request["PATH_INFO"]
        links = [one.replace("&amp;", "&") for one in re.findall(r'href="([/?][^"#]*)"', response.content.decode())]
        waiting += [here + link if link[0] == "?" else link for link in links]
    assert len(seen) > 40
    after = rows()
    assert {table for table in before if before[table] != after[table]} == set()


def test_every_unsafe_request_needs_its_token(world: World) -> None:
    client = client_of(world.cast.supervisor1, enforce_csrf_checks=True)
    anonymous = client_of(None, enforce_csrf_checks=True)
    before = rows()
    for name in RULES:
        for method in ("POST", "DELETE"):
            assert ask(client, method, address(world, name)).status_code == 403, (name, method)
        assert ask(client, "POST", address(world, name), htmx=True).status_code == 403, name
        assert ask(anonymous, "POST", address(world, name)).status_code == 403, name
    assert rows() == before


def test_trace_is_answered_nowhere(world: World) -> None:
    client = client_of(world.cast.supervisor1)
    answered = {name: ask(client, "TRACE", address(world, name)).status_code for name in RULES}
    assert {name: status for name, status in answered.items() if status not in (403, 404, 405)} == {}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_methods_that_no_page_uses_do_nothing(world: World, method: str) -> None:
    client = client_of(world.cast.supervisor1)
    before = rows()
    for name in RULES:
        assert ask(client, method, address(world, name)).status_code < 500, name
    assert rows() == before


# --- Input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["problems", "visits", "sites"])
@pytest.mark.parametrize(
    "parameter", ["owner__password__startswith", "reported_by__password__startswith", "internal_note__contains", "x"]
)
def test_a_parameter_that_no_filter_has_is_refused(people: Cast, page: str, parameter: str) -> None:
    client = client_of(people.supervisor1)
    assert client.get(reverse(page), {parameter: "a"}).status_code == 400


FULL = bool(os.environ.get("CASETRACKER_FULL"))
PARAMETERS = {
    "work": "queue when after",
    "problems": "q state overdue unit district found_from due_to site kind order after before jump cols figure count",
    "visits": "q team site from to district order after jump count campaign",
    "sites": "q kind district open order after",
    "figures": "start end district",
    "search": "q",
    "inbox": "show before",
    "batches": "before",
    "site_suggest": "q for mode",
    "parties": "q",
    "weekly": "period",
    "visit_new": "site q mode checklist row add",
    "problem_new": "site visit q",
    "batch_new": "ids",
    "save_view": "page",
}
STRANGE = ("\x00", "'\"><script>", "-1", "9223372036854775808", "2026-02-30", "٣", "%s" * 2000)


@pytest.mark.parametrize("page", PARAMETERS)
def test_strange_values_are_never_a_server_error(people: Cast, page: str) -> None:
    client = client_of(people.supervisor1, raise_request_exception=False)
    wrong = []
    for place, name in enumerate(PARAMETERS[page].split()):
        # Each parameter meets three of them, all of them meet each page; make faults tries everything.
        for value in STRANGE if FULL else [STRANGE[(place * 3 + step) % len(STRANGE)] for step in range(3)]:
            response = client.get(reverse(page), {name: value})
            if response.status_code >= 500 or b'"><script>' in response.content:
                wrong.append(f"{page}?{name}={value[:20]!r}: {response.status_code}")
    assert wrong == []


def test_too_much_text_is_answered_with_a_page_that_says_what_to_do(people: Cast) -> None:
    client = client_of(people.inspector1, enforce_csrf_checks=True)
    client.get(reverse("problem_new"))
    answer = client.post(reverse("problem_new"), {"description": "长" * 4_000_000})
    assert answer.status_code == 400
    assert "What was sent could not be read" in answer.content.decode()
    assert "<h1" in answer.content.decode()


# --- Headers, redirects, cookies --------------------------------------------------------------------


def _fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a bug")


urlpatterns = [path("fails/", _fails), path("", include("casetracker.urls"))]

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
}


@pytest.mark.parametrize(
    ("url", "status"),
    [("/problems/", 200), ("/accounts/login/", 302), ("/nowhere/", 404), ("/problems/bulk/", 302), ("/fails/", 500)],
)
def test_every_answer_carries_the_security_headers(people: Cast, settings: Any, url: str, status: int) -> None:
    settings.ROOT_URLCONF = __name__
    client = client_of(people.supervisor1, raise_request_exception=False)
    response = client.get(url, headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == status
    assert {name: response.get(name) for name in HEADERS} == HEADERS
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy
    assert "Access-Control-Allow-Origin" not in response
    if "html" in response.get("Content-Type", ""):
        assert "no-store" in response["Cache-Control"]
    if status == 500:
        assert b"a bug" not in response.content
        assert b"Traceback" not in response.content


TRICKS = (
    "https://elsewhere.example/",
    "//elsewhere.example/",
    "///elsewhere.example/",
    "////elsewhere.example",
    "http:elsewhere.example",
    "http:///elsewhere.example",
    "https:/elsewhere.example",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "\\/elsewhere.example",
    "/\t/elsewhere.example",
    "\x00//elsewhere.example",
    " //elsewhere.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://testserver@elsewhere.example/",
    "https://testserver.elsewhere.example/",
    "https:elsewhere.example",
    "ftp://elsewhere.example/",
    "//elsewhere.example/%2f..",
    "http://[::1]elsewhere.example/",
)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_next_address_stays_at_home(people: Cast, trick: str) -> None:
    anonymous = client_of(None)
    signed_in = client_of(people.supervisor1)
    answers = [
        anonymous.post(reverse("set_preferences"), {"language": "en", "next": trick}),
        anonymous.post(reverse("account_login"), {"login": "handler1", "password": PASSWORD, "next": trick}),
        signed_in.post(reverse("set_preferences"), {"theme": "dark", "next": trick}),
        signed_in.post(reverse("notices_read"), {"next": trick}),
        signed_in.get(reverse("account_login"), {"next": trick}),
        signed_in.post(reverse("account_logout"), {"next": trick}),
    ]
    for response in answers:
        assert response.status_code == 302
        assert response["Location"].startswith("/"), response["Location"]
        assert not response["Location"].startswith(("//", "/\\", "/\t")), response["Location"]
        assert "elsewhere" not in response["Location"]


def test_over_https_cookies_are_bound_to_the_host_and_the_browser_stays_there(people: Cast, settings: Any) -> None:
    for name, value in _settings_at("https://casetracker.example").items():
        setattr(settings, name, value)
    settings.ALLOWED_HOSTS = ["casetracker.example"]
    client = client_of(None)
    options: dict[str, Any] = {"secure": True, "headers": {"Host": "casetracker.example"}}
    client.get(reverse("account_login"), **options)
    response = client.post(reverse("account_login"), {"login": "handler1", "password": PASSWORD}, **options)
    assert response.status_code == 302
    session, token = response.cookies["__Host-sessionid"], response.cookies["__Host-csrftoken"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")
    assert (token["secure"], token["samesite"]) == (True, "Lax")
    assert (session["path"], session["domain"], token["path"], token["domain"]) == ("/", "", "/", "")
    chosen = client.post(reverse("set_preferences"), {"language": "en"}, **options).cookies["language"]
    assert (chosen["secure"], chosen["httponly"]) == (True, True)


def _settings_at(url: str) -> dict[str, Any]:
    """What the settings say of cookies and headers for an installation at this address."""
    names = ["SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE"]
    names += ["LANGUAGE_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_SSL_REDIRECT"]
    code = (
        "import json; from casetracker import settings; "
        f"print(json.dumps({{name: getattr(settings, name) for name in {names}}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "CASETRACKER_URL": url},
        cwd=Path(django_settings.BASE_DIR),
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    assert found["SECURE_SSL_REDIRECT"]
    return found


def test_signing_in_changes_the_session_and_signing_out_ends_it(people: Cast) -> None:
    client = client_of(None)
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": "handler1", "password": PASSWORD})
    first = client.cookies["sessionid"].value
    thief = Client()
    thief.cookies["sessionid"] = first
    assert thief.get("/").status_code == 200
    client.post(reverse("account_logout"))
    assert thief.get("/").status_code == 302


def test_a_password_change_ends_the_other_sessions(people: Cast) -> None:
    here, there = client_of(people.handler1), client_of(people.handler1)
    new = "a quite long walk by the river"
    response = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("work")
    assert there.get("/").status_code == 302
