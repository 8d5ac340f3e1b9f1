"""Any cell content whatever, in any column of any kind: it becomes a value or a remark on its row, and nothing else."""

import datetime
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casetracker.models import User
from inspections.ledger.errors import CellError
from inspections.ledger.fields import KINDS, Context
from inspections.ledger.importing import import_file
from inspections.ledger.layout import Record, make_header
from inspections.ledger.mapping import from_dict
from inspections.ledger.reader_child import encode_json
from inspections.ledger.rows import RowParser
from inspections.ledger.workbooks import encode
from tests.cast import Cast
from tests.inspections.ledger import shelf

FULL = bool(os.environ.get("CASETRACKER_FULL"))
TODAY = datetime.date(2026, 3, 2)
DAY = datetime.date(2019, 10, 16)

# Words that mean something somewhere, and what comes near to them.
WORDS = ["同上", "合计", "制表人：张三", "专项交办", "立行立改", "是", "无", "/", "8月32日", "2月29日", "1月5日",
         "=1", "'=1", "'", "焦督〔2019〕1号", "焦督〔9999〕999999999999号", "焦督〔0000〕0号", "1e400", "0.001", "-0",
         "113°13′48″", "E113.2", "解放区", "410802", "市住建局", "市住建局、市城管局", "、;；,", "第一现场督导组",
         "吕梁督导一组",
         "2100-12-31", "1949-01-01", "20191016", "43754", "zh1-0123456789abcdef-0123456789abcdef0123456789abcdef-",
         "\x00", "_x0000_", "\ufeff", "\u202e", "%s %(value)s", "{0}", "\ufffe", "𠀀" * 40]  # fmt: skip
# As long as columns are, and a letter longer.
LENGTHS = [18, 19, 30, 31, 40, 41, 60, 61, 80, 81, 120, 121, 200, 201, 10_000, 10_001, 32_767]
LONG = st.builds(str.__mul__, st.sampled_from(list("甲a1１ 、\n\u200e")), st.sampled_from(LENGTHS))
NEAR = st.from_regex(r"[0-9２年月日./〔〕号°:-]{1,12}", fullmatch=True)
NUMBERS = st.booleans() | st.integers() | st.floats()
DAYS = st.dates() | st.datetimes() | st.just(DAY)


def texts(**more: Any) -> st.SearchStrategy[str]:
    return st.text(st.characters(**more)) | st.sampled_from(WORDS) | LONG | NEAR


# What the reader gives, and what it never gives: halves of letters.
CELL = st.none() | NUMBERS | DAYS | texts()


@given(cell=CELL, context=st.builds(Context, st.none() | st.just(2019), st.sampled_from(["", "ymd", "mdy", "dmy"])))
def test_a_column_reads_any_cell_as_a_value_or_refuses_it(cell: Any, context: Context) -> None:
    for fields in KINDS.values():
        for known in fields.values():
            try:
                known.read(cell, context)
            except CellError as error:
                assert str(error)  # noqa: PT017


@pytest.mark.parametrize("kind", list(KINDS))
@given(draw=st.data())
def test_a_row_of_any_cells_gives_values_or_remarks(kind: str, draw: Any) -> None:
    mapping = from_dict({"kind": kind, "defaults": {"year": 2019}})
    names = list(mapping.fields)
    header = make_header([Record(1, list(names), False)])
    parser = RowParser(mapping, header, {name: column for column, name in enumerate(names)}, TODAY)
    cells = draw.draw(st.lists(CELL, min_size=len(names), max_size=len(names)))
    for _again in range(2):  # the second time from what is remembered
        row = parser.parse(Record(2, list(cells), False))
        assert row.values.keys() == set(names) - {"check"}
        json.dumps([error.as_json() for error in (*row.errors, *row.doubtful)])


@given(cell=CELL | st.times() | st.timedeltas() | st.binary() | st.complex_numbers())
def test_whatever_the_library_reads_can_be_said(cell: Any) -> None:
    said = json.loads(encode_json(encode(cell, 50_001)))
    assert said is None or isinstance(said, str | int | float | bool | list)


# --- The whole importer -------------------------------------------------------------------------------

GOOD: dict[str, dict[str, Any]] = {
    "problems": {"found_on": DAY, "district": "解放区", "site": "工地", "description": "甲", "unit": "市住建局",
                 "lat": 35.2, "lon": 113.2, "route": "集中交办", "due_on": "2019-10-20", "team": "第一现场督导组"},
    "visits": {"date": DAY, "team": "第一现场督导组", "district": "解放区", "site": "工地", "people": 2},
    "sites": {"name": "工地", "kind": "工业企业", "district": "解放区"},
    "exposures": {"published_on": DAY, "medium": "日报", "title": "标题", "party": "某厂"},
    "people": {"name": "某人", "username": "person", "unit": "市住建局", "role": "经办人"},
    "units": {"name": "某单位", "unit_kind": "部门"},
}  # fmt: skip
# By which the rows differ.
OWN = {
    "problems": "description",
    "visits": "site",
    "sites": "name",
    "exposures": "title",
    "people": "username",
    "units": "name",
}
EVERYTHING = dict.fromkeys(("units", "teams", "sites", "kinds"), True)
# A workbook holds no half of a letter, no day before 1900 and nothing beside the numbers.
WRITTEN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates(min_value=datetime.date(1900, 1, 1))
    | st.datetimes(min_value=datetime.datetime(1900, 1, 1))
    | st.times()
    | st.timedeltas(min_value=datetime.timedelta(), max_value=datetime.timedelta(days=20_000))
    | texts(exclude_categories=["Cs"])
)


def who(people: Cast, kind: str) -> User:
    """Whoever brings such a ledger."""
    return people.admin if kind in ("people", "units") else people.supervisor1


def ledger(kind: str, columns: list[str], odd: list[tuple[str, Any]]) -> Iterator[list[Any]]:
    """A good row each, but for one cell."""
    yield list(columns)
    for number, (name, cell) in enumerate(odd):
        good = GOOD[kind]
        yield list((good | {OWN[kind]: f"{good[OWN[kind]]}{number}"} | {name: cell}).get(each) for each in columns)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(KINDS))
@settings(max_examples=150 if FULL else 5)
@given(draw=st.data())
def test_a_workbook_with_any_cell_is_taken_in_or_refused_row_by_row(
    people: Cast, tmp_path: Path, kind: str, draw: Any
) -> None:
    columns = list(KINDS[kind])
    odd = draw.draw(st.lists(st.tuples(st.sampled_from(columns), WRITTEN), min_size=1, max_size=60))
    path = shelf.xlsx(tmp_path / "ledger.xlsx", list(ledger(kind, columns, odd)))
    for create in ({}, EVERYTHING):
        mapping = from_dict({"kind": kind, "create": create})
        report = import_file(path, mapping, office=people.office, by=who(people, kind), dry_run=True)
        assert report.rows == report.accepted + report.duplicates + report.refused_rows
        json.dumps(report.as_json())


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_column_takes_every_word_and_every_length(people: Cast, tmp_path: Path, kind: str) -> None:
    """What the database holds is no shorter than what a row may say."""
    columns = list(KINDS[kind])
    odd = [(name, word) for name in columns for word in WORDS + [letter * n for letter in "甲1" for n in LENGTHS[:-3]]]
    path = shelf.xlsx(tmp_path / "ledger.xlsx", list(ledger(kind, columns, odd)))
    mapping = from_dict({"kind": kind, "create": EVERYTHING})
    report = import_file(path, mapping, office=people.office, by=who(people, kind), dry_run=True)
    assert report.rows == report.accepted + report.duplicates + report.refused_rows
    assert report.accepted > 100
