"""Administering districts: codes that can be, the tree, years, names, what may change once something hangs on it."""

from typing import Any

import pytest
from django.utils import timezone

from casetracker.administering.districts import change_district, create_district, in_tree, is_used
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import District
from tests.builders import make_site
from tests.casetracker.office import events, queries, total, words
from tests.cast import Cast, sign_in


def values(district: District | None = None, **more: Any) -> dict[str, Any]:
    """What the form of a district sends."""
    if district is None:
        base: dict[str, Any] = {"code": "4108Z2", "is_local": "on", "name_zh": "高新区", "parent": "410800"}
    else:
        base = {"name_zh": district.name_zh, "name_en": district.name_en, "parent": district.parent_id or ""}
        base |= {"aliases": "\n".join(district.aliases)}
        base |= {"valid_from": district.valid_from or "", "valid_until": district.valid_until or ""}
    return base | more


def make(people: Cast, code: str, name: str, above: str | None = None, **more: Any) -> District:
    parent = District.objects.get(pk=above) if above else None
    local = not (len(code) == 6 and code.isdigit())
    return create_district(by=people.admin, code=code, name_zh=name, parent=parent, is_local=local, **more)


# --- Adding -------------------------------------------------------------------------------------------


def test_a_district_is_added_and_its_history_tells_so(people: Cast) -> None:
    client = sign_in(people.admin)
    data = values(code=" 4108z２ ", name_en="High-tech Zone", aliases="高新技术产业开发区\n", valid_from="2015")
    response = client.post("/office/districts/new/", data)
    assert response.status_code == 302
    assert response["Location"] == "/office/districts/4108Z2/"
    row = District.objects.get(pk="4108Z2")
    assert (row.parent_id, row.is_local, row.valid_from, row.aliases) == ("410800", True, 2015, ["高新技术产业开发区"])
    [event] = events("district", "4108Z2")
    assert (event.verb, event.after["above"]) == ("create_district", "410800 焦作市")
    assert "put the district on the list" in words(client.get("/office/districts/4108Z2/"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name_zh": ""}, "Fill this in"),
        ({"code": ""}, "Fill this in"),
        ({"code": "4108-2"}, "Latin letters and digits"),
        ({"code": "4108Z2345678X"}, "at most 12"),
        ({"code": "开发区"}, "Latin letters and digits"),
        ({"code": "410890"}, "Six digits are a national code"),
        ({"code": "4108Z1"}, "4108Z1 is the code of Demonstration Zone"),
        ({"is_local": "", "code": "4108Z2"}, "has six digits"),
        ({"is_local": "", "code": "41080"}, "has six digits"),
        ({"is_local": "", "code": "990802"}, "No province has the digits 99"),
        ({"is_local": "", "code": "000000"}, "No province has the digits 00"),
        ({"is_local": "", "code": "410802"}, "410802 is the code of Jiefang District"),
        ({"is_local": "", "code": "410902"}, "410902 is no code below Jiaozuo"),
        ({"is_local": "", "code": "410805", "parent": "410802"}, "410805 is no code below Jiefang"),
        ({"parent": "nothing"}, "can’t be chosen"),
        ({"name_zh": "解放区"}, "is a name of Jiefang District (410802)"),
        ({"name_en": "jiefang district"}, "is a name of Jiefang District (410802)"),
        ({"aliases": "山阳区"}, "is a name of Shanyang District (410811)"),
        ({"name_zh": "城乡一体化示范区"}, "is a name of Demonstration Zone (4108Z1)"),
        ({"valid_from": "1948"}, "between 1949 and 2100"),
        ({"valid_until": "2101"}, "between 1949 and 2100"),
        ({"valid_from": "soon"}, "whole number"),
        ({"valid_from": "2020", "valid_until": "2019"}, "last year lies before the first"),
    ],
)
def test_a_district_that_can_not_be_is_refused_with_what_to_do(
    people: Cast, changes: dict[str, str], says: str
) -> None:
    before = District.objects.count()
    response = sign_in(people.admin).post("/office/districts/new/", values(**{"name_en": "Kept", **changes}))
    assert response.status_code == 422
    assert says in words(response).replace("&quot;", '"')
    assert District.objects.count() == before
    assert "name_en" in changes or 'value="Kept"' in response.content.decode()


def test_the_years_may_be_one_and_the_ends_of_the_scale(people: Cast) -> None:
    assert make(people, "4108Z2", "甲区", "410800", valid_from=2019, valid_until=2019).pk
    assert make(people, "4108Z3", "乙区", "410800", valid_from=1949, valid_until=2100).pk


def test_two_cities_may_have_a_district_of_one_name(people: Cast) -> None:
    assert make(people, "1411Z1", "示范区", "141100").parent_id == "141100"


def test_there_are_three_levels(people: Cast) -> None:
    make(people, "4108Z2", "高新区", "410802")
    with pytest.raises(Invalid, match="three levels"):
        make(people, "4108Z3", "高新区一园", "4108Z2")
    # A county with a zone below it can't go below another county.
    county, other = District.objects.get(pk="410802"), District.objects.get(pk="4108Z1")
    with pytest.raises(Invalid, match="three levels"):
        change_district(county, by=people.admin, reason="x", parent=other)
    with pytest.raises(Invalid, match="part of itself"):
        change_district(county, by=people.admin, reason="x", parent=county)
    page = sign_in(people.admin).get("/office/districts/new/").content.decode()
    assert '<option value="410802"' in page
    assert '<option value="4108Z2"' not in page


# --- Changing -----------------------------------------------------------------------------------------


def test_a_change_stands_in_the_history_with_before_and_after(people: Cast) -> None:
    client, row = sign_in(people.admin), District.objects.get(pk="4108Z1")
    data = values(row, name_zh="城乡一体化示范区", aliases="示范区", valid_from="2011")
    assert client.post("/office/districts/4108Z1/change/", data).status_code == 302
    [event] = events("district", "4108Z1")
    assert (event.before["name_zh"], event.after["name_zh"]) == ("示范区", "城乡一体化示范区")
    told = words(client.get("/office/districts/4108Z1/"))
    assert "First year: nothing became 2011." in told
    row.refresh_from_db()
    assert client.post("/office/districts/4108Z1/change/", values(row)).status_code == 422


def test_another_place_in_the_tree_needs_a_reason(people: Cast) -> None:
    client, row = sign_in(people.admin), District.objects.get(pk="4108Z1")
    data = values(row, parent="410811")
    assert "Say why" in words(client.post("/office/districts/4108Z1/change/", data))
    assert client.post("/office/districts/4108Z1/change/", data | {"reason": "划归山阳区"}).status_code == 302
    [event] = events("district", "4108Z1")
    assert (event.before, event.after) == ({"above": "410800 焦作市"}, {"above": "410811 山阳区"})
    assert event.details["reason"] == "划归山阳区"


def test_a_code_can_be_corrected_until_something_hangs_on_it(people: Cast) -> None:
    client, row = sign_in(people.admin), make(people, "4108Z2", "高新区", "410800")
    assert not is_used(row.pk)
    data = values(row, code="4108Z3", is_local="on", reason="误录")
    response = client.post("/office/districts/4108Z2/change/", data)
    assert response["Location"] == "/office/districts/4108Z3/"
    assert not District.objects.filter(pk="4108Z2").exists()
    told = words(client.get("/office/districts/4108Z3/"))
    assert "Code: 4108Z2 became 4108Z3." in told
    assert "put the district on the list" in told, "what happened under the former code stays on the page"
    assert client.get("/office/districts/4108Z2/").status_code == 404
    row = District.objects.get(pk="4108Z3")
    make_site(people, district="4108Z3")
    assert is_used(row.pk)
    with pytest.raises(IllegalMove, match="stays"):
        change_district(row, by=people.admin, reason="x", code="4108Z4")
    page = client.get("/office/districts/4108Z3/change/").content.decode()
    assert 'name="code"' not in page
    assert client.post("/office/districts/4108Z3/change/", values(row, code="4108Z4", name_en="X")).status_code == 302
    assert District.objects.filter(pk="4108Z3", name_en="X").exists()


@pytest.mark.parametrize("code", ["410800", "410802", "4108Z1"])
def test_units_and_districts_below_are_uses_too(people: Cast, code: str) -> None:
    assert is_used(code)


def test_a_code_that_somebody_has_is_no_correction(people: Cast) -> None:
    row = make(people, "4108Z2", "高新区", "410800")
    with pytest.raises(Invalid, match="is the code of"):
        change_district(row, by=people.admin, reason="x", code="4108Z1")


def test_a_district_ends_after_those_that_are_part_of_it(people: Cast) -> None:
    client, city = sign_in(people.admin), District.objects.get(pk="141100")
    last = timezone.localdate().year - 1
    refused = client.post("/office/districts/141100/change/", values(city, valid_until=last))
    assert refused.status_code == 422
    assert "End that one first" in words(refused)
    make(people, "4108Z2", "高新区", "410800")
    zone = District.objects.get(pk="4108Z2")
    assert (
        client.post(
            "/office/districts/4108Z2/change/", values(zone, code="4108Z2", is_local="on", valid_until=last)
        ).status_code
        == 302
    )
    assert 'data-district="4108Z2"' not in client.get("/office/districts/").content.decode()
    assert total(client.get("/office/districts/?state=ended")) == "1"


def test_this_year_is_no_end_yet(people: Cast) -> None:
    year = timezone.localdate().year
    make(people, "4108Z2", "高新区", "410800", valid_until=year)
    client = sign_in(people.admin)
    assert 'data-district="4108Z2"' in client.get("/office/districts/").content.decode()
    assert total(client.get("/office/districts/?state=ended")) == "0"


# --- The list -----------------------------------------------------------------------------------------


def test_the_tree_shows_a_district_below_the_one_above_it(people: Cast) -> None:
    make(people, "9", "园区", "410803")
    tree = [(row.pk, depth) for row, depth in in_tree(District.objects.all())]
    assert tree.index(("9", 2)) == tree.index(("410803", 1)) + 1
    assert tree.index(("410800", 0)) < tree.index(("410802", 1)) < tree.index(("9", 2))
    assert len(tree) == District.objects.count()


@pytest.mark.parametrize(
    ("q", "code"), [("解放", "410802"), ("jiefang", "410802"), ("410802", "410802"), ("一体化", "4108Z1")]
)
def test_a_district_is_found_by_any_of_its_names(people: Cast, q: str, code: str) -> None:
    response = sign_in(people.admin).get("/office/districts/", {"q": q})
    assert f'data-district="{code}"' in response.content.decode()
    assert total(response) == "1"


def test_strange_questions_are_answered(people: Cast) -> None:
    client = sign_in(people.admin)
    for q in ("\x00", "%s" * 500, "'\"><script>", "-1"):
        response = client.get("/office/districts/", {"q": q, "state": q})
        assert response.status_code == 200
        assert b'"><script>' not in response.content


def test_only_administrators_get_in(people: Cast) -> None:
    for name, person in people.everybody().items():
        if name in ("admin", "deactivated"):
            continue
        client = sign_in(person)
        for address in ("", "new/", "410802/", "410802/change/"):
            assert client.get(f"/office/districts/{address}").status_code == 404, (name, address)
            assert client.post(f"/office/districts/{address}", values()).status_code in (404, 405), (name, address)
    assert not District.objects.filter(pk="4108Z2").exists()


def test_the_list_asks_as_much_for_30_districts_as_for_one(people: Cast) -> None:
    client = sign_in(people.admin)
    few = queries(lambda: client.get("/office/districts/?q=示范区"))
    for number in range(30):
        people.team1.districts.add(make(people, f"4108X{number}", f"第{number}园区", "410800"))
    many = queries(lambda: client.get("/office/districts/?q=园区"))
    assert many == few <= 8
    assert queries(lambda: client.get("/office/districts/")) <= 8
