"""The form of a visit: its first step, its rows, what it keeps when it is refused."""

import datetime
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from casetracker.enums import EvidenceKind
from casetracker.models import Event, Evidence
from inspections import workflow
from inspections.enums import Outcome, Phase, Result, Route, Status, VisitMode
from inspections.models import Checklist, Problem, Site, Visit
from tests.builders import day, make_problem, make_site
from tests.cast import Cast, sign_in
from tests.inspections.visits.desk import form, picture, post

DAY = datetime.timedelta(days=1)


def test_the_first_step_finds_sites_by_name_and_enters_new_ones(people: Cast) -> None:
    site = make_site(people, "龙源世家工地")
    make_site(people, "龙源远处", district="141102", office=people.far_office)
    client = sign_in(people.inspector1)
    text = client.get("/visits/new/?q=龙源").content.decode()
    assert f"/visits/new/?site={site.pk}" in text
    assert "龙源远处" not in text
    partial = client.get("/sites/suggest/?q=世家&mode=recheck").content.decode()
    assert f"/visits/new/?site={site.pk}&amp;mode=recheck" in partial
    assert "<html" not in partial
    kind = site.kind_id
    refused = client.post("/visits/new/", {"name": "", "kind": kind, "district": "410802"})
    assert refused.status_code == 422
    made = client.post("/visits/new/", {"name": "新开工地", "kind": kind, "district": "410802", "risk_class": "key"})
    new = Site.objects.get(name="新开工地")
    assert made.headers["Location"] == f"/visits/new/?site={new.pk}"
    assert Event.objects.filter(subject_type="site", subject_id=new.pk, verb="enter_site").exists()


def test_a_plain_visit_is_recorded_from_the_form(people: Cast) -> None:
    site = make_site(people)
    data = form(people, started="23:10", ended="00:40", names="王某、李某", note="夜查", wind_degrees="315")
    response = post(people.inspector1, site, data | {"on": "2019-12-06"})
    visit = Visit.objects.get()
    assert response.headers["Location"] == f"/visits/{visit.pk}/"
    assert (visit.on, visit.people, visit.wind_degrees, visit.mode) == (day("2019-12-06"), 3, 315, VisitMode.PATROL)
    assert timezone.localtime(visit.ended_at).date() == day("2019-12-07")


def test_a_failed_item_becomes_a_problem_of_its_kind(people: Cast) -> None:
    site = make_site(people)
    page = sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}")
    items = list(Checklist.objects.get(code="six_hundreds").latest.items.all())  # type: ignore[union-attr]
    assert page.content.decode().count('data-item="') == len(items) == 6
    answers: dict[str, Any] = {f"item-{item.pk}-passed": "pass" for item in items[2:]}
    first, second = (f"item-{item.pk}" for item in items[:2])
    answers |= {f"{first}-passed": "fail", f"{first}-raises": "on", f"{first}-description": "北侧围挡缺失约20米"}
    answers |= {f"{first}-route": "on_spot", f"{first}-kind": items[0].kind_id, f"{first}-photos": picture(1)}
    answers |= {f"{second}-passed": "fail", f"{second}-note": "已在台账"}
    response = post(people.inspector1, site, form(people, **answers))
    assert response.status_code == 302
    visit = Visit.objects.get()
    problem = visit.problems.get()
    assert (problem.kind, problem.checklist_item, problem.route) == (items[0].kind, items[0], Route.ON_SPOT)
    assert problem.due_on == timezone.localdate() + DAY
    assert problem.attachments.get().phase == Phase.BEFORE
    assert visit.answers.filter(passed=False).count() == 2
    assert problem.number in sign_in(people.inspector1).get(f"/visits/{visit.pk}/").content.decode()


def test_an_invalid_form_keeps_every_word_and_file(people: Cast) -> None:
    site = make_site(people)
    data = form(people, **{"problem-1-description": "裸土未覆盖", "problem-1-photos": picture(2), "problem-1-kind": ""})
    data |= {"inspectors": [], "note": "大风", "good-1-text": "雾炮齐全", "good-1-photos": picture(3)}
    refused = post(people.inspector1, site, data)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert Visit.objects.count() == 0
    for kept in ("裸土未覆盖", "大风", "雾炮齐全", "IMG_2.jpg", "IMG_3.jpg"):
        assert kept in text
    tokens = dict(re.findall(r'name="(problem-1-photos_kept|good-1-photos_kept)" value="([^"]+)"', text))
    del data["problem-1-photos"], data["good-1-photos"]
    again = post(people.inspector1, site, data | tokens | {"inspectors": [people.inspector1.pk]})
    assert again.status_code == 302
    visit = Visit.objects.get()
    assert visit.problems.get().attachments.count() == 1
    assert visit.highlights.get().evidence.name == "IMG_3.jpg"  # type: ignore[union-attr]
    assert Evidence.objects.filter(kind=EvidenceKind.PHOTO).count() == 2


def test_whoever_sent_a_file_may_look_at_it_until_the_form_is_saved(people: Cast) -> None:
    site = make_site(people)
    post(people.inspector1, site, form(people, inspectors=[], **{"problem-1-photos": picture(4)}))
    sha256 = Evidence.objects.get().pk
    address = reverse("evidence", args=[sha256, "thumbnail"])
    seen = sign_in(people.inspector1).get(address)
    assert seen.status_code == 200
    assert b"".join(seen.streaming_content).startswith(b"\xff\xd8")
    assert sign_in(people.inspector2).get(address).status_code == 404


def test_a_reinspection_asks_for_a_result_of_every_problem(people: Cast) -> None:
    site = make_site(people)
    fixed = make_problem(people, site=site, status=Status.REPORTED)
    partly = make_problem(people, site=site, status=Status.REPORTED)
    data = {f"seen-{fixed.pk}-result": "fixed", f"seen-{partly.pk}-result": "partly"}
    refused = post(people.inspector1, site, form(people, **data), mode="recheck")
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "Add at least one photo of how it is now." in text
    assert "Say what remains to be done" in text
    data |= {f"seen-{fixed.pk}-photos": picture(5), f"seen-{partly.pk}-remaining": "还缺240米"}
    data |= {f"seen-{partly.pk}-due_on": (timezone.localdate() + 3 * DAY).isoformat()}
    done = post(people.inspector1, site, form(people, **data), mode="recheck")
    assert done.status_code == 302
    visit = Visit.objects.get()
    assert visit.mode == VisitMode.RECHECK
    assert Problem.objects.get(pk=fixed.pk).status == Status.VERIFIED
    assert Problem.objects.get(pk=partly.pk).status == Status.RECTIFYING
    page = sign_in(people.inspector1).get(f"/visits/{visit.pk}/").content.decode()
    assert "还缺240米" in page


@pytest.mark.parametrize(
    ("days", "words"),
    [(-1, "The date must not lie in the past."), (367, "check the year"), (366, ""), (0, "")],
)
def test_a_new_date_of_a_reinspection_lies_ahead_and_within_a_year(people: Cast, days: int, words: str) -> None:
    site = make_site(people)
    partly = make_problem(people, site=site, status=Status.REPORTED)
    data = {f"seen-{partly.pk}-result": "partly", f"seen-{partly.pk}-remaining": "还缺 240 米"}
    data |= {f"seen-{partly.pk}-due_on": (timezone.localdate() + days * DAY).isoformat()}
    response = post(people.inspector1, site, form(people, **data), mode="recheck")
    assert response.status_code == (422 if words else 302)
    if words:
        field = re.search(rf'id="id_seen-{partly.pk}-due_on_error">(.*?)</div>', response.content.decode(), re.S)
        assert field is not None
        assert words in field[1]


def test_a_mistyped_year_is_said_together_with_what_else_is_missing(people: Cast) -> None:
    site = make_site(people)
    partly = make_problem(people, site=site, status=Status.REPORTED)
    make_problem(people, site=site, status=Status.REPORTED)
    data = {f"seen-{partly.pk}-result": "partly", f"seen-{partly.pk}-remaining": "还缺 240 米"}
    data |= {f"seen-{partly.pk}-due_on": (timezone.localdate() + 367 * DAY).isoformat()}
    text = post(people.inspector1, site, form(people, **data), mode="recheck").content.decode()
    assert "Choose a result" in text
    assert "check the year" in text


def test_a_locked_gate_leaves_everything_unchecked(people: Cast) -> None:
    site = make_site(people)
    problem = make_problem(people, site=site, status=Status.RECTIFYING)
    done = post(people.inspector1, site, form(people, outcome="locked"), mode="recheck")
    assert done.status_code == 302
    assert Visit.objects.get().outcome == Outcome.LOCKED
    assert problem.rechecks.get().result == Result.NOT_CHECKED


def test_a_problem_taken_away_meanwhile_is_said_at_its_row(people: Cast) -> None:
    site = make_site(people)
    problem = make_problem(people, site=site, status=Status.FOUND)
    survivor = make_problem(people, site=make_site(people), status=Status.FOUND)
    workflow.merge(problem, by=people.supervisor1, survivor=survivor, reason="同一处")
    data = {f"seen-{problem.pk}-result": "not_fixed", f"seen-{problem.pk}-note": "仍未覆盖"}
    refused = post(people.inspector1, site, form(people, **data), mode="recheck")
    text = refused.content.decode()
    assert refused.status_code == 409
    assert "Somebody was faster" in text
    assert "仍未覆盖" in text
    assert Visit.objects.count() == 0
    data[f"seen-{problem.pk}-result"] = "not_checked"
    assert post(people.inspector1, site, form(people, **data), mode="recheck").status_code == 302


def test_four_eyes_hold_on_a_reinspection(people: Cast) -> None:
    problem = make_problem(people, route=Route.ON_SPOT, status=Status.REPORTED)
    data = {f"seen-{problem.pk}-result": "fixed", f"seen-{problem.pk}-photos": picture(6)}
    refused = post(people.inspector1, problem.site, form(people, **data), mode="recheck")
    assert refused.status_code == 403
    assert "four eyes" in refused.content.decode()
    assert Problem.objects.get(pk=problem.pk).status == Status.REPORTED


# --- Rows that are added ------------------------------------------------------------------------------


def test_one_empty_row_of_each_kind_is_open_at_first(people: Cast) -> None:
    site = make_site(people)
    for mode in ("", "&mode=recheck"):
        text = sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}{mode}").content.decode()
        assert re.findall(r'<details class="finding" open data-(finding|good)="(\d+)"', text) == [
            ("finding", "1"),
            ("good", "1"),
        ]
        assert re.findall(r'name="add" value="(\w+)"', text) == ["problem", "good"]


def test_without_javascript_the_form_comes_back_with_a_row_more_and_everything_in_it(people: Cast) -> None:
    site = make_site(people)
    typed = {"problem-1-description": "裸土未覆盖", "problem-1-photos": picture(11), "good-1-text": "雾炮齐全"}
    typed |= {"note": "大风", "started": "25:00", "inspectors": []}
    back = post(people.inspector1, site, form(people, add="problem", **typed))
    text = back.content.decode()
    assert back.status_code == 200
    assert Visit.objects.count() == 0
    assert "error-summary" not in text
    assert "has-error" not in text
    for kept in ("裸土未覆盖", "IMG_11.jpg", "雾炮齐全", "大风", "25:00"):
        assert kept in text
    assert 'data-finding="2"' in text
    assert 'data-finding="3"' not in text
    assert 'data-good="2"' not in text
    token = re.search(r'name="problem-1-photos_kept" value="([^"]+)"', text)
    assert token is not None
    rows = {"problem-1-description": "裸土未覆盖", "problem-1-photos_kept": token[1], "problem-1-route": "central"}
    rows |= {f"problem-{n}-description": f"第{n}处" for n in range(2, 7)}
    rows |= {f"problem-{n}-route": "central" for n in range(2, 8)}
    rows |= {f"good-{n}-text": f"亮点{n}" for n in range(1, 6)}
    assert post(people.inspector1, site, form(people, **rows)).status_code == 302
    visit = Visit.objects.get()
    assert visit.problems.count() == 6
    assert visit.highlights.count() == 5
    assert visit.problems.get(description="裸土未覆盖").attachments.count() == 1


def test_a_refused_file_is_said_when_a_row_is_added(people: Cast) -> None:
    broken = SimpleUploadedFile("run.jpg", b"MZ\x90\x00", content_type="image/jpeg")
    back = post(people.inspector1, make_site(people), form(people, add="good", **{"problem-1-photos": broken}))
    assert back.status_code == 422
    assert "run.jpg" in back.content.decode()
    assert 'data-good="2"' in back.content.decode()


def test_a_row_alone_for_the_page_that_puts_it_in(people: Cast) -> None:
    site = make_site(people)
    client = sign_in(people.inspector1)
    answer = client.get(f"/visits/new/?site={site.pk}&add=problem&row=5")
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert "<form" not in text
    assert 'name="problem-5-description"' in text
    assert f"site={site.pk}&amp;row=6" in text
    good = client.get(f"/visits/new/?site={site.pk}&add=good&row=2").content.decode()
    assert 'name="good-2-text"' in good
    for row in ("0", "-1", "61", "x", "", "99999999999999999999"):
        assert client.get(f"/visits/new/?site={site.pk}&add=problem&row={row}").status_code == 404, row
    assert client.get(f"/visits/new/?site={site.pk}&add=party&row=2").status_code == 404
    assert sign_in(people.outsider).get(f"/visits/new/?site={site.pk}&add=problem&row=2").status_code == 404
    assert sign_in(people.leader1).get(f"/visits/new/?site={site.pk}&add=problem&row=2").status_code == 403


def test_the_last_row_says_that_it_is_the_last(people: Cast) -> None:
    site = make_site(people)
    last = sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}&add=problem&row=60").content.decode()
    assert "One page takes 60 new problems." in last
    assert 'name="add"' not in last
    rows = {f"problem-{n}-route": "central" for n in range(1, 61)}
    back = post(people.inspector1, site, form(people, add="problem", **rows)).content.decode()
    assert back.count("data-finding=") == 60
    assert re.findall(r'name="add" value="(\w+)"', back) == ["good"]
