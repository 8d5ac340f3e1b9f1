"""Telling people: once per occasion, in the transaction of its cause."""

import pytest
from django.db import transaction

from casetracker import notices
from casetracker.ids import uuid7
from casetracker.models import Notice, User
from casetracker.transactions import OutsideTransaction
from tests.cast import make_person

SUBJECT = uuid7()


def tell(*people: User, period: str = "event-1", **params: object) -> int:
    return notices.queue(
        people,
        kind="close",
        subject_type="problem",
        subject_id=SUBJECT,
        label="焦督〔2019〕1号",
        period=period,
        **params,
    )


def test_each_person_is_told_once_per_occasion(db: None) -> None:
    one, other = make_person("one", "甲"), make_person("other", "乙")

    tell(one, other, one, reason="已完成")
    tell(one)
    tell(one, period="event-2")

    assert Notice.objects.of(one).unread().count() == 2
    assert Notice.objects.of(other).get().params == {"reason": "已完成"}


def test_a_deactivated_person_is_told_nothing(db: None) -> None:
    gone = make_person("gone", "丙")
    gone.is_active = False

    assert tell(gone) == 0
    assert not Notice.objects.exists()


def test_nobody_is_told_of_what_did_not_happen(committed: None) -> None:
    person = make_person("one", "甲")
    with pytest.raises(OutsideTransaction):
        tell(person)
    with transaction.atomic():
        tell(person)
        transaction.set_rollback(True)

    assert not Notice.objects.exists()
