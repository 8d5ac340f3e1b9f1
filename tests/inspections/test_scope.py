"""What a person may look at, worked out from today's memberships."""

from django.contrib.auth.models import AnonymousUser

from casetracker.enums import UnitKind
from inspections import scope
from inspections.scope import Scope
from tests.cast import Cast, make_person, make_unit


def test_the_office_of_a_unit_is_the_nearest_office_or_bureau_above(people: Cast) -> None:
    alone = make_unit("独立督导组", UnitKind.TEAM)

    assert scope.bureau_of(people.team1) == people.office
    assert scope.bureau_of(people.office) == people.office
    assert scope.bureau_of(people.team1, UnitKind.BUREAU) == people.bureau
    assert scope.bureau_of(people.housing) == people.housing
    assert scope.bureau_of(alone) == alone


def test_each_role_has_its_own_kind_of_sight(people: Cast) -> None:
    office = {people.office.pk, people.team1.pk, people.team2.pk}

    assert set(scope.of(people.supervisor1).offices) == office
    assert set(scope.of(people.leader1).offices) == office
    assert set(scope.of(people.officer1).offices) == office | {people.bureau.pk}
    assert scope.of(people.inspector1) == Scope(teams=(people.team1.pk,), districts=("410802", "410803", "410804"))
    assert scope.of(people.handler1) == Scope(handled=(people.housing.pk,))


def test_an_administrator_the_deactivated_and_the_unknown_see_no_case(people: Cast) -> None:
    for person in (people.admin, people.deactivated, AnonymousUser(), make_person("nobody", "无职")):
        assert scope.of(person) == Scope()


def test_a_bureaus_supervisor_sees_every_office_below(people: Cast) -> None:
    above = make_person("above", "局里", (people.bureau, "supervisor"))

    assert {people.bureau.pk, people.office.pk, people.team1.pk} <= set(scope.of(above).offices)
    assert people.far_office.pk not in scope.of(above).offices
