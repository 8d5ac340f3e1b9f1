"""Reporting a problem at the desk: who may, what is kept, what comes of it."""

import datetime
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from casetracker import calendars
from casetracker.models import Evidence
from inspections.enums import Phase, Route, Source, Status
from inspections.models import Party, Problem, ProblemKind
from tests.builders import at, day, make_problem, make_site, make_visit
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)


def picture(colour: int = 90) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (colour, 120, 60)).save(out, "JPEG", comment=str(colour).encode())
    return SimpleUploadedFile(f"IMG_{colour}.jpg", out.getvalue(), content_type="image/jpeg")


def form(people: Cast, **more: Any) -> dict[str, Any]:
    facts = {"description": "土方堆场裸露", "route": "central", "team": people.team1.pk, "source": "patrol"}
    return facts | {"found_on": timezone.localdate().isoformat()} | more


def test_a_central_problem_is_reported_with_its_number(people: Cast) -> None:
    site = make_site(people)
    kind = ProblemKind.objects.get(code="bare_soil")
    party = Party.objects.create(office=people.office, name="中原建工")
    data = form(people, kind=kind.pk, quantity="9", severity="major", party_name="中原建工", photos=picture(1))
    data |= {"source": "higher", "source_ref": "D2-17", "internal_note": "群众来信", "position": "35.2500, 113.2600"}
    data |= {"candidates": [people.housing.pk, people.jiefang.pk]}
    response = sign_in(people.inspector1).post(f"/problems/new/?site={site.pk}", data)
    problem = Problem.objects.get()
    assert response.headers["Location"] == f"/problems/{problem.pk}/"
    assert (problem.kind, problem.party, problem.severity) == (kind, party, "major")
    assert (problem.source, problem.source_ref, problem.lat, problem.lon) == (Source.HIGHER, "D2-17", 35.25, 113.26)
    assert set(problem.candidates.all()) == {people.housing, people.jiefang}
    assert problem.status == Status.FOUND
    page = sign_in(people.inspector1)
    page.post(f"/problems/new/?site={site.pk}", form(people))
    toast = re.sub(r"<[^>]+>", "", page.get("/sites/").content.decode())
    second = Problem.objects.order_by("-number_seq").first()
    assert second is not None
    assert f"{second.number} reported." in toast


def test_a_problem_fixed_on_the_spot_goes_straight_to_verified(people: Cast) -> None:
    site = make_site(people)
    data = form(people, route="on_spot", photos=picture(2), fixed=picture(3))
    assert sign_in(people.inspector1).post(f"/problems/new/?site={site.pk}", data).status_code == 302
    problem = Problem.objects.get()
    assert (problem.route, problem.status) == (Route.ON_SPOT, Status.VERIFIED)
    assert set(problem.attachments.values_list("phase", flat=True)) == {Phase.BEFORE, Phase.AFTER}


def test_on_the_spot_tells_a_unit(people: Cast) -> None:
    site = make_site(people)
    data = form(people, route="on_spot", unit=people.housing.pk)
    sign_in(people.inspector1).post(f"/problems/new/?site={site.pk}", data)
    assert Problem.objects.get().lead_unit == people.housing


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"description": " "}, "Say what is wrong."),
        ({"found_on": "2999-01-01"}, "future"),
        ({"fixed": 4}, "on the spot"),
        ({"route": "on_spot", "fixed": 4}, "Add at least one photo of how it was before."),
        ({"quantity": "-1"}, "Give 0.01 or more."),
        ({"position": "113, 35"}, "Latitude comes first"),
    ],
)
def test_a_refused_form_keeps_words_and_files(people: Cast, changes: dict[str, Any], words: str) -> None:
    site = make_site(people)
    changes = {name: picture(value) if isinstance(value, int) else value for name, value in changes.items()}
    data = form(people, internal_note="要点", **changes)
    refused = sign_in(people.inspector1).post(f"/problems/new/?site={site.pk}", data)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert words in text
    assert "要点" in text
    assert not Problem.objects.exists()
    if "fixed" in data:
        assert "IMG_4.jpg" in text
        assert Evidence.objects.count() == 1
        assert re.search(r'name="fixed_kept" value="[^"]+"', text)


def test_a_supervisor_may_report_but_not_vouch_for_the_site(people: Cast) -> None:
    site = make_site(people)
    client = sign_in(people.supervisor1)
    data = form(people, route="on_spot", photos=picture(5), fixed=picture(6))
    refused = client.post(f"/problems/new/?site={site.pk}", data)
    assert refused.status_code == 403
    assert not Problem.objects.exists()
    assert client.post(f"/problems/new/?site={site.pk}", form(people)).status_code == 302


def test_a_problem_of_a_visit_takes_its_team_and_day(people: Cast) -> None:
    visit = make_visit(people, on=day("2019-12-06"))
    visit.started_at = at("2019-12-06 05:10")
    visit.save(update_fields=["started_at"])
    client = sign_in(people.supervisor1)
    text = client.get(f"/problems/new/?visit={visit.pk}").content.decode()
    assert 'value="2019-12-06"' in text
    assert 'value="05:10"' in text
    data = form(people, found_on="2019-12-06", found_at="05:10")
    asked = client.post(f"/problems/new/?visit={visit.pk}", data)
    assert asked.status_code == 422
    assert "a number of the series of 2019 will be taken" in asked.content.decode()
    assert 'name="long_ago"' in asked.content.decode()
    assert client.post(f"/problems/new/?visit={visit.pk}", data | {"long_ago": "on"}).status_code == 302
    problem = Problem.objects.get()
    assert (problem.visit, problem.found_at, problem.number_year) == (visit, at("2019-12-06 05:10"), 2019)


def test_who_may_report(people: Cast) -> None:
    site = make_site(people)
    visit = make_visit(people, site)
    make_problem(people, site=site, status=Status.ASSIGNED)
    for person, status in (
        (people.inspector1, 200),
        (people.supervisor1, 200),
        (people.leader1, 403),
        (people.handler1, 404),
        (people.outsider, 404),
        (people.admin, 404),
    ):
        client = sign_in(person)
        assert client.get(f"/problems/new/?site={site.pk}").status_code == status, person
        assert client.get(f"/problems/new/?visit={visit.pk}").status_code == status, person
    client = sign_in(people.inspector1)
    for address in ("site=nonsense", "visit=nonsense", f"site={visit.pk}"):
        assert client.get(f"/problems/new/?{address}").status_code == 404
    assert client.get("/problems/new/").status_code == 200


def test_what_is_open_here_already_is_shown(people: Cast) -> None:
    site = make_site(people)
    known = make_problem(people, site=site)
    text = sign_in(people.inspector1).get(f"/problems/new/?site={site.pk}").content.decode()
    assert known.number in text


def test_queries_do_not_grow_with_what_is_open(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 3600)
    calendars.load()
    site = make_site(people)
    make_problem(people, site=site)
    client = sign_in(people.inspector1)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(f"/problems/new/?site={site.pk}").status_code == 200
        return len(caught)

    queries()
    before = queries()
    for _n in range(29):
        make_problem(people, site=site)
    assert queries() == before <= 20


def test_reporting_one_problem_with_a_photo_asks_little(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who, where and what (5), the photo (2), that it is no second press (1), the problem (7);
    beginning and ending the transactions apart."""
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 3600.0)
    site, kind = make_site(people), ProblemKind.objects.get(code="bare_soil")
    client = sign_in(people.inspector1)
    client.get("/problems/")
    with CaptureQueriesContext(connection) as caught:
        client.post(f"/problems/new/?site={site.pk}", form(people, kind=kind.pk, photos=picture(7)))
    assert Problem.objects.get().attachments.count() == 1
    asked = [one["sql"] for one in caught if "SAVEPOINT" not in one["sql"]]
    assert len(asked) == 15, "\n".join(sql[:160] for sql in asked)
