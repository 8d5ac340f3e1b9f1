"""Ledgers out and in again: what was not edited changes nothing, what was edited changes just that."""

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from casetracker.models import Event, User
from inspections import workflow
from inspections.enums import AssignmentRole, Route, Status
from inspections.ledger.exporting import other_ledgers, problem_ledger
from inspections.ledger.fields import PROBLEM, usual_headers
from inspections.ledger.importing import Report, import_file
from inspections.ledger.mapping import from_dict
from inspections.ledger.opening import open_ledger
from inspections.ledger.reader import read
from inspections.models import Assignment, Problem, Site, Visit
from inspections.workflow import Addressee
from tests.builders import day, make_problem, make_site, make_visit
from tests.cast import UNITS, Cast
from tests.inspections.ledger.test_importing import changed, ledger, take_in

FORMS = ("xlsx", "csv")
OFFICE = UNITS["office"][0]
LANGUAGES = ("zh-hans", "en")
NAMES = list(PROBLEM)


def write_out(folder: Path, form: str = "xlsx", language: str = "zh-hans", **options: Any) -> Path:
    path = folder / f"out.{form}"
    call_command(
        "export_ledger", str(path), **{"language": language, "office": OFFICE, "stdout": io.StringIO(), **options}
    )
    return path


def take_back(path: Path, people: Cast, by: User | None = None, **options: Any) -> Report:
    mapping = from_dict({"kind": options.pop("kind", "problems")})
    return import_file(path, mapping, office=people.office, by=by or people.supervisor2, **options)


def cells_of(path: Path) -> list[list[Any]]:
    """Every row of a file as the reader's child gives it, the header first."""
    with read(path) as reading:
        rows = [row.cells for batch in reading for row in batch]
    return [row + [None] * (len(NAMES) - len(row)) for row in rows]


def edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """Write an edited copy, as a spreadsheet program saves it: dates as dates, numbers as numbers, the rest as text."""
    header, *rows = cells_of(path)
    copy = path.with_name("edited.xlsx")
    book = xlsxwriter.Workbook(str(copy))
    day_form = book.add_format({"num_format": "yyyy/m/d"})
    sheet = book.add_worksheet("Sheet1")
    edited = [header]
    for row in rows:
        named = dict(zip(NAMES, row, strict=True))
        change(named)
        edited.append([named[name] for name in NAMES])
    for number, cells in enumerate(edited):
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime.date):
                sheet.write_datetime(number, column, cell, day_form)
            elif isinstance(cell, int | float):
                sheet.write_number(number, column, cell)
            elif cell is not None:
                sheet.write_string(number, column, cell)
    book.close()
    return copy


def every_state(people: Cast) -> list[Problem]:
    made = [make_problem(people, status=status) for status in Status]
    spot = (Status.RECTIFYING, Status.REPORTED, Status.VERIFIED, Status.CLOSED)
    made += [make_problem(people, status=status, route=Route.ON_SPOT) for status in spot]
    others = [
        Addressee(people.city_management, AssignmentRole.REGULATOR),
        Addressee(people.jiefang, AssignmentRole.GOVERNMENT),
    ]
    made.append(make_problem(people, status=Status.RECTIFYING, others=others, special=True))
    made.append(
        make_problem(people, status=Status.REPORTED, others=[Addressee(people.city_management, AssignmentRole.CO)])
    )
    made.append(make_problem(people, status=Status.RECTIFYING, due_on=day("2019-10-23"), quantity=Decimal("12.50")))
    return made


def state_of_everything() -> Any:
    tables = (Problem.objects.order_by("pk"), Assignment.objects.order_by("pk"))
    return [list(rows.values()) for rows in tables], Event.objects.filter(subject_type="problem").count()


# --- Untouched -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_an_exported_ledger_changes_nothing_when_it_comes_back(
    people: Cast, tmp_path: Path, form: str, language: str
) -> None:
    made = every_state(people)
    before = state_of_everything()
    path = write_out(tmp_path, form, language)
    report = take_back(path, people)
    assert (report.rows, report.unchanged) == (len(made), len(made))
    assert (report.created, report.updated, report.duplicates) == (0, 0, 0)
    assert (report.refused, report.doubtful) == ([], [])
    assert state_of_everything() == before
    header = cells_of(path)[0]
    position = 0 if language == "zh-hans" else 1
    assert header == [usual_headers("problems", name)[position] for name in NAMES]


def test_a_file_that_a_spreadsheet_program_saved_untouched_changes_nothing(people: Cast, tmp_path: Path) -> None:
    made = every_state(people)
    before = state_of_everything()
    for form in FORMS:
        report = take_back(edit(write_out(tmp_path, form), lambda row: None), people)
        assert (report.unchanged, report.updated, report.refused) == (len(made), 0, [])
    assert state_of_everything() == before


def test_untouched_rows_stay_unchanged_whatever_happened_here_meanwhile(people: Cast, tmp_path: Path) -> None:
    problem = make_problem(people, status=Status.ASSIGNED)
    path = write_out(tmp_path)
    workflow.claim(problem, by=people.handler1)
    workflow.amend(problem, by=people.supervisor1, reason="看错了", description="改过的描述")
    report = take_back(path, people)
    assert (report.unchanged, report.refused, report.doubtful) == (1, [], [])
    assert Problem.objects.get().description == "改过的描述"


def test_what_an_import_brought_comes_back_unchanged_too(people: Cast, tmp_path: Path) -> None:
    rows = [
        changed(专项交办="是", 协办单位="解放区政府、市城管局"),
        changed(问题编号="", 问题描述="没有编号", 责任单位="", 整改时限=""),
        changed(问题编号="焦督〔2019〕9号", 处置方式="立行立改", 整改完成日期="2019-10-16", 核查日期="2019-10-17",
                销号日期="2019-10-18"),
    ]  # fmt: skip
    take_in(ledger(tmp_path, *rows), people.office)
    before = state_of_everything()
    for form in FORMS:
        report = take_back(write_out(tmp_path, form), people)
        assert (report.unchanged, report.updated, report.refused, report.doubtful) == (3, 0, [], [])
    assert state_of_everything() == before


def test_lead_others_and_government_of_a_special_one_are_all_told(people: Cast, tmp_path: Path) -> None:
    others = [
        Addressee(people.city_management, AssignmentRole.REGULATOR),
        Addressee(people.jiefang, AssignmentRole.GOVERNMENT),
    ]
    make_problem(people, status=Status.CLAIMED, others=others, special=True)
    with open_ledger(write_out(tmp_path), from_dict({"kind": "problems"})) as parsed:
        (row,) = parsed
    assert row.values["unit"] == "市住建局"
    assert row.values["co_units"] == ["市城管局", "解放区政府"]
    assert row.values["special"] is True
    with open_ledger(write_out(tmp_path, "csv", "en"), from_dict({"kind": "problems"})) as parsed:
        (row,) = parsed
    assert (row.values["unit"], row.values["co_units"]) == ("Housing Bureau", ["City Management", "Jiefang Government"])


# --- Visits, sites, the command -------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_visits_come_back_unchanged_and_edited_ones_are_refused(
    people: Cast, tmp_path: Path, form: str, language: str
) -> None:
    site = make_site(people)
    make_visit(people, site, people=[people.inspector1, people.supervisor1])
    make_problem(people, visit=make_visit(people, site), site=site)
    path = write_out(tmp_path, form, language, kind="visits")
    report = take_back(path, people, kind="visits")
    assert (report.unchanged, report.created, report.refused, report.doubtful) == (2, 0, [], [])
    rows = cells_of(path)
    people_column = rows[0].index("督导人数" if language == "zh-hans" else "People")
    assert sorted(int(row[people_column]) for row in rows[1:]) == [1, 2]
    if form == "csv":
        path.write_bytes(path.read_bytes().replace("锦绣".encode(), "别的".encode()))
        report = take_back(path, people, kind="visits")
        assert [one.code for one in report.refused] == ["loop_owned", "loop_owned"]
    assert Visit.objects.count() == 2


@pytest.mark.parametrize("form", FORMS)
def test_sites_are_written_as_the_importer_reads_them(people: Cast, tmp_path: Path, form: str) -> None:
    site = make_site(people, "'=甲厂", address="东环路1号", permit="91410800MA0001", risk_class="key")
    path = write_out(tmp_path, form, kind="sites")
    with open_ledger(path, from_dict({"kind": "sites"})) as parsed:
        (row,) = parsed
    assert row.errors == ()
    assert (row.values["name"], row.values["address"], row.values["risk_class"]) == (site.name, "东环路1号", "key")
    assert (row.values["permit"], row.values["lat"]) == ("91410800MA0001", 35.241)


def test_the_command_keeps_to_days_and_says_what_is_wrong(people: Cast, tmp_path: Path) -> None:
    make_problem(people, now=None, due_on=day("2019-10-23"))
    make_problem(people)
    path = tmp_path / "days.csv"
    call_command("export_ledger", str(path), "--office", OFFICE, "--to", "2019-12-31", "--from", "2019-01-01")
    assert len(cells_of(path)) == 2
    for wrong in (
        ["x.txt"],
        [str(tmp_path / "no" / "x.csv")],
        ["x.csv", "--office", "无"],
        ["x.csv", "--office", OFFICE, "--kind", "sites", "--from", "2019-01-01"],
    ):
        with pytest.raises(CommandError):
            call_command("export_ledger", *wrong)
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == ["days.csv"]


def test_the_ledger_is_read_with_the_same_queries_for_one_problem_and_for_thirty(
    people: Cast, django_assert_num_queries: Any
) -> None:
    site = make_site(people)
    make_problem(people, status=Status.CLAIMED, site=site, visit=make_visit(people, site))
    for rows in (1, 30):
        for _more in range(rows - Problem.objects.count()):
            make_problem(people, site=site, visit=make_visit(people, site))
        with django_assert_num_queries(2):  # the problems, the units beside the leads
            assert len(list(problem_ledger.ledger(Problem.objects.order_by("pk"), rows).rows())) == rows
        table = other_ledgers.visits(Visit.objects.order_by("pk"))
        with django_assert_num_queries(2):  # the visits, their people
            assert len(list(table.rows())) == rows
        sites = other_ledgers.sites(Site.objects.order_by("pk"))
        with django_assert_num_queries(2):  # the sites, whoever runs them
            assert len(list(sites.rows())) == 1
