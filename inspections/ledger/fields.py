"""The canonical columns of each kind of ledger: what they hold, what others call them, which words they know."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from inspections.ledger import cells, checks
from inspections.ledger.cells import Cell, normalise


@dataclass(frozen=True)
class Context:
    """What the mapping and the row add to reading a cell: see cells.as_date."""

    year: int | None = None
    date_order: str = ""
    date_1904: bool = False
    not_before: datetime.date | None = None


@dataclass(frozen=True)
class Field:
    """One canonical column. `holds` names the parser; `choices` are normalised cell texts and their values."""

    holds: str
    headers: tuple[str, ...]
    required: bool = False
    longest: int = 0
    choices: Mapping[str, str] = field(default_factory=dict)

    def read(self, cell: Cell, context: Context) -> Any:
        """Return the cell's value as Python, None when it is empty (names: an empty list). Raises CellError."""
        match self.holds:
            case "text":
                return cells.as_text(cell, longest=self.longest or 10_000)
            case "name":
                return cells.as_name(cell, longest=self.longest or 120)
            case "names":
                return cells.as_names(cell, longest=self.longest or 120)
            case "code":
                return cells.as_code(cell, longest=self.longest or 60)
            case "number":
                return cells.as_number_text(cell)
            case "date":
                return cells.as_date(
                    cell,
                    year=context.year,
                    order=context.date_order,
                    date_1904=context.date_1904,
                    not_before=context.not_before,
                )
            case "choice":
                return cells.as_choice(cell, self.choices)
            case "bool":
                return cells.as_bool(cell)
            case "int":
                return cells.as_int(cell, most=self.longest or 30_000)
            case "decimal":
                return cells.as_decimal(cell, least=Decimal("0.01"))
            case "check":
                return checks.read(cell)
            case "lat":
                return cells.as_lat(cell)
            case "lon":
                return cells.as_lon(cell)
        raise AssertionError(self.holds)


def words(**values: str) -> dict[str, str]:
    """Return normalised words and the value each means; every value is a word for itself, too."""
    return {
        normalise(word): value
        for value, listed in values.items()
        for word in [value, value.replace("_", " "), *listed.split()]
    }


ROUTES = words(
    on_spot="立行立改 现场交办 即知即改 现场整改 立即整改 当场整改 onthespot",
    central="集中交办 中心交办 集中 交办 centralassignment",
)
# some offices write the overlay into the column of the route; it is central then, and special
SPECIAL_ROUTES = frozenset(["专项交办", "special", "specialassignment"])
SEVERITIES = words(ordinary="一般 一般问题 普通 较轻 minor general", major="重大 重大问题 严重 突出 突出问题 serious")
SOURCES = words(
    patrol="日常巡查 巡查 现场督导 自查 督导 ownpatrol",
    random="双随机 双随机检查 随机抽查 随机 randomcheck",
    complaint="投诉 投诉举报 信访 群众举报 举报 信访举报",
    hotline="热线 12345 12369 12345热线 12369热线 市长热线",
    higher="上级交办 上级督察 上级督办 省级交办 部级交办 督察交办 inspectionfromabove",
    media="媒体 媒体反映 媒体曝光 舆情 新闻",
    monitoring="监测 监测数据 在线监测 监控 自动监控",
    drone="无人机 无人机巡查",
    river="巡河 河长巡查 riverpatrol",
)
MODES = words(
    patrol="巡查 日常巡查 日常检查 日常",
    random="随机抽查 双随机 双随机检查 抽查 randomcheck",
    unannounced="四不两直 暗访 突击检查",
    night="夜查 夜间检查 夜间巡查 nightcheck",
    special="专项检查 专项 专项督查 specialcheck",
    joint="联合检查 联合执法 联合督查 jointinspection",
    recheck="复查 核查 回头看 re-inspection reinspection",
    complaint="信访 投诉 投诉举报 举报 投诉核查 信访核查",
)
RISKS = words(key="重点 重点监管 重点单位", special="特殊 特殊监管 特殊单位", general="一般 一般监管 一般单位")
VOIDS = words(
    duplicate="重复 重复登记 重复录入 重号",
    not_a_problem="不是问题 不构成问题 不属实 误报 notaproblem",
    test="测试",
    other="是 作废 已作废 yes true y 1 √ 其他",
) | {normalise(word): "" for word in ("否", "no", "false", "n", "0", "有效")}

PROBLEM = {
    "number": Field(
        "number", ("问题编号", "编号", "交办编号", "台账编号", "案件编号", "Number", "Problem number", "No.")
    ),
    "external_id": Field("code", ("原编号", "外部编号", "原台账编号", "External ID", "Reference"), longest=80),
    "found_on": Field(
        "date",
        ("发现日期", "发现时间", "检查日期", "检查时间", "督导日期", "日期", "Found on", "Date found", "Date"),
        True,
    ),
    "team": Field("name", ("督导组", "检查组", "现场督导组", "发现单位", "Team")),
    "district": Field(
        "name", ("县（市、区）", "县市区", "县区", "区县", "行政区划", "所属区域", "辖区", "District", "County"), True
    ),
    "site": Field(
        "name",
        ("点位名称", "点位", "检查对象", "对象名称", "企业名称", "单位名称", "项目名称", "地点", "Site", "Site name"),
        True,
    ),
    "site_kind": Field("name", ("点位类型", "对象类型", "场所类型", "行业类型", "Site kind", "Site type")),
    "kind": Field("name", ("问题类型", "问题类别", "类型", "类别", "Kind", "Problem kind", "Type")),
    "description": Field(
        "text",
        ("问题描述", "存在问题", "问题", "主要问题", "问题内容", "发现问题", "具体问题", "Description", "Problem"),
        True,
    ),
    "route": Field("choice", ("处置方式", "交办方式", "整改方式", "Route"), choices=ROUTES),
    "special": Field("bool", ("专项交办", "是否专项交办", "Special", "Special assignment")),
    "severity": Field("choice", ("严重程度", "问题等级", "问题级别", "Severity"), choices=SEVERITIES),
    "unit": Field(
        "name", ("责任单位", "牵头单位", "整改单位", "整改责任单位", "Unit", "Responsible unit", "Lead unit")
    ),
    "co_units": Field("names", ("协办单位", "配合单位", "Co-handlers", "Other units")),
    "responsible": Field("name", ("责任人", "整改责任人", "联系人", "Responsible", "Responsible person"), longest=60),
    "due_on": Field(
        "date", ("整改时限", "整改期限", "整改截止日期", "完成时限", "截止日期", "Due on", "Due date", "Deadline")
    ),
    "first_due_on": Field("date", ("原整改时限", "首次时限", "原定时限", "First due on", "First due date")),
    "extensions": Field("int", ("延期次数", "Extensions"), longest=100),
    "done_on": Field(
        "date", ("整改完成日期", "整改完成时间", "完成日期", "完成时间", "实际完成日期", "Done on", "Completed on")
    ),
    "rechecked_by": Field("name", ("核查人", "复查人", "核查人员", "Rechecked by", "Verified by"), longest=60),
    "rechecked_on": Field("date", ("核查日期", "核查时间", "复查日期", "复查时间", "Rechecked on", "Verified on")),
    "closed_on": Field("date", ("销号日期", "销号时间", "办结日期", "Closed on", "Closing date")),
    "party": Field("name", ("责任主体", "违法主体", "当事人", "Party", "Responsible party")),
    "source": Field("choice", ("问题来源", "来源", "线索来源", "Source"), choices=SOURCES),
    "quantity": Field("decimal", ("数量", "Quantity")),
    "void": Field("choice", ("作废", "是否作废", "Void", "Voided"), choices=VOIDS),
    "remark": Field("text", ("备注", "说明", "Remark", "Remarks", "Note")),
    "lat": Field("lat", ("纬度", "北纬", "Latitude", "Lat")),
    "lon": Field("lon", ("经度", "东经", "Longitude", "Lon", "Lng")),
    # Our own exports have it: see checks.
    checks.COLUMN: Field("check", ("核对码", "Check", "Check code")),
}
VISIT = {
    "date": Field("date", ("日期", "督导日期", "检查日期", "检查时间", "现场督点日期", "Date", "Visited on"), True),
    "team": Field("name", ("督导组", "检查组", "现场督导组", "Team"), True),
    "district": PROBLEM["district"],
    "site": PROBLEM["site"],
    "site_kind": PROBLEM["site_kind"],
    "people": Field("int", ("督导人数", "检查人数", "人数", "人次", "People", "Head count"), longest=1000),
    "inspectors": Field("names", ("督导人员", "检查人员", "执法人员", "Inspectors"), longest=60),
    "mode": Field("choice", ("检查方式", "督导方式", "方式", "Mode"), choices=MODES),
    "problems_found": Field("int", ("发现问题数", "问题数", "发现问题个数", "Problems found")),
    "lat": PROBLEM["lat"],
    "lon": PROBLEM["lon"],
    checks.COLUMN: PROBLEM[checks.COLUMN],
}
SITE = {
    "name": Field("name", ("名称", "点位名称", "企业名称", "单位名称", "项目名称", "Name", "Site", "Site name"), True),
    "kind": Field("name", ("类型", "点位类型", "行业类型", "Kind", "Site kind"), True),
    "district": PROBLEM["district"],
    "address": Field("name", ("地址", "详细地址", "Address"), longest=200),
    "credit_code": Field("code", ("统一社会信用代码", "信用代码", "Credit code"), longest=18),
    "permit": Field("code", ("排污许可证编号", "许可证编号", "Permit", "Permit number"), longest=30),
    "risk_class": Field("choice", ("监管类别", "风险等级", "Risk class"), choices=RISKS),
    "grid_cell": Field("code", ("网格", "网格编号", "Grid cell"), longest=40),
    "operator": Field("name", ("经营者", "运营单位", "建设单位", "Operator")),
    "lat": PROBLEM["lat"],
    "lon": PROBLEM["lon"],
    checks.COLUMN: PROBLEM[checks.COLUMN],
}
EXPOSURE = {
    "published_on": Field("date", ("刊发日期", "曝光日期", "日期", "Published on", "Date"), True),
    "medium": Field("name", ("媒体", "媒体名称", "Medium", "Media"), True, longest=60),
    "title": Field("name", ("标题", "Title"), True, longest=200),
    "party": Field("name", ("曝光对象", "对象", "Party"), True),
    "number": Field("number", ("问题编号", "编号", "Number")),
    "follow_up_on": Field("date", ("跟踪报道日期", "跟踪日期", "Follow-up on")),
    "follow_up_result": Field("name", ("跟踪结果", "Follow-up result"), longest=200),
    checks.COLUMN: PROBLEM[checks.COLUMN],
}
ROLES = words(
    inspector="督导员 检查员 巡查员 督导组员",
    supervisor="督导组负责人 督导负责人 督导组长 督导主任",
    handler="经办人 责任单位经办人 承办人 联络员",
    case_officer="执法人员 执法员 办案人员 caseofficer",
    legal_reviewer="法制审核 法制审核人员 法制审核员 法制员 legalreviewer",
    leader="领导 分管领导",
    administrator="管理员 系统管理员 admin",
)
LANGUAGES = words(en="英文 英语 english") | words(**{"zh-hans": "中文 简体中文 汉语 chinese zh simplifiedchinese"})
UNIT_KINDS = words(
    office="督导组 督导办公室 督导办 督导组办公室 supervisionoffice",
    team="现场督导组 督导小组 supervisionteam",
    department="部门 市直部门 局委 职能部门 责任单位",
    government="地方政府 政府 县区政府 县市区政府 街道 乡镇 localgovernment",
    bureau="生态环境局 环保局 环境局 environmentalbureau",
    other="其他 其他机构 otherbody",
)
EMAIL = ("电子邮箱", "邮箱", "电子邮件", "E-mail", "Email", "E-mail address", "Mail")
PERSON = {
    "name": Field("name", ("姓名", "名字", "人员姓名", "Name", "Full name"), True, longest=60),
    "name_en": Field("name", ("英文名", "英文姓名", "English name"), longest=60),
    "username": Field("code", ("用户名", "登录名", "账号", "帐号", "Sign-in name", "User name", "Login"), longest=150),
    "email": Field("code", EMAIL, longest=254),
    "phone": Field("code", ("手机", "手机号", "手机号码", "电话", "联系电话", "Telephone", "Phone"), longest=30),
    "language": Field("choice", ("语言", "界面语言", "Language"), choices=LANGUAGES),
    "unit": Field("name", ("单位", "所在单位", "工作单位", "所属单位", "部门", "Unit", "Department", "Organisation")),
    "role": Field("choice", ("角色", "岗位", "职责", "Role"), choices=ROLES),
    "from_on": Field("date", ("任职日期", "开始日期", "起始日期", "到岗日期", "First day", "From", "Start date")),
    "until_on": Field("date", ("离任日期", "结束日期", "截止日期", "Last day", "Until", "End date")),
    "on_loan": Field("bool", ("抽调", "是否抽调", "借调", "On loan")),
    "is_head": Field("bool", ("负责人", "是否负责人", "单位负责人", "Head", "Head of the unit")),
}  # fmt: skip
UNIT = {
    "name": Field("name", ("单位名称", "名称", "全称", "机构名称", "单位", "Name", "Unit name", "Unit"), True),
    "name_en": Field("name", ("英文名称", "英文名", "English name")),
    "short_name": Field("name", ("简称", "单位简称", "Short name"), longest=60),
    "aliases": Field("names", ("别名", "其他名称", "又称", "Other names", "Aliases")),
    "unit_kind": Field("choice", ("单位类型", "类型", "单位类别", "类别", "Kind", "Unit kind", "Type"),
                       choices=UNIT_KINDS),
    "parent": Field("name", ("上级单位", "主管单位", "上级", "Unit above", "Parent", "Parent unit")),
    "districts": Field("names", ("行政区划", "辖区", "县（市、区）", "县市区", "所属区域", "Districts", "District")),
    "email": Field("code", EMAIL, longest=254),
    "number_prefix": Field("name", ("编号前缀", "文号前缀", "Number prefix"), longest=20),
    "valid_from": Field("date", ("成立日期", "启用日期", "First day", "Valid from")),
    "valid_until": Field("date", ("撤销日期", "停用日期", "Last day", "Valid until")),
    "successor": Field("name", ("承接单位", "继任单位", "Successor")),
}  # fmt: skip
# Whatever stands in such a column is neither shown nor kept beside the file.
PASSWORDS = ("密码", "口令", "password", "passwd", "pwd", "passcode")
# Columns that nothing reads and that say how something ended, or what was done: what is in them would be lost.
TELLING = ("是否办结", "是否完成", "办结", "销号", "整改情况", "完成情况", "办理情况", "办理结果", "整改结果", "状态",
           "status", "state", "closed", "progress", "result")  # fmt: skip


def is_telling(kind: str, header: str) -> bool:
    """Whether an unread column of a ledger of problems looks like an end state, or like a text worth keeping."""
    if kind != "problems":
        return False
    text = normalise(header)
    return any(word in text for word in TELLING)


def is_secret(header: str) -> bool:
    """Whether a column of this name holds passwords, which nothing here reads."""
    text = normalise(header)
    return any(word in text for word in PASSWORDS)


def usual_headers(kind: str, name: str) -> tuple[str, str]:
    """What a canonical column is usually called in Chinese and in English; its own name where it is none of ours."""
    known = KINDS.get(kind, {}).get(name)
    if known is None:
        return name, name
    english = next((header for header in known.headers if header.isascii()), name)
    return known.headers[0], english


KINDS: dict[str, dict[str, Field]] = {
    "problems": PROBLEM,
    "visits": VISIT,
    "sites": SITE,
    "exposures": EXPOSURE,
    "people": PERSON,
    "units": UNIT,
}
