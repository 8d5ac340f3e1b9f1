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
from django.utils import translation
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from casetracker.models import Event, User
from inspections import workflow
from inspections.enums import AssignmentRole, Route, Status
from inspections.ledger import checks
from inspections.ledger.exporting import other_ledgers, problem_ledger
from inspections.ledger.exporting.values import told
from inspections.ledger.fields import PROBLEM, usual_headers
from inspections.ledger.importing import Report, import_file
from inspections.ledger.mapping import from_dict
from inspections.ledger.opening import open_ledger
from inspections.ledger.reader import read
from inspections.models import Assignment, Problem, ProblemKind, Site, Visit
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


ODD = ["=1+1", "'=1+1", "''", "'tis", "＝1", "@甲", "－1", "同上", "合计", "_x000D_甲", "_x0041_", "甲\n乙\t丙",
       ";;;;\n;;", "😀=", "\u200b", " \u3000甲 ", "1,234", "2019-10-16", "0012", "\ufffe甲", "甲" * 12_000]  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60) | st.sampled_from(ODD)


@pytest.mark.slow
@hypothesis_settings(max_examples=12)
@given(texts=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=12), form=st.sampled_from(FORMS))
@example(texts=[(text, text, text[:100]) for text in ODD], form="xlsx")
@example(texts=[(text, text, text[:100]) for text in ODD], form="csv")
def test_any_ledger_comes_back_identical(
    people: Cast, tmp_path: Path, texts: list[tuple[str, str, str]], form: str
) -> None:
    site = Site.objects.first() or make_site(people)
    kept = [make_problem(people, site=site) for _text in texts]
    for problem, (description, note, party) in zip(kept, texts, strict=True):
        # As the database holds them, whatever a form of today would have made of them.
        Problem.objects.filter(pk=problem.pk).update(description=description, internal_note=note, party_name=party)
    wanted = list(told(Problem.objects.filter(office=people.office).order_by("number_year", "number_seq", "pk"), "zh"))
    path = write_out(tmp_path, form)
    with open_ledger(path, from_dict({"kind": "problems"})) as parsed:
        rows = list(parsed)
    assert [_plain(row.values) for row in rows] == [_plain(one.values) for one in wanted]
    assert all(row.is_as_exported and row.errors == row.doubtful == () for row in rows)
    report = take_back(path, people, dry_run=True)
    assert (report.unchanged, report.updated, report.refused) == (len(wanted), 0, [])


def _plain(values: dict[str, Any]) -> dict[str, str]:
    return {name: text for name, value in values.items() if (text := checks.canonical(value))}


# --- Edited --------------------------------------------------------------------------------------------


def test_only_what_was_edited_is_amended(people: Cast, tmp_path: Path) -> None:
    other = make_site(people, "另一处工地", district="410803")
    make_problem(people, status=Status.RECTIFYING, description="甲", party_name="旧名")
    make_problem(people, status=Status.RECTIFYING, description="乙")
    kind = ProblemKind.objects.exclude(code="bare_soil").order_by("pk")[0]

    def change(row: dict[str, Any]) -> None:
        if row["description"] == "甲":
            row.update(description="甲改", party="宏远公司", quantity=3.5, remark="内部", lat=35.2, lon=113.2)
            row.update(kind=kind.name_zh, severity="重大", source="信访", team="第二现场督导组")
            row.update(site=other.name, district="中站区")

    before = {row.pk: row.version for row in Problem.objects.all()}
    path = edit(write_out(tmp_path), change)
    checked = take_back(path, people, dry_run=True)
    report = take_back(path, people)
    assert checked.as_json() == report.as_json()
    assert (report.updated, report.unchanged, report.refused) == (1, 1, [])
    problem = Problem.objects.get(description="甲改")
    assert (problem.party_name, problem.quantity, problem.internal_note) == ("宏远公司", Decimal("3.5"), "内部")
    assert (problem.lat, problem.lon, problem.kind, problem.severity, problem.source) == (
        35.2,
        113.2,
        kind,
        "major",
        "complaint",
    )
    assert (problem.team, problem.site, problem.district_id) == (people.team2, other, "410803")
    assert problem.version == before[problem.pk] + 1
    event = Event.objects.filter(subject_id=problem.pk).order_by("-seq")[0]
    assert (event.verb, event.actor_id) == ("amend", people.supervisor2.pk)
    assert "edited.xlsx" in event.details["reason"]
    assert {(one["column"], one["old"], one["new"]) for one in report.changes} >= {
        ("问题描述", "甲", "甲改"), ("严重程度", "一般", "重大"), ("数量", "", "3.5"),
    }  # fmt: skip
    # The very same file again: everything in it stands here by now.
    again = take_back(path, people)
    assert (again.unchanged, again.updated, again.refused) == (2, 0, [])


OWNED = {
    "number": "焦督〔2019〕77号", "external_id": "X-1", "site_kind": "道路", "route": "立行立改", "special": "是",
    "unit": "市城管局", "co_units": "市城管局", "responsible": "某人", "due_on": day("2019-12-01"),
    "first_due_on": day("2019-12-01"), "extensions": 2, "done_on": day("2019-11-01"), "rechecked_by": "某人",
    "rechecked_on": day("2019-11-02"), "closed_on": day("2019-11-03"), "void": "重复",
}  # fmt: skip


@pytest.mark.parametrize("name", list(OWNED))
def test_what_the_workflow_owns_no_file_changes(people: Cast, tmp_path: Path, name: str) -> None:
    make_problem(people, status=Status.RECTIFYING, due_on=day("2019-10-23"))
    before = state_of_everything()
    path = edit(write_out(tmp_path), lambda row: row.update({name: OWNED[name], "description": "也改了"}))
    report = take_back(path, people)
    assert [(one.code, one.column) for one in report.refused] == [("loop_owned", usual_headers("problems", name)[0])]
    assert (report.updated, report.refused_rows, report.accepted) == (0, 1, 0)
    assert state_of_everything() == before


def test_an_edit_of_what_changed_here_meanwhile_is_a_conflict(people: Cast, tmp_path: Path) -> None:
    problem = make_problem(people, status=Status.RECTIFYING, description="旧")
    path = edit(write_out(tmp_path), lambda row: row.update(description="文件里的"))
    workflow.amend(problem, by=people.supervisor1, reason="看错了", description="这里的")
    before = state_of_everything()
    report = take_back(path, people)
    assert [(one.code, one.column, one.value) for one in report.refused] == [("conflict", "问题描述", "文件里的")]
    for language, words in (("zh-hans", "这里的"), ("en", "这里的")):
        with translation.override(language):
            assert words in str(report.refused[0].message)
    assert state_of_everything() == before


def test_a_problem_that_only_imports_have_written_takes_dates_and_states_from_the_file(
    people: Cast, tmp_path: Path
) -> None:
    take_in(ledger(tmp_path, changed(整改时限="", 协办单位="市城管局")), people.office)
    old = Problem.objects.get()
    path = edit(write_out(tmp_path), lambda row: row.update(done_on=day("2019-10-20"), closed_on=day("2019-10-22")))
    report = take_back(path, people)
    assert (report.updated, report.refused) == (1, [])
    new = Problem.objects.get()
    assert (new.status, new.met_on, new.closed_on) == (Status.CLOSED, day("2019-10-20"), day("2019-10-22"))
    # What was not edited stays as it was, the date by rule among it.
    assert (new.due_on, new.first_due_on, new.number, new.site) == (old.due_on, old.first_due_on, old.number, old.site)
    assert set(new.assignments.values_list("unit__name_zh", flat=True)) == {"市住建局", "市城管局"}
    assert take_back(path, people).unchanged == 1


def test_a_name_written_otherwise_is_no_edit(people: Cast, tmp_path: Path) -> None:
    make_problem(people, status=Status.RECTIFYING)
    before = state_of_everything()
    path = edit(write_out(tmp_path), lambda row: row.update(unit="Housing Bureau", district="410802", team="Team 1"))
    report = take_back(path, people)
    assert (report.unchanged, report.refused) == (1, [])
    assert state_of_everything() == before


def test_unknown_names_and_refusals_of_the_workflow_are_told_by_cell(people: Cast, tmp_path: Path) -> None:
    make_problem(people, status=Status.RECTIFYING, description="甲")
    make_problem(people, status=Status.VOID, description="乙")

    def change(row: dict[str, Any]) -> None:
        row.update(kind="没有的类型" if row["description"] == "甲" else row["kind"], remark="改")

    report = take_back(edit(write_out(tmp_path), change), people)
    assert [(one.row, one.code, one.column) for one in report.refused] == [
        (2, "unknown_kind", "问题类型"), (3, "not_possible", "备注"),
    ]  # fmt: skip
    assert not Problem.objects.exclude(internal_note="").exists()


def test_a_row_twice_in_the_file_is_taken_once(people: Cast, tmp_path: Path) -> None:
    make_problem(people, status=Status.RECTIFYING)
    path = write_out(tmp_path, "csv")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1], lines[-1].replace("黄土".encode(), "红土".encode())]))
    report = take_back(path, people)
    assert (report.unchanged, report.duplicates) == (1, 1)
    assert [(one.row, one.code) for one in report.refused] == [(4, "duplicate")]


def test_the_ledger_of_one_office_is_not_taken_in_by_another(people: Cast, tmp_path: Path) -> None:
    make_problem(people)
    path = write_out(tmp_path)
    report = import_file(path, from_dict({"kind": "problems"}), office=people.far_office, by=people.outsider)
    assert [one.code for one in report.refused] == ["other_office"]
    assert report.created == 0


def test_without_its_code_a_row_is_any_ledgers_row(people: Cast, tmp_path: Path) -> None:
    make_problem(people)
    report = take_back(edit(write_out(tmp_path), lambda row: row.update(check="改坏了")), people)
    assert [one.code for one in report.doubtful] == ["conflict"]


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
