"""Whole ledgers of the ugly shelf: each gives its rows, every fault with row, column, value and reason."""

import datetime
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from inspections.ledger.errors import LayoutError
from inspections.ledger.layout import Record, make_header
from inspections.ledger.mapping import LedgerMapping, from_dict, loads, profile
from inspections.ledger.opening import open_ledger
from inspections.ledger.rows import ParsedRow, RowParser
from tests.inspections.ledger import shelf

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "inspections" / "demo"
EXPECTED = json.loads((ROOT / "tests" / "data" / "jiaozuo-2019-expected.json").read_text("utf-8"))
TODAY = datetime.date(2026, 3, 2)
AUTOMATIC = loads('kind = "problems"\n[defaults]\nyear = 2019')
MAPPED = loads(
    'kind = "problems"\n[columns]\nnumber = "问题编号"\nfound_on = "发现日期"\nteam = "督导组"\n'
    'district = "县（市、区）"\n'
    'site = "点位名称"\ndescription = "问题描述"\nroute = "处置方式"\ndue_on = "整改时限"\n[defaults]\nyear = 2019'
)


def parsed(path: Path, mapping: LedgerMapping = MAPPED) -> list[ParsedRow]:
    with open_ledger(path, mapping) as ledger:
        return list(ledger)


def test_rows_become_values(tmp_path: Path) -> None:
    first, second = parsed(shelf.xlsx(tmp_path / "a.xlsx", [shelf.HEADER, *shelf.DATA]))
    assert first.values == {
        "number": ("焦督〔2019〕1号", "焦督", 2019, 1),
        "found_on": shelf.DAY,
        "team": "第一组",
        "district": "解放区",
        "site": "东环工地",
        "description": "黄土未覆盖",
        "route": "central",
        "due_on": datetime.date(2019, 10, 23),
    }
    assert (second.row, second.values["route"], second.values["due_on"]) == (3, "on_spot", datetime.date(2019, 10, 18))
    assert not first.errors
    assert not first.doubtful


def test_every_fault_is_told_with_its_place_and_refuses_no_other_row(tmp_path: Path) -> None:
    bad = [
        ["焦督〔2019〕3号", "8月32日", "第一组", "解放区", "甲", "x", "集中交办", "尽快"],
        ["焦督〔2019〕4号", shelf.DAY, "第一组", "", "甲", "", "随便", ""],
    ]
    rows = parsed(shelf.xlsx(tmp_path / "a.xlsx", [shelf.HEADER, *bad, *shelf.DATA]))
    assert [(error.row, error.column, error.value, error.code) for row in rows for error in row.errors] == [
        (2, "发现日期", "8月32日", "bad_date"),
        (2, "整改时限", "尽快", "bad_date"),
        (3, "县（市、区）", "", "missing"),
        (3, "问题描述", "", "missing"),
        (3, "处置方式", "随便", "unknown_value"),
    ]
    assert "8月32日" in rows[0].errors[0].as_json()["message"]
    assert not rows[2].errors
    assert not rows[3].errors


def test_the_sheet_with_the_header_is_found_among_others(tmp_path: Path) -> None:
    path = shelf.workbook(tmp_path / "a.xlsx", {"说明": [["填写说明"], ["一"]], "台账": [shelf.HEADER, *shelf.DATA]})
    with open_ledger(path, MAPPED) as ledger:
        assert ledger.sheet.name == "台账"
        assert len(list(ledger)) == 2
    summary = [["县区", "点位名称", "数量"], ["解放区", "x", 3]]
    assert len(parsed(shelf.workbook(tmp_path / "c.xlsx", {"汇总": summary, "台账": [shelf.HEADER, *shelf.DATA]}))) == 2
    with pytest.raises(LayoutError):
        parsed(shelf.workbook(tmp_path / "b.xlsx", {"说明": [["x"]], "其他": [["y"]]}))


def test_a_column_the_mapping_names_must_be_there(tmp_path: Path) -> None:
    path = shelf.xlsx(tmp_path / "a.xlsx", [shelf.HEADER[:-1], *[row[:-1] for row in shelf.DATA]])
    with pytest.raises(LayoutError, match="整改时限"):
        parsed(path)
    assert "due_on" not in parsed(path, AUTOMATIC)[0].values


def test_without_a_needed_column_nothing_is_read(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="district") as caught:
        parsed(shelf.xlsx(tmp_path / "a.xlsx", [["问题编号", "发现日期", "点位名称", "问题描述"], ["1"]]), AUTOMATIC)
    assert caught.value.code == "missing_columns"


def one(cells: dict[str, Any], *, today: datetime.date = TODAY, **more: Any) -> ParsedRow:
    """One problem row with the given columns, read under their canonical names."""
    given = {"found_on": "2019-10-16", "district": "d", "site": "s", "description": "x"} | cells
    given = {name: cell for name, cell in given.items() if cell is not ...}
    header = make_header([Record(1, list(given), False)])
    mapping = from_dict({"kind": "problems", "columns": {name: name for name in given}, **more})
    parser = RowParser(mapping, header, {name: column for column, name in enumerate(given)}, today)
    return parser.parse(Record(2, list(given.values()), False))


def test_defaults_fill_empty_cells_and_absent_columns() -> None:
    row = one({"district": "", "site": ...}, defaults={"district": 410800, "site": "全市", "special": True})
    assert row.values["district"] == "410800"
    assert row.values["site"] == "全市"
    assert row.values["special"] is True
    assert not row.errors
    assert one({"special": "否"}, defaults={"special": True}).values["special"] is False


def test_values_of_the_mapping_come_before_the_usual_words() -> None:
    values = {
        "route": {"集中交办": "on_spot"},
        "unit": {"市住建局": "市住房和城乡建设局"},
        "co_units": {"甲": "乙"},
        "due_on": {"尽快": ""},
    }
    row = one({"route": "集中 交办", "unit": "市住建局", "co_units": "甲、丙", "due_on": "尽快"}, values=values)
    assert row.values["route"] == "on_spot"
    assert row.values["unit"] == "市住房和城乡建设局"
    assert row.values["co_units"] == ["乙", "丙"]
    assert row.values["due_on"] is None
    assert not row.errors


def test_a_special_row_with_one_addressee_is_doubtful() -> None:
    assert [remark.code for remark in one({"special": "是", "co_units": ""}).doubtful] == ["one_addressee"]
    assert not one({"special": "是", "co_units": "市城管局"}).doubtful
    row = one({"route": "专项交办", "unit": "a", "co_units": "b"})
    assert (row.values["route"], row.values["special"]) == ("central", True)


def test_what_happened_before_it_was_found_is_refused() -> None:
    row = one({"done_on": "2019-10-15", "closed_on": "2019-10-16", "due_on": "2019-10-01"})
    assert [(error.column, error.code) for error in row.errors] == [("done_on", "bad_order")]
    assert [(error.column, error.code) for error in row.doubtful] == [("due_on", "bad_order")]


@pytest.mark.parametrize("name", ["found_on", "done_on", "rechecked_on", "closed_on"])
def test_what_is_told_as_done_lies_not_after_today_but_a_due_date_may(name: str) -> None:
    today = datetime.date(2019, 10, 16)
    assert not one({name: "2019-10-16", "due_on": "2019-10-17", "first_due_on": "2019-10-17"}, today=today).errors
    row = one({name: "2019-10-17", "due_on": "2020-01-01"}, today=today)
    assert [(error.column, error.code) for error in row.errors] == [(name, "future")]
    assert "2019-10-16" in str(row.errors[0].message)


def test_a_visit_lies_not_after_today(tmp_path: Path) -> None:
    rows = [["督导日期", "督导组", "县（市、区）", "点位名称"]]
    rows += [[day, "一组", "解放区", "工地"] for day in ("2019-10-16", "2019-10-17")]
    path = shelf.xlsx(tmp_path / "visits.xlsx", rows)
    with open_ledger(path, from_dict({"kind": "visits"}), today=datetime.date(2019, 10, 16)) as ledger:
        assert [[error.code for error in row.errors] for row in ledger] == [[], ["future"]]


def test_half_a_position_is_refused() -> None:
    assert [(error.column, error.code) for error in one({"lat": "35.2", "lon": ""}).errors] == [("lon", "missing")]
    assert [error.code for error in one({"lat": "35.2", "lon": "x"}).errors] == ["bad_number"]
    assert one({"lat": "35.2", "lon": 113}).values["lon"] == 113.0


def test_other_columns_of_a_problem() -> None:
    row = one(
        {
            "quantity": "3处",
            "void": "重复",
            "source": "12345热线",
            "severity": "重大",
            "extensions": "2",
            "external_id": " Ａ-1 ",
        }
    )
    assert row.values["quantity"] == Decimal(3)
    assert [row.values[name] for name in ("void", "source", "severity", "extensions", "external_id")] == [
        "duplicate",
        "hotline",
        "major",
        2,
        "A-1",
    ]
    assert one({"void": "否"}).values["void"] == ""


CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.dates(),
    st.datetimes(),
    st.from_regex(r"[0-9２年月日./〔〕号°:-]{1,12}"),
    st.sampled_from(["同上", "合计", "专项交办", "是", "8月32日", "=1", "无"]),
)


def test_the_practice_problems_come_in_whole() -> None:
    with open_ledger(DEMO / "jiaozuo-2019-problems.xlsx", profile("jiaozuo-problems")) as ledger:
        rows = list(ledger)
    assert not [row for row in rows if row.errors or row.doubtful]
    assert ledger.skipped.footers == [3174]
    values = [row.values for row in rows]
    cut_off = datetime.date(2019, 12, 9)
    assert len(values) == EXPECTED["problems"]
    assert Counter(each["district"] for each in values) == EXPECTED["by_district"]
    assert Counter(each["team"] for each in values) == EXPECTED["by_team"]
    assert Counter(each["route"] for each in values) == {name: EXPECTED[name] for name in ("central", "on_spot")}
    assert sum(each["special"] is True for each in values) == EXPECTED["special"]
    assert sum(each["closed_on"] is not None for each in values) == EXPECTED["closed"]
    assert (
        sum(each["done_on"] is not None and each["done_on"] > each["due_on"] for each in values)
        == EXPECTED["late_done"]
    )
    overdue = sum(each["done_on"] is None and each["due_on"] < cut_off for each in values)
    assert overdue == EXPECTED["overdue_on_2019_12_09"]


def test_the_practice_visits_come_in_whole() -> None:
    with open_ledger(DEMO / "jiaozuo-2019-visits.xlsx", profile("jiaozuo-visits")) as ledger:
        rows = list(ledger)
    assert not [row for row in rows if row.errors or row.doubtful]
    assert len(rows) == EXPECTED["points"]
    assert sum(row.values["people"] for row in rows) == EXPECTED["person_times"]
    assert sum(row.values["problems_found"] for row in rows) == EXPECTED["problems"]


@pytest.mark.parametrize("name", ["problems", "visits"])
def test_the_practice_workbooks_are_recognised_without_a_profile(name: str) -> None:
    with open_ledger(DEMO / f"jiaozuo-2019-{name}.xlsx", loads(f'kind = "{name}"')) as ledger:
        assert not [row for row in ledger if row.errors]
        assert not ledger.unread
        assert ledger.columns.keys() == profile(f"jiaozuo-{name}").columns.keys()
