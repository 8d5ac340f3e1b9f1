"""The rig of the journeys: the real application behind a socket, a database of the module's own, and Chromium.

Every page is watched: a console error, a violation of the content security policy, a request to another host or an
answer that the test did not expect fails the test that caused it.
"""

import contextlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections
from django.test import override_settings

from casetracker.enums import Language
from casetracker.models import User
from tests.cast import PASSWORD, Cast
from tests.cast import cast as write_cast
from tests.conftest import _clone, _drop
from tests.world import World, build

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE, NARROW = (1440, 900), (390, 844), (360, 780)
LANGUAGES = {"en": Language.ENGLISH, "zh": Language.CHINESE}
WATCH = """document.addEventListener("securitypolicyviolation",
  (event) => console.error("CSP", event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber))"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(autouse=True)
def _quick_passwords() -> None:
    """People of a module outlive a test, so their passwords are made as in real life."""


@pytest.fixture(autouse=True)
def _own_folders() -> None:
    """The folders belong to the house, which lives as long as the module."""


# --- The application ----------------------------------------------------------------------------------


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing; what goes wrong is seen in the browser."""


@dataclass
class House:
    """The running application and what its database holds."""

    address: str
    people: Cast
    world: World


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The application on a free port with a database of this module's own: the cast and one of everything."""
    folder = tmp_path_factory.mktemp("house")
    folders = {
        "EVIDENCE_ROOT": folder / "evidence",
        "EXPORTS_ROOT": folder / "exports",
        "MAIL_FOLDER": folder / "mail",
        "DATA": folder,
    }
    with django_db_blocker.unblock(), override_settings(**folders), _own_database():
        people = write_cast()
        world = build(people)
        server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
        server.set_app(WSGIHandler())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield House(f"http://127.0.0.1:{server.server_port}", people, world)
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextlib.contextmanager
def _own_database() -> Iterator[None]:
    name = f"casetracker_{uuid.uuid4().hex[:12]}"
    _clone(name)
    before = {alias: connections.databases[alias]["NAME"] for alias in ("default", "owner")}
    for alias in before:
        connections[alias].close()
        connections.databases[alias]["NAME"] = connections[alias].settings_dict["NAME"] = name
    try:
        yield
    finally:
        for alias, was in before.items():
            connections[alias].close()
            connections.databases[alias]["NAME"] = connections[alias].settings_dict["NAME"] = was
        _drop(name)


# --- The browser --------------------------------------------------------------------------------------


def browser_path() -> str | None:
    """The Chromium of CASETRACKER_BROWSER, else the first one on the path."""
    if named := os.environ.get("CASETRACKER_BROWSER"):
        return named
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for the session; without one the journeys are left out, or fail where that is demanded."""
    path = browser_path()
    if path is None:
        words = "NO CHROMIUM: the journeys are left out. Install chromium or set CASETRACKER_BROWSER to its path."
        if os.environ.get("CASETRACKER_REQUIRE_BROWSER") == "1":
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread until the end, beside which every test goes on asking the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Rig:
    """Opens watched pages for one test; `complaints` is what they did that no page may do."""

    house: House
    browser: Any
    folder: Path
    expected: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def page(
        self,
        person: User | None = None,
        *,
        size: tuple[int, int] = DESK,
        language: str = "en",
        scheme: str = "light",
        script: bool = True,
    ) -> Any:
        """A page in a browser of its own, signed in where a person is given."""
        context = self.browser.new_context(
            base_url=self.house.address,
            viewport={"width": size[0], "height": size[1]},
            locale={"en": "en-GB", "zh": "zh-CN"}[language],
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=script,
        )
        self.contexts.append(context)
        context.set_default_timeout(60_000)
        context.add_init_script(WATCH)
        if person is not None:
            User.objects.filter(pk=person.pk).update(language=LANGUAGES[language])
            context.add_cookies([{"name": "sessionid", "value": session_of(person), "url": self.house.address}])
        page = context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)
        return page

    def expect(self, *statuses: int) -> None:
        """Answers from 400 on that this test is about."""
        self.expected |= set(statuses)

    def picture(self, page: Any, name: str, *, full: bool = True) -> None:
        """A screenshot, kept in CASETRACKER_SCREENSHOTS where that is set."""
        page.screenshot(path=self.folder / f"{name}.png", full_page=full)

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def _said(self, message: Any) -> None:
        # The browser repeats every answer from 400 on in its console; those are judged in _answered. A frame without
        # scripts keeps WATCH out as well.
        usual = ("Failed to load resource", "Blocked script execution")
        if message.type == "error" and not any(words in message.text for words in usual):
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.complaints.append(f"request to another host: {request.url}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.complaints.append(f"{response.status} for {response.request.method} {response.url}")


def session_of(person: User) -> str:
    """The key of a new session of this person, as signing in makes it, and confirming the password after that."""
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session["account_authentication_methods_user"] = str(person.pk)
    # Confirmed in an hour's time: on a slow machine, too, no page asks for the password once more.
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time() + 3600, "username": person.username, "reauthenticated": True}
    ]
    session.create()
    assert session.session_key is not None
    return session.session_key


@pytest.fixture
def rig(house: House, chromium: Any, tmp_path: Path) -> Iterator[Rig]:
    folder = Path(os.environ.get("CASETRACKER_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    made = Rig(house, chromium, folder)
    yield made
    made.close()
    assert not made.complaints, "\n".join(dict.fromkeys(made.complaints))


def sign_in(page: Any, username: str, password: str = PASSWORD) -> None:
    """Through the form, as a person does."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("form:has(input[name=login]:visible) input[name=password]", password)
    page.locator("form:has(input[name=login]:visible) button[type=submit]").first.click()
    page.wait_for_load_state()
