"""The names of a ledger: units and teams of the importing office only, and nothing where several could be meant."""

import csv
from pathlib import Path

import pytest

from casetracker.enums import UnitKind
from casetracker.models import Unit
from inspections.enums import Status
from inspections.ledger.importing import import_file
from inspections.ledger.mapping import from_dict
from inspections.models import Problem, Visit
from tests.builders import day
from tests.cast import Cast, make_unit
from tests.inspections.ledger.test_importing import changed, ledger, take_in


@pytest.mark.parametrize("office", ["office", "far_office"])
def test_a_short_name_means_the_unit_of_the_office_s_own_city(people: Cast, tmp_path: Path, office: str) -> None:
    Unit.objects.filter(pk__in=[people.housing.pk, people.far_housing.pk]).update(short_zh="住建局")
    district = "解放区" if office == "office" else "141102"
    path = ledger(tmp_path, changed(责任单位="住建局", 督导组="", **{"县（市、区）": district}))
    assert take_in(path, getattr(people, office)).doubtful == []
    assert Problem.objects.get().lead_unit == (people.housing if office == "office" else people.far_housing)


def test_a_team_of_another_office_is_not_taken(people: Cast, tmp_path: Path) -> None:
    for create in (True, False):
        number = f"焦督〔2019〕{1 + create}号"
        path = ledger(tmp_path, changed(问题编号=number, 督导组="吕梁督导一组"))
        report = take_in(path, people.office, create={"sites": True, "teams": create})
        assert [one.code for one in report.doubtful] == ["elsewhere_team" if create else "unknown_team"]
        assert Problem.objects.get(number=number).team == people.office
    assert not Problem.objects.visible_to(people.outsider).exists()


def test_a_department_is_no_team_and_a_team_no_responsible_unit(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(督导组="市住建局", 责任单位="第二现场督导组"))
    report = take_in(path, people.office, create={"sites": True})
    assert {one.code for one in report.doubtful} == {"unknown_team", "unknown_unit"}
    problem = Problem.objects.get()
    assert (problem.team, problem.lead_unit, problem.status) == (people.office, None, Status.FOUND)


def test_of_several_units_with_one_name_none_is_taken(people: Cast, tmp_path: Path) -> None:
    Unit.objects.filter(pk__in=[people.housing.pk, people.city_management.pk]).update(short_zh="城建")
    report = take_in(ledger(tmp_path, changed(责任单位="城建", 协办单位="城建、市住建局")), people.office)
    assert [(one.column, one.code) for one in report.doubtful] == [
        ("责任单位", "several_unit"),
        ("协办单位", "several_unit"),
    ]
    assert "城建" in str(report.doubtful[0].message)
    assert Problem.objects.get().lead_unit is None


def test_a_full_name_comes_before_another_unit_s_short_one_and_the_living_before_the_ended(
    people: Cast, tmp_path: Path
) -> None:
    Unit.objects.filter(pk=people.city_management.pk).update(short_zh="市住建局")
    old = make_unit("市园林局", UnitKind.DEPARTMENT, districts=["410800"], valid_until=day("2018-12-31"))
    Unit.objects.filter(pk__in=[old.pk, people.city_management.pk]).update(name_en="Greenery")
    path = ledger(tmp_path, changed(责任单位="市住建局", 协办单位="Greenery"))
    assert take_in(path, people.office).doubtful == []
    problem = Problem.objects.get()
    assert problem.lead_unit == people.housing
    assert {one.unit for one in problem.assignments.all()} == {people.housing, people.city_management}


def test_a_unit_made_by_one_office_is_not_another_city_s(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed(责任单位="市水利局")), people.office)
    path = ledger(tmp_path, changed(责任单位="市水利局", 督导组="", **{"县（市、区）": "141102"}))
    report = take_in(path, people.far_office)
    assert [one.code for one in report.doubtful] == ["elsewhere_unit"]
    assert Problem.objects.get(office=people.far_office).lead_unit is None


def test_a_visit_of_another_office_s_team_is_refused(people: Cast, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [["2019-10-16", team, "解放区", "锦绣工地"] for team in ("吕梁督导一组", "第一现场督导组")]
        csv.writer(file).writerows([["督导日期", "督导组", "县（市、区）", "点位名称"], *rows])
    mapping = from_dict({"kind": "visits", "create": {"sites": True, "teams": True}})
    report = import_file(path, mapping, office=people.office, by=None)
    assert [(one.row, one.code) for one in report.refused] == [(2, "elsewhere_team")]
    assert Visit.objects.get().team == people.team1


def test_what_lies_after_the_day_of_the_import_is_refused(people: Cast, tmp_path: Path) -> None:
    path = ledger(
        tmp_path,
        changed(整改完成日期="2019-10-17"),
        changed(问题编号="焦督〔2019〕8号", 整改完成日期="2019-10-18"),
        changed(问题编号="焦督〔2019〕9号", 发现日期="2019-10-18", 整改时限="2019-10-20"),
    )
    report = take_in(path, people.office, today=day("2019-10-17"))
    assert [(one.row, one.column, one.code) for one in report.refused] == [
        (3, "整改完成日期", "future"),
        (4, "发现日期", "future"),
    ]
    assert Problem.objects.get().met_on == day("2019-10-17")
