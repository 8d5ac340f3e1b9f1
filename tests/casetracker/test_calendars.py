"""The calendar table: rows from the package checked day by day, the cache, notices and the command."""

import json
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import holidays
import pytest
from django.core.management import CommandError, call_command

from casetracker import calendars
from casetracker.calendars import NoticeError, provisional_rows, read_notice, rows_from_package
from casetracker.models import CalendarDay

YEARS = range(2019, 2027)
ROWS = {row.on: row for row in rows_from_package(YEARS)}

# 调休上班, month and day, as the notices of these years list them.
MADE_UP = {
    2019: "02-02 02-03 04-28 05-05 09-29 10-12",
    2020: "01-19 04-26 05-09 06-28 09-27 10-10",
    2021: "02-07 02-20 04-25 05-08 09-18 09-26 10-09",
    2022: "01-29 01-30 04-02 04-24 05-07 10-08 10-09",
    2023: "01-28 01-29 04-23 05-06 06-25 10-07 10-08",
    2024: "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    2025: "01-26 02-08 04-27 09-28 10-11",
    2026: "01-04 02-14 02-28 05-09 09-20 10-10",
}

NOTICE = """date,is_workday,name
2026-12-31,0,元旦
2027-01-01,0,元旦
2027/1/3,1,元旦
2027年2月8日,休,春节
2027-10-01,0,国庆节
2027-10-09,是,国庆节
2027-06-09,0,Dragon Boat Festival
"""


@pytest.fixture(autouse=True)
def fresh_cache():
    calendars.clear()
    yield
    calendars.clear()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("load_calendar", *arguments, stdout=out)
    return out.getvalue()


def notice_file(folder: Path, text: str = NOTICE, encoding: str = "utf-8") -> str:
    path = folder / "notice.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


def test_every_day_of_2019_to_2026_agrees_with_a_second_source() -> None:
    china = holidays.country_holidays("CN")
    wrong = [on for on, row in ROWS.items() if row.is_workday != china.is_working_day(on)]
    assert len(ROWS) == 2922
    assert wrong == []


@pytest.mark.parametrize("year", YEARS)
def test_make_up_days_are_those_of_the_notice(year: int) -> None:
    made_up = [f"{on:%m-%d}" for on, row in ROWS.items() if on.year == year and row.kind == "makeup"]
    assert made_up == MADE_UP[year].split()


def test_working_days_per_year() -> None:
    per_year = [sum(row.is_workday for on, row in ROWS.items() if on.year == year) for year in YEARS]
    assert per_year == [250, 249, 250, 249, 249, 251, 248, 248]


def test_each_row_has_the_kind_and_names_of_its_day() -> None:
    assert all(row.is_workday == (row.kind in {"workday", "makeup"}) and row.official for row in ROWS.values())
    named = ROWS[date(2019, 10, 1)]
    assert (named.kind, named.name_zh, named.name_en) == ("holiday", "国庆节", "National Day")
    assert ROWS[date(2019, 9, 14)].name_zh == "中秋节"
    assert ROWS[date(2024, 2, 9)].is_workday
    assert ROWS[date(2019, 12, 7)].kind == "weekend"


def test_the_package_covers_2004_to_2026_and_refuses_other_years_by_name() -> None:
    assert len(rows_from_package(range(2004, 2027))) == (date(2027, 1, 1) - date(2004, 1, 1)).days
    with pytest.raises(ValueError, match="2027.*CSV"):
        rows_from_package([2026, 2027])


def test_provisional_rows_know_fixed_holidays_only() -> None:
    rows = {row.on: row for row in provisional_rows(2027)}
    assert len(rows) == 365
    assert not any(row.official for row in rows.values())
    off_in_the_week = [on for on, row in rows.items() if not row.is_workday and on.weekday() < 5]
    assert off_in_the_week == [date(2027, 1, 1), date(2027, 10, 1)]
    assert rows[date(2027, 5, 1)].kind == "holiday"


def test_a_notice_settles_its_year_and_leaves_the_old_one_alone() -> None:
    notice = read_notice(NOTICE, "notice 7")
    listed = {row.on: (row.kind, row.name_zh, row.name_en) for row in notice.listed}
    assert listed[date(2026, 12, 31)] == ("holiday", "元旦", "New Year's Day")
    assert listed[date(2027, 1, 3)] == ("makeup", "元旦", "New Year's Day")
    assert listed[date(2027, 2, 8)] == ("holiday", "春节", "Spring Festival")
    assert listed[date(2027, 6, 9)] == ("holiday", "端午节", "Dragon Boat Festival")
    assert len(notice.other) == 365 - 6
    assert {row.on.year for row in notice.other} == {2027}
    assert all(row.official and row.source == "notice 7" for row in [*notice.listed, *notice.other])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("date,name\n2027-01-01,元旦\n", "Row 1: the header lacks is_workday"),
        ("date,is_workday,name\n", "no rows"),
        ("", "header lacks date, is_workday, name"),
        ("date,is_workday,name\n2027-02-30,0,春节\n", "Row 2: “2027-02-30” is not a date"),
        ("date,is_workday,name\n0202-02-03,0,春节\n", "Row 2: “0202-02-03” is not a date of this century"),
        ("date,is_workday,name\n2027-02-08,maybe,春节\n", "Row 2: “maybe” in is_workday is neither yes nor no"),
        ("date,is_workday,name\n2027-02-08,0,\n", "Row 2: a day off from Monday to Friday needs the name"),
        ("date,is_workday,name\n2027-02-08\n", "Row 2: “” in is_workday"),
        ("date,is_workday,name\n2027-02-08,0,春节\n2027-2-8,0,春节\n", "Row 3: 2027-02-08 is already in row 2"),
        ("date,is_workday,name\n2027-02-08,0," + "春" * 41 + "\n", "Row 2: the name is longer"),
        ('date,is_workday,name\n2027-02-08,0,"' + "春" * 140_000, "no CSV"),
    ],
)
def test_a_faulty_notice_is_refused_with_its_row_and_what_to_write(text: str, problem: str) -> None:
    with pytest.raises(NoticeError) as refused:
        read_notice(text, "notice")
    assert problem in str(refused.value)


def test_all_faulty_rows_are_named_at_once() -> None:
    with pytest.raises(NoticeError) as refused:
        read_notice("date,is_workday,name\nx,0,a\n2027-02-08,?,a\n2027-02-09,0,春节\n", "notice")
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["Row 2", "Row 3"]


@pytest.mark.django_db
def test_an_empty_table_answers_provisionally() -> None:
    CalendarDay.objects.all().delete()
    calendar = calendars.load()
    assert calendar.is_workday(date(2019, 12, 9))
    assert not calendar.is_official(date(2019, 12, 9))


@pytest.mark.django_db
def test_the_calendar_is_read_once_and_again_after_a_change(django_assert_num_queries, monkeypatch) -> None:
    calendars.store(rows_from_package([2019]))
    with django_assert_num_queries(2):
        first = calendars.load()
        assert calendars.load() is first
    assert not first.is_workday(date(2019, 10, 1))
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 0.0)
    with django_assert_num_queries(1):
        assert calendars.load() is first
    changed = CalendarDay.objects.get(on=date(2019, 12, 9))
    changed.is_workday, changed.kind, changed.source = False, "holiday", "by hand"
    changed.save()
    assert not calendars.load().is_workday(date(2019, 12, 9))


@pytest.mark.django_db
def test_loading_twice_changes_nothing_the_second_time() -> None:
    CalendarDay.objects.all().delete()
    first = json.loads(run("--years", "2019-2026", "--format", "json"))
    assert (first["read"], first["written"], first["provisional_written"]) == (2922, 2922, 731)
    stamps = set(CalendarDay.objects.values_list("on", "updated_at"))
    second = json.loads(run("--years", "2019-2026", "--format", "json"))
    assert (second["written"], second["unchanged"], second["provisional_written"]) == (0, 2922, 0)
    assert stamps == set(CalendarDay.objects.values_list("on", "updated_at"))
    assert CalendarDay.objects.filter(official=False, on__year__in=[2027, 2028]).count() == 731


@pytest.mark.django_db
def test_days_entered_by_hand_are_kept_unless_told_otherwise() -> None:
    run("--years", "2019")
    day = CalendarDay.objects.filter(on=date(2019, 12, 9))
    day.update(is_workday=False, kind="holiday", name_zh="停工", source="by hand")
    assert "1 days entered by hand or by notice were kept" in run("--years", "2019")
    assert not day.get().is_workday
    assert "2019-12-09 holiday 停工 → 2019-12-09 workday" in run("--years", "2019", "--overwrite")
    assert day.get().is_workday


@pytest.mark.django_db
def test_a_notice_replaces_the_provisional_year_and_provisional_years_move_on(tmp_path: Path) -> None:
    run("--years", "2026")
    out = run("--csv", notice_file(tmp_path), "--source", "国办发明电〔2026〕9号")
    assert "2027-02-08 workday (provisional) → 2027-02-08 holiday 春节" in out
    assert "Provisional for 2028 and 2029" in out
    assert not CalendarDay.objects.filter(on__year=2027, official=False).exists()
    assert CalendarDay.objects.get(on=date(2027, 1, 3)).source == "国办发明电〔2026〕9号"
    assert CalendarDay.objects.get(on=date(2026, 12, 31)).kind == "holiday"
    assert CalendarDay.objects.get(on=date(2026, 12, 30)).source == calendars.PACKAGE_SOURCE
    assert " 0 written" in run("--csv", notice_file(tmp_path), "--source", "国办发明电〔2026〕9号")
    run("--years", "2026")
    assert CalendarDay.objects.get(on=date(2026, 12, 31)).kind == "holiday"


@pytest.mark.django_db
def test_a_notice_saved_by_a_chinese_spreadsheet_is_read_too(tmp_path: Path) -> None:
    run("--csv", notice_file(tmp_path, encoding="gb18030"))
    assert CalendarDay.objects.get(on=date(2027, 2, 8)).name_zh == "春节"
    assert CalendarDay.objects.get(on=date(2027, 2, 8)).source == "notice.csv"


@pytest.mark.django_db
def test_a_faulty_file_changes_nothing_and_says_why(tmp_path: Path) -> None:
    before = list(CalendarDay.objects.values_list())
    with pytest.raises(CommandError, match="nothing was changed.*\n.*Row 3: “soon” is not a date"):
        run("--csv", notice_file(tmp_path, "date,is_workday,name\n2027-10-01,0,国庆节\nsoon,0,春节\n"))
    with pytest.raises(CommandError, match="can't be read"):
        run("--csv", str(tmp_path / "nothing.csv"))
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0" * 8)
    with pytest.raises(CommandError, match="UTF-8 nor GB18030"):
        run("--csv", str(tmp_path / "picture.csv"))
    assert list(CalendarDay.objects.values_list()) == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("years", "problem"), [("lately", "range of years"), ("2026-2019", "backwards"), ("2030", "2004-2026")]
)
def test_years_that_make_no_sense_are_refused(years: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        run("--years", years)


@pytest.mark.django_db
def test_the_loaded_calendar_equals_the_rows() -> None:
    calendars.store(rows_from_package(YEARS))
    calendar = calendars.load()
    on = date(2019, 1, 1)
    while on.year < 2027:
        assert calendar.is_workday(on) == ROWS[on].is_workday
        assert calendar.is_official(on)
        on += timedelta(days=1)
