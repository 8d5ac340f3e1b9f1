"""Saved views: kept, shared, renamed, put in order, deleted; and shown as tabs."""

from typing import Any

import pytest
from django.test import Client

from casetracker.models import SavedView
from casetracker.views import saved
from tests.cast import Cast, cast


@pytest.fixture
def people(db: None) -> Cast:
    return cast()


@pytest.fixture
def client(people: Cast) -> Client:
    client = Client()
    client.force_login(people.supervisor1)
    return client


def names(person: Any) -> list[str]:
    return [view.name for view in SavedView.objects.filter(owner=person)]


def save(client: Client, name: str, query: str = "state=open", **more: Any) -> Any:
    return client.post(f"/views/save/?page=problems&{query}", {"name": name, **more})


def test_filters_are_kept_under_a_name_and_become_a_tab(people: Cast, client: Client) -> None:
    assert client.get("/views/save/?page=problems&state=open").status_code == 200
    query = "state=open&overdue=31&q=&order=-found&cols=unit&after=abc&jump=2019-12-09&count=exact"
    answer = save(client, "久拖未改", query)
    assert answer.status_code == 302
    view = SavedView.objects.get()
    assert view.query == "state=open&overdue=31&order=-found&cols=unit"
    assert answer["Location"] == f"/problems/?{view.query}"
    page = client.get(answer["Location"]).content.decode()
    assert "久拖未改" in page
    assert 'aria-current="page"><span><span lang="zh-Hans">久拖未改' in page


def test_a_name_is_asked_for_and_taken_once(people: Cast, client: Client) -> None:
    assert save(client, "").status_code == 422
    assert save(client, "一").status_code == 302
    again = save(client, "一", "state=closed")
    assert again.status_code == 422
    assert "You have a view of this name" in again.content.decode()
    assert names(people.supervisor1) == ["一"]


def test_only_so_many_and_only_so_long(people: Cast, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "MOST", 1)
    long = save(client, "长", "q=" + "a" * 1200)
    assert long.status_code == 422
    save(client, "一")
    assert save(client, "二").status_code == 422
    assert client.get("/views/save/?page=nonsense").status_code == 404
    assert client.get("/views/save/").status_code == 404


def test_sharing_reaches_the_unit_and_shows_no_foreign_rows(people: Cast, client: Client) -> None:
    other = Client()
    other.force_login(people.supervisor2)
    save(client, "一起看", shared_with=people.office.pk)
    assert "一起看" in other.get("/problems/").content.decode()
    assert "一起看" in other.get("/views/").content.decode()
    stranger = Client()
    stranger.force_login(people.outsider)
    assert "一起看" not in stranger.get("/problems/").content.decode()
    assert save(client, "外人", shared_with=people.far_office.pk).status_code == 422


def test_only_the_owner_changes_moves_and_deletes(people: Cast, client: Client) -> None:
    for name in "一二三":
        save(client, name, shared_with=people.office.pk)
    first, _second, third = SavedView.objects.all()
    other = Client()
    other.force_login(people.supervisor2)
    assert other.get(f"/views/{first.pk}/delete/").status_code == 404
    for address in (f"/views/{first.pk}/", f"/views/{first.pk}/move/", f"/views/{first.pk}/delete/"):
        assert other.post(address, {"name": "偷", "way": "up"}).status_code == 404
    client.post(f"/views/{third.pk}/move/", {"way": "up"})
    assert names(people.supervisor1) == ["一", "三", "二"]
    client.post(f"/views/{first.pk}/move/", {"way": "up"})
    client.post(f"/views/{first.pk}/move/", {"way": "down"})
    assert names(people.supervisor1) == ["三", "一", "二"]
    assert client.post(f"/views/{first.pk}/", {"name": "二"}).status_code == 422
    assert client.post(f"/views/{first.pk}/", {"name": "甲"}).status_code == 302
    client.post(f"/views/{third.pk}/delete/")
    assert names(people.supervisor1) == ["甲", "二"]


def test_deleting_asks_first_and_says_who_else_loses_the_tab(people: Cast, client: Client) -> None:
    save(client, "久拖未改", shared_with=people.office.pk)
    save(client, "自己看")
    shared, own = SavedView.objects.all()
    page = client.get("/views/").content.decode()
    for view in (shared, own):
        assert f'action="/views/{view.pk}/delete/"' not in page
        assert f'href="/views/{view.pk}/delete/"' in page
    asked = client.get(f"/views/{shared.pk}/delete/").content.decode()
    assert 'data-verb="delete_view"' in asked
    assert people.office.name_en in asked
    assert people.office.name_en not in client.get(f"/views/{own.pk}/delete/").content.decode().split("<main")[1]
    assert names(people.supervisor1) == ["久拖未改", "自己看"]
    assert client.post(f"/views/{own.pk}/delete/")["Location"] == "/views/"
    assert names(people.supervisor1) == ["久拖未改"]


def test_the_page_of_views_asks_the_same_for_one_and_many(
    people: Cast, client: Client, django_assert_num_queries: Any
) -> None:
    client.get("/views/")
    for number in range(12):
        save(client, f"视图{number}", shared_with=people.office.pk)
        if number in (0, 11):
            with django_assert_num_queries(3):
                client.get("/views/")


def test_a_view_like_a_built_in_one_leaves_one_tab_present_and_the_tabs_lead_to_all_views(client: Client) -> None:
    save(client, "所有未办结", "state=open")
    body = client.get("/problems/?state=open").content.decode()
    tabs = body.split('id="problem-tabs"')[1].split("</nav>")[0]
    assert "所有未办结" in tabs
    assert tabs.count('aria-current="page"') == 1
    assert 'href="/views/"' in tabs
