"""One more thing found at a site of the demonstration: the visit, the problem and its photo, and who answers for it."""

import datetime
import random
from dataclasses import dataclass

from django.utils import timezone

from casetracker.models import Unit, User
from inspections import workflow
from inspections.demo.photos import Pool
from inspections.demo.year import at
from inspections.enums import Route, Source, VisitMode
from inspections.models import Problem, ProblemKind, Site
from inspections.visiting import campaigns_on, record_visit

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


def found(
    scene: Scene,
    site: Site,
    days_ago: int,
    *,
    route: Route = Route.CENTRAL,
    mode: VisitMode | None = None,
) -> Problem:
    """A visit by the team of the district, and one problem found on it."""
    chance = scene.chance
    day = scene.today - datetime.timedelta(days=days_ago)
    mode = mode or chance.choice([VisitMode.PATROL, VisitMode.PATROL, VisitMode.UNANNOUNCED, VisitMode.NIGHT])
    now = past(begins(day, mode, days_ago, chance))
    team = Unit.objects.filter(kind="team", districts=site.district).order_by("pk").first()
    team = team or Unit.objects.filter(kind="team").order_by("pk")[0]
    members = [post.user for post in team.memberships.filter(role="inspector").select_related("user").order_by("pk")]
    ended = past(now + datetime.timedelta(minutes=25))
    # The problem is reported below and not as a finding of the visit: here it may come from a complaint, too.
    visit = record_visit(
        by=members[0],
        team=team,
        site=site,
        started_at=now,
        ended_at=ended,
        mode=mode,
        inspectors=members,
        campaign=campaigns_on(team, day).filter(office=scene.office).first(),
        lat=site.lat,
        lon=site.lon,
        now=ended,
    ).visit
    code = chance.choice(KINDS_OF_SITE[site.kind.code])
    count = chance.randrange(2, 9)
    return workflow.report(
        by=members[0],
        team=team,
        site=site,
        description=WORDS[code].format(n=count, m=count * 40),
        kind=ProblemKind.objects.get(code=code),
        quantity=count if "{n}" in WORDS[code] else None,
        route=route,
        visit=visit,
        unit=unit_for(scene, site) if route == Route.ON_SPOT else None,
        source=chance.choice([Source.PATROL, Source.PATROL, Source.COMPLAINT, Source.HOTLINE]),
        found_at=now,
        lat=site.lat,
        lon=site.lon,
        shots=[scene.pool.of_kind(code, "before", count, chance, site.lat, site.lon, now)],
        now=now,
    )


def begins(day: datetime.date, mode: VisitMode, days_ago: int, chance: random.Random) -> datetime.datetime:
    """When a visit begins: by day from five on, a night check late or before dawn, now and then across midnight."""
    minute = chance.randrange(60)
    if mode != VisitMode.NIGHT:
        return at(day, chance.choice([5, 6, 8, 9, 10]), minute)
    hour = chance.choice([22, 23, 0, 1, 3]) if days_ago else chance.choice([0, 1, 3])
    # It lasts 25 minutes and belongs to the day it began.
    return at(day, hour, 40 + minute % 20 if hour == 23 else minute)


def unit_for(scene: Scene, site: Site) -> Unit:
    """The department for the kind of site, now and then the local government."""
    government = Unit.objects.filter(kind="government", districts=site.district).first()
    if government is not None and scene.chance.random() < 0.2:
        return government
    return Unit.objects.get(name_zh=DEPARTMENT_OF_SITE[site.kind.code])


def later(problem: Problem, days: int, hour: int) -> datetime.datetime:
    """An hour of a day after it was found; never before it was reported, never in the future."""
    return past(max(problem.reported_at, at(problem.found_on + datetime.timedelta(days=days), hour)))


def past(moment: datetime.datetime) -> datetime.datetime:
    """The moment, or this one where it still lies ahead."""
    return min(moment, timezone.now())
