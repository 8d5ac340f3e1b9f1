"""The shelf of ugly ledgers: each stands here with what is in it and the answer that the whole importer gives."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from inspections.ledger import checks
from inspections.ledger.exporting.values import told
from inspections.ledger.reader import CHILD, Limits
from inspections.models import ImportRow, Problem
from tests.cast import Cast
from tests.inspections.ledger import shelf

HEAD = ["问题编号", "发现日期", "县区", "点位名称", "问题描述", "数量"]
USUAL = ["焦督〔2019〕{}号", "2019-10-16", "解放区", "东环工地", "黄土未覆盖", None]
DAY = date(2019, 10, 16)

PLAIN = 'kind = "problems"\n[create]\nsites = true\n'
YEAR = PLAIN + "[defaults]\nyear = 2019\n"
# The header of the ledger as offices keep it, said in full.
SAID = """kind = "problems"
header_row = [3, 4]
[columns]
number = "问题编号"
found_on = "发现日期"
district = "县区"
site = "点位"
description = "存在问题"
due_on = "时限"
done_on = "完成日期"
[defaults]
year = 2019
[create]
sites = true
"""


def row(number: int, **cells: Any) -> list[Any]:
    """An ordinary row with some cells changed, by header text."""
    return [cells.get(header, cell) for header, cell in zip(HEAD, [USUAL[0].format(number), *USUAL[1:]], strict=True)]


@dataclass(frozen=True)
class Answer:
    """What the importer says of a ledger.

    Of every refused row its number, column and code, the same of doubtful ones; `looks` are the problems made, in the
    order of the sheet, by some of their columns. `file` is the code where the whole file is refused. Reading takes no
    more than `megabytes`.
    """

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    hidden: int = 0
    refused: Sequence[tuple[int, str, str]] = ()
    doubtful: Sequence[tuple[int, str, str]] = ()
    unread: Sequence[str] = ()
    looks: Sequence[dict[str, str]] = ()
    file: str = ""
    megabytes: int = 300


@dataclass(frozen=True)
class Ugly:
    name: str
    make: Callable[[Path], Path]
    mapping: str
    answer: Answer


SHELF: list[Ugly] = []


def ugly(mapping: str = PLAIN, **answer: Any) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    """Put a ledger on the shelf, with the answer to it."""

    def keep(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        same = sum(one.make is make for one in SHELF)
        SHELF.append(Ugly(make.__name__ + "_again" * same, make, mapping, Answer(**answer)))
        return make

    return keep


def descriptions(*texts: str) -> list[dict[str, str]]:
    return [{"description": text} for text in texts]


# --- Where things stand -------------------------------------------------------------------------------


KEPT = [
    {"number": "焦督〔2019〕1号", "district": "解放区", "found_on": "2019-10-16", "description": "长约１２０米"},
    {"number": "焦督〔2019〕2号", "district": "解放区", "found_on": "2019-10-16", "description": "长约１２０米"},
    {"number": "焦督〔2019〕3号", "district": "山阳区", "found_on": "2019-12-25", "description": "围挡不全"},
]
DUE = [{"due_on": "2019-10-20", "done_on": "2019-10-19"}, {"due_on": "2019-10-20"}, {"due_on": "2020-01-05"}]


@ugly(
    SAID, rows=3, accepted=3, hidden=1, unread=["序号"], looks=[one | due for one, due in zip(KEPT, DUE, strict=True)]
)
# 时限 alone is no usual name; the mapping above knows it.
@ugly(YEAR, rows=3, accepted=3, hidden=1, unread=["序号", "时限"], looks=KEPT)
def as_offices_keep_it_with_two_header_rows(path: Path) -> Path:
    rows = [
        ["某市问题台账", *[""] * 7],
        ["截至2019年12月9日"],
        ["序号", "问题编号", "发现日期", "县区", "点位", "存在问题", "整改情况", ""],
        ["", "", "", "", "", "", "时限", "完成日期"],
        [1, "焦督［２０１９］第０１号", "10月16日", "解放区", "东环工地", "长约１２０米", "10月20日", "2019.10.19"],
        [2, "焦督〔2019〕2号", "同上", "", "西环工地", "同上", "10月20日", ""],
        ["小计", "2个"],
        [3, "焦督〔2019〕3号", "12月25日", "山阳区", "南环工地", "围挡不全", "1月5日", ""],
        ["合计", "3个"],
        ["制表人：张三", "", "", "审核人：李四"],
    ]
    merges = [(0, 0, 0, 7), *[(2, column, 3, column) for column in range(6)], (2, 6, 2, 7), (4, 3, 5, 3)]
    return shelf.xlsx(path, rows, merges=merges, hidden_rows=[5])


@ugly(rows=3, accepted=3, looks=[{"district": "解放区"}, {"district": "解放区"}, {"district": "中站区"}])
def merged_districts_of_which_one_reaches_over_a_blank_row(path: Path) -> Path:
    rows = [HEAD, row(1), row(2, 县区=""), [""] * 6, row(3, 县区="中站区")]
    return shelf.xlsx(path, rows, merges=[(1, 2, 3, 2)])


@ugly(
    rows=4,
    accepted=3,
    refused=[(2, "发现日期", "bad_date")],
    looks=[{"found_on": "2019-10-16", "description": "围挡不全"}] * 2 + [{"description": "同上所述的围挡"}],
)
def ditto_marks_and_one_with_nothing_above(path: Path) -> Path:
    first = row(1, 发现日期="同上")
    more = [row(2, 问题描述="围挡不全"), row(3, 发现日期="〃", 县区=" 同 上 ", 问题描述="同上")]
    return shelf.xlsx(path, [HEAD, first, *more, row(4, 发现日期="ditto", 问题描述="同上所述的围挡")])


@ugly(rows=3, accepted=3, looks=[{"site": "东环工地"}, {"site": "合计路工地"}, {"site": "西环工地"}])
def totals_signatures_and_a_header_on_every_page(path: Path) -> Path:
    title = ["某市问题台账"]
    page = [row(1), ["本页小计", "", "", "1"], title, HEAD, row(2, 点位名称="合计路工地"), row(3, 点位名称="西环工地")]
    foot = [["合计", "3个"], ["制表人", "张三", "审核人", "李四"], ["填报日期：2019年12月9日"], ["（以下空白）"]]
    return shelf.csv(path, [title, HEAD, *[[cell or "" for cell in cells] for cells in page], *foot])


@ugly(rows=2, accepted=2, looks=descriptions("二月甲", "二月乙"))
def several_sheets_of_which_the_third_is_the_ledger(path: Path) -> Path:
    summary = [["县区", "点位名称", "数量"], ["解放区", "x", 3]]
    old, new = [HEAD, row(1)], [HEAD, row(2, 问题描述="二月甲"), row(3, 问题描述="二月乙")]
    sheets = {"填表说明": [["请如实填写"]], "一月": old, "汇总": summary, "二月": new}
    return shelf.workbook(path, sheets, hidden_sheets=["一月"])


@ugly(rows=3, accepted=3, hidden=2)
def rows_hidden_by_a_filter_are_counted_and_taken_in(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, row(1), row(2), row(3)], hidden_rows=[1, 3])


@ugly(rows=1, accepted=1, unread=["备注"], looks=[{"remark": "左边的"}])
def two_columns_of_one_name_of_which_the_left_one_counts(path: Path) -> Path:
    return shelf.xlsx(path, [[*HEAD, "备注", "备注"], [*row(1), "左边的", "右边的"]])


@ugly(rows=0)
def nothing_below_the_header(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, ["合计", "0个"]])


@ugly(file="no_header")
def no_header_anywhere(path: Path) -> Path:
    return shelf.xlsx(path, [row(1), row(2)])


@ugly(file="missing_columns")
def a_header_without_a_column_that_every_problem_needs(path: Path) -> Path:
    return shelf.xlsx(path, [[*HEAD[:2], *HEAD[3:]], [*row(1)[:2], *row(1)[3:]]])


@ugly(rows=4, accepted=2, duplicates=1, refused=[(5, "问题编号", "duplicate")])
def a_row_twice_and_its_number_on_another_row(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, row(1), row(2), row(1), row(1, 问题描述="别的问题")])


# --- Dates --------------------------------------------------------------------------------------------


DATES: list[Any] = [DAY, datetime(2019, 10, 16, 23, 59), "2019.10.16", "2019年10月16日", "2019/10/16", 20191016, 43754,
                    "43754", "２０１９．１０．１６", "2019年10月16日（星期三）上午8时30分", " 2019-10-16 "]  # fmt: skip
NO_DATES: list[Any] = ["8月32日", "尽快", "2019-02-29", "16/10/2019", True, -5, 1e300, "2019-10-16 至 2019-10-18"]


@ugly(
    rows=19,
    accepted=11,
    refused=[(number, "发现日期", "bad_date") for number in range(13, 21)],
    looks=[{"found_on": "2019-10-16"}] * 11,
)
def dates_of_every_make_in_one_column(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, *[row(number, 发现日期=day) for number, day in enumerate(DATES + NO_DATES, 1)]])


@ugly(YEAR, rows=3, accepted=2, refused=[(4, "发现日期", "bad_date")], looks=[{"found_on": "2019-10-16"}] * 2)
@ugly(PLAIN, rows=3, refused=[(number, "发现日期", "bad_date") for number in (2, 3, 4)])
def dates_without_a_year(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, *[row(n, 发现日期=day) for n, day in enumerate(["10月16日", "10.16", "2月30日"])]])


@ugly(rows=2, accepted=2, looks=[{"found_on": "2019-10-16"}] * 2)
def dates_that_count_from_1904(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, row(1, 发现日期=DAY), row(2, 发现日期=43754 - 1462)], date_1904=True)


@ugly(rows=2, refused=[(2, "发现日期", "future"), (3, "销号日期", "bad_order")])
def days_that_have_not_come_or_come_too_early(path: Path) -> Path:
    rows = [[*row(1, 发现日期="2100-01-01"), ""], [*row(2), "2019-10-15"]]
    return shelf.xlsx(path, [[*HEAD, "销号日期"], *rows])


# --- Numbers and texts --------------------------------------------------------------------------------


@ugly(
    rows=3,
    accepted=3,
    looks=[
        {"number": "焦督〔2019〕12号", "description": "长约１２０米，１处"},
        {"number": "焦督〔2019〕13号"},
        {"number": "17"},
    ],
)
def full_width_digits_in_numbers_but_not_in_texts(path: Path) -> Path:
    rows = [row(0, 问题编号="焦督［２０１９］第０１２号", 问题描述="长约１２０米，１处")]
    rows += [row(0, 问题编号="焦督２０１９年第１３号"), row(0, 问题编号=17)]
    return shelf.xlsx(path, [HEAD, *rows])


QUANTITIES = {"3处": "3", "１２": "12", "1,234.50": "1234.5", "￥1,234元": "1234", "1e2": "100", 0.1 + 0.2: "0.3",
              99999999.99: "99999999.99", "—": ""}  # fmt: skip
NO_QUANTITIES: list[Any] = ["三", -1, 0, 1e9, 1e300, "1e400", "0.001", "50%", "1,23", DAY, True, "9" * 400]


@ugly(
    rows=20,
    accepted=8,
    refused=[(number, "数量", "bad_number") for number in range(10, 22)],
    looks=[{"quantity": text} for text in QUANTITIES.values()],
)
def numbers_as_text_negative_and_huge_ones(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, *[row(n, 数量=cell) for n, cell in enumerate([*QUANTITIES, *NO_QUANTITIES], 1)]])


@ugly(rows=1, accepted=1, looks=[{"quantity": "0.5"}])
def a_cell_shown_as_percent_is_the_number_in_it(path: Path) -> Path:
    return shelf.xlsx(path, [HEAD, row(1, 数量=Decimal("0.5"))])


@ugly(
    rows=5,
    accepted=4,
    refused=[(5, "问题描述", "missing")],
    looks=[{"quantity": "2"}, {"quantity": ""}, {"quantity": ""}, {"description": "算出来的"}],
)
def formulas_count_as_what_is_stored_and_errors_as_empty(path: Path) -> Path:
    rows = [row(1, 数量=("=1+1", 2)), row(2, 数量=("=1/0", "#DIV/0!")), row(3, 数量=("=A9", ""))]
    return shelf.xlsx(path, [HEAD, *rows, row(4, 问题描述=("=Z9", "#REF!")), row(5, 问题描述=("=A1", "算出来的"))])


@ugly(rows=3, accepted=2, refused=[(3, "问题描述", "too_long")], looks=descriptions("甲" * 10_000, "乙"))
def a_cell_of_32_thousand_letters(path: Path) -> Path:
    return shelf.xlsx(
        path, [HEAD, row(1, 问题描述="甲" * 10_000), row(2, 问题描述="甲" * 32_767), row(3, 问题描述="乙")]
    )


@ugly(rows=3, accepted=3, looks=descriptions("甲乙", "甲\n乙\t丙", "x_y"))
def control_characters_in_a_workbook(path: Path) -> Path:
    texts = ["_x0000_甲_x0007_乙_x001F_", "甲_x000D_\n乙\t丙", "x_y"]
    rows = [row(number, 问题描述=text) for number, text in enumerate(texts, 1)]
    return shelf.raw_xlsx(path, shelf.inline_rows([HEAD, *rows]))


@ugly(rows=2, accepted=2, looks=descriptions("甲乙", "丙"))
def control_characters_in_a_csv(path: Path) -> Path:
    return shelf.csv(path, [HEAD, row(1, 问题描述="甲\x07乙", 数量=""), row(2, 问题描述="\x0b丙", 数量="")])


@ugly(file="not_a_spreadsheet")
def a_csv_with_letters_of_nothing(path: Path) -> Path:
    return shelf.csv(path, [HEAD, row(1, 问题描述="甲\0乙", 数量="")])


@ugly(
    rows=1,
    accepted=1,
    looks=[{"number": "焦督〔2019〕1号", "found_on": "2019-10-16", "site": "东环工地", "description": "甲\u200e乙"}],
)
def marks_of_writing_from_right_to_left(path: Path) -> Path:
    cells = {"问题编号": "\u202d焦督〔2019〕1号\u202c", "发现日期": "\u200e2019-10-16", "县区": "解放\u200f区"}
    return shelf.xlsx(path, [HEAD, row(1, **cells, 点位名称="\u200e东环工地\u2069", 问题描述="甲\u200e乙")])


@ugly(rows=3, accepted=3, looks=descriptions("'=1+1", "'tis", "=cmd|' /C calc'!A0"))
def apostrophes_and_formulas_as_text_in_a_workbook(path: Path) -> Path:
    texts = ["'=1+1", "'tis", "=cmd|' /C calc'!A0"]
    return shelf.xlsx(path, [HEAD, *[row(number, 问题描述=text) for number, text in enumerate(texts, 1)]])


@ugly(rows=4, accepted=4, looks=descriptions("=1+1", "'tis", "'=1", "=cmd|' /C calc'!A0"))
def apostrophes_and_formulas_in_a_csv(path: Path) -> Path:
    """One mark is taken off where our own export would have put it."""
    texts = ["'=1+1", "'tis", "''=1", "=cmd|' /C calc'!A0"]
    return shelf.csv(path, [HEAD, *[row(number, 问题描述=text, 数量="") for number, text in enumerate(texts, 1)]])


# --- Files --------------------------------------------------------------------------------------------


TEXTS = [HEAD, row(1, 问题描述="黄土裸露，约200平方米；a,b;c", 数量="2"), row(2, 问题描述="两\n行", 数量="")]
TOLD = [{"description": "黄土裸露，约200平方米；a,b;c", "quantity": "2"}, {"description": "两\n行"}]


@ugly(rows=2, accepted=2, looks=TOLD)
def csv_with_a_mark_and_a_line_break_in_a_cell(path: Path) -> Path:
    return shelf.csv(path, TEXTS, encoding="utf-8-sig")


@ugly(rows=2, accepted=2, looks=TOLD)
def csv_with_tabs_and_without_a_mark(path: Path) -> Path:
    return shelf.csv(path, TEXTS, delimiter="\t")


@ugly(rows=2, accepted=2, looks=TOLD)
def csv_in_gb18030_with_semicolons(path: Path) -> Path:
    return shelf.csv(path, TEXTS, delimiter=";", encoding="gb18030")


@ugly(rows=2, accepted=2, looks=TOLD)
def a_csv_by_the_name_of_a_workbook(path: Path) -> Path:
    return shelf.csv(path.with_suffix(".xlsx"), TEXTS)


@ugly(rows=2, accepted=2, looks=TOLD)
def a_workbook_by_the_name_of_a_csv(path: Path) -> Path:
    return shelf.xlsx(path.with_suffix(".csv"), TEXTS)


@ugly(rows=2, accepted=2, hidden=1, looks=[{"found_on": "2019-10-16", "quantity": "3"}, {"found_on": "2019-10-17"}])
def an_old_excel_file(path: Path) -> Path:
    return shelf.xls(path, [HEAD, row(1, 发现日期=DAY, 数量=3), row(2, 发现日期="2019.10.17")], hidden_rows=[2])


@ugly(rows=1, accepted=1)
def links_to_other_files_are_never_followed(path: Path) -> Path:
    shelf.xlsx(path, [HEAD, row(1)])
    return shelf.add(path, "xl/externalLinks/_rels/externalLink1.xml.rels", shelf.external("file:///etc/passwd"))


@ugly(file="encrypted")
def a_protected_workbook(path: Path) -> Path:
    path.write_bytes(shelf.compound("EncryptedPackage", b"\0" * 4096))
    return path


@ugly(file="not_a_spreadsheet")
def a_web_page_by_the_name_of_a_workbook(path: Path) -> Path:
    path.write_text(f"<html><table><tr><td>{'</td><td>'.join(HEAD)}</td></tr></table></html>", "utf-8")
    return path


@ugly(file="empty")
def a_file_of_no_bytes(path: Path) -> Path:
    path.write_bytes(b"")
    return path


@ugly(file="unreadable")
def half_of_a_workbook(path: Path) -> Path:
    content = shelf.xlsx(path, [HEAD, row(1)]).read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


# --- Limits and attacks -------------------------------------------------------------------------------


@ugly(rows=1, accepted=1, unread=[f"列{number}" for number in range(194)])
def two_hundred_columns(path: Path) -> Path:
    return shelf.xlsx(path, [[*HEAD, *[f"列{number}" for number in range(194)]], [*row(1), *["x"] * 194]])


@ugly(file="too_large")
def two_hundred_and_one_columns(path: Path) -> Path:
    return shelf.xlsx(path, [[*HEAD, *[f"列{number}" for number in range(195)]], row(1)])


@ugly(file="too_large")
def rows_250_001(path: Path) -> Path:
    path.write_text(",".join(HEAD) + "\n" + "1,2019-10-16,解放区,工地,甲,\n" * 250_000, "utf-8")
    return path


@ugly(rows=1, accepted=1)
def a_million_empty_formatted_rows(path: Path) -> Path:
    empty = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(3, 1_048_577))
    filled = shelf.inline_rows([HEAD, row(1)]).replace("</sheetData>", f"{empty}</sheetData>")
    return shelf.raw_xlsx(path, f'<dimension ref="A1:XFD1048576"/>{filled}')


@ugly(file="too_large")
def one_cell_at_xfd1048576(path: Path) -> Path:
    far = f'<row r="1048576">{shelf.inline("XFD1048576", "x")}</row></sheetData>'
    return shelf.raw_xlsx(path, shelf.inline_rows([HEAD, row(1)]).replace("</sheetData>", far))


@ugly(file="too_large")
def a_zip_bomb(path: Path) -> Path:
    shelf.raw_xlsx(path, "<sheetData/>")
    shelf.add(path, "xl/sharedStrings.xml", *[b" " * 1024**2] * 301)
    assert path.stat().st_size < 2 * 1024**2
    return path


@ugly(file="unreadable")
def a_billion_laughs(path: Path) -> Path:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    return shelf.raw_xlsx(path, shelf.inline_rows([HEAD, row(1, 问题描述="&l9;")]), prolog=f"<!DOCTYPE l [{entities}]>")


@ugly(file="too_large", megabytes=1024)
def one_long_shared_text_in_a_hundred_thousand_cells(path: Path) -> Path:
    """Small in the file and within every count; it ends at the memory that the reader may take."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 100_001))
    shared = f'<sst xmlns="{shelf.MAIN}"><si><t>{"甲" * 32_000}</t></si></sst>'
    return shelf.raw_xlsx(path, f"<sheetData>{cells}</sheetData>", shared=shared)


# --- The answers --------------------------------------------------------------------------------------


def asked(path: Path, mapping: str, people: Cast) -> dict[str, Any]:
    """What the command says of a ledger, or the code of its refusal."""
    toml, out = path.with_suffix(".toml"), io.StringIO()
    toml.write_text(mapping, "utf-8")
    options = {"mapping": toml, "format": "json", "office": people.office.name_zh, "stdout": out}
    try:
        call_command("import_ledger", str(path), **options)
    except CommandError as error:
        return {"file": re.findall(r"\((\w+)\)$", str(error))[0]}
    return dict(json.loads(out.getvalue()))


def places(remarks: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    return [(one["row"], one["column"], one["code"]) for one in remarks]


# Starts the reader and tells what it took at most, in kilobytes: a process is told that of its children alone, and of
# one that it forked itself no less than it takes itself.
MEASURE = (
    "import os, sys; away = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)];"
    "child = os.posix_spawn(sys.executable, [sys.executable, '-I', *sys.argv[1:]], os.environ, file_actions=away);"
    "_, status, used = os.wait4(child, 0); print(used.ru_maxrss, used.ru_utime + used.ru_stime)"
)


def measured(path: Path) -> tuple[int, float]:
    """What reading a ledger takes: megabytes at most, and seconds of the processor."""
    order = json.dumps({"path": str(path), "sheet": None, "list": False, "limits": asdict(Limits())})
    run = [sys.executable, "-I", "-S", "-c", MEASURE, str(CHILD), order]
    kilobytes, seconds = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    return int(kilobytes) // 1024, float(seconds)


@pytest.mark.django_db
@pytest.mark.parametrize("one", SHELF, ids=[one.name for one in SHELF])
def test_each_gives_its_answer_within_its_memory(
    people: Cast, tmp_path: Path, one: Ugly, record_property: Callable[[str, object], None]
) -> None:
    wanted, path = one.answer, one.make(tmp_path / "ledger.xlsx")
    megabytes, seconds = measured(path)
    record_property("reading", f"{megabytes} MB, {seconds:.2f} s")
    assert megabytes <= wanted.megabytes

    said = asked(path, one.mapping, people)
    assert said.get("file", "") == wanted.file
    rows = dict(ImportRow.objects.values_list("subject_id", "row"))
    made = sorted(told(Problem.objects.order_by("pk"), "zh"), key=lambda each: rows[each.pk])
    assert len(made) == wanted.accepted
    if wanted.file:
        return
    assert (places(said["refused"]), places(said["doubtful"])) == (list(wanted.refused), list(wanted.doubtful))
    assert said["unread"] == list(wanted.unread)
    counts = ("rows", "accepted", "duplicates", "hidden")
    assert {name: said[name] for name in counts} == {name: getattr(wanted, name) for name in counts}
    if wanted.looks:
        pairs = zip(made, wanted.looks, strict=True)
        looks = [{name: checks.canonical(each.values[name]) for name in look} for each, look in pairs]
        assert looks == list(wanted.looks)
