"""Central assignments: one number for several problems, who sees which part, the document to print."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from casetracker.models import NumberSeries, User
from inspections import workflow
from inspections.enums import AssignmentRole, Status
from inspections.models import Batch, Problem
from inspections.workflow import Addressee
from tests.builders import make_problem, make_site
from tests.cast import Cast
from tests.cast import cast as make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def issue(cast: Cast, problems: list[Problem], **more: Any) -> Any:
    data = {"title": "市区扬尘问题", "ids": [str(one.pk) for one in problems], "unit": cast.housing.pk} | more
    return signed_in(cast.supervisor1).post(reverse("batch_new"), data)


def test_one_number_goes_to_several_units(cast: Cast) -> None:
    first, second, third = (make_problem(cast) for _ in range(3))
    own = {f"unit_{second.pk}": cast.city_management.pk, f"unit_{third.pk}": "-"}
    response = issue(cast, [first, second, third], **own)
    batch = Batch.objects.get()
    assert response.url == reverse("batch", args=[batch.pk])
    assert re.fullmatch(r"焦督交〔\d{4}〕1号", batch.number)
    sent = {(one.problem, one.unit) for one in batch.assignments.all()}
    assert sent == {(first, cast.housing), (second, cast.city_management)}
    third.refresh_from_db()
    assert third.status == Status.FOUND


def test_a_problem_that_somebody_else_assigned_stays_out_and_is_named(cast: Cast) -> None:
    first, second = make_problem(cast), make_problem(cast)
    workflow.name_candidates(second, by=cast.inspector1, units=[cast.housing, cast.city_management])
    client = signed_in(cast.supervisor1)
    data = {"title": "扬尘", "ids": [str(first.pk), str(second.pk)], "unit": cast.housing.pk}
    seen = client.post(reverse("batch_new"), data, follow=True).content.decode()
    assert second.number in seen
    assert "Several units were possible: say why it is this one." in seen
    assert Batch.objects.get().assignments.count() == 1


def test_a_batch_of_refused_problems_uses_up_no_number(cast: Cast) -> None:
    problem = make_problem(cast)
    workflow.name_candidates(problem, by=cast.inspector1, units=[cast.housing, cast.city_management])
    response = issue(cast, [problem])
    assert response.status_code == 422
    assert not Batch.objects.exists()
    assert not NumberSeries.objects.filter(kind="batch").exists()


def test_title_and_unit_are_asked_for(cast: Cast) -> None:
    response = issue(cast, [make_problem(cast)], title="", unit="")
    assert response.status_code == 422
    assert not Batch.objects.exists()
    response = issue(cast, [make_problem(cast)], unit="")
    assert "Choose a unit here, or one for at least one problem below." in response.content.decode()


def test_only_a_supervisor_makes_one(cast: Cast) -> None:
    for person in (cast.inspector1, cast.handler1, cast.leader1):
        assert signed_in(person).get(reverse("batch_new")).status_code == 403


def test_each_sees_the_own_part_and_strangers_nothing(cast: Cast) -> None:
    batch = workflow.open_batch(by=cast.supervisor1, office=cast.office, title="扬尘")
    mine, other = make_problem(cast), make_problem(cast)
    for problem, unit in ((mine, cast.housing), (other, cast.city_management)):
        workflow.assign(problem, by=cast.supervisor1, addressees=[Addressee(unit)], batch=batch)
    for name in ("batch", "batch_print"):
        url = reverse(name, args=[batch.pk])
        office, unit = (signed_in(one).get(url).content.decode() for one in (cast.supervisor1, cast.handler1))
        assert mine.number in office
        assert other.number in office
        assert mine.number in unit
        assert other.number not in unit
        for stranger in (cast.outsider, cast.government1, cast.admin):
            assert signed_in(stranger).get(url).status_code == 404
    assert batch.number in signed_in(cast.handler1).get(reverse("batches")).content.decode()
    assert batch.number not in signed_in(cast.outsider).get(reverse("batches")).content.decode()


def test_the_document_has_a_sheet_with_list_and_slip_for_each_unit(cast: Cast) -> None:
    problems = [make_problem(cast) for _ in range(2)]
    issue(cast, problems, **{f"unit_{problems[1].pk}": cast.jiefang.pk})
    url = reverse("batch_print", args=[Batch.objects.get().pk])
    seen = signed_in(cast.supervisor1).get(url).content.decode()
    assert seen.count('class="sheet"') == seen.count("Reply slip") == 2
    assert all(problem.number in seen for problem in problems)


def queries(client: Client, url: str) -> int:
    """How many queries a page takes once everything that is read only once is warm."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    ("name", "count"),
    [("supervisor1", 3), ("leader1", 3), ("inspector1", 3), ("handler1", 2), ("handler2", 2), ("outsider", None)],
)
def test_the_list_counts_and_opens_what_the_reader_sees(cast: Cast, name: str, count: int | None) -> None:
    batch = workflow.open_batch(by=cast.supervisor1, office=cast.office, title="扬尘")
    housing, management = Addressee(cast.housing), Addressee(cast.city_management)
    helping = Addressee(cast.city_management, AssignmentRole.CO)
    for addressees in ([housing], [housing, helping], [management]):
        workflow.assign(make_problem(cast), by=cast.supervisor1, addressees=addressees, batch=batch)
    client = signed_in(cast.everybody()[name])
    seen = client.get(reverse("batches")).content.decode()
    door = re.search(rf'data-figure="batch-{batch.pk}" href="([^"]+)">(\d+)<', seen)
    assert (int(door[2]) if door else None) == count
    if door:
        opened = client.get(door[1]).content.decode()
        assert re.findall(r'data-total="(\d+)"', opened)[0] == door[2]
        assert len(set(re.findall(r'data-problem="([^"]+)"', opened))) == count


@pytest.mark.parametrize("name", ["supervisor1", "handler1"])
def test_the_list_asks_as_much_for_30_batches_as_for_1(cast: Cast, name: str) -> None:
    def make(number: int) -> None:
        for _count in range(number):
            batch = workflow.open_batch(by=cast.supervisor1, office=cast.office, title="扬尘")
            workflow.assign(make_problem(cast), by=cast.supervisor1, addressees=[Addressee(cast.housing)], batch=batch)

    client, url = signed_in(cast.everybody()[name]), reverse("batches")
    make(1)
    one = queries(client, url)
    make(29)
    assert queries(client, url) == one <= 8
    assert 'data-total="30"' in client.get(url).content.decode()


def test_before_a_batch_goes_out_it_shows_what_may_be_the_same(cast: Cast) -> None:
    here, near = make_site(cast, lat=35.1, lon=113.1), make_site(cast, lat=35.1003, lon=113.1)
    assigned = make_problem(cast, site=near, status=Status.ASSIGNED)
    first, second = make_problem(cast, site=here), make_problem(cast, site=here)
    alone = make_problem(cast, site=make_site(cast, lat=35.3, lon=113.1))
    other_kind = make_problem(cast, site=here, kind="dust")
    ids = "&".join(f"ids={one.pk}" for one in (first, second, alone, other_kind))
    client, url = signed_in(cast.supervisor1), f"{reverse('batch_new')}?{ids}"
    page = client.get(url).content.decode()
    told = dict(re.findall(r'<span [^>]*data-alike="([^"]+)"[^>]*>(.*?)</span></td>', page, re.S))
    assert set(told) == {str(first.pk), str(second.pk)}
    assert "2 open problems may be the same" in told[str(first.pk)]
    assert set(re.findall(r'href="/problems/([^/]+)/"', told[str(first.pk)])) == {str(assigned.pk), str(second.pk)}
    cast.supervisor1.language = "zh-hans"
    cast.supervisor1.save(update_fields=["language"])
    assert "2 条未销号问题可能与此相同" in client.get(url).content.decode()


@pytest.mark.usefixtures("calendar_in_memory")
def test_looking_for_duplicates_takes_one_query_for_many(cast: Cast) -> None:
    site, client = make_site(cast), signed_in(cast.supervisor1)
    make_problem(cast, site=site)
    one = queries(client, reverse("batch_new"))
    for _count in range(9):
        make_problem(cast, site=site)
    assert queries(client, reverse("batch_new")) == one
    page = client.get(reverse("batch_new")).content.decode()
    assert page.count("data-alike=") == 10
    assert "9 open problems may be the same" in page
    assert "and 6 more" in page
