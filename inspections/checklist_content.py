"""The checklists every installation starts with, version 1. Administrators issue new versions later.

A clause here is the place where the duty is thought to stand; nobody has verified it yet, so it is marked
"to be verified" on the screen and never printed.
"""

import datetime
from typing import Any, NamedTuple

ISSUED_ON = datetime.date(2019, 1, 1)


class Line(NamedTuple):
    """One item: what to look at (zh, en), the kind of problem it raises, the clause, the usual term in days."""

    zh: str
    en: str
    kind: str
    clause: str
    days: int


class Sheet(NamedTuple):
    """One checklist with the kinds of site it is meant for."""

    code: str
    zh: str
    en: str
    site_kinds: tuple[str, ...]
    lines: tuple[Line, ...]


def air(article: str) -> str:
    return f"《中华人民共和国大气污染防治法》{article}"


def water(article: str) -> str:
    return f"《中华人民共和国水污染防治法》{article}"


SIX = Sheet(
    "six_hundreds",
    "建筑工地六个百分之百",
    "Building sites: the six hundred per cents",
    ("building_site",),
    (
        Line("工地周边百分之百围挡", "Fencing all round the site", "fence", air("第六十九条"), 3),
        Line("裸土和物料堆放百分之百覆盖", "All bare earth and material covered", "bare_soil", air("第六十九条"), 1),
        Line("出入车辆百分之百冲洗", "Every vehicle washed on leaving", "wheel_wash", air("第六十九条"), 1),
        Line("施工现场道路百分之百硬化", "All site roads paved", "road_damage", air("第六十九条"), 7),
        Line(
            "土方开挖和拆迁百分之百湿法作业", "All earthwork and demolition kept wet", "wet_work", air("第六十九条"), 1
        ),
        Line("渣土车辆百分之百密闭运输", "Every waste truck closed", "truck_cover", air("第七十条"), 1),
    ),
)
FUMES = Sheet(
    "catering_fumes",
    "餐饮油烟",
    "Catering fumes",
    ("restaurant",),
    (
        Line("已安装油烟净化设施", "A fume purifier is installed", "fume_missing", air("第八十一条"), 7),
        Line("净化设施与灶头数量相配", "The purifier fits the number of stoves", "fume_missing", air("第八十一条"), 15),
        Line("营业时净化设施正常运行", "It runs while the kitchen works", "fume_missing", air("第八十一条"), 1),
        Line(
            "净化设施定期清洗并有记录",
            "It is cleaned regularly, with a record",
            "fume_dirty",
            air("第八十一条"),
            3,
        ),
        Line("油烟经专用烟道排放，无直排", "Fumes leave by their own duct", "fume_missing", air("第八十一条"), 7),
        Line("无露天烧烤", "No open-air barbecue", "barbecue", air("第八十一条"), 1),
    ),
)
VOC = Sheet(
    "voc_enterprise",
    "涉VOCs企业",
    "Enterprises with VOCs",
    ("factory",),
    (
        Line(
            "产生VOCs的工序在密闭空间或设备中进行",
            "Work that gives off VOCs is done in closed rooms or machines",
            "voc",
            air("第四十五条"),
            15,
        ),
        Line(
            "收集和治理设施与生产同步运行",
            "Collection and treatment run whenever production runs",
            "voc",
            air("第四十五条"),
            3,
        ),
        Line(
            "含VOCs物料密闭储存和转移",
            "VOC materials are stored and moved in closed containers",
            "fugitive",
            air("第四十五条"),
            3,
        ),
        Line(
            "活性炭等耗材按期更换并有台账",
            "Carbon and other consumables are replaced in time, with a record",
            "voc",
            air("第四十六条"),
            7,
        ),
        Line("无跑冒滴漏和明显异味", "No leaks and no clear smell", "fugitive", air("第四十七条"), 3),
        Line(
            "在线监测正常，数据已联网",
            "Online monitoring works and sends its data",
            "monitoring",
            air("第二十四条"),
            3,
        ),
    ),
)
OUTFALL = Sheet(
    "outfall",
    "入河排污口",
    "Outfalls into rivers",
    ("outfall",),
    (
        Line("标识牌设置规范、信息完整", "A sign stands there and is complete", "outfall", water("第二十二条"), 15),
        Line("设置已经批准或登记", "The outfall is approved or registered", "outfall", water("第十九条"), 30),
        Line("晴天雨水口无污水流出", "No sewage from a rain outfall in dry weather", "outfall", water("第二十二条"), 3),
        Line("排水无异常颜色和气味", "The water has no odd colour or smell", "outfall", water("第十条"), 3),
        Line("采样和监测位置可以到达", "The sampling point can be reached", "outfall", water("第二十二条"), 15),
        Line("周边无垃圾堆放", "No rubbish around it", "other", water("第三十七条"), 3),
    ),
)
ROAD = Sheet(
    "road_dust",
    "道路扬尘",
    "Road dust",
    ("road",),
    (
        Line("路面无明显积尘", "No visible dust on the road", "road_dust", air("第七十条"), 1),
        Line("机械化清扫和洒水按频次进行", "Swept and sprayed as often as planned", "road_dust", air("第七十条"), 1),
        Line("路面无破损、坑洼", "No broken surface or holes", "road_damage", air("第七十条"), 7),
        Line("无渣土、物料遗撒", "No spilled earth or material", "road_dust", air("第七十条"), 1),
        Line("路肩和绿化带无裸土", "No bare earth on verges and strips", "bare_soil", air("第七十二条"), 7),
        Line(
            "过往渣土车密闭、无超载", "Passing trucks are closed and not overloaded", "truck_cover", air("第七十条"), 1
        ),
    ),
)
SHEETS = (SIX, FUMES, VOC, OUTFALL, ROAD)


def load(apps: Any, using: str) -> None:
    """Write the checklists that are missing; one whose code is there already stays as it is, with its versions."""
    Checklist = apps.get_model("inspections", "Checklist")
    Version = apps.get_model("inspections", "ChecklistVersion")
    Item = apps.get_model("inspections", "ChecklistItem")
    site_kinds = {kind.code: kind for kind in apps.get_model("inspections", "SiteKind").objects.using(using).all()}
    kinds = {kind.code: kind for kind in apps.get_model("inspections", "ProblemKind").objects.using(using).all()}
    for sheet in SHEETS:
        checklist, made = Checklist.objects.using(using).get_or_create(
            code=sheet.code, defaults={"name_zh": sheet.zh, "name_en": sheet.en}
        )
        if not made:
            continue
        checklist.site_kinds.set([site_kinds[code] for code in sheet.site_kinds if code in site_kinds])
        version = Version.objects.using(using).create(checklist=checklist, number=1, issued_on=ISSUED_ON)
        Item.objects.using(using).bulk_create(
            [
                Item(
                    version=version,
                    position=position,
                    name_zh=line.zh,
                    name_en=line.en,
                    kind=kinds.get(line.kind),
                    clause=line.clause,
                    term_days=line.days,
                )
                for position, line in enumerate(sheet.lines, start=1)
            ]
        )
