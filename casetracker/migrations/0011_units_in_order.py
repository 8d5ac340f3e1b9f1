"""The place of each unit among its kind, of those too that nobody has saved since names are counted in it."""

import re
from typing import Any

from django.db import migrations

# As casetracker.models.units has it.
NUMBER = "[一二三四五六七八九十百千万零〇]+|[0-9]+"
COUNTED = re.compile(
    rf"第({NUMBER})|({NUMBER})(?=(?:[中大支小分号]|督导|督查|督察|检查|巡查|监察|执法)?[组队科处所站])"
)
DIGITS = {sign: value for value, sign in enumerate("一二三四五六七八九", 1)}
UP_TO_99 = re.compile(r"([一二三四五六七八九])?(十)?([一二三四五六七八九])?")


def sort_key(name: str) -> str:
    def figures(found: re.Match[str]) -> str:
        number = _number(found[1] or found[2])
        return found[0] if number is None else f"{number:04d}"

    return COUNTED.sub(figures, name)[:120]


def _number(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    parts = UP_TO_99.fullmatch(text)
    if parts is None or (parts[1] and parts[3] and not parts[2]):
        return None
    return (DIGITS.get(parts[1], 1) * 10 + DIGITS.get(parts[3], 0)) if parts[2] else DIGITS[text]


def count_names(apps: Any, schema_editor: Any) -> None:
    units = apps.get_model("casetracker", "Unit").objects.using(schema_editor.connection.alias)
    rows = list(units.only("name_zh", "sort_key"))
    for unit in rows:
        unit.sort_key = sort_key(unit.name_zh)
    units.bulk_update(rows, ["sort_key"], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("casetracker", "0010_job_refusals")]

    operations = [migrations.RunPython(count_names, migrations.RunPython.noop)]
