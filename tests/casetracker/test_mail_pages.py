"""The folder of mail in demonstration mode, and the weekly e-mail as its supervisors see it."""

import re
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.utils import timezone

from casetracker import deliveries, digest, mail
from casetracker.models import DeadlineRule, Delivery, User
from inspections.enums import Status
from tests import cast as troupe
from tests.builders import make_problem
from tests.casetracker.office import queries
from tests.cast import Cast

DAY = timezone.timedelta(days=1)


@pytest.fixture
def cast(db: None, settings: Any) -> Cast:
    settings.DEMO = True
    return troupe.cast()


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def sent_week(cast: Cast) -> digest.Plan:
    make_problem(cast, status=Status.RECTIFYING, due_on=timezone.localdate() - 3 * DAY)
    made = digest.plan(timezone.localdate())
    digest.send(made)
    return made


def test_every_message_is_listed_and_opens(cast: Cast) -> None:
    sent_week(cast)
    client = signed_in(cast.handler1)
    page = client.get("/mail/").content.decode()
    assert 'data-total="5"' in page
    links = re.findall(r'href="(/mail/[^"]+/)"', page)
    assert len(links) == 5
    for link in links:
        message = client.get(link)
        assert message.status_code == 200
        assert "frame-src 'self'" in message["Content-Security-Policy"]
        assert "1 overdue" in message.content.decode()


def test_the_folder_asks_as_much_for_30_messages_as_for_1(cast: Cast) -> None:
    folder = get_connection("casetracker.mail.FolderBackend")

    def send(number: int) -> None:
        for n in range(number):
            EmailMultiAlternatives(f"第{n}封", "正文", to=["a@example.org"], connection=folder).send()

    client = signed_in(cast.handler1)
    send(1)
    one = queries(lambda: client.get("/mail/"))
    send(29)
    assert queries(lambda: client.get("/mail/")) == one <= 8
    page = client.get("/mail/").content.decode()
    assert 'data-total="30"' in page
    assert page.count("data-mail=") == 30


def test_the_html_part_comes_with_headers_of_its_own(cast: Cast) -> None:
    sent_week(cast)
    client = signed_in(cast.handler1)
    name = mail.newest()[0][0]
    answer = client.get(f"/mail/{name}/html/")
    policy = answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox" in policy
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "allow-scripts" not in policy
    assert "style=" in answer.content.decode()
    other = client.get("/mail/")
    assert "unsafe-inline" not in other["Content-Security-Policy"]
    assert other["X-Frame-Options"] == "DENY"


def test_a_message_downloads_as_it_was_sent(cast: Cast) -> None:
    sent_week(cast)
    name = mail.newest()[0][0]
    answer = signed_in(cast.handler1).get(f"/mail/{name}/file/")
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}.eml"'
    assert answer.content == mail.read_bytes(name)


def test_a_message_with_text_alone_opens(cast: Cast) -> None:
    connection = get_connection("casetracker.mail.FolderBackend")
    EmailMultiAlternatives("Hello", "Only text <b>", to=["a@example.org"], connection=connection).send()
    client = signed_in(cast.handler1)
    name = mail.newest()[0][0]
    page = client.get(f"/mail/{name}/").content.decode()
    assert "Only text &lt;b&gt;" in page
    assert client.get(f"/mail/{name}/html/").status_code == 404


@pytest.mark.parametrize("name", ["missing", "..", "a-b-c", "01234567890123456789-ffff"])
def test_what_is_not_there_is_not_found(cast: Cast, name: str) -> None:
    client = signed_in(cast.handler1)
    for suffix in ("", "html/", "file/"):
        assert client.get(f"/mail/{name}/{suffix}").status_code == 404


def test_outside_demonstration_mode_there_is_no_folder(db: None, settings: Any) -> None:
    settings.DEMO = False
    people = troupe.cast()
    sent_week(people)
    client = signed_in(people.supervisor1)
    name = mail.newest()[0][0]
    for url in ("/mail/", f"/mail/{name}/", f"/mail/{name}/html/", f"/mail/{name}/file/"):
        assert client.get(url).status_code == 404


def test_visitors_are_asked_to_sign_in(cast: Cast) -> None:
    assert Client().get("/mail/").status_code == 302


# --- The weekly e-mail as it went out ---------------------------------------------------------------


def test_a_supervisor_sees_who_got_the_week(cast: Cast) -> None:
    made = sent_week(cast)
    client = signed_in(cast.supervisor1)
    page = client.get("/weekly/").content.decode()
    assert 'data-total="5"' in page
    assert page.count("Sent") >= 5
    home = client.get("/").content.decode()
    assert ">5 readers</a>" in home
    assert f"/weekly/?period={made.period}" in home


def test_an_office_of_another_city_sees_none_of_it(cast: Cast) -> None:
    sent_week(cast)
    assert 'data-total="0"' in signed_in(cast.outsider).get("/weekly/").content.decode()


def test_handlers_and_inspectors_have_no_such_page(cast: Cast) -> None:
    for person in (cast.handler1, cast.inspector1, cast.officer1):
        assert signed_in(person).get("/weekly/").status_code == 404


def test_a_letter_in_doubt_can_be_sent_again_once(cast: Cast) -> None:
    make_problem(cast, status=Status.RECTIFYING, due_on=timezone.localdate() - 3 * DAY)
    made = digest.plan(timezone.localdate(), reader=cast.handler1)
    [pk] = made.new.values()
    mine = deliveries.claim()
    assert mine is not None
    deliveries._mark(mine)
    Delivery.objects.filter(pk=pk).update(lease_until=timezone.now() - DAY)
    deliveries.rescue()
    client = signed_in(cast.supervisor1)
    page = client.get("/weekly/").content.decode()
    assert 'data-verb="send_again"' in page
    assert 'data-verb="received"' in page
    assert "did not arrive for certain" in client.get("/").content.decode()
    assert client.post(f"/weekly/{pk}/", {"decision": "send_again"}).status_code == 302
    assert client.post(f"/weekly/{pk}/", {"decision": "send_again"}).status_code == 409
    assert deliveries.send_waiting() == {"sent": 1}
    assert 'data-verb="send_again"' not in client.get("/weekly/").content.decode()
    assert signed_in(cast.outsider).post(f"/weekly/{pk}/", {"decision": "received"}).status_code == 404


def test_an_administrator_sees_the_same_units_without_a_person_everywhere(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_problem(cast, status=Status.ASSIGNED)
    User.objects.filter(username="handler1").update(is_active=False)
    client = signed_in(cast.admin)
    page = client.get("/").content.decode()
    door = re.search(r'data-figure="unmanned" href="([^"]+)">(\d+)<', page)
    assert door is not None
    missing = client.get(door[1]).content.decode()
    assert f'data-total="{door[2]}"' in missing
    assert int(door[2]) > 1
    assert f"{door[2]} units without an active person" in page
    named = re.findall(r'data-unit="(\d+)"', page)
    assert set(named) == set(re.findall(r'data-unit="(\d+)"', missing))
    assert named[0] == str(cast.housing.pk)
    monkeypatch.setattr("casetracker.desk.MOST_UNITS", 1)
    page = client.get("/").content.decode()
    assert re.findall(r'data-unit="(\d+)"', page) == [str(cast.housing.pk)]
    assert f"and {int(door[2]) - 1} more" in page


def test_my_work_of_an_administrator_says_what_the_administration_says(cast: Cast) -> None:
    client = signed_in(cast.admin)

    def head(url: str) -> str:
        found = re.search(r"<h1>(.*?)</h1>", client.get(url).content.decode())
        assert found is not None
        return found[1]

    DeadlineRule.objects.update(verified_by="x")
    before = head("/office/")
    assert (head("/") == before) is ("need" in before)
    DeadlineRule.objects.filter(pk__in=DeadlineRule.objects.filter(effective_until=None)[:1]).update(verified_by="")
    assert "need" in head("/office/") != before
    assert head("/") == head("/office/")
    assert "1 rule to be verified" in client.get("/").content.decode()


def test_the_folder_says_that_everybodys_letters_are_shown_and_the_sheet_of_components_is_only_here(
    cast: Cast, settings: Any
) -> None:
    client = signed_in(cast.handler1)
    assert "everybody’s letters are shown here to everybody" in client.get("/mail/").content.decode()
    assert client.get("/design/").status_code == 200
    assert Client().get("/design/").status_code == 302
    settings.DEMO = False
    assert signed_in(cast.admin).get("/design/").status_code == 404
