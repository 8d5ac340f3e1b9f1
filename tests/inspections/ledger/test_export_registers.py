"""Exposures, imports and my work as files: what the page shows, in its order, for whoever sees the page."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from casetracker import calendars
from inspections.enums import Status
from inspections.models import ImportBatch, Named, Problem
from tests.builders import make_problem
from tests.cast import Cast
from tests.inspections.ledger.test_export_lists import rows_of
from tests.inspections.ledger.test_importing import changed, ledger, take_in
from tests.inspections.test_import_undo import undo
from tests.inspections.test_import_undo_registers import PIECE, exposures
from tests.inspections.wizard import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"


@pytest.mark.parametrize("query", ["", "order=name", "medium=省电视台", "followed=yes", "q=太行"])
def test_exposures_are_those_of_the_page_in_its_order(people: Cast, tmp_path: Path, query: str) -> None:
    problem = make_problem(people)
    exposures(
        tmp_path,
        people,
        PIECE,
        PIECE.replace("焦作电视台", "省电视台").replace("新园街路灯广场工地", "太行路工地").replace("10-11", "10-12"),
        PIECE.replace(",,,", f",{problem.number},2019-10-20,=整改到位").replace("新园街路灯广场工地", "甲"),
    )
    client = signed_in(people.supervisor1)
    page = client.get(f"{reverse('exposures')}?{query}")
    keys = re.findall(r'data-exposure="([^"]+)"', page.content.decode())
    assert keys
    wanted = [str(Named.objects.get(pk=key)) for key in keys]
    sent = page.context["export_query"]
    rows = rows_of(client, "exposures", sent)
    assert [row[0] for row in rows[1:]] == wanted
    if "followed" in query:
        told = ["甲", "2019-10-11", "焦作电视台", "百日攻坚第3期", problem.number, "2019-10-20", "'=整改到位"]
        assert rows[1] == told


def test_of_exposures_and_imports_nobody_gets_more_than_the_page_shows(people: Cast, tmp_path: Path) -> None:
    batch = exposures(tmp_path, people, PIECE, PIECE.replace("新园街路灯广场工地", "太行路工地"))
    for name, person in people.everybody().items():
        if not person.is_active:
            continue
        client = signed_in(person)
        shown = re.findall(r'data-exposure="', client.get(reverse("exposures")).content.decode())
        assert len(rows_of(client, "exposures")) - 1 == len(shown), name
        page = client.get(reverse("import"))
        if page.status_code == 200:
            assert len(rows_of(client, "imports")) - 1 == page.context["total"], name
        else:
            assert client.post(reverse("export_new", args=["imports"]), {"form": "csv"}).status_code == 404, name
    undo(batch, people)
    assert len(rows_of(signed_in(people.supervisor1), "exposures")) == 1


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_imports_tell_what_became_of_their_rows(people: Cast, tmp_path: Path, language: str) -> None:
    undone = exposures(tmp_path, people, PIECE)
    undo(undone, people)
    take_in(ledger(tmp_path, changed(), changed(发现日期="尽快", 问题编号="焦督〔2019〕9号")), people.office)
    client = signed_in(people.supervisor1, language)
    head, first, second = rows_of(client, "imports")
    assert first[0] == "ledger.csv"
    assert first[1] == {"en": "A ledger of problems", "zh-hans": "问题台账"}[language]
    assert first[5:] == ["2", "1", "0", "0", "0", "1", "1", ""]
    assert second[0] == "exposures.csv"
    assert second[-1] != ""
    assert len(head) == len(first)
    page = client.get(reverse("import")).content.decode()
    assert reverse("export_new", args=["imports"]) in page


@pytest.mark.parametrize("query", ["", "queue=claim", "when=late", "queue=nonsense"])
def test_my_work_is_a_file_of_what_waits_for_the_person(people: Cast, query: str) -> None:
    for _number in range(12):
        make_problem(people, status=Status.ASSIGNED)
    make_problem(people, status=Status.ASSIGNED, unit=people.city_management)
    client = signed_in(people.handler1)
    total = client.get(f"/?{query}").context["total"]
    rows = rows_of(client, "work", query)
    assert len(rows) - 1 == total
    assert not any("<" in cell for row in rows for cell in row)
    first = client.get(f"/?{query}").context["page"].rows
    assert [row[3] for row in rows[1:11]] == [row.number for row in first]
    if total:
        assert 'data-export="work"' in client.get(f"/?{query}").content.decode()
    # What waits for another unit is not in it.
    others = set(Problem.objects.filter(lead_unit=people.city_management).values_list("number", flat=True))
    assert not others & {row[3] for row in rows}


@pytest.mark.parametrize("key", ["exposures", "imports", "work"])
def test_rows_ask_as_often_for_30_as_for_1(
    people: Cast, tmp_path: Path, key: str, django_assert_num_queries: Any
) -> None:
    calendars.load()
    client = signed_in(people.supervisor1 if key != "work" else people.handler1)

    def fill(count: int) -> None:
        if key == "exposures":
            exposures(tmp_path, people, *(PIECE.replace("路灯", str(number)) for number in range(count)))
        elif key == "work":
            for _number in range(count):
                make_problem(people, status=Status.ASSIGNED)
        else:
            first = exposures(tmp_path, people, PIECE)
            for _number in range(count):
                first.pk = None
                ImportBatch.objects.create(
                    **{
                        field.attname: getattr(first, field.attname)
                        for field in ImportBatch._meta.fields
                        if field.name != "id"
                    }
                )

    fill(1)
    rows_of(client, key)
    with django_assert_num_queries(30, exact=False) as once:
        rows_of(client, key)
    fill(30)
    with django_assert_num_queries(len(once)):
        assert len(rows_of(client, key)) > 30
