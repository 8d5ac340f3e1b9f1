"""The import pages: check first, import in a worker, release; only for supervisors."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from casetracker import working
from casetracker.enums import JobState
from casetracker.models import Job
from inspections import workflow
from inspections.enums import VoidKind
from inspections.models import ImportBatch, Problem
from tests.cast import Cast
from tests.inspections import wizard
from tests.inspections.ledger.test_importing import changed, ledger, take_in
from tests.inspections.test_concurrency import at_once
from tests.inspections.wizard import signed_in


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path


@pytest.mark.usefixtures("committed")
def test_a_ledger_is_checked_imported_and_released(tmp_path: Path) -> None:
    from tests.cast import cast

    people = cast()
    client = signed_in(people.supervisor1)
    path = ledger(tmp_path, changed(), changed(问题编号="焦督〔2019〕8号", 发现日期="尽快"))
    page = wizard.checked(client, path, people.office.pk)
    checked = Job.objects.get()
    assert not Problem.objects.exists()
    assert page.context["report"]["created"] == 1
    assert "尽快" in page.content.decode()

    begin = reverse("import_begin", args=[checked.pk])
    first, second = client.post(begin), client.post(begin)
    assert first["Location"] == second["Location"]
    working.work()
    batch = ImportBatch.objects.get()
    assert Problem.objects.get().held
    result = client.get(client.get(first["Location"])["Location"])
    assert result.context["held"] == 1
    assert client.post(reverse("import_release", args=[batch.pk])).status_code == 302
    assert not Problem.objects.get().held
    assert client.post(reverse("import_release", args=[batch.pk])).status_code == 409


@pytest.mark.usefixtures("committed")
def test_a_worker_that_died_after_the_import_does_not_import_again(tmp_path: Path) -> None:
    from tests.cast import cast

    people = cast()
    client = signed_in(people.supervisor1)
    wizard.checked(client, ledger(tmp_path, changed()), people.office.pk)
    client.post(reverse("import_begin", args=[Job.objects.get().pk]))
    working.work()
    job = Job.objects.get(kind="ledger_import")
    # As if the worker had died before it could write that it was done.
    Job.objects.filter(pk=job.pk).update(state=JobState.PENDING, result={}, finished_at=None)
    working.work()
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert ImportBatch.objects.count() == 1
    assert Problem.objects.count() == 1


@pytest.mark.usefixtures("committed")
def test_pressing_twice_at_the_same_moment_imports_once(tmp_path: Path) -> None:
    from tests.cast import cast

    people = cast()
    wizard.checked(signed_in(people.supervisor1), ledger(tmp_path, changed()), people.office.pk)
    begin = reverse("import_begin", args=[Job.objects.get().pk])
    clients = [signed_in(people.supervisor1) for _press in range(4)]
    answers = at_once(*(lambda client=client: client.post(begin) for client in clients))
    assert len({answer["Location"] for answer in answers}) == 1
    assert Job.objects.filter(kind="ledger_import").count() == 1


@pytest.mark.usefixtures("committed")
def test_an_import_that_would_do_nothing_says_why_instead(tmp_path: Path) -> None:
    from tests.cast import cast

    people = cast()
    client = signed_in(people.supervisor1)

    def checked(*rows: list[str]) -> tuple[str, Any]:
        page = wizard.checked(client, ledger(tmp_path, *rows), people.office.pk).content.decode()
        return page, client.post(reverse("import_begin", args=[wizard.last_check().pk]))

    page, begun = checked(changed(问题编号="abc???"), changed(问题编号="待定"))
    assert "No row can be imported" in page
    assert 'data-verb="import_ledger"' not in page
    assert begun.status_code == 409
    assert not Job.objects.filter(kind="ledger_import").exists()
    page, begun = checked(changed(问题类型="从未听说的类型"))
    assert 'data-verb="import_ledger"' in page
    assert "从未听说的类型" in page.split("Created with it", 1)[1]
    working.work()
    page, begun = checked(changed(问题类型="从未听说的类型"))
    assert "Everything in it is here already" in page
    assert begun.status_code == 409
    page, begun = checked(changed(问题编号="", 问题类型="从未听说的类型"))
    assert "It may be the same as" in page
    assert "焦督〔2019〕7号" in page
    assert "The doubtful rows below say what to do" in page
    assert begun.status_code == 409


@pytest.mark.django_db
def test_nothing_chosen_or_a_wrong_mapping_is_refused_at_its_field(people: Cast, tmp_path: Path) -> None:
    client = signed_in(people.supervisor1)
    answer = client.post(reverse("import"), {"how": "problems", "office": people.office.pk})
    assert answer.status_code == 422
    assert "file" in answer.context["form"].errors
    wrong = SimpleUploadedFile("m.toml", b'kind = "poems"')
    with ledger(tmp_path, changed()).open("rb") as file:
        answer = client.post(
            reverse("import"), {"file": file, "how": "mapping", "mapping": wrong, "office": people.office.pk}
        )
    assert answer.status_code == 422
    assert "mapping" in answer.context["form"].errors
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["inspector1", "handler1", "officer1", "leader1", "admin", "outsider"])
def test_only_supervisors_of_the_office_see_its_imports(people: Cast, tmp_path: Path, name: str) -> None:
    batch = ImportBatch.objects.create(
        office=people.office, kind="problems", file_name="x.csv", file_sha256="0", created_at="2026-01-01T00:00:00Z"
    )
    client = signed_in(people.everybody()[name])
    if name not in ("outsider", "admin"):
        assert client.get(reverse("import")).status_code == 404
    assert client.get(reverse("import_batch", args=[batch.pk])).status_code == 404
    assert client.post(reverse("import_release", args=[batch.pk])).status_code == 404


@pytest.mark.django_db
def test_the_list_of_imports_asks_the_same_number_of_questions_for_30_as_for_1(
    people: Cast, django_assert_num_queries: Any
) -> None:
    client = signed_in(people.supervisor1)

    def make(count: int) -> None:
        for number in range(count):
            ImportBatch.objects.create(
                office=people.office, kind="problems", file_name=f"{number}.csv", file_sha256="0",
                created_at="2026-01-01T00:00:00Z", by=people.supervisor1,
            )  # fmt: skip

    make(1)
    client.get(reverse("import"))
    with django_assert_num_queries(14, exact=False) as first:
        client.get(reverse("import"))
    make(29)
    with django_assert_num_queries(len(first)):
        assert 'data-total="30"' in client.get(reverse("import")).content.decode()


def checked_page(client: Client, path: Path, office: int, language: str = "en") -> str:
    """The page of the check of this ledger."""
    client.cookies["language"] = language
    content: str = wizard.checked(client, path, office).content.decode()
    return content


@pytest.mark.usefixtures("committed")
def test_the_check_says_what_each_column_is_read_as_and_what_would_be_lost(tmp_path: Path) -> None:
    from tests.cast import cast

    people = cast()
    client = signed_in(people.supervisor1)
    path = tmp_path / "more.csv"
    head = "问题编号,发现日期,县（市、区）,点位名称,问题描述,是否办结,序号\n"
    path.write_text(head + "焦督〔2019〕7号,2019-10-16,解放区,锦绣工地,甲,是,1\n", "utf-8")
    page = checked_page(client, path, people.office.pk)
    report = Job.objects.get().result
    assert report["unread"] == ["是否办结", "序号"]
    assert report["columns"]["found_on"] == "发现日期"
    assert "found_on" in page.split("Read as", 1)[1]
    assert page.count("not read") == 2
    warning = page.split("Nothing reads", 1)[1].split("</p>", 1)[0]
    assert "是否办结" in warning
    assert "序号" not in warning
    assert "锦绣工地" in page.split("Created with it", 1)[1].split("Columns", 1)[0]
    assert "Nothing reads" not in checked_page(client, ledger(tmp_path, changed()), people.office.pk)


@pytest.mark.usefixtures("committed")
def test_a_check_counts_what_it_would_change_and_lists_the_values(tmp_path: Path) -> None:
    from tests.cast import cast

    people = cast()
    client = signed_in(people.supervisor1)
    rows = [changed(), changed(问题编号="焦督〔2019〕8号", 问题描述="乙")]
    page = checked_page(client, ledger(tmp_path, *rows), people.office.pk)
    assert "Import these 2" in page
    client.post(reverse("import_begin", args=[Job.objects.get().pk]))
    working.work()
    batch = ImportBatch.objects.get()
    page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert "Release 2 open problems" in page
    assert f'href="/problems/?batch={batch.pk}" data-figure="brought"' in page
    assert 'data-total="2"' in client.get(f"/problems/?batch={batch.pk}").content.decode()

    page = checked_page(client, ledger(tmp_path, *rows), people.office.pk)
    assert "rows can be imported" not in page
    assert "Nothing to import" in page
    rows[1] = changed(问题编号="焦督〔2019〕8号", 问题描述="乙", 整改时限="2019-10-28")
    page = checked_page(client, ledger(tmp_path, *rows), people.office.pk)
    assert "Import these 1" in page
    assert "2019-10-28" in page.split("Changed values", 1)[1]

    first, second = Problem.objects.order_by("number_seq")
    workflow.void(second, by=people.supervisor1, kind=VoidKind.TEST, reason="误")
    page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert re.search(r"Release 1 open problem\b", page)
    assert re.search(r'data-figure="brought">\D*1\b', page)
    workflow.void(first, by=people.supervisor1, kind=VoidKind.TEST, reason="误")
    page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert 'data-verb="release_import"' not in page
    assert "nothing to release" in page


@pytest.mark.django_db
def test_a_released_batch_says_lastingly_who_released_it(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed()), people.office).batch
    assert batch is not None
    client = signed_in(people.supervisor1)
    answer = client.post(reverse("import_release", args=[batch.pk]), follow=True)
    assert "mail now speak of 1 open problem." in answer.content.decode()
    page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert re.search(rf"released by\s.*{people.supervisor1}", page)


def test_the_page_counts_what_the_stored_report_left_off(people: Cast, tmp_path: Path) -> None:
    batch = take_in(ledger(tmp_path, changed(发现日期="尽快")), people.office).batch
    assert batch is not None
    [one] = batch.report["refused"]
    batch.report |= {"refused": [one] * 520, "left_off": {"refused": 1480, "doubtful": 0}}
    batch.save()
    page = signed_in(people.supervisor1).get(reverse("import_batch", args=[batch.pk]))
    assert (len(page.context["refused"]), page.context["more_refused"]) == (500, 1500)
