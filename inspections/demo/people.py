"""The invented office of the demonstration year: its units, people and sign-ins."""

import datetime
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from casetracker.bilingual import in_language
from casetracker.enums import Role, UnitKind
from casetracker.models import District, Membership, Unit, UnitName, User

PASSWORD = "casetracker-demo"  # noqa: S105  shown on the sign-in page of the demonstration
SINCE = datetime.date(2019, 1, 1)
CITY = "410800"

BUREAU = ("焦作市生态环境局", "Jiaozuo Ecology and Environment Bureau", "市生态环境局")
OFFICE = ("焦作市污染防治攻坚战督导组", "Jiaozuo Pollution Control Supervision Group", "市督导组")
TEAMS = [
    ("第一现场督导组", "First site team", ["410802", "410811", "410803"]),
    ("第二现场督导组", "Second site team", ["410804", "410821", "4108Z1"]),
    ("第三现场督导组", "Third site team", ["410822", "410823"]),
    ("第四现场督导组", "Fourth site team", ["410825", "410883"]),
    ("第五现场督导组", "Fifth site team", ["410882", "4108Z1"]),
]
# name, English name, short name, other names in ledgers
DEPARTMENTS: list[tuple[str, str, str, list[str]]] = [
    ("市住房和城乡建设局", "Housing and Construction Bureau", "市住建局", []),
    ("市城市管理局", "City Management Bureau", "市城管局", []),
    ("市自然资源和规划局", "Natural Resources and Planning Bureau", "", []),
    ("市公安局交警支队", "Traffic Police", "", []),
]
GOVERNMENTS = [
    ("解放区政府", "Jiefang District Government", "410802"),
    ("中站区政府", "Zhongzhan District Government", "410803"),
    ("马村区政府", "Macun District Government", "410804"),
    ("山阳区政府", "Shanyang District Government", "410811"),
    ("修武县政府", "Xiuwu County Government", "410821"),
    ("博爱县政府", "Bo’ai County Government", "410822"),
    ("武陟县政府", "Wuzhi County Government", "410823"),
    ("温县政府", "Wen County Government", "410825"),
    ("沁阳市政府", "Qinyang Government", "410882"),
    ("孟州市政府", "Mengzhou Government", "410883"),
    ("示范区管委会", "Demonstration Zone Committee", "4108Z1"),
]


@dataclass(frozen=True)
class Person:
    """One invented person; those with a card on the sign-in page come first."""

    username: str
    name: str
    name_en: str
    role: Role
    unit: str
    language: str = "zh-hans"
    is_head: bool = False


CARDS = [
    Person("inspector1", "李督导", "Inspector Li", Role.INSPECTOR, "第一现场督导组"),
    Person("inspector2", "王督导", "Inspector Wang", Role.INSPECTOR, "第二现场督导组"),
    Person("supervisor1", "陈组长", "Supervisor Chen", Role.SUPERVISOR, OFFICE[0], is_head=True),
    Person("handler1", "周经办", "Handler Zhou", Role.HANDLER, "市住房和城乡建设局"),
    Person("handler2", "吴经办", "Handler Wu", Role.HANDLER, "市城市管理局"),
    Person("officer1", "郑执法", "Officer Zheng", Role.CASE_OFFICER, BUREAU[0]),
    Person("legal1", "钱法审", "Reviewer Qian", Role.LEGAL_REVIEWER, BUREAU[0]),
    Person("leader1", "孙领导", "Leader Sun", Role.LEADER, OFFICE[0]),
    Person("admin", "系统管理员", "Administrator", Role.ADMINISTRATOR, OFFICE[0]),
]
OTHERS = [
    Person("supervisor2", "何组长", "Supervisor He", Role.SUPERVISOR, OFFICE[0]),
    Person("inspector3", "张督导", "Inspector Zhang", Role.INSPECTOR, "第三现场督导组"),
    Person("inspector4", "赵督导", "Inspector Zhao", Role.INSPECTOR, "第四现场督导组"),
    Person("inspector5", "刘督导", "Inspector Liu", Role.INSPECTOR, "第五现场督导组"),
    Person("inspector6", "孔督导", "Inspector Kong", Role.INSPECTOR, "第一现场督导组"),
    Person("inspector7", "曹督导", "Inspector Cao", Role.INSPECTOR, "第二现场督导组"),
]


# The family names of those who answer for the other units, in the old book's order; none stands above.
FAMILIES = (
    *(("冯", "Feng"), ("褚", "Chu"), ("卫", "Wei"), ("蒋", "Jiang"), ("沈", "Shen"), ("韩", "Han"), ("杨", "Yang")),
    *(("朱", "Zhu"), ("秦", "Qin"), ("尤", "You"), ("许", "Xu"), ("吕", "Lü"), ("施", "Shi"), ("严", "Yan")),
    *(("华", "Hua"), ("金", "Jin"), ("魏", "Wei"), ("陶", "Tao"), ("姜", "Jiang"), ("戚", "Qi"), ("谢", "Xie")),
)


def handler_name(place: int) -> tuple[str, str]:
    """Chinese and English name of the invented person who answers for a unit, by its place from 0 on: 冯经办, Handler
    Feng; after the last family name from the first again, numbered."""
    rounds, index = divmod(place, len(FAMILIES))
    family, english = FAMILIES[index]
    again = str(rounds + 1) if rounds else ""
    return f"{family}经办{again}", f"Handler {english} {again}".rstrip()


def make_units() -> Unit:
    """Create the units that are missing; returns the supervision office."""
    bureau = _unit(BUREAU[0], BUREAU[1], UnitKind.BUREAU, short=BUREAU[2])
    office = _unit(OFFICE[0], OFFICE[1], UnitKind.OFFICE, short=OFFICE[2], parent=bureau, prefix="焦督")
    office.districts.set([District.objects.get(code=CITY)])
    for name, english, codes in TEAMS:
        team = _unit(name, english, UnitKind.TEAM, parent=office)
        team.districts.set(District.objects.filter(code__in=codes))
    for name, english, short, others in DEPARTMENTS:
        unit = _unit(name, english, UnitKind.DEPARTMENT, short=short)
        for other in others:
            UnitName.objects.get_or_create(name=other, defaults={"unit": unit})
    for name, english, code in GOVERNMENTS:
        unit = _unit(name, english, UnitKind.GOVERNMENT)
        unit.districts.set(District.objects.filter(code=code))
    return office


def _unit(
    name: str, english: str, kind: UnitKind, *, short: str = "", parent: Unit | None = None, prefix: str = ""
) -> Unit:
    unit = Unit.objects.filter(name_zh=name).first() or Unit(name_zh=name)
    unit.name_en, unit.kind, unit.short_zh, unit.parent, unit.number_prefix = english, kind, short, parent, prefix
    unit.save()
    return unit


def make_people() -> None:
    """Create the people that are missing: the nine with cards may sign in, the others only answer for their units."""
    password = make_password(PASSWORD)
    for person in CARDS:
        _person(person, password)
    for person in OTHERS:
        _person(person, make_password(None))
    for position, unit in enumerate(
        Unit.objects.filter(kind__in=[UnitKind.DEPARTMENT, UnitKind.GOVERNMENT, UnitKind.BUREAU]).order_by("pk"), 3
    ):
        if not unit.memberships.filter(role=Role.HANDLER).exists():
            name, english = handler_name(position - 3)
            _person(
                Person(f"handler{position}", name, english, Role.HANDLER, unit.name_zh),
                make_password(None),
            )


def _person(person: Person, password: str) -> None:
    user, made = User.objects.get_or_create(
        username=person.username,
        defaults={
            "name": person.name,
            "name_en": person.name_en,
            "language": person.language,
            "email": f"{person.username}@casetracker.invalid",
            "password": password,
        },
    )
    if made:
        Membership.objects.create(
            user=user,
            unit=Unit.objects.get(name_zh=person.unit),
            role=person.role,
            from_on=SINCE,
            is_head=person.is_head,
        )


def cards() -> list[dict[str, str]]:
    """The sign-in page's one-click cards in the active language: username, name, role, unit."""
    return [
        {
            "username": person.username,
            "name": in_language(person.name, person.name_en),
            "role": str(person.role.label),
            "unit": _unit_word(person.unit),
        }
        for person in CARDS
    ]


def _unit_word(name: str) -> str:
    for zh, en, *_rest in (BUREAU, OFFICE, *TEAMS, *DEPARTMENTS):
        if zh == name:
            return in_language(zh, str(en))
    return name
