"""The pure arithmetic of days: worked cases, boundaries and properties. No database."""

import json
import subprocess
import sys
from dataclasses import astuple
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetracker.workdays import (
    Calendar,
    Day,
    Extension,
    Stop,
    Term,
    add_days,
    add_months,
    add_workdays,
    add_years,
    count,
    days_late,
    last_workday_on_or_before,
    light,
    merge_stops,
    near_until,
    next_workday,
    present_due,
    provisional_day,
    roll_forward,
    stages_13710,
    stopped_days,
    subtract_workdays,
    workdays_between,
)

CASES = json.loads((Path(__file__).parent.parent / "data" / "date-cases.json").read_text())


def official(first: int, last: int) -> Calendar:
    """The published calendar of whole years."""
    days = []
    on = date(first, 1, 1)
    while on.year <= last:
        works = chinese_calendar.is_workday(on)
        days.append(Day(on, works, "makeup" if works and on.weekday() > 4 else "workday" if works else "holiday"))
        on += timedelta(days=1)
    return Calendar.of(days)


CHINA = official(2019, 2026)
dates = st.dates(date(1990, 1, 1), date(2100, 12, 31))
amounts = st.integers(0, 120)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A calendar that settles a stretch of days at random, holes and long holidays included."""
    first = draw(dates)
    flags = draw(st.lists(st.sampled_from([True, False, None]), max_size=60))
    days = [
        Day(add_days(first, n), flag, "workday" if flag else "holiday")
        for n, flag in enumerate(flags)
        if flag is not None
    ]
    return Calendar.of(days)


@st.composite
def stops_near(draw: st.DrawFn, start: date) -> list[Stop]:
    spans = draw(st.lists(st.tuples(st.integers(-5, 150), st.integers(0, 20)), max_size=5))
    return [Stop(add_days(start, since), add_days(start, since + length)) for since, length in spans]


@pytest.mark.parametrize("case", [case for case in CASES if case["do"] == "count"], ids=lambda case: case["id"])
def test_worked_cases_of_counting(case: dict) -> None:
    stops = [Stop(date.fromisoformat(since), date.fromisoformat(until)) for since, until in case.get("stops", [])]
    term = Term(case["amount"], case["unit"], case.get("roll", False))
    clock = count(date.fromisoformat(case["start"]), term, CHINA, stops)
    assert clock.due_on.isoformat() == case["due_on"]
    assert clock.nominal_on.isoformat() == case.get("nominal_on", case["due_on"])
    assert stopped_days(stops) == case.get("stopped", 0)
    assert not clock.provisional


@pytest.mark.parametrize("case", [case for case in CASES if case["do"] == "stages_13710"], ids=lambda case: case["id"])
def test_worked_cases_of_13710(case: dict) -> None:
    stages = stages_13710(date.fromisoformat(case["assigned"]), case["day_mode"], CHINA)
    assert [on.isoformat() for on in astuple(stages)] == case["due_on"]


def test_13710_takes_other_lengths_and_refuses_unknown_day_modes() -> None:
    stages = stages_13710(date(2019, 11, 25), "calendar", CHINA, general_days=10, major_months=2)
    assert (stages.general_done_by, stages.major_done_by) == (date(2019, 12, 5), date(2020, 1, 25))
    with pytest.raises(ValueError, match="calendar or workday"):
        stages_13710(date(2019, 11, 25), "lunar", CHINA)


def test_pure_modules_load_without_django() -> None:
    probe = "import casetracker.workdays, sys; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", probe], check=True, cwd=Path(__file__).parents[2])


def test_a_saturday_before_a_make_up_sunday_rolls_to_that_sunday() -> None:
    assert roll_forward(date(2019, 9, 28), CHINA) == date(2019, 9, 29)
    assert roll_forward(date(2019, 9, 29), CHINA) == date(2019, 9, 29)


def test_a_make_up_saturday_does_not_roll() -> None:
    assert roll_forward(date(2019, 10, 12), CHINA) == date(2019, 10, 12)


def test_rolling_crosses_the_spring_festival() -> None:
    assert roll_forward(date(2019, 2, 4), CHINA) == date(2019, 2, 11)
    assert last_workday_on_or_before(date(2019, 2, 10), CHINA) == date(2019, 2, 3)


def test_the_working_day_after_a_friday_is_the_make_up_sunday() -> None:
    assert next_workday(date(2019, 9, 27), CHINA) == date(2019, 9, 29)
    assert subtract_workdays(date(2019, 9, 30), 1, CHINA) == date(2019, 9, 29)


def test_months_and_years_end_on_the_corresponding_day_or_the_end_of_the_month() -> None:
    assert add_months(date(2019, 1, 31), 1) == date(2019, 2, 28)
    assert add_months(date(2020, 1, 31), 1) == date(2020, 2, 29)
    assert add_months(date(2019, 8, 31), 13) == date(2020, 9, 30)
    assert add_months(date(2019, 12, 25), 1) == date(2020, 1, 25)
    assert add_years(date(2020, 2, 29), 1) == date(2021, 2, 28)
    assert add_years(date(2020, 2, 29), 4) == date(2024, 2, 29)


def test_notice_of_a_hearing_goes_out_seven_working_days_before() -> None:
    assert subtract_workdays(date(2021, 10, 13), 7, CHINA) == date(2021, 9, 28)


def test_a_stop_moves_the_date_on_by_the_stopped_days() -> None:
    stop = Stop(date(2019, 11, 29), date(2019, 11, 30), "orange alert")
    assert count(date(2019, 11, 25), Term(7), CHINA).due_on == date(2019, 12, 2)
    assert count(date(2019, 11, 25), Term(7), CHINA, [stop]).due_on == date(2019, 12, 4)


def test_only_stopped_working_days_move_a_date_counted_in_working_days() -> None:
    friday_to_sunday = Stop(date(2019, 12, 6), date(2019, 12, 8))
    assert count(date(2019, 12, 4), Term(3, "workday"), CHINA).due_on == date(2019, 12, 9)
    assert count(date(2019, 12, 4), Term(3, "workday"), CHINA, [friday_to_sunday]).due_on == date(2019, 12, 10)


def test_a_stop_after_the_end_changes_nothing() -> None:
    late_stop = Stop(date(2019, 12, 3), date(2019, 12, 30))
    assert count(date(2019, 11, 25), Term(7), CHINA, [late_stop]).due_on == date(2019, 12, 2)


def test_a_stop_moves_months_on_too() -> None:
    clock = count(date(2019, 11, 25), Term(1, "month"), CHINA, [Stop(date(2019, 12, 24), date(2019, 12, 26))])
    assert clock.due_on == date(2019, 12, 28)


def test_a_stop_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Stop(date(2019, 12, 3), date(2019, 12, 2))


def test_negative_terms_and_unknown_units_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Term(-1)
    with pytest.raises(ValueError, match="day, workday, month, year"):
        Term(1, "fortnight")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negative"):
        add_workdays(date(2019, 12, 2), -1, CHINA)


def test_the_agreed_date_holds_and_moves_on_by_later_stops() -> None:
    clock = count(date(2019, 11, 25), Term(7), CHINA)
    agreed = [Extension(date(2019, 12, 2), date(2019, 12, 5))]
    assert present_due(clock, []) == date(2019, 12, 2)
    assert present_due(clock, agreed) == date(2019, 12, 5)
    stopped = count(date(2019, 11, 25), Term(7), CHINA, [Stop(date(2019, 12, 4), date(2019, 12, 7))])
    assert present_due(stopped, agreed) == date(2019, 12, 9)


def test_the_agreed_date_is_not_moved_by_stops_before_it_was_agreed() -> None:
    clock = count(date(2019, 11, 25), Term(7), CHINA, [Stop(date(2019, 11, 29), date(2019, 11, 30))])
    assert present_due(clock, [Extension(date(2019, 12, 3), date(2019, 12, 6))]) == date(2019, 12, 6)


def test_the_strip_says_how_each_day_was_counted() -> None:
    clock = count(date(2019, 9, 27), Term(3, "workday"), CHINA, [Stop(date(2019, 10, 8), date(2019, 10, 8))])
    assert clock.due_on == date(2019, 10, 9)
    counting = [(day.counting, day.ordinal) for day in clock.strip(date(2019, 10, 10))]
    holiday = [("skipped", None)] * 7
    assert counting == [
        ("start", None),
        ("skipped", None),
        ("counted", 1),
        ("counted", 2),
        *holiday,
        ("stopped", None),
        ("counted", 3),
        ("after", None),
    ]


def test_the_strip_of_a_rolled_date_shows_the_days_off_after_the_term() -> None:
    clock = count(date(2024, 9, 20), Term(15, "day", roll=True), CHINA)
    tail = [(day.day.on.day, day.counting) for day in clock.strip()][-4:]
    assert tail == [(5, "counted"), (6, "skipped"), (7, "skipped"), (8, "after")]


def test_a_date_is_provisional_only_where_the_calendar_decides_it() -> None:
    start = date(2026, 12, 28)
    assert count(start, Term(2, "workday"), CHINA).provisional is False
    assert count(start, Term(4, "workday"), CHINA).provisional is True
    assert count(start, Term(30), CHINA).provisional is False
    assert count(start, Term(30, "day", roll=True), CHINA).provisional is True


def test_a_year_without_a_notice_has_fixed_holidays_and_guesses_no_lunar_ones() -> None:
    assert provisional_day(date(2027, 10, 1)).kind == "holiday"
    assert provisional_day(date(2027, 5, 3)).is_workday
    assert provisional_day(date(2027, 2, 6)).kind == "weekend"
    assert provisional_day(date(2027, 2, 8)).is_workday
    assert not CHINA.is_official(date(2027, 2, 8))
    assert CHINA.is_official(date(2026, 2, 16))


@pytest.mark.parametrize(
    ("due_on", "shown"),
    [
        (date(2019, 12, 5), "late"),
        (date(2019, 12, 6), "near"),
        (date(2019, 12, 7), "near"),
        (date(2019, 12, 8), "near"),
        (date(2019, 12, 9), "near"),
        (date(2019, 12, 10), "ok"),
    ],
)
def test_on_a_friday_what_is_due_up_to_monday_is_near(due_on: date, shown: str) -> None:
    assert light(due_on, date(2019, 12, 6), CHINA) == shown


@pytest.mark.parametrize(("due_on", "shown"), [(date(2019, 9, 29), "near"), (date(2019, 9, 30), "ok")])
def test_on_the_friday_before_a_make_up_sunday_only_that_sunday_is_near(due_on: date, shown: str) -> None:
    assert light(due_on, date(2019, 9, 27), CHINA) == shown


def test_the_whole_spring_festival_is_near_on_the_last_day_before_it() -> None:
    assert near_until(date(2019, 2, 3), CHINA) == date(2019, 2, 11)
    assert light(date(2019, 2, 11), date(2019, 2, 3), CHINA) == "near"
    assert light(date(2019, 2, 12), date(2019, 2, 3), CHINA) == "ok"


def test_done_and_stopped_have_lights_of_their_own_and_lead_times_may_be_longer() -> None:
    today = date(2019, 12, 9)
    assert light(date(2019, 12, 1), today, CHINA, met_on=date(2019, 12, 3)) == "done"
    assert light(date(2019, 12, 1), today, CHINA, stopped=True) == "stopped"
    assert light(date(2019, 12, 12), today, CHINA, near_workdays=3) == "near"
    assert light(date(2019, 12, 10), today, CHINA, near_workdays=0) == "ok"


def test_due_today_is_not_late() -> None:
    assert days_late(date(2019, 12, 9), date(2019, 12, 9)) == 0
    assert days_late(date(2019, 12, 9), date(2019, 12, 8)) == 0
    assert days_late(date(2019, 12, 9), date(2019, 12, 12)) == 3


@given(dates, amounts, calendars())
def test_adding_working_days_then_counting_gives_their_number(start: date, amount: int, calendar: Calendar) -> None:
    assert workdays_between(start, add_workdays(start, amount, calendar), calendar) == amount


@given(dates, st.integers(1, 120), calendars())
def test_the_last_counted_day_is_a_working_day_in_both_directions(start: date, n: int, calendar: Calendar) -> None:
    assert calendar.is_workday(add_workdays(start, n, calendar))
    before = subtract_workdays(start, n, calendar)
    assert calendar.is_workday(before)
    assert workdays_between(before - timedelta(days=1), start - timedelta(days=1), calendar) == n


@given(dates, st.integers(0, 40), amounts, calendars())
def test_an_earlier_start_never_ends_later(start: date, gap: int, amount: int, calendar: Calendar) -> None:
    later = add_days(start, gap)
    assert add_workdays(start, amount, calendar) <= add_workdays(later, amount, calendar)
    assert add_months(start, amount) <= add_months(later, amount)
    assert roll_forward(start, calendar) <= roll_forward(later, calendar)


@given(dates, calendars())
def test_rolling_finds_the_nearest_working_day_on_either_side(on: date, calendar: Calendar) -> None:
    forward, back = roll_forward(on, calendar), last_workday_on_or_before(on, calendar)
    assert back <= on <= forward
    assert calendar.is_workday(back)
    assert calendar.is_workday(forward)
    assert workdays_between(back, forward, calendar) == (0 if back == forward else 1)
    assert roll_forward(forward, calendar) == forward


@given(st.data(), dates, st.integers(0, 60), st.sampled_from(["day", "workday"]), calendars())
def test_stops_only_ever_delay_and_their_order_does_not_matter(
    data: st.DataObject, start: date, amount: int, unit: str, calendar: Calendar
) -> None:
    stops = data.draw(stops_near(start))
    term = Term(amount, unit)  # type: ignore[arg-type]
    due = count(start, term, calendar, stops).due_on
    assert due >= count(start, term, calendar).due_on
    assert due == count(start, term, calendar, list(reversed(stops))).due_on
    assert due == count(start, term, calendar, merge_stops(stops)).due_on


@given(st.data(), dates, st.integers(0, 60), st.sampled_from(["day", "workday", "month"]), st.booleans(), calendars())
def test_the_strip_counts_exactly_the_term(
    data: st.DataObject, start: date, amount: int, unit: str, roll: bool, calendar: Calendar
) -> None:
    clock = count(
        start, Term(amount if unit != "month" else amount % 4, unit, roll), calendar, data.draw(stops_near(start))
    )  # type: ignore[arg-type]
    days = clock.strip()
    assert [day.day.on for day in days] == [add_days(start, n) for n in range(len(days))]
    assert days[-1].day.on == clock.due_on
    counted = [day.ordinal for day in days if day.counting == "counted"]
    assert counted == list(range(1, len(counted) + 1))
    if unit != "month":
        assert len(counted) == amount
    if amount and unit == "workday":
        assert calendar.is_workday(clock.nominal_on)


@given(dates, amounts)
def test_years_without_a_notice_are_provisional_and_never_an_exception(start: date, amount: int) -> None:
    clock = count(start, Term(amount, "workday", roll=True), Calendar())
    assert clock.provisional
    assert not count(start, Term(amount), Calendar()).provisional


@given(dates, dates, calendars())
def test_light_and_days_late_agree(due_on: date, today: date, calendar: Calendar) -> None:
    shown = light(due_on, today, calendar)
    assert (shown == "late") == (days_late(due_on, today) > 0)
    assert shown != "near" or today <= due_on <= next_workday(today, calendar)
