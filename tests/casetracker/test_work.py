"""My work: everything that waits for a person is there, once, most urgent first, and nothing else."""

import datetime
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from casetracker import digest, options
from casetracker.dates import long_date_with_weekday, short_date, weekday_short
from casetracker.enums import Language, Role
from casetracker.models import Deadline, Unit, User
from casetracker.work import Desk
from inspections import workflow
from inspections.enums import AssignmentRole, Clock, EscalationLevel, Route, Status
from inspections.models import Problem
from inspections.workflow import Addressee
from tests import cast as troupe
from tests.builders import make_problem, shot
from tests.cast import Cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Cast:
    return troupe.cast()


def desk(person: User) -> Desk:
    """The desk of a person as a new request would find it."""
    fresh = User.objects.get(pk=person.pk)
    return Desk(fresh, timezone.localdate())


def waiting(person: User) -> list[tuple[str, str]]:
    """What waits for a person, as (number, verb), in order."""
    found = desk(person)
    return [(row.number, row.act.verb) for row in found.page(found.narrowed(), found.counts.total).rows]


def verbs(person: User) -> list[str]:
    return [verb for _number, verb in waiting(person)]


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def total(page: str) -> int:
    found = re.search(r'data-total="(\d+)"', page)
    assert found is not None
    return int(found[1])


# --- Whose it is ------------------------------------------------------------------------------------


def test_a_found_problem_waits_for_the_supervisors_to_assign(cast: Cast) -> None:
    problem = make_problem(cast)
    assert waiting(cast.supervisor1) == waiting(cast.supervisor2) == [(problem.number, "assign")]
    for person in (cast.inspector1, cast.handler1, cast.leader1, cast.officer1, cast.admin, cast.outsider):
        assert waiting(person) == []


def test_an_assigned_one_waits_for_its_unit_to_claim(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.ASSIGNED)
    assert waiting(cast.handler1) == [(problem.number, "claim")]
    assert waiting(cast.handler2) == waiting(cast.supervisor1) == []


def test_a_claimed_one_waits_for_its_unit_to_begin_and_then_to_report_back(cast: Cast) -> None:
    claimed = make_problem(cast, status=Status.CLAIMED)
    assert waiting(cast.handler1) == [(claimed.number, "begin")]
    workflow.begin_work(claimed, by=cast.handler1, plan="覆盖")
    assert waiting(cast.handler1) == [(claimed.number, "report_back")]


def test_one_assignment_is_one_thing_however_many_clocks_it_has(cast: Cast) -> None:
    make_problem(cast, status=Status.ASSIGNED, due_on=timezone.localdate() - 3 * DAY)
    assert desk(cast.handler1).counts.total == 1
    [(_number, verb)] = waiting(cast.handler1)
    assert verb == "claim"
    assert desk(cast.handler1).counts.queues["rectify"] == 1


def test_a_first_feedback_shows_once_it_is_late(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.CLAIMED, now=timezone.now() - 5 * DAY)
    found = desk(cast.handler1)
    assert found.counts.queues["feedback"] == 1
    [row] = found.page(found.narrowed(), 1).rows
    assert (row.number, row.act.verb, row.light) == (problem.number, "begin", "late")
    assert row.words == "First feedback 2 days late"


def test_a_reported_one_waits_for_the_team_and_the_supervisors(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    assert waiting(cast.inspector1) == waiting(cast.supervisor1) == [(problem.number, "verify")]
    assert waiting(cast.inspector2) == waiting(cast.handler1) == []


def test_four_eyes_leave_out_who_may_not_judge(cast: Cast) -> None:
    make_problem(cast, status=Status.REPORTED)
    troupe.join(cast.supervisor2, cast.housing, Role.HANDLER)
    assert verbs(cast.supervisor2) == []
    assert verbs(cast.supervisor1) == ["verify"]


def test_four_eyes_look_at_the_posts_of_the_day(cast: Cast) -> None:
    today = timezone.localdate()
    make_problem(cast, status=Status.REPORTED)
    troupe.join(cast.supervisor2, cast.housing, Role.HANDLER, until_on=today - DAY)
    assert verbs(cast.supervisor2) == ["verify"]


def test_who_reported_it_fixed_does_not_get_it_to_verify(cast: Cast) -> None:
    problem = make_problem(cast, route=Route.ON_SPOT, status=Status.REPORTED)
    assert problem.fixed_by_id == cast.inspector1.pk
    assert waiting(cast.inspector1) == []
    assert verbs(cast.supervisor1) == ["verify"]


def test_a_verified_one_waits_to_be_closed_by_a_second_supervisor_where_the_office_wants_that(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    workflow.verify(problem, by=cast.supervisor1, shots=[shot(cast.supervisor1)])
    assert verbs(cast.supervisor1) == verbs(cast.supervisor2) == ["close"]
    options.put("require_second_closer", True)
    assert verbs(cast.supervisor1) == []
    assert verbs(cast.supervisor2) == ["close"]


def ask(cast: Cast, problem: Problem, days: int = 7) -> Any:
    due = Problem.objects.get(pk=problem.pk).due_on
    assert due is not None
    wanted = max(due, timezone.localdate()) + days * DAY
    return workflow.ask_extension(problem, by=cast.handler1, reason="雨", plan="三步", wanted_on=wanted)


def test_a_request_for_more_time_waits_for_the_supervisor_and_after_two_for_the_leader(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    for _ in range(2):
        request = ask(cast, problem)
        assert verbs(cast.supervisor1) == ["decide_extension"]
        assert verbs(cast.leader1) == []
        workflow.decide_extension(problem, by=cast.supervisor1, extension=request, granted_on=request.wanted_on)
    ask(cast, problem)
    assert verbs(cast.supervisor1) == []
    assert verbs(cast.leader1) == ["decide_extension"]


def test_the_unit_sees_that_its_request_waits_and_can_not_ask_twice(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    make_problem(cast, status=Status.RECTIFYING)
    ask(cast, problem)
    found = desk(cast.handler1)
    assert found.counts.cuts == {"asked": 1}
    [row] = found.page(found.narrowed(when="asked"), 1).rows
    assert row.number == problem.number
    assert row.also is not None
    assert row.also.reason


def test_a_draw_waits_for_a_look_back_by_others_than_the_fixer(cast: Cast) -> None:
    options.put("look_back_percent", 100)
    make_problem(cast, route=Route.ON_SPOT, status=Status.VERIFIED)
    mate = troupe.make_person("mate", "孔平", (cast.team1, Role.INSPECTOR))
    assert verbs(mate) == ["recheck"]
    assert verbs(cast.inspector1) == []
    assert sorted(verbs(cast.supervisor1)) == ["close", "recheck"]


def test_on_the_spot_without_a_unit_waits_for_the_team(cast: Cast) -> None:
    problem = make_problem(cast, route=Route.ON_SPOT, status=Status.RECTIFYING)
    assert waiting(cast.inspector1) == [(problem.number, "report_back")]
    assert waiting(cast.inspector2) == []


def test_an_escalation_comes_back_to_the_supervisor_when_its_date_has_come(cast: Cast) -> None:
    today = timezone.localdate()
    problem = make_problem(cast, status=Status.RECTIFYING)
    workflow.escalate(problem, by=cast.supervisor1, reason="两次逾期", level=EscalationLevel.LISTED, due_on=today + DAY)
    assert verbs(cast.supervisor1) == []
    Deadline.objects.filter(clock=Clock.ESCALATION).update(due_on=today)
    assert verbs(cast.supervisor1) == ["lift"]


def test_another_addressee_waits_for_the_lead_before_it_can_report(cast: Cast) -> None:
    others = [Addressee(cast.city_management, AssignmentRole.CO)]
    problem = make_problem(cast, status=Status.CLAIMED, others=others)
    assert waiting(cast.handler2) == [(problem.number, "")]
    workflow.begin_work(problem, by=cast.handler1, plan="覆盖")
    assert verbs(cast.handler2) == ["report_back"]


def test_what_is_stopped_waits_for_nobody(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    workflow.pause(problem, by=cast.supervisor1, reason="停工令")
    assert waiting(cast.handler1) == []


def test_an_import_waits_for_nobody_until_it_is_released(cast: Cast) -> None:
    problem = make_problem(cast)
    Problem.objects.filter(pk=problem.pk).update(held=True)
    assert waiting(cast.supervisor1) == []
    Problem.objects.filter(pk=problem.pk).update(held=False)
    assert verbs(cast.supervisor1) == ["assign"]


def test_a_person_without_a_post_has_nothing(cast: Cast) -> None:
    make_problem(cast)
    nobody = troupe.make_person("nobody", "无名")
    page = signed_in(nobody).get("/")
    assert page.status_code == 200
    assert "Nothing waits for you" in page.content.decode()


@pytest.mark.parametrize(
    "name", ["inspector1", "supervisor1", "handler1", "officer1", "legal1", "leader1", "admin", "outsider"]
)
@pytest.mark.parametrize("language", list(Language))
def test_the_page_opens_for_every_role_in_both_languages(cast: Cast, name: str, language: Language) -> None:
    make_problem(cast, status=Status.RECTIFYING, due_on=timezone.localdate() - 4 * DAY)
    make_problem(cast, status=Status.REPORTED)
    make_problem(cast)
    person: User = getattr(cast, name)
    User.objects.filter(pk=person.pk).update(language=language)
    assert signed_in(person).get("/").status_code == 200


# --- The list ---------------------------------------------------------------------------------------


def test_the_title_says_the_news(cast: Cast) -> None:
    make_problem(cast)
    make_problem(cast, now=timezone.now() - 2 * DAY)
    page = signed_in(cast.supervisor1).get("/").content.decode()
    assert "<h1>2 things wait for you, 1 is late</h1>" in page


def test_the_most_urgent_comes_first(cast: Cast) -> None:
    today = timezone.localdate()
    for days in (5, -3, 0, 1, -20):
        make_problem(cast, status=Status.RECTIFYING, due_on=today + days * DAY)
    found = desk(cast.handler1)
    rows = found.page(found.narrowed(), 5).rows
    assert [row.words for row in rows][:4] == ["20 days late", "3 days late", "due today", "due tomorrow"]
    assert [row.light for row in rows][:4] == ["late", "late", "near", "near"]


def test_every_count_opens_a_list_of_so_many(cast: Cast) -> None:
    for _ in range(2):
        make_problem(cast)
        make_problem(cast, status=Status.REPORTED)
    ask(cast, make_problem(cast, status=Status.RECTIFYING, due_on=timezone.localdate() + 2 * DAY))
    make_problem(cast, status=Status.RECTIFYING, due_on=timezone.localdate() - 2 * DAY)
    for person in (cast.supervisor1, cast.handler1):
        client = signed_in(person)
        page = client.get("/").content.decode()
        counts = [one for one in doors(page) if one[0].startswith(("waiting", "queue-", "when-"))]
        assert len(counts) >= 5
        for key, url, count in counts:
            assert total(client.get(url).content.decode()) == count, key


def test_every_figure_beside_the_list_opens_exactly_its_rows(cast: Cast) -> None:
    today = timezone.localdate()
    for n, days in enumerate((1, 4, 9, 40)):
        unit = (cast.housing, cast.city_management)[n % 2]
        make_problem(cast, status=Status.RECTIFYING, due_on=today - days * DAY, unit=unit)
    for n in range(3):
        make_problem(cast, status=Status.ASSIGNED, due_on=today + n * DAY)
    make_problem(cast, status=Status.VERIFIED)
    make_problem(cast, status=Status.CLOSED)
    for person in (cast.supervisor1, cast.leader1, cast.officer1, cast.inspector1, cast.handler1):
        client = signed_in(person)
        page = client.get("/").content.decode()
        found = doors(page)
        assert {"overdue", "overdue-1-3", "overdue-31"} <= {key for key, _url, _value in found}
        for key, url, value in found:
            assert total(client.get(url).content.decode()) == value, (person, key)


def doors(page: str) -> list[tuple[str, str, int]]:
    """Every figure of a page as its key, its address and the first number of its text."""
    found = []
    for tag, inside in re.findall(r"(<a [^>]*data-figure=[^>]*>)(.*?)</a>", page, re.S):
        key, href = (re.search(rf' {name}="([^"]+)"', tag) for name in ("data-figure", "href"))
        value = re.search(r"[\d,]+", re.sub(r"<[^>]*>", "", inside))
        assert key is not None, tag
        assert href is not None, tag
        assert value is not None, tag
        found.append((key[1], href[1].replace("&amp;", "&"), int(value[0].replace(",", ""))))
    return found


def test_all_units_with_something_overdue_open_their_rows(cast: Cast) -> None:
    today = timezone.localdate()
    for n in range(6):
        unit = Unit(name_zh=f"第{n}局", kind="department")
        unit.save()
        troupe.make_person(f"unit{n}", "经办", (unit, Role.HANDLER))
        for days in range(1, 2 + n % 2):
            make_problem(cast, status=Status.RECTIFYING, due_on=today - days * DAY, unit=unit)
    client = signed_in(cast.leader1)
    found = [one for one in doors(client.get("/").content.decode()) if one[0].startswith("overdue-all-unit-")]
    assert len({key for key, _url, _value in found}) == 6
    for key, url, value in found:
        assert total(client.get(url).content.decode()) == value, key


@pytest.mark.parametrize("name", ["supervisor1", "leader1", "inspector1", "handler1"])
def test_what_was_overdue_in_the_last_letter_opens_the_rows_of_then(cast: Cast, name: str) -> None:
    today = timezone.localdate()
    last = timezone.now() - 7 * DAY
    made = [make_problem(cast, status=Status.RECTIFYING, due_on=today - days * DAY) for days in (9, 20)]
    make_problem(cast, status=Status.RECTIFYING, due_on=today - 3 * DAY)
    digest.plan(today - 7 * DAY)
    workflow.report_back(made[0], by=cast.handler1, text="已整改", shots=[shot(cast.handler1)])
    client = signed_in(cast.everybody()[name])
    page = client.get("/").content.decode()
    [(_key, url, value)] = [one for one in doors(page) if one[0] == "overdue-before"]
    assert f"2 on {short_date(timezone.localdate(last))}" in page
    opened = client.get(url).content.decode()
    assert (value, total(opened)) == (2, 2)
    assert all(str(one.pk) in opened for one in made)


def test_a_day_of_the_week_reads_as_words_and_numbers_apart(cast: Cast) -> None:
    today = timezone.localdate()
    for _count in range(2):
        make_problem(cast, status=Status.RECTIFYING, due_on=today)
    page = signed_in(cast.supervisor1).get("/").content.decode()
    cell = re.search(rf'<a [^>]*data-figure="due-{today.isoformat()}"[^>]*>.*?</a>', page)
    assert cell is not None
    assert re.sub(r"<[^>]*>", "", cell[0]) == f"{weekday_short(today)} 2 {today.day}"
    assert f'aria-label="2 problems due on {long_date_with_weekday(today)}"' in cell[0]


def test_more_rows_come_on_further_pages_and_none_twice(cast: Cast) -> None:
    numbers = {make_problem(cast).number for _ in range(13)}
    client = signed_in(cast.supervisor1)
    page = client.get("/").content.decode()
    more = re.search(r'<a href="([^"]*after=[^"]*)"[^>]*>Show 3 more', page)
    assert more is not None
    url = more[1].replace("&amp;", "&")
    rest = client.get(url).content.decode()
    first, second = set(re.findall(r"焦督〔\d+〕\d+号", page)), set(re.findall(r"焦督〔\d+〕\d+号", rest))
    assert (len(first), len(second)) == (10, 3)
    assert first | second == numbers
    partial = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in partial
    assert set(re.findall(r"焦督〔\d+〕\d+号", partial)) == second


@pytest.mark.parametrize("query", ["?after=x", "?after=2019-99-99~1~1", "?queue=nothing", "?when=never", "?after=~~"])
def test_an_address_that_nobody_gave_out_shows_the_beginning(cast: Cast, query: str) -> None:
    make_problem(cast)
    assert signed_in(cast.supervisor1).get(f"/{query}").status_code == 200


def test_what_is_due_today_with_an_hour_comes_before_the_rest_of_the_day(cast: Cast) -> None:
    make_problem(cast)
    ask(cast, make_problem(cast, status=Status.RECTIFYING))
    Deadline.objects.filter(clock=Clock.EXTENSION).update(due_on=timezone.localdate())
    found = desk(cast.supervisor1)
    rows = found.page(found.narrowed(), 2).rows
    assert [row.words for row in rows] == ["Decide today, by 17:00", "Assign today"]


def statements(person: User) -> int:
    client = signed_in(person)
    client.get("/")
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/").status_code == 200
    # Whether the calendar has changed is asked every five seconds, however many rows there are.
    return sum("calendarday" not in one["sql"] for one in seen.captured_queries)


@pytest.mark.parametrize(("name", "most"), [("supervisor1", 27), ("handler1", 18), ("inspector1", 21), ("leader1", 26)])
def test_thirty_rows_cost_as_many_queries_as_one(cast: Cast, name: str, most: int) -> None:
    def more(count: int) -> None:
        for _ in range(count):
            make_problem(cast, status=Status.REPORTED)
            make_problem(cast, status=Status.RECTIFYING, due_on=timezone.localdate() - 2 * DAY)
            make_problem(cast)
            make_problem(cast, status=Status.VERIFIED)

    more(1)
    one = statements(getattr(cast, name))
    more(8)
    assert statements(getattr(cast, name)) <= one <= most
