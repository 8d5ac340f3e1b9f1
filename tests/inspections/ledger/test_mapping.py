"""Mapping files: the contract, and errors that name the key and what was probably meant."""

import datetime
from pathlib import Path

import pytest

from inspections import enums
from inspections.ledger import fields
from inspections.ledger.errors import MappingError
from inspections.ledger.mapping import from_dict, load, loads, profile, profiles

FULL = """
kind = "problems"
sheet = "台账"
header_row = [3, 4]
date_order = "mdy"
[columns]
found_on = "发现日期"
district = "县（市、区）"
site = "点位名称"
route = "处置方式"
[values.route]
"老办法" = "central"
[values.special]
"是的" = true
[defaults]
description = "见附件"
year = 2019
due_on = "10/16/2019"
[create]
units = true
teams = false
"""
MINIMAL = 'kind = "problems"\n[columns]\nfound_on = "a"\ndistrict = "b"\nsite = "c"\ndescription = "d"\n'


def test_a_full_mapping() -> None:
    mapping = loads(FULL)
    assert (mapping.kind, mapping.sheet, mapping.header_row, mapping.year) == ("problems", "台账", (3, 4), 2019)
    assert mapping.wanted["site"] == ("点位名称",)
    assert mapping.values == {"route": {"老办法": "central"}, "special": {"是的": "True"}}
    assert mapping.defaults == {"description": "见附件", "due_on": datetime.date(2019, 10, 16)}
    assert mapping.create == {"units"}
    assert from_dict(mapping.source) == mapping


def test_without_columns_the_usual_names_are_looked_for() -> None:
    mapping = loads('kind = "visits"')
    assert "检查日期" in mapping.wanted["date"]
    assert mapping.required == ["date", "team", "district", "site"]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("kind = ", "bad_toml", "TOML"),
        ("", "bad_value", "kind"),
        ('kind = "problem"', "bad_value", "problems"),
        ('kind = "problems"\ncolumn = 1', "unknown_name", "columns"),
        ('kind = "problems"\nsheet = 3', "bad_value", "sheet"),
        ('kind = "problems"\nheader_row = 0', "bad_value", "header_row"),
        ('kind = "problems"\nheader_row = "3"', "bad_value", "header_row"),
        ('kind = "problems"\nheader_row = []', "bad_value", "header_row"),
        ('kind = "problems"\ndate_order = "myd"', "bad_value", "date_order"),
        ('kind = "problems"\ncolumns = "a"', "bad_value", "columns"),
        (MINIMAL + 'descripton = "e"', "unknown_name", "description"),
        (MINIMAL + "number = 3", "bad_value", "columns.number"),
        (MINIMAL + '[values.rout]\na = "b"', "unknown_name", "route"),
        (MINIMAL + '[values.route]\na = "nowhere"', "bad_value", "central"),
        (MINIMAL + "[values]\nroute = 1", "bad_value", "values.route"),
        (MINIMAL + '[defaults]\ndue_on = "8月32日"', "bad_value", "defaults.due_on"),
        (MINIMAL + "[defaults]\nyear = 19", "bad_value", "defaults.year"),
        (MINIMAL + "[create]\nunit = true", "unknown_name", "units"),
        (MINIMAL + '[create]\nunits = "yes"', "bad_value", "create.units"),
        ('kind = "problems"\n[columns]\nsite = "c"', "missing_columns", "found_on, district, description"),
    ],
)
def test_mistakes_are_named(text: str, code: str, said: str) -> None:
    with pytest.raises(MappingError) as caught:
        loads(text)
    assert caught.value.code == code
    assert said in str(caught.value)


def test_files_and_profiles(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(FULL, "utf-8-sig")
    assert load(tmp_path / "a.toml") == loads(FULL)
    (tmp_path / "b.toml").write_bytes("kind = '台账'".encode("gb18030"))
    for name in ("b.toml", "none.toml"):
        with pytest.raises(MappingError):
            load(tmp_path / name)
    assert {"jiaozuo-problems", "jiaozuo-visits"} <= set(profiles())
    assert [profile(name).kind for name in profiles()]
    with pytest.raises(MappingError, match="jiaozuo-problems"):
        profile("../mapping")


def test_the_words_of_choices_are_those_of_the_house() -> None:
    for words, choices in (
        (fields.ROUTES, enums.Route),
        (fields.SEVERITIES, enums.Severity),
        (fields.SOURCES, enums.Source),
        (fields.MODES, enums.VisitMode),
        (fields.RISKS, enums.RiskClass),
        (fields.VOIDS, enums.VoidKind),
    ):
        assert set(words.values()) - {""} == set(choices.values)
        assert all(words[value.replace("_", "")] == value for value in choices.values)
