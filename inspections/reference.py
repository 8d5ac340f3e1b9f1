"""What every installation starts with: terms, kinds of site and of problem. Administrators change them later."""

import datetime
from typing import Any

START = datetime.date(2016, 9, 1)  # the month of the 13710 notice
# A notice of Shanxi binds nobody elsewhere: an office of another province has its terms because it took them over,
# and each rule says so. An administrator enters the own province's rule where there is one.
S13710_ZH = "参照山西省政府办公厅2016年9月“13710”工作制度通知"
S13710_EN = "taken over from the notice on the 13710 working system, Shanxi government office, September 2016"
OFFICE_ZH, OFFICE_EN = "督导组工作规则", "rule of the office"

# code, Chinese and English name, amount, counted in, cut-off, source in Chinese and English
RULES: list[tuple[str, str, str, int, str, str, str, str]] = [
    ("deploy", "当天交办", "Assignment on the same day", 0, "day", "", f"{S13710_ZH}第1项", f"{S13710_EN}, item 1"),
    ("claim", "领办", "Claiming", 1, "workday", "", OFFICE_ZH, OFFICE_EN),
    (
        "feedback",
        "3天内反馈",
        "First feedback within 3 days",
        3,
        "day",
        "",
        f"{S13710_ZH}第2项",
        f"{S13710_EN}, item 2",
    ),
    ("rectify_ordinary", "一般问题", "Ordinary problems", 7, "day", "", f"{S13710_ZH}第3项", f"{S13710_EN}, item 3"),
    (
        "rectify_major",
        "重大、复杂问题",
        "Major problems",
        1,
        "month",
        "",
        f"{S13710_ZH}第4项",
        f"{S13710_EN}, item 4",
    ),
    ("rectify_on_spot", "立行立改", "Put right on the spot", 1, "day", "", OFFICE_ZH, OFFICE_EN),
    ("verify", "反馈后核查", "Verification after a report", 2, "workday", "", OFFICE_ZH, OFFICE_EN),
    ("close", "核查后销号", "Closing after verification", 2, "workday", "", OFFICE_ZH, OFFICE_EN),
    ("extension", "审批延期", "Decision on an extension", 1, "workday", "17:00", OFFICE_ZH, OFFICE_EN),
    ("look_back", "回头看", "Look-back", 10, "workday", "", OFFICE_ZH, OFFICE_EN),
]

# code, Chinese, English, other names in ledgers
SITE_KINDS: list[tuple[str, str, str, list[str]]] = [
    ("building_site", "建筑工地", "Building site", ["工地", "施工工地", "建筑施工"]),
    ("restaurant", "餐饮门店", "Restaurant", ["餐饮", "饭店", "餐馆"]),
    ("factory", "工业企业", "Factory", ["企业", "工厂"]),
    ("road", "道路", "Road", ["道路扬尘点位", "路段"]),
    ("bare_land", "裸露地块", "Bare land", ["裸地", "地块"]),
    ("trucks", "渣土车辆", "Construction-waste trucks", ["渣土车", "运输车辆"]),
    ("outfall", "入河排污口", "Outfall", ["排污口", "排水口", "雨水口"]),
    ("other", "其他", "Other", []),
]

# code, Chinese, English, severity, counted in (zh, en), other names
PROBLEM_KINDS: list[tuple[str, str, str, str, str, str, list[str]]] = [
    ("bare_soil", "黄土裸露未覆盖", "Bare earth uncovered", "ordinary", "处", "places", ["黄土裸露", "裸土未覆盖"]),
    ("dust", "场地积尘", "Dust on the ground", "ordinary", "处", "places", ["积尘"]),
    ("road_damage", "道路破损", "Broken road surface", "ordinary", "处", "places", ["路面破损"]),
    ("wet_work", "土方湿法作业不完善", "Earthwork not kept wet", "ordinary", "个", "pieces", ["未湿法作业"]),
    ("fence", "围挡不全", "Fencing incomplete", "ordinary", "处", "places", ["围挡缺失"]),
    ("wheel_wash", "车辆未冲洗", "Vehicles not washed", "ordinary", "辆次", "vehicles", ["车辆带泥上路"]),
    ("material", "物料未覆盖", "Material uncovered", "ordinary", "处", "places", ["物料露天堆放"]),
    ("truck_cover", "渣土车未密闭", "Truck not closed", "ordinary", "辆", "vehicles", ["渣土车未密闭运输"]),
    ("night_truck", "超载夜间违规上路", "Overloaded truck on the road at night", "ordinary", "辆", "vehicles", []),
    ("road_dust", "道路扬尘", "Road dust", "ordinary", "处", "places", []),
    ("fume_missing", "油烟净化设施未安装", "No fume purifier", "ordinary", "处", "places", ["未安装油烟净化设施"]),
    ("fume_dirty", "油烟净化设施未清洗", "Fume purifier not cleaned", "ordinary", "处", "places", []),
    ("barbecue", "露天烧烤", "Open-air barbecue", "ordinary", "处", "places", []),
    ("open_burning", "露天焚烧", "Open burning", "ordinary", "处", "places", ["焚烧"]),
    ("voc", "VOCs收集不全", "VOCs not fully collected", "major", "处", "places", ["VOC收集不全"]),
    ("monitoring", "在线监测异常", "Online monitoring abnormal", "major", "处", "places", []),
    ("fugitive", "无组织排放", "Fugitive emission", "major", "处", "places", []),
    ("outfall", "排污口不规范", "Outfall not in order", "ordinary", "个", "outfalls", []),
    ("other", "其他问题", "Other problem", "ordinary", "处", "places", []),
]


def load(apps: Any, using: str) -> None:
    """Write the rows that are missing; rows an administrator has changed stay as they are."""
    Rule = apps.get_model("casetracker", "DeadlineRule")
    for code, zh, en, amount, unit, cutoff, source_zh, source_en in RULES:
        Rule.objects.using(using).get_or_create(
            code=code,
            effective_from=START,
            defaults={
                "name_zh": zh,
                "name_en": en,
                "amount": amount,
                "unit": unit,
                "cutoff": datetime.time.fromisoformat(cutoff) if cutoff else None,
                "source_zh": source_zh,
                "source_en": source_en,
            },
        )
    SiteKind = apps.get_model("inspections", "SiteKind")
    for position, (code, zh, en, aliases) in enumerate(SITE_KINDS):
        SiteKind.objects.using(using).get_or_create(
            code=code, defaults={"name_zh": zh, "name_en": en, "aliases": aliases, "position": position}
        )
    ProblemKind = apps.get_model("inspections", "ProblemKind")
    for position, (code, zh, en, severity, measure_zh, measure_en, aliases) in enumerate(PROBLEM_KINDS):
        ProblemKind.objects.using(using).get_or_create(
            code=code,
            defaults={
                "name_zh": zh,
                "name_en": en,
                "severity": severity,
                "measure_zh": measure_zh,
                "measure_en": measure_en,
                "aliases": aliases,
                "position": position,
            },
        )
