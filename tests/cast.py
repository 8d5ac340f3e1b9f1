"""The people and units that every test plays with: cast() writes them into the test's database.

Two cities. The first has a bureau with a supervision office and two teams, two departments and two district
governments; the second has only what an outsider needs. Names are invented, districts are the preloaded ones.
"""

import datetime
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from casetracker.enums import Language, Role, UnitKind
from casetracker.models import District, Membership, Unit, User

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


def cast() -> Cast:
    """Write units, people and memberships (from 2019 on) and return them; once per database."""
    bureau = make_unit("市生态环境局", UnitKind.BUREAU, name_en="Environmental Bureau", districts=["410800"])
    office = make_unit(
        "市污染防治督导办公室",
        UnitKind.OFFICE,
        name_en="Supervision Office",
        parent=bureau,
        number_prefix="焦督",
        districts=["410800"],
    )
    first = ["410802", "410803", "410804"]
    second = ["410811", "410821", "4108Z1"]
    team1 = make_unit("第一现场督导组", UnitKind.TEAM, name_en="Team 1", parent=office, districts=first)
    team2 = make_unit("第二现场督导组", UnitKind.TEAM, name_en="Team 2", parent=office, districts=second)
    housing = make_unit("市住建局", UnitKind.DEPARTMENT, name_en="Housing Bureau", districts=["410800"])
    city_management = make_unit("市城管局", UnitKind.DEPARTMENT, name_en="City Management", districts=["410800"])
    jiefang = make_unit("解放区政府", UnitKind.GOVERNMENT, name_en="Jiefang Government", districts=["410802"])
    shanyang = make_unit("山阳区政府", UnitKind.GOVERNMENT, name_en="Shanyang Government", districts=["410811"])
    far_bureau = make_unit("吕梁生态环境局", UnitKind.BUREAU, name_en="Far Bureau", districts=["141100"])
    far_office = make_unit(
        "吕梁督导办公室",
        UnitKind.OFFICE,
        name_en="Far Office",
        parent=far_bureau,
        number_prefix="吕督",
        districts=["141100"],
    )
    far_team = make_unit("吕梁督导一组", UnitKind.TEAM, name_en="Far Team", parent=far_office, districts=["141102"])
    far_housing = make_unit("吕梁住建局", UnitKind.DEPARTMENT, name_en="Far Housing", districts=["141100"])
    outsider = make_person("outsider", "温同", (far_team, Role.INSPECTOR))
    join(outsider, far_office, Role.SUPERVISOR)
    deactivated = make_person("deactivated", "韩止", (team1, Role.INSPECTOR))
    join(deactivated, office, Role.SUPERVISOR)
    deactivated.is_active = False
    deactivated.save(update_fields=["is_active"])
    return Cast(
        bureau=bureau,
        office=office,
        team1=team1,
        team2=team2,
        housing=housing,
        city_management=city_management,
        jiefang=jiefang,
        shanyang=shanyang,
        far_bureau=far_bureau,
        far_office=far_office,
        far_team=far_team,
        far_housing=far_housing,
        inspector1=make_person("inspector1", "陈望", (team1, Role.INSPECTOR)),
        inspector2=make_person("inspector2", "李禾", (team2, Role.INSPECTOR)),
        supervisor1=make_person("supervisor1", "周衡", (office, Role.SUPERVISOR)),
        supervisor2=make_person("supervisor2", "吴越", (office, Role.SUPERVISOR)),
        handler1=make_person("handler1", "赵岩", (housing, Role.HANDLER)),
        handler2=make_person("handler2", "钱树", (city_management, Role.HANDLER)),
        government1=make_person("government1", "冯原", (jiefang, Role.HANDLER)),
        officer1=make_person("officer1", "孙执", (bureau, Role.CASE_OFFICER)),
        legal1=make_person("legal1", "郑审", (bureau, Role.LEGAL_REVIEWER)),
        leader1=make_person("leader1", "王领", (office, Role.LEADER)),
        admin=make_person("admin", "马管", (bureau, Role.ADMINISTRATOR)),
        outsider=outsider,
        far_handler=make_person("far_handler", "许远", (far_housing, Role.HANDLER)),
        deactivated=deactivated,
    )


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
    unit.districts.set(District.objects.filter(code__in=districts or []))
    return unit


def make_person(username: str, name: str, *posts: tuple[Unit, Role], language: Language = Language.ENGLISH) -> User:
    """A person with the password PASSWORD and memberships from SINCE on."""
    person = User.objects.create(
        username=username,
        name=name,
        email=f"{username}@example.org",
        language=language,
        password=make_password(PASSWORD),
    )
    for unit, role in posts:
        join(person, unit, role)
    return person


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
    for name in ("posts", "_inspection_scope", "_posts_ever"):
        person.__dict__.pop(name, None)
