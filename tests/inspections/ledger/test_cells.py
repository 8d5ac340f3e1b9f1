"""Every way of writing a date, a number, yes and no; what is none is refused, never guessed."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from casetracker.exporting import quoting
from inspections.ledger import cells
from inspections.ledger.errors import CellError

DAY = datetime.date(2019, 10, 16)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates(), st.datetimes(), st.binary().map(str)
)


def code_of(call: Any, *values: Any, **more: Any) -> str:
    with pytest.raises(CellError) as caught:
        call(*values, **more)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(
    "cell",
    [
        DAY,
        datetime.datetime(2019, 10, 16, 23, 59),
        "2019.10.16",
        "2019年10月16日",
        "2019年10月16号",
        "2019年 10月 16日",
        "2019/10/16",
        "2019-10-16",
        "2019、10、16",
        "20191016",
        20191016,
        "２０１９年１０月１６日",
        "２０１９．１０．１６",
        " 2019-10-16 ",
        "2019-10-16 08:30",
        "2019-10-16 8:30:15",
        "2019-10-16T08:30:00+08:00",
        "2019/10/16 上午",
        "2019年10月16日上午8时30分",
        "2019年10月16日8时",
        "2019年10月16日（星期三）",
        "19年10月16日",
        43754,
        43754.4,
        "43754",
    ],
)
def test_dates_as_people_write_them(cell: Any) -> None:
    assert cells.as_date(cell) == DAY


@pytest.mark.parametrize(
    "cell",
    [
        "8月32日",
        "2019-02-29",
        "2019年13月1日",
        "尽快",
        "10月16日",
        "10/16/2019",
        "16/10/2019",
        "19.10.16",
        "2019",
        "2019-10",
        "2019-10-16 至 2019-10-18",
        "10.16",
        "二月",
        True,
        3,
        10.16,
        -5,
        10**12,
        float("nan"),
        float("inf"),
        "0000-00-00",
        "1019-10-16",
        "9999-12-31",
        "2019-10-16 99999",
        "20191341",
        "12345678",
        "2019-10-168:30",
    ],
)
def test_what_is_no_date_is_refused(cell: Any) -> None:
    assert code_of(cells.as_date, cell) == "bad_date"


@pytest.mark.parametrize("cell", [None, "", "  ", "/", "—", "--", "　", "－"])
def test_empty_cells_and_strokes_are_empty(cell: Any) -> None:
    for parse in (cells.as_date, cells.as_bool, cells.as_int, cells.as_decimal, cells.as_number_text, cells.as_lat):
        assert parse(cell) is None
    assert cells.as_choice(cell, {}) is None
    assert cells.as_names(cell) == []


def test_a_date_without_a_year_takes_the_mappings_year() -> None:
    assert cells.as_date("10月16日", year=2019) == DAY
    assert cells.as_date("10.16", year=2019) == DAY
    assert cells.as_date("10月16日（周三）", year=2019) == DAY
    assert code_of(cells.as_date, "8月32日", year=2019) == "bad_date"
    assert code_of(cells.as_date, "2月29日", year=2019) == "bad_date"


@pytest.mark.parametrize(("cell", "month_and_day"), [("11月5日", "11-05"), ("２月２８日", "02-28"), ("3.8", "03-08")])
def test_a_date_that_lacks_its_year_is_told_so_with_an_example_of_this_year(cell: str, month_and_day: str) -> None:
    with pytest.raises(CellError) as error:
        cells.as_date(cell)
    year = timezone.localdate().year
    assert str(error.value) == f"The year is missing in “{cell}”. Write it as {year}-{month_and_day}."
    others: list[tuple[str, dict[str, Any]]] = [("8月32日", {}), ("尽快", {}), ("2月29日", {"year": 2019})]
    for other, options in others:
        with pytest.raises(CellError, match=f"is not a date. Write it as {year}-"):
            cells.as_date(other, **options)


@pytest.mark.parametrize(("year", "example"), [(2026, "2024-02-29"), (2024, "2024-02-29"), (1903, "1896-02-29")])
def test_the_example_of_a_date_is_a_day_that_there_is(year: int, example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: datetime.date(year, 3, 1))
    with pytest.raises(CellError, match=rf"Write it as {example}\."):
        cells.as_date("2月29日")


def test_a_date_without_a_year_lies_after_the_day_it_began() -> None:
    found = datetime.date(2019, 12, 20)
    assert cells.as_date("1月5日", year=2019, not_before=found) == datetime.date(2020, 1, 5)
    assert cells.as_date("12月20日", year=2019, not_before=found) == found
    assert cells.as_date("12月31日", not_before=found) == datetime.date(2019, 12, 31)
    assert cells.as_date("1月20日", year=2019, not_before=datetime.date(2020, 2, 3)) == datetime.date(2021, 1, 20)
    assert cells.as_date("2月29日", year=2019, not_before=found) == datetime.date(2020, 2, 29)


def test_bare_numbers_follow_the_order_the_mapping_says() -> None:
    assert cells.as_date("10/16/2019", order="mdy") == DAY
    assert cells.as_date("10/16/19 8:30 AM", order="mdy") == DAY
    assert cells.as_date("16.10.2019", order="dmy") == DAY
    assert cells.as_date("19.10.16", order="ymd") == DAY
    assert cells.as_date("2019-10-16", order="mdy") == DAY
    assert code_of(cells.as_date, "16/10/2019", order="mdy") == "bad_date"


def test_bare_serials_follow_the_books_first_day() -> None:
    assert cells.as_date(43754 - 1462, date_1904=True) == DAY


@given(st.dates(datetime.date(1949, 1, 1), datetime.date(2100, 12, 31)))
def test_every_day_is_read_from_every_form(day: datetime.date) -> None:
    for text in ("{0:%Y-%m-%d}", "{0.year}.{0.month}.{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y%m%d}"):
        assert cells.as_date(text.format(day)) == day
    assert cells.as_date(f"{day.month}/{day.day}/{day.year}", order="mdy") == day


def test_yes_and_no() -> None:
    for yes in ("是", "√", "Y", "yes", "1", 1, 1.0, "１", True, "✔", "有"):
        assert cells.as_bool(yes) is True
    for no in ("否", "×", "N", "no", "0", 0, False, "无"):
        assert cells.as_bool(no) is False
    assert code_of(cells.as_bool, "也许") == "unknown_value"
    assert code_of(cells.as_bool, 2) == "unknown_value"


def test_numbers() -> None:
    assert cells.as_int("３人") == 3
    assert cells.as_int("3.0") == 3
    assert cells.as_int(3.0) == 3
    assert cells.as_decimal("1,234.50") == Decimal("1234.50")
    assert cells.as_decimal("￥1,234元") == Decimal(1234)
    assert cells.as_decimal(0.1 + 0.2) == Decimal("0.3")
    assert cells.as_decimal("1e2") == Decimal(100)
    for bad in ("三", "3-5", "1e309", "nan", "1.234", -1, 10**9, True, DAY, "1,23", "٣"):
        assert code_of(cells.as_decimal, bad) == "bad_number"
    assert code_of(cells.as_int, 2.5) == "bad_number"


@pytest.mark.parametrize(
    "cell",
    [
        "焦督〔2019〕12号",
        "焦督[2019]12号",
        "焦督(2019)12号",
        "焦督（2019）12号",
        "焦督【2019】12号",
        "焦督［2019］12号",
        "焦督〔2019〕第12号",
        "焦督〔2019〕012号",
        "焦督〔２０１９〕１２号",
        " 焦督 〔2019〕 12 号 ",
        "焦督〔2019〕12",
        "焦督2019年第12号",
        "焦督〔2019年〕12号",
        "焦督\n〔2019〕12号",
    ],
)
def test_a_case_number_has_one_normal_form(cell: str) -> None:
    assert cells.as_number_text(cell) == ("焦督〔2019〕12号", "焦督", 2019, 12)


def test_other_numbers_stay_as_they_are() -> None:
    assert cells.as_number_text("HB－１２/3") == ("HB-12/3", "HB-12/3", None, None)
    assert cells.as_number_text(17) == ("17", "17", None, None)
    assert code_of(cells.as_number_text, "7" * 61) == "too_long"


@pytest.mark.parametrize(
    "cell", ["abc???", "待定", "无编号", "？", "12?", "焦督〔2019〕12号？", "见附件", "???〔2019〕1号"]
)
def test_what_can_be_no_number_is_refused(cell: str) -> None:
    assert code_of(cells.as_number_text, cell) == "bad_number"


@pytest.mark.parametrize("cell", ["2019-0012", "JD/2019 (3)", "№ 7", "督办〔2019〕第3批-12", "A.1_b", "1、2"])
def test_numbers_of_other_registers_are_numbers(cell: str) -> None:
    number = cells.as_number_text(cell)
    assert number is not None


def test_positions() -> None:
    assert cells.as_lat(35.225953) == 35.225953
    assert cells.as_lon("E113.23") == cells.as_lon("113.23°") == cells.as_lon("东经113.23度") == 113.23
    assert cells.as_lat("35°13'33.4\"") == cells.as_lat("N35°13′33.4″") == 35.225944
    assert cells.as_lat("33.5S") == cells.as_lat("-33.5") == -33.5
    for bad in ("113.2,35.1", 91, "x", "N", True, "1e1", DAY):
        assert code_of(cells.as_lat, bad) == "bad_number"
    assert cells.as_lon(113) == 113.0


def test_free_text_is_never_folded() -> None:
    text = "长约１２０米，（见图）〔２０１９〕　甲\n乙"
    assert cells.as_text(f" 　{text}\t\ufeff ") == text
    assert cells.as_text("a\x00b\x07c\r\nd\re") == "abc\nd\ne"
    assert cells.as_text(3) == "3"
    assert cells.as_text(1e-7) == "0.0000001"
    assert cells.as_text(DAY) == "2019-10-16"
    assert cells.as_text("") is None
    assert code_of(cells.as_text, "字" * 11, longest=10) == "too_long"


def test_names_stand_on_one_line() -> None:
    assert cells.as_name("中站区\n巷口羊汤") == "中站区巷口羊汤"
    assert cells.as_name("Grotto\r\nPizza") == "Grotto Pizza"


def test_several_names_in_one_cell() -> None:
    assert cells.as_names("市城管局、马村区政府") == ["市城管局", "马村区政府"]
    assert cells.as_names("Bureau of X, Y；市城管局") == ["Bureau of X, Y", "市城管局"]
    assert cells.as_names("a,b，a, 无,/") == ["a", "b"]


NAMES = st.text(st.sampled_from("ab、；;，, 市局"), min_size=1).map(str.strip).filter(lambda name: cells.as_name(name))


@given(st.lists(NAMES.filter(lambda name: not cells.is_nothing(name)), unique=True, max_size=4))
def test_joined_names_come_apart_into_the_same(names: list[str]) -> None:
    assert cells.as_names(cells.join_names(names)) == names


@given(st.text())
def test_csv_quoting_is_undone_exactly(text: str) -> None:
    assert quoting.unquote_csv(quoting.quote_csv(text)) == text
    assert not quoting.quote_csv(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))


def test_csv_quoting_takes_off_one_quote_and_no_foreign_one() -> None:
    assert quoting.quote_csv("=1+1") == "'=1+1"
    assert quoting.quote_csv("'=1") == "''=1"
    assert quoting.unquote_csv("''=1") == "'=1"
    assert quoting.unquote_csv("'tis") == "'tis"


@given(st.text())
def test_reading_text_twice_changes_nothing(text: str) -> None:
    once = cells.as_text(text)
    assert cells.as_text(once) == once
