"""The invented people of the demonstration: whole names for everybody, whatever their unit is called."""

import re

import pytest

from casetracker.models import Unit, User
from inspections.demo import people

pytestmark = pytest.mark.django_db


def test_everybody_has_a_whole_name_of_their_own_and_no_piece_of_a_unit() -> None:
    people.make_units()
    people.make_people()

    names = list(User.objects.filter(username__startswith="handler").values_list("name", "name_en"))

    assert len(names) == Unit.objects.filter(kind__in=["department", "government", "bureau"]).count()
    assert all(re.fullmatch("[\u4e00-\u9fff]经办", zh) for zh, _en in names)
    assert all(re.fullmatch("Handler [A-Z][a-zü]+", en) for _zh, en in names)
    assert len({zh for zh, _en in names}) == len(names)
    assert people.handler_name(len(people.FAMILIES)) == ("冯经办2", "Handler Feng 2")


def test_the_teams_come_in_the_order_they_are_counted_in() -> None:
    people.make_units()
    teams = Unit.objects.filter(kind="team").values_list("name_zh", flat=True)
    assert list(teams) == [name for name, _english, _codes in people.TEAMS]
