"""The history: append-only, one hash chain per subject, written only inside the change's transaction."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from casetracker import audit
from casetracker.models import Event
from casetracker.transactions import OutsideTransaction


def _record(subject: uuid.UUID, verb: str = "report") -> Event:
    return audit.record(subject_type="problem", subject_id=subject, label="1号", verb=verb, by=None, note="甲")


@pytest.mark.django_db
def test_events_of_a_subject_form_a_chain() -> None:
    subject, other = uuid.uuid4(), uuid.uuid4()
    _record(subject)
    _record(other)
    _record(subject, "assign")
    first, second = Event.objects.filter(subject_id=subject).order_by("seq")
    assert (first.seq, second.seq) == (1, 2)
    assert first.prev_hash == ""
    assert second.prev_hash == first.hash
    assert len(second.hash) == 64


@pytest.mark.django_db
def test_the_stored_hash_is_the_hash_of_the_row() -> None:
    subject = uuid.uuid4()
    _record(subject)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash = casetracker_event_hash(e) FROM casetracker_event e WHERE subject_id = %s", [subject]
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    ["UPDATE casetracker_event SET verb = 'x'", "DELETE FROM casetracker_event", "TRUNCATE casetracker_event"],
)
def test_history_can_neither_be_changed_nor_deleted(sql: str) -> None:
    _record(uuid.uuid4())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.usefixtures("committed")
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutsideTransaction):
        _record(uuid.uuid4())
