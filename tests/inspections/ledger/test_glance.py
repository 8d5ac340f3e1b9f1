"""The first look at a ledger, its mapping as TOML, and corrections in the place of the sheet's cells."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspections.ledger.errors import ReaderError
from inspections.ledger.fields import KINDS
from inspections.ledger.glance import look
from inspections.ledger.mapping import from_dict, loads, profile, profiles
from inspections.ledger.mapping_toml import EXAMPLE, dumps
from inspections.ledger.opening import open_ledger
from tests.inspections.ledger import shelf

PROBLEMS = from_dict({"kind": "problems"})
TODAY = datetime.date(2026, 1, 1)


def test_the_sheet_with_the_fullest_header_is_taken_not_the_first(tmp_path: Path) -> None:
    sheets = {"封面": [["台账"]], "汇总": [["日期", "问题"], ["10月", 3]], "明细": [shelf.HEADER, *shelf.DATA]}
    seen = look(shelf.workbook(tmp_path / "many.xlsx", sheets), PROBLEMS)
    assert (seen.sheet, seen.header_rows) == ("明细", [1])
    assert seen.found["district"] == "县（市、区）"
    assert seen.samples[0] == ["焦督〔2019〕1号", "焦督〔2019〕2号"]


def test_a_sheet_without_header_is_shown_all_the_same(tmp_path: Path) -> None:
    seen = look(shelf.csv(tmp_path / "letter.csv", [["Dear colleague"], ["please find enclosed"]]), PROBLEMS)
    assert (seen.header_rows, seen.keys, seen.found) == ([], [], {})
    assert seen.first == [(1, ["Dear colleague"]), (2, ["please find enclosed"])]


def test_place_and_columns_of_a_mapping_are_hints_unless_they_are_fixed(tmp_path: Path) -> None:
    path = shelf.xlsx(tmp_path / "moved.xlsx", [["标题"], shelf.HEADER, *shelf.DATA])
    mapping = from_dict(
        {"kind": "problems", "sheet": "去年", "header_row": 1, "columns": {"site": "点位", "description": "问题描述"}},
        is_complete=False,
    )
    seen = look(path, mapping)
    assert (seen.sheet, seen.header_rows) == ("台账", [2])
    # Another name for the same is found; what the mapping doesn't read is not read.
    assert seen.found == {"site": "点位名称", "description": "问题描述"}
    with pytest.raises(ReaderError) as refused:
        look(path, mapping, fixed=True)
    assert refused.value.code == "no_such_sheet"
    fixed = look(path, from_dict({"kind": "problems", "sheet": "台账", "header_row": 1}), fixed=True)
    assert fixed.header_rows == [1]


def test_corrections_are_read_in_the_place_of_cells_and_what_refers_to_them_follows(tmp_path: Path) -> None:
    rows = [list(row) for row in shelf.DATA]
    rows[0][1] = "8月32日"
    rows[1][1] = "同上"
    path = shelf.xlsx(tmp_path / "wrong.xlsx", [shelf.HEADER, *rows])
    with open_ledger(path, PROBLEMS, today=TODAY) as ledger:
        assert [len(row.errors) for row in ledger] == [1, 1]
    corrections = {2: {"found_on": "2019-10-16", "lat": "35.2", "lon": "113.2"}}
    with open_ledger(path, PROBLEMS, today=TODAY, corrections=corrections) as ledger:
        parsed = list(ledger)
    assert [row.errors for row in parsed] == [(), ()]
    assert [str(row.values["found_on"]) for row in parsed] == ["2019-10-16", "2019-10-16"]
    assert (parsed[0].values["lat"], parsed[0].values["lon"]) == (35.2, 113.2)


def test_rows_of_a_value_are_left_out_and_the_word_of_the_route_still_marks_special_ones(tmp_path: Path) -> None:
    rows = [list(row) for row in shelf.DATA]
    rows[0][6] = "专项交办"
    path = shelf.xlsx(tmp_path / "left.xlsx", [shelf.HEADER, *rows])
    mapping = from_dict(
        {"kind": "problems", "leave_out": {"team": ["第二组"]}, "values": {"route": {"马上改": "on_spot"}}}
    )
    with open_ledger(path, mapping, today=TODAY) as ledger:
        first, second = list(ledger)
    assert [one.code for one in second.errors] == ["left_out"]
    assert (first.values["route"], first.values["special"]) == ("central", True)


# --- As a file ------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMES = st.sampled_from(sorted(KINDS["problems"]))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "sheet": TEXTS,
            "header_row": st.lists(st.integers(1, 1000), min_size=1, max_size=2),
            "values": st.dictionaries(st.just("unit"), st.dictionaries(TEXTS, TEXTS, min_size=1), max_size=1),
            "leave_out": st.dictionaries(NAMES, st.lists(TEXTS, min_size=1), max_size=2),
            "defaults": st.fixed_dictionaries({"year": st.integers(1900, 2099)}),
            "create": st.dictionaries(
                st.sampled_from(["units", "sites"]), st.booleans() | st.lists(TEXTS, min_size=1), min_size=1
            ),
        },
    )
)
def test_any_mapping_is_the_same_when_it_comes_back_from_its_file(given_source: dict[str, Any]) -> None:
    source = {"kind": "problems"} | {name: value for name, value in given_source.items() if value}
    assert loads(dumps(source)).source == source


def test_the_profiles_and_the_example_come_back_from_their_files() -> None:
    for source in (EXAMPLE, *(profile(name).source for name in profiles())):
        assert loads(dumps(source)).source == source
