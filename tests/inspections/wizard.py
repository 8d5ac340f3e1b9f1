"""Going the way of a ledger in as a browser does, step by step."""

from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from casetracker import working
from casetracker.models import Job, User
from inspections.models import ImportBatch, ImportDraft


def signed_in(person: User, language: str = "en") -> Client:
    """A client of this person, who reads this language."""
    User.objects.filter(pk=person.pk).update(language=language)
    client = Client()
    client.force_login(person)
    return client


def upload(client: Client, path: Path, **fields: Any) -> Any:
    with path.open("rb") as file:
        return client.post(reverse("import"), {"file": file, "how": "problems", **fields})


def newest() -> ImportDraft:
    return ImportDraft.objects.latest("created_at")


def sent_of(form: Any) -> dict[str, Any]:
    """What a browser sends of a form that nobody touched."""
    values = {field.html_name: field.value() for field in form}
    return {name: value for name, value in values.items() if value not in (None, "")}


def choose_columns(client: Client, draft: ImportDraft, **changes: Any) -> Any:
    """Send the columns as they were recognised, some of them changed (- stands for the hyphen: c_found_on)."""
    url = reverse("import_columns", args=[draft.pk])
    sent = sent_of(client.get(url).context["form"])
    sent |= {name.replace("_", "-", 1) if name[1:2] == "_" else name: value for name, value in changes.items()}
    return client.post(url, sent)


CREATE = ["sites", "kinds", "units", "teams"]


def checked(client: Client, path: Path, office: int, *, create: list[str] = CREATE, **changes: Any) -> Any:
    """The answer of the check's page for a ledger whose columns are taken as they were recognised."""
    answer = upload(client, path, office=office)
    assert answer.status_code == 302, answer.context["form"].errors
    choose_columns(client, newest(), create=create, **changes)
    return after_work(client)


def after_work(client: Client) -> Any:
    """Let the workers work, and go where the newest job of the person leads."""
    working.work()
    job = Job.objects.latest("created_at")
    return client.get(reverse("job", args=[job.pk]), follow=True)


def last_check() -> Job:
    return Job.objects.filter(kind="ledger_check").latest("created_at")


def take_in(client: Client, path: Path, office: int, **how: Any) -> ImportBatch:
    """The whole way in; returns the batch."""
    checked(client, path, office, **how)
    client.post(reverse("import_begin", args=[last_check().pk]))
    working.work()
    return ImportBatch.objects.latest("created_at")
