"""Units from a spreadsheet: new ones in their place of the tree, changed ones, and what is refused."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from casetracker.enums import UnitKind
from casetracker.models import Unit
from inspections.ledger.importing import Report, import_file
from inspections.ledger.mapping import from_dict
from tests.casetracker.office import events
from tests.cast import Cast

pytestmark = pytest.mark.django_db

HEADER = "单位名称,英文名称,简称,别名,单位类型,上级单位,行政区划,邮箱,启用日期,停用日期,承接单位"


def row(**changes: str) -> str:
    cells = {
        "单位名称": "市文化广电和旅游局", "英文名称": "Culture and Tourism", "简称": "市文旅局",
        "别名": "文旅局；旅游局", "单位类型": "部门", "上级单位": "", "行政区划": "解放区、山阳区",
        "邮箱": "wl@example.org", "启用日期": "2019-01-01", "停用日期": "", "承接单位": "",
    }  # fmt: skip
    return ",".join((cells | changes).values())


def team(name: str, parent: str = "", **more: str) -> str:
    empty = {"英文名称": "", "简称": "", "别名": "", "行政区划": "", "邮箱": "", "启用日期": ""}
    return row(**empty | {"单位名称": name, "单位类型": "现场督导组", "上级单位": parent} | more)


def take_in(folder: Path, people: Cast, *rows: str, **options: Any) -> Report:
    path = folder / "units.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8-sig")
    office = options.pop("office", people.office)
    return import_file(path, from_dict({"kind": "units"}), office=office, by=people.admin, **options)


def codes(report: Report) -> list[tuple[str, str]]:
    return [(one.name, one.code) for one in report.refused]


def test_a_unit_comes_in_with_everything_the_row_says(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, row())
    assert (report.accepted, report.created, report.refused, report.doubtful) == (1, 1, [], [])
    unit = Unit.objects.get(name_zh="市文化广电和旅游局")
    assert (unit.name_en, unit.short_zh, unit.kind, unit.parent) == (
        "Culture and Tourism", "市文旅局", UnitKind.DEPARTMENT, None,
    )  # fmt: skip
    assert set(unit.districts.values_list("code", flat=True)) == {"410802", "410811"}
    assert set(unit.names.values_list("name", flat=True)) == {"文旅局", "旅游局"}
    assert (unit.email, unit.valid_from, unit.valid_until) == ("wl@example.org", datetime.date(2019, 1, 1), None)
    [event] = events("unit", unit.pk)
    assert (event.verb, event.details["file"]) == ("create_unit", "units.csv")


def test_a_unit_above_may_stand_below_in_the_sheet(people: Cast, tmp_path: Path) -> None:
    report = take_in(
        tmp_path, people, team("丙小组", "乙小组"), team("乙小组", "甲总组"), team("甲总组", "市污染防治督导办公室")
    )
    assert (report.created, report.refused) == (3, [])
    first, second, third = (Unit.objects.get(name_zh=name) for name in ("甲总组", "乙小组", "丙小组"))
    assert first.path.startswith(people.office.path)
    assert third.path == f"{second.path}{third.pk:06d}/"
    assert second.parent == first


def test_what_lacks_is_filled_in_and_said(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, team("第八现场督导组", 单位类型=""), team("马村区政府", 单位类型=""))
    assert [one.code for one in report.doubtful] == ["guessed_kind", "guessed_kind"]
    made, government = Unit.objects.get(name_zh="第八现场督导组"), Unit.objects.get(name_zh="马村区政府")
    assert (made.kind, made.parent) == (UnitKind.TEAM, people.office)
    assert (government.kind, government.parent) == (UnitKind.GOVERNMENT, None)
    assert list(government.districts.values_list("code", flat=True)) == ["410800"]


def test_the_same_register_again_changes_nothing(people: Cast, tmp_path: Path) -> None:
    rows = [row(), team("第八现场督导组")]
    take_in(tmp_path, people, *rows)
    before = len(events("unit", Unit.objects.get(name_zh="市文化广电和旅游局").pk))
    report = take_in(tmp_path, people, *rows, rows[0])
    assert (report.created, report.updated, report.unchanged, report.duplicates) == (0, 0, 2, 1)
    assert len(events("unit", Unit.objects.get(name_zh="市文化广电和旅游局").pk)) == before


def test_a_changed_cell_changes_the_unit_and_an_empty_one_leaves_it(people: Cast, tmp_path: Path) -> None:
    take_in(tmp_path, people, row())
    report = take_in(
        tmp_path, people, row(英文名称="", 邮箱="new@example.org", 行政区划="解放区", 上级单位="市生态环境局")
    )
    assert (report.updated, report.refused) == (1, [])
    unit = Unit.objects.get(name_zh="市文化广电和旅游局")
    assert (unit.name_en, unit.email, unit.parent) == ("Culture and Tourism", "new@example.org", people.bureau)
    assert unit.path.startswith(people.bureau.path)
    assert {(one["column"], one["old"], one["new"]) for one in report.changes} == {
        ("邮箱", "wl@example.org", "new@example.org"),
        ("行政区划", "410802 解放区、410811 山阳区", "410802 解放区"),
        ("上级单位", "", "市生态环境局"),
    }


def test_a_unit_moved_in_the_same_file_takes_the_new_ones_along(people: Cast, tmp_path: Path) -> None:
    moved = team("第一现场督导组", "市生态环境局", 单位类型="")
    report = take_in(tmp_path, people, moved, team("一组分队", "第一现场督导组"))
    assert report.refused == []
    people.team1.refresh_from_db()
    below = Unit.objects.get(name_zh="一组分队")
    assert below.path == f"{people.team1.path}{below.pk:06d}/"
    assert people.team1.path.startswith(people.bureau.path)


def test_a_unit_known_by_another_name_keeps_its_own(people: Cast, tmp_path: Path) -> None:
    take_in(tmp_path, people, row())
    report = take_in(tmp_path, people, row(单位名称="旅游局", 别名="", 邮箱="n@example.org"))
    assert (report.updated, [one.code for one in report.doubtful]) == (1, ["known_as"])
    assert Unit.objects.get(email="n@example.org").name_zh == "市文化广电和旅游局"


@pytest.mark.parametrize(
    ("changes", "name", "code"),
    [
        ({"单位名称": ""}, "name", "missing"),
        ({"单位类型": "公司"}, "unit_kind", "unknown_value"),
        ({"上级单位": "没有的单位"}, "parent", "unknown_unit"),
        ({"承接单位": "没有的单位"}, "successor", "unknown_unit"),
        ({"行政区划": "某某区"}, "districts", "unknown_district"),
        ({"邮箱": "a@b@c"}, "email", "bad_email"),
        ({"停用日期": "2018-01-01"}, "valid_until", "bad_order"),
        ({"别名": "市住建局"}, "aliases", "name_taken"),
        ({"单位名称": "吕梁住建局"}, "name", "elsewhere_unit"),
        ({"启用日期": "尽快"}, "valid_from", "bad_date"),
    ],
)
def test_what_can_not_be_taken_in_is_refused_with_its_reason(
    people: Cast, tmp_path: Path, changes: dict[str, str], name: str, code: str
) -> None:
    before = Unit.objects.count()
    report = take_in(tmp_path, people, row(**changes))
    assert codes(report) == [(name, code)]
    assert Unit.objects.count() == before
    for language in ("en", "zh-hans"):
        with translation.override(language):
            assert "%(" not in str(report.refused[0].message)


def test_a_tree_that_bites_its_tail_is_refused(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, team("市污染防治督导办公室", "第一现场督导组", 单位类型=""))
    assert codes(report) == [("parent", "bad_tree")]
    report = take_in(tmp_path, people, team("子组", "丑组"), team("丑组", "子组"))
    assert {code for _name, code in codes(report)} == {"unknown_unit"}


def test_one_name_with_two_contents_is_refused_the_second_time(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, row(), row(邮箱="b@example.org"))
    assert codes(report) == [("name", "duplicate")]
