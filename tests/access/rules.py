"""Who gets which address, as one table, and how the tests ask.

RULES must name every address of the installation: a test fails for one that it does not know.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client

from casetracker.invitations import secret_of
from casetracker.models import User
from inspections.enums import Verb
from inspections.models import Checklist, ChecklistVersion, ProblemKind, SiteKind
from tests.world import World, address_of

Args = Callable[[World], tuple[object, ...]]

PEOPLE = (
    "inspector1",
    "inspector2",
    "supervisor1",
    "handler1",
    "handler2",
    "officer1",
    "leader1",
    "admin",
    "outsider",
    "far_handler",
)
EVERYBODY = frozenset(PEOPLE)
# Those who oversee the office, those who found it, those who put it right.
OVERSEERS = frozenset({"supervisor1", "officer1", "leader1"})
READING = OVERSEERS - {"supervisor1"}
INSIDE = OVERSEERS | {"inspector1"}
CASE = INSIDE | {"handler1"}
RECORDING = frozenset({"inspector1", "inspector2", "supervisor1", "outsider"})
VISITING = EVERYBODY - {"handler1", "handler2", "admin", "far_handler"}
KEEPERS = frozenset({"inspector1", "supervisor1"})
ADMIN = frozenset({"admin"})
DECIDING = frozenset({"admin", "supervisor1"})
LOOKING_AFTER = frozenset({"supervisor1", "leader1", "admin"})
IMPORTING = frozenset({"supervisor1", "outsider", "admin"})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """Who gets an address by GET: `ok` 200, `refused` 403 with a reason, everybody else who is signed in 404.

    `args` names the object of the first city. A `posts` address leads a GET on (302) to the page above it;
    `ok` then are those who may see what it changes. `moved` leads on (302) whoever it is, one that `leads` only those
    who are `ok`. A `public` address needs no sign-in.
    """

    args: Args | None = None
    ok: frozenset[str] = EVERYBODY
    refused: frozenset[str] = NOBODY
    posts: bool = False
    public: bool = False
    moved: bool = False
    leads: bool = False

    def expected(self, name: str) -> int:
        if self.posts or self.moved or (self.leads and name in self.ok):
            return 302
        return 200 if name in self.ok else 403 if name in self.refused else 404


def own(attribute: str, *more: object) -> Args:
    """The object of the world under this name."""
    return lambda world: (getattr(world, attribute).pk, *more)


def first(model: Any) -> Args:
    """A row of the reference data, which every installation has."""
    return lambda world: (model.objects.order_by("pk")[0].pk,)


OWNER = frozenset({"supervisor1"})
ENTRANCE = Rule(public=True, moved=True)
# Pages of allauth that ask for the password once more, or lead on where there is nothing to do.
ACCOUNT = Rule(moved=True)

RULES: dict[str, Rule] = {
    # The ground
    "work": Rule(),
    "inbox": Rule(),
    "notices_read": Rule(posts=True),
    "notice_open": Rule(own("notice"), ok=OWNER, posts=True),
    "notice_read": Rule(own("notice"), ok=OWNER, posts=True),
    "me": Rule(),
    "set_preferences": Rule(posts=True, public=True),
    "evidence": Rule(lambda world: (world.photo, "thumbnail"), ok=CASE),
    "design": Rule(ok=NOBODY),
    "search": Rule(),
    "exports": Rule(),
    "export": Rule(own("exported"), ok=OWNER),
    "export_file": Rule(own("exported"), ok=OWNER),
    "export_new": Rule(lambda world: ("problems",), posts=True),
    "views": Rule(),
    "save_view": Rule(ok=NOBODY),
    "rename_view": Rule(own("view"), ok=OWNER),
    "move_view": Rule(own("view"), ok=OWNER, posts=True),
    "delete_view": Rule(own("view"), ok=OWNER),
    "job": Rule(own("running"), ok=OWNER),
    "mail": Rule(ok=NOBODY),
    "mail_message": Rule(lambda world: ("first",), ok=NOBODY),
    "mail_html": Rule(lambda world: ("first",), ok=NOBODY),
    "mail_file": Rule(lambda world: ("first",), ok=NOBODY),
    "weekly": Rule(ok=LOOKING_AFTER | {"outsider"}),
    "weekly_settle": Rule(own("letter"), ok=LOOKING_AFTER, posts=True),
    # The office's administration: of people and rules, never of cases
    "ops": Rule(ok=ADMIN | {"supervisor1", "outsider"}),
    "office": Rule(ok=ADMIN),
    "units": Rule(ok=ADMIN),
    "unit_new": Rule(ok=ADMIN),
    "unit": Rule(lambda world: (world.cast.housing.pk,), ok=ADMIN),
    "unit_change": Rule(lambda world: (world.cast.housing.pk,), ok=ADMIN),
    "people": Rule(ok=ADMIN),
    "person_new": Rule(ok=ADMIN),
    "person": Rule(lambda world: (world.cast.handler1.pk,), ok=ADMIN),
    "person_change": Rule(lambda world: (world.cast.handler1.pk,), ok=ADMIN),
    "person_invite": Rule(lambda world: (world.cast.handler1.pk,), ok=ADMIN, posts=True),
    "person_act": Rule(lambda world: (world.cast.handler1.pk, "deactivate"), ok=ADMIN),
    "post_new": Rule(lambda world: (world.cast.handler1.pk,), ok=ADMIN),
    "post_end": Rule(lambda world: (world.post.pk,), ok=ADMIN),
    "calendar": Rule(ok=ADMIN),
    "calendar_load": Rule(ok=ADMIN),
    "calendar_reload": Rule(ok=ADMIN),
    "calendar_day": Rule(lambda world: ("2026-10-01",), ok=ADMIN),
    "rules": Rule(ok=ADMIN),
    "rule_new": Rule(lambda world: (world.rule.code,), ok=ADMIN),
    "rule_withdraw": Rule(lambda world: (world.rule.pk,), ok=ADMIN),
    "options": Rule(ok=ADMIN),
    "checklists": Rule(ok=ADMIN),
    "checklist_new": Rule(ok=ADMIN),
    "checklist": Rule(first(Checklist), ok=ADMIN),
    "checklist_change": Rule(first(Checklist), ok=ADMIN),
    "checklist_issue": Rule(first(Checklist), ok=ADMIN),
    "checklist_retire": Rule(first(Checklist), ok=ADMIN),
    "checklist_version": Rule(first(ChecklistVersion), ok=ADMIN),
    "kinds": Rule(ok=ADMIN),
    "problem_kind_new": Rule(ok=ADMIN),
    "problem_kind": Rule(first(ProblemKind), ok=ADMIN),
    "site_kind_new": Rule(ok=ADMIN),
    "site_kind": Rule(first(SiteKind), ok=ADMIN),
    "districts": Rule(ok=ADMIN),
    "district_new": Rule(ok=ADMIN),
    "district": Rule(lambda world: ("410802",), ok=ADMIN),
    "district_change": Rule(lambda world: ("410802",), ok=ADMIN),
    # Drives and alerts: a supervisor decides them for the own office
    "campaigns": Rule(ok=DECIDING | {"outsider"}),
    "campaign_new": Rule(ok=DECIDING | {"outsider"}),
    "campaign": Rule(own("campaign"), ok=DECIDING),
    "campaign_change": Rule(own("campaign"), ok=DECIDING),
    "alerts": Rule(ok=DECIDING | {"outsider"}),
    "alert_new": Rule(ok=DECIDING | {"outsider"}),
    "alert": Rule(own("alert"), ok=DECIDING),
    "alert_change": Rule(own("alert"), ok=DECIDING),
    "alert_withdraw": Rule(own("alert"), ok=DECIDING),
    # Problems
    "problems": Rule(),
    "bulk": Rule(posts=True),
    # Without rows it asks nothing.
    "bulk_confirm": Rule(ok=NOBODY),
    "bulk_result": Rule(own("bulk"), ok=OWNER),
    "problem_new": Rule(ok=RECORDING, refused=VISITING - RECORDING),
    "problem": Rule(own("problem"), ok=CASE),
    "problem_files": Rule(own("problem"), ok=CASE),
    "problem_verb": Rule(
        own("problem", Verb.COMMENT.value), ok=frozenset({"inspector1", "supervisor1", "handler1"}), refused=READING
    ),
    "batches": Rule(),
    "batch_new": Rule(ok=frozenset({"supervisor1", "outsider"}), refused=EVERYBODY - {"supervisor1", "outsider"}),
    "batch": Rule(own("batch"), ok=CASE),
    "batch_print": Rule(own("batch"), ok=CASE),
    "figures": Rule(),
    # Ledgers of cases are for supervisors, people and units for administrators: test_account_imports has more of them
    "import": Rule(ok=IMPORTING),
    "import_example": Rule(ok=IMPORTING),
    "import_forget": Rule(own("way"), ok=OWNER, posts=True),
    "import_draft": Rule(own("draft"), ok=OWNER, leads=True),
    "import_sheet": Rule(own("draft"), ok=OWNER),
    "import_columns": Rule(own("draft"), ok=OWNER),
    "import_values": Rule(own("draft"), ok=OWNER),
    "import_correct": Rule(own("draft"), ok=OWNER, posts=True),
    "import_remember": Rule(own("draft"), ok=OWNER, posts=True),
    "import_mapping": Rule(own("draft"), ok=OWNER),
    "import_drop": Rule(own("draft"), ok=OWNER, posts=True),
    "import_check": Rule(own("checked"), ok=OWNER),
    # This check kept no file; one that did is tested with the pages of imports.
    "import_refused": Rule(own("checked", "csv"), ok=NOBODY),
    "import_begin": Rule(own("checked"), ok=OWNER, posts=True),
    "import_batch": Rule(own("imported"), ok=OWNER),
    "import_release": Rule(own("imported"), ok=OWNER, posts=True),
    "import_undo": Rule(own("imported"), ok=OWNER),
    "import_batch_remember": Rule(own("imported"), ok=OWNER, posts=True),
    "import_batch_mapping": Rule(own("imported"), ok=OWNER),
    # Sites and visits
    "visits": Rule(),
    "visit_new": Rule(ok=RECORDING, refused=VISITING - RECORDING),
    "visit": Rule(own("visit"), ok=INSIDE),
    "visit_correct": Rule(own("visit"), ok=KEEPERS, refused=INSIDE - KEEPERS),
    "sites": Rule(),
    "site_new": Rule(ok=RECORDING, refused=EVERYBODY - RECORDING),
    "site_suggest": Rule(),
    "site": Rule(own("site"), ok=CASE),
    "site_change": Rule(own("site"), ok=KEEPERS, refused=CASE - KEEPERS),
    "exposures": Rule(),
    "parties": Rule(),
    "party": Rule(own("party"), ok=CASE),
    "party_new": Rule(ok=RECORDING),
    "party_change": Rule(own("party"), ok=KEEPERS),
    # Signing in
    "invited": Rule(lambda world: (world.invitation.pk, secret_of(world.invitation)), public=True),
    "account_login": ENTRANCE,
    "account_signup": ENTRANCE,
    "account_inactive": Rule(public=True),
    "account_logout": Rule(),
    "account_reauthenticate": Rule(),
    "account_email": Rule(),
    "account_email_verification_sent": Rule(public=True),
    "account_confirm_email": Rule(lambda world: ("nothing",), public=True),
    "account_change_password": Rule(),
    "account_set_password": ACCOUNT,
    "account_reset_password": Rule(public=True),
    "account_reset_password_done": Rule(public=True),
    "account_reset_password_from_key": Rule(lambda world: ("1", "nothing"), public=True),
    "account_reset_password_from_key_done": Rule(public=True),
    "account_confirm_login_code": ENTRANCE,
    "mfa_index": Rule(),
    "mfa_authenticate": ENTRANCE,
    "mfa_reauthenticate": ACCOUNT,
    "mfa_activate_totp": ACCOUNT,
    "mfa_deactivate_totp": Rule(ok=NOBODY),
    "mfa_view_recovery_codes": Rule(ok=NOBODY),
    "mfa_generate_recovery_codes": ACCOUNT,
    "mfa_download_recovery_codes": Rule(ok=NOBODY),
    "mfa_list_webauthn": Rule(),
    "mfa_add_webauthn": ACCOUNT,
    "mfa_reauthenticate_webauthn": ACCOUNT,
    "mfa_remove_webauthn": Rule(lambda world: (1,), moved=True),
    "mfa_edit_webauthn": Rule(lambda world: (1,), moved=True),
    "mfa_login_webauthn": ENTRANCE,
    "usersessions_list": Rule(),
}
# Objects that an address names in its query: (name, query of one of the first city, query of none).
NOWHERE = "00000000-0000-7000-8000-000000000000"
QUERIES: tuple[tuple[str, Callable[[World], str], str], ...] = (
    ("visit_new", lambda world: f"site={world.site.pk}", f"site={NOWHERE}"),
    ("visit_new", lambda world: f"site={world.site.pk}&mode=recheck", f"site={NOWHERE}&mode=recheck"),
    ("problem_new", lambda world: f"site={world.site.pk}", f"site={NOWHERE}"),
    ("problem_new", lambda world: f"visit={world.visit.pk}", f"visit={NOWHERE}"),
    ("problems", lambda world: f"site={world.site.pk}", f"site={NOWHERE}"),
    ("bulk_confirm", lambda world: f"verb=close&ids={world.problem.pk}", f"verb=close&ids={NOWHERE}"),
    ("visits", lambda world: f"site={world.site.pk}", f"site={NOWHERE}"),
)


def client_of(person: User | None, **options: Any) -> Client:
    client = Client(**options)
    if person is not None:
        client.force_login(person)
    return client


def address(world: World, name: str) -> str:
    args = RULES[name].args
    return address_of(name, args(world) if args else ())


def ask(client: Client, method: str, url: str, *, htmx: bool = False) -> Any:
    """The answer; a file is read to its end into `read`, so that it is closed."""
    response = client.generic(method, url, headers={"HX-Request": "true"} if htmx else {})
    response.read = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return response


def body_of(response: Any) -> str:
    """The page without what differs from one request to the next: tokens, the hour, this page's own address."""
    text = (b"".join(response) if response.streaming else response.content).decode()
    text = re.sub(r'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', r"\1", text)
    return re.sub(r"\b\d\d:\d\d\b|\b\d{8}-\d{6}\b|datetime=\"[^\"]+\"", "", text)


# What reading may write: sessions, their last use, throttles; allauth copies a person's address on its own page.
MAY_CHANGE = {"django_session", "usersessions_usersession", "cache", "account_emailaddress"}


FINGERPRINT = """SELECT count(*), md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM "{table}" t"""


def rows() -> dict[str, str]:
    """A fingerprint of every table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted({row[0] for row in cursor.fetchall()} - MAY_CHANGE)
        prints = {}
        for table in tables:
            cursor.execute(FINGERPRINT.format(table=table))
            prints[table] = str(cursor.fetchone())
    return prints
