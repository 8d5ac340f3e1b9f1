"""The sentence, the strip and the words of lateness. No database."""

from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from casetracker.dates import long_date, long_date_with_weekday, short_date, short_moment, weekday_long, weekday_short
from casetracker.explain import Explained, Limit, days_left, lateness, moved_note, sentence, strip_cells
from casetracker.workdays import Calendar, Day, Extension, Stop, Term, count

TODAY = date(2019, 12, 9)

# The days around National Day 2019 that do not follow the week.
NATIONAL_DAY = [Day(date(2019, 10, n), False, "holiday", "国庆节", "National Day") for n in range(1, 8)]
MADE_UP = [Day(date(2019, month, n), True, "makeup", "国庆节", "National Day") for month, n in [(9, 29), (10, 12)]]
CALENDAR = Calendar.of([*NATIONAL_DAY, *MADE_UP])

ORDINARY = Explained(
    start=date(2019, 11, 25),
    started_by_word="Assigned",
    due_on=date(2019, 12, 2),
    first_due_on=date(2019, 12, 2),
    rule_name="Ordinary problems",
    rule_source="13710 item 3",
    term=Term(7),
    calendar=CALENDAR,
    today=TODAY,
)
EXTENDED = replace(
    ORDINARY,
    due_on=date(2019, 12, 5),
    first_due_on=date(2019, 12, 4),
    stops=(Stop(date(2019, 11, 29), date(2019, 11, 30), "orange alert"),),
    extensions=(Extension(date(2019, 12, 4), date(2019, 12, 5)),),
    met_on=date(2019, 12, 6),
    met_by_word="Reported back",
)
HEARING = replace(
    ORDINARY,
    start=date(2019, 9, 27),
    started_by_word="Served",
    due_on=date(2019, 10, 10),
    first_due_on=date(2019, 10, 10),
    rule_name="Hearing request",
    rule_source="APL 64(1)",
    term=Term(5, "workday"),
    today=date(2019, 10, 11),
)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def shown(facts: Explained) -> list[tuple[str, str, str]]:
    return [(cell.number, cell.label, cell.classes) for cell in strip_cells(facts)]


def test_the_sentence_names_start_term_source_stop_extension_and_first_date() -> None:
    assert sentence(EXTENDED) == (
        "Assigned 25 November; ordinary problems: 7 days (calendar days, 13710 item 3); "
        "stopped 2 days (orange alert); extended once by 1 day; first date 4 December."
    )


OF_ITEM = replace(
    ORDINARY,
    due_on=date(2019, 11, 28),
    first_due_on=date(2019, 11, 28),
    rule_name="usual term of the checklist item",
    rule_source="",
    term=Term(3),
    limit=Limit("Ordinary problems", Term(7), "13710 item 3"),
)


def test_a_shorter_term_names_the_rule_it_stays_within() -> None:
    assert sentence(OF_ITEM) == (
        "Assigned 25 November; usual term of the checklist item: 3 days (calendar days); "
        "the rule’s limit is 7 days (ordinary problems, 13710 item 3)."
    )
    unsourced = replace(OF_ITEM, limit=Limit("Ordinary problems", Term(7)))
    assert sentence(unsourced).endswith("; the rule’s limit is 7 days (ordinary problems).")
    titles = {cell.on: cell.title for cell in strip_cells(OF_ITEM)}
    assert titles[date(2019, 11, 28)].endswith("28 November, usual term of the checklist item: 3 days")
    assert "usual term" not in titles[date(2019, 11, 27)]


def test_a_day_with_a_name_keeps_it_beside_the_term_that_ends_on_it() -> None:
    facts = replace(OF_ITEM, start=date(2019, 9, 28), due_on=date(2019, 10, 1), first_due_on=date(2019, 10, 1))
    titles = {cell.on: cell.title for cell in strip_cells(facts)}
    assert titles[date(2019, 10, 1)].endswith("National Day, usual term of the checklist item: 3 days")


def test_the_sentence_says_which_days_off_were_skipped_and_which_were_made_up() -> None:
    assert sentence(HEARING) == (
        "Served 27 September; hearing request: 5 working days (APL 64(1)); "
        "8 days off not counted (weekend, National Day); 29 September counted as a make-up working day."
    )


def test_the_sentence_says_why_a_partys_last_day_moved() -> None:
    payment = replace(
        ORDINARY,
        start=date(2019, 9, 20),
        due_on=date(2019, 10, 8),
        first_due_on=date(2019, 10, 8),
        rule_name="Payment",
        rule_source="",
        term=Term(15, "day", roll=True),
    )
    assert sentence(payment).endswith(
        "payment: 15 days (calendar days); the last day, 5 October, is a day off (National Day) "
        "and moves to the next working day."
    )


def test_the_sentence_counts_several_extensions_and_names_dates_set_otherwise() -> None:
    moved = replace(
        ORDINARY,
        due_on=date(2019, 12, 20),
        extensions=(
            Extension(date(2019, 12, 1), date(2019, 12, 5)),
            Extension(date(2019, 12, 4), date(2019, 12, 9)),
            Extension(date(2019, 12, 10), date(2019, 12, 20), "sent_back"),
        ),
    )
    assert "extended twice by 7 days in all; sent back 10 December with 20 December as the new date" in sentence(moved)


def test_the_sentence_says_what_is_provisional_and_what_still_stands_still() -> None:
    ahead = replace(ORDINARY, start=date(2027, 2, 1), due_on=date(2027, 2, 8), first_due_on=date(2027, 2, 8))
    ahead = replace(ahead, term=Term(5, "workday"), provisional=True, today=date(2027, 2, 2))
    assert "provisional: the 2027 holiday notice is not out, so this date may move." in sentence(ahead)
    paused = replace(ORDINARY, paused_since=date(2019, 11, 29), stops=(Stop(date(2019, 11, 29), TODAY),))
    assert "still stopped, since 29 November, so the date moves on every day." in sentence(paused)
    missed = replace(paused, due_on=date(2019, 11, 28), first_due_on=date(2019, 11, 28))
    assert "since 29 November, when the date had passed already, so the date stays." in sentence(missed)


def test_the_sentence_gives_the_year_only_where_it_differs() -> None:
    assert sentence(replace(ORDINARY, today=date(2020, 1, 2))).startswith("Assigned 25 November 2019; ")


def test_a_date_that_was_given_and_not_counted_is_said_so() -> None:
    imported = replace(ORDINARY, rule_name="Date in the ledger", rule_source="row 14", term=None)
    assert sentence(imported) == "Assigned 25 November; date in the ledger: 2 December (row 14)."
    same_day = replace(ORDINARY, rule_name="Deployment", rule_source="", term=Term(0), due_on=ORDINARY.start)
    assert (
        sentence(replace(same_day, first_due_on=same_day.due_on)) == "Assigned 25 November; deployment: the same day."
    )


def test_the_strip_shows_ordinals_stops_first_and_present_date_and_the_late_answer() -> None:
    assert shown(EXTENDED) == [
        ("25", "start", "is-start"),
        ("26", "1", "is-counted"),
        ("27", "2", "is-counted"),
        ("28", "3", "is-counted"),
        ("29", "stop", "is-stopped"),
        ("30", "stop", "is-stopped"),
        ("1", "4", "is-counted"),
        ("2", "5", "is-counted"),
        ("3", "6", "is-counted"),
        ("4", "first", "is-counted is-first"),
        ("5", "new", "is-counted is-due"),
        ("6", "done", "is-late is-met"),
    ]


def test_the_strip_shows_days_off_make_up_days_and_today_when_late() -> None:
    cells = shown(HEARING)
    assert cells[:4] == [
        ("27", "Served", "is-start"),
        ("28", "off", "is-skipped"),
        ("29", "1 work", "is-counted is-makeup"),
        ("30", "2", "is-counted"),
    ]
    assert cells[4:11] == [(str(n), "off", "is-skipped") for n in range(1, 8)]
    assert cells[-2:] == [("10", "5 due", "is-counted is-due"), ("11", "1 late", "is-late is-today")]
    assert strip_cells(HEARING)[-1].weekday == "today"


def test_a_cell_names_the_holiday_where_it_fits_and_always_in_its_title() -> None:
    with translation.override("zh-hans"):
        holiday = strip_cells(HEARING)[4]
    assert holiday.label == "国庆节"
    assert strip_cells(HEARING)[4].title.startswith("Tuesday 1 October")
    assert strip_cells(HEARING)[4].title.endswith("National Day")
    assert strip_cells(HEARING)[2].title == "Sunday 29 September, National Day"


def test_the_strip_stops_at_the_due_date_when_met_in_time() -> None:
    in_time = replace(ORDINARY, met_on=date(2019, 11, 28))
    cells = shown(in_time)
    assert cells[-1] == ("2", "7 due", "is-counted is-due")
    assert cells[3] == ("28", "done", "is-counted is-met")


def test_a_paused_clock_is_not_late_and_its_strip_runs_on() -> None:
    stop = Stop(date(2019, 11, 29), TODAY)
    paused = replace(ORDINARY, due_on=date(2019, 12, 13), first_due_on=date(2019, 12, 13), stops=(stop,))
    cells = shown(replace(paused, paused_since=stop.since))
    assert ("9", "stop", "is-stopped is-today") in cells
    assert cells[-1] == ("13", "7 due", "is-counted is-due")


def test_a_long_strip_folds_its_middle_and_keeps_the_days_that_matter() -> None:
    long_late = replace(EXTENDED, met_on=None, today=date(2020, 3, 1))
    cells = strip_cells(long_late)
    assert len(cells) <= 16
    assert [cell.label for cell in cells if {"first", "due", "today"} & set(cell.states)] == [
        "first",
        "new",
        "87 late",
    ]
    folds = [cell for cell in cells if cell.states == ("fold",)]
    hidden = sum(int(cell.number.split()[1]) for cell in folds)
    assert hidden + len(cells) - len(folds) == (date(2020, 3, 1) - date(2019, 11, 25)).days + 1


def test_dates_before_the_start_and_absurd_years_break_nothing() -> None:
    backwards = replace(ORDINARY, due_on=date(2019, 11, 20), first_due_on=date(2019, 11, 20))
    assert strip_cells(backwards)[0].states == ("start",)
    absurd = replace(ORDINARY, due_on=date(9999, 12, 30), first_due_on=date(9999, 12, 30))
    assert len(strip_cells(absurd)) <= 16
    assert sentence(absurd)


@given(
    st.integers(0, 60),
    st.sampled_from(["day", "workday", "month"]),
    st.integers(-10, 400),
    st.one_of(st.none(), st.integers(0, 100)),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=3),
    st.one_of(st.none(), st.integers(0, 40)),
)
def test_any_deadline_has_a_sentence_and_a_short_strip_that_adds_up(amount, unit, today, met, spans, extra) -> None:
    start = date(2019, 9, 20)
    day = lambda n: date.fromordinal(start.toordinal() + n)  # noqa: E731
    stops = tuple(Stop(day(since), day(since + length)) for since, length in spans)
    term = Term(amount if unit != "month" else amount % 5, unit)
    due = count(start, term, CALENDAR, stops).due_on
    agreed = (Extension(day(3), date.fromordinal(due.toordinal() + extra)),) if extra is not None else ()
    facts = Explained(
        start=start,
        started_by_word="Assigned",
        due_on=agreed[0].due_on if agreed else due,
        first_due_on=due,
        rule_name="Ordinary problems",
        term=term,
        calendar=CALENDAR,
        today=day(today),
        stops=stops,
        extensions=agreed,
        met_on=None if met is None else day(met),
    )
    with translation.override("en"):
        cells = strip_cells(facts)
        assert sentence(facts).endswith(".")
    shown_days = [cell.on for cell in cells if cell.on]
    assert shown_days == sorted(set(shown_days))
    assert len(cells) <= 16
    assert {facts.start, facts.first_due_on, facts.due_on} <= set(shown_days)
    hidden = sum(int(cell.number.split()[1]) for cell in cells if cell.states == ("fold",))
    assert hidden + len(shown_days) == (shown_days[-1] - shown_days[0]).days + 1
    assert sum("due" in cell.states for cell in cells) == 1


@pytest.mark.parametrize(
    ("due_on", "words"),
    [
        (date(2019, 12, 6), "3 days late"),
        (date(2019, 12, 8), "1 day late"),
        (date(2019, 12, 9), "due today"),
        (date(2019, 12, 10), "due tomorrow"),
        (date(2019, 12, 14), "by 14 Dec"),
        (date(2020, 1, 3), "by 3 Jan 2020"),
    ],
)
def test_lateness_in_words(due_on: date, words: str) -> None:
    assert lateness(due_on, TODAY) == words


def test_lateness_of_other_clocks_and_of_things_done_or_stopped() -> None:
    due = date(2019, 12, 5)
    assert lateness(due, TODAY, met_on=date(2019, 12, 6)) == "reported 1 day late"
    assert lateness(due, TODAY, met_on=due) == "reported on time"
    assert lateness(due, TODAY, clock_name="Verification") == "Verification 4 days late"
    assert lateness(due, TODAY, met_on=date(2019, 12, 7), clock_name="Verification") == "Verification done 2 days late"
    assert lateness(TODAY, TODAY, clock_name="Verification") == "Verification due today"
    assert lateness(due, TODAY, stopped_days=2) == "stopped 2 days"
    assert lateness(date(2019, 12, 10), TODAY, verb="Verify") == "Verify tomorrow"
    assert lateness(date(2019, 12, 11), TODAY, verb="Verify") == "Verify by 11 Dec"
    assert lateness(due, TODAY, clock_name="Verification", verb="Verify") == "Verification 4 days late"


def test_time_left_and_the_note_under_a_moved_date() -> None:
    assert days_left(date(2019, 12, 12), TODAY) == "3 days left"
    assert days_left(date(2019, 12, 10), TODAY) == "1 day left"
    assert days_left(TODAY, TODAY) == "due today"
    assert moved_note(date(2019, 10, 29), date(2019, 11, 2), 1, TODAY) == "first date 29 Oct, extended once"
    assert moved_note(date(2019, 10, 29), date(2019, 11, 9), 3, TODAY) == "first date 29 Oct, extended 3 times"
    assert moved_note(date(2019, 10, 29), date(2019, 11, 2), 0, TODAY) == "first date 29 Oct"
    assert moved_note(date(2019, 10, 29), date(2019, 10, 29), 0, TODAY) == ""


def test_dates_read_right_in_both_languages() -> None:
    assert (long_date(TODAY), long_date(TODAY, TODAY)) == ("9 December 2019", "9 December")
    assert (short_date(TODAY, TODAY), short_date(TODAY, date(2020, 1, 1))) == ("9 Dec", "9 Dec 2019")
    assert long_date_with_weekday(TODAY) == "Monday 9 December 2019"
    assert (weekday_short(TODAY), weekday_long(TODAY)) == ("Mon", "Monday")
    with translation.override("zh-hans"):
        assert (long_date(TODAY), long_date(TODAY, TODAY)) == ("2019年12月9日", "12月9日")
        assert (short_date(TODAY, TODAY), short_date(TODAY, date(2020, 1, 1))) == ("12月9日", "2019年12月9日")
        assert long_date_with_weekday(TODAY, TODAY) == "12月9日 星期一"
        assert (weekday_short(TODAY), weekday_long(TODAY)) == ("一", "星期一")


def test_moments_are_local_to_the_office_whatever_the_server_thinks() -> None:
    before_midnight_in_utc = datetime(2019, 12, 8, 16, 5, tzinfo=UTC)
    assert short_moment(before_midnight_in_utc, TODAY) == "9 Dec 00:05"


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"ol", "li"}:
            self.items.append(dict(attrs))


def test_the_component_is_hidden_from_readers_and_carries_no_inline_style() -> None:
    html = render_to_string("components/_deadline_strip.html", {"cells": strip_cells(EXTENDED)})
    outline = _Outline()
    outline.feed(html)
    strip, *days = outline.items
    assert strip == {"class": "strip", "aria-hidden": "true"}
    assert len(days) == 12
    assert days[-2] == {"class": "strip-day is-counted is-due", "title": "Thursday 5 December"}
    assert "style=" not in html
