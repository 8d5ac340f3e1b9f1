"""The page that corrects a visit, the trail on the visit's page, and a ledger that comes again."""

import csv
import datetime
import re
from pathlib import Path
from typing import Any

from django.utils import timezone

from casetracker.models import Event
from inspections import visiting
from inspections.enums import Outcome, VisitMode
from inspections.ledger.importing import import_file
from inspections.ledger.mapping import from_dict
from inspections.models import ChecklistItem, Visit, VisitAnswer
from tests.builders import at, day, make_problem, make_site, make_visit
from tests.cast import Cast, sign_in

DAY = datetime.timedelta(days=1)


def sent(visit: Visit, **changes: Any) -> dict[str, Any]:
    """What the page of a visit with its one inspector posts, with changes."""
    started = timezone.localtime(visit.started_at).strftime("%H:%M") if visit.started_at else ""
    values = {
        "seen": visiting.version(visit),
        "team": visit.team_id,
        "site": visit.site_name,
        "on": visit.on.isoformat(),
        "started": started,
        "mode": visit.mode,
        "outcome": visit.outcome,
        "inspectors": [one.user_id for one in visit.inspectors.all() if one.user_id],
        "note": visit.note,
        "reason": "填错",
    }
    return values | changes


def post(person: Any, visit: Visit, data: dict[str, Any]) -> Any:
    return sign_in(person).post(f"/visits/{visit.pk}/correct/", data)


def value_of(text: str, name: str) -> str:
    """What stands in an input or a text area."""
    found = re.search(rf'<(?:input|textarea)[^>]*name="{name}"[^>]*>([^<]*)', text)
    assert found is not None, name
    value = re.search(r' value="([^"]*)"', found[0])
    return value[1] if value else found[1].strip()


def test_the_page_is_offered_to_those_who_may(people: Cast) -> None:
    fresh, old = make_visit(people), make_visit(people, on=timezone.localdate() - 8 * DAY)
    for person, on_fresh, on_old in (
        (people.inspector1, 200, 403),
        (people.supervisor1, 200, 200),
        (people.inspector2, 404, 404),
        (people.leader1, 403, 403),
        (people.officer1, 403, 403),
        (people.handler1, 404, 404),
        (people.outsider, 404, 404),
        (people.admin, 404, 404),
    ):
        for visit, status in ((fresh, on_fresh), (old, on_old)):
            client, address = sign_in(person), f"/visits/{visit.pk}/correct/"
            assert client.get(address).status_code == status, person
            assert client.post(address, sent(visit, note=f"{person}改")).status_code == (
                302 if status == 200 else status
            )
            page = client.get(f"/visits/{visit.pk}/")
            if page.status_code == 200:
                assert (f'href="{address}"' in page.content.decode()) == (status == 200), person
    text = sign_in(people.inspector1).get(f"/visits/{old.pk}/").content.decode()
    assert "more than 7 days back" in text


def test_a_correction_is_saved_and_its_trail_is_on_the_visit_page(people: Cast) -> None:
    visit = make_visit(people, on=timezone.localdate() - 2 * DAY)
    done = post(
        people.inspector1, visit, sent(visit, outcome="locked", names="街道王某", started="09:10", ended="00:20")
    )
    assert done.headers["Location"] == f"/visits/{visit.pk}/"
    row = Visit.objects.get(pk=visit.pk)
    assert (row.outcome, row.people) == (Outcome.LOCKED, 2)
    assert row.ended_at is not None
    assert timezone.localdate(row.ended_at) == row.on + DAY
    text = sign_in(people.leader1).get(f"/visits/{visit.pk}/").content.decode()
    assert "corrected the visit" in text
    assert "Outcome: Inspected became Locked." in text
    assert 'href="#history"' in text


def test_only_what_was_changed_is_written(people: Cast) -> None:
    visit = make_visit(people, on=timezone.localdate() - DAY)
    visit.started_at = at(f"{visit.on} 09:10:42")
    visit.people, visit.wind_degrees = 5, 30
    visit.save()
    data = sent(visit, people=5, wind_degrees=30)
    refused = post(people.inspector1, visit, data)
    assert refused.status_code == 422
    assert "Nothing was changed." in refused.content.decode()
    assert post(people.inspector1, visit, data | {"note": "大风"}).status_code == 302
    row = Visit.objects.get(pk=visit.pk)
    assert (row.started_at, row.people, row.wind_degrees) == (visit.started_at, 5, 30)
    assert set(Event.objects.get(subject_id=visit.pk).after) == {"note"}


def test_an_invalid_correction_keeps_what_was_typed(people: Cast) -> None:
    visit = make_visit(people)
    refused = post(people.inspector1, visit, sent(visit, note="大风", reason="", on="2099-01-01"))
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "Say why." in text
    assert value_of(text, "note") == "大风"
    future = post(people.inspector1, visit, sent(visit, on="2099-01-01"))
    assert future.status_code == 422
    assert "lie in the future" in future.content.decode()
    assert Visit.objects.get(pk=visit.pk).on == visit.on


def test_the_site_is_a_field_only_while_nothing_hangs_on_it(people: Cast) -> None:
    other = make_site(people, "东环工地")
    free, found, answered = make_visit(people), make_visit(people), make_visit(people)
    make_problem(people, site=found.site, visit=found)
    item = ChecklistItem.objects.first()
    assert item is not None
    VisitAnswer.objects.create(visit=answered, item=item, passed=True)
    for visit in (found, answered):
        text = sign_in(people.inspector1).get(f"/visits/{visit.pk}/correct/").content.decode()
        assert 'name="site"' not in text
        assert "The site stays" in text
        assert post(people.inspector1, visit, sent(visit, site="东环工地", note="改")).status_code == 302
        assert Visit.objects.get(pk=visit.pk).site == visit.site
    assert post(people.inspector1, free, sent(free, site="没有的工地")).status_code == 422
    assert post(people.inspector1, free, sent(free, site="东环工地")).status_code == 302
    assert Visit.objects.get(pk=free.pk).site == other


def test_two_people_at_once_see_what_the_other_changed(people: Cast) -> None:
    visit = make_visit(people)
    data = sent(visit, note="大风", outcome=visit.outcome)
    assert post(people.supervisor1, visit, sent(visit, outcome="locked", mode="night")).status_code == 302
    refused = post(people.inspector1, visit, data)
    text = refused.content.decode()
    assert refused.status_code == 409
    assert "Somebody was faster" in text
    assert str(people.supervisor1) in text
    assert "Outcome: Inspected became Locked." in text
    assert value_of(text, "note") == "大风"
    assert value_of(text, "reason") == "填错"
    # What the other one changed and this one did not touch is shown as it is now: pressing again undoes nothing.
    assert re.search(r'<option value="locked" selected', text)
    assert re.search(r'<option value="night" selected', text)
    again = data | {"seen": value_of(text, "seen"), "outcome": "locked", "mode": "night"}
    assert post(people.inspector1, visit, again).status_code == 302
    row = Visit.objects.get(pk=visit.pk)
    assert (row.note, row.outcome, row.mode) == ("大风", Outcome.LOCKED, VisitMode.NIGHT)


def test_what_both_changed_keeps_what_was_typed_last(people: Cast) -> None:
    visit = make_visit(people)
    data = sent(visit, outcome="refused", inspectors=[people.inspector1.pk], names="王某")
    other = sent(visit, outcome="locked", inspectors=[people.inspector1.pk, people.inspector2.pk])
    assert post(people.supervisor1, visit, other).status_code == 302
    text = post(people.inspector1, visit, data).content.decode()
    assert re.search(r'<option value="refused" selected', text)
    assert value_of(text, "names") == "王某"


# --- Imported visits ----------------------------------------------------------------------------------

HEADER = ["日期", "督导组", "县（市、区）", "点位名称", "点位类型", "人数"]
ROW = ["2019-10-16", "第一现场督导组", "解放区", "锦绣工地", "建筑工地", "4"]


def take_in(folder: Path, people: Cast, *rows: list[str]) -> Any:
    path = folder / "visits.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    mapping = from_dict({"kind": "visits", "create": {"sites": True, "kinds": True}})
    return import_file(path, mapping, office=people.office, by=None)


def test_a_ledger_that_comes_again_leaves_the_correction_alone(people: Cast, tmp_path: Path) -> None:
    assert take_in(tmp_path, people, ROW).created == 1
    visit = Visit.objects.get()
    assert post(people.inspector1, visit, sent(visit, people=6)).status_code == 403
    assert post(people.supervisor1, visit, sent(visit, people=6, on="2019-10-17")).status_code == 302
    again = take_in(tmp_path, people, ROW)
    assert (again.created, again.updated, again.unchanged, again.doubtful) == (0, 0, 1, [])
    row = Visit.objects.get()
    assert (row.on, row.people) == (day("2019-10-17"), 6)
    text = sign_in(people.supervisor1).get(f"/visits/{visit.pk}/").content.decode()
    assert "This visit came with an imported ledger." in text
    assert "Head count: 4 became 6." in text
