"""An exported ledger edited in a spreadsheet program: just the edits are taken over, or refused by a stated code."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from casetracker.models import Event
from inspections import workflow
from inspections.enums import Status
from inspections.ledger import checks
from inspections.ledger.exporting.values import told
from inspections.ledger.importing import Report, import_file
from inspections.ledger.mapping import from_dict
from inspections.models import Exposure, Named, Problem, ProblemKind, Site
from tests.builders import day, make_problem, make_site
from tests.cast import Cast
from tests.inspections.ledger.test_export_ledger import cells_of, edit, state_of_everything, take_back, write_out
from tests.inspections.ledger.test_importing import changed, ledger, take_in

# What each column is edited to, and what becomes of that for a problem that was worked on here and for one that only
# imports have written: the columns that change, or the code of the refusal.
Fate = str | set[str]
EDITS: dict[str, tuple[Any, Fate, Fate]] = {
    "number": ("焦督〔2019〕77号", "loop_owned", "loop_owned"),
    "external_id": ("X-1", "loop_owned", "loop_owned"),
    "found_on": (day("2019-10-15"), {"found_on"}, {"found_on"}),
    "team": ("第二现场督导组", {"team"}, {"team"}),
    # The site stands in another district: the ledger of an import means the site by its name and district.
    "district": ("中站区", {"district"}, "unknown_site"),
    # What has no position of its own stands where its site does.
    "site": ("另一处工地", {"site"}, {"site", "lat", "lon"}),
    "site_kind": ("道路", "loop_owned", "loop_owned"),
    "kind": ("渣土车未密闭", {"kind"}, {"kind"}),
    "description": ("改过的", {"description"}, {"description"}),
    "route": ("立行立改", "loop_owned", {"route"}),
    "special": ("是", "loop_owned", {"special"}),
    "severity": ("重大", {"severity"}, {"severity"}),
    "unit": ("市城管局", "loop_owned", {"unit"}),
    "co_units": ("市城管局", "loop_owned", {"co_units"}),
    "responsible": ("某人", "loop_owned", {"responsible"}),
    "due_on": (day("2019-12-01"), "loop_owned", {"due_on"}),
    "first_due_on": (day("2019-11-01"), "loop_owned", {"first_due_on"}),
    "extensions": (2, "loop_owned", {"extensions"}),
    "done_on": (day("2019-11-01"), "loop_owned", {"done_on"}),
    "rechecked_by": ("某人", "loop_owned", {"rechecked_by"}),
    # What was found fixed or closed was done by then.
    "rechecked_on": (day("2019-11-02"), "loop_owned", {"rechecked_on", "done_on"}),
    "closed_on": (day("2019-11-03"), "loop_owned", {"closed_on", "done_on"}),
    "party": ("宏远公司", {"party"}, {"party"}),
    "source": ("信访", {"source"}, {"source"}),
    "quantity": (3.5, {"quantity"}, {"quantity"}),
    "void": ("重复", "loop_owned", {"void"}),
    "remark": ("内部", {"remark"}, {"remark"}),
    "lat": (35.3, "missing", "missing"),
    "lon": (113.3, "missing", "missing"),
}
WORKED, IMPORTED = 1, 2


def said() -> list[dict[str, str]]:
    """What the ledger says of every problem, in the order of the numbers."""
    rows = told(Problem.objects.order_by("number_seq"), "zh")
    return [{name: checks.canonical(value) for name, value in one.values.items()} for one in rows]


def one_problem_per_column(people: Cast, folder: Path) -> None:
    make_site(people, "另一处工地")
    numbers = range(1, len(EDITS) + 1)
    take_in(ledger(folder, *(changed(问题编号=f"焦督〔2019〕{number}号") for number in numbers)), people.office)


def with_each_column_edited(folder: Path) -> Path:
    """Another column in each row; where that can't be taken over, the description besides."""
    left = iter(EDITS)

    def change(row: dict[str, Any]) -> None:
        name = next(left)
        if EDITS[name][WORKED] == "loop_owned" == EDITS[name][IMPORTED]:
            row["description"] = "也改了"
        row[name] = EDITS[name][0]

    return edit(write_out(folder), change)


def codes(report: Report) -> dict[str, str]:
    """The code of the refusal by the column that was edited, each row being another one."""
    names = list(EDITS)
    return {names[one.row - 2]: one.code for one in report.refused}


@pytest.mark.parametrize("which", [WORKED, IMPORTED], ids=["worked", "imported"])
def test_each_column_edited_alone_changes_that_or_is_refused(people: Cast, tmp_path: Path, which: int) -> None:
    one_problem_per_column(people, tmp_path)
    if which == WORKED:
        for problem in Problem.objects.all():
            workflow.claim(problem, by=people.handler1)
    before = said()
    report = take_back(with_each_column_edited(tmp_path), people)
    fates = {name: edited[which] for name, edited in EDITS.items()}
    assert codes(report) == {name: fate for name, fate in fates.items() if isinstance(fate, str)}
    differing = [{name for name in old if old[name] != new[name]} for old, new in zip(before, said(), strict=True)]
    assert differing == [set() if isinstance(fate, str) else fate for fate in fates.values()]
    assert report.updated == len(EDITS) - report.refused_rows


def test_each_column_edited_of_what_changed_here_meanwhile_is_a_conflict(people: Cast, tmp_path: Path) -> None:
    one_problem_per_column(people, tmp_path)
    path = with_each_column_edited(tmp_path)
    for problem in Problem.objects.all():
        workflow.amend(problem, by=people.supervisor1, reason="看错了", party_name="这里的")
    before = said()
    report = take_back(path, people)
    half = {"lat": "missing", "lon": "missing"}
    assert codes(report) == dict.fromkeys(EDITS, "conflict") | half
    assert (report.updated, said()) == (0, before)


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


# --- Sites and exposures ---------------------------------------------------------------------------------


def edited_copy(path: Path, edits: dict[tuple[int, str], str]) -> Path:
    """The same CSV with some cells changed, by row of data (from 0) and header."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    for (row, name), text in edits.items():
        rows[row][header.index(name)] = text
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def test_of_a_register_of_sites_only_what_was_edited_is_taken_over(people: Cast, tmp_path: Path) -> None:
    first = make_site(people, "甲工地", address="东环路1号", permit="P-1", risk_class="key")
    second = make_site(people, "乙工地", address="西环路1号")
    path = write_out(tmp_path, "csv", kind="sites")
    assert [cells[0] for cells in cells_of(path)[1:]] == ["乙工地", "甲工地"]
    # What somebody changed here meanwhile stays, though the file says what stood here before.
    Site.objects.filter(pk=first.pk).update(address="东环路2号")
    Site.objects.filter(pk=second.pk).update(address="西环路2号")
    edits = {(1, "名称"): "甲厂工地", (1, "排污许可证编号"): "", (1, "经营者"): "甲公司", (1, "县（市、区）"): "中站区"}
    report = take_back(edited_copy(path, edits | {(0, "地址"): "西环路3号"}), people, kind="sites")
    assert [(one.row, one.column, one.value, one.code) for one in report.refused] == [
        (2, "地址", "西环路3号", "conflict")
    ]
    assert "西环路2号" in str(report.refused[0].message)
    assert {(one["column"], one["old"], one["new"]) for one in report.changes} == {
        ("名称", "甲工地", "甲厂工地"), ("排污许可证编号", "P-1", ""), ("经营者", "", "甲公司"),
        ("县（市、区）", "解放区", "中站区"),
    }  # fmt: skip
    first.refresh_from_db()
    assert (first.name, first.district_id, first.permit, first.address) == ("甲厂工地", "410803", "", "东环路2号")
    assert (first.risk_class, first.names.get().name) == ("key", "甲工地")
    assert take_back(path, people, kind="sites").unchanged == 1


def test_sites_of_one_name_and_of_another_office_are_told_apart(people: Cast, tmp_path: Path) -> None:
    for _twice in range(2):
        make_site(people, "同名工地")
    path = write_out(tmp_path, "xlsx", kind="sites")
    report = take_back(path, people, kind="sites")
    assert (report.unchanged, report.created, report.duplicates, report.refused) == (2, 0, 0, [])
    far = import_file(path, from_dict({"kind": "sites"}), office=people.far_office, by=people.outsider)
    assert [one.code for one in far.refused] == ["other_office", "other_office"]


def test_of_an_exposure_a_file_changes_the_follow_up_alone(people: Cast, tmp_path: Path) -> None:
    on = day("2019-10-16")
    piece = Exposure.objects.create(office=people.office, published_on=on, medium="日报", title="同上")
    for name in ("甲厂", "乙厂", "丙厂", "丁厂"):
        Named.objects.create(exposure=piece, published_on=on, name=name)
    named = list(Named.objects.order_by("pk"))
    path = write_out(tmp_path, "csv", kind="exposures")
    Named.objects.filter(pk=named[2].pk).update(follow_up_result="这里的")
    edits = {(0, "跟踪结果"): "已整改", (1, "曝光对象"): "别的厂", (2, "跟踪结果"): "文件里的"}
    report = take_back(edited_copy(path, edits), people, kind="exposures")
    assert [(one.row, one.column, one.code) for one in report.refused] == [
        (3, "核对码", "loop_owned"), (4, "跟踪结果", "conflict"),
    ]  # fmt: skip
    assert (report.updated, report.unchanged, report.created) == (1, 1, 0)
    assert [one.follow_up_result for one in Named.objects.order_by("pk")] == ["已整改", "", "这里的", ""]
