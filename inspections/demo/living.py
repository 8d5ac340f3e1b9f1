"""The living set: problems around today's date in every state, topped up at each start."""

import datetime
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone

from casetracker.models import Unit, User
from inspections import workflow
from inspections.demo.photos import Pool
from inspections.demo.year import at, finish, handler_of
from inspections.enums import (
    AssignmentRole,
    EscalationLevel,
    Route,
    Severity,
    Source,
    Status,
    VisitMode,
    VoidKind,
)
from inspections.models import Campaign, Problem, ProblemKind, Site, Visit, VisitInspector
from inspections.workflow import Addressee

# How many problems of the last weeks should stand in each state.
WANTED = {
    Status.FOUND: 8,
    Status.ASSIGNED: 14,
    Status.CLAIMED: 12,
    Status.RECTIFYING: 34,
    Status.REPORTED: 16,
    Status.VERIFIED: 10,
    Status.CLOSED: 14,
    Status.VOID: 2,
}
WINDOW = datetime.timedelta(days=60)

WORDS = {
    "bare_soil": "场内{n}处黄土裸露，约{m}平方米未覆盖",
    "dust": "场内{n}处积尘未及时清扫",
    "road_damage": "出入口道路破损{n}处，未硬化",
    "wet_work": "土方开挖未采取湿法作业，雾炮{n}台未开启",
    "fence": "围挡缺失约{m}米",
    "wheel_wash": "{n}辆次车辆未冲洗带泥上路",
    "material": "物料堆放{n}处未覆盖",
    "truck_cover": "{n}辆渣土车未密闭运输",
    "night_truck": "夜间{n}辆渣土车超载违规上路",
    "road_dust": "路段积尘严重，长约{m}米",
    "fume_missing": "后厨未安装油烟净化设施",
    "fume_dirty": "油烟净化设施{n}个月未清洗",
    "barbecue": "露天烧烤{n}处",
    "open_burning": "焚烧枯叶{n}处",
    "voc": "喷涂工序VOCs废气收集不全",
    "monitoring": "在线监测数据异常{n}小时未报告",
    "fugitive": "{n}处无组织排放",
}
KINDS_OF_SITE = {
    "building_site": ["bare_soil", "dust", "road_damage", "wet_work", "fence", "wheel_wash", "material"],
    "restaurant": ["fume_missing", "fume_dirty", "barbecue"],
    "factory": ["voc", "monitoring", "fugitive", "material"],
    "road": ["road_dust", "road_damage"],
    "bare_land": ["bare_soil", "open_burning"],
    "trucks": ["truck_cover", "night_truck"],
}
DEPARTMENT_OF_SITE = {
    "building_site": "市住房和城乡建设局",
    "restaurant": "市城市管理局",
    "factory": "焦作市生态环境局",
    "road": "市城市管理局",
    "bare_land": "市自然资源和规划局",
    "trucks": "市公安局交警支队",
}


@dataclass
class Scene:
    """What making one problem needs."""

    office: Unit
    people: dict[str, User]
    pool: Pool
    chance: random.Random
    today: datetime.date


def top_up(office: Unit, pool: Pool, say: Callable[[str], None]) -> int:
    """Make what is missing of each state; returns how many problems were made."""
    today = timezone.localdate()
    stand = dict(
        Problem.objects.filter(office=office, found_on__gte=today - WINDOW)
        .values_list("status")
        .annotate(n=Count("pk"))
        .order_by()
    )
    people = {user.username: user for user in User.objects.all()}
    made = 0
    scene = Scene(office, people, pool, random.Random(f"living {today}"), today)
    Campaign.objects.get_or_create(
        office=office,
        name_zh="秋冬季扬尘治理专项行动",
        defaults={"name_en": "Autumn and winter dust drive", "from_on": today.replace(month=1, day=1)},
    )
    sites = _sites(office, scene.chance)
    for status, wanted in WANTED.items():
        for nth in range(stand.get(status, 0), wanted):
            MAKERS[status](scene, next(sites), nth)
            made += 1
    if made:
        say(f"{made} living problems")
    return made


def _sites(office: Unit, chance: random.Random) -> Iterator[Site]:
    """Sites of the first two teams more often than others, so that the sign-ins have work."""
    rows = list(
        Site.objects.filter(office=office, kind__code__in=KINDS_OF_SITE)
        .select_related("kind", "district")
        .order_by("id")
    )
    own = [site for site in rows if site.district_id in ("410802", "410811", "410803", "410804", "410821")]
    while True:
        yield chance.choice(own if chance.random() < 0.6 else rows)


def _found(
    scene: Scene, site: Site, days_ago: int, *, route: Route = Route.CENTRAL, severity: Severity | None = None
) -> Problem:
    """A visit by the team of the district, and one problem found on it."""
    chance = scene.chance
    day = scene.today - datetime.timedelta(days=days_ago)
    mode = chance.choice([VisitMode.PATROL, VisitMode.PATROL, VisitMode.UNANNOUNCED, VisitMode.NIGHT])
    now = past(_begins(day, mode, days_ago, chance))
    team = Unit.objects.filter(kind="team", districts=site.district).order_by("pk").first()
    team = team or Unit.objects.filter(kind="team").order_by("pk")[0]
    members = [post.user for post in team.memberships.filter(role="inspector").select_related("user").order_by("pk")]
    visit = Visit.objects.create(
        team=team,
        site=site,
        site_name=site.name,
        district=site.district,
        on=day,
        started_at=now,
        ended_at=past(now + datetime.timedelta(minutes=25)),
        mode=mode,
        people=len(members),
        campaign=Campaign.objects.filter(office=scene.office).first(),
        lat=site.lat,
        lon=site.lon,
        recorded_by=members[0],
        recorded_at=now,
    )
    VisitInspector.objects.bulk_create([VisitInspector(visit=visit, user=user, name=user.name) for user in members])
    code = chance.choice(KINDS_OF_SITE[site.kind.code])
    count = chance.randrange(2, 9)
    unit = _unit(scene, site)
    return workflow.report(
        by=members[0],
        team=team,
        site=site,
        description=WORDS[code].format(n=count, m=count * 40),
        kind=ProblemKind.objects.get(code=code),
        quantity=count if "{n}" in WORDS[code] else None,
        route=route,
        severity=severity,
        visit=visit,
        unit=unit if route == Route.ON_SPOT else None,
        source=chance.choice([Source.PATROL, Source.PATROL, Source.COMPLAINT, Source.HOTLINE]),
        found_at=now,
        lat=site.lat,
        lon=site.lon,
        shots=[scene.pool.of_kind(code, "before", count, chance, site.lat, site.lon, now)],
        now=now,
    )


def _begins(day: datetime.date, mode: VisitMode, days_ago: int, chance: random.Random) -> datetime.datetime:
    """When a visit begins: by day from five on, a night check late or before dawn, now and then across midnight."""
    minute = chance.randrange(60)
    if mode != VisitMode.NIGHT:
        return at(day, chance.choice([5, 6, 8, 9, 10]), minute)
    hour = chance.choice([22, 23, 0, 1, 3]) if days_ago else chance.choice([0, 1, 3])
    # It lasts 25 minutes and belongs to the day it began.
    return at(day, hour, 40 + minute % 20 if hour == 23 else minute)


def _unit(scene: Scene, site: Site) -> Unit:
    """The department for the kind of site, now and then the local government."""
    government = Unit.objects.filter(kind="government", districts=site.district).first()
    if government is not None and scene.chance.random() < 0.2:
        return government
    return Unit.objects.get(name_zh=DEPARTMENT_OF_SITE[site.kind.code])


def _later(problem: Problem, days: int, hour: int) -> datetime.datetime:
    """An hour of a day after it was found; never before it was reported, never in the future."""
    return past(max(problem.reported_at, at(problem.found_on + datetime.timedelta(days=days), hour)))


def past(moment: datetime.datetime) -> datetime.datetime:
    """The moment, or this one where it still lies ahead."""
    return min(moment, timezone.now())


def _assign(scene: Scene, problem: Problem, *, special: bool = False) -> Problem:
    lead = _unit(scene, problem.site)
    addressees = [Addressee(lead)]
    government = Unit.objects.filter(kind="government", districts=problem.district).first()
    if special and government is not None and government != lead:
        addressees.append(Addressee(government, AssignmentRole.GOVERNMENT))
    return workflow.assign(
        problem,
        by=scene.people["supervisor1"],
        addressees=addressees,
        special=special and len(addressees) > 1,
        goal="问题整改到位，举一反三。",
        now=_later(problem, 0, 15),
    )


def make_found(scene: Scene, site: Site, nth: int) -> None:
    """Waiting for assignment: most of today, one of yesterday; one that two units may answer for."""
    problem = _found(scene, site, 1 if nth == 7 else 0)
    if nth == 3:
        units = [_unit(scene, site), Unit.objects.filter(kind="government", districts=site.district).first()]
        named = [unit for unit in dict.fromkeys(units) if unit is not None]
        if len(named) > 1:
            workflow.name_candidates(problem, by=scene.people["supervisor1"], units=named, reason="权属待核实")


def make_assigned(scene: Scene, site: Site, nth: int) -> None:
    """Not claimed yet: most of these days, two long forgotten."""
    _assign(scene, _found(scene, site, 12 + nth if nth % 6 == 5 else nth % 3), special=nth in (1, 6))


def make_claimed(scene: Scene, site: Site, nth: int) -> Problem:
    problem = _assign(scene, _found(scene, site, 1 + nth % 4))
    assert problem.lead_unit is not None
    return workflow.claim(problem, by=handler_of(problem.lead_unit), now=_later(problem, 0, 17))


def make_rectifying(scene: Scene, site: Site, nth: int) -> None:
    """At work: a third overdue, some near, some with more time asked for or given, one stopped, one escalated."""
    if nth % 11 == 5:
        _found(scene, site, nth % 2, route=Route.ON_SPOT)
        return
    late = nth % 2 == 0
    problem = _assign(scene, _found(scene, site, (9 + nth * 7 % 34) if late else nth % 7))
    assert problem.lead_unit is not None
    by = handler_of(problem.lead_unit)
    problem = workflow.claim(problem, by=by, now=_later(problem, 0, 16))
    problem = workflow.begin_work(problem, by=by, plan="覆盖、清扫、专人负责，按时限完成。", now=_later(problem, 0, 18))
    assert problem.due_on is not None
    more = problem.due_on + datetime.timedelta(days=5)
    supervisor = scene.people["supervisor1"]
    if nth % 8 == 2 or nth % 8 == 6:
        wanted = max(more, scene.today + datetime.timedelta(days=3))
        asked = past(at(problem.due_on, 10))
        extension = workflow.ask_extension(
            problem,
            by=by,
            reason="绿网到货晚，需要更多时间。",
            plan="三日内完成覆盖并自查。",
            wanted_on=wanted,
            now=asked,
        )
        if nth % 8 == 6:
            workflow.decide_extension(problem, by=supervisor, extension=extension, granted_on=wanted, now=asked)
    elif nth % 16 == 4:
        workflow.pause(problem, by=supervisor, reason="重污染天气橙色预警，土方停工。", now=_later(problem, 1, 8))
    elif late and nth % 10 == 0:
        workflow.escalate(
            problem,
            by=supervisor,
            reason="两次提醒后仍未反馈。",
            level=EscalationLevel.SUPERVISION,
            due_on=scene.today + datetime.timedelta(days=3),
        )


def _reported(scene: Scene, site: Site, days_ago: int) -> Problem:
    problem = _assign(scene, _found(scene, site, days_ago))
    assert problem.lead_unit is not None
    by = handler_of(problem.lead_unit)
    problem = workflow.claim(problem, by=by, now=_later(problem, 0, 16))
    problem = workflow.begin_work(problem, by=by, plan="立即整改，专人负责。", now=_later(problem, 0, 18))
    moment = _later(problem, max(1, days_ago - scene.chance.randrange(3)), 9)
    moment = past(moment)
    return workflow.report_back(
        problem,
        by=by,
        text="已按要求整改完成，请核查。",
        shots=[scene.pool.shot(problem, "after", scene.chance, moment)],
        now=moment,
    )


def make_reported(scene: Scene, site: Site, nth: int) -> None:
    _reported(scene, site, 2 + nth % 9)


def make_verified(scene: Scene, site: Site, nth: int) -> None:
    """Waiting to be closed; some put right on the spot while the team was there."""
    if nth % 3 == 2:
        problem = _found(scene, site, nth % 2, route=Route.ON_SPOT)
        moment = past(problem.reported_at + datetime.timedelta(minutes=20))
        assert problem.reported_by is not None
        workflow.fix_on_spot(
            problem,
            by=problem.reported_by,
            shots=[scene.pool.shot(problem, "after", scene.chance, moment)],
            now=moment,
        )
        return
    problem = _reported(scene, site, 4 + nth % 6)
    moment = past(problem.status_since + datetime.timedelta(hours=20))
    workflow.verify(
        problem,
        by=scene.people["supervisor2"],
        shots=[scene.pool.shot(problem, "after", scene.chance, moment)],
        now=moment,
    )


def make_closed(scene: Scene, site: Site, nth: int) -> None:
    problem = _found(scene, site, 8 + nth * 2)
    problem = _assign(scene, problem)
    finish(problem, _later(problem, 1, 9), scene.people, scene.pool, scene.chance)


def make_void(scene: Scene, site: Site, nth: int) -> None:
    problem = _found(scene, site, 3 + nth)
    kind = VoidKind.DUPLICATE if nth else VoidKind.TEST
    workflow.void(
        problem, by=scene.people["supervisor1"], kind=kind, reason="演示：同一处已登记。", now=_later(problem, 0, 15)
    )


MAKERS: dict[Status, Callable[[Scene, Site, int], object]] = {
    Status.FOUND: make_found,
    Status.ASSIGNED: make_assigned,
    Status.CLAIMED: make_claimed,
    Status.RECTIFYING: make_rectifying,
    Status.REPORTED: make_reported,
    Status.VERIFIED: make_verified,
    Status.CLOSED: make_closed,
    Status.VOID: make_void,
}
