"""The inbox and the person's own page: what one was told, read once; language and look kept."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from casetracker import notices
from casetracker.enums import Language, Theme
from casetracker.models import Notice, User
from inspections import workflow
from inspections.enums import Status
from tests import cast as troupe
from tests.builders import make_problem
from tests.cast import Cast, leave


@pytest.fixture
def cast(db: None) -> Cast:
    return troupe.cast()


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(person: User, count: int = 1) -> list[Notice]:
    """Notices about nothing that the person could see, newest first."""
    with transaction.atomic():
        for _ in range(count):
            pk = uuid.uuid4()
            notices.queue([person], kind="news", subject_type="problem", subject_id=pk, label=str(pk), period="1")
    return list(Notice.objects.of(person))


def text(client: Client, url: str) -> str:
    page = client.get(url)
    assert page.status_code == 200
    return page.content.decode()


def test_marking_all_read_marks_what_was_told_late_as_well(cast: Cast) -> None:
    """It stands on a later page by the day it is about, and was told last."""
    told(cast.handler1, 50)
    late = told(cast.handler1)[0]
    Notice.objects.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(days=1))
    client = signed_in(cast.handler1)
    newest = re.search(r'name="newest" value="(\d+)"', text(client, "/inbox/"))
    assert newest is not None
    client.post("/inbox/read/", {"newest": newest[1]})
    assert Notice.objects.of(cast.handler1).unread().count() == 0


def test_a_notice_is_a_sentence_that_leads_to_its_subject(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.ASSIGNED)
    client = signed_in(cast.handler1)
    page = text(client, "/inbox/")
    assert "<h1>1 unread notice</h1>" in page
    assert f"assigned {problem.number}" in strip_tags(page)
    notice = Notice.objects.get(person=cast.handler1)
    answer = client.post(f"/inbox/{notice.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/problems/{problem.pk}/")
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "Everything is read" in text(client, "/inbox/")


def test_looking_changes_nothing(cast: Cast) -> None:
    make_problem(cast, status=Status.ASSIGNED)
    client = signed_in(cast.handler1)
    notice = Notice.objects.get(person=cast.handler1)
    text(client, "/inbox/")
    for address in (f"/inbox/{notice.pk}/", "/inbox/read/"):
        assert client.get(address)["Location"] == "/inbox/"
    notice.refresh_from_db()
    assert notice.read_at is None


def test_what_is_no_longer_mine_to_see_shows_its_label_without_a_link(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.ASSIGNED)
    leave(cast.handler1, cast.housing, timezone.localdate() - timezone.timedelta(days=1))
    client = signed_in(cast.handler1)
    page = text(client, "/inbox/")
    assert problem.number in page
    assert problem.site_name not in page
    assert str(problem.pk) not in page
    notice = Notice.objects.get(person=cast.handler1)
    assert client.post(f"/inbox/{notice.pk}/")["Location"] == "/inbox/"


def test_one_can_be_marked_read_without_leaving(cast: Cast) -> None:
    first, second = told(cast.handler1, 2)
    client = signed_in(cast.handler1)
    answer = client.post(f"/inbox/{first.pk}/read/", {"next": "/inbox/?show=unread"})
    assert answer["Location"] == "/inbox/?show=unread"
    row = client.post(f"/inbox/{second.pk}/read/", headers={"HX-Request": "true"}).content.decode()
    assert f'data-notice="{second.pk}"' in row
    assert "is-unread" not in row
    assert not Notice.objects.of(cast.handler1).unread().exists()


def test_all_are_marked_read_up_to_the_newest_that_was_shown(cast: Cast) -> None:
    shown = told(cast.handler1, 3)
    newer = told(cast.handler1)[0]
    signed_in(cast.handler1).post("/inbox/read/", {"newest": shown[0].pk})
    assert [one.pk for one in Notice.objects.of(cast.handler1).unread()] == [newer.pk]


@pytest.mark.parametrize("newest", ["", "x", "-1", "9" * 30])
def test_a_strange_newest_marks_nothing(cast: Cast, newest: str) -> None:
    told(cast.handler1)
    assert signed_in(cast.handler1).post("/inbox/read/", {"newest": newest}).status_code == 302
    assert Notice.objects.of(cast.handler1).unread().count() == 1


def test_somebody_elses_notice_does_not_exist(cast: Cast) -> None:
    [notice] = told(cast.handler1)
    other = signed_in(cast.handler2)
    assert other.post(f"/inbox/{notice.pk}/").status_code == 404
    assert other.post(f"/inbox/{notice.pk}/read/").status_code == 404
    assert 'data-total="0"' in text(other, "/inbox/")


def test_the_counts_of_the_tabs_are_those_of_their_lists(cast: Cast) -> None:
    notice = told(cast.handler1, 4)[0]
    client = signed_in(cast.handler1)
    client.post(f"/inbox/{notice.pk}/read/")
    assert 'data-total="4"' in text(client, "/inbox/")
    assert 'data-total="3"' in text(client, "/inbox/?show=unread")
    assert "3 unread notices" in text(client, "/inbox/")


def test_what_happened_last_stands_first_whenever_it_was_told(cast: Cast) -> None:
    made = told(cast.handler1, 54)
    hours = [(n * 7) % 54 for n in range(54)]
    for notice, hour in zip(made, hours, strict=True):
        when = timezone.now() - timezone.timedelta(hours=hour)
        Notice.objects.filter(pk=notice.pk).update(created_at=when)
    expected = [str(notice.pk) for _hour, notice in sorted(zip(hours, made, strict=True), key=lambda one: one[0])]
    client = signed_in(cast.handler1)
    page = text(client, "/inbox/")
    first = re.findall(r'data-notice="(\d+)"', page)
    older = re.search(r'href="(\?before=\d+)"', page)
    assert older is not None
    rest = re.findall(r'data-notice="(\d+)"', text(client, "/inbox/" + older[1]))
    assert first + rest == expected
    # The button marks what was shown, whatever its place.
    newest = re.search(r'name="newest" value="(\d+)"', page)
    assert newest is not None
    client.post("/inbox/read/", {"newest": newest[1]})
    assert not Notice.objects.filter(pk__in=first).unread().exists()


def test_older_ones_come_on_further_pages(cast: Cast) -> None:
    told(cast.handler1, 53)
    client = signed_in(cast.handler1)
    page = text(client, "/inbox/")
    older = re.search(r'href="(\?before=\d+)"', page)
    assert older is not None
    assert page.count("data-notice=") == 50
    assert text(client, f"/inbox/{older[1]}").count("data-notice=") == 3
    partial = client.get(f"/inbox/{older[1]}", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in partial
    assert partial.count("data-notice=") == 3


def test_thirty_notices_cost_as_many_queries_as_one(cast: Cast) -> None:
    def statements() -> int:
        client = signed_in(cast.handler1)
        client.get("/inbox/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/inbox/")
        return len(seen)

    make_problem(cast, status=Status.ASSIGNED)
    one = statements()
    for _ in range(8):
        problem = make_problem(cast, status=Status.ASSIGNED)
        workflow.hand_back(problem, by=cast.supervisor1, reason="误派")
    assert statements() == one


def test_a_name_in_a_notice_is_text(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.ASSIGNED)
    User.objects.filter(pk=cast.supervisor1.pk).update(name="<script>alert(1)</script>")
    workflow.hand_back(problem, by=User.objects.get(pk=cast.supervisor1.pk), reason="<img src=x>")
    page = text(signed_in(cast.handler1), "/inbox/")
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


# --- The person's own page --------------------------------------------------------------------------


def test_language_and_look_are_kept_with_the_person(cast: Cast) -> None:
    client = signed_in(cast.handler1)
    answer = client.post("/me/", {"language": "zh-hans", "theme": "dark", "name_en": " Zhao   Yan "})
    assert answer.status_code == 302
    cast.handler1.refresh_from_db()
    assert (cast.handler1.language, cast.handler1.theme, cast.handler1.name_en) == ("zh-hans", "dark", "Zhao Yan")
    page = text(client, "/me/")
    assert 'lang="zh-Hans"' in page
    assert 'data-theme="dark"' in page


def test_a_choice_that_is_none_is_refused_and_changes_nothing(cast: Cast) -> None:
    client = signed_in(cast.handler1)
    answer = client.post("/me/", {"language": "fr", "theme": "pink", "name_en": "x" * 61})
    assert answer.status_code == 422
    assert answer.content.decode().count('class="error"') >= 1
    cast.handler1.refresh_from_db()
    assert (cast.handler1.language, cast.handler1.theme) == (Language.ENGLISH, Theme.SYSTEM)


def test_nobody_changes_more_of_himself_than_the_page_offers(cast: Cast) -> None:
    signed_in(cast.handler1).post(
        "/me/", {"language": "en", "theme": "light", "username": "root", "is_superuser": "1", "email": "x@example.org"}
    )
    cast.handler1.refresh_from_db()
    assert (cast.handler1.username, cast.handler1.is_superuser) == ("handler1", False)
    assert cast.handler1.email == "handler1@example.org"


def test_the_quick_switch_goes_back_to_the_page_it_was_pressed_on(cast: Cast) -> None:
    client = signed_in(cast.handler1)
    answer = client.post("/me/language/", {"language": "zh-hans", "next": "/problems/?state=open"})
    assert answer["Location"] == "/problems/?state=open"
    cast.handler1.refresh_from_db()
    assert cast.handler1.language == "zh-hans"
    client.post("/me/language/", {"theme": "dark", "next": "/"})
    cast.handler1.refresh_from_db()
    assert (cast.handler1.language, cast.handler1.theme) == ("zh-hans", "dark")


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", ""]
)
def test_the_quick_switch_stays_at_home(cast: Cast, url: str) -> None:
    assert signed_in(cast.handler1).post("/me/language/", {"language": "en", "next": url})["Location"] == "/"


def test_a_visitors_language_is_kept_in_a_cookie(db: None) -> None:
    client = Client()
    assert client.post("/me/language/", {"language": "zh-hans", "next": "/accounts/login/"}).status_code == 302
    assert client.cookies["language"].value == "zh-hans"
    assert 'lang="zh-Hans"' in text(client, "/accounts/login/")


def test_an_unknown_language_is_passed_over(cast: Cast) -> None:
    assert signed_in(cast.handler1).post("/me/language/", {"language": "fr"}).status_code == 302
    cast.handler1.refresh_from_db()
    assert cast.handler1.language == "en"
