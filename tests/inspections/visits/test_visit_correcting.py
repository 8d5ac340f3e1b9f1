"""Correcting a recorded visit: who may and for how long, what follows, what is refused, what the history says."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone, translation

from casetracker import options, registry
from casetracker.errors import DomainError, IllegalMove, Invalid, NotAllowed
from casetracker.models import Event, Notice, User
from inspections import figures, policy, visiting
from inspections.enums import AlertLevel, Outcome, Result, Status, VisitMode
from inspections.models import AlertPeriod, Campaign, ImportBatch, Problem, Visit, VisitInspector
from inspections.subjects_sites import event_sentence
from inspections.visiting import Seen
from tests.builders import at, day, make_problem, make_site, make_visit, shot
from tests.cast import Cast, cast, leave

DAY = datetime.timedelta(days=1)
FRIDAY = day("2019-12-06")


def correct(visit: Visit, by: User, **values: Any) -> Visit:
    return visiting.correct_visit(visit, by=by, **{"reason": "填错", **values})


def last_event(visit: Visit) -> Event:
    return Event.objects.filter(subject_type="visit", subject_id=visit.pk).latest("seq")


# --- Who may, and for how long ------------------------------------------------------------------------

# One letter per person: I inspector of the team who recorded it, K another inspector of the team, J inspector of
# another team, S and T supervisors of the office, R an inspector of the other team who recorded it.
LETTERS = {"I": "inspector1", "J": "inspector2", "S": "supervisor1", "T": "supervisor2"}
MATRIX = """
             own   by_other   imported
today        IST   IJST       ST
day_before   IST   IJST       ST
day_of       IST   IJST       ST
day_after    ST    ST         ST
year_after   ST    ST         ST
"""
BACK = {"today": 0, "day_before": 6, "day_of": 7, "day_after": 8, "year_after": 365}
CELLS = [
    (row.split()[0], how, cell)
    for row in MATRIX.strip().splitlines()[1:]
    for how, cell in zip(MATRIX.split()[:3], row.split()[1:], strict=True)
]


@pytest.mark.parametrize(("when", "how", "letters"), CELLS)
def test_who_may_correct_and_for_how_long(people: Cast, when: str, how: str, letters: str) -> None:
    today = timezone.localdate()
    visit = make_visit(people, on=today - BACK[when] * DAY)
    if how == "by_other":
        visit.recorded_by = people.inspector2
    if how == "imported":
        visit.recorded_by, visit.import_batch = None, _batch(people)
    visit.save()
    allowed = {LETTERS[letter] for letter in letters}
    for name, person in people.everybody().items():
        refused = policy.may_not_correct(visit, person, today)
        assert (refused is None) == (name in allowed), (name, refused)
        if refused is not None:
            with pytest.raises(NotAllowed, match=refused[:20]):
                correct(visit, person, note="改")


def test_the_office_says_for_how_many_days(people: Cast) -> None:
    visit = make_visit(people, on=timezone.localdate() - 2 * DAY)
    options.put("visit_correction_days", 1)
    refused = policy.may_not_correct(visit, people.inspector1, timezone.localdate())
    assert refused is not None
    assert "more than 1 day back" in refused
    options.put("visit_correction_days", 2)
    assert policy.may_not_correct(visit, people.inspector1, timezone.localdate()) is None


def _batch(people: Cast) -> ImportBatch:
    return ImportBatch.objects.create(
        office=people.office, kind="visits", file_name="台账.xlsx", file_sha256="0" * 64, created_at=timezone.now()
    )


# --- What is written ----------------------------------------------------------------------------------


def test_a_correction_writes_columns_people_alert_and_one_event(people: Cast) -> None:
    orange = AlertPeriod.objects.create(
        office=people.office, level=AlertLevel.ORANGE, from_on=day("2019-12-05"), until_on=day("2019-12-05")
    )
    drive = Campaign.objects.create(office=people.office, name_zh="百日攻坚", name_en="Drive", from_on=FRIDAY - 9 * DAY)
    visit = make_visit(people, on=FRIDAY, people=[people.inspector1])
    VisitInspector.objects.create(visit=visit, name="街道王某")
    done = correct(
        visit,
        people.supervisor1,
        on=FRIDAY - DAY,
        team=people.team2,
        started_at=at("2019-12-05 22:30"),
        ended_at=at("2019-12-06 00:10"),
        mode=VisitMode.NIGHT,
        outcome=Outcome.LOCKED,
        inspectors=[people.inspector2],
        names=["街道王某", "街道李某"],
        wind_degrees=315,
        campaign=drive,
        note=" 夜查 ",
    )
    row = Visit.objects.get(pk=visit.pk)
    assert (row.on, row.team, row.mode, row.outcome) == (FRIDAY - DAY, people.team2, VisitMode.NIGHT, Outcome.LOCKED)
    assert (row.alert, row.campaign, row.note, row.people, row.wind_degrees) == (orange, drive, "夜查", 3, 315)
    assert sorted(one.name for one in row.inspectors.all()) == sorted([str(people.inspector2), "街道王某", "街道李某"])
    assert (row.recorded_by, row.recorded_at) == (visit.recorded_by, visit.recorded_at)
    event = last_event(visit)
    assert (event.verb, event.actor_id, event.details["reason"]) == ("correct_visit", people.supervisor1.pk, "填错")
    assert (event.before["on"], event.after["on"]) == ("2019-12-06", "2019-12-05")
    assert event.before["inspectors"] == [str(people.inspector1), "街道王某"]
    assert set(event.before) == set(event.after) == {
        "team", "on", "started_at", "ended_at", "mode", "outcome", "inspectors", "people", "campaign", "alert",
        "wind_degrees", "note",
    }  # fmt: skip
    assert done.pk == visit.pk


def test_the_history_tells_it_in_both_languages(people: Cast) -> None:
    visit = make_visit(people, on=FRIDAY)
    correct(visit, people.supervisor1, team=people.team2, on=FRIDAY - DAY, outcome=Outcome.LOCKED, people=4)
    with translation.override("en"):
        told = event_sentence(last_event(visit))
    for words in ("corrected the visit", "Team: Team 1 became Team 2.", "5 Dec 2019", "Head count: 1 became 4."):
        assert words in told, told
    assert "填错" in told
    with translation.override("zh-hans"):
        told = event_sentence(last_event(visit))
    assert people.team1.name_zh in told
    assert "Team" not in told


def test_whoever_recorded_it_is_told_of_a_correction_by_somebody_else(people: Cast) -> None:
    visit = make_visit(people, on=day("2019-12-06"))
    correct(visit, people.supervisor1, people=3, reason="漏记一人")
    notice = Notice.objects.get()
    assert (notice.person, notice.kind, notice.subject_id) == (people.inspector1, "correct_visit", visit.pk)
    told = registry.subjects["visit"].notice_sentence(notice)
    assert "周衡 corrected your record of the visit to" in told
    assert told.endswith("6 Dec 2019: 漏记一人")
    with translation.override("zh-hans"):
        assert "周衡" in registry.subjects["visit"].notice_sentence(notice)


def test_nobody_is_told_of_the_own_correction_nor_of_what_is_out_of_sight(people: Cast) -> None:
    visit = make_visit(people)
    correct(visit, people.inspector1, people=3)
    leave(people.inspector1, people.team1, timezone.localdate() - DAY)
    correct(visit, people.supervisor1, people=4)
    assert not Notice.objects.exists()


def test_hours_go_with_the_day_and_are_not_told_twice(people: Cast) -> None:
    visit = make_visit(people, on=FRIDAY)
    visit.started_at, visit.ended_at = at("2019-12-06 22:30:17"), at("2019-12-07 01:00")
    visit.save()
    correct(visit, people.supervisor1, on=FRIDAY - 3 * DAY)
    row = Visit.objects.get(pk=visit.pk)
    assert (row.started_at, row.ended_at) == (at("2019-12-03 22:30:17"), at("2019-12-04 01:00"))
    with translation.override("en"):
        assert "Began" not in event_sentence(last_event(visit))
    with pytest.raises(Invalid) as refused:
        correct(visit, people.supervisor1, on=FRIDAY, started_at=at("2019-12-05 09:00"))
    assert refused.value.field == "started_at"


def test_the_figures_follow_the_day_and_the_head_count_and_problems_keep_their_date(people: Cast) -> None:
    site = make_site(people)
    visit = make_visit(people, site, on=FRIDAY)
    problem = make_problem(people, site=site, visit=visit, now=at("2019-12-06 10:00"))

    def counted(on: datetime.date) -> tuple[int, int, int]:
        found = figures.report(Problem.objects.all(), Visit.objects.all(), figures.Period(on, on))
        return found["points"], found["person_times"], found["problems"]

    assert counted(FRIDAY) == (1, 1, 1)
    correct(visit, people.supervisor1, on=FRIDAY - DAY, people=6)
    assert counted(FRIDAY) == (0, 0, 1)
    assert counted(FRIDAY - DAY) == (1, 6, 0)
    assert Problem.objects.get(pk=problem.pk).found_on == FRIDAY
    assert Problem.objects.get(pk=problem.pk).visit == visit


def test_an_inspector_who_stays_keeps_the_name_of_that_day(people: Cast) -> None:
    visit = make_visit(people, people=[people.inspector1])
    User.objects.filter(pk=people.inspector1.pk).update(name="陈望山")
    renamed = User.objects.get(pk=people.inspector1.pk)
    correct(visit, people.supervisor1, inspectors=[renamed, people.inspector2])
    assert [one.name for one in visit.inspectors.order_by("pk")] == ["陈望", str(people.inspector2)]


# --- What is refused ----------------------------------------------------------------------------------


def test_what_cannot_be_is_refused_and_changes_nothing(people: Cast) -> None:
    drive = Campaign.objects.create(
        office=people.office, name_zh="专项", from_on=FRIDAY - 9 * DAY, until_on=FRIDAY - 5 * DAY
    )
    visit = make_visit(people, on=FRIDAY)
    tries: list[tuple[dict[str, Any], str]] = [
        ({"note": "改", "reason": " "}, "reason"),
        ({}, ""),
        ({"note": ""}, ""),
        ({"on": timezone.localdate() + DAY}, "on"),
        ({"started_at": at("2019-12-06 10:00"), "ended_at": at("2019-12-06 09:00")}, "ended_at"),
        ({"people": 1, "inspectors": [people.inspector1], "names": ["甲"]}, "people"),
        ({"inspectors": []}, "inspectors"),
        ({"campaign": drive}, "campaign"),
        ({"team": people.far_team}, "team"),
        ({"recorded_by": people.leader1}, ""),
    ]
    before = list(Visit.objects.filter(pk=visit.pk).values())
    for values, field in tries:
        with pytest.raises(Invalid) as refused:
            correct(visit, people.supervisor1, **values)
        assert refused.value.field == field, values
    assert list(Visit.objects.filter(pk=visit.pk).values()) == before
    assert visit.inspectors.count() == 1
    assert not Event.objects.filter(subject_type="visit").exists()


def test_an_inspector_gives_a_visit_only_to_a_team_of_their_own(people: Cast) -> None:
    visit = make_visit(people)
    with pytest.raises(Invalid) as refused:
        correct(visit, people.inspector1, team=people.team2)
    assert refused.value.field == "team"
    assert correct(visit, people.supervisor1, team=people.team2).team == people.team2


def test_the_site_can_be_corrected_until_something_hangs_on_it(people: Cast) -> None:
    other = make_site(people, "东环工地", district="410811")
    visit = make_visit(people)
    moved = correct(visit, people.inspector1, site=other)
    assert (moved.site, moved.site_name, moved.district_id) == (other, "东环工地", "410811")
    assert set(last_event(visit).after) == {"site", "district"}
    problem = make_problem(people, site=other, visit=Visit.objects.get(pk=visit.pk))
    recheck = make_visit(people, problem.site)
    visiting.see(Seen(problem, Result.NOT_FIXED), recheck, by=people.inspector1)
    for hung in (visit, recheck):
        with pytest.raises(Invalid) as refused:
            correct(hung, people.supervisor1, site=make_site(people))
        assert refused.value.field == "site"


def test_a_reinspection_stays_one_and_after_what_it_saw(people: Cast) -> None:
    problem = make_problem(people, status=Status.REPORTED, now=at("2019-12-04 09:00"))
    visit = make_visit(people, problem.site, on=FRIDAY, mode=VisitMode.RECHECK)
    visiting.see(Seen(problem, Result.FIXED, shots=[shot()]), visit, by=people.inspector1)
    for values, field in (({"mode": VisitMode.PATROL}, "mode"), ({"on": day("2019-12-03")}, "on")):
        with pytest.raises(Invalid) as refused:
            correct(visit, people.supervisor1, **values)
        assert refused.value.field == field
    assert correct(visit, people.supervisor1, on=day("2019-12-04")).on == day("2019-12-04")
    assert correct(make_visit(people), people.inspector1, mode=VisitMode.RECHECK).mode == VisitMode.RECHECK


def test_what_somebody_else_corrected_meanwhile_is_named(people: Cast) -> None:
    visit = make_visit(people)
    seen = visiting.version(visit)
    correct(visit, people.supervisor1, seen=seen, outcome=Outcome.LOCKED)
    with pytest.raises(IllegalMove) as refused:
        correct(visit, people.inspector1, seen=seen, note="改")
    assert [one.actor_name for one in refused.value.facts["events"]] == [str(people.supervisor1)]
    assert correct(visit, people.inspector1, seen=seen + 1, note="改").note == "改"


def test_two_at_once_give_one_correction_and_one_refusal(committed: None) -> None:
    people = cast()
    visit = make_visit(people)
    results: list[str] = []
    start = threading.Barrier(2)

    def press(person: User, note: str) -> Callable[[], None]:
        def run() -> None:
            try:
                start.wait(10)
                correct(visit, person, seen=0, note=note)
                results.append("done")
            except DomainError as error:
                results.append(str(error.status))
            finally:
                connection.close()

        return run

    threads = [
        threading.Thread(target=press(people.inspector1, "甲")),
        threading.Thread(target=press(people.supervisor1, "乙")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["409", "done"]
    assert visiting.version(visit) == 1
