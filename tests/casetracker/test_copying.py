"""Rows streamed in by COPY are the rows that a statement would have written."""

import datetime
import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from casetracker import audit
from casetracker.copying import copy_in
from casetracker.models import CalendarDay, Event
from casetracker.transactions import OutsideTransaction
from inspections.models import Problem, Site
from inspections.searching import index_site
from tests.builders import make_problem, make_site
from tests.cast import Cast

NASTY = "a\tb\nc\\d\\N 'x' \"y\" ;,{}[] \r\n 甲〔2019〕１ 🏭 \\."


@pytest.mark.django_db
def test_what_is_read_back_is_what_was_given(people: Cast) -> None:
    like = make_site(people)
    site = Site(
        office=like.office, district=like.district, kind=like.kind, name=NASTY, address="", lat=35.25, lon=113.5
    )
    site.search = index_site(site)

    copy_in([site])

    assert not site._state.adding
    kept = Site.objects.get(pk=site.pk)
    for field in Site._meta.concrete_fields:
        if field.name != "search":
            assert getattr(kept, field.attname) == getattr(site, field.attname), field.name
    assert Site.objects.find("甲").filter(pk=site.pk).exists()


@pytest.mark.django_db
def test_a_key_of_the_database_and_the_chain_of_a_history_are_made_there(people: Cast) -> None:
    subject, at = uuid.uuid4(), timezone.now()
    told = {"text": NASTY, "number": 1.5, "none": None, "list": [True, "二"]}
    events = [
        audit.event(subject_type="problem", subject_id=subject, label="x", verb="comment", by=None, at=at, **told)
        for _ in range(3)
    ]

    audit.record_many(events)

    kept = list(Event.objects.filter(subject_id=subject).order_by("seq"))
    assert [one.seq for one in kept] == [1, 2, 3]
    assert [one.prev_hash for one in kept] == ["", kept[0].hash, kept[1].hash]
    assert kept[0].details == told
    assert kept[0].at == at


@pytest.mark.django_db
def test_a_search_column_is_that_of_any_other_way_of_writing(people: Cast) -> None:
    problem = make_problem(people, description=NASTY)
    copied = Problem.objects.get(pk=problem.pk)
    copied.pk, copied.number, copied.number_seq = uuid.uuid4(), "别号", 99_999

    copy_in([copied])

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT search) FROM inspections_problem WHERE description = %s", [NASTY])
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_what_the_database_refuses_leaves_nothing(people: Cast) -> None:
    days = [CalendarDay(on=datetime.date(1990, 1, 1 + n % 2), is_workday=True, kind="workday") for n in range(3)]
    for day in days:
        day.updated_at = timezone.now()

    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in(days)

    assert not CalendarDay.objects.filter(on__year=1990).exists()


@pytest.mark.usefixtures("committed")
def test_it_shares_the_transaction_of_the_change() -> None:
    with pytest.raises(OutsideTransaction):
        copy_in([CalendarDay(on=datetime.date(1990, 1, 1), is_workday=True, kind="workday")])
