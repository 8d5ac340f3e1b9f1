"""Lists leave through the browser in both languages: short ones at once, long ones as a job, for their reader alone."""

import csv
import datetime
import io
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from casetracker import working
from casetracker.enums import Role
from casetracker.exporting import jobs
from casetracker.models import Job, Membership
from inspections.ledger.reader import read
from inspections.models import Problem, Site, Visit
from tests.builders import make_site, make_visit
from tests.cast import make_person
from tests.journeys.conftest import DESK, PHONE, House, Rig

# The first column of each file, and the heads of pages.
WORDS = {
    "en": {"problems": "Number", "visits": "Day", "sites": "Site",
           "ready": "The file is ready", "gone": "This file is no longer there"},
    "zh": {"problems": "编号", "visits": "日期", "sites": "点位", "ready": "文件已生成", "gone": "该文件已不存在"},
}  # fmt: skip
# The list as asked for, what marks its rows, and what of a row stands in the first column of the file.
LISTS: dict[str, tuple[str, str, Any]] = {
    "problems": ("/problems/?state=open&order=-number", "problem", lambda key: Problem.objects.get(pk=key).number),
    "visits": ("/visits/", "visit", lambda key: str(Visit.objects.get(pk=key).on)),
    "sites": ("/sites/?order=name", "site", lambda key: Site.objects.get(pk=key).name),
}


def keys(page: Any, mark: str) -> list[str]:
    """The rows of the page in their order."""
    return [row.get_attribute(f"data-{mark}") for row in page.locator(f"tr[data-{mark}]").all()]


def choose(page: Any, key: str, form: str) -> Any:
    """Open the menu and choose a form of this list."""
    page.locator("details.export-menu > summary").click()
    return page.locator(f"details.export-menu form[action$='/{key}/'] button[value={form}]")


def cells(path: Path) -> list[list[Any]]:
    with read(path) as reading:
        return [row.cells for batch in reading for row in batch]


@pytest.fixture(scope="module", autouse=True)
def _some_rows(house: House) -> None:
    """More than one row in every list."""
    for days in range(3):
        site = make_site(house.people, f"{'丙甲乙'[days]}号工地")
        make_visit(house.people, site, on=timezone.localdate() - datetime.timedelta(days=days))


@pytest.mark.parametrize(("language", "script"), [("en", True), ("zh", False)])
def test_a_short_list_is_downloaded_at_once_as_it_stands_on_the_page(
    rig: Rig, tmp_path: Path, language: str, script: bool
) -> None:
    page = rig.page(rig.house.people.supervisor1, language=language, script=script)
    for key, (url, mark, told) in LISTS.items():
        page.goto(url)
        wanted = [told(one) for one in keys(page, mark)]
        assert len(wanted) > 2
        for form in ("xlsx", "csv"):
            with page.expect_download() as coming:
                choose(page, key, form).click()
            path = tmp_path / f"{key}.{form}"
            coming.value.save_as(path)
            assert coming.value.suggested_filename.endswith(f"-{timezone.localdate()}.{form}")
            header, *rows = cells(path)
            assert header[0] == WORDS[language][key]
            assert [str(row[0]) for row in rows] == wanted
            page.goto(url)


@pytest.mark.parametrize(("language", "script"), [("en", True), ("zh", False)])
def test_a_long_list_is_a_job_whose_file_only_its_reader_has(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, script: bool
) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 1)
    people = rig.house.people
    name = f"exporter-{language}-{script}".lower()
    person = make_person(name, "许输", (people.office, Role.SUPERVISOR))
    page = rig.page(person, language=language, script=script, size=DESK if script else PHONE)
    picture = f"export-{language}{'' if script else '-plain'}"
    url, mark, told = LISTS["problems"]
    page.goto(url)
    wanted = [told(one) for one in keys(page, mark)]
    rig.picture(page, f"{picture}-1-list")
    choose(page, "problems", "csv").click()
    page.wait_for_url("**/jobs/**")
    assert page.locator("[aria-busy=true] progress, [aria-busy=true] [role=progressbar]").count() == 1
    rig.picture(page, f"{picture}-2-under-way")
    working.work()
    job = Job.objects.filter(kind=jobs.KIND, requested_by=person).latest("created_at")
    page.wait_for_url(f"**/exports/{job.pk}/")
    assert page.inner_text("h1") == WORDS[language]["ready"]
    rig.picture(page, f"{picture}-3-ready")
    with page.expect_download() as coming:
        page.locator("[data-export-file]").click()
    content = Path(coming.value.path()).read_bytes().decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(content))
    assert header[0] == WORDS[language]["problems"]
    assert [row[0] for row in rows] == wanted

    rig.expect(404)
    file = f"/exports/{job.pk}/file/"
    other = rig.page(people.supervisor2, language=language)
    assert other.goto(file).status == 404
    # Who lost the post meanwhile may not have what was seen with it.
    assert page.request.get(file).status == 200
    Membership.objects.filter(user=person).update(unit=people.far_office)
    answer = page.goto(file)
    assert (answer.status, page.inner_text("h1")) == (404, WORDS[language]["gone"])
    rig.picture(page, f"{picture}-4-gone")
