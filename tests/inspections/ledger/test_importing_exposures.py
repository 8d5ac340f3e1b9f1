"""Exposures in the media from a spreadsheet, their list, and what the problem's page says of them."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inspections.enums import Status
from inspections.ledger.importing import Report, import_file
from inspections.ledger.mapping import profile
from inspections.models import Exposure, Named, Problem
from tests.builders import day, make_problem, make_site
from tests.cast import Cast, sign_in

pytestmark = pytest.mark.django_db

HEADER = "刊发日期,媒体,标题,曝光对象,问题编号,跟踪报道日期,跟踪结果"


def take_in(folder: Path, people: Cast, *rows: str, **options: Any) -> Report:
    path = folder / "exposures.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8-sig")
    return import_file(path, profile("jiaozuo-exposures"), office=people.office, by=people.supervisor1, **options)


def row(problem: Problem | None, name: str = "温县东环地块", *, issue: int = 1, more: str = ",") -> str:
    return f"2019-12-01,焦作电视台,环保曝光台第{issue}期,{name},{problem.number if problem else ''},{more}"


def test_a_piece_that_names_several_is_one_piece(people: Cast, tmp_path: Path) -> None:
    problem = make_problem(people)
    site = make_site(people, "马村烧烤")

    report = take_in(tmp_path, people, row(problem), row(None, "马村烧烤"), row(None, "某某公司", issue=2))

    assert (report.created, report.refused, report.doubtful) == (3, [], [])
    assert Exposure.objects.count() == 2
    first = Named.objects.get(problem=problem)
    assert (first.site, first.published_on, first.exposure.title) == (
        problem.site,
        day("2019-12-01"),
        "环保曝光台第1期",
    )
    assert Named.objects.get(name="马村烧烤").site == site
    assert Named.objects.get(name="某某公司").site is None


def test_a_follow_up_is_learnt_later_and_never_lost(people: Cast, tmp_path: Path) -> None:
    problem = make_problem(people)
    take_in(tmp_path, people, row(problem))

    second = take_in(tmp_path, people, row(problem, more="2019-12-05,已整改"))
    third = take_in(tmp_path, people, row(problem))

    assert (second.updated, third.unchanged) == (1, 1)
    assert {one["new"] for one in second.changes} == {"2019-12-05", "已整改"}
    named = Named.objects.get()
    assert (named.follow_up_on, named.follow_up_result) == (day("2019-12-05"), "已整改")


def test_what_is_odd_is_doubtful_and_what_cannot_be_is_refused(people: Cast, tmp_path: Path) -> None:
    lost = "2019-12-01,焦作电视台,第1期,甲,焦督〔2019〕999号,,"
    early = row(None, "乙", more="2019-11-30,整改中")
    report = take_in(tmp_path, people, lost, early, row(None, "丙"), row(None, "丙"), ",焦作日报,第2期,丁,,,")

    assert (report.created, report.duplicates, report.refused_rows) == (3, 1, 1)
    assert [(one.row, one.code) for one in report.doubtful][0] == (2, "unknown_problem")
    assert {one.row for one in report.doubtful} == {2, 3}
    assert (report.refused[0].column, report.refused[0].code) == ("刊发日期", "missing")
    assert Named.objects.get(name="甲").problem is None


def test_one_name_with_two_unknown_numbers_in_a_piece_is_one(people: Cast, tmp_path: Path) -> None:
    lost = [f"2019-12-01,焦作电视台,第1期,甲,焦督〔2019〕{number}号,," for number in (998, 999)]
    report = take_in(tmp_path, people, *lost)

    assert (report.created, report.duplicates) == (1, 1)
    assert (take_in(tmp_path, people, *lost).unchanged, Named.objects.count()) == (1, 1)


def test_the_list_shows_them_and_links_what_the_reader_sees(people: Cast, tmp_path: Path) -> None:
    problem = make_problem(people, status=Status.ASSIGNED)
    other = make_problem(people)
    take_in(tmp_path, people, row(problem), row(other, issue=2), row(None, "某某公司", issue=2))

    seen = sign_in(people.supervisor1).get("/exposures/").content.decode()
    assert 'data-total="3"' in seen
    assert "in 2 pieces" in seen
    assert f'href="/problems/{problem.pk}/"' in seen
    handler = sign_in(people.handler1).get("/exposures/").content.decode()
    assert 'data-total="1"' in handler
    assert other.number not in handler
    assert 'data-total="0"' in sign_in(people.outsider).get("/exposures/").content.decode()
    narrowed = sign_in(people.supervisor1).get("/exposures/?q=某某&followed=no&from=2019-12-01&to=2019-12-01")
    assert 'data-total="1"' in narrowed.content.decode()
    assert sign_in(people.supervisor1).get("/exposures/?from=nonsense").status_code == 422
    assert sign_in(people.supervisor1).get("/exposures/?what=1").status_code == 400


def test_the_problems_page_says_where_it_was_exposed(people: Cast, tmp_path: Path) -> None:
    problem = make_problem(people)
    before = sign_in(people.supervisor1).get(f"/problems/{problem.pk}/").content.decode()
    take_in(tmp_path, people, row(problem, more="2019-12-05,已整改"))

    page = sign_in(people.supervisor1).get(f"/problems/{problem.pk}/").content.decode()

    assert "环保曝光台第1期" not in before
    assert "环保曝光台第1期" in page
    assert "已整改" in page


def test_the_list_takes_as_many_queries_for_thirty_rows_as_for_one(people: Cast, tmp_path: Path) -> None:
    client = sign_in(people.supervisor1)

    def queries() -> int:
        client.get("/exposures/")
        with CaptureQueriesContext(
            connection,
        ) as heard:
            client.get("/exposures/")
        return len(heard)

    take_in(tmp_path, people, row(make_problem(people)))
    one = queries()
    take_in(tmp_path, people, *(row(make_problem(people), f"第{n}家", issue=n) for n in range(2, 31)))
    assert queries() == one <= 10
