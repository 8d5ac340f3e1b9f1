"""Sites: the register, renaming, likely the same ones, the file of a site and who sees it."""

import datetime
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from casetracker import calendars
from casetracker.errors import Invalid, NotAllowed
from casetracker.models import District, Event
from inspections import siting
from inspections.checklist_content import SHEETS
from inspections.enums import RiskClass, Status
from inspections.models import Checklist, Problem, ProblemKind, Site, SiteKind
from tests.builders import make_problem, make_site, make_visit
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)


def total(response: Any) -> str:
    found = re.search(r'data-total="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def values(**more: Any) -> dict[str, Any]:
    kind = SiteKind.objects.get(code="building_site").pk
    return {"name": "新工地", "kind": kind, "district": "410802", "risk_class": "general"} | more


# --- Register -----------------------------------------------------------------------------------------


def test_a_site_is_entered_with_operator_position_and_event(people: Cast) -> None:
    data = values(position="35.2410，113.2380", operator_name="中原建工", credit_code="91110000600037341L")
    response = sign_in(people.inspector1).post("/sites/new/", data)
    site = Site.objects.get(name="新工地")
    assert response.headers["Location"] == f"/sites/{site.pk}/"
    assert (site.lat, site.lon, site.office) == (35.241, 113.238, people.office)
    assert site.operators.get().party.name == "中原建工"
    event = Event.objects.get(subject_type="site", subject_id=site.pk)
    assert (event.verb, event.actor_name) == ("enter_site", str(people.inspector1))
    assert list(siting.find(people.inspector1, "新工")) == [site]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", " "),
        ("position", "somewhere"),
        ("position", "113.2, 35.2"),
        ("position", "95, 181"),
        ("credit_code", "91110000600037341X"),
        ("district", "141102"),
    ],
)
def test_what_can_not_be_is_refused_and_kept(people: Cast, field: str, typed: str) -> None:
    response = sign_in(people.inspector1).post("/sites/new/", values(address="人民路 1 号", **{field: typed}))
    assert response.status_code == 422
    assert "人民路 1 号" in response.content.decode()
    assert not Site.objects.exists()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("200, 113.2", "There is no such place"),
        ("113.2, 35.2", "Latitude comes first"),
        ("35.2", "Write latitude and longitude"),
        ("35.2, 181", "There is no such place"),
        ("35.2, ", "Write latitude and longitude"),
    ],
)
def test_an_impossible_position_says_so_beside_it_in_our_own_words(people: Cast, typed: str, says: str) -> None:
    client = sign_in(people.inspector1)
    for address in ("/sites/new/", "/visits/new/"):
        page = client.get(address).content.decode()
        form = page[: page.index('name="permit"')].rindex("<form")
        assert " novalidate" in page[form : page.index(">", form)]
        refused = client.post(address, {"name": "", "kind": "", "district": "410802", "position": typed})
        text = refused.content.decode()
        assert refused.status_code == 422
        assert says in text[text.index('for="id_position"') : text.index('name="position"')]
        assert text.count("has-error") == 3


def test_districts_that_have_ended_are_no_choice_but_for_those_who_have_them(people: Cast) -> None:
    ended = District.objects.create(
        code="4108Z9", parent_id="410800", name_zh="旧示范区", name_en="Old Zone", valid_until=2020
    )
    people.team1.districts.add(ended)
    names = '<option value="4108Z9"'
    client = sign_in(people.inspector1)
    for address in ("/sites/new/", "/visits/new/", "/sites/"):
        assert names not in client.get(address).content.decode(), address
    site = make_site(people, district="4108Z9")
    for address in (f"/sites/{site.pk}/change/", "/sites/", "/problems/"):
        assert names in client.get(address).content.decode(), address
    problem = make_problem(people, site=site)
    amend = f"/problems/{problem.pk}/amend/"
    assert names in sign_in(people.supervisor1).get(amend).content.decode()
    problem.district = District.objects.get(code="410802")
    problem.save()
    assert names not in sign_in(people.supervisor1).get(amend).content.decode()
    admin, box = sign_in(people.admin), 'value="4108Z9"'
    assert box in admin.get(f"/office/units/{people.team1.pk}/change/").content.decode()
    assert box not in admin.get(f"/office/units/{people.team2.pk}/change/").content.decode()
    assert box not in admin.get("/office/units/new/").content.decode()


def test_a_likely_same_site_is_shown_before_a_new_one_is_entered(people: Cast) -> None:
    near = make_site(people, "锦绣华庭", lat=35.24100, lon=113.23800)
    make_site(people, "远处工地", lat=35.25100, lon=113.23800)
    client = sign_in(people.inspector1)
    for data in (values(name="锦绣华庭"), values(position="35.24130, 113.23810")):
        refused = client.post("/sites/new/", data)
        text = refused.content.decode()
        assert refused.status_code == 422
        assert f"/sites/{near.pk}/" in text
        assert "远处工地" not in text
    entered = client.post("/sites/new/", values(position="35.24130, 113.23810", another="on"))
    assert entered.status_code == 302


def test_a_renamed_site_keeps_its_former_name_and_is_found_by_it(people: Cast) -> None:
    site = make_site(people, "旧名工地")
    visit = make_visit(people, site)
    client = sign_in(people.inspector1)
    page = client.get(f"/sites/{site.pk}/change/").content.decode()
    assert 'value="旧名工地"' in page
    data = values(name="新名花园", kind=site.kind_id, position=f"{site.lat:.6f}, {site.lon:.6f}")
    assert client.post(f"/sites/{site.pk}/change/", data).status_code == 302
    site.refresh_from_db()
    assert site.name == "新名花园"
    assert site.names.get().name == "旧名工地"
    assert siting.find(people.inspector1, "旧名") == [site]
    visit.refresh_from_db()
    assert visit.site_name == "旧名工地"
    event = Event.objects.get(subject_id=site.pk)
    assert (event.before, event.after) == ({"name": "旧名工地"}, {"name": "新名花园"})
    text = re.sub(r"<[^>]+>", "", client.get(f"/sites/{site.pk}/").content.decode())
    assert "Name: 旧名工地 became 新名花园." in text
    nothing = client.post(f"/sites/{site.pk}/change/", data)
    assert nothing.status_code == 422


def test_an_operator_follows_another(people: Cast) -> None:
    site = make_site(people)
    siting.change(site, by=people.supervisor1, operator_name="甲公司")
    siting.change(site, by=people.supervisor1, operator_name="乙公司")
    running = site.operators.get(until_on__isnull=True)
    assert running.party.name == "乙公司"
    assert site.operators.exclude(pk=running.pk).get().until_on == timezone.localdate()
    with pytest.raises(Invalid):
        siting.change(site, by=people.supervisor1, operator_name="乙公司")


def test_only_keepers_change_a_site(people: Cast) -> None:
    site = make_site(people)
    make_problem(people, site=site, status=Status.ASSIGNED)
    for person, status in (
        (people.inspector1, 200),
        (people.supervisor1, 200),
        (people.inspector2, 404),
        (people.leader1, 403),
        (people.handler1, 403),
        (people.outsider, 404),
        (people.admin, 404),
    ):
        assert sign_in(person).get(f"/sites/{site.pk}/change/").status_code == status, person
    for person in (people.inspector2, people.leader1, people.outsider):
        with pytest.raises(NotAllowed):
            siting.change(site, by=person, name="别名")
    far = District.objects.get(pk="410825")
    with pytest.raises(NotAllowed):
        siting.change(site, by=people.inspector1, district=far)


@given(st.floats(-80, 80), st.floats(-179, 179), st.floats(-0.0004, 0.0004), st.floats(-0.0004, 0.0004))
def test_distance_is_symmetric_and_near_the_flat_one(lat: float, lon: float, north: float, east: float) -> None:
    there = siting.metres_between(lat, lon, lat + north, lon + east)
    assert there == pytest.approx(siting.metres_between(lat + north, lon + east, lat, lon), abs=1e-3)
    assert there <= 111_400 * (abs(north) + abs(east)) + 1e-6
    assert siting.metres_between(lat, lon, lat + north, lon) == pytest.approx(111_195 * abs(north), rel=1e-2, abs=1e-2)


# --- Pages --------------------------------------------------------------------------------------------


def test_the_list_narrows_and_shows_what_is_open(people: Cast) -> None:
    busy = make_site(people, "甲工地", risk_class=RiskClass.KEY)
    quiet = make_site(people, "乙饭店", kind="restaurant", district="410811", lat=None, lon=None)
    make_site(people, "丙旧址", valid_until=timezone.localdate() - DAY)
    make_problem(people, site=busy)
    make_problem(people, site=busy, status=Status.CLOSED)
    make_visit(people, busy)
    client = sign_in(people.supervisor1)

    def shown(query: str) -> set[str]:
        response = client.get(f"/sites/?{query}")
        rows = set(re.findall(r'data-site="([^"]+)"', response.content.decode()))
        assert total(response) == str(len(rows)), query
        return rows

    one, two = str(busy.pk), str(quiet.pk)
    assert shown("") == {one, two}
    assert len(shown("gone=on")) == 3
    assert shown("open=on") == {one}
    assert shown("risk=key") == {one}
    assert shown(f"kind={quiet.kind_id}") == {two}
    assert shown("district=410811") == {two}
    assert shown("q=饭店") == {two}
    assert shown("q=没有") == set()
    door = re.search(r'data-figure="open" href="([^"]+)">1<', client.get("/sites/").content.decode())
    assert door is not None
    assert total(client.get(door[1].replace("&amp;", "&"))) == "1"
    assert client.get("/sites/?kind=99999").status_code == 422


def test_pages_follow_one_another_by_name(people: Cast) -> None:
    made = sorted(str(make_site(people, f"工地{n:03d}").pk) for n in range(60))
    client = sign_in(people.inspector1)
    response = client.get("/sites/")
    first = re.findall(r'data-site="([^"]+)"', response.content.decode())
    older = re.search(r'href="([^"]+)" rel="next"', response.content.decode())
    assert older is not None
    rest = re.findall(r'data-site="([^"]+)"', client.get("/sites/" + older[1].replace("&amp;", "&")).content.decode())
    assert (len(first), len(rest)) == (50, 10)
    assert sorted([*first, *rest]) == made


def test_the_file_shows_open_first_repeats_and_doors(people: Cast) -> None:
    site = make_site(people, "锦绣华庭")
    visit = make_visit(people, site)
    opened = make_problem(people, site=site, visit=visit)
    for _n in range(2):
        make_problem(people, site=site, status=Status.CLOSED)
    make_problem(people, site=site, status=Status.VOID)
    client = sign_in(people.supervisor1)
    text = client.get(f"/sites/{site.pk}/").content.decode()
    assert "锦绣华庭: 1 open problem" in text
    assert text.index(opened.number) < text.index('id="visits"')
    assert "35.24100, 113.23800" in text
    doors = re.findall(r'data-figure="(\w+)" href="([^"]+)">([\d,]+)<', text)
    assert {key for key, _url, _number in doors} == {"open", "visits", "repeats"}
    for _key, url, number in doors:
        assert total(client.get(url.replace("&amp;", "&"))) == number, url
    assert f"/visits/new/?site={site.pk}&amp;mode=recheck" in text


def test_how_often_without_a_kind_opens_these_too(people: Cast) -> None:
    site = make_site(people, "锦绣华庭")
    for kind in (None, None, "dust"):
        problem = make_problem(people, site=site, status=Status.CLOSED)
        problem.kind = ProblemKind.objects.get(code=kind) if kind else None
        problem.save(update_fields=["kind"])
    client = sign_in(people.supervisor1)
    text = client.get(f"/sites/{site.pk}/").content.decode()
    table = text[text.index('id="repeats"') :].split("</table>")[0]
    doors = re.findall(r'data-figure="repeats" href="([^"]+)">([\d,]+)<', table)
    assert sorted(number for _url, number in doors) == ["1", "2"]
    for url, number in doors:
        assert total(client.get(url.replace("&amp;", "&"))) == number, url


def test_earlier_problems_say_how_many_they_are(people: Cast) -> None:
    site = make_site(people, "锦绣华庭")
    make_problem(people, site=site)
    for status in (Status.CLOSED, Status.CLOSED, Status.VOID):
        make_problem(people, site=site, status=status)
    text = sign_in(people.supervisor1).get(f"/sites/{site.pk}/").content.decode()
    ended = text[text.index('id="ended"') :].split("</section>")[0]
    assert re.findall(r'data-total="(\d+)"', ended) == ["3"]
    assert ended.count("data-problem=") == 3


def test_a_handler_sees_only_sites_of_own_problems_and_no_visits(people: Cast) -> None:
    site = make_site(people)
    make_visit(people, site)
    own = make_problem(people, site=site, status=Status.ASSIGNED)
    foreign = make_problem(people, site=site, status=Status.ASSIGNED, unit=people.city_management)
    text = sign_in(people.handler1).get(f"/sites/{site.pk}/").content.decode()
    assert own.number in text
    assert foreign.number not in text
    assert 'id="visits"' not in text
    assert "Record a visit" not in text
    for person in (people.outsider, people.far_handler, people.admin, people.government1):
        assert sign_in(person).get(f"/sites/{site.pk}/").status_code == 404, person
        assert total(sign_in(person).get("/sites/")) == "0"


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


@pytest.mark.parametrize("name", ["supervisor1", "inspector1", "handler1"])
def test_queries_do_not_grow_with_the_rows(people: Cast, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 3600)
    calendars.load()
    site = make_site(people)
    make_visit(people, site)
    make_problem(people, site=site, status=Status.ASSIGNED)
    client = sign_in(getattr(people, name))
    addresses = ("/sites/", f"/sites/{site.pk}/", "/sites/suggest/?q=工地")
    before = {address: _queries(client, address) for address in addresses}
    for number in range(29):
        other = make_site(people)
        make_visit(people, site, on=timezone.localdate() - number * DAY)
        make_problem(people, site=other if number % 2 else site, status=Status.ASSIGNED)
    assert {address: _queries(client, address) for address in addresses} == before
    assert max(before.values()) <= 25


# --- What every installation starts with ----------------------------------------------------------------


def test_checklists_are_loaded_with_unverified_clauses(db: None) -> None:
    lists = {one.code: one for one in Checklist.objects.all()}
    assert set(lists) == {sheet.code for sheet in SHEETS}
    six = lists["six_hundreds"]
    assert [kind.code for kind in six.site_kinds.all()] == ["building_site"]
    items = list(six.latest.items.select_related("kind"))  # type: ignore[union-attr]
    assert len(items) == 6
    for checklist in lists.values():
        for item in checklist.latest.items.select_related("kind"):  # type: ignore[union-attr]
            assert item.kind is not None
            assert item.name_en
            assert item.term_days
            assert item.clause
            assert item.clause_verified_by == item.printable_clause == ""


def test_problems_at_a_site_keep_the_name_of_their_day(people: Cast) -> None:
    problem = make_problem(people)
    siting.change(problem.site, by=people.supervisor1, name="改名后")
    assert Problem.objects.get(pk=problem.pk).site_name != "改名后"
