"""Invitations: held, released once, one mail with one link that works once; void, too old, and what the pages say."""

import datetime
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from casetracker import deliveries, invitations
from casetracker.administering.people import activate, change_person, deactivate, give_password
from casetracker.enums import Language, Role
from casetracker.errors import IllegalMove
from casetracker.invited import standings
from casetracker.models import Delivery, Event, Invitation, Letter, User
from tests.casetracker.office import events, words
from tests.casetracker.test_deliveries import Post, lease_out, post  # noqa: F401  a fixture
from tests.cast import PASSWORD, Cast, make_person, sign_in

pytestmark = pytest.mark.django_db

BATCH = uuid.UUID(int=7)
NEW = "Tangerine-Ledger-77"


@pytest.fixture
def newcomer(people: Cast) -> User:
    return made(people, "newcomer", "新人")


def made(people: Cast, username: str, name: str, language: Language = Language.CHINESE) -> User:
    """Somebody with a post and without a password."""
    person = make_person(username, name, (people.team1, Role.INSPECTOR), language=language)
    person.set_unusable_password()
    person.save()
    return person


def held(*people: User) -> None:
    invitations.hold(people, waits_for=BATCH, file_name="people.xlsx", now=timezone.now())


def released(by: User) -> int:
    return invitations.release(BATCH, by=by, now=timezone.now())


def link_in(message: Any) -> str:
    """The path of the link in a mail; the same in both of its parts."""
    found = []
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        found += re.findall(r"http://testserver(/accounts/invited/[^\s\"<]+)", body.get_content())
    assert len(set(found)) == 1
    return found[0]


def link_of(person: User) -> str:
    row = Invitation.objects.living().get(person=person)
    return reverse("invited", args=[row.pk, invitations.secret_of(row)])


def chosen(link: str, password: str = NEW) -> Any:
    return Client().post(link, {"password1": password, "password2": password})


# --- Sending ------------------------------------------------------------------------------------------


def test_held_invitations_are_sent_by_nothing_but_their_release(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    held(newcomer)
    assert (deliveries.send_waiting(), post.arrived) == ({}, [])
    assert released(people.admin) == 1
    assert deliveries.send_waiting() == {"sent": 1}
    [message] = post.arrived
    assert "newcomer@example.org" in message["To"]
    assert message["Subject"] == "您的 Casetracker 账号"
    assert [event.verb for event in events("person", newcomer.pk)] == ["invite"]


def test_releasing_twice_sends_once(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    held(newcomer)
    assert (released(people.admin), released(people.admin)) == (1, 0)
    deliveries.send_waiting()
    deliveries.send_waiting()
    assert len(post.arrived) == 1


def test_a_worker_that_dies_after_the_claim_costs_no_letter(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    held(newcomer)
    released(people.admin)
    claimed = deliveries.claim()
    assert claimed is not None
    lease_out(claimed)
    deliveries.rescue()
    assert deliveries.send_waiting() == {"sent": 1}
    assert deliveries.send(claimed)[0] == "lost"
    assert len(post.arrived) == 1


def test_a_worker_that_dies_while_it_hands_over_leaves_a_doubt_and_a_way_on(
    people: Cast,
    newcomer: User,
    post: Post,  # noqa: F811
) -> None:
    held(newcomer)
    released(people.admin)
    mine = deliveries.claim()
    assert mine is not None
    assert deliveries._mark(mine)
    lease_out(mine)
    deliveries.rescue()
    assert deliveries.send_waiting() == {}
    assert standings([newcomer])[newcomer.pk].can_send
    invitations.invite(newcomer, by=people.admin)
    assert not deliveries.unsettled().exists(), "sending anew decides on the letter in doubt"
    assert deliveries.send_waiting() == {"sent": 1}


def test_a_letter_that_has_to_wait_comes_with_the_same_link(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    held(newcomer)
    released(people.admin)
    post.answers = ["451 later"]
    deliveries.send_waiting()
    Delivery.objects.update(not_before=None)
    deliveries.send_waiting()
    assert link_in(post.arrived[0]) == link_of(newcomer)


@pytest.mark.parametrize("language", list(Language))
def test_the_letter_is_in_the_language_of_its_reader(people: Cast, post: Post, language: Language) -> None:  # noqa: F811
    person = made(people, "reader", "Reader", language)
    invitations.invite(person, by=people.admin)
    deliveries.send_waiting()
    [message] = post.arrived
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "reader" in text
    assert ("设置密码" in text) == (language == Language.CHINESE)
    assert not re.search(r"%\(|\{\{", text)


def test_the_secret_stands_nowhere_in_the_database(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    invitations.invite(newcomer, by=people.admin)
    deliveries.send_waiting()
    secret = link_in(post.arrived[0]).split("/")[-2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{secret}%"])  # noqa: S608
            assert cursor.fetchone()[0] == 0, table
    assert deliveries.SECRET in Letter.objects.get().text


def test_nobody_is_written_to_who_needs_it_no_more(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    others = [made(people, f"other{n}", "某") for n in range(3)]
    held(newcomer, *others)
    give_password(others[0], by=people.admin, reason="当面交给")
    deactivate(others[1], by=people.admin, reason="离职")
    User.objects.filter(pk=others[2].pk).update(email="")
    assert released(people.admin) == 1
    deliveries.send_waiting()
    assert post.recipients == ["newcomer@example.org"]


def test_a_letter_that_waits_is_stopped_when_its_link_is_void(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    invitations.invite(newcomer, by=people.admin)
    give_password(newcomer, by=people.admin, reason="当面")
    assert deliveries.send_waiting() == {}
    assert Delivery.objects.get().state == "cancelled"
    assert post.arrived == []


# --- The link -----------------------------------------------------------------------------------------


def test_the_link_lets_a_person_in_once(people: Cast, newcomer: User) -> None:
    invitations.invite(newcomer, by=people.admin)
    link = link_of(newcomer)
    client = Client()
    page = client.get(link)
    assert page.status_code == 200
    assert page["Content-Language"] == "zh-hans", "in the language of the account"
    assert "newcomer" in words(page)
    assert client.get(link).status_code == 200, "looking takes nothing up"
    done = client.post(link, {"password1": NEW, "password2": NEW})
    assert (done.status_code, done["Location"]) == (302, reverse("account_login"))
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)
    assert not newcomer.must_change_password
    assert client.post(reverse("account_login"), {"login": "newcomer", "password": NEW}).status_code == 302
    assert client.get("/").status_code == 200
    again = client.get(link)
    assert again.status_code == 410
    assert reverse("account_login") in again.content.decode()
    assert chosen(link, "Another-Ledger-88").status_code == 410
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)
    assert [event.verb for event in events("person", newcomer.pk)] == ["invite", "accept_invitation"]


@pytest.mark.parametrize("password", ["short", "newcomer1234", "password1234"])
def test_a_weak_password_is_refused_and_the_link_stays(people: Cast, newcomer: User, password: str) -> None:
    invitations.invite(newcomer, by=people.admin)
    link = link_of(newcomer)
    assert chosen(link, password).status_code == 422
    assert Client().post(link, {"password1": NEW, "password2": NEW + "x"}).status_code == 422
    assert chosen(link).status_code == 302


def test_a_new_link_voids_the_one_before(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    invitations.invite(newcomer, by=people.admin)
    first = link_of(newcomer)
    deliveries.send_waiting()
    invitations.invite(newcomer, by=people.admin)
    assert Client().get(first).status_code == 410
    assert chosen(first).status_code == 410
    assert chosen(link_of(newcomer)).status_code == 302


def test_while_a_letter_is_on_its_way_no_second_one_is_put_down(people: Cast, newcomer: User) -> None:
    invitations.invite(newcomer, by=people.admin)
    with pytest.raises(IllegalMove):
        invitations.invite(newcomer, by=people.admin)
    assert Delivery.objects.count() == 1


def test_a_link_is_void_for_a_closed_account_and_after_another_address(people: Cast, newcomer: User) -> None:
    invitations.invite(newcomer, by=people.admin)
    link = link_of(newcomer)
    deactivate(newcomer, by=people.admin, reason="离职")
    assert chosen(link).status_code == 410
    activate(newcomer, by=people.admin, reason="回来")
    assert chosen(link).status_code == 410, "it stays void"
    invitations.invite(newcomer, by=people.admin)
    link = link_of(newcomer)
    change_person(newcomer, by=people.admin, email="other@example.org")
    assert chosen(link).status_code == 410


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_old_link_says_what_to_do_next(people: Cast, newcomer: User, language: str) -> None:
    invitations.invite(newcomer, by=people.admin)
    link = link_of(newcomer)
    client = Client()
    client.cookies["language"] = language
    Invitation.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    page = client.get(link)
    assert page.status_code == 410
    assert page["Content-Language"] == language
    assert reverse("account_reset_password") in page.content.decode()
    assert chosen(link).status_code == 410


def test_a_link_nobody_was_given_opens_nothing_and_tells_nothing(people: Cast, newcomer: User) -> None:
    invitations.invite(newcomer, by=people.admin)
    row = Invitation.objects.get()
    right = invitations.secret_of(row)
    wrong = "f" * len(right) if right[0] != "f" else "a" * len(right)
    for key, secret in ((row.pk, wrong), (uuid.uuid4(), right), (row.pk, deliveries.SECRET)):
        link = reverse("invited", args=[key, secret])
        page = Client().get(link)
        assert page.status_code == 404
        assert "newcomer" not in page.content.decode()
        assert chosen(link).status_code == 404
    newcomer.refresh_from_db()
    assert not newcomer.has_usable_password()


def test_a_held_invitation_has_no_link_that_works(people: Cast, newcomer: User) -> None:
    held(newcomer)
    assert chosen(link_of(newcomer)).status_code == 410


def test_whoever_was_signed_in_at_this_browser_is_signed_out(people: Cast, newcomer: User) -> None:
    invitations.invite(newcomer, by=people.admin)
    client = sign_in(people.handler1)
    client.post(link_of(newcomer), {"password1": NEW, "password2": NEW})
    assert client.get("/").status_code == 302


# --- The pages of people ------------------------------------------------------------------------------


def test_the_page_of_a_person_says_how_the_invitation_stands(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    admin = sign_in(people.admin)
    address = f"/office/people/{newcomer.pk}/"
    assert "not invited yet" in words(admin.get(address))
    held(newcomer)
    assert "held back with the import of people.xlsx" in words(admin.get(address))
    assert admin.post(f"{address}invite/").status_code == 302
    assert "is on its way" in words(admin.get(address))
    assert admin.post(f"{address}invite/").status_code == 409
    deliveries.send_waiting()
    assert "not yet accepted" in words(admin.get(address))
    Invitation.objects.living().update(expires_at=timezone.now())
    assert "too old" in words(admin.get(address))
    assert admin.post(f"{address}invite/").status_code == 302
    deliveries.send_waiting()
    chosen(link_of(newcomer))
    page = words(admin.get(address))
    assert "accepted on" in page
    assert "chosen by the person" in page
    assert admin.post(f"{address}invite/").status_code == 409, "who has a password needs no invitation"


def test_a_letter_that_did_not_arrive_is_shown_with_its_reason(people: Cast, newcomer: User, post: Post) -> None:  # noqa: F811
    invitations.invite(newcomer, by=people.admin)
    post.answers = ["550 no such mailbox"]
    deliveries.send_waiting()
    admin = sign_in(people.admin)
    page = words(admin.get(f"/office/people/{newcomer.pk}/"))
    assert "did not arrive" in page
    assert "no such mailbox" in page
    assert "1 invitation did not arrive" in words(admin.get("/office/"))
    invitations.invite(newcomer, by=people.admin)
    assert "invitation did not arrive" not in words(admin.get("/office/"))


def test_only_administrators_invite(people: Cast, newcomer: User) -> None:
    for who in (people.supervisor1, people.handler1):
        assert sign_in(who).post(f"/office/people/{newcomer.pk}/invite/").status_code == 404
    assert not Invitation.objects.exists()


def test_the_list_has_a_tab_of_those_without_a_password(people: Cast, newcomer: User) -> None:
    admin = sign_in(people.admin)
    page = admin.get("/office/people/?state=invited")
    assert 'data-total="1"' in page.content.decode()
    assert "not invited yet" in words(page)


def test_the_lists_queries_do_not_grow_with_the_people(people: Cast, newcomer: User) -> None:
    from tests.casetracker.office import queries

    admin = sign_in(people.admin)
    held(newcomer)
    released(people.admin)
    one = queries(lambda: admin.get("/office/people/?state=invited"))
    more = [made(people, f"n{n}", "某") for n in range(29)]
    held(*more)
    released(people.admin)
    assert queries(lambda: admin.get("/office/people/?state=invited")) == one


def test_events_of_invitations_hold_no_link(people: Cast, newcomer: User) -> None:
    invitations.invite(newcomer, by=people.admin)
    secret = invitations.secret_of(Invitation.objects.get())
    told = Event.objects.filter(verb="invite").values_list("details", "after", "before")
    assert secret not in str(list(told))
    with translation.override("zh-hans"):
        assert PASSWORD not in str(list(told))
