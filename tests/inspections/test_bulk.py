"""One verb for many problems: asked once, done row by row, refused ones with their reason, never twice."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casetracker import working
from casetracker.enums import JobState
from casetracker.models import Event, Job
from inspections import bulk, workflow
from inspections.enums import Route, Status, Verb
from inspections.models import Assignment, Batch, Escalation, Problem
from tests.builders import make_problem, make_site
from tests.cast import Cast, cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def people(db: None) -> Cast:
    return cast()


@pytest.fixture
def client(people: Cast) -> Client:
    client = Client()
    client.force_login(people.supervisor1)
    return client


def statuses(*problems: Problem) -> list[str]:
    return [Problem.objects.get(pk=problem.pk).status for problem in problems]


def post(client: Client, verb: str, *problems: Problem, **more: Any) -> Any:
    """What the list sends, up to the page that asks what the verb needs."""
    return client.post("/problems/bulk/", {"verb": verb, "ids": [str(one.pk) for one in problems], **more}, follow=True)


def confirm(client: Client, verb: str, *problems: Problem, **more: Any) -> Any:
    sent = {"verb": verb, "ids": [str(one.pk) for one in problems], "confirm": "1", "expected": len(problems)}
    return client.post("/problems/bulk/", sent | more)


def test_closing_several_shows_what_became_of_each(people: Cast, client: Client) -> None:
    site = make_site(people)
    ready = make_problem(people, status=Status.VERIFIED, site=site)
    reported = make_problem(people, status=Status.REPORTED, site=site)
    asked = post(client, "close", ready, reported)
    assert asked.status_code == 200
    page = asked.content.decode()
    assert "Close: 2 problems" in page
    assert "1 of them is in a state that does not allow “Close”" in page
    assert statuses(ready, reported) == ["verified", "reported"]
    done = confirm(client, "close", ready, reported)
    assert done.status_code == 302
    assert statuses(ready, reported) == ["closed", "reported"]
    shown = client.get(done["Location"], follow=True).content.decode()
    assert "Close: 1 done, 1 refused" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", shown)).replace(" ,", ",")
    assert "“Close” is not possible" in shown
    assert shown.index("data-refused") < shown.index("Done</h2>")
    assert re.findall(r'data-total="(\d+)"', shown) == ["1", "1"]


def test_the_page_that_asks_lists_its_problems_as_rows(people: Cast, client: Client) -> None:
    site = make_site(people)
    rows = [make_problem(people, site=site, status=Status.VERIFIED) for _ in range(12)]
    shown = post(client, "close", *rows).content.decode()
    assert re.findall(r'data-total="(\d+)"', shown) == ["12"]
    named = re.findall(r'data-problem="([^"]+)"', shown)
    assert len(named) == len(set(named)) == 10
    assert "and 2 more" in shown
    assert "data-alike" not in shown


def test_before_assigning_each_row_shows_what_may_be_the_same(people: Cast, client: Client) -> None:
    """Those that may be named twice stand there even where the list is too long to name every row."""
    apart = [make_problem(people, site=make_site(people, lat=35.0 + n / 10, lon=113.0)) for n in range(11)]
    site = make_site(people, lat=34.0, lon=113.0)
    there = make_problem(people, site=site, status=Status.RECTIFYING)
    last = make_problem(people, site=make_site(people, lat=34.0003, lon=113.0))
    seen = post(client, "assign", *apart, last)
    shown = seen.content.decode()
    told = dict(re.findall(r'<span [^>]*data-alike="([^"]+)"[^>]*>(.*?)</span>\s*</li>', shown, re.S))
    assert set(told) == {str(last.pk)}
    assert "One open problem may be the same" in told[str(last.pk)]
    assert f'href="/problems/{there.pk}/"' in told[str(last.pk)]
    assert shown.count("data-problem=") == 11
    assert "and 1 more" in shown
    people.supervisor1.language = "zh-hans"
    people.supervisor1.save(update_fields=["language"])
    assert "1 条未销号问题可能与此相同" in client.get(seen.wsgi_request.get_full_path()).content.decode()


def test_looking_for_what_may_be_the_same_is_one_query_however_many(people: Cast, client: Client) -> None:
    site = make_site(people)
    rows = [make_problem(people, site=site) for _ in range(2)]
    asked: list[int] = []
    for _ in range(2):
        url = "/problems/bulk/confirm/?verb=assign&" + "&".join(f"ids={one.pk}" for one in rows)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).content.decode().count("data-alike=") == len(rows)
        asked.append(len(queries))
        rows += [make_problem(people, site=site) for _ in range(28)]
    assert asked[0] == asked[1]


def test_that_only_the_first_were_compared_is_said(
    people: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspections.views.bulk.COMPARED", 2)
    site = make_site(people)
    rows = [make_problem(people, site=site) for _ in range(3)]
    said = "Which open problems may be the same was looked up for the first 2 only."
    assert said in post(client, "assign", *rows).content.decode()
    assert said not in post(client, "assign", *rows[:2]).content.decode()
    assert said not in post(client, "escalate", *rows).content.decode()


def test_pressing_again_escalates_nothing_twice(people: Cast, client: Client) -> None:
    row = make_problem(people, status=Status.RECTIFYING)
    answers = [confirm(client, "escalate", row, level="supervision", reason="久拖未改") for _press in range(2)]
    assert [one.status_code for one in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Escalation.objects.count() == 1


def test_a_batch_in_which_nothing_could_be_assigned_takes_no_number(people: Cast, client: Client) -> None:
    row = make_problem(people)
    sent = {"lead": people.housing.pk, "title": "扬尘专项"}
    first = confirm(client, "assign", row, **sent)
    again = confirm(client, "assign", row, **sent)
    assert (first.status_code, again.status_code) == (302, 302)
    assert "data-refused" in client.get(again["Location"], follow=True).content.decode()
    batch = Batch.objects.get()
    other = make_problem(people)
    confirm(client, "assign", other, lead=people.housing.pk, title="道路专项")
    numbers = [int(re.findall(r"(\d+)号", one.number)[0]) for one in Batch.objects.order_by("pk")]
    assert numbers == [numbers[0], numbers[0] + 1]
    assert Batch.objects.exclude(pk=batch.pk).get().title == "道路专项"


def test_the_reason_of_each_row_is_its_own(people: Cast, client: Client) -> None:
    """Four eyes, a missing photo and a wrong state are told apart; the row that may be verified is."""
    fine = make_problem(people, status=Status.REPORTED)
    mine = make_problem(people, status=Status.REPORTED)
    Problem.objects.filter(pk=mine.pk).update(fixed_by=people.supervisor1)
    early = make_problem(people, status=Status.RECTIFYING)
    found = make_problem(people)
    done = confirm(client, "verify", fine, mine, early, found, note="照片清楚")
    job = Job.objects.get(kind=bulk.KIND)
    assert done["Location"].endswith(f"{job.pk}/")
    assert job.result["done"] == [str(fine.pk)]
    reasons = job.result["refused"]
    assert "four eyes" in reasons[str(mine.pk)]
    assert "not reported back" in reasons[str(early.pk)]
    assert "not possible" in reasons[str(found.pk)]
    assert statuses(fine, mine, early, found) == ["verified", "reported", "rectifying", "found"]


def test_assigning_asks_once_and_can_make_one_batch(people: Cast, client: Client) -> None:
    rows = [make_problem(people) for _ in range(3)]
    page = post(client, "assign", *rows).content.decode()
    assert "市住建局" in page or "Housing Bureau" in page
    assert "Far Housing" not in page
    missing = confirm(client, "assign", *rows, title="第一批")
    assert missing.status_code == 422
    assert "第一批" in missing.content.decode()
    assert Job.objects.count() == 0
    due = timezone.localdate() + 5 * DAY
    confirm(
        client,
        "assign",
        *rows,
        lead=people.housing.pk,
        co=[people.jiefang.pk],
        due_on=due.isoformat(),
        title="第一批",
    )
    assert statuses(*rows) == ["assigned"] * 3
    batch = Batch.objects.get()
    assert batch.title == "第一批"
    assert Assignment.objects.filter(batch=batch).count() == 6
    assert set(Problem.objects.values_list("due_on", flat=True)) == {due}


def test_a_row_with_several_candidates_needs_the_reason(people: Cast, client: Client) -> None:
    plain, contested = make_problem(people), make_problem(people)
    workflow.name_candidates(contested, by=people.supervisor1, units=[people.housing, people.city_management])
    confirm(client, "assign", plain, contested, lead=people.housing.pk)
    assert statuses(plain, contested) == ["assigned", "found"]
    confirm(client, "assign", contested, lead=people.housing.pk, reason="工地归住建局")
    assert statuses(contested) == ["assigned"]


def test_escalating_gives_each_its_own_order(people: Cast, client: Client) -> None:
    rows = [make_problem(people, status=Status.RECTIFYING, due_on=timezone.localdate() - 9 * DAY) for _ in range(2)]
    past = confirm(client, "escalate", *rows, level="supervision", reason="久拖未改", due_on="2019-12-09")
    assert past.status_code == 422
    due = timezone.localdate() + 3 * DAY
    confirm(client, "escalate", *rows, level="listed", reason="久拖未改", due_on=due.isoformat())
    assert list(Escalation.objects.values_list("level", "reason", "due_on")) == [("listed", "久拖未改", due)] * 2


def test_the_result_of_a_batch_leads_to_its_document(people: Cast, client: Client) -> None:
    rows = [make_problem(people) for _ in range(2)]
    done = confirm(client, "assign", *rows, lead=people.housing.pk, title="第二批")
    page = client.get(done["Location"], follow=True).content.decode()
    batch = Batch.objects.get()
    assert f'href="/batches/{batch.pk}/"' in page
    assert batch.number in page
    assert client.get(f"/batches/{batch.pk}/").status_code == 200
    alone = confirm(client, "assign", make_problem(people), lead=people.housing.pk)
    assert "/batches/" not in client.get(alone["Location"], follow=True).content.decode().split("<main", 1)[1]


def test_coming_back_from_the_result_sends_nothing_again(people: Cast, client: Client) -> None:
    """Every page on the way is one that a browser shows again without asking: reached by GET."""
    problem = make_problem(people, status=Status.VERIFIED)
    asked = post(client, "close", problem, query="state=verified")
    [(address, status)] = asked.redirect_chain
    assert (status, asked.request["REQUEST_METHOD"]) == (302, "GET")
    assert client.get(address).status_code == 200
    done = confirm(client, "close", problem)
    assert done.status_code == 302
    again = client.get(address)
    assert "will be refused" in again.content.decode()
    every = post(client, "close", every="1", query="state=closed")
    assert "every=1" in every.redirect_chain[0][0]
    assert "Close: 1 problem" in every.content.decode()


def test_a_page_that_holds_the_choice_itself_keeps_its_place_in_the_history(
    people: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opened anew by its address (as js/back.js has it where data-sent is), it would have lost the choice."""
    problem = make_problem(people, status=Status.RECTIFYING)
    refused = confirm(client, "escalate", problem, level="", reason="")
    assert refused.status_code == 422
    monkeypatch.setattr("inspections.views.bulk.IN_ADDRESS", 0)
    asked = post(client, "escalate", problem)
    assert (asked.status_code, asked.request["REQUEST_METHOD"]) == (200, "POST")
    for page in (refused, asked):
        assert f'name="ids" value="{problem.pk}"' in page.content.decode()
        assert "data-sent" not in page.content.decode()
    # A form at an address of its own is opened anew.
    form = client.post(f"/problems/{problem.pk}/amend/", {"reason": ""})
    assert form.status_code == 422
    assert "data-sent" in form.content.decode()


def test_a_document_that_may_not_be_opened_is_refused_in_both_languages(people: Cast) -> None:
    """Somebody who supervises no longer, when the worker comes to it."""
    problems = [make_problem(people) for _row in range(bulk.AT_ONCE + 1)]
    data = {"lead": people.housing.pk, "title": "扬尘专项"}
    job = bulk.put_down(Verb.ASSIGN, [one.pk for one in problems], data, by=people.leader1)
    working.work()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.refusal["en"] == "Only a supervisor of the office may do this."
    assert re.search("[\u4e00-\u9fff]", job.refusal["zh-hans"])


def test_a_choice_too_long_for_an_address_is_asked_about_at_once(
    people: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspections.views.bulk.IN_ADDRESS", 1)
    asked = post(client, "close", *[make_problem(people, status=Status.VERIFIED) for _ in range(2)])
    assert (asked.redirect_chain, asked.status_code) == ([], 200)
    assert "Close: 2 problems" in asked.content.decode()


# --- Which rows, and who --------------------------------------------------------------------------------------------


def test_every_row_of_a_list_is_chosen_by_its_query(people: Cast, client: Client) -> None:
    ready = [make_problem(people, status=Status.VERIFIED) for _ in range(3)]
    other = make_problem(people, status=Status.VERIFIED, kind="voc")
    query = f"state=verified&kind={ready[0].kind_id}"
    page = post(client, "close", every="1", query=query).content.decode()
    assert "Close: 3 problems" in page
    assert page.count('name="ids"') == 0
    confirm(client, "close", every="1", query=query, expected=3)
    assert statuses(*ready, other) == ["closed"] * 3 + ["verified"]


def test_a_list_that_changed_meanwhile_is_confirmed_again(people: Cast, client: Client) -> None:
    first = make_problem(people, status=Status.VERIFIED)
    post(client, "close", every="1", query="state=verified")
    second = make_problem(people, status=Status.VERIFIED)
    answer = confirm(client, "close", every="1", query="state=verified", expected=1)
    assert answer.status_code == 409
    assert "it is 2 problems now" in answer.content.decode()
    assert statuses(first, second) == ["verified"] * 2


def test_nothing_chosen_and_too_much_chosen_lead_back(
    people: Cast, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_problem(people, status=Status.VERIFIED)
    answer = client.post("/problems/bulk/", {"verb": "close", "query": "state=verified"}, follow=True)
    assert answer.redirect_chain == [("/problems/?state=verified", 302)]
    assert "Select at least one row" in answer.content.decode()
    monkeypatch.setattr(bulk, "MOST", 2)
    answer = client.post("/problems/bulk/", {"verb": "close", "every": "1", "query": "state=verified"}, follow=True)
    assert "At most 2 problems at once" in answer.content.decode()
    assert Job.objects.count() == 0


def test_a_hidden_row_is_not_there_for_anybody(people: Cast, client: Client) -> None:
    problem = make_problem(people, status=Status.VERIFIED)
    far = Client()
    far.force_login(people.outsider)
    assert post(far, "close", problem).status_code == 404
    assert confirm(far, "close", problem).status_code == 404
    assert confirm(far, "close", every="1", query="", expected=0).status_code == 302
    for person in (people.handler1, people.leader1, people.officer1, people.admin):
        other = Client()
        other.force_login(person)
        assert confirm(other, "close", problem).status_code == 403
    assert statuses(problem) == ["verified"]
    assert post(client, "void", problem).status_code == 400
    assert client.post("/problems/bulk/", {"verb": "close", "ids": ["x"]}).status_code == 404
    assert client.get("/problems/bulk/")["Location"] == "/problems/"


def test_a_result_is_only_for_whoever_asked(people: Cast, client: Client) -> None:
    confirm(client, "close", make_problem(people, status=Status.VERIFIED))
    job = Job.objects.get()
    assert client.get(f"/problems/bulk/{job.pk}/").status_code == 200
    other = Client()
    other.force_login(people.supervisor2)
    assert other.get(f"/problems/bulk/{job.pk}/").status_code == 404


# --- Long work ------------------------------------------------------------------------------------------------------


def spots(people: Cast, number: int) -> list[Problem]:
    """Verified problems, made the short way."""
    return [
        make_problem(people, route=Route.ON_SPOT, status=Status.VERIFIED, site=site)
        for site in [make_site(people)]
        for _ in range(number)
    ]


def test_more_than_a_few_are_left_to_a_worker(people: Cast, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    rows = spots(people, 3)
    answer = confirm(client, "close", *rows)
    assert statuses(*rows) == ["verified"] * 3
    assert client.get(answer["Location"]).status_code == 200
    working.work()
    assert statuses(*rows) == ["closed"] * 3
    assert "Close: 3 done" in client.get(answer["Location"], follow=True).content.decode()


def test_a_worker_that_dies_midway_repeats_nothing(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the third chunk: the first two stand, the third was rolled back, and each row has one closing event."""
    monkeypatch.setattr(bulk, "CHUNK", 2)
    monkeypatch.setattr(bulk, "AT_ONCE", 0)
    rows = spots(people, 7)
    job = bulk.begin(bulk.put_down(Verb.CLOSE, [row.pk for row in rows], {}, by=people.supervisor1))
    really = workflow.perform
    calls = []

    def perform(verb: Verb, problem: Problem, **data: Any) -> Any:
        if len(calls) == 5:
            raise KeyboardInterrupt
        calls.append(problem.pk)
        return really(verb, problem, **data)

    monkeypatch.setattr(workflow, "perform", perform)
    with pytest.raises(KeyboardInterrupt):
        working.work()
    job.refresh_from_db()
    assert (job.state, job.done, len(job.result["done"])) == (JobState.RUNNING, 4, 4)
    assert Problem.objects.filter(status="closed").count() == 4
    monkeypatch.setattr(workflow, "perform", really)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - DAY)
    working.work()
    job.refresh_from_db()
    assert (job.state, job.result["refused"], len(job.result["done"])) == (JobState.DONE, {}, 7)
    assert Event.objects.filter(verb="close").count() == 7


def test_an_error_in_one_row_stops_no_other(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = spots(people, 3)
    really: Callable[..., Any] = workflow.perform

    def perform(verb: Verb, problem: Problem, **data: Any) -> Any:
        really(verb, problem, **data)
        if problem.pk == rows[1].pk:
            raise ZeroDivisionError
        return problem

    monkeypatch.setattr(workflow, "perform", perform)
    job = bulk.begin(bulk.put_down(Verb.CLOSE, [row.pk for row in rows], {}, by=people.supervisor1))
    assert list(job.result["refused"]) == [str(rows[1].pk)]
    assert "Something went wrong" in job.result["refused"][str(rows[1].pk)]
    assert statuses(*rows) == ["closed", "verified", "closed"]


def test_reasons_are_in_the_language_of_whoever_asked(people: Cast) -> None:
    people.supervisor1.language = "zh-hans"
    people.supervisor1.save()
    found = make_problem(people)
    job = bulk.begin(bulk.put_down(Verb.CLOSE, [found.pk], {}, by=people.supervisor1))
    reason = job.result["refused"][str(found.pk)]
    assert found.number in reason


def test_a_right_that_ended_before_the_work_began_is_gone(people: Cast) -> None:
    rows = spots(people, 1)
    job = working.enqueue(
        bulk.KIND, {"verb": "close", "ids": [str(rows[0].pk)], "data": {}, "back": ""}, people.supervisor1, 1
    )
    people.supervisor1.memberships.update(until_on=timezone.localdate() - DAY)
    working.work()
    job.refresh_from_db()
    assert job.result["done"] == []
    assert statuses(*rows) == ["verified"]
