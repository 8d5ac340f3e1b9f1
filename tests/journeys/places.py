"""Every page there is, as somebody who may open it; a test fails for an address that stands nowhere here."""

from django.urls import resolve

from casetracker.invitations import secret_of
from inspections.enums import Status, Verb
from inspections.models import Checklist, ChecklistVersion, ProblemKind, SiteKind
from tests.access.rules import RULES
from tests.world import World, address_of, url_names

# A form of its own for each verb, with a problem in a state that allows it.
FORMS: dict[Verb, str] = {
    Verb.ASSIGN: Status.FOUND,
    Verb.NAME_CANDIDATES: Status.FOUND,
    Verb.HAND_BACK: Status.ASSIGNED,
    Verb.VERIFY: Status.REPORTED,
    Verb.RECHECK: Status.RECTIFYING,
    Verb.CLOSE: Status.VERIFIED,
    Verb.REOPEN: Status.CLOSED,
    Verb.DECIDE_EXTENSION: "extension",
    Verb.PAUSE: Status.RECTIFYING,
    Verb.ESCALATE: Status.RECTIFYING,
    Verb.COMMENT: Status.RECTIFYING,
    Verb.AMEND: Status.RECTIFYING,
    Verb.MERGE: Status.RECTIFYING,
    Verb.VOID: Status.RECTIFYING,
    Verb.WITHDRAW_EVIDENCE: Status.RECTIFYING,
    Verb.TO_CENTRAL: "on_spot",
}

# Pages that only a setting shows, and those of a person with a second factor; each has a test of its own.
OF_THE_DEMONSTRATION = ("mail", "mail_message", "design")
OF_A_SECOND_FACTOR = (
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
)
OF_A_PASSKEY = ("mfa_edit_webauthn", "mfa_remove_webauthn")
OF_ITS_OWN = ("mfa_authenticate", "account_set_password")

# What answers GET and is no page.
NO_PAGE = {
    "evidence": "a picture or a file",
    "mail_file": "a letter to download",
    "export_file": "a list to download; the page with its button is here",
    "import_draft": "leads on to the step where the ledger stands",
    "import_example": "a mapping to download",
    "import_mapping": "a mapping to download",
    "import_batch_mapping": "a mapping to download",
    "import_refused": "rows to download",
    "mail_html": "the letter inside its page, in a frame where no script runs, not even one that looks for faults",
    "mfa_download_recovery_codes": "codes to download",
    "site_suggest": "a few lines that a field asks for; the pages with such a field are here",
    "mfa_login_webauthn": "what the browser needs to ask for a passkey; others are led to the sign-in page",
    "account_confirm_login_code": "codes by e-mail are off: leads to the sign-in page",
}


def missing(world: World) -> tuple[set[str], set[str]]:
    """Addresses that stand nowhere here, and exceptions that are none (any more)."""
    seen = {resolve(url.split("?")[0]).url_name for urls in places(world).values() for url in urls}
    seen |= {*OF_THE_DEMONSTRATION, *OF_A_SECOND_FACTOR, *OF_A_PASSKEY, *OF_ITS_OWN}
    there = {name for name in url_names() if name not in RULES or not RULES[name].posts}
    return there - seen - set(NO_PAGE), set(NO_PAGE) - there | (set(NO_PAGE) & seen)


def places(world: World) -> dict[str, list[str]]:
    """The pages of each role; a page that looks the same for another role stands with one of them only."""
    return {
        "supervisor1": _of_a_supervisor(world),
        "inspector1": _of_an_inspector(world),
        "handler1": _of_a_handler(world),
        "leader1": [*(address_of(name) for name in ("work", "figures")), address_of("problem", (world.problem.pk,))],
        "officer1": [address_of("work"), address_of("problem", (world.problem.pk,))],
        "admin": _of_an_administrator(world),
        "": _before_signing_in(world),
    }


def _of_a_supervisor(world: World) -> list[str]:
    problem, problems = world.problem.pk, world.problems
    return [
        *(address_of(name) for name in ("work", "problems", "visits", "sites", "figures", "batches", "inbox")),
        *(address_of(name) for name in ("import", "views", "me", "batch_new", "site_new", "parties", "party_new")),
        address_of("exposures"),
        *(address_of(name) for name in ("weekly", "ops", "usersessions_list", "mfa_index", "mfa_activate_totp")),
        *(address_of(name) for name in ("mfa_list_webauthn", "mfa_add_webauthn", "account_reauthenticate")),
        *(address_of(name) for name in ("account_change_password", "account_email", "account_logout")),
        *(address_of("problem", (one.pk,)) for one in problems.values()),
        address_of("problem", (problem,), "from=state%3Drectifying&timeline=all"),
        address_of("problems", (), "overdue=any&cols=unit&cols=district&cols=party&cols=state"),
        address_of("problems", (), "q=nothing+has+these+words"),
        address_of("problem_files", (problem,)),
        address_of("search", (), "q=工地"),
        address_of("search", (), "q=nothing+has+these+words"),
        address_of("save_view", (), "page=problems&state=open"),
        address_of("rename_view", (world.view.pk,)),
        address_of("delete_view", (world.view.pk,)),
        address_of("batch", (world.batch.pk,)),
        address_of("batch_print", (world.batch.pk,)),
        address_of("site", (world.site.pk,)),
        address_of("site_change", (world.site.pk,)),
        address_of("visit", (world.visit.pk,)),
        address_of("visit_correct", (world.visit.pk,)),
        address_of("job", (world.running.pk,)),
        address_of("bulk_confirm", (), f"verb=escalate&ids={world.problem.pk}"),
        address_of("bulk_result", (world.bulk.pk,)),
        address_of("party", (world.party.pk,)),
        address_of("party_change", (world.party.pk,)),
        address_of("import_check", (world.checked.pk,)),
        address_of("exports"),
        address_of("export", (world.exported.pk,)),
        *(address_of(name, (world.draft.pk,)) for name in ("import_sheet", "import_columns", "import_values")),
        *(address_of(name, (world.imported.pk,)) for name in ("import_batch", "import_undo")),
        *(address_of("problem_verb", (problems[status].pk, verb.value)) for verb, status in FORMS.items()),
    ]


def _of_an_inspector(world: World) -> list[str]:
    site, visit = f"site={world.site.pk}", f"visit={world.visit.pk}"
    return [
        *(address_of(name) for name in ("work", "problems", "visit_new", "problem_new")),
        address_of("visit_new", (), site),
        address_of("visit_new", (), f"{site}&mode=recheck"),
        address_of("problem_new", (), site),
        address_of("problem_new", (), visit),
        address_of("problem", (world.problems[Status.REPORTED].pk,)),
    ]


def _of_a_handler(world: World) -> list[str]:
    problem, problems = world.problem.pk, world.problems
    return [
        *(address_of(name) for name in ("work", "problems", "inbox")),
        *(address_of("problem", (problems[one].pk,)) for one in (Status.ASSIGNED, Status.RECTIFYING)),
        address_of("problem_verb", (problem, Verb.ASK_EXTENSION.value)),
        address_of("problem_verb", (problem, Verb.REPORT_BACK.value)),
    ]


def _of_an_administrator(world: World) -> list[str]:
    listed, version = Checklist.objects.order_by("pk")[0].pk, ChecklistVersion.objects.order_by("pk")[0].pk
    return [
        *(address_of(name) for name in ("work", "ops", "office", "units", "unit_new", "people")),
        *(address_of(name) for name in ("person_new", "calendar", "calendar_load", "calendar_reload", "rules")),
        *(address_of(name) for name in ("options", "weekly", "checklists", "checklist_new", "kinds")),
        *(address_of(name) for name in ("problem_kind_new", "site_kind_new")),
        *(address_of(name, (world.cast.housing.pk,)) for name in ("unit", "unit_change")),
        *(address_of(name, (world.cast.handler1.pk,)) for name in ("person", "person_change", "post_new")),
        address_of("person_act", (world.cast.handler1.pk, "deactivate")),
        address_of("post_end", (world.post.pk,)),
        address_of("calendar_day", ("2026-10-01",)),
        address_of("rule_new", (world.rule.code,)),
        address_of("rule_withdraw", (world.rule.pk,)),
        *(address_of(name, (listed,)) for name in ("checklist", "checklist_change", "checklist_issue")),
        address_of("checklist_retire", (listed,)),
        address_of("checklist_version", (version,)),
        address_of("problem_kind", (ProblemKind.objects.order_by("pk")[0].pk,)),
        address_of("site_kind", (SiteKind.objects.order_by("pk")[0].pk,)),
        *(address_of(name) for name in ("districts", "district_new", "campaigns", "campaign_new")),
        *(address_of(name) for name in ("alerts", "alert_new")),
        *(address_of(name, ("410802",)) for name in ("district", "district_change")),
        *(address_of(name, (world.campaign.pk,)) for name in ("campaign", "campaign_change")),
        *(address_of(name, (world.alert.pk,)) for name in ("alert", "alert_change", "alert_withdraw")),
        address_of("import", (), "kind=people"),
        address_of("people", (), "state=invited"),
        address_of("person", (world.invitation.person_id,)),
        *(address_of(name, (world.accounts.pk,)) for name in ("import_batch", "import_undo")),
        *(address_of(name, (world.unit_list.pk,)) for name in ("import_batch", "import_undo")),
    ]


def _before_signing_in(world: World) -> list[str]:
    return [
        *(address_of(name) for name in ("account_login", "account_signup", "account_inactive")),
        *(address_of(name) for name in ("account_reset_password", "account_reset_password_done")),
        *(address_of(name) for name in ("account_reset_password_from_key_done", "account_email_verification_sent")),
        address_of("account_reset_password_from_key", ("1", "nothing")),
        address_of("account_confirm_email", ("nothing",)),
        address_of("invited", (world.invitation.pk, secret_of(world.invitation))),
    ]
