"""Visits: recording one as a whole, its pages, its list, the re-inspection of everything open at a site."""

import datetime
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from casetracker import calendars
from casetracker.enums import EvidenceKind
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import Event, Evidence
from inspections import visiting, workflow
from inspections.enums import AlertLevel, Outcome, Phase, Result, Route, Status, VisitMode
from inspections.models import AlertPeriod, Campaign, Checklist, ChecklistItem, Problem, Site, Visit
from inspections.visiting import Answer, Finding, Good, Seen, VisitRefused
from tests.builders import at, day, make_photo, make_problem, make_site, make_visit, shot
from tests.cast import Cast, cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def people(db: None) -> Cast:
    return cast()


def sign_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def picture(colour: int = 90) -> SimpleUploadedFile:
    """A photo as a browser sends it; every colour another file."""
    out = io.BytesIO()
    Image.new("RGB", (32, 24), (colour % 256, 120, 60)).save(out, "JPEG", comment=str(colour).encode())
    return SimpleUploadedFile(f"IMG_{colour}.jpg", out.getvalue(), content_type="image/jpeg")


def form(people: Cast, **more: Any) -> dict[str, Any]:
    """What the form of a plain visit posts, with changes."""
    today = timezone.localdate().isoformat()
    empty = {f"problem-{n}-route": "central" for n in range(1, 5)}
    facts = {"team": people.team1.pk, "on": today, "mode": "patrol", "outcome": "inspected"}
    return {**facts, "inspectors": [people.inspector1.pk], **empty, **more}


def post(person: Any, site: Site, data: dict[str, Any], **query: str) -> Any:
    return sign_in(person).post(f"/visits/new/?{_query(site=str(site.pk), **query)}", data)


def _query(**values: str) -> str:
    return "&".join(f"{name}={value}" for name, value in values.items())


def total(response: Any) -> str:
    found = re.search(r'data-total="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


# --- Recording ----------------------------------------------------------------------------------------


def test_a_visit_is_written_with_everything_that_belongs_to_it(people: Cast) -> None:
    site = make_site(people)
    item = ChecklistItem.objects.filter(version__checklist__code="six_hundreds").first()
    assert item is not None
    recorded = visiting.record_visit(
        by=people.inspector1,
        team=people.team1,
        site=site,
        started_at=at("2019-12-06 09:00"),
        ended_at=at("2019-12-06 10:30"),
        inspectors=[people.inspector1],
        names=["街道王某"],
        version=item.version,
        answers=[Answer(item, False, "北侧")],
        highlights=[Good("雾炮齐全", make_photo(people.inspector1))],
        findings=[Finding("北侧围挡缺失", item=item, kind=item.kind, shots=[shot(people.inspector1)])],
        note="大风",
        now=at("2019-12-06 11:00"),
    )
    visit = recorded.visit
    assert (visit.on, visit.people, visit.site_name) == (day("2019-12-06"), 2, site.name)
    assert [one.name for one in visit.inspectors.order_by("pk")] == [str(people.inspector1), "街道王某"]
    assert [(one.item, one.passed, one.note) for one in visit.answers.all()] == [(item, False, "北侧")]
    assert visit.highlights.get().evidence is not None
    problem = recorded.found[0]
    assert (problem.visit, problem.checklist_item, problem.found_on) == (visit, item, visit.on)
    event = Event.objects.get(subject_type="visit", subject_id=visit.pk)
    assert event.verb == "record_visit"
    assert event.details["found"] == [problem.number]


def test_a_visit_across_midnight_belongs_to_the_day_it_began(people: Cast) -> None:
    visit = visiting.record_visit(
        by=people.inspector1,
        team=people.team1,
        site=make_site(people),
        started_at=at("2019-12-06 22:30"),
        ended_at=at("2019-12-07 01:15"),
        inspectors=[people.inspector1],
        now=at("2019-12-07 08:00"),
    ).visit
    assert visit.on == day("2019-12-06")


def test_the_alert_and_the_campaign_are_those_of_the_day(people: Cast) -> None:
    AlertPeriod.objects.create(office=people.office, level=AlertLevel.YELLOW, from_on=day("2019-12-01"))
    orange = AlertPeriod.objects.create(
        office=people.bureau, level=AlertLevel.ORANGE, from_on=day("2019-12-05"), until_on=day("2019-12-06")
    )
    AlertPeriod.objects.create(office=people.far_office, level=AlertLevel.RED, from_on=day("2019-12-01"))
    drive = Campaign.objects.create(
        office=people.office, name_zh="百日攻坚", from_on=day("2019-11-01"), until_on=day("2019-12-06")
    )
    assert visiting.alert_on(people.team1, day("2019-12-06")) == orange
    assert visiting.alert_on(people.team1, day("2019-12-07")).level == AlertLevel.YELLOW  # type: ignore[union-attr]
    assert list(visiting.campaigns_on(people.team1, day("2019-12-06"))) == [drive]
    facts: dict[str, Any] = {"by": people.inspector1, "team": people.team1, "inspectors": [people.inspector1]}
    site = make_site(people)
    visit = visiting.record_visit(**facts, site=site, on=day("2019-12-06"), campaign=drive).visit
    assert visit.alert == orange
    with pytest.raises(Invalid) as refused:
        visiting.record_visit(**facts, site=site, on=day("2019-12-07"), campaign=drive)
    assert refused.value.field == "campaign"


def test_impossible_days_and_heads_are_refused(people: Cast) -> None:
    facts: dict[str, Any] = {"by": people.inspector1, "team": people.team1, "site": make_site(people)}
    here: dict[str, Any] = {"inspectors": [people.inspector1]}
    for changes, field in (
        ({**here, "on": timezone.localdate() + DAY}, "on"),
        ({**here, "started_at": at("2019-12-06 10:00"), "ended_at": at("2019-12-06 09:00")}, "ended_at"),
        ({}, "inspectors"),
        ({**here, "names": ["甲", "乙"], "people": 2}, "people"),
    ):
        with pytest.raises(Invalid) as refused:
            visiting.record_visit(**facts, **changes)
        assert refused.value.field == field
    assert visiting.record_visit(**facts, people=5).visit.people == 5


def test_only_the_team_and_its_supervisors_record(people: Cast) -> None:
    site = make_site(people)
    for person in (people.inspector2, people.handler1, people.leader1, people.outsider):
        with pytest.raises(NotAllowed):
            visiting.record_visit(by=person, team=people.team1, site=site, people=1)
    assert visiting.record_visit(by=people.supervisor1, team=people.team1, site=site, people=1).visit


# --- Re-inspection ------------------------------------------------------------------------------------


def test_a_reinspection_carries_over_every_open_problem_whatever_the_team(people: Cast) -> None:
    site = make_site(people)
    own = make_problem(people, site=site, status=Status.RECTIFYING)
    other = make_problem(people, site=site, team=people.team2, by=people.supervisor1, status=Status.FOUND)
    make_problem(people, site=site, status=Status.CLOSED)
    make_problem(people, site=site, status=Status.VOID)
    assert set(visiting.carried_over(site)) == {own, other}
    page = sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}&mode=recheck").content.decode()
    assert own.number in page
    assert other.number in page
    assert page.count("data-problem=") == 2


def test_results_move_the_problems_with_the_visit(people: Cast) -> None:
    site = make_site(people)
    reported = make_problem(people, site=site, status=Status.REPORTED)
    rectifying = make_problem(people, site=site, status=Status.RECTIFYING)
    failed = make_problem(people, site=site, status=Status.REPORTED)
    assigned = make_problem(people, site=site, status=Status.ASSIGNED)
    found = make_problem(people, site=site, status=Status.FOUND)
    left = make_problem(people, site=site, status=Status.CLAIMED)
    new_date = timezone.localdate() + 4 * DAY
    recorded = visiting.record_visit(
        by=people.inspector1,
        team=people.team1,
        site=site,
        mode=VisitMode.RECHECK,
        inspectors=[people.inspector1],
        seen=[
            Seen(reported, Result.FIXED, shots=[shot()]),
            Seen(rectifying, Result.FIXED, shots=[shot()]),
            Seen(failed, Result.PARTLY, remaining="6 of 9", note="还差三处", due_on=new_date),
            Seen(assigned, Result.NOT_FIXED, note="未动工"),
            Seen(found, Result.FIXED, shots=[shot()]),
            Seen(left, Result.NOT_CHECKED),
        ],
    )
    status = {one.pk: one.status for one in Problem.objects.filter(site=site)}
    assert status[reported.pk] == status[rectifying.pk] == Status.VERIFIED
    assert status[failed.pk] == Status.RECTIFYING
    assert Problem.objects.get(pk=failed.pk).due_on == new_date
    assert (status[assigned.pk], status[found.pk], status[left.pk]) == ("assigned", "found", "claimed")
    results = dict(recorded.visit.rechecks.values_list("problem", "result"))
    assert results[assigned.pk] == Result.NOT_FIXED
    assert results[found.pk] == Result.FIXED
    assert results[left.pk] == Result.NOT_CHECKED
    assert len(results) == 6


def test_without_a_new_date_the_rule_gives_one(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED)
    visit = make_visit(people, problem.site)
    visiting.see(Seen(problem, Result.NOT_FIXED, note="未覆盖"), visit, by=people.inspector1)
    assert Problem.objects.get(pk=problem.pk).due_on == timezone.localdate() + 7 * DAY


def test_fixed_without_a_photo_from_before_is_recorded_and_not_verified(people: Cast) -> None:
    problem = workflow.report(by=people.inspector1, team=people.team1, site=make_site(people), description="积尘")
    workflow.assign(problem, by=people.supervisor1, addressees=[workflow.Addressee(people.housing)])
    visit = make_visit(people, problem.site)
    visiting.see(Seen(problem, Result.FIXED, shots=[shot()]), visit, by=people.inspector1)
    assert Problem.objects.get(pk=problem.pk).status == Status.ASSIGNED
    assert problem.rechecks.get().result == Result.FIXED


def test_all_or_nothing_and_every_refused_row_is_named(people: Cast) -> None:
    site = make_site(people)
    good = make_problem(people, site=site, status=Status.REPORTED)
    incomplete = make_problem(people, site=site, status=Status.RECTIFYING)
    merged = make_problem(people, site=site, status=Status.FOUND)
    workflow.merge(merged, by=people.supervisor1, survivor=good, reason="同一处")
    before = Event.objects.count()
    with pytest.raises(VisitRefused) as refused:
        visiting.record_visit(
            by=people.inspector1,
            team=people.team1,
            site=site,
            inspectors=[people.inspector1],
            seen=[
                Seen(good, Result.FIXED, shots=[shot()]),
                Seen(incomplete, Result.PARTLY),
                Seen(merged, Result.NOT_FIXED),
            ],
            findings=[Finding("  ")],
        )
    rows = refused.value.rows
    assert set(rows) == {("seen", incomplete.pk), ("seen", merged.pk), ("finding", 0)}
    assert isinstance(rows["seen", merged.pk], IllegalMove)
    assert refused.value.status == 409
    assert Visit.objects.count() == 0
    assert Event.objects.count() == before
    assert Problem.objects.get(pk=good.pk).status == Status.REPORTED


# --- The form -----------------------------------------------------------------------------------------


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
    assert problem.due_on == timezone.localdate() + items[0].term_days * DAY  # type: ignore[operator]
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


# --- Pages --------------------------------------------------------------------------------------------


def test_who_may_record_and_who_may_only_read(people: Cast) -> None:
    site = make_site(people)
    visit = make_visit(people, site)
    make_problem(people, site=site, status=Status.ASSIGNED)
    form_page, page = f"/visits/new/?site={site.pk}", f"/visits/{visit.pk}/"
    for person, allowed, reads in (
        (people.inspector1, 200, 200),
        (people.supervisor1, 200, 200),
        (people.leader1, 403, 200),
        (people.officer1, 403, 200),
        (people.handler1, 404, 404),
        (people.outsider, 404, 404),
        (people.admin, 404, 404),
    ):
        client = sign_in(person)
        assert client.get(form_page).status_code == allowed, person
        assert client.get(page).status_code == reads, person
        assert total(client.get("/visits/")) == ("1" if reads == 200 else "0"), person


def test_the_list_narrows_and_counts(people: Cast) -> None:
    site = make_site(people, "锦绣华庭")
    first = make_visit(people, site, on=day("2019-12-01"), people=[people.inspector1, people.supervisor1])
    second = make_visit(
        people, make_site(people, "中原路饭店"), team=people.team2, on=day("2019-12-05"), outcome=Outcome.LOCKED
    )
    make_problem(people, site=site, visit=first)
    make_problem(people, site=site, visit=first, status=Status.VOID)
    client = sign_in(people.supervisor1)

    def shown(query: str) -> list[str]:
        response = client.get(f"/visits/?{query}")
        assert response.status_code == 200, query
        rows = re.findall(r'data-visit="([^"]+)"', response.content.decode())
        assert total(response) == str(len(rows)), query
        return rows

    one, two = str(first.pk), str(second.pk)
    assert shown("") == [two, one]
    for query, expected in {
        f"site={site.pk}": [one],
        f"team={people.team2.pk}": [two],
        "outcome=locked": [two],
        "mode=recheck": [],
        "from=2019-12-02": [two],
        "to=2019-12-01": [one],
        "district=410800": [two, one],
        f"inspector={people.inspector1.pk}": [two, one],
        "found=some": [one],
        "found=none": [two],
        "q=锦绣": [one],
        "order=site": [two, one],
    }.items():
        assert shown(query) == expected, query
    assert total(client.get("/visits/?from=2019-12-01&to=2019-12-31&count=people")) == "3"
    assert client.get("/visits/?from=yesterday").status_code == 422


def test_pages_follow_one_another_by_day(people: Cast) -> None:
    site = make_site(people)
    visits = [make_visit(people, site, on=day("2019-12-01") + n * DAY) for n in range(60)]
    client = sign_in(people.inspector1)
    response = client.get("/visits/")
    first = re.findall(r'data-visit="([^"]+)"', response.content.decode())
    assert (len(first), total(response)) == (50, "60")
    older = re.search(r'href="([^"]+)" rel="next"', response.content.decode())
    assert older is not None
    rest = re.findall(r'data-visit="([^"]+)"', client.get("/visits/" + older[1].replace("&amp;", "&")).content.decode())
    assert [*first, *rest] == [str(one.pk) for one in reversed(visits)]
    jumped = re.findall(r'data-visit="([^"]+)"', client.get("/visits/?jump=2019-12-05").content.decode())
    assert jumped[0] == str(visits[4].pk)
    assert client.get("/visits/?after=nonsense").status_code == 302


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_queries_do_not_grow_with_the_rows(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "CHECK_SECONDS", 3600)
    calendars.load()
    site = make_site(people)
    visit = make_visit(people, site)
    make_problem(people, site=site, visit=visit, status=Status.REPORTED)
    client = sign_in(people.inspector1)
    addresses = ("/visits/", f"/visits/{visit.pk}/", f"/visits/new/?site={site.pk}&mode=recheck")
    before = {address: _queries(client, address) for address in addresses}
    for number in range(29):
        made = make_visit(people, site, on=day("2019-12-01") + number * DAY)
        problem = make_problem(people, site=site, visit=visit, status=Status.REPORTED)
        if number % 10 == 0:
            make_problem(people, site=site, visit=made)
        workflow.recheck(problem, by=people.inspector1, result=Result.NOT_FIXED, visit=visit, shots=[shot()])
    after = {address: _queries(client, address) for address in addresses}
    # One more: the photos of rechecks are read once there are any.
    assert all(after[address] <= before[address] + 1 for address in addresses), (before, after)
    assert max(before.values()) <= 30
