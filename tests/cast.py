"""The people and units that every test plays with: cast() writes them into the test's database.

Two cities. The first has a bureau with a supervision office and two teams, two departments and two district
governments; the second has only what an outsider needs. Names are invented, districts are the preloaded ones.
"""

import datetime
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.test import Client

from casetracker import options
from casetracker.enums import Language, Role, UnitKind
from casetracker.models import Membership, Unit, User

PASSWORD = "casetracker-demo"
SINCE = datetime.date(2019, 1, 1)


@dataclass(frozen=True)
class Cast:
    """Everybody and every unit, by the name the tests use."""

    bureau: Unit
    office: Unit
    team1: Unit
    team2: Unit
    housing: Unit
    city_management: Unit
    jiefang: Unit
    shanyang: Unit
    far_bureau: Unit
    far_office: Unit
    far_team: Unit
    far_housing: Unit

    inspector1: User
    inspector2: User
    supervisor1: User
    supervisor2: User
    handler1: User
    handler2: User
    government1: User
    officer1: User
    legal1: User
    leader1: User
    admin: User
    outsider: User
    far_handler: User
    deactivated: User

    def everybody(self) -> dict[str, User]:
        """Every person by name, the deactivated one too."""
        return {name: value for name, value in vars(self).items() if isinstance(value, User)}


# Name in the cast: Chinese name, English name, kind, parent, number prefix, districts.
UNITS: dict[str, tuple[str, str, UnitKind, str, str, str]] = {
    "bureau": ("市生态环境局", "Environmental Bureau", UnitKind.BUREAU, "", "", "410800"),
    "office": ("市污染防治督导办公室", "Supervision Office", UnitKind.OFFICE, "bureau", "焦督", "410800"),
    "team1": ("第一现场督导组", "Team 1", UnitKind.TEAM, "office", "", "410802 410803 410804"),
    "team2": ("第二现场督导组", "Team 2", UnitKind.TEAM, "office", "", "410811 410821 4108Z1"),
    "housing": ("市住建局", "Housing Bureau", UnitKind.DEPARTMENT, "", "", "410800"),
    "city_management": ("市城管局", "City Management", UnitKind.DEPARTMENT, "", "", "410800"),
    "jiefang": ("解放区政府", "Jiefang Government", UnitKind.GOVERNMENT, "", "", "410802"),
    "shanyang": ("山阳区政府", "Shanyang Government", UnitKind.GOVERNMENT, "", "", "410811"),
    "far_bureau": ("吕梁生态环境局", "Far Bureau", UnitKind.BUREAU, "", "", "141100"),
    "far_office": ("吕梁督导办公室", "Far Office", UnitKind.OFFICE, "far_bureau", "吕督", "141100"),
    "far_team": ("吕梁督导一组", "Far Team", UnitKind.TEAM, "far_office", "", "141102"),
    "far_housing": ("吕梁住建局", "Far Housing", UnitKind.DEPARTMENT, "", "", "141100"),
}

# User name: name, and the posts held since SINCE.
PEOPLE: dict[str, tuple[str, list[tuple[str, Role]]]] = {
    "inspector1": ("陈望", [("team1", Role.INSPECTOR)]),
    "inspector2": ("李禾", [("team2", Role.INSPECTOR)]),
    "supervisor1": ("周衡", [("office", Role.SUPERVISOR)]),
    "supervisor2": ("吴越", [("office", Role.SUPERVISOR)]),
    "handler1": ("赵岩", [("housing", Role.HANDLER)]),
    "handler2": ("钱树", [("city_management", Role.HANDLER)]),
    "government1": ("冯原", [("jiefang", Role.HANDLER)]),
    "officer1": ("孙执", [("bureau", Role.CASE_OFFICER)]),
    "legal1": ("郑审", [("bureau", Role.LEGAL_REVIEWER)]),
    "leader1": ("王领", [("office", Role.LEADER)]),
    "admin": ("马管", [("bureau", Role.ADMINISTRATOR)]),
    "outsider": ("温同", [("far_team", Role.INSPECTOR), ("far_office", Role.SUPERVISOR)]),
    "far_handler": ("许远", [("far_housing", Role.HANDLER)]),
    "deactivated": ("韩止", [("team1", Role.INSPECTOR), ("office", Role.SUPERVISOR)]),
}


def cast() -> Cast:
    """Write units, people and memberships (from 2019 on) and return them; once per database.

    Nothing is drawn for a look-back unless a test asks for it: the draw goes by random identifiers.
    """
    options.put("look_back_percent", 0)
    units: dict[str, Unit] = {}
    for key, (name, name_en, kind, parent, prefix, districts) in UNITS.items():
        units[key] = make_unit(
            name,
            kind,
            name_en=name_en,
            parent=units[parent] if parent else None,
            number_prefix=prefix,
            districts=districts.split(),
        )
    people = {key: _person(key, name) for key, (name, _posts) in PEOPLE.items()}
    people["deactivated"].is_active = False
    User.objects.bulk_create(people.values())
    Membership.objects.bulk_create(
        Membership(user=people[key], unit=units[unit], role=role, from_on=SINCE)
        for key, (_name, posts) in PEOPLE.items()
        for unit, role in posts
    )
    return Cast(**units, **people)  # type: ignore[arg-type]


def make_unit(
    name: str,
    kind: UnitKind,
    *,
    name_en: str = "",
    parent: Unit | None = None,
    number_prefix: str = "",
    districts: list[str] | None = None,
    valid_until: datetime.date | None = None,
) -> Unit:
    unit = Unit(
        name_zh=name,
        name_en=name_en,
        kind=kind,
        parent=parent,
        number_prefix=number_prefix,
        sort_key=name,
        valid_until=valid_until,
    )
    unit.save()
    unit.districts.add(*districts or [])  # type: ignore[arg-type]
    return unit


def make_person(username: str, name: str, *posts: tuple[Unit, Role], language: Language = Language.ENGLISH) -> User:
    """A person with the password PASSWORD and memberships from SINCE on."""
    person = _person(username, name, language)
    person.save()
    for unit, role in posts:
        join(person, unit, role)
    return person


def _person(username: str, name: str, language: Language = Language.ENGLISH) -> User:
    password = make_password(PASSWORD)
    return User(username=username, name=name, email=f"{username}@example.org", language=language, password=password)


def join(
    person: User,
    unit: Unit,
    role: Role,
    from_on: datetime.date = SINCE,
    until_on: datetime.date | None = None,
    **more: bool,
) -> Membership:
    """Give a person a post; whatever the person was read to be today is forgotten."""
    forget(person)
    return Membership.objects.create(user=person, unit=unit, role=role, from_on=from_on, until_on=until_on, **more)


def leave(person: User, unit: Unit, until_on: datetime.date) -> None:
    """End a person's posts in a unit; `until_on` is the last day there."""
    Membership.objects.filter(user=person, unit=unit).update(until_on=until_on)
    forget(person)


def forget(person: User) -> None:
    """Drop what was read of the person's posts, as a new request would."""
    for name in [name for name in vars(person) if name in ("posts", "posts_ever") or name.startswith("_inspection_")]:
        del person.__dict__[name]


def sign_in(person: User) -> Client:
    """A browser of the person, signed in."""
    client = Client()
    client.force_login(person)
    return client
