"""Finding the header and telling data rows from titles, totals and signatures."""

from collections.abc import Sequence
from typing import Any

import pytest

from inspections.ledger.errors import LayoutError
from inspections.ledger.fields import KINDS
from inspections.ledger.layout import Header, Record, Records, columns, find_header, make_header, require_columns

ALIASES = {name: (name, *field.headers) for name, field in KINDS["problems"].items()}
WANTED = {"number": ("问题编号",), "found_on": ("发现日期",), "site": ("点位名称",)}
HEAD = ["问题编号", "发现日期", "点位名称", "备注"]


def sheet(*rows: Sequence[Any], start: int = 1) -> list[Record]:
    """Rows as the reader gives them: numbered, blank ones left out."""
    return [Record(number, list(cells), False) for number, cells in enumerate(rows, start) if any(cells)]


def data(rows: list[Record], header: Header, found: dict[str, int], required: Sequence[str] = ()) -> Records:
    return Records(rows, header, found, required)


def test_the_header_is_found_under_titles() -> None:
    rows = sheet(["焦作市问题台账"] * 4, ["截至2019年12月9日"], [], HEAD, ["1", "2019-10-16", "甲", ""])
    header = find_header(rows, WANTED)
    assert header.rows == (4,)
    assert columns(header, WANTED) == {"number": 0, "found_on": 1, "site": 2}
    assert header.labels() == HEAD


def test_header_texts_match_whatever_the_width_the_spaces_and_the_brackets() -> None:
    rows = sheet(["*问题 编号：", "发现\n日期", "县 (市、区)", "ＳＩＴＥ  ＮＡＭＥ"])
    found = columns(find_header(rows, ALIASES), ALIASES)
    assert found == {"number": 0, "found_on": 1, "district": 2, "site": 3}


def test_two_header_rows_and_merged_group_titles() -> None:
    rows = sheet(
        ["问题编号", "发现日期", "点位名称", "整改情况", "整改情况", "核查情况"],
        ["问题编号", "发现日期", "点位名称", "时限", "完成日期", "日期"],
        ["1", "2019-10-16", "甲", "2019-10-20", "", ""],
    )
    wanted = {**WANTED, "due_on": ("整改情况时限",), "done_on": ("完成日期",), "rechecked_on": ("核查情况/日期",)}
    header = find_header(rows, wanted)
    assert header.rows == (1, 2)
    assert columns(header, wanted) == {
        "number": 0,
        "found_on": 1,
        "site": 2,
        "due_on": 3,
        "done_on": 4,
        "rechecked_on": 5,
    }
    assert header.label(4) == "完成日期"
    given = find_header(rows, wanted, at=[1, 2])
    assert columns(given, wanted) == columns(header, wanted)


def test_a_row_number_for_the_header_is_taken_as_said() -> None:
    rows = sheet(HEAD, ["编号", "日期", "点位", "x"])
    assert find_header(rows, WANTED, at=[2]).labels()[0] == "编号"
    with pytest.raises(LayoutError, match="Row 7"):
        find_header(rows, WANTED, at=[7])


def test_without_a_header_there_is_a_clear_error() -> None:
    with pytest.raises(LayoutError) as caught:
        find_header(sheet(["a", "b"], ["1", "2"]), WANTED)
    assert caught.value.code == "no_header"


def test_the_serial_number_is_not_the_problem_number() -> None:
    rows = sheet(["序号", "编号", "发现日期", "点位名称", "问题描述", "县区"])
    assert columns(find_header(rows, ALIASES), ALIASES)["number"] == 1
    rows = sheet(["序号", "发现日期", "点位名称", "问题描述", "县区"])
    assert "number" not in columns(find_header(rows, ALIASES), ALIASES)


def test_the_more_exact_name_wins() -> None:
    rows = sheet(["编号", "问题编号", "日期", "发现日期", "点位名称"])
    found = columns(find_header(rows, ALIASES), ALIASES)
    assert (found["number"], found["found_on"]) == (1, 3)


def test_no_header_text_stands_for_two_names_of_a_kind() -> None:
    from inspections.ledger.cells import normalise

    for kind, fields in KINDS.items():
        texts = [normalise(text) for name, field in fields.items() for text in {name, *field.headers}]
        doubled = {text for text in texts if texts.count(text) > 1}
        own = {normalise(name) for name in fields}
        assert doubled <= own, kind


def test_a_missing_column_is_named_with_the_nearest() -> None:
    header = make_header(sheet(HEAD))
    wanted = {"site": ("点位名",)}
    with pytest.raises(LayoutError, match="点位名称") as caught:
        require_columns(header, columns(header, wanted), wanted)
    assert caught.value.code == "no_such_column"


@pytest.mark.parametrize(
    "cells",
    [
        ["合计", "3170个"],
        ["合 计：", "", "", "12"],
        ["总计（个）", "3"],
        ["小计", "", "3"],
        ["本页小计", "3"],
        ["解放区小计", "12", "", "4"],
        ["合计", "合计", "合计", "合计"],
        ["Total", "", "12"],
        ["Grand total: 12"],
        ["共12条"],
        ["制表人：张三", "", "审核人：李四"],
        ["制表人", "张三", "审核人", "李四"],
        ["填表日期：2019年12月9日"],
        ["填报单位（盖章）：焦作市"],
        ["备注：以上数据截至12月"],
        ["注：1.含示范区"],
        ["第1页 共3页"],
        ["Page 1 of 3"],
        ["Prepared by: Wang"],
        ["", "合计", "", "12"],
        ["（以下空白）"],
    ],
)
def test_totals_and_signatures_are_no_data_rows(cells: list[str]) -> None:
    rows = sheet(HEAD, ["1", "2019-10-16", "甲", ""], cells, ["2", "2019-10-17", "乙", ""])
    records = data(rows, make_header(rows[:1]), columns(make_header(rows[:1]), WANTED), ["found_on", "site"])
    assert [record.number for record in records] == [2, 4]
    assert records.skipped.footers == [3]


@pytest.mark.parametrize(
    "first",
    [
        "合计路工地",
        "总计",
        "审核",
        "备注：无",
        "共青团路",
        "统计局工地",
        "会计学校",
        "注册大厦",
        "说明书厂",
        "解放区小计",
    ],
)
def test_a_full_row_is_never_taken_for_a_footer(first: str) -> None:
    rows = sheet(["点位名称", "发现日期", "问题编号"], [first, "2019-10-16", "1"])
    header = make_header(rows[:1])
    assert [record.number for record in data(rows, header, columns(header, WANTED), ["found_on", "site"])] == [2]


def test_lines_without_anything_mapped_are_blank() -> None:
    rows = sheet(["序号", *HEAD], [1, "a", "2019-10-16", "甲", ""], [2, "", "", "", ""], [3, " ", "/", "", ""])
    header = make_header(rows[:1])
    records = data(rows, header, columns(header, WANTED))
    assert [record.number for record in records] == [2]
    assert records.skipped.blank == [3, 4]


def test_titles_and_headers_repeated_on_every_printed_page_are_left_out() -> None:
    title = ["某市问题台账"]
    rows = sheet(title, HEAD, ["1", "2019-10-16", "甲", ""], title, HEAD, ["2", "2019-10-17", "乙", ""])
    header = find_header(rows, WANTED)
    records = data(rows, header, columns(header, WANTED))
    assert [record.number for record in records] == [3, 6]
    assert records.skipped.headers == [4, 5]


def test_ditto_marks_take_the_value_above() -> None:
    rows = sheet(
        HEAD,
        ["1", "2019-10-16", "甲", "x"],
        ["2", "同上", "〃", ""],
        ["3", " 同 上 ", "〃", "同上"],
        ["4", "ditto", "丙", "同上"],
    )
    header = make_header(rows[:1])
    found = columns(header, {**WANTED, "remark": ("备注",)})
    assert [record.cells for record in data(rows, header, found)] == [
        ["1", "2019-10-16", "甲", "x"],
        ["2", "2019-10-16", "甲", ""],
        ["3", "2019-10-16", "甲", ""],
        ["4", "2019-10-16", "丙", ""],
    ]


def test_a_ditto_mark_in_the_first_row_stays_and_is_refused_later() -> None:
    rows = sheet(HEAD, ["1", "同上", "甲", ""])
    header = make_header(rows[:1])
    assert next(iter(data(rows, header, columns(header, WANTED)))).cells[1] == "同上"


def test_hidden_rows_are_counted() -> None:
    rows = [*sheet(HEAD), Record(2, ["1", "x", "甲"], True), Record(3, ["2", "x", "乙"], False)]
    records = data(rows, make_header(rows[:1]), columns(make_header(rows[:1]), WANTED))
    assert len(list(records)) == 2
    assert records.hidden == 1
