"""Importing into the database: the practice year, re-import, refusals, doubts, and what an import never does."""

import csv
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casetracker.enums import UnitKind
from casetracker.models import Deadline, Delivery, Event, Notice, NumberSeries, Unit
from inspections import alerts, figures, workflow
from inspections.demo import people as invented
from inspections.enums import AssignmentRole, AssignmentState, Clock, Result, Status
from inspections.ledger.importing import NoOffice, Report, import_file, office_named, remarks
from inspections.ledger.importing.jobs import release
from inspections.ledger.mapping import from_dict, profile
from inspections.models import AlertPeriod, Assignment, ImportBatch, Problem, Recheck, Site, Stage, Visit
from tests.builders import day
from tests.cast import Cast, cast

WORKBOOKS = Path(invented.__file__).parent
EXPECTED = json.loads((Path(__file__).parents[2] / "data" / "jiaozuo-2019-expected.json").read_text("utf-8"))
PERIOD = figures.Period(day("2019-01-07"), day("2019-12-09"))

HEADER = ["问题编号", "发现日期", "督导组", "县（市、区）", "点位名称", "点位类型", "问题类型", "问题描述", "处置方式",
          "专项交办", "责任单位", "协办单位", "整改时限", "整改完成日期", "核查人", "核查日期", "销号日期"]  # fmt: skip
ROW = ["焦督〔2019〕7号", "2019-10-16", "第一现场督导组", "解放区", "锦绣工地", "建筑工地", "黄土裸露未覆盖",
       "裸露约200平方米", "集中交办", "", "市住建局", "", "2019-10-23", "", "", "", ""]  # fmt: skip
CREATE = {"units": True, "teams": True, "sites": True, "kinds": True}


def ledger(folder: Path, *rows: list[str], name: str = "ledger.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def changed(**columns: str) -> list[str]:
    """The usual row with some columns changed, by header text."""
    return [columns.get(header, value) for header, value in zip(HEADER, ROW, strict=True)]


def take_in(path: Path, office: Unit, create: dict[str, bool] | None = None, **options: Any) -> Report:
    mapping = from_dict({"kind": "problems", "create": CREATE if create is None else create})
    return import_file(path, mapping, office=office, by=None, **options)


@pytest.fixture
def year(db: None) -> Unit:
    """An office into which both practice workbooks were imported."""
    office = invented.make_units()
    for kind in ("visits", "problems"):
        report = import_file(
            WORKBOOKS / f"jiaozuo-2019-{kind}.xlsx", profile(f"jiaozuo-{kind}"), office=office, by=None
        )
        assert report.refused == []
    return office


@pytest.mark.slow
def test_the_practice_year_gives_the_published_figures_and_changes_nothing_the_second_time(year: Unit) -> None:
    report = figures.report(Problem.objects.all(), Visit.objects.all(), PERIOD)
    for key in (
        "points",
        "problems",
        "central",
        "on_spot",
        "special",
        "closed",
        "not_closed",
        "person_times",
        "late_done",
    ):
        assert report[key] == EXPECTED[key], key
    assert report["overdue"] == EXPECTED["overdue_on_2019_12_09"]
    assert report["by_district"] == EXPECTED["by_district"]
    assert report["by_team"] == EXPECTED["by_team"]
    # The site of the demonstration zone: 21 problems on one visit.
    name = "示范区市城乡一体化示范区科创中心项目工地"
    assert Problem.objects.filter(site_name=name).count() == EXPECTED["demo_zone_site"]
    assert Problem.objects.filter(site_name=name).values("visit").distinct().count() == 1

    before = (Problem.objects.count(), Visit.objects.count(), Event.objects.count(), Stage.objects.count())
    for kind in ("visits", "problems"):
        again = import_file(WORKBOOKS / f"jiaozuo-2019-{kind}.xlsx", profile(f"jiaozuo-{kind}"), office=year, by=None)
        assert (again.created, again.updated, again.unchanged) == (0, 0, again.rows)
    assert before == (Problem.objects.count(), Visit.objects.count(), Event.objects.count(), Stage.objects.count())

    # No notice and no mail leaves, and the series goes on after the highest number.
    assert not Notice.objects.exists()
    assert not Delivery.objects.exists()
    assert NumberSeries.take(year.pk, "problem", 2019) == 3171
    assert not Problem.objects.open().filter(held=False).exists()


def test_an_imported_problem_has_its_past(db: None, tmp_path: Path) -> None:
    office = invented.make_units()
    path = ledger(
        tmp_path,
        changed(整改完成日期="2019-10-25", 核查人="李督导", 核查日期="2019-10-26", 销号日期="2019-10-28"),
    )
    take_in(path, office)
    problem = Problem.objects.get()
    assert problem.status == Status.CLOSED
    assert (problem.due_on, problem.met_on) == (day("2019-10-23"), day("2019-10-25"))
    assert (problem.verified_on, problem.closed_on) == (day("2019-10-26"), day("2019-10-28"))
    assert list(problem.stages.values_list("status", flat=True)) == [
        "found",
        "assigned",
        "reported",
        "verified",
        "closed",
    ]
    assert [stage.until for stage in problem.stages.all()][:-1] == [stage.since for stage in problem.stages.all()][1:]
    recheck = Recheck.objects.get()
    assert (recheck.by_name, recheck.on, recheck.result, recheck.visit) == (
        "李督导",
        day("2019-10-26"),
        Result.FIXED,
        None,
    )
    assert not Visit.objects.exists()
    clock = Deadline.objects.get(clock=Clock.RECTIFY)
    assert (clock.due_on, clock.met_on) == (problem.due_on, problem.met_on)
    event = Event.objects.get(subject_id=problem.pk)
    assert (event.verb, event.details["file"], event.details["row"]) == ("import", "ledger.csv", 2)


def test_an_open_imported_problem_goes_on_through_the_loop(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed()), people.office)
    problem = Problem.objects.get()
    assert (problem.status, problem.lead_unit) == (Status.ASSIGNED, people.housing)
    assert workflow.claim(problem, by=people.handler1).status == Status.CLAIMED


def test_a_special_row_names_its_addressees(people: Cast, tmp_path: Path) -> None:
    path = ledger(
        tmp_path,
        changed(专项交办="是", 协办单位="解放区政府、市城管局"),
        changed(问题编号="焦督〔2019〕8号", 专项交办="是"),
    )
    report = take_in(path, people.office)
    first = Problem.objects.get(number="焦督〔2019〕7号")
    assert {one.unit: one.role for one in first.assignments.all()} == {
        people.housing: AssignmentRole.LEAD,
        people.jiefang: AssignmentRole.GOVERNMENT,
        people.city_management: AssignmentRole.REGULATOR,
    }
    assert [(one.row, one.code) for one in report.doubtful] == [(3, "one_addressee")]
    assert report.accepted == 2


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("发现日期", "8月32日", "bad_date"),
        ("整改时限", "尽快", "bad_date"),
        ("县（市、区）", "蓬莱岛", "unknown_district"),
        ("问题描述", "", "missing"),
        ("处置方式", "以后再说", "unknown_value"),
    ],
)
def test_a_bad_cell_refuses_its_row_and_no_other(
    people: Cast, tmp_path: Path, column: str, value: str, code: str
) -> None:
    path = ledger(tmp_path, changed(**{column: value}), changed(问题编号="焦督〔2019〕8号"))
    report = take_in(path, people.office)
    assert [(one.row, one.code) for one in report.refused] == [(2, code)]
    assert (report.rows, report.accepted, report.created) == (2, 1, 1)
    assert Problem.objects.get().number == "焦督〔2019〕8号"


def test_a_repeated_row_is_a_duplicate_and_a_contradicting_one_is_refused(people: Cast, tmp_path: Path) -> None:
    report = take_in(ledger(tmp_path, changed(), changed(), changed(问题描述="另一件事")), people.office)
    assert (report.created, report.duplicates) == (1, 1)
    assert [(one.row, one.code) for one in report.refused] == [(4, "duplicate")]


def test_a_row_without_a_number_gets_the_next_one_and_is_known_again(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(), changed(问题编号="", 问题描述="围挡缺失"))
    take_in(path, people.office)
    assert set(Problem.objects.values_list("number", flat=True)) == {"焦督〔2019〕7号", "焦督〔2019〕8号"}
    assert take_in(path, people.office).unchanged == 2


def test_what_the_ledger_changed_is_updated_with_the_value_before(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed()), people.office)
    report = take_in(ledger(tmp_path, changed(整改完成日期="2019-10-20", 问题描述="裸露约300平方米")), people.office)
    problem = Problem.objects.get()
    assert (report.updated, report.created) == (1, 0)
    assert (problem.status, problem.met_on) == (Status.REPORTED, day("2019-10-20"))
    event = Event.objects.filter(subject_id=problem.pk).latest("seq")
    assert event.before["description"] == "裸露约200平方米"
    assert event.after["description"] == "裸露约300平方米"
    assert Assignment.objects.get().state == AssignmentState.REPORTED
    assert Deadline.objects.filter(clock=Clock.RECTIFY).count() == 1


def test_a_row_changed_on_both_sides_is_doubtful_and_overwrites_nothing(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed()), people.office)
    workflow.claim(Problem.objects.get(), by=people.handler1)
    report = take_in(ledger(tmp_path, changed(问题描述="别的说法")), people.office)
    assert [one.code for one in report.doubtful] == ["conflict"]
    assert Problem.objects.get().description == "裸露约200平方米"


def test_unknown_names_are_created_only_where_the_mapping_says_so(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(责任单位="市水利局", 督导组="第九督导组"))
    report = take_in(path, people.office, create={"sites": True})
    problem = Problem.objects.get()
    assert {one.code for one in report.doubtful} == {"unknown_unit", "unknown_team"}
    assert (problem.lead_unit, problem.team, problem.status) == (None, people.office, Status.FOUND)
    assert not Unit.objects.filter(name_zh="市水利局").exists()

    take_in(ledger(tmp_path, changed(问题编号="焦督〔2019〕9号", 责任单位="市水利局")), people.office)
    assert Unit.objects.get(name_zh="市水利局").kind == UnitKind.DEPARTMENT


def test_a_dry_run_reports_the_same_and_leaves_nothing(people: Cast, tmp_path: Path) -> None:
    path = ledger(tmp_path, changed(), changed(问题编号="", 问题描述="围挡缺失"))
    tried = take_in(path, people.office, dry_run=True)
    assert not Problem.objects.exists()
    assert not Site.objects.exists()
    assert not ImportBatch.objects.exists()
    done = take_in(path, people.office)
    assert tried.as_json() == done.as_json()


def test_open_items_are_held_until_a_supervisor_releases_the_batch(people: Cast, tmp_path: Path) -> None:
    report = take_in(ledger(tmp_path, changed()), people.office)
    assert report.batch is not None
    problem = Problem.objects.get()
    assert problem.held
    workflow.claim(problem, by=people.handler1)
    assert not Notice.objects.exists()
    assert release(report.batch, by=people.supervisor1) == 1
    problem.refresh_from_db()
    assert not problem.held


def test_several_fitting_visits_are_doubtful(people: Cast, tmp_path: Path) -> None:
    take_in(ledger(tmp_path, changed()), people.office)
    site = Site.objects.get()
    for number in range(2):
        Visit.objects.create(
            team=people.team1, site=site, site_name=site.name, district=site.district, on=day("2019-10-17"),
            people=2 + number, recorded_at="2019-10-17T09:00:00+08:00",
        )  # fmt: skip
    report = take_in(ledger(tmp_path, changed(问题编号="焦督〔2019〕9号", 发现日期="2019-10-17")), people.office)
    assert [one.code for one in report.doubtful] == ["several_visits"]


DAYS = ("2019-12-04", "2019-12-05", "2019-12-06", "2019-12-07")
VISITS = {"kind": "visits", "create": {"sites": True}}


def visits_ledger(people: Cast, folder: Path) -> Path:
    """One visit on each of the days."""
    path = folder / "visits.csv"
    rows = [[on, people.team1.name_zh, "解放区", "锦绣工地", "3"] for on in DAYS]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["督导日期", "督导组", "县（市、区）", "点位名称", "人次"], *rows])
    return path


def alert_levels() -> list[str | None]:
    shown = dict(Visit.objects.values_list("on", "alert__level"))
    return [shown[day(on)] for on in DAYS]


def test_an_imported_visit_shows_the_alert_of_its_day(people: Cast, tmp_path: Path) -> None:
    AlertPeriod.objects.create(
        office=people.office, level="orange", from_on=day("2019-12-05"), until_on=day("2019-12-06")
    )
    path = visits_ledger(people, tmp_path)
    assert import_file(path, from_dict(VISITS), office=people.office, by=None).created == 4
    assert alert_levels() == [None, "orange", "orange", None]


def test_an_alert_is_entered_while_visits_are_imported_and_they_show_it(committed: None, tmp_path: Path) -> None:
    people = cast()
    path, entered = visits_ledger(people, tmp_path), []

    def enter() -> None:
        try:
            span = {"from_on": day("2019-12-05"), "until_on": day("2019-12-06")}
            alerts.enter_alert(by=people.supervisor1, office=people.office, level="red", **span)
            entered.append(True)
        finally:
            connections.close_all()

    def meanwhile(done: int, total: int) -> None:
        if not entered:
            thread = threading.Thread(target=enter)
            thread.start()
            thread.join(60)

    import_file(path, from_dict(VISITS), office=people.office, by=None, progress=meanwhile)
    assert entered == [True]
    assert alert_levels() == [None, "red", "red", None]


def test_the_office_must_be_clear(db: None) -> None:
    with pytest.raises(NoOffice, match="manage.py setup"):
        office_named(None)
    invented.make_units()
    assert office_named(None).number_prefix == "焦督"
    with pytest.raises(NoOffice):
        office_named("没有的办公室")


def test_the_command_prints_the_report_as_json(
    people: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('kind = "problems"\n[create]\nsites = true\n', encoding="utf-8")
    path = ledger(tmp_path, changed(), changed(问题编号="焦督〔2019〕8号", 发现日期="尽快"))
    call_command("import_ledger", str(path), mapping=mapping, format="json", office=people.office.name_zh, stdout=None)
    report = json.loads(capsys.readouterr().out)
    assert {key: report[key] for key in ("rows", "accepted", "created", "duplicates")} == {
        "rows": 2, "accepted": 1, "created": 1, "duplicates": 0,
    }  # fmt: skip
    refused = report["refused"][0]
    assert {key: refused[key] for key in ("row", "column", "value", "code")} == {
        "row": 3, "column": "发现日期", "value": "尽快", "code": "bad_date",
    }  # fmt: skip
    assert "尽快" in refused["message_zh"]
    assert "尽快" in refused["message_en"]
    assert refused["message_zh"] != refused["message_en"]


def test_every_refused_row_is_named_though_the_stored_report_keeps_some(
    people: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that are only refused at the end of the ledger stand in the order of the rows."""
    monkeypatch.setattr(remarks, "KEPT_REMARKS", 2)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('kind = "problems"\n[create]\nsites = true\n', encoding="utf-8")
    late = changed(问题编号="", **{"县（市、区）": "蓬莱岛"})
    bad = [changed(问题编号=f"焦督〔2019〕{number}号", 发现日期=f"第{number}天") for number in range(20, 24)]
    path = ledger(tmp_path, late, *bad, changed(专项交办="是"))
    for form in ("json", "text"):
        call_command(
            "import_ledger", str(path), mapping=mapping, format=form, office=people.office.name_zh, stdout=None
        )
    printed, text = capsys.readouterr().out.split("\n}\n")
    report = json.loads(printed + "}")
    assert [one["row"] for one in report["refused"]] == [2, 3, 4, 5, 6]
    assert [one["value"] for one in report["refused"]] == ["蓬莱岛", "第20天", "第21天", "第22天", "第23天"]
    assert (report["refused_rows"], [one["row"] for one in report["doubtful"]]) == (5, [7])
    assert "left_off" not in report
    assert [line.split(",")[0] for line in text.splitlines() if "Refused" in line] == [
        f"Refused: row {row}" for row in (2, 3, 4, 5, 6)
    ]
    stored = ImportBatch.objects.order_by("created_at")[0].report
    assert (len(stored["refused"]), stored["left_off"]) == (2, {"refused": 3, "doubtful": 0, "changes": 0})


def test_progress_counts_the_rows_below_the_header(people: Cast, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = ledger(tmp_path, *(changed(问题编号=f"焦督〔2019〕{number}号") for number in range(1, 4)))
    path.write_text("一季度台账\n" + path.read_text("utf-8"), encoding="utf-8")
    take_in(path, people.office, progress=lambda done, total: told.append((done, total)))
    assert told == [(3, 3)]


def test_what_is_taken_in_as_on_a_day_of_the_past_happened_that_day(people: Cast, tmp_path: Path) -> None:
    """So that the history of the demonstration year stands in its order; a real import is dated now."""
    on = day("2019-12-09")
    path = ledger(tmp_path, changed())
    take_in(path, people.office, today=on)
    batch = ImportBatch.objects.get()
    [event] = Event.objects.filter(subject_type="problem", verb="import")
    assert [timezone.localdate(at) for at in (event.at, batch.created_at)] == [on, on]
    before = timezone.now()
    take_in(ledger(tmp_path, changed(问题编号="焦督〔2019〕8号")), people.office)
    take_in(ledger(tmp_path, changed(问题编号="焦督〔2019〕9号")), people.office, today=timezone.localdate())
    later = Event.objects.filter(subject_type="problem", verb="import").exclude(pk=event.pk)
    assert later.count() == 2
    assert all(one.at <= timezone.now() for one in later)
    assert later.filter(subject_label__contains="8号").get().at >= before


def test_the_database_hears_from_an_import_that_only_refuses(people: Cast, tmp_path: Path) -> None:
    """Else it would end the transaction of a long one."""
    heard: list[int] = []
    path = ledger(tmp_path, *[changed(发现日期="尽快")] * 2500)
    with CaptureQueriesContext(connection) as queries:
        take_in(path, people.office, progress=lambda done, total: heard.append(len(queries)))
    assert len(heard) == len(set(heard)) == 3
