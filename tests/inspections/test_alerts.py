"""Heavy-pollution alerts: days of one office never overlap, and visits follow, those recorded before as well."""

import datetime
import threading
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st

from casetracker.enums import UnitKind
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import Event, Unit, User
from inspections import alerts as writing
from inspections import visiting
from inspections.enums import AlertLevel
from inspections.models import AlertPeriod, Visit
from inspections.subjects_registers import event_sentence
from tests.builders import day, make_site, make_visit
from tests.casetracker.office import events, queries, total, words
from tests.cast import Cast, cast, make_unit, sign_in
from tests.inspections.test_concurrency import at_once, refusals

DAY = datetime.timedelta(days=1)
FIRST = datetime.date(2026, 1, 10)


def make(people: Cast, first: str, last: str = "", level: str = "orange", office: Unit | None = None) -> AlertPeriod:
    return writing.enter_alert(
        by=people.admin,
        office=office or people.office,
        level=level,
        from_on=day(first),
        until_on=day(last) if last else None,
    ).alert


def values(people: Cast, **more: Any) -> dict[str, Any]:
    base = {"level": "orange", "office": people.office.pk, "from_on": "2026-01-10", "until_on": "2026-01-12"}
    return base | more


def level_of(visit: Visit) -> str:
    alert = Visit.objects.select_related("alert").get(pk=visit.pk).alert
    return alert.level if alert else ""


# --- Entering -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["admin", "supervisor1"])
def test_an_alert_without_visits_is_entered_at_once(people: Cast, name: str) -> None:
    client = sign_in(people.everybody()[name])
    response = client.post("/office/alerts/new/", values(people))
    row = AlertPeriod.objects.get()
    assert response["Location"] == f"/office/alerts/{row.pk}/"
    [event] = events("alert", row.pk)
    assert (event.verb, event.details["visits"]) == ("enter_alert", 0)
    assert event.after == {
        "level": "orange",
        "office": people.office.name_zh,
        "from_on": "2026-01-10",
        "until_on": "2026-01-12",
    }
    visit = visiting.record_visit(
        by=people.inspector1, team=people.team1, site=make_site(people), on=FIRST, people=2
    ).visit
    assert visit.alert == row


def test_visits_recorded_before_follow_after_it_was_said_how_many(people: Cast) -> None:
    inside = [make_visit(people, on=FIRST + n * DAY) for n in range(3)]
    beside = [make_visit(people, on=FIRST - DAY), make_visit(people, on=FIRST + 3 * DAY)]
    far = make_visit(
        people, make_site(people, district="141102", office=people.far_office), team=people.far_team, on=FIRST
    )
    client = sign_in(people.supervisor1)
    asked = client.post("/office/alerts/new/", values(people))
    assert asked.status_code == 200
    assert "The alert that 3 visits of these days show would change" in words(asked)
    assert not AlertPeriod.objects.exists()
    assert not Event.objects.filter(subject_type="alert").exists()
    mark = asked.content.decode().split('name="seen" value="')[1].split('"')[0]
    # Another form than the one that was asked about is asked about anew.
    other = client.post("/office/alerts/new/", values(people, until_on="2026-01-11", seen=mark))
    assert other.status_code == 200
    assert "2 visits of these days" in words(other)
    assert client.post("/office/alerts/new/", values(people, seen=mark)).status_code == 302
    assert [level_of(visit) for visit in inside] == ["orange"] * 3
    assert [level_of(visit) for visit in [*beside, far]] == [""] * 3
    [event] = events("alert", AlertPeriod.objects.get().pk)
    assert event.details["visits"] == 3
    assert "3 visits show another alert since." in event_sentence(event)
    with translation.override("zh-hans"):
        assert "3" in event_sentence(event)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"until_on": "2026-01-09"}, "The last day lies before the first one."),
        ({"level": "purple"}, "error"),
        ({"level": ""}, "error"),
        ({"from_on": ""}, "error"),
        ({"office": "999999"}, "error"),
    ],
)
def test_an_alert_that_can_not_be_is_refused(people: Cast, changes: dict[str, str], says: str) -> None:
    response = sign_in(people.admin).post("/office/alerts/new/", values(people, **changes))
    assert response.status_code == 422
    assert says in response.content.decode()
    assert not AlertPeriod.objects.exists()


@pytest.mark.parametrize(
    ("first", "last", "free"),
    [
        ("2026-01-01", "2026-01-09", True),
        ("2026-01-01", "2026-01-10", False),
        ("2026-01-11", "2026-01-11", False),
        ("2026-01-12", "2026-01-20", False),
        ("2026-01-13", "2026-01-20", True),
        ("2026-01-13", "", True),
        ("2026-01-12", "", False),
        ("2026-01-01", "", False),
        ("2026-01-01", "2026-01-31", False),
    ],
)
def test_two_alerts_of_one_office_never_hold_on_one_day(people: Cast, first: str, last: str, free: bool) -> None:
    make(people, "2026-01-10", "2026-01-12", "yellow")
    response = sign_in(people.supervisor1).post(
        "/office/alerts/new/", values(people, level="red", from_on=first, until_on=last)
    )
    assert response.status_code == (302 if free else 422)
    assert free or "Yellow (III), 10 Jan" in words(response)
    # The same days of another office, and of the bureau above, are no clash.
    assert make(people, "2026-01-10", "2026-01-12", "red", people.far_office).pk
    assert make(people, "2026-01-10", "2026-01-12", "red", people.bureau).pk


def test_an_alert_without_an_end_holds_until_it_has_one(people: Cast) -> None:
    row = make(people, "2026-01-10")
    with pytest.raises(Invalid, match="since"):
        make(people, "2026-06-01", "2026-06-02")
    writing.change_alert(row, by=people.supervisor1, reason="解除", until_on=day("2026-05-31"))
    assert make(people, "2026-06-01", "2026-06-02").pk


def test_two_people_at_once_enter_one_alert_and_one_refusal(committed: None) -> None:
    people = cast()
    visit = make_visit(people, on=FIRST)

    def enter(by: User) -> Any:
        return lambda: writing.enter_alert(by=by, office=people.office, level="red", from_on=FIRST, until_on=FIRST)

    (refusal,) = refusals(at_once(enter(people.supervisor1), enter(people.supervisor2)))
    assert isinstance(refusal, Invalid)
    assert AlertPeriod.objects.count() == 1
    assert level_of(visit) == "red"


# --- Changing -----------------------------------------------------------------------------------------


def test_a_change_moves_the_visits_of_the_old_and_of_the_new_days(people: Cast) -> None:
    days = [make_visit(people, on=FIRST + n * DAY) for n in range(4)]
    row = make(people, "2026-01-10", "2026-01-11")
    client = sign_in(people.supervisor1)
    data = values(people, from_on="2026-01-11", until_on="2026-01-12", reason="省厅改期")
    asked = client.post(f"/office/alerts/{row.pk}/change/", data)
    assert "2 visits of these days" in words(asked)
    assert [level_of(visit) for visit in days] == ["orange", "orange", "", ""]
    mark = asked.content.decode().split('name="seen" value="')[1].split('"')[0]
    assert client.post(f"/office/alerts/{row.pk}/change/", data | {"seen": mark}).status_code == 302
    assert [level_of(visit) for visit in days] == ["", "orange", "orange", ""]
    event = events("alert", row.pk)[-1]
    assert event.before == {"from_on": "2026-01-10", "until_on": "2026-01-11"}
    assert (event.details["visits"], event.details["reason"]) == (2, "省厅改期")
    page = words(client.get(f"/office/alerts/{row.pk}/"))
    assert "First day: 10 Jan" in page
    assert "2 visits show another alert since" in page
    assert "Reason: “ 省厅改期 ”." in page


def test_another_level_is_another_alert_to_those_who_read_the_visit(people: Cast) -> None:
    visit = make_visit(people, on=FIRST)
    row = make(people, "2026-01-10", "2026-01-11", "yellow")
    done = writing.change_alert(row, by=people.admin, reason="升级", level="red")
    assert (done.visits, level_of(visit)) == (1, "red")


def test_the_gravest_alert_of_the_day_is_shown_and_the_other_one_comes_back(people: Cast) -> None:
    visit = make_visit(people, on=FIRST)
    make(people, "2026-01-10", "2026-01-12", "orange", people.bureau)
    own = make(people, "2026-01-10", "2026-01-12", "yellow")
    assert level_of(visit) == "orange"
    assert writing.change_alert(own, by=people.admin, reason="x", level="red").visits == 1
    assert level_of(visit) == "red"
    moved = writing.change_alert(own, by=people.admin, reason="x", office=people.far_office)
    assert (moved.visits, level_of(visit)) == (1, "orange")


def test_a_change_needs_a_reason_and_a_difference(people: Cast) -> None:
    row, client = make(people, "2026-01-10", "2026-01-12"), sign_in(people.admin)
    assert client.post(f"/office/alerts/{row.pk}/change/", values(people, level="red")).status_code == 422
    same = client.post(f"/office/alerts/{row.pk}/change/", values(people, reason="x"))
    assert "Nothing was changed" in words(same)
    with pytest.raises(Invalid, match="Say why"):
        writing.change_alert(row, by=people.admin, level="red")
    clash = make(people, "2026-01-13", "2026-01-14")
    taken = client.post(f"/office/alerts/{row.pk}/change/", values(people, until_on="2026-01-13", reason="x"))
    assert "13 Jan" in words(taken)
    assert clash.pk != row.pk


def test_visits_of_an_import_that_was_undone_are_left_alone(people: Cast) -> None:
    visit = make_visit(people, on=FIRST)
    Visit.objects.filter(pk=visit.pk).update(undone=True)
    done = writing.enter_alert(by=people.admin, office=people.office, level="red", from_on=FIRST, until_on=FIRST)
    assert (done.visits, level_of(visit)) == (0, "")


SPANS = st.lists(
    st.tuples(st.sampled_from(AlertLevel.values), st.integers(0, 9), st.integers(0, 5), st.sampled_from([0, 1, 2])),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(spans=SPANS)
def test_whatever_is_entered_each_visit_shows_the_alert_of_its_day(db: None, spans: list[Any]) -> None:
    """The rule for many rows is the one for a new visit."""
    with transaction.atomic():
        people = cast()
        offices = [people.bureau, people.office, people.far_office]
        visits = [
            make_visit(people, team=team, on=FIRST + n * DAY)
            for team in (people.team1, people.team2)
            for n in (0, 4, 8)
        ]
        for level, first, length, office in spans:
            start = FIRST + first * DAY
            held = {visit.pk: level_of(visit) for visit in visits}
            try:
                with transaction.atomic():
                    done = writing.enter_alert(
                        by=people.admin,
                        office=offices[office],
                        level=level,
                        from_on=start,
                        until_on=start + length * DAY,
                    )
            except Invalid:
                continue
            for visit in visits:
                wanted = visiting.alert_on(visit.team, visit.on)
                assert level_of(visit) == (wanted.level if wanted else "")
            assert done.visits == sum(held[visit.pk] != level_of(visit) for visit in visits)
        transaction.set_rollback(True)


# --- Withdrawing --------------------------------------------------------------------------------------


def test_an_alert_entered_by_mistake_is_withdrawn_with_a_reason_and_its_visits_lose_it(people: Cast) -> None:
    visit = make_visit(people, on=FIRST)
    make(people, "2026-01-10", "2026-01-12", "yellow", people.bureau)
    row = make(people, "2026-01-10", "2026-01-12", "red")
    client = sign_in(people.admin)
    assert "Withdraw" in words(client.get(f"/office/alerts/{row.pk}/"))
    assert "1 visit that shows it loses it." in words(client.get(f"/office/alerts/{row.pk}/withdraw/"))
    assert client.post(f"/office/alerts/{row.pk}/withdraw/", {"reason": " "}).status_code == 422
    assert level_of(visit) == "red"
    assert client.post(f"/office/alerts/{row.pk}/withdraw/", {"reason": "录错区"}).status_code == 302
    assert level_of(visit) == "yellow"
    [_entered, event] = events("alert", row.pk)
    assert (event.verb, event.details["visits"], event.details["reason"]) == ("withdraw_alert", 1, "录错区")
    assert event.before["level"] == "red"
    page = words(client.get(f"/office/alerts/{row.pk}/"))
    assert "withdrew the alert." in page
    assert f"/office/alerts/{row.pk}/change/" not in client.get("/office/alerts/").content.decode()
    assert "withdrawn" in words(client.get("/office/alerts/"))


def test_a_withdrawn_alert_holds_no_day_and_changes_no_more(people: Cast) -> None:
    row = make(people, "2026-01-10", "2026-01-12", "red")
    with pytest.raises(NotAllowed):
        writing.withdraw_alert(row, by=people.leader1, reason="x")
    writing.withdraw_alert(row, by=people.supervisor1, reason="录错")
    place = make_site(people)
    visit = visiting.record_visit(by=people.inspector1, team=people.team1, site=place, on=FIRST, people=1).visit
    assert visit.alert is None
    assert make(people, "2026-01-10", "2026-01-12", "orange").pk
    assert level_of(visit) == "orange"
    for again in (
        lambda: writing.withdraw_alert(row, by=people.admin, reason="x"),
        lambda: writing.change_alert(row, by=people.admin, reason="x", level="yellow"),
    ):
        with pytest.raises(IllegalMove, match="withdrawn"):
            again()
    assert sign_in(people.admin).post(f"/office/alerts/{row.pk}/withdraw/", {"reason": "x"}).status_code == 409


@pytest.mark.parametrize("correcting", [False, True])
def test_a_visit_written_while_an_alert_is_entered_shows_it(committed: None, correcting: bool) -> None:
    people = cast()
    place, other = make_site(people), make_visit(people, on=FIRST - DAY)
    written, go_on = threading.Event(), threading.Event()

    def write() -> Visit:
        with transaction.atomic():
            if correcting:
                visit = visiting.correct_visit(other, by=people.supervisor1, reason="填错", on=FIRST)
            else:
                visit = visiting.record_visit(
                    by=people.inspector1, team=people.team1, site=place, on=FIRST, people=1
                ).visit
            written.set()
            go_on.wait(60)
        return visit

    def enter() -> Any:
        written.wait(60)
        threading.Timer(0.3, go_on.set).start()
        return writing.enter_alert(
            by=people.supervisor1, office=people.office, level="red", from_on=FIRST, until_on=FIRST
        )

    visit, done = at_once(write, enter)
    assert (level_of(visit), done.visits) == ("red", 1)


# --- Rights -------------------------------------------------------------------------------------------


def test_nobody_enters_alerts_of_another_office(people: Cast) -> None:
    row, client = make(people, "2026-01-10", "2026-01-12", office=people.far_office), sign_in(people.supervisor1)
    for address in (f"/office/alerts/{row.pk}/", f"/office/alerts/{row.pk}/change/"):
        assert client.get(address).status_code == 404
    assert client.post(f"/office/alerts/{row.pk}/change/", values(people, reason="x")).status_code == 404
    for person in (people.inspector1, people.leader1, people.outsider):
        with pytest.raises(NotAllowed):
            writing.enter_alert(by=person, office=people.office, level="red", from_on=FIRST)


def test_only_administrators_and_supervisors_get_in(people: Cast) -> None:
    row = make(people, "2026-01-10", "2026-01-12")
    for name, person in people.everybody().items():
        allowed = name in ("admin", "supervisor1", "supervisor2")
        if name in ("outsider", "deactivated"):
            continue
        client = sign_in(person)
        for address in ("", "new/", f"{row.pk}/", f"{row.pk}/change/", f"{row.pk}/withdraw/"):
            status = client.get(f"/office/alerts/{address}").status_code
            assert status == (200 if allowed else 404), (name, address)
            if not allowed:
                assert client.post(f"/office/alerts/{address}", values(people)).status_code in (404, 405)
    assert AlertPeriod.objects.count() == 1


# --- The list -----------------------------------------------------------------------------------------


def test_what_holds_today_comes_first(people: Cast) -> None:
    today = timezone.localdate()
    over = make(people, (today - 3 * DAY).isoformat(), (today - DAY).isoformat(), "red")
    holds = make(people, today.isoformat(), today.isoformat(), "yellow")
    comes = make(people, (today + DAY).isoformat())
    response = sign_in(people.supervisor1).get("/office/alerts/")
    page = response.content.decode()
    places = [page.index(f'data-alert="{row.pk}"') for row in (holds, comes, over)]
    assert places == sorted(places)
    assert "1 alert holds today" in words(response)


def test_each_number_of_visits_opens_just_these_visits(people: Cast) -> None:
    visits = [make_visit(people, on=FIRST) for _count in range(2)]
    make_visit(people, on=FIRST + DAY)
    row = make(people, "2026-01-10", "2026-01-10")
    client = sign_in(people.supervisor1)
    page = client.get("/office/alerts/").content.decode()
    assert f'<a href="/visits/?alert={row.pk}" data-figure="visits-{row.pk}">2</a>' in page
    behind = client.get(f"/visits/?alert={row.pk}")
    assert total(behind) == str(len(visits))
    assert "Orange (II)" in behind.content.decode()
    assert "/visits/?alert" not in sign_in(people.admin).get("/office/alerts/").content.decode()


def test_an_alert_elsewhere_says_nothing_of_itself(people: Cast) -> None:
    row = make(people, "2026-01-10", "2026-01-10", "red", people.far_office)
    client = sign_in(people.supervisor1)
    for asked in (str(row.pk), "999999999", "x", "\x00", "9" * 30, "٣"):
        response = client.get("/visits/", {"alert": asked})
        assert response.status_code == 422, asked
        assert "Red (I)" not in response.content.decode()


@pytest.mark.parametrize("name", ["admin", "supervisor1"])
def test_the_list_asks_as_much_for_30_alerts_as_for_one(people: Cast, name: str) -> None:
    client = sign_in(people.everybody()[name])
    make(people, "2026-01-10", "2026-01-10")
    few = queries(lambda: client.get("/office/alerts/"))
    for number in range(29):
        on = FIRST + (number + 1) * DAY
        make_visit(people, on=on)
        make(people, on.isoformat(), on.isoformat())
    assert queries(lambda: client.get("/office/alerts/")) == few <= 8


def test_entering_asks_as_much_for_30_visits_as_for_one(people: Cast) -> None:
    make_visit(people, on=FIRST)

    def enter(first: datetime.date) -> int:
        return queries(
            lambda: writing.tried(
                lambda: writing.enter_alert(
                    by=people.admin, office=people.office, level="red", from_on=first, until_on=first + DAY
                )
            )
        )

    few = enter(FIRST)
    team = make_unit("第三现场督导组", UnitKind.TEAM, parent=people.office)
    for number in range(30):
        make_visit(people, team=team if number % 2 else people.team1, on=FIRST + 5 * DAY)
    # One statement more: another team.
    assert enter(FIRST + 5 * DAY) <= few + 1
