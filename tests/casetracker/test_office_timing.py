"""Administering the calendar, the rules of terms and the options: previews, versions, refusals, history."""

import datetime
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from casetracker import calendars, options
from casetracker.administering import moving, timing
from casetracker.administering.choices import change_options
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import CalendarDay, Deadline, DeadlineRule
from casetracker.workdays import Calendar, add_workdays
from inspections.enums import Status
from tests.builders import make_problem
from tests.casetracker.office import events, queries, total, words
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)


def seen(response: Any) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', response.content.decode())
    assert found is not None
    return found[1]


def workday_after(day: datetime.date, count: int) -> datetime.date:
    return add_workdays(day, count, calendars.load())


# --- Calendar -------------------------------------------------------------------------------------------


def test_a_year_shows_its_days_and_holidays(people: Cast) -> None:
    client = sign_in(people.admin)
    page = client.get("/office/calendar/?year=2024")
    assert total(page) == "366"
    text = page.content.decode()
    assert text.count('class="is-makeup" href') == 8
    assert "Spring Festival" in words(page)
    assert "provisional" in words(client.get("/office/calendar/?year=2032"))
    assert client.get("/office/calendar/?year=1999").status_code == 404
    assert client.get("/office/calendar/?year=nothing").status_code == 200
    assert queries(lambda: client.get("/office/calendar/?year=2024")) <= 12


def test_a_day_shows_first_what_it_would_move_and_then_is_changed(people: Cast) -> None:
    today = timezone.localdate()
    problem = make_problem(people, status=Status.ASSIGNED)
    clock = Deadline.objects.running().get(subject_id=problem.pk, clock="claim")
    client = sign_in(people.admin)
    off = workday_after(today, 1)
    url = f"/office/calendar/day/{off.isoformat()}/"
    data = {"kind": "holiday", "name_zh": "临时放假", "name_en": "Extra holiday", "source": "市政府〔2026〕9号"}
    first = client.post(url, data)
    assert first.status_code == 200
    assert 'data-moves="1"' in first.content.decode()
    assert CalendarDay.objects.get(on=off).is_workday
    # Another day than the one that was shown isn't written, but shown again.
    other = client.post(url, data | {"name_zh": "别的", "seen": seen(first)})
    assert other.status_code == 200
    assert CalendarDay.objects.get(on=off).is_workday
    done = client.post(url, data | {"seen": seen(first)})
    assert done.status_code == 302
    row = CalendarDay.objects.get(on=off)
    assert (row.is_workday, row.kind, row.source, row.official) == (False, "holiday", "市政府〔2026〕9号", True)
    [event] = events("calendar", off.year)
    assert event.after == {off.isoformat(): ["holiday", "临时放假", True]}
    assert event.details["source"] == "市政府〔2026〕9号"
    # A running clock keeps the date it was given.
    clock.refresh_from_db()
    assert Deadline.objects.running().get(subject_id=problem.pk, clock="claim").due_on == clock.due_on
    assert client.post(url, data | {"seen": seen(first)}).status_code == 422
    assert "Extra holiday" in words(client.get(f"/office/calendar/?year={off.year}"))


@pytest.mark.parametrize(
    ("on", "kind", "name", "source"),
    [
        ("2026-11-21", "workday", "", "通知"),
        ("2026-11-20", "makeup", "国庆节", "通知"),
        ("2026-11-20", "weekend", "", "通知"),
        ("2026-11-20", "holiday", "", "通知"),
        ("2026-11-20", "holiday", "校庆", ""),
        ("2026-11-20", "", "校庆", "通知"),
    ],
)
def test_a_day_that_can_not_be_is_refused(people: Cast, on: str, kind: str, name: str, source: str) -> None:
    url = f"/office/calendar/day/{on}/"
    response = sign_in(people.admin).post(url, {"kind": kind, "name_zh": name, "name_en": "Kept", "source": source})
    assert response.status_code == 422
    assert 'value="Kept"' in response.content.decode()


def test_a_day_that_is_no_day_is_not_found(people: Cast) -> None:
    client = sign_in(people.admin)
    for text in ("2026-02-30", "nothing", "1990-01-01"):
        assert client.get(f"/office/calendar/day/{text}/").status_code == 404


NOTICE = "date,is_workday,name\n2027-02-06,1,春节\n2027-02-08,0,春节\n2027-10-01,0,国庆节\n2027-10-04,0,国庆节\n"


def test_a_notice_is_shown_before_it_is_written(people: Cast) -> None:
    client = sign_in(people.admin)
    file = SimpleUploadedFile("notice.csv", NOTICE.encode("gb18030"))
    shown = client.post("/office/calendar/notice/", {"source": "国办发明电〔2026〕7号", "file": file})
    assert shown.status_code == 200
    assert not CalendarDay.objects.get(on="2027-10-04").official
    assert not events("calendar", 2027)
    data = {"source": "国办发明电〔2026〕7号", "text": NOTICE, "seen": "1"}
    assert client.post("/office/calendar/notice/", data).headers["Location"] == "/office/calendar/?year=2027"
    assert CalendarDay.objects.get(on="2027-10-04").kind == "holiday"
    assert calendars.last_settled_year() == 2027
    assert CalendarDay.objects.filter(on__year=2029).count() == 365
    [event] = events("calendar", 2027)
    assert (event.verb, event.details["days"]) == ("load_notice", 365)
    assert "365 days of the calendar" in words(client.get("/office/calendar/?year=2027"))
    assert client.post("/office/calendar/notice/", data).status_code == 422


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xff\xfe\x00\x01", "CSV UTF-8"),
        (b"on,off\n1,2\n", "header lacks"),
        ("date,is_workday,name\n2027-13-01,0,春节\n".encode(), "2027-13-01"),
        (b"x" * 1_000_001, "1 MB"),
    ],
)
def test_a_file_that_is_no_notice_is_refused_row_by_row(people: Cast, content: bytes, said: str) -> None:
    file = SimpleUploadedFile("notice.csv", content)
    response = sign_in(people.admin).post("/office/calendar/notice/", {"source": "某号", "file": file})
    assert response.status_code == 422
    assert said in words(response)
    assert 'value="某号"' in response.content.decode()


def test_the_package_comes_again_but_not_over_what_was_entered_by_hand(people: Cast) -> None:
    client = sign_in(people.admin)
    CalendarDay.objects.filter(on="2026-10-08").update(is_workday=False, kind="holiday", source="chinesecalendar")
    by_hand = calendars.Row(datetime.date(2026, 10, 9), False, "holiday", "校庆", "", "某号", True)
    timing.change_day(by_hand, by=people.admin)
    assert "1 day would change" in words(client.get("/office/calendar/package/"))
    assert not CalendarDay.objects.get(on="2026-10-08").is_workday
    assert client.post("/office/calendar/package/").status_code == 302
    assert CalendarDay.objects.get(on="2026-10-08").is_workday
    assert not CalendarDay.objects.get(on="2026-10-09").is_workday
    assert "has all of this already" in words(client.get("/office/calendar/package/"))


def test_a_preview_counts_stops_and_agreed_dates(people: Cast) -> None:
    problem = make_problem(people, status=Status.ASSIGNED)
    today = timezone.localdate()
    off = workday_after(today, 1)
    row = calendars.Row(off, False, "holiday", "临时", "", "某号", True)
    assert moving.by_days([row], today).moved == 1
    Deadline.objects.filter(subject_id=problem.pk, clock="claim").update(
        agreed=[[today.isoformat(), (off + 20 * DAY).isoformat(), "extended", "x"]], due_on=off + 20 * DAY
    )
    assert moving.by_days([row], today).moved == 0
    assert moving.by_days([], today) == moving.Moves(0, 0, ())


# --- Rules ----------------------------------------------------------------------------------------------


def rule_values(**more: Any) -> dict[str, Any]:
    return {
        "amount": "3",
        "unit": "workday",
        "near_workdays": "1",
        "name_zh": "领办",
        "name_en": "Claiming",
        "source_zh": "督导组规则第二版",
        "source_en": "Rules, second edition",
        "verified_by": "法制科",
        "effective_from": timezone.localdate().isoformat(),
        "reason": "经验表明一天太短",
    } | more


def test_a_new_version_begins_on_a_day_and_leaves_the_old_one(people: Cast) -> None:
    client, today = sign_in(people.admin), timezone.localdate()
    old = DeadlineRule.objects.get(code="claim")
    assert total(client.get("/office/rules/")) == str(DeadlineRule.objects.count())
    assert 'value="1"' in client.get("/office/rules/claim/new/").content.decode()
    first = client.post("/office/rules/claim/new/", rule_values())
    assert first.status_code == 200
    assert DeadlineRule.objects.filter(code="claim").count() == 1
    text = words(first)
    assert "3 working days" in text
    done = client.post("/office/rules/claim/new/", rule_values(seen=seen(first), reason="更好的理由"))
    assert done.status_code == 302
    old.refresh_from_db()
    new = DeadlineRule.objects.get(code="claim", effective_from=today)
    assert (old.amount, old.effective_until) == (1, today - DAY)
    assert (new.amount, new.cutoff, new.verified_by) == (3, None, "法制科")
    assert DeadlineRule.objects.in_force("claim", today) == new
    assert DeadlineRule.objects.in_force("claim", today - DAY) == old
    [event] = events("rule", "claim")
    assert (event.before["amount"], event.after["amount"]) == (1, 3)
    assert event.details["reason"] == "更好的理由"
    assert "Length: 1 became 3" in words(client.get("/office/rules/claim/new/"))


def test_the_preview_counts_clocks_that_began_today(people: Cast) -> None:
    make_problem(people, status=Status.ASSIGNED)
    response = sign_in(people.admin).post("/office/rules/claim/new/", rule_values())
    assert 'data-moves="1"' in response.content.decode()
    tomorrow = (timezone.localdate() + DAY).isoformat()
    later = sign_in(people.admin).post("/office/rules/claim/new/", rule_values(effective_from=tomorrow))
    assert 'data-moves="0"' in later.content.decode()


@pytest.mark.parametrize(
    ("field", "typed"), [("amount", "-1"), ("amount", ""), ("unit", "week"), ("name_zh", ""), ("reason", " ")]
)
def test_a_rule_that_can_not_be_is_refused(people: Cast, field: str, typed: str) -> None:
    response = sign_in(people.admin).post("/office/rules/claim/new/", rule_values(note="留着", **{field: typed}))
    assert response.status_code == 422
    assert 'value="留着"' in response.content.decode()


def test_a_rule_never_begins_in_the_past_or_twice_on_a_day(people: Cast) -> None:
    today = timezone.localdate()
    with pytest.raises(Invalid, match="passed"):
        timing.issue_rule("claim", by=people.admin, effective_from=today - DAY, reason="x", amount=2, unit="day")
    timing.issue_rule("claim", by=people.admin, effective_from=today, reason="x", amount=2, unit="day", name_zh="领办")
    with pytest.raises(Invalid, match="already"):
        timing.issue_rule("claim", by=people.admin, effective_from=today, reason="x", amount=3, unit="day")
    with pytest.raises(Invalid, match="no clock"):
        timing.issue_rule("nothing", by=people.admin, effective_from=today, reason="x", amount=3, unit="day")
    assert sign_in(people.admin).get("/office/rules/nothing/new/").status_code == 404


def test_versions_meet_without_a_gap_and_a_coming_one_is_taken_back(people: Cast) -> None:
    today = timezone.localdate()
    client = sign_in(people.admin)
    values = {"amount": 2, "unit": "day", "name_zh": "领办"}
    late = timing.issue_rule("claim", by=people.admin, effective_from=today + 20 * DAY, reason="x", **values)
    soon = timing.issue_rule("claim", by=people.admin, effective_from=today + 10 * DAY, reason="x", **values)
    assert soon.effective_until == late.effective_from - DAY
    assert "Take back" in words(client.get("/office/rules/"))
    assert client.post(f"/office/rules/{soon.pk}/withdraw/", {"reason": ""}).status_code == 422
    assert client.post(f"/office/rules/{soon.pk}/withdraw/", {"reason": "搁置"}).status_code == 302
    versions = list(DeadlineRule.objects.filter(code="claim").order_by("effective_from"))
    assert [one.effective_until for one in versions] == [late.effective_from - DAY, None]
    with pytest.raises(IllegalMove):
        timing.withdraw_rule(versions[0], by=people.admin, reason="x")
    assert [event.verb for event in events("rule", "claim")] == ["issue_rule", "issue_rule", "withdraw_rule"]


def test_rules_ask_as_much_for_many_as_for_few(people: Cast) -> None:
    client = sign_in(people.admin)
    few = queries(lambda: client.get("/office/rules/"))
    for number in range(30):
        DeadlineRule.objects.create(
            code=f"more{number}", name_zh="更多", amount=1, unit="day", effective_from=datetime.date(2020, 1, 1)
        )
    assert queries(lambda: client.get("/office/rules/")) == few <= 10


# --- Options --------------------------------------------------------------------------------------------


def test_options_are_changed_with_a_reason(people: Cast) -> None:
    client = sign_in(people.admin)
    data = {"require_second_closer": "on", "look_back_percent": "15", "digest_hour": "8"}
    data |= {"visit_correction_days": "7"}
    assert client.post("/office/options/", data).status_code == 422
    assert client.post("/office/options/", data | {"reason": "上级要求"}).status_code == 302
    assert (options.get("require_second_closer"), options.get("look_back_percent")) == (True, 15)
    [event] = events("option", "look_back_percent")
    assert (event.before, event.after) == ({"look_back_percent": 0}, {"look_back_percent": 15})
    assert not events("option", "digest_hour")
    assert client.post("/office/options/", data | {"reason": "上级要求"}).status_code == 422
    outside = client.post("/office/options/", data | {"digest_hour": "24", "reason": "晚一点"})
    assert outside.status_code == 422
    assert 'value="24"' in outside.content.decode()
    assert "from 0 to 15" in words(client.get("/office/options/"))
    with pytest.raises(Invalid):
        change_options({"digest_hour": 99}, by=people.admin, reason="x")


def test_a_provisional_year_is_not_taken_for_an_official_one() -> None:
    assert not Calendar().is_official(datetime.date(2040, 3, 1))
