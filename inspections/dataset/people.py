"""The invented province of a data set: an office, a team per district, and units that answer for problems."""

import datetime
from dataclasses import dataclass

from casetracker.enums import Role, UnitKind
from casetracker.models import District, Membership, Unit, User

SINCE = datetime.date(2000, 1, 1)
BUREAU = ("数据集生态环境厅", "Data Set Environment Department")
OFFICE = ("数据集督导组", "Data Set Supervision Group")
PREFIX = "数督"
# Handlers of all districts together: with the inspectors some 2,000 readers of the weekly mail in the largest set.
UNITS_PER_DISTRICT = (2, 50)
PROBLEMS_PER_UNIT = 500


@dataclass(frozen=True)
class Seat:
    """Who finds and who answers for the problems of one unit in one district."""

    district: str
    district_zh: str
    team: int
    team_zh: str
    inspector: int
    inspector_zh: str
    unit: int
    unit_zh: str
    handler: int
    handler_zh: str
    government: int
    government_zh: str
    official: int
    official_zh: str


def find_office() -> Unit | None:
    """The office of the data set, where one was begun here."""
    return Unit.objects.filter(name_zh=OFFICE[0]).first()


def make_office() -> Unit:
    """The office with its bureau and its two supervisors."""
    bureau = _unit(BUREAU[0], BUREAU[1], UnitKind.BUREAU)
    office = _unit(OFFICE[0], OFFICE[1], UnitKind.OFFICE, parent=bureau, prefix=PREFIX)
    office.districts.set(District.objects.filter(parent=None))
    for place in (1, 2):
        _person(f"dataset-supervisor{place}", f"数据组长{place}", office, Role.SUPERVISOR)
    return office


def make_seats(office: Unit, problems: int) -> list[Seat]:
    """One seat per unit, in the order of the districts; as many units as the number of problems keeps busy."""
    districts = list(District.objects.filter(children=None).select_related("parent").order_by("code"))
    least, most = UNITS_PER_DISTRICT
    each = min(most, max(least, problems // PROBLEMS_PER_UNIT // len(districts)))
    places = [_place(office, district) for district in districts]
    seats = []
    for nth in range(1, each + 1):
        for district, (team, inspector, government, official) in zip(districts, places, strict=True):
            names = f"{_called(district)}第{nth}数据责任单位", f"{district.name_en} data unit {nth}"
            unit = _unit(*names, UnitKind.DEPARTMENT, districts=[district])
            handler = _person(
                f"dataset-handler-{district.code}-{nth}", f"数据经办{district.code}-{nth}", unit, Role.HANDLER
            )
            seats.append(
                Seat(
                    *(district.code, district.name_zh),
                    *(team.pk, team.name_zh),
                    *(inspector.pk, inspector.name),
                    *(unit.pk, unit.name_zh),
                    *(handler.pk, handler.name),
                    *(government.pk, government.name_zh),
                    *(official.pk, official.name),
                )
            )
    return seats


def _place(office: Unit, district: District) -> tuple[Unit, User, Unit, User]:
    """The team and the local government of a district, each with its person."""
    name, english = _called(district), district.name_en
    team = _unit(f"{name}数据督导队", f"{english} data team", UnitKind.TEAM, parent=office, districts=[district])
    government = _unit(f"{name}数据政府", f"{english} data government", UnitKind.GOVERNMENT, districts=[district])
    inspector = _person(f"dataset-inspector-{district.code}", f"数据督导{district.code}", team, Role.INSPECTOR)
    official = _person(f"dataset-official-{district.code}", f"数据政府经办{district.code}", government, Role.HANDLER)
    return team, inspector, government, official


def _called(district: District) -> str:
    """With the city's name before it: counties of different cities are called alike."""
    return (district.parent.name_zh if district.parent else "") + district.name_zh


def _unit(
    name: str,
    english: str,
    kind: UnitKind,
    *,
    parent: Unit | None = None,
    prefix: str = "",
    districts: list[District] | None = None,
) -> Unit:
    unit = Unit.objects.filter(name_zh=name).first()
    if unit is None:
        unit = Unit(name_zh=name, name_en=english, kind=kind, parent=parent, number_prefix=prefix)
        unit.save()
        unit.districts.set(districts or [])
    return unit


def _person(username: str, name: str, unit: Unit, role: Role) -> User:
    """A person who can never sign in: the password is unusable."""
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User(username=username, name=name, email=f"{username}@casetracker.invalid")
        user.set_unusable_password()
        user.save()
        Membership.objects.create(user=user, unit=unit, role=role, from_on=SINCE)
    return user
