"""A register of sites from a spreadsheet: new ones, changed ones, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from casetracker.models import Event
from inspections.ledger.importing import Report, import_file
from inspections.ledger.importing import report as reporting
from inspections.ledger.mapping import from_dict
from inspections.models import ImportRow, Party, Site, SiteName
from inspections.subjects_sites import event_sentence
from tests.builders import make_site
from tests.cast import Cast
from tests.inspections.wizard import signed_in

pytestmark = pytest.mark.django_db

HEADER = "名称,类型,县（市、区）,地址,统一社会信用代码,排污许可证编号,监管类别,网格编号,经营者,纬度,经度"
FULL = "东方建材厂,工业企业,解放区,人民路 1 号,91410800MA44X1X11D,,重点,JF-07,东方建材有限公司,35.2410,113.2380"


def take_in(folder: Path, people: Cast, *rows: str, **options: Any) -> Report:
    path = folder / "sites.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8-sig")
    create = options.pop("create", {})
    mapping = from_dict({"kind": "sites", "create": create})
    return import_file(path, mapping, office=people.office, by=people.supervisor1, **options)


def code() -> str:
    """A credit code whose check digit is right."""
    from stdnum.cn import uscc

    body = "91410800MA44X1X11"
    return body + uscc.calc_check_digit(body)


def full(**changes: str) -> str:
    row = FULL.replace("91410800MA44X1X11D", code())
    for old, new in changes.items():
        row = row.replace(old, new)
    return row


def test_a_site_comes_in_with_everything_the_row_says(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, full())

    assert (report.accepted, report.created, report.refused) == (1, 1, [])
    site = Site.objects.get(name="东方建材厂")
    assert (site.office, site.district_id, site.kind.code) == (people.office, "410802", "factory")
    assert (site.address, site.credit_code, site.risk_class) == ("人民路 1 号", code(), "key")
    assert (site.grid_cell, site.lat, site.lon) == ("JF-07", 35.241, 113.238)
    assert site.operators.get().party == Party.objects.get(name="东方建材有限公司")
    assert Site.objects.visible_to(people.supervisor1).find("东方建材").get() == site
    event = Event.objects.get(subject_id=site.pk)
    assert "sites.csv" in event_sentence(event)
    with translation.override("zh-hans"):
        assert "导入" in event_sentence(event)
    assert ImportRow.objects.get().subject_id == site.pk


def test_the_same_register_again_changes_nothing(people: Cast, tmp_path: Path) -> None:
    take_in(tmp_path, people, full(), full(东方建材厂="西方建材厂"))
    before = (Site.objects.count(), Event.objects.count(), Party.objects.count())

    report = take_in(tmp_path, people, full(), full(东方建材厂="西方建材厂"))

    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert (Site.objects.count(), Event.objects.count(), Party.objects.count()) == before


def test_a_changed_cell_updates_the_site_and_an_empty_one_leaves_it(people: Cast, tmp_path: Path) -> None:
    take_in(tmp_path, people, full())

    report = take_in(tmp_path, people, "东方建材厂,工业企业,解放区,建设路 9 号,,,一般,,新东方有限公司,,")

    assert (report.updated, report.created) == (1, 0)
    assert {(one["column"], one["old"], one["new"]) for one in report.changes} == {
        ("地址", "人民路 1 号", "建设路 9 号"),
        ("监管类别", "key", "general"),
        ("经营者", "东方建材有限公司", "新东方有限公司"),
    }
    site = Site.objects.get(name="东方建材厂")
    assert (site.address, site.credit_code, site.lat) == ("建设路 9 号", code(), 35.241)
    assert [one.party.name for one in site.operators.filter(until_on=None)] == ["新东方有限公司"]
    assert ImportRow.objects.order_by("pk").last().before["address"] == "人民路 1 号"  # type: ignore[union-attr]
    told = event_sentence(Event.objects.filter(subject_id=site.pk).latest("seq"))
    assert "建设路 9 号" in told
    assert "新东方有限公司" in told


def test_a_former_name_is_known(people: Cast, tmp_path: Path) -> None:
    site = make_site(people, "新华建材厂", kind="factory")
    SiteName.objects.create(site=site, name="老华建材厂")

    report = take_in(tmp_path, people, "老华建材厂,工业企业,解放区,人民路 2 号,,,,,,,")

    assert report.updated == 1
    site.refresh_from_db()
    assert (site.name, site.address) == ("新华建材厂", "人民路 2 号")


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("甲厂,工业企业,某某区,,,,,,,,", "县（市、区）", "unknown_district"),
        ("甲厂,工业企业,解放区,,91410800MA44X1X119,,,,,,", "统一社会信用代码", "bad_code"),
        ("甲厂,工业企业,解放区,,123,,,,,,", "统一社会信用代码", "bad_code"),
        (",工业企业,解放区,,,,,,,,", "名称", "missing"),
        ("甲厂,,解放区,,,,,,,,", "类型", "missing"),
        ("甲厂,工业企业,解放区,,,,,,,35.2,", "经度", "missing"),
        ("甲厂,工业企业,解放区,,,,,,,95,113", "纬度", "bad_number"),
        ("甲厂,工业企业,解放区,,,,不知道,,,,", "监管类别", "unknown_value"),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_no_other(
    people: Cast, tmp_path: Path, row: str, column: str, reason: str
) -> None:
    report = take_in(tmp_path, people, row, full())

    assert report.created == 1
    (refused,) = report.refused
    assert (refused.row, refused.column, refused.code) == (2, column, reason)


def test_a_repeated_row_is_a_duplicate_and_a_second_one_in_other_words_is_refused(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, full(), full(), full(人民路="建设路"))

    assert (report.created, report.duplicates, report.refused_rows) == (1, 1, 1)
    assert report.refused[0].code == "duplicate"


def test_an_unknown_kind_is_doubtful_or_made(people: Cast, tmp_path: Path) -> None:
    row = "甲塔,信号塔,解放区,,,,,,,,"
    report = take_in(tmp_path, people, row)
    assert [one.code for one in report.doubtful] == ["unknown_kind"]
    assert Site.objects.get(name="甲塔").kind.code == "other"

    other = take_in(tmp_path, people, row.replace("甲塔", "乙塔"), create={"kinds": True})
    assert other.doubtful == []
    assert Site.objects.get(name="乙塔").kind.name_zh == "信号塔"


def test_a_dry_run_leaves_nothing(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, full(), dry_run=True)

    assert report.created == 1
    assert not Site.objects.filter(name="东方建材厂").exists()
    assert not Party.objects.exists()


def test_a_report_says_how_many_changed_values_it_left_off(
    people: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "KEPT_REMARKS", 2)
    take_in(tmp_path, people, *(f"{number}厂,工业企业,解放区,旧路,,,,,,," for number in range(5)))
    report = take_in(tmp_path, people, *(f"{number}厂,工业企业,解放区,新路,,,,,,," for number in range(5)))
    assert (report.updated, len(report.changes), report.more_changes) == (5, 2, 3)
    assert report.batch is not None
    assert report.batch.report["left_off"] == {"refused": 0, "doubtful": 0, "changes": 3}
    page = signed_in(people.supervisor1).get(reverse("import_batch", args=[report.batch.pk]))
    assert "and 3 more" in page.content.decode()


def test_the_command_says_so_too(
    people: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reporting, "KEPT_REMARKS", 1)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('kind = "sites"\n', encoding="utf-8")
    path = tmp_path / "sites.csv"
    for form, road in (("text", "旧路"), ("text", "新路"), ("json", "老路")):
        rows = [f"{number}厂,工业企业,解放区,{road},,,,,,," for number in range(3)]
        path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
        call_command("import_ledger", str(path), mapping=mapping, office=people.office.name_zh, format=form)
    printed = capsys.readouterr().out
    assert "And 2 more values that were changed." in printed
    told = json.loads(printed[printed.index("\n{") :])
    assert (len(told["changes"]), told["left_off"]) == (1, {"changes": 2})
