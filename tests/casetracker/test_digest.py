"""The weekly e-mail: owed when, to whom, once; what it says is what the lists show."""

import datetime
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from casetracker import deliveries, digest, mail, options
from casetracker.enums import Language, Role
from casetracker.models import Delivery, Letter, Membership, Option, Unit, User
from inspections import workflow
from inspections.enums import AssignmentRole, Status, VoidKind
from inspections.models import Problem
from inspections.workflow import Addressee
from tests import cast as troupe
from tests.builders import make_problem, make_site, shot
from tests.cast import Cast

DAY = datetime.timedelta(days=1)
HOUR = 8


def local(text: str) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.fromisoformat(text))


# --- When -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "planned", "send", "missed"),
    [
        ("2019-12-08 23:59", "2019-W48", None, ["2019-W49"]),  # Sunday: last week's is over and was missed
        ("2019-12-09 07:59", "2019-W49", None, []),
        ("2019-12-09 08:00", "2019-W49", "2019-W50", []),
        ("2019-12-09 08:00", "2019-W50", None, []),
        ("2019-12-13 23:59", "2019-W49", "2019-W50", []),  # Friday night: still in time
        ("2019-12-14 00:00", "2019-W49", None, ["2019-W50"]),  # Saturday: missed
        ("2019-12-16 07:59", "2019-W49", None, ["2019-W50"]),
        ("2019-12-16 08:00", "2019-W49", "2019-W51", ["2019-W50"]),
        ("2019-12-10 12:00", None, "2019-W50", []),  # a new installation has missed nothing
        ("2019-12-14 12:00", None, None, []),
        ("2019-12-30 08:00", "2019-W52", "2020-W01", []),  # Monday 30 December belongs to the next year's week
        ("2020-12-28 08:00", "2020-W52", "2020-W53", []),
        ("2021-01-01 12:00", "2020-W53", None, []),
        ("2021-01-04 08:00", "2020-W53", "2021-W01", []),
        ("2019-12-02 09:00", "2019-W50", None, []),  # the clock jumped back: nothing is sent again
    ],
)
def test_a_week_is_owed_from_monday_at_eight_until_friday_night(
    now: str, planned: str | None, send: str | None, missed: list[str]
) -> None:
    assert digest.owed(datetime.datetime.fromisoformat(now), HOUR, planned) == (send, missed)


@given(st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2099, 12, 31)))
def test_a_period_names_its_monday(day: datetime.date) -> None:
    monday = digest.monday_of(digest.week_of(day))
    assert monday <= day <= monday + 6 * DAY
    assert monday.weekday() == 0


def test_many_weeks_of_silence_are_not_all_written_down() -> None:
    _send, missed = digest.owed(datetime.datetime(2020, 6, 1, 8), HOUR, "2019-W50")
    assert len(missed) == digest.MOST_WEEKS_MISSED
    assert missed[-1] == "2020-W22"


# --- To whom, and once ------------------------------------------------------------------------------


@pytest.fixture
def cast(db: None) -> Cast:
    return troupe.cast()


def monday_morning() -> datetime.datetime:
    """This week's Monday at eight, or now when that lies in the future."""
    today = timezone.localdate()
    monday = today - today.weekday() * DAY
    return local(f"{monday} 08:00")


def letters() -> dict[str, Letter]:
    rows = Letter.objects.filter(delivery__subject__isnull=True).select_related("delivery__person")
    return {row.delivery.person.username: row for row in rows}


def totals(name: str) -> dict[str, Any]:
    found: dict[str, Any] = letters()[name].totals["parts"][0]
    return found


def late_problem(cast: Cast, days: int = 3, **more: Any) -> Problem:
    more.setdefault("status", Status.RECTIFYING)
    return make_problem(cast, due_on=timezone.localdate() - days * DAY, **more)


def test_everybody_who_has_something_gets_one_letter_and_nobody_else(cast: Cast) -> None:
    late_problem(cast)
    digest.plan(timezone.localdate())
    assert set(letters()) == {"handler1", "inspector1", "supervisor1", "supervisor2", "leader1"}


def test_a_week_without_anything_sends_nothing(cast: Cast) -> None:
    made = digest.plan(timezone.localdate())
    assert made.new == {}
    assert not Delivery.objects.exists()


def test_running_again_repeats_nothing(cast: Cast) -> None:
    late_problem(cast)
    first = digest.plan(timezone.localdate())
    digest.send(first)
    again = digest.plan(timezone.localdate())
    assert (again.new, again.already) == ({}, 5)
    assert digest.send(again) == {}
    assert mail.count() == 5


def test_the_tick_plans_once_and_whoever_has_something_later_waits_for_the_next_week(cast: Cast) -> None:
    late_problem(cast)
    monday = monday_morning()
    assert digest.tick(monday - datetime.timedelta(seconds=1)) is None
    made = digest.tick(monday)
    assert made is not None
    assert len(made.new) == 5
    late_problem(cast, unit=cast.city_management)
    assert digest.tick(monday + DAY) is None
    assert "handler2" not in letters()


def test_the_hour_is_a_setting(cast: Cast) -> None:
    options.put("digest_hour", 10)
    late_problem(cast)
    assert digest.tick(monday_morning() + datetime.timedelta(hours=1)) is None
    assert digest.tick(monday_morning() + datetime.timedelta(hours=2)) is not None


def test_a_missed_week_is_written_down_as_skipped_and_never_sent(cast: Cast) -> None:
    late_problem(cast)
    monday = monday_morning()
    Option.objects.create(name=digest.WEEK_PLANNED, value=digest.week_of(monday.date() - 14 * DAY))
    digest.tick(monday)
    skipped = Delivery.objects.filter(state="skipped")
    assert {row.period for row in skipped} == {digest.week_of(monday.date() - 7 * DAY)}
    assert skipped.count() == 5
    assert set(deliveries.send_waiting()) == {"sent"}
    assert Delivery.objects.filter(state="skipped").count() == 5


def test_fifty_planners_at_once_plan_once(committed: None) -> None:
    people = troupe.cast()
    late_problem(people)
    failures: list[Exception] = []

    def run() -> None:
        try:
            digest.plan(timezone.localdate())
            deliveries.send_waiting()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert Delivery.objects.count() == mail.count() == 5


def test_people_without_an_address_or_who_left_get_none(cast: Cast) -> None:
    late_problem(cast)
    User.objects.filter(username="leader1").update(email="")
    User.objects.filter(username="supervisor2").update(is_active=False)
    digest.plan(timezone.localdate())
    assert set(letters()) == {"handler1", "inspector1", "supervisor1"}


def test_an_import_that_was_not_released_is_not_spoken_of(cast: Cast) -> None:
    problem = late_problem(cast)
    Problem.objects.filter(pk=problem.pk).update(held=True)
    assert digest.plan(timezone.localdate()).new == {}


def test_what_is_held_back_is_counted_at_the_foot_for_those_who_see_it(cast: Cast) -> None:
    """Each list shows more than the letter speaks of; the letter says how many."""
    late_problem(cast)
    for _ in range(2):
        held = late_problem(cast)
        Problem.objects.filter(pk=held.pk).update(held=True)
    digest.plan(timezone.localdate())
    said = letters()
    words = "Not included: 2 open problems of imports that are not released yet."
    for name in ("handler1", "supervisor1", "leader1", "inspector1"):
        for body in (said[name].text, said[name].html):
            assert words in body, name
    Problem.objects.update(held=False)
    following = digest.plan(timezone.localdate() + 7 * DAY)
    assert following.new
    assert not Letter.objects.filter(delivery__in=following.new.values(), text__contains="Not included").exists()


def test_last_week_is_told_as_it_was_then(cast: Cast) -> None:
    """What was void, closed or reopened since still counts as it stood on Sunday night."""
    today = timezone.localdate()
    monday = today - (today.weekday() + 7) * DAY
    during = local(f"{monday + 2 * DAY} 10:00")
    late_problem(cast, 40)
    voided = make_problem(cast, now=during)
    workflow.void(voided, by=cast.supervisor1, kind=VoidKind.TEST, reason="练习")
    before = make_problem(cast, now=during)
    workflow.void(before, by=cast.supervisor1, kind=VoidKind.TEST, reason="练习", now=during + DAY)
    closed = make_problem(cast, status=Status.CLOSED, now=during)
    reopened = make_problem(cast, status=Status.CLOSED, now=during)
    workflow.reopen(reopened, by=cast.supervisor2, reason="复发", due_on=today + 3 * DAY)
    earlier = make_problem(cast, status=Status.CLOSED, now=during - 14 * DAY)
    # Closed before its import was released.
    held = make_problem(cast, status=Status.CLOSED, now=during)
    Problem.objects.filter(pk=held.pk).update(held=True)
    digest.plan(today)
    numbers = totals("supervisor1")
    assert (numbers["new"], numbers["closed"]) == (3, 2)
    client = Client()
    client.force_login(cast.supervisor1)
    pages = [client.get(_path(url)).content.decode() for _value, url in _links_of_totals(letters()["supervisor1"].html)]
    assert [str(one.pk) in pages[2] for one in (voided, before, closed, earlier)] == [True, False, True, False]
    assert [str(one.pk) in pages[3] for one in (closed, reopened, earlier, held)] == [True, True, False, False]


def test_a_whole_number_of_statements_however_many_rows_and_readers(cast: Cast, django_assert_num_queries: Any) -> None:
    def readers(count: int) -> None:
        for _ in range(count):
            unit = Unit(name_zh=f"单位{Unit.objects.count()}", kind="department")
            unit.save()
            troupe.make_person(f"reader{unit.pk}", "读者", (unit, Role.HANDLER))
            late_problem(cast, unit=unit)

    as_of = digest.as_of_day(timezone.localdate(), digest.database_now())

    def statements() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        people = list(digest.readers(as_of).filter(username__startswith="reader"))
        with CaptureQueriesContext(connection) as seen:
            made = [pair for batch in digest.written(people, as_of) for pair in batch]
        assert len(made) == len(people)
        return len(seen)

    readers(1)
    one = statements()
    readers(11)
    assert statements() == one


# --- What it says -----------------------------------------------------------------------------------


def busy_office(cast: Cast) -> None:
    """Problems in every state and of every age, of two teams, two units and a government."""
    today = timezone.localdate()
    units = [cast.housing, cast.city_management, cast.jiefang]
    for n, days in enumerate((1, 3, 4, 7, 8, 30, 31, 45)):
        late_problem(cast, days, unit=units[n % 3], team=(cast.team1, cast.team2)[n % 2])
    for n in range(4):
        make_problem(cast, status=Status.ASSIGNED, due_on=today + n * DAY, unit=units[n % 3])
    make_problem(cast, status=Status.REPORTED, team=cast.team2)
    make_problem(cast, status=Status.VERIFIED)
    make_problem(cast, status=Status.CLOSED, now=timezone.now() - 7 * DAY)
    make_problem(cast, status=Status.VOID)
    make_problem(cast)
    special = [Addressee(cast.jiefang, AssignmentRole.GOVERNMENT)]
    late_problem(cast, 5, others=special, special=True)
    paused = late_problem(cast, 2)
    workflow.pause(paused, by=cast.supervisor1, reason="停工令")


@pytest.mark.parametrize(
    "name", ["handler1", "handler2", "government1", "inspector1", "inspector2", "supervisor1", "leader1"]
)
def test_totals_are_the_rows_and_the_lists_of_the_pages(cast: Cast, name: str) -> None:
    busy_office(cast)
    digest.plan(timezone.localdate())
    letter = letters()[name]
    numbers = letter.totals["parts"][0]
    client = Client()
    client.force_login(User.objects.get(username=name))
    links = _links_of_totals(letter.html)
    assert len(links) == 4
    for key, (value, url) in zip(("overdue", "due_week", "new", "closed"), links, strict=True):
        assert numbers[key] == value
        page = client.get(_path(url))
        assert page.status_code == 200
        assert f'data-total="{value}"' in page.content.decode()
    if name.startswith(("handler", "government")):
        assert letter.html.count("■ ") - 1 >= numbers["overdue"]


def test_links_open_what_the_letter_counted_whenever_it_is_read(cast: Cast) -> None:
    """A reader of tomorrow, when all of it is done, still finds behind each number what the letter says."""
    late, due = late_problem(cast), make_problem(cast, status=Status.RECTIFYING, due_on=timezone.localdate())
    digest.plan(timezone.localdate())
    links = _links_of_totals(letters()["handler1"].html)[:2]
    tomorrow = timezone.now() + DAY
    for problem in (late, due):
        workflow.report_back(problem, by=cast.handler1, text="已整改", shots=[shot(cast.handler1)], now=tomorrow)
    client = Client()
    client.force_login(cast.handler1)
    for problem, (value, url) in zip((late, due), links, strict=True):
        page = client.get(_path(url)).content.decode()
        assert (value, 'data-total="1"' in page, str(problem.pk) in page) == (1, True, True)
    assert 'data-total="0"' in client.get("/problems/?overdue=any").content.decode()


def _links_of_totals(html: str) -> list[tuple[int, str]]:
    import re

    cells = re.findall(r'<a href="([^"]+)" style="font-size:28px[^>]*>([\d,]+)</a>', html)
    return [(int(value.replace(",", "")), url.replace("&amp;", "&")) for url, value in cells]


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_an_outsiders_problems_change_no_number(cast: Cast) -> None:
    late_problem(cast)
    digest.plan(timezone.localdate())
    assert "outsider" not in letters()
    assert totals("supervisor1")["overdue"] == 1


def test_the_subject_says_the_count_and_whose(cast: Cast) -> None:
    late_problem(cast)
    digest.plan(timezone.localdate())
    assert letters()["handler1"].subject_line == "1 overdue, 0 due this week: Housing Bureau"


def test_each_reader_gets_his_language_in_both_parts(cast: Cast) -> None:
    User.objects.filter(username="handler1").update(language=Language.CHINESE)
    late_problem(cast, 12)
    digest.plan(timezone.localdate())
    chinese, english = letters()["handler1"], letters()["supervisor1"]
    assert 'lang="zh-Hans"' in chinese.html
    assert "市住建局" in chinese.subject_line
    for part in (chinese.text, chinese.html):
        assert "逾期 12 天" in part
        assert "days late" not in part
    assert "Supervision Office" in english.html
    assert "12 days late" in english.text


def test_names_are_data_in_html_and_never_break_a_header(cast: Cast) -> None:
    nasty = "<script>alert(1)</script>\r\nBcc: all@example.org {{7*7}} {0.__class__}"
    Unit.objects.filter(pk=cast.housing.pk).update(name_en=nasty)
    late_problem(cast, site=make_site(cast, "<img src=x onerror=alert(1)>工地"))
    made = digest.plan(timezone.localdate())
    letter = letters()["handler1"]
    assert "\n" not in letter.subject_line
    assert "<script>" not in letter.html
    assert "<img" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert "{{7*7}}" in letter.html
    assert digest.send(made) == {"sent": 5}
    for _name, message in mail.newest():
        assert message["Bcc"] is None


def test_a_unit_is_told_of_its_part_of_what_another_leads(cast: Cast) -> None:
    late_problem(cast, 5, others=[Addressee(cast.jiefang, AssignmentRole.GOVERNMENT)], status=Status.ASSIGNED)
    digest.plan(timezone.localdate())
    letter = letters()["government1"]
    assert totals("government1")["overdue"] == 0
    assert "5 days late" in letter.text


def test_more_rows_than_fit_are_counted_and_linked(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspections.digests.contents.MOST_ROWS", 2)
    for days in (1, 2, 3):
        late_problem(cast, days)
    digest.plan(timezone.localdate())
    letter = letters()["handler1"]
    assert totals("handler1")["overdue"] == 3
    assert "1 more: open the list" in letter.text


def test_links_carry_no_rights(cast: Cast) -> None:
    late_problem(cast)
    digest.plan(timezone.localdate())
    for value, url in _links_of_totals(letters()["handler1"].html):
        assert set(parse_qs(urlsplit(url).query)) <= {
            "overdue",
            "due",
            "lead",
            "figure",
            "from",
            "to",
        }
        assert Client().get(_path(url)).status_code == 302
        assert value >= 0


# --- Right before it leaves -------------------------------------------------------------------------


def test_a_letter_about_what_was_done_meanwhile_is_not_sent(cast: Cast) -> None:
    problem = late_problem(cast)
    made = digest.plan(timezone.localdate(), reader=cast.handler1)
    workflow.void(problem, by=cast.supervisor1, kind="test", reason="练习")  # type: ignore[arg-type]
    assert digest.send(made) == {"cancelled": 1}
    assert mail.count() == 0


def test_a_letter_to_somebody_who_answers_for_another_unit_now_is_not_sent(cast: Cast) -> None:
    late_problem(cast)
    made = digest.plan(timezone.localdate(), reader=cast.handler1)
    Membership.objects.filter(user=cast.handler1).update(unit=cast.city_management)
    assert digest.send(made) == {"cancelled": 1}


def test_a_letter_whose_week_is_over_is_not_sent_any_more(cast: Cast) -> None:
    late_problem(cast)
    made = digest.plan(timezone.localdate(), reader=cast.handler1)
    delivery = Delivery.objects.get(pk=made.new[cast.handler1.pk])
    saturday = monday_morning() + 5 * DAY
    if timezone.localdate() < saturday.date():
        assert digest.unwanted(delivery, saturday) == "The week is over."
    assert digest.unwanted(delivery) == ""


def test_the_ticks_plan_send_and_rescue(cast: Cast) -> None:
    from casetracker import tasks
    from casetracker.celery import app

    late_problem(cast)
    tasks.plan_digest()
    tasks.send_deliveries()
    tasks.rescue()
    assert set(Delivery.objects.values_list("state", flat=True)) <= {"sent"}
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)


def test_the_subject_counts_the_parts_a_unit_has_in_what_others_lead(cast: Cast) -> None:
    late = timezone.localdate() - 3 * DAY
    others = [Addressee(cast.city_management, AssignmentRole.REGULATOR)]
    make_problem(cast, due_on=late, status=Status.RECTIFYING, special=True, others=others)
    today = digest.as_of_day(timezone.localdate(), digest.database_now())
    subjects = {
        person.username: words.subject
        for batch in digest.written([cast.handler1, cast.handler2], today)
        for person, words in batch
    }
    assert subjects["handler1"].startswith("1 overdue, 0 due this week: ")
    assert subjects["handler2"] == "1 part of another unit’s problem is due: City Management"
