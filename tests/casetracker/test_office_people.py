"""Administering people: accounts, posts, passwords, second factors; the last administrator stays."""

import datetime
import re
import threading
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from casetracker.administering import people as writing
from casetracker.enums import Role
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import Membership, User
from inspections.enums import Status
from tests.builders import make_problem
from tests.casetracker.office import events, queries, total, words
from tests.cast import PASSWORD, Cast, join, make_person, sign_in

DAY = datetime.timedelta(days=1)


def values(**more: Any) -> dict[str, Any]:
    return {
        "username": "newcomer",
        "name": "新人",
        "name_en": "Newcomer",
        "email": "newcomer@example.org",
        "language": "zh-hans",
    } | more


def first_password(response: Any) -> str:
    found = re.search(r"data-first-password>([^<]+)<", response.content.decode())
    assert found is not None
    return found[1]


# --- Accounts -----------------------------------------------------------------------------------------


def test_a_new_person_must_choose_a_password_of_their_own(people: Cast) -> None:
    admin = sign_in(people.admin)
    made = admin.post("/office/people/new/", values())
    password = first_password(made)
    person = User.objects.get(username="newcomer")
    assert made.status_code == 200
    assert person.must_change_password
    assert password not in str([vars(event) for event in events("person", person.pk)])
    assert password not in words(admin.get(f"/office/people/{person.pk}/"))
    client = Client()
    client.post("/accounts/login/", {"login": "newcomer", "password": password})
    for address in ("/", "/problems/", "/me/"):
        led = client.get(address)
        assert (led.status_code, led.headers["Location"]) == (302, "/accounts/password/change/")
    # The account's own language, whatever the browser's.
    assert "请先设置您自己的密码" in words(client.get("/accounts/password/change/"))
    own = "ein-langes-eigenes-Wort-7"
    client.post("/accounts/password/change/", {"oldpassword": password, "password1": own, "password2": own})
    person.refresh_from_db()
    assert not person.must_change_password
    assert person.check_password(own)
    client.post("/accounts/login/", {"login": "newcomer", "password": own})
    assert client.get("/").status_code == 200


def test_the_first_password_is_readable_and_passes_our_own_rules(people: Cast) -> None:
    from django.contrib.auth.password_validation import validate_password

    found = {writing.new_password() for _count in range(50)}
    assert len(found) == 50
    for password in found:
        validate_password(password)
        assert not set(password) & set("il1o0IO")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("username", "inspector1"),
        ("username", "Inspector1"),
        ("username", "a b"),
        ("username", ""),
        ("name", " "),
        ("email", "inspector1@example.org"),
        ("email", "nonsense"),
        ("language", "fr"),
    ],
)
def test_an_account_that_can_not_be_is_refused_and_what_was_typed_stays(people: Cast, field: str, typed: str) -> None:
    before = User.objects.count()
    response = sign_in(people.admin).post("/office/people/new/", values(phone="0391-555", **{field: typed}))
    assert response.status_code == 422
    assert "0391-555" in response.content.decode()
    assert User.objects.count() == before


def test_a_changed_account_tells_before_and_after_and_forgets_the_former_address(people: Cast) -> None:
    person = people.handler1
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    client = sign_in(people.admin)
    page = client.get(f"/office/people/{person.pk}/change/").content.decode()
    assert 'value="handler1@example.org"' in page
    data = values(username="handler1", name=person.name, name_en="", email="zhao@example.org", language="en")
    assert client.post(f"/office/people/{person.pk}/change/", data).status_code == 302
    [event] = events("person", person.pk)
    assert (event.before, event.after) == ({"email": "handler1@example.org"}, {"email": "zhao@example.org"})
    assert not EmailAddress.objects.filter(user=person).exists()
    assert client.post(f"/office/people/{person.pk}/change/", data).status_code == 422
    assert "E-mail : handler1@example.org became zhao@example.org" in re.sub(
        r" ?: ", " : ", words(client.get(f"/office/people/{person.pk}/"))
    )


# --- Posts --------------------------------------------------------------------------------------------


def test_a_role_is_given_and_ended_by_a_day(people: Cast) -> None:
    client, person, today = sign_in(people.admin), people.inspector1, timezone.localdate()
    data = {
        "role": "supervisor",
        "unit": people.office.pk,
        "from_on": today.isoformat(),
        "on_loan": "on",
        "is_head": "on",
        "reason": "焦督人〔2026〕3号",
    }
    assert client.post(f"/office/people/{person.pk}/posts/new/", data).status_code == 302
    post = person.memberships.get(role=Role.SUPERVISOR)
    assert (post.on_loan, post.is_head, post.from_on) == (True, True, today)
    again = client.post(f"/office/people/{person.pk}/posts/new/", data)
    assert again.status_code == 422
    assert "焦督人〔2026〕3号" in again.content.decode()
    until = today + 9 * DAY
    ended = client.post(f"/office/posts/{post.pk}/end/", {"until_on": until.isoformat(), "reason": "期满"})
    assert ended.status_code == 302
    post.refresh_from_db()
    assert post.until_on == until
    told = events("person", person.pk)
    assert [event.verb for event in told] == ["give_post", "end_post"]
    assert [event.details["reason"] for event in told] == ["焦督人〔2026〕3号", "期满"]
    assert (told[1].before, told[1].after) == ({"until_on": None}, {"until_on": until.isoformat()})


def test_rights_end_with_the_post(people: Cast) -> None:
    client, person = sign_in(people.admin), people.supervisor1
    out = sign_in(person)
    assert out.get("/import/").status_code == 200
    post = person.memberships.get()
    yesterday = timezone.localdate() - DAY
    client.post(f"/office/posts/{post.pk}/end/", {"until_on": yesterday.isoformat(), "reason": "调离"})
    assert out.get("/import/").status_code == 404


def test_a_post_can_not_end_before_rights_that_were_used(people: Cast) -> None:
    client = sign_in(people.admin)
    post = people.supervisor1.memberships.get()
    today = timezone.localdate()
    for until, reason in ((today - 2 * DAY, "调离"), (today, ""), (None, "调离")):
        data = {"until_on": until.isoformat() if until else "", "reason": reason}
        assert client.post(f"/office/posts/{post.pk}/end/", data).status_code == 422
    post.refresh_from_db()
    assert post.until_on is None
    writing.end_post(post, by=people.admin, until_on=today - DAY, reason="调离")
    over = client.post(f"/office/posts/{post.pk}/end/", {"until_on": today.isoformat(), "reason": "再次"})
    assert over.status_code == 409


def test_a_post_that_has_not_begun_is_taken_back(people: Cast) -> None:
    client, today = sign_in(people.admin), timezone.localdate()
    post = join(people.handler1, people.jiefang, Role.HANDLER, from_on=today + DAY)
    assert "Take back" in words(client.get(f"/office/posts/{post.pk}/end/"))
    assert client.post(f"/office/posts/{post.pk}/end/", {"reason": ""}).status_code == 422
    assert client.post(f"/office/posts/{post.pk}/end/", {"reason": "误填"}).status_code == 302
    assert not Membership.objects.filter(pk=post.pk).exists()
    assert events("person", people.handler1.pk)[-1].verb == "withdraw_post"
    with pytest.raises(IllegalMove):
        writing.withdraw_post(people.handler1.memberships.get(), by=people.admin, reason="x")


def test_a_unit_that_is_gone_gives_no_role(people: Cast) -> None:
    people.housing.valid_until = timezone.localdate() - DAY
    people.housing.save()
    with pytest.raises(Invalid):
        writing.give_post(
            people.handler2,
            by=people.admin,
            unit=people.housing,
            role="handler",
            from_on=timezone.localdate(),
            reason="x",
        )


# --- The last administrator -----------------------------------------------------------------------------


def test_the_last_administrator_stays(people: Cast) -> None:
    client, today = sign_in(people.admin), timezone.localdate()
    post = people.admin.memberships.get()
    for until in (today - DAY, today, today + 400 * DAY):
        refused = client.post(f"/office/posts/{post.pk}/end/", {"until_on": until.isoformat(), "reason": "离任"})
        assert refused.status_code == 409
        assert "离任" in refused.content.decode()
    assert client.post(f"/office/people/{people.admin.pk}/deactivate/", {"reason": "离任"}).status_code == 409
    second = make_person("admin2", "副管", (people.bureau, Role.ADMINISTRATOR))
    with pytest.raises(IllegalMove, match="own account"):
        writing.deactivate(people.admin, by=people.admin, reason="离任")
    writing.deactivate(people.admin, by=second, reason="离任")
    with pytest.raises(IllegalMove, match="Nobody would be administrator"):
        writing.end_post(second.memberships.get(), by=second, until_on=today, reason="离任")
    assert Membership.objects.filter(role=Role.ADMINISTRATOR, until_on=None).count() == 2


def test_two_administrators_can_not_end_each_other(committed: None) -> None:
    from tests.cast import cast

    people = cast()
    second = make_person("admin2", "副管", (people.bureau, Role.ADMINISTRATOR))
    posts = [people.admin.memberships.get(), second.memberships.get()]
    refused: list[Exception] = []
    start = threading.Barrier(2)

    def end(post: Membership, by: User) -> None:
        start.wait()
        try:
            writing.end_post(post, by=by, until_on=timezone.localdate(), reason="轮换")
        except IllegalMove as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=end, args=pair) for pair in zip(posts, (second, people.admin), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Membership.objects.filter(role=Role.ADMINISTRATOR, until_on=None).count() == 1


# --- Sign-in ------------------------------------------------------------------------------------------


def test_a_closed_account_is_signed_out_at_once_and_stays_so_after_opening(people: Cast) -> None:
    admin, out = sign_in(people.admin), Client()
    out.post("/accounts/login/", {"login": "inspector1", "password": PASSWORD})
    assert out.get("/problems/").status_code == 200
    assert UserSession.objects.filter(user=people.inspector1).exists()
    assert admin.post(f"/office/people/{people.inspector1.pk}/deactivate/", {"reason": ""}).status_code == 422
    assert admin.post(f"/office/people/{people.inspector1.pk}/deactivate/", {"reason": "离职"}).status_code == 302
    assert out.get("/problems/").status_code == 302
    assert not UserSession.objects.filter(user=people.inspector1).exists()
    assert admin.post(f"/office/people/{people.inspector1.pk}/deactivate/", {"reason": "离职"}).status_code == 409
    assert admin.post(f"/office/people/{people.inspector1.pk}/activate/", {"reason": "返岗"}).status_code == 302
    assert out.get("/problems/").status_code == 302
    fresh = Client()
    fresh.post("/accounts/login/", {"login": "inspector1", "password": PASSWORD})
    assert fresh.get("/problems/").status_code == 200
    assert [event.verb for event in events("person", people.inspector1.pk)] == ["deactivate", "activate"]


def test_sessions_of_others_live_on(people: Cast) -> None:
    other = sign_in(people.inspector2)
    other.get("/")
    writing.deactivate(people.inspector1, by=people.admin, reason="离职")
    assert other.get("/problems/").status_code == 200
    assert Session.objects.exists()


def test_a_new_password_ends_sessions_and_must_be_changed(people: Cast) -> None:
    out = sign_in(people.handler1)
    out.get("/")
    answer = sign_in(people.admin).post(f"/office/people/{people.handler1.pk}/password/", {"reason": "忘记密码"})
    password = first_password(answer)
    people.handler1.refresh_from_db()
    assert people.handler1.check_password(password)
    assert people.handler1.must_change_password
    assert out.get("/").status_code == 302
    [event] = events("person", people.handler1.pk)
    assert password not in str(vars(event))


def test_a_lost_second_factor_is_taken_away(people: Cast) -> None:
    client, person = sign_in(people.admin), people.handler1
    assert client.post(f"/office/people/{person.pk}/second-factor/", {"reason": "手机丢失"}).status_code == 409
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert "second factor" in words(client.get(f"/office/people/{person.pk}/"))
    assert client.post(f"/office/people/{person.pk}/second-factor/", {"reason": "手机丢失"}).status_code == 302
    assert not Authenticator.objects.filter(user=person).exists()
    assert events("person", person.pk)[-1].details == {"reason": "手机丢失", "kinds": ["totp"]}


# --- The list -------------------------------------------------------------------------------------------


def test_the_list_finds_people(people: Cast) -> None:
    client = sign_in(people.admin)
    assert total(client.get("/office/people/")) == str(User.objects.filter(is_active=True).count())
    assert total(client.get("/office/people/?state=closed")) == "1"
    assert total(client.get("/office/people/?state=without")) == "0"
    assert total(client.get("/office/people/?q=陈望")) == "1"
    assert total(client.get("/office/people/?q=handler2@")) == "1"
    assert total(client.get("/office/people/?role=handler")) == "4"
    assert total(client.get(f"/office/people/?unit={people.housing.pk}&role=handler")) == "1"
    assert total(client.get("/office/people/?unit=99999999999999999999")) == "0"
    assert "Nobody fits" in words(client.get("/office/people/?q=nowhere"))
    Membership.objects.filter(user=people.legal1).update(until_on=timezone.localdate() - DAY)
    assert total(client.get("/office/people/?state=without")) == "1"


def test_the_list_asks_as_much_for_30_people_as_for_one(people: Cast) -> None:
    client = sign_in(people.admin)
    few = queries(lambda: client.get("/office/people/?q=handler1"))
    for number in range(30):
        make_person(f"more{number}", "众人", (people.team1, Role.INSPECTOR))
    many = queries(lambda: client.get("/office/people/?q=more"))
    assert many == few <= 14


def test_more_people_than_a_page_holds(people: Cast) -> None:
    for number in range(60):
        make_person(f"more{number:02}", "众人", (people.team1, Role.INSPECTOR))
    client = sign_in(people.admin)
    page = client.get("/office/people/?q=more")
    assert total(page) == "60"
    older = re.search(r'href="(\?[^"]*after=[^"]+)"', page.content.decode())
    assert older is not None
    rest = client.get("/office/people/" + older[1].replace("&amp;", "&"))
    assert rest.content.decode().count("data-person=") == 10
    assert client.get("/office/people/?after=nonsense").status_code == 302


def test_ending_the_last_role_of_a_unit_with_running_work_warns(people: Cast) -> None:
    client = sign_in(people.admin)
    make_problem(people, status=Status.ASSIGNED)
    post = people.handler1.memberships.get()
    form = f"/office/posts/{post.pk}/end/"
    assert "Nobody is left in this role here" in words(client.get(form))
    make_person("second", "二人", (people.housing, Role.HANDLER))
    assert "Nobody is left in this role here" not in words(client.get(form))
