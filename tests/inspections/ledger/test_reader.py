"""Spreadsheets of every make: each gives its rows, or one clear error."""

import datetime
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casetracker.exporting.quoting import quote_csv
from inspections.ledger.errors import ReaderError
from inspections.ledger.reader import CHILD, Limits, read, sheets
from tests.inspections.ledger import shelf

DEMO = Path(__file__).parents[3] / "inspections" / "demo"


def rows_of(path: Path, **more: Any) -> list[tuple[int, list[Any]]]:
    with read(path, **more) as reading:
        return [(row.number, list(row.cells)) for batch in reading for row in batch]


def refused(path: Path, **more: Any) -> ReaderError:
    with pytest.raises(ReaderError) as caught:
        rows_of(path, **more)
    assert str(caught.value)
    return caught.value


def test_cells_keep_their_types(tmp_path: Path) -> None:
    moment = datetime.datetime(2019, 10, 16, 8, 30)
    path = shelf.xlsx(tmp_path / "a", [["text", 3.0, 2.5, shelf.DAY, moment, True, None, " 空格 "]])
    assert rows_of(path) == [(1, ["text", 3, 2.5, shelf.DAY, moment, True, None, " 空格 "])]
    assert type(rows_of(path)[0][1][1]) is int


def test_the_form_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert rows_of(shelf.xlsx(tmp_path / "a.csv", [["x"]])) == [(1, ["x"])]
    with read(shelf.csv(tmp_path / "b.xlsx", [["x", "y"]])) as reading:
        assert reading.sheet.form == "csv"


def test_dates_of_the_1904_system(tmp_path: Path) -> None:
    path = shelf.xlsx(tmp_path / "a.xlsx", [[shelf.DAY, 43754]], date_1904=True)
    with read(path) as reading:
        assert reading.sheet.date_1904
        assert [row.cells for batch in reading for row in batch] == [[shelf.DAY, 43754]]


def test_formulas_give_their_stored_value_and_errors_nothing(tmp_path: Path) -> None:
    path = shelf.xlsx(tmp_path / "a.xlsx", [["x", ("=1+1", 2), ("=1/0", "#DIV/0!"), ("=A1", "文"), "y"]])
    assert rows_of(path) == [(1, ["x", 2, None, "文", "y"])]
    cells = '<c r="A1"><f>1+1</f></c><c r="B1"><f>1+1</f><v></v></c><c r="C1"><v>5</v></c>'
    path = shelf.raw_xlsx(tmp_path / "b.xlsx", f'<sheetData><row r="1">{cells}</row></sheetData>')
    assert rows_of(path) == [(1, [None, None, 5])]


def test_long_whole_numbers_keep_every_digit(tmp_path: Path) -> None:
    cells = '<c r="A1"><v>410811199003071234</v></c><c r="B1"><v>123456789012345</v></c><c r="C1"><v>1.5E+15</v></c>'
    path = shelf.raw_xlsx(tmp_path / "a.xlsx", f'<sheetData><row r="1">{cells}</row></sheetData>')
    assert rows_of(path) == [(1, ["410811199003071234", 123456789012345, "1500000000000000"])]


def test_merged_ranges_repeat_their_value(tmp_path: Path) -> None:
    rows = [["标题", "", ""], ["区", "点", "n"], ["解放区", "一", 1], ["", "二", 2], ["", "三", 3], ["山阳区", "四", 4]]
    path = shelf.xlsx(tmp_path / "a.xlsx", rows, merges=[(0, 0, 0, 2), (2, 0, 4, 0)])
    assert rows_of(path) == [
        (1, ["标题", "标题", "标题"]),
        (2, ["区", "点", "n"]),
        (3, ["解放区", "一", 1]),
        (4, ["解放区", "二", 2]),
        (5, ["解放区", "三", 3]),
        (6, ["山阳区", "四", 4]),
    ]


def test_a_row_that_only_lies_in_a_merged_range_is_blank(tmp_path: Path) -> None:
    path = shelf.xlsx(tmp_path / "a.xlsx", [["解放区", "一"], ["", ""], ["", "三"]], merges=[(0, 0, 2, 0)])
    assert rows_of(path) == [(1, ["解放区", "一"]), (3, ["解放区", "三"])]


def test_hidden_rows_are_read_and_marked(tmp_path: Path) -> None:
    path = shelf.xlsx(tmp_path / "a.xlsx", [["a"], ["b"], ["c"]], hidden_rows=[1])
    with read(path) as reading:
        assert reading.sheet.hidden_rows == 1
        assert [row.hidden for batch in reading for row in batch] == [False, True, False]


def test_the_first_visible_filled_sheet_is_read_unless_one_is_named(tmp_path: Path) -> None:
    path = shelf.workbook(
        tmp_path / "a.xlsx", {"空": [], "藏": [["h"]], "一月": [["1"]], "二月 ": [["2", "3"]]}, hidden_sheets=["藏"]
    )
    assert rows_of(path) == [(1, ["1"])]
    assert rows_of(path, sheet="二月") == [(1, ["2", "3"])]
    assert rows_of(path, sheet="藏") == [(1, ["h"])]
    assert [(size.name, size.rows, size.columns, size.visible) for size in sheets(path)] == [
        ("空", 0, 0, True),
        ("藏", 1, 1, False),
        ("一月", 1, 1, True),
        ("二月 ", 1, 2, True),
    ]
    error = refused(path, sheet="三月")
    assert error.code == "no_such_sheet"
    assert "二月" in str(error)
    assert refused(path, sheet="空").code == "empty"


def test_old_excel_files(tmp_path: Path) -> None:
    path = shelf.xls(tmp_path / "a.xls", [["编号", "日期"], ["焦督〔2019〕1号", shelf.DAY], ["x", 3]], hidden_rows=[1])
    assert rows_of(path) == [(1, ["编号", "日期"]), (2, ["焦督〔2019〕1号", shelf.DAY]), (3, ["x", 3])]
    assert [size.name for size in sheets(path)] == ["台账"]
    with read(path) as reading:
        assert reading.sheet.form == "xls"
        assert [row.hidden for batch in reading for row in batch] == [False, True, False]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_encoding_and_with_every_delimiter(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["问题编号", "问题描述", "备注"], ["1", "黄土裸露，约200平方米", "a,b;c"], ["2", "两\n行", "㙍"]]
    path = shelf.csv(tmp_path / "a.csv", rows, delimiter=delimiter, encoding=encoding)
    assert rows_of(path) == [(1, rows[0]), (2, rows[1]), (3, rows[2])]
    assert sheets(path)[0].name == ""
    assert rows_of(path, sheet="whatever")[0] == (1, rows[0])


def test_a_delimiter_said_in_the_first_line_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=|\na|b,c\n\nd|e\n", "utf-8")
    assert rows_of(tmp_path / "a.csv") == [(2, ["a", "b,c"]), (4, ["d", "e"])]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=2, max_size=5))
def test_what_the_export_quotes_comes_back_unquoted(tmp_path: Path, texts: list[str]) -> None:
    line = ",".join('"' + quote_csv(text).replace('"', '""') + '"' for text in texts)
    (tmp_path / "a.csv").write_text(f"{line}\r\n", "utf-8-sig")
    assert rows_of(tmp_path / "a.csv") == [(1, texts)]


@pytest.mark.parametrize("write", [shelf.xlsx, shelf.xls])
def test_a_table_that_begins_further_in_keeps_its_places(tmp_path: Path, write: Any) -> None:
    path = write(tmp_path / "a", [[], [None, None, "x", "y"], [], [None, None, None, "z"]])
    assert rows_of(path) == [(2, [None, None, "x", "y"]), (4, [None, None, None, "z"])]


def test_batches_are_bounded_and_an_early_end_is_harmless(tmp_path: Path) -> None:
    path = shelf.xlsx(tmp_path / "a.xlsx", [[number, "字" * 100] for number in range(1200)])
    with read(path) as reading:
        assert [len(batch) for batch in reading] == [500, 500, 200]
    with read(path) as reading:
        next(iter(reading))


@pytest.mark.parametrize("place", ["XFD1", "A1048576", "GS1"])
def test_a_cell_far_out_is_refused_before_anything_is_loaded(tmp_path: Path, place: str) -> None:
    row = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    sheet = f'<sheetData><row r="{row}">{shelf.inline(place, "x")}</row></sheetData>'
    assert refused(shelf.raw_xlsx(tmp_path / "a.xlsx", sheet)).code == "too_large"
    assert refused(shelf.raw_xlsx(tmp_path / "b.xlsx", sheet.replace('"', "'"))).code == "too_large"


def test_cells_without_a_position_are_counted(tmp_path: Path) -> None:
    cell = "<c><v>1</v></c>"
    path = shelf.raw_xlsx(tmp_path / "a.xlsx", f"<sheetData><row>{cell * 3}</row><row>{cell}</row></sheetData>")
    assert rows_of(path) == [(1, [1, 1, 1]), (2, [1])]
    path = shelf.raw_xlsx(tmp_path / "b.xlsx", f"<sheetData><row>{cell * 201}</row></sheetData>")
    assert refused(path).code == "too_large"


def test_a_sheet_that_hides_from_the_scan_meets_the_memory_limit(tmp_path: Path) -> None:
    # blanks around the equals sign are legal XML; the scan looks for none
    far = '<row r = "1048576"><c r = "XFD1048576"><v>1</v></c></row>'
    path = shelf.raw_xlsx(tmp_path / "a.xlsx", f'<sheetData><row r="1"><c r="A1"><v>1</v></c></row>{far}</sheetData>')
    assert refused(path).code == "too_large"


def test_limits_of_csv(tmp_path: Path) -> None:
    path = shelf.csv(tmp_path / "a.csv", [["x"] * 5] * 5)
    assert refused(path, limits=Limits(rows=4)).code == "too_large"
    assert refused(path, limits=Limits(columns=4)).code == "too_large"
    assert refused(path, limits=Limits(cells=24)).code == "too_large"
    assert refused(path, limits=Limits(file_bytes=10)).code == "too_large"


def test_a_zip_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    path = shelf.raw_xlsx(tmp_path / "a.xlsx", "<sheetData/>", shared="<sst>" + " " * 10_000 + "</sst>")
    content = path.read_bytes()
    size = (10_000 + len("<sst></sst>")).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (100).to_bytes(4, "little")))
    assert refused(path).code == "unreadable"


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def test_billion_laughs_and_every_document_type_are_refused(tmp_path: Path) -> None:
    path = shelf.raw_xlsx(tmp_path / "a.xlsx", '<sheetData><row r="1"><c r="A1"/></row></sheetData>', prolog=LAUGHS)
    error = refused(path)
    assert error.code == "unreadable"
    assert "document type" in str(error)
    assert refused(shelf.raw_xlsx(tmp_path / "b.xlsx", "<sheetData/>", workbook_prolog=LAUGHS)).code == "unreadable"
    assert refused(shelf.raw_xlsx(tmp_path / "c.xlsx", "<sheetData/>", shared=f"{LAUGHS}<sst/>")).code == "unreadable"


@pytest.mark.parametrize("kept", [30, 200, 3000, 5000])
def test_a_truncated_file_is_unreadable(tmp_path: Path, kept: int) -> None:
    content = shelf.xlsx(tmp_path / "a.xlsx", shelf.DATA).read_bytes()
    (tmp_path / "b.xlsx").write_bytes(content[:kept])
    assert refused(tmp_path / "b.xlsx").code == "unreadable"
    content = shelf.xls(tmp_path / "a.xls", shelf.DATA).read_bytes()
    (tmp_path / "b.xls").write_bytes(content[:kept])
    assert refused(tmp_path / "b.xls").code in ("unreadable", "not_a_spreadsheet")


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(range(256)) * 20,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\x00",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\x01\x02\x03\x04\x05\x06\x07\x08 abc",
        b"<html><table><tr><td>1</td></tr></table></html>",
        b'<?xml version="1.0"?><Workbook/>',
    ],
)
def test_other_files_under_a_spreadsheets_name_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ledger.xlsx").write_bytes(content)
    assert refused(tmp_path / "ledger.xlsx").code == "not_a_spreadsheet"


def test_other_office_files_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert refused(tmp_path / "a.ods").code == "not_a_spreadsheet"
    (tmp_path / "a.doc").write_bytes(shelf.compound("WordDocument", b"\0" * 4096))
    assert refused(tmp_path / "a.doc").code == "not_a_spreadsheet"


def test_empty_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    assert refused(tmp_path / "a.csv").code == "empty"
    (tmp_path / "b.csv").write_bytes(b"\r\n,,\r\n")
    assert refused(tmp_path / "b.csv").code == "empty"
    assert refused(shelf.raw_xlsx(tmp_path / "c.xlsx", "<sheetData/>")).code == "empty"
    assert refused(tmp_path / "none.xlsx").code == "unreadable"


def test_a_child_beyond_its_time_is_a_clear_error(tmp_path: Path) -> None:
    path = shelf.csv(tmp_path / "a.csv", [["x"] * 20] * 200_000)
    error = refused(path, limits=Limits(cpu_seconds=1, rows=10**9))
    assert (error.code, "1 seconds" in str(error)) == ("too_large", True)


def test_a_child_that_dies_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("import os; os.abort()")
    monkeypatch.setattr("inspections.ledger.reader.CHILD", dying)
    assert refused(shelf.csv(tmp_path / "a.csv", [["x"]])).code == "reader_died"


def test_the_child_imports_no_django_and_sees_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASETRACKER_SECRET_KEY", "secret")
    spy = tmp_path / "spy.py"
    spy.write_text(
        "import sys, os, json, runpy\n"
        f"runpy.run_path({str(CHILD)!r})\n"
        "bad = [name for name in ('django', 'psycopg', 'socket') if name in sys.modules]\n"
        "bad += [name for name in os.environ if name.startswith('CASETRACKER')]\n"
        "print(json.dumps({'error': 'no_such_sheet', 'sheet': '', 'sheets': bad}))\n"
    )
    monkeypatch.setattr("inspections.ledger.reader.CHILD", spy)
    assert str(refused(shelf.csv(tmp_path / "a.csv", [["x"]]))).endswith("The file has: .")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=2000), st.integers(0, 5000), st.booleans())
def test_damage_anywhere_gives_rows_or_a_clear_error(tmp_path: Path, noise: bytes, place: int, old: bool) -> None:
    path = tmp_path / "a"
    (shelf.xls if old else shelf.xlsx)(path, [shelf.HEADER, *shelf.DATA])
    content = bytearray(path.read_bytes())
    content[place : place + len(noise)] = noise
    path.write_bytes(content)
    try:
        rows_of(path)
    except ReaderError as error:
        died = error.code == "reader_died"
    else:
        died = False
    assert not died


def test_a_path_with_blanks_and_chinese(tmp_path: Path) -> None:
    folder = tmp_path / "二〇一九 年度"
    folder.mkdir()
    assert rows_of(shelf.xlsx(folder / "台 账.xlsx", [["x"]])) == [(1, ["x"])]
    assert os.listdir(folder) == ["台 账.xlsx"]


@pytest.mark.parametrize(("name", "rows"), [("problems", 3174), ("visits", 12480)])
def test_the_practice_workbooks_are_read_whole(name: str, rows: int) -> None:
    assert len(rows_of(DEMO / f"jiaozuo-2019-{name}.xlsx")) == rows
