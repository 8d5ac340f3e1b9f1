"""Lists as files: exactly what the page shows, in its order and columns, as far as the person sees it."""

import csv
import datetime
import io
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from casetracker import calendars, registry
from casetracker.exporting import Unknown
from casetracker.models import User
from inspections import listing
from inspections.enums import AlertLevel, AssignmentRole, Status
from inspections.ledger.exporting import problems as problem_list
from inspections.listing import COLUMNS
from inspections.models import AlertPeriod, Campaign, Exposure, Named, Party, Problem, Site, Visit
from inspections.workflow import Addressee
from tests.builders import make_problem, make_site, make_visit
from tests.cast import Cast
from tests.inspections.ledger.test_export_ledger import take_back
from tests.world import make_foreign

LISTS = ("problems", "visits", "sites", "exposures", "parties", "batches")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def rows_of(client: Client, key: str, query: str = "", form: str = "csv") -> list[list[str]]:
    answer = client.post(reverse("export_new", args=[key]), {"form": form, "query": query})
    assert answer.status_code == 200, answer.status_code
    assert answer["Content-Disposition"].startswith("attachment")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def expose(people: Cast, problem: Problem | None) -> Named:
    """A piece of its own that names somebody, with a problem or without."""
    on = datetime.date(2019, 10, 16)
    title = f"第{Exposure.objects.count()}篇"
    piece = Exposure.objects.create(office=people.office, published_on=on, medium="日报", title=title)
    return Named.objects.create(exposure=piece, published_on=on, name="甲厂", problem=problem)


def numbers(rows: list[list[str]]) -> list[str]:
    return [row[0] for row in rows[1:]]


def shown(client: Client, query: str) -> list[str]:
    """The numbers of the page, in its order."""
    page = client.get(f"{reverse('problems')}?{query}")
    keys = re.findall(r'<tr data-problem="([^"]+)"', page.content.decode())
    found = Problem.objects.in_bulk(keys)
    return [{str(pk): row for pk, row in found.items()}[key].number for key in keys]


@pytest.fixture
def some(people: Cast) -> Cast:
    for status in Status:
        make_problem(people, status=status)
    make_problem(people, status=Status.CLAIMED, due_on=datetime.date(2019, 10, 23))
    make_problem(people, status=Status.ASSIGNED, unit=people.city_management, description="=别的")
    return people


@pytest.mark.parametrize(
    "query",
    ["", "order=-found", "order=number", "order=-number", "order=site", "state=open", "state=closed&state=void",
     "overdue=any", "state=assigned&order=due", "order=-due", "q=别的"],
)  # fmt: skip
def test_filters_and_order_are_those_of_the_page(some: Cast, query: str) -> None:
    client = signed_in(some.supervisor1)
    wanted = shown(client, query)
    assert wanted, query
    assert numbers(rows_of(client, "problems", query)) == wanted


def test_the_columns_chosen_are_the_columns_of_the_file(some: Cast) -> None:
    client = signed_in(some.supervisor1)
    page = client.get(f"{reverse('problems')}?cols=party&cols=district")
    (query,) = re.findall(r'name="query" value="([^"]*cols=[^"]*)"', page.content.decode())[:1]
    User.objects.filter(pk=some.supervisor1.pk).update(language="zh-hans")
    assert rows_of(client, "problems", query.replace("&amp;", "&"))[0][:3] == ["编号", "时限", "问题"]
    User.objects.filter(pk=some.supervisor1.pk).update(language="en")
    english = rows_of(client, "problems", query.replace("&amp;", "&"))[0]
    assert english[:6] == ["Number", "Deadline", "Problem", "Description", "Special assignment", "Site"]
    assert english[6:] == ["District", "Responsible party"]
    every = rows_of(client, "problems", "&".join(f"cols={name}" for name in COLUMNS))
    assert len(every[0]) == 6 + len(COLUMNS) + 3
    assert set(problem_list.PARTS) == set(COLUMNS)


def test_what_the_page_shows_stands_in_the_file(some: Cast) -> None:
    client = signed_in(some.supervisor1)
    User.objects.filter(pk=some.supervisor1.pk).update(language="en")
    query = "&".join(f"cols={name}" for name in COLUMNS)
    header, *rows = rows_of(client, "problems", query)
    late = next(dict(zip(header, row, strict=True)) for row in rows if "days late" in row[1])
    assert (late["Due date"], late["Due for"], late["State"]) == ("2019-10-23", "Rectification", "Claimed")
    assert late["Responsible unit"] == "Housing Bureau"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", late["Found"])
    assert "'=别的" in [row[header.index("Description")] for row in rows]


def test_everybody_exports_what_they_see_and_nothing_else(some: Cast) -> None:
    make_foreign(some)
    Party.objects.create(office=some.office, name="宏远公司")
    for problem in Problem.objects.order_by("pk")[:3]:
        expose(some, problem)
    for name in ("inspector1", "inspector2", "supervisor1", "handler1", "handler2", "leader1", "admin", "outsider"):
        person = some.everybody()[name]
        client = signed_in(person)
        seen = set(Problem.objects.visible_to(person).counted().values_list("number", flat=True))
        assert set(numbers(rows_of(client, "problems"))) == seen, name
        assert len(rows_of(client, "visits")) - 1 == Visit.objects.visible_to(person).counted().count()
        assert len(rows_of(client, "sites")) - 1 == Site.objects.visible_to(person).count()
        assert len(rows_of(client, "exposures")) - 1 == Named.objects.visible_to(person).count()
        assert len(rows_of(client, "parties")) - 1 == Party.objects.visible_to(person).count()
        rows_of(client, "batches")


def test_campaigns_and_alerts_are_those_of_the_page(people: Cast) -> None:
    first, second = datetime.date(2019, 10, 1), datetime.date(2019, 12, 9)
    Campaign.objects.create(office=people.office, name_zh="扬尘治理专项行动", from_on=first, until_on=second)
    Campaign.objects.create(office=people.far_office, name_zh="别处的行动", from_on=first)
    AlertPeriod.objects.create(office=people.office, level=AlertLevel.RED, from_on=first, withdrawn_on=second)
    client = signed_in(people.supervisor1)
    User.objects.filter(pk=people.supervisor1.pk).update(language="en")
    assert rows_of(client, "campaigns")[1:] == [
        ["扬尘治理专项行动", "over", "2019-10-01", "2019-12-09", "Supervision Office", "0"]
    ]
    assert rows_of(client, "alerts")[1:] == [["Red (I)", "withdrawn", "2019-10-01", "", "Supervision Office", "0"]]
    for name in ("inspector1", "handler1", "leader1"):
        answer = signed_in(people.everybody()[name]).post(reverse("export_new", args=["campaigns"]), {"form": "csv"})
        assert answer.status_code == 404


def test_a_handler_reads_no_internal_note_in_any_file(people: Cast) -> None:
    make_problem(people, status=Status.CLAIMED, internal_note="不给看")
    client = signed_in(people.handler1)
    for key in LISTS:
        query = "&".join(f"cols={one}" for one in COLUMNS) if key == "problems" else ""
        assert "不给看" not in str(rows_of(client, key, query))
    for person in (people.handler1, people.inspector1, people.leader1, people.officer1):
        answer = signed_in(person).post(reverse("export_new", args=["ledger"]), {"form": "csv", "query": ""})
        assert answer.status_code == 404
        assert "ledger" not in signed_in(person).get(reverse("problems")).content.decode()


def test_the_list_as_a_ledger_comes_back_unchanged(some: Cast, tmp_path: Any) -> None:
    client = signed_in(some.supervisor1)
    answer = client.post(reverse("export_new", args=["ledger"]), {"form": "xlsx", "query": "state=open"})
    path = tmp_path / "ledger.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))
    report = take_back(path, some)
    assert (report.unchanged, report.updated, report.refused) == (len(shown(client, "state=open")), 0, [])


@pytest.mark.parametrize(("language", "words"), [("en", "Export"), ("zh-hans", "导出")])
def test_each_list_has_the_menu(some: Cast, language: str, words: str) -> None:
    make_visit(some)
    Party.objects.create(office=some.office, name="宏远公司")
    User.objects.filter(pk=some.supervisor1.pk).update(language=language)
    expose(some, None)
    client = signed_in(some.supervisor1)
    for key in ("problems", "visits", "sites", "exposures", "parties"):
        page = client.get(reverse(key)).content.decode()
        assert reverse("export_new", args=[key]) in page, key
        assert f"<summary>{words}</summary>" in page, key


@pytest.mark.parametrize("key", ["problems", "visits", "sites", "exposures"])
def test_rows_are_read_with_the_same_queries_for_one_and_for_thirty(
    people: Cast, key: str, django_assert_max_num_queries: Any
) -> None:
    others = [Addressee(people.city_management, AssignmentRole.CO)]
    query = "&".join(f"cols={name}" for name in COLUMNS) if key == "problems" else ""
    counts = []
    calendars.load()  # kept from then on
    for rows in (1, 30):
        while Problem.objects.count() < rows:
            site = make_site(people)
            visit = make_visit(people, site)
            expose(people, make_problem(people, status=Status.CLAIMED, site=site, visit=visit, others=others))
        table = registry.exports[key].table(User.objects.get(pk=people.supervisor1.pk), query)
        with django_assert_max_num_queries(4) as read:
            assert len(list(table.rows())) == rows == table.total
        counts.append(len(read))
    assert counts[0] == counts[1]


def test_a_query_that_no_page_gives_out_is_unknown(people: Cast) -> None:
    for key, query in (("problems", "x=1"), ("problems", "cols=secret"), ("ledger", "order=x"), ("sites", "x=1")):
        with pytest.raises(Unknown):
            registry.exports[key].table(people.supervisor1, query)
    assert listing.columns(QueryDict(""), None)
