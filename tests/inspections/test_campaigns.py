"""Campaigns: deciding one, its days, what its visits forbid; who reads and who decides; the visits behind a number."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from casetracker import registry
from casetracker.errors import NotAllowed
from casetracker.models import Unit
from inspections import campaigns as writing
from inspections import visiting
from inspections.models import Campaign, Visit
from tests.builders import make_site, make_visit
from tests.casetracker.office import events, queries, total, words
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)


def make(people: Cast, name: str = "秋冬季扬尘治理专项行动", office: Unit | None = None, **more: Any) -> Campaign:
    return Campaign.objects.create(
        office=office or people.office, name_zh=name, **{"from_on": timezone.localdate() - 10 * DAY} | more
    )


def values(row: Campaign | None = None, **more: Any) -> dict[str, Any]:
    """What the form of a campaign sends."""
    base: dict[str, Any] = {"name_zh": "餐饮油烟专项行动", "from_on": "2026-03-01", "until_on": ""}
    if row is not None:
        base = {"name_zh": row.name_zh, "name_en": row.name_en, "note": row.note, "from_on": row.from_on.isoformat()}
        base["until_on"] = row.until_on.isoformat() if row.until_on else ""
    return base | more


def visited(people: Cast, row: Campaign, on: datetime.date) -> Visit:
    visit = make_visit(people, on=on)
    Visit.objects.filter(pk=visit.pk).update(campaign=row)
    return visit


# --- Deciding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["admin", "supervisor1"])
def test_administrators_and_supervisors_of_the_office_decide_campaigns(people: Cast, name: str) -> None:
    client = sign_in(people.everybody()[name])
    data = values(office=people.office.pk, note="市政府2026年第3号文", name_en="Cooking fumes", until_on="2026-03-01")
    response = client.post("/office/campaigns/new/", data)
    row = Campaign.objects.get(name_zh="餐饮油烟专项行动")
    assert response["Location"] == f"/office/campaigns/{row.pk}/"
    assert (row.office, row.from_on, row.until_on) == (
        people.office,
        datetime.date(2026, 3, 1),
        datetime.date(2026, 3, 1),
    )
    [event] = events("campaign", row.pk)
    assert (event.verb, event.after["office"], event.after["from_on"]) == (
        "create_campaign",
        people.office.name_zh,
        "2026-03-01",
    )
    page = words(client.get(f"/office/campaigns/{row.pk}/"))
    assert "put the campaign on the list" in page
    assert "市政府2026年第3号文" in page


def test_an_inspector_records_a_visit_for_a_campaign_that_was_just_decided(people: Cast) -> None:
    today = timezone.localdate()
    data = values(office=people.office.pk, from_on=today.isoformat(), until_on=today.isoformat())
    assert sign_in(people.supervisor1).post("/office/campaigns/new/", data).status_code == 302
    row = Campaign.objects.get()
    assert list(visiting.campaigns_on(people.team1, today)) == [row]
    assert not visiting.campaigns_on(people.team1, today + DAY).exists()
    assert not visiting.campaigns_on(people.team1, today - DAY).exists()
    done = visiting.record_visit(
        by=people.inspector1, team=people.team1, site=make_site(people), on=today, people=2, campaign=row
    )
    assert done.visit.campaign == row


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"until_on": "2026-02-28"}, "The last day lies before the first one."),
        ({"name_zh": "秋冬季扬尘治理专项行动"}, "Add the year to the name"),
        ({"name_en": "autumn DRIVE"}, "Add the year to the name"),
        ({"from_on": ""}, "error"),
        ({"from_on": "2026-02-30"}, "error"),
        ({"name_zh": "长" * 121}, "error"),
        ({"office": "999999"}, "error"),
    ],
)
def test_a_campaign_that_can_not_be_is_refused_and_what_was_typed_stays(
    people: Cast, changes: dict[str, str], says: str
) -> None:
    make(people, name_en="Autumn drive", from_on=datetime.date(2025, 1, 1), until_on=datetime.date(2025, 2, 1))
    response = sign_in(people.admin).post(
        "/office/campaigns/new/", values(**{"office": people.office.pk, "note": "留着", **changes})
    )
    assert response.status_code == 422
    assert "留着" in response.content.decode()
    assert says in response.content.decode()
    assert Campaign.objects.count() == 1


def test_another_office_may_use_the_name(people: Cast) -> None:
    make(people, office=people.far_office)
    assert writing.create_campaign(
        by=people.supervisor1, office=people.office, name_zh="秋冬季扬尘治理专项行动", from_on=timezone.localdate()
    ).pk


def test_nobody_decides_for_another_office(people: Cast) -> None:
    row = make(people, office=people.far_office)
    client = sign_in(people.supervisor1)
    assert client.get(f"/office/campaigns/{row.pk}/").status_code == 404
    assert client.get(f"/office/campaigns/{row.pk}/change/").status_code == 404
    assert client.post("/office/campaigns/new/", values(office=people.far_office.pk)).status_code == 422
    for office in (people.far_office, people.bureau):
        with pytest.raises(NotAllowed):
            writing.create_campaign(by=people.supervisor1, office=office, name_zh="x", from_on=timezone.localdate())
    own = make(people)
    with pytest.raises(NotAllowed):
        writing.change_campaign(own, by=people.supervisor1, office=people.far_office)
    with pytest.raises(NotAllowed):
        writing.change_campaign(own, by=people.inspector1, note="x")
    assert Campaign.objects.count() == 2


def test_a_campaign_of_the_bureau_is_read_by_its_office_and_kept_by_the_bureau(people: Cast) -> None:
    row = make(people, office=people.bureau)
    client = sign_in(people.supervisor1)
    page = client.get("/office/campaigns/").content.decode()
    assert f'data-campaign="{row.pk}"' in page
    assert f"/office/campaigns/{row.pk}/change/" not in page
    assert "change_campaign" not in client.get(f"/office/campaigns/{row.pk}/").content.decode()
    assert client.get(f"/office/campaigns/{row.pk}/change/").status_code == 404
    assert sign_in(people.admin).get(f"/office/campaigns/{row.pk}/change/").status_code == 200


# --- Changing -----------------------------------------------------------------------------------------


def test_a_change_stands_in_the_history_in_both_languages(people: Cast) -> None:
    row, client = make(people, from_on=datetime.date(2026, 3, 1)), sign_in(people.supervisor1)
    data = values(row, name_zh="扬尘专项行动（2026）", until_on="2026-05-31")
    assert client.post(f"/office/campaigns/{row.pk}/change/", data | {"office": people.office.pk}).status_code == 302
    [event] = events("campaign", row.pk)
    assert event.before == {"name_zh": "秋冬季扬尘治理专项行动", "until_on": None}
    assert event.after == {"name_zh": "扬尘专项行动（2026）", "until_on": "2026-05-31"}
    page = words(client.get(f"/office/campaigns/{row.pk}/"))
    assert "changed the campaign" in page
    assert "Last day: nothing became 31 May" in page
    subject = registry.subjects["campaign"]
    assert subject.link(row.pk) == f"/office/campaigns/{row.pk}/"
    assert "changed the campaign" in subject.event_sentence(event)
    assert list(subject.visible_to(people.supervisor1)) == [row]
    assert not subject.visible_to(people.inspector1).exists()
    again = client.post(f"/office/campaigns/{row.pk}/change/", data | {"office": people.office.pk})
    assert again.status_code == 422
    assert "Nothing was changed" in words(again)


@pytest.mark.parametrize(("first", "last", "status"), [(0, 0, 302), (1, 0, 422), (0, -1, 422), (-1, 1, 302)], ids=str)
def test_visits_stay_within_the_days_of_their_campaign(people: Cast, first: int, last: int, status: int) -> None:
    on = timezone.localdate() - 5 * DAY
    row = make(people)
    visited(people, row, on)
    data = values(row, from_on=(on + first * DAY).isoformat(), until_on=(on + last * DAY).isoformat())
    if last < first:
        data["until_on"] = "" if first else data["until_on"]
        data["from_on"] = data["from_on"] if first else (on - DAY).isoformat()
    response = sign_in(people.supervisor1).post(
        f"/office/campaigns/{row.pk}/change/", data | {"office": people.office.pk}
    )
    assert response.status_code == status
    assert status == 302 or "belongs to it. Choose that day or" in words(response)


def test_visits_keep_their_campaign_in_the_office(people: Cast) -> None:
    row = make(people)
    data = values(row, office=people.far_office.pk)
    visit = visited(people, row, timezone.localdate())
    client = sign_in(people.admin)
    assert "Add a campaign for the other one" in words(client.post(f"/office/campaigns/{row.pk}/change/", data))
    Visit.objects.filter(pk=visit.pk).update(undone=True)
    assert client.post(f"/office/campaigns/{row.pk}/change/", data).status_code == 302


# --- The list -----------------------------------------------------------------------------------------


def test_what_runs_comes_first_and_the_days_at_the_edge_run(people: Cast) -> None:
    today = timezone.localdate()
    over = make(people, "已结束", until_on=today - DAY)
    last = make(people, "今日止", until_on=today)
    later = make(people, "将来", from_on=today + 20 * DAY)
    sooner = make(people, "明日起", from_on=today + DAY)
    first = make(people, "今日起", from_on=today)
    client = sign_in(people.supervisor1)
    page = client.get("/office/campaigns/").content.decode()
    places = [page.index(f'data-campaign="{row.pk}"') for row in (first, last, sooner, later, over)]
    assert places == sorted(places)
    assert "2 campaigns run" in words(client.get("/office/campaigns/"))
    assert total(client.get("/office/campaigns/")) == "5"


def test_each_number_of_visits_opens_just_these_visits(people: Cast) -> None:
    row, other = make(people), make(people, "别的行动")
    for _count in range(3):
        visited(people, row, timezone.localdate())
    visited(people, other, timezone.localdate())
    Visit.objects.filter(pk=visited(people, row, timezone.localdate()).pk).update(undone=True)
    client = sign_in(people.supervisor1)
    page = client.get("/office/campaigns/").content.decode()
    assert f'<a href="/visits/?campaign={row.pk}" data-figure="visits-{row.pk}">3</a>' in page
    behind = client.get(f"/visits/?campaign={row.pk}")
    assert total(behind) == "3"
    assert row.name_zh in behind.content.decode()
    # Whoever keeps the accounts opens no visits, so the number leads nowhere.
    assert "/visits/?campaign" not in sign_in(people.admin).get("/office/campaigns/").content.decode()


def test_an_empty_list_says_what_to_do(people: Cast) -> None:
    page = words(sign_in(people.supervisor1).get("/office/campaigns/"))
    assert "No campaign runs" in page
    assert "Decide one" in page


def test_supervisors_find_the_way_and_others_have_none(people: Cast) -> None:
    row = make(people)
    assert 'href="/office/campaigns/"' in sign_in(people.supervisor1).get("/").content.decode()
    assert 'href="/office/"' not in sign_in(people.supervisor1).get("/office/campaigns/").content.decode()
    index = sign_in(people.admin).get("/office/").content.decode()
    assert all(f'href="/office/{name}/"' in index for name in ("campaigns", "alerts", "districts"))
    for name, person in people.everybody().items():
        if name in ("admin", "supervisor1", "supervisor2", "outsider", "deactivated"):
            continue
        client = sign_in(person)
        assert 'href="/office/campaigns/"' not in client.get("/").content.decode(), name
        for address in ("", "new/", f"{row.pk}/", f"{row.pk}/change/"):
            assert client.get(f"/office/campaigns/{address}").status_code == 404, (name, address)
            assert client.post(f"/office/campaigns/{address}", values()).status_code in (404, 405), (name, address)


@pytest.mark.parametrize("name", ["admin", "supervisor1"])
def test_the_list_asks_as_much_for_30_campaigns_as_for_one(people: Cast, name: str) -> None:
    client = sign_in(people.everybody()[name])
    visited(people, make(people), timezone.localdate())
    few = queries(lambda: client.get("/office/campaigns/"))
    for number in range(29):
        visited(people, make(people, f"行动{number}"), timezone.localdate())
    assert queries(lambda: client.get("/office/campaigns/")) == few <= 8
