"""Lists as files: what a cell becomes, who may have a file and how long, and that a dead worker leaves nothing."""

import csv
import datetime
import io
import os
import re
import stat
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from casetracker import registry, tasks, working
from casetracker.enums import JobState, Role
from casetracker.errors import Invalid
from casetracker.exporting import Cell, Column, Table, jobs
from casetracker.exporting.quoting import quote_csv, unquote_csv
from casetracker.exporting.writing import FORMS, MOST_ROWS, write
from casetracker.models import District, Job, Membership, Unit, User
from casetracker.registry import Export
from inspections.ledger.reader import read
from tests.cast import Cast

DAY, MOMENT = datetime.date(2019, 10, 16), datetime.datetime(2019, 10, 16, 9, 30)
# What spreadsheet programs run, in either width, and what looks like the mark against it.
FORMULAS = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "'=1", "'", "'tis"]


def table(rows: Sequence[Sequence[Cell]], total: int | None = None) -> Table:
    width = max(map(len, rows), default=1)
    columns = [Column(f"列{number}") for number in range(width)]
    return Table("名单", columns, len(rows) if total is None else total, lambda: iter(rows))


def csv_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def sheet_of(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


# --- Cells ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_yes_and_no_stay_what_they_are_and_numbers_have_the_digits_of_a_spreadsheet(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"list.{form}"
    write(table([[True, False, 0.1 + 0.2]]), form, path)
    with read(path) as reading:
        cells = [row.cells for batch in reading for row in batch][1]
    assert cells == ([True, False, 0.3] if form == "xlsx" else ["TRUE", "FALSE", "0.3"])


def test_a_csv_runs_nothing_and_says_in_what_letters_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    assert write(table([[text] for text in FORMULAS]), "csv", path) == len(FORMULAS)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, *rows = csv_of(path)
    assert header == ["列0"]
    assert [row[0] for row in rows] == ["'" + text for text in FORMULAS]
    assert [unquote_csv(row[0]) for row in rows] == FORMULAS


@given(text=st.text())
def test_the_mark_is_taken_off_as_it_was_put_on(text: str) -> None:
    assert unquote_csv(quote_csv(text)) == text


def test_cells_of_a_csv_are_written_so_that_everybody_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write(table([[DAY, MOMENT, 12, -3, 1e-06, -113.5, Decimal("12.50"), None, "", "甲\n乙,丙"]]), "csv", path)
    wanted = ["2019-10-16", "2019-10-16 09:30", "12", "-3", "0.000001", "-113.5", "12.50", "", "", "甲\n乙,丙"]
    assert csv_of(path)[1] == wanted


def test_a_workbook_has_real_dates_a_frozen_header_and_texts_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    rows = [[DAY, MOMENT, 12, 1.5, Decimal("12.50"), text] for text in FORMULAS]
    rows.append([datetime.date(201, 1, 1), None, 0, 0.0, None, "甲\ufffe" + "乙" * 40_000])
    assert write(table(rows), "xlsx", path) == len(rows)
    xml = sheet_of(path)
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in xml
    assert "<f>" not in xml
    with read(path) as reading:
        cells = [row.cells for batch in reading for row in batch]
    assert [type(cell) for cell in cells[1]] == [datetime.date, datetime.datetime, int, float, float, str]
    assert cells[1][:5] == [DAY, MOMENT, 12, 1.5, 12.5]
    # The sheet's own way of writing a line's end makes no difference to it.
    assert [row[5].replace("\r", "\n") for row in cells[1:-1]] == [text.replace("\r", "\n") for text in FORMULAS]
    assert (cells[-1][0], cells[-1][5]) == ("0201-01-01", "甲" + "乙" * 32_766)


def test_more_rows_than_a_sheet_holds_are_refused_before_they_are_read(tmp_path: Path) -> None:
    def never() -> Iterator[Sequence[Cell]]:
        raise AssertionError("read")

    with pytest.raises(Invalid):
        write(Table("名单", [Column("列")], MOST_ROWS + 1, never), "xlsx", tmp_path / "list.xlsx")


def test_a_sheet_takes_any_name(tmp_path: Path) -> None:
    named = Table("[a]:b*c?d/e\\f'" + "长" * 40, [Column("列")], 1, lambda: iter([["x"]]))
    assert write(named, "xlsx", tmp_path / "list.xlsx") == 1


# --- Jobs ----------------------------------------------------------------------------------------------


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], None]]:
    """A list of more rows than are written while somebody waits; told how its rows are made."""
    how: list[Callable[[], Iterator[Sequence[Cell]]]] = []

    def rows() -> Iterator[Sequence[Cell]]:
        return how[-1]() if how else iter([[number, "甲"] for number in range(jobs.AT_ONCE + 1)])

    def made(user: User, query: str) -> Table:
        return Table("长名单", [Column("号"), Column("名")], jobs.AT_ONCE + 1, rows)

    registry.exports["long"] = Export("long", "Long", "people", lambda user: user.has_role(Role.SUPERVISOR), made)
    yield how.append
    registry.exports.pop("long")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def ask(person: User, form: str = "csv") -> Job:
    answer = signed_in(person).post(reverse("export_new", args=["long"]), {"form": form, "query": "q=a"})
    job = Job.objects.filter(kind=jobs.KIND).latest("created_at")
    assert answer["Location"] == reverse("job", args=[job.pk])
    return job


@pytest.mark.parametrize("form", FORMS)
def test_a_long_list_is_written_by_a_worker_and_downloaded(people: Cast, long: Any, form: str) -> None:
    job = ask(people.supervisor1, form)
    assert ask(people.supervisor1, form).pk == job.pk, "what is under way is not begun again"
    assert working.work() == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (JobState.DONE, jobs.AT_ONCE + 1, jobs.AT_ONCE + 1)
    client = signed_in(people.supervisor1)
    page = client.get(client.get(reverse("job", args=[job.pk]))["Location"])
    assert reverse("export_file", args=[job.pk]) in page.content.decode()
    assert job.result["name"] in page.content.decode()
    answer = client.get(reverse("export_file", args=[job.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Cache-Control"] == "no-store"
    content = b"".join(answer.streaming_content)
    if form == "csv":
        assert len(list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))) == jobs.AT_ONCE + 2
    listed = client.get(reverse("exports"))
    assert reverse("export_file", args=[job.pk]) in listed.content.decode()
    folder = Path(settings.EXPORTS_ROOT)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == [f"{job.pk}.{form}"]


def test_only_whoever_asked_may_have_the_file(people: Cast, long: Any) -> None:
    job = ask(people.supervisor1)
    working.work()
    for person in (people.supervisor2, people.outsider, people.admin):
        for name in ("export", "export_file"):
            answer = signed_in(person).get(reverse(name, args=[job.pk]))
            assert answer.status_code == 404
            assert job.result.get("name", "长名单") not in answer.content.decode()


def test_who_lost_the_post_it_was_written_for_may_not_have_it(people: Cast, long: Any) -> None:
    person = people.supervisor1
    job = ask(person)
    working.work()
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Membership.objects.filter(user=person).update(until_on=yesterday)
    Membership.objects.create(user=person, unit=people.far_office, role=Role.SUPERVISOR, from_on=yesterday)
    for name in ("export", "export_file"):
        answer = signed_in(User.objects.get(pk=person.pk)).get(reverse(name, args=[job.pk]))
        assert answer.status_code == 404
        assert f"{reverse('people')}?q=a" in answer.content.decode(), "the way to a new one"
    # What is written now is written for the new post.
    again = ask(User.objects.get(pk=person.pk))
    working.work()
    answer = signed_in(User.objects.get(pk=person.pk)).get(reverse("export_file", args=[again.pk]))
    assert (answer.status_code, bool(b"".join(answer.streaming_content))) == (200, True)


def test_districts_that_a_unit_lost_are_a_change_of_what_is_seen(people: Cast, long: Any) -> None:
    job = ask(people.supervisor1)
    working.work()
    Unit.objects.get(pk=people.office.pk).districts.clear()
    assert signed_in(people.supervisor1).get(reverse("export_file", args=[job.pk])).status_code == 404


def test_who_no_longer_sees_the_list_when_the_worker_comes_gets_nothing(people: Cast, long: Any) -> None:
    job = ask(people.supervisor1)
    Membership.objects.filter(user=people.supervisor1).update(until_on=datetime.date(2020, 1, 1))
    working.work()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.refusal["zh-hans"] != job.refusal["en"]
    assert not list(Path(settings.EXPORTS_ROOT).glob("*"))


def test_a_worker_that_dies_leaves_nothing_and_the_next_one_writes_it_whole(people: Cast, long: Any) -> None:
    class Killed(BaseException):
        pass

    def dying() -> Iterator[Sequence[Cell]]:
        yield from ([number, "甲"] for number in range(1500))
        raise Killed

    long(dying)
    job = ask(people.supervisor1)
    with pytest.raises(Killed):
        working.work()
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert not list(Path(settings.EXPORTS_ROOT).glob("*.csv"))
    long(lambda: iter([["号", "乙"]]))
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    assert working.work() == 1
    job.refresh_from_db()
    assert (job.state, job.result["rows"], job.attempts) == (JobState.DONE, 1, 2)
    assert csv_of(jobs.path_of(job))[1:] == [["号", "乙"]]


def test_a_worker_that_wakes_up_late_puts_nothing_in_its_place(people: Cast, long: Any) -> None:
    def frozen() -> Iterator[Sequence[Cell]]:
        yield ["旧", "甲"]
        long(lambda: iter([["新", "乙"]]))
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
        assert working.work() == 1

    long(frozen)
    job = ask(people.supervisor1)
    working.work()
    job.refresh_from_db()
    assert csv_of(jobs.path_of(job))[1:] == [["新", "乙"]]
    assert [path.suffix for path in Path(settings.EXPORTS_ROOT).iterdir()] == [".csv"]


def test_files_are_deleted_after_some_days_and_say_so(people: Cast, long: Any) -> None:
    job, other = ask(people.supervisor1), ask(people.supervisor1, "xlsx")
    working.work()
    left = Path(settings.EXPORTS_ROOT) / "0.1.part"
    left.write_bytes(b"x")
    old = time.time() - jobs.KEPT.total_seconds() - 60
    for path in (jobs.path_of(job), left):
        os.utime(path, (old, old))
    tasks.clear_exports()
    job.refresh_from_db()
    assert not jobs.path_of(job).exists()
    assert not left.exists()
    assert jobs.path_of(other).exists()
    client = signed_in(people.supervisor1)
    assert client.get(reverse("export_file", args=[job.pk])).status_code == 404
    assert reverse("people") in client.get(reverse("export", args=[job.pk])).content.decode()
    assert client.get(reverse("exports")).status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", "The file is ready"), ("zh-hans", "文件已生成")])
def test_the_pages_speak_both_languages(people: Cast, long: Any, language: str, words: str) -> None:
    User.objects.filter(pk=people.supervisor1.pk).update(language=language)
    job = ask(User.objects.get(pk=people.supervisor1.pk))
    working.work()
    client = signed_in(people.supervisor1)
    assert words in client.get(reverse("export", args=[job.pk])).content.decode()


def test_what_is_no_list_form_or_query_of_ours_is_not_found(people: Cast) -> None:
    client = signed_in(people.supervisor1)
    for key, form, query in (
        ("nothing", "csv", ""), ("problems", "pdf", ""), ("problems", "csv", "wrong=1"),
        ("problems", "csv", "found_from=never"), ("visits", "csv", "wrong=1"), ("people", "csv", ""),
        ("units", "csv", ""),
    ):  # fmt: skip
        answer = client.post(reverse("export_new", args=[key]), {"form": form, "query": query})
        assert answer.status_code == 404, (key, form, query)


def test_the_lists_of_the_administration_are_exported_as_shown(people: Cast) -> None:
    client = signed_in(people.admin)
    for key, query in (
        ("units", ""), ("units", "kind=team"), ("people", "role=inspector"), ("people", "q=赵"),
        ("districts", "q=4108"),
    ):  # fmt: skip
        page = client.get(reverse(key) + f"?{query}")
        shown = re.findall(r'data-(?:unit|person|district)="(\w+)"', page.content.decode())
        answer = client.post(reverse("export_new", args=[key]), {"form": "csv", "query": query})
        rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))[1:]
        model: Any = {"units": Unit, "people": User, "districts": District}[key]
        names = {str(pk): str(row) for pk, row in model.objects.in_bulk(shown).items()}
        assert [row[0] for row in rows] == [names[one] for one in shown]
        assert rows
