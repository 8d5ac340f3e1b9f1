"""Handing out files: who gets which size, how it is sent, and what the custody log keeps."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from casetracker.models import Custody, Evidence, User
from inspections import workflow
from inspections.enums import Status
from inspections.models import Highlight
from tests.builders import make_paper, make_photo, make_problem, make_visit, shot
from tests.cast import Cast
from tests.cast import cast as make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def get(person: User, row: Evidence | str, size: str) -> tuple[Any, bytes]:
    """The answer to a request for a file, and its bytes, read to the end."""
    client = Client()
    client.force_login(person)
    response = client.get(reverse("evidence", args=[getattr(row, "pk", row), size]))
    return response, b"".join(response)  # type: ignore[call-overload]


def held_by(cast: Cast) -> Evidence:
    """The photo of a problem that a unit works on."""
    row: Evidence = make_problem(cast, status=Status.ASSIGNED).attachments.get().evidence
    return row


@pytest.mark.parametrize("size", ["thumbnail", "preview"])
def test_small_pictures_are_shown_to_whoever_sees_the_problem(cast: Cast, size: str) -> None:
    photo = held_by(cast)
    for person in (cast.inspector1, cast.supervisor1, cast.handler1, cast.leader1, cast.officer1):
        response, content = get(person, photo, size)
        assert response.status_code == 200
        assert response["Content-Type"] == "image/jpeg"
        assert response["Content-Disposition"].startswith("inline")
        assert content.startswith(b"\xff\xd8")
    assert not Custody.objects.exists()


@pytest.mark.parametrize("size", ["thumbnail", "preview", "original"])
def test_strangers_find_nothing(cast: Cast, size: str) -> None:
    photo = held_by(cast)
    for person in (cast.outsider, cast.handler2, cast.admin):
        assert get(person, photo, size)[0].status_code == 404
    anonymous = Client().get(reverse("evidence", args=[photo.pk, size]))
    assert anonymous.status_code == 302


def test_the_original_is_a_download_for_inspectors_and_supervisors_and_is_logged(cast: Cast) -> None:
    photo = held_by(cast)
    for person in (cast.inspector1, cast.supervisor1):
        response, content = get(person, photo, "original")
        assert response.status_code == 200
        assert response["Content-Disposition"].startswith("attachment")
        assert photo.name in response["Content-Disposition"]
        assert response["Cache-Control"] == "no-store"
        assert len(content) == photo.size
    entries = [(one.action, one.actor_name) for one in Custody.objects.all()]
    assert entries == [("downloaded", str(cast.inspector1)), ("downloaded", str(cast.supervisor1))]


def test_others_are_told_why_they_do_not_get_the_original(cast: Cast) -> None:
    photo = held_by(cast)
    response, content = get(cast.handler1, photo, "original")
    assert response.status_code == 403
    assert "Only inspectors and supervisors" in content.decode()
    assert not Custody.objects.exists()


def test_a_paper_is_a_download_for_whoever_sees_it_and_has_no_picture(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    paper = make_paper(cast.handler1, name="采购合同.pdf")
    workflow.report_back(problem, by=cast.handler1, text="已覆盖", shots=[shot(cast.handler1)], papers=[paper])
    response, _content = get(cast.handler1, paper, "original")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert get(cast.handler1, paper, "preview")[0].status_code == 404
    assert Custody.objects.get().action == "downloaded"


def test_nothing_that_was_sent_can_run_in_a_browser(cast: Cast) -> None:
    photo = held_by(cast)
    for size in ("thumbnail", "original"):
        response, _content = get(cast.supervisor1, photo, size)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_highlight_of_a_visible_visit_opens_its_photo(cast: Cast) -> None:
    photo = make_photo(cast.inspector1)
    Highlight.objects.create(visit=make_visit(cast), text="全程密闭运输", evidence=photo)
    assert get(cast.inspector1, photo, "thumbnail")[0].status_code == 200
    assert get(cast.handler1, photo, "thumbnail")[0].status_code == 404


def test_addresses_that_name_no_file_are_not_found(cast: Cast) -> None:
    photo = held_by(cast)
    assert get(cast.supervisor1, "0" * 64, "preview")[0].status_code == 404
    assert get(cast.supervisor1, "etc", "preview")[0].status_code == 404
    assert get(cast.supervisor1, photo, "huge")[0].status_code == 404


def test_files_are_only_read(cast: Cast) -> None:
    photo = held_by(cast)
    client = Client()
    client.force_login(cast.supervisor1)
    assert client.post(reverse("evidence", args=[photo.pk, "preview"])).status_code == 405
