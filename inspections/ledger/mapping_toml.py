"""Pure: a mapping written as TOML, which the command and the pages read again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from inspections.ledger.mapping import KEYS

BARE = re.compile(r"[A-Za-z0-9_-]+")
EXAMPLE: dict[str, Any] = {
    "kind": "problems",
    "header_row": 3,
    "columns": {
        "number": "问题编号",
        "found_on": "发现日期",
        "district": "县（市、区）",
        "site": "点位名称",
        "description": "问题描述",
        "route": "处置方式",
        "unit": "责任单位",
        "due_on": "整改时限",
    },
    "values": {"route": {"现场": "on_spot", "交办": "central"}, "unit": {"住建局": "市住房和城乡建设局"}},
    "leave_out": {"unit": ["外市单位"]},
    "defaults": {"year": 2019},
    "create": {"sites": True, "units": ["新成立的单位"]},
}

OF_PEOPLE: dict[str, Any] = {
    "kind": "people",
    "columns": {"name": "姓名", "username": "用户名", "email": "邮箱", "phone": "手机", "unit": "单位", "role": "岗位"},
    "values": {"role": {"科员": "handler", "组长": "supervisor"}, "unit": {"住建局": "市住房和城乡建设局"}},
    "defaults": {"language": "zh-hans"},
    "create": {"units": ["新成立的单位"]},
}


def dumps(source: Mapping[str, Any]) -> str:
    """Return a mapping given as plain values (LedgerMapping.source) as TOML; mapping.loads() gives the same values."""
    lines = [f"{key} = {_value(source[key])}" for key in KEYS if key in source and not _is_table(source[key])]
    for key in KEYS:
        table = source.get(key)
        if not isinstance(table, Mapping) or not table:
            continue
        plain = {name: value for name, value in table.items() if not _is_table(value)}
        if plain:
            lines += ["", f"[{key}]", *_pairs(plain)]
        for name, inner in table.items():
            if _is_table(inner) and inner:
                lines += ["", f"[{key}.{_key(name)}]", *_pairs(inner)]
    return "\n".join(lines) + "\n"


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in table.items()]


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    return _text(str(value))


def _text(text: str) -> str:
    """A basic string; TOML knows JSON's escapes and wants the deleting character escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
