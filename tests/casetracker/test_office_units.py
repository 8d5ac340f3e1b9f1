"""Administering units: the tree, names now and formerly, districts, ends; and who gets in at all."""

import datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from casetracker.administering.units import change_unit
from casetracker.enums import UnitKind
from casetracker.errors import Invalid
from casetracker.models import Membership, Unit, UnitName
from casetracker.models.units import sort_key
from tests.casetracker.office import events, queries, total, words
from tests.cast import Cast, make_unit, sign_in

DAY = datetime.timedelta(days=1)
counting_once = import_module("casetracker.migrations.0011_units_in_order")


def values(unit: Unit | None = None, **more: Any) -> dict[str, Any]:
    """What the form of a unit sends."""
    if unit is None:
        base: dict[str, Any] = {"name_zh": "市水利局", "name_en": "Water Bureau", "kind": "department"}
    else:
        base = {"name_zh": unit.name_zh, "name_en": unit.name_en, "kind": unit.kind}
        base |= {"number_prefix": unit.number_prefix, "parent": unit.parent_id or ""}
        base |= {"districts": list(unit.districts.values_list("code", flat=True))}
    return base | more


# --- Rights -------------------------------------------------------------------------------------------


def addresses(people: Cast) -> list[str]:
    unit, person = people.housing.pk, people.handler1.pk
    names: list[tuple[str, tuple[object, ...]]] = [
        ("office", ()),
        ("units", ()),
        ("unit_new", ()),
        ("unit", (unit,)),
        ("unit_change", (unit,)),
        ("people", ()),
        ("person_new", ()),
        ("person", (person,)),
        ("person_change", (person,)),
        ("post_new", (person,)),
        ("person_act", (person, "deactivate")),
        ("post_end", (people.handler1.memberships.get().pk,)),
        ("calendar", ()),
        ("calendar_day", ("2026-10-01",)),
        ("calendar_load", ()),
        ("calendar_reload", ()),
        ("rules", ()),
        ("rule_new", ("claim",)),
        ("options", ()),
    ]
    return [reverse(name, args=args) for name, args in names]


def test_only_administrators_get_in(people: Cast) -> None:
    # One of each role; the rest of the people differ from them by their units only.
    names = ("supervisor1", "inspector1", "handler1", "officer1", "legal1", "leader1", "outsider")
    others = [sign_in(getattr(people, name)) for name in names]
    admin = sign_in(people.admin)
    for address in addresses(people):
        assert admin.get(address).status_code == 200, address
        for client in others:
            assert client.get(address).status_code == 404, address
            assert client.post(address, {"reason": "x"}).status_code in (404, 405), address


def test_the_administration_is_a_place_for_administrators_only(people: Cast) -> None:
    assert 'href="/office/"' in sign_in(people.admin).get("/").content.decode()
    assert 'href="/office/"' not in sign_in(people.supervisor1).get("/").content.decode()


# --- Writing ------------------------------------------------------------------------------------------


def test_a_unit_is_made_with_districts_and_other_names(people: Cast) -> None:
    client = sign_in(people.admin)
    data = values(districts=["410802", "410803"], aliases="水利局\n\n 市水务局 \n水利局", parent=people.bureau.pk)
    assert client.post("/office/units/new/", data).status_code == 302
    unit = Unit.objects.get(name_zh="市水利局")
    assert unit.path.startswith(people.bureau.path)
    assert sorted(unit.names.values_list("name", flat=True)) == ["市水务局", "水利局"]
    [event] = events("unit", unit.pk)
    assert event.verb == "create_unit"
    assert event.after["districts"] == ["410802 解放区", "410803 中站区"]
    assert event.actor_name == str(people.admin)
    assert "made the unit" in words(client.get(f"/office/units/{unit.pk}/"))


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name_zh", ""),
        ("name_zh", "市住建局"),
        ("name_zh", "旧住建局"),
        ("aliases", "市城管局"),
        ("aliases", "长" * 121),
        ("kind", "nothing"),
        ("email", "nothing"),
        ("districts", "999999"),
        ("valid_until", "2001-01-01"),
    ],
)
def test_a_unit_that_can_not_be_is_refused_and_what_was_typed_stays(people: Cast, field: str, typed: str) -> None:
    UnitName.objects.create(unit=people.housing, name="旧住建局", is_former=True)
    data = values(short_zh="水利", valid_from="2002-01-01", **{field: typed})
    response = sign_in(people.admin).post("/office/units/new/", data)
    assert response.status_code == 422
    assert 'value="水利"' in response.content.decode()
    assert "violated" not in response.content.decode()
    assert not Unit.objects.filter(name_zh="市水利局").exists()


def test_a_renamed_unit_keeps_its_former_name(people: Cast) -> None:
    client, unit = sign_in(people.admin), people.housing
    assert client.post(f"/office/units/{unit.pk}/change/", values(unit, name_zh="市住建委")).status_code == 302
    unit.refresh_from_db()
    former = unit.names.get()
    assert (unit.name_zh, former.name, former.is_former) == ("市住建委", "市住建局", True)
    assert former.until_on == timezone.localdate()
    [event] = events("unit", unit.pk)
    assert (event.before, event.after) == ({"name_zh": "市住建局"}, {"name_zh": "市住建委"})
    assert total(client.get("/office/units/?q=市住建局")) == "1"
    taken = client.post("/office/units/new/", values(name_zh="市住建局"))
    assert taken.status_code == 422
    back = client.post(f"/office/units/{unit.pk}/change/", values(unit, name_zh="市住建局"))
    assert back.status_code == 302
    assert list(unit.names.values_list("name", flat=True)) == ["市住建委"]


def test_moving_rights_needs_a_reason(people: Cast) -> None:
    client, unit = sign_in(people.admin), people.team1
    data = values(unit, districts=["410802"])
    assert client.post(f"/office/units/{unit.pk}/change/", data).status_code == 422
    assert client.post(f"/office/units/{unit.pk}/change/", data | {"reason": "片区调整"}).status_code == 302
    [event] = events("unit", unit.pk)
    assert event.details["reason"] == "片区调整"
    assert [name[:6] for name in event.before["districts"]] == ["410802", "410803", "410804"]
    assert client.post(f"/office/units/{unit.pk}/change/", data | {"reason": "片区调整"}).status_code == 422


def test_a_unit_never_stands_below_itself(people: Cast) -> None:
    with pytest.raises(Invalid, match="below itself"):
        change_unit(people.bureau, by=people.admin, reason="x", parent=people.team1)
    page = sign_in(people.admin).get(f"/office/units/{people.bureau.pk}/change/").content.decode()
    assert f'<option value="{people.team1.pk}"' not in page


def test_the_address_of_a_chat_room_is_no_part_of_the_history(people: Cast) -> None:
    secret = "https://chat.example/hook/aVerySecretKey"
    change_unit(people.housing, by=people.admin, webhook=secret)
    [event] = events("unit", people.housing.pk)
    assert "Secret" not in str(event.after)
    assert "webhook changed" in words(sign_in(people.admin).get(f"/office/units/{people.housing.pk}/")).lower()


# --- The list -----------------------------------------------------------------------------------------


def test_the_tree_shows_parents_before_children_and_who_is_missing(people: Cast) -> None:
    client = sign_in(people.admin)
    page = client.get("/office/units/").content.decode()
    places = [page.index(f'data-unit="{unit.pk}"') for unit in (people.bureau, people.office, people.team1)]
    assert places == sorted(places)
    missing = client.get("/office/units/?state=unmanned")
    assert f'data-unit="{people.shanyang.pk}"' in missing.content.decode()
    assert f'data-unit="{people.housing.pk}"' not in missing.content.decode()
    people.handler1.is_active = False
    people.handler1.save(update_fields=["is_active"])
    again = client.get("/office/units/?state=unmanned")
    assert f'data-unit="{people.housing.pk}"' in again.content.decode()
    assert "nobody answers" in words(client.get(f"/office/units/{people.housing.pk}/"))
    assert "without an active person" in words(client.get("/office/"))


def test_former_units_have_a_list_of_their_own(people: Cast) -> None:
    client = sign_in(people.admin)
    assert "There are none" in words(client.get("/office/units/?state=ended"))
    change_unit(
        people.jiefang,
        by=people.admin,
        reason="区划调整",
        valid_until=timezone.localdate() - DAY,
        successor=people.shanyang,
    )
    assert total(client.get("/office/units/?state=ended")) == "1"
    assert f'data-unit="{people.jiefang.pk}"' not in client.get("/office/units/").content.decode()
    assert total(client.get("/office/units/?kind=team&q=督导")) == "3"
    assert total(client.get("/office/units/?q=nothing")) == "0"


def test_the_tree_asks_as_much_for_30_units_as_for_one(people: Cast) -> None:
    client = sign_in(people.admin)
    few = queries(lambda: client.get("/office/units/?q=住建局&state=current"))
    for number in range(30):
        unit = make_unit(f"第{number}分组", UnitKind.TEAM, parent=people.office, districts=["410802"])
        Membership.objects.create(user=people.inspector1, unit=unit, role="inspector", from_on=timezone.localdate())
    many = queries(lambda: client.get("/office/units/?q=分组"))
    assert many == few <= 12
    whole = queries(lambda: client.get("/office/units/"))
    assert whole <= 12


@pytest.mark.parametrize(
    "names",
    [
        [
            "第一现场督导组",
            "第二现场督导组",
            "第三现场督导组",
            "第四现场督导组",
            "第五现场督导组",
            "第十现场督导组",
            "第十一现场督导组",
        ],
        ["督导2组", "督导10组", "督导11组"],
        ["执法一中队", "执法二中队", "执法九中队", "执法十二中队", "执法二十中队"],
    ],
)
def test_what_is_counted_in_a_name_gives_the_order(names: list[str]) -> None:
    assert sorted(reversed(names), key=sort_key) == names
    assert sort_key("三门峡市政府") == "三门峡市政府"


COUNTED = {
    "第二十一中队": "0021中队",
    "第十现场督导组": "0010现场督导组",
    "督导12组": "督导0012组",
    "执法三中队": "执法0003中队",
    "二督导组": "0002督导组",
}
NOT_COUNTED = ("八一科技组", "八一组", "二三组", "第一百二十组", "二〇一九组", "一体化处", "九龙坡区分局", "百度科技")


@pytest.mark.parametrize("counting", [sort_key, counting_once.sort_key])
def test_what_is_no_number_up_to_99_stays_as_it_is(counting: Any) -> None:
    assert {name: counting(name) for name in COUNTED} == COUNTED
    assert [counting(name) for name in NOT_COUNTED] == list(NOT_COUNTED)


def test_an_update_of_the_product_brings_the_units_that_are_there_into_order(people: Cast) -> None:
    names = ["第三现场督导组", "第四现场督导组", "第十现场督导组"]
    for name in names:
        make_unit(name, UnitKind.TEAM, parent=people.office)
    Unit.objects.update(sort_key=F("name_zh"))
    with connection.schema_editor() as editor:
        counting_once.count_names(apps, editor)
    assert {unit.name_zh: unit.sort_key for unit in Unit.objects.all()} == {
        name: sort_key(name) for name in Unit.objects.values_list("name_zh", flat=True)
    }
    assert list(Unit.objects.filter(name_zh__in=names).values_list("name_zh", flat=True)) == names
