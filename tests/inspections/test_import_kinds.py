"""Registers of sites and ledgers of exposures go the whole way in on pages, as those of problems and visits do."""

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from casetracker import working
from inspections.forms.ledger_values import LEAVE
from inspections.models import ImportBatch, Named, SavedMapping, Site
from tests.cast import cast
from tests.inspections import wizard
from tests.inspections.wizard import signed_in

HEAD = "企业,行业类型,县区,详细地址,监管类别,经营者,状态"
ROWS = (
    "东方建材厂,建材,解放,人民路 1 号,重点,东方公司,在产",
    "西区工地,建筑工地,解放区,,红色,,在产",
    "南区工地,建筑工地,蓬莱岛,,一般,,停产",
)
EXPOSURES = "刊发日期,栏目,标题,曝光对象,跟踪报道日期"
PIECES = ("2019-10-11,百日攻坚,第3期,新园街工地,", "10月12日,百日攻坚,第4期,太行路工地,尽快")


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"


def csv(folder: Path, name: str, *rows: str) -> Path:
    path = folder / name
    path.write_text("\n".join(rows), encoding="utf-8-sig")
    return path


def asked(page: Any) -> dict[str, list[str]]:
    return {group.name: [text.text for text in group.texts] for group in page.context["form"].groups}


def decide(client: Any, page: Any, **meanings: str) -> Any:
    """Choose what each text means; the page of the check that comes of it."""
    form = page.context["form"]
    sent = wizard.sent_of(form)
    sent |= {key: meanings[text] for key, (_name, text, _count) in form.places.items() if text in meanings}
    client.post(reverse("import_values", args=[wizard.newest().pk]), sent)
    return wizard.after_work(client)


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_register_of_sites_goes_the_whole_way(tmp_path: Path, language: str) -> None:
    people = cast()
    client = signed_in(people.supervisor1, language)
    offered = client.get(reverse("import")).content.decode()
    assert {"en": "A register of sites", "zh-hans": "点位名录"}[language] in offered
    path = csv(tmp_path, "sites.csv", HEAD, *ROWS)
    wizard.upload(client, path, office=people.office.pk, how="sites")
    page = client.get(reverse("import_columns", args=[wizard.newest().pk]))
    lines = {line.name: line for line in page.context["form"].lines}
    assert (lines["kind"].column.value(), lines["district"].samples[0]) == ("行业类型", "解放")
    # A register tells of no day, and a state of it is no end of a problem.
    assert not page.context["form"].has_dates
    assert page.context["telling"] == ""
    assert [value for value, _words in page.context["form"].fields["create"].choices] == ["kinds"]
    wizard.choose_columns(client, wizard.newest(), c_name="企业")
    page = wizard.after_work(client)
    assert asked(page) == {"district": ["解放", "蓬莱岛"], "kind": ["建材"], "risk_class": ["红色"]}
    text = page.content.decode()
    assert {"en": "taken as another kind, listed as doubtful", "zh-hans": "按其他类型导入"}[language] in text
    page = decide(client, page, 解放="=410802", 建材="=factory", 红色="=key", 蓬莱岛="")
    assert [one["field"] for one in page.context["editable"]] == ["cell-4-district"]
    refused = client.get(reverse("import_refused", args=[wizard.last_check().pk, "csv"]))
    assert "南区工地" in b"".join(refused.streaming_content).decode()  # type: ignore[attr-defined]
    client.post(reverse("import_correct", args=[wizard.newest().pk]), {"cell-4-district": "山阳区"})
    page = wizard.after_work(client)
    assert (page.context["report"]["accepted"], page.context["report"]["refused_rows"]) == (3, 0)
    client.post(reverse("import_begin", args=[wizard.last_check().pk]))
    page = wizard.after_work(client)
    assert {"en": "3 sites it brought", "zh-hans": "它带来的 3 个点位"}[language] in page.content.decode()
    told = Site.objects.order_by("name").values_list("name", "kind__code", "district", "risk_class")
    assert set(told) == {
        ("东方建材厂", "factory", "410802", "key"),
        ("西区工地", "building_site", "410802", "key"),
        ("南区工地", "building_site", "410811", "general"),
    }
    again(client, people.office.pk, csv(tmp_path, "next.csv", HEAD, ROWS[0].replace("1 号", "2 号")), language)


def again(client: Any, office: int, path: Path, language: str) -> None:
    """The next register, read as the first was remembered: only what it says otherwise is changed, and shown."""
    batch = ImportBatch.objects.get()
    client.post(reverse("import_batch_remember", args=[batch.pk]), {"name": "名录"})
    way = SavedMapping.objects.get()
    wizard.upload(client, path, office=office, how=f"saved:{way.pk}")
    wizard.choose_columns(client, wizard.newest())
    page = wizard.after_work(client)
    assert page.context["report"]["updated"] == 1
    assert "人民路 2 号" in page.content.decode()
    client.post(reverse("import_begin", args=[wizard.last_check().pk]))
    page = wizard.after_work(client)
    assert {"en": "1 site it changed", "zh-hans": "它更改的 1 个点位"}[language] in page.content.decode()
    assert Site.objects.get(name="东方建材厂").address == "人民路 2 号"


@pytest.mark.usefixtures("committed")
def test_an_unknown_kind_of_site_can_be_created_or_left_out(tmp_path: Path) -> None:
    people = cast()
    client = signed_in(people.supervisor1)
    path = csv(tmp_path, "sites.csv", HEAD, "甲,加油站,解放区,,,,", "乙,码头,解放区,,,,")
    wizard.upload(client, path, office=people.office.pk, how="sites")
    wizard.choose_columns(client, wizard.newest(), c_name="企业")
    page = decide(client, wizard.after_work(client), 加油站="!new", 码头=LEAVE)
    assert (page.context["report"]["made"], page.context["report"]["left_out"]) == ({"kinds": 1}, 1)
    client.post(reverse("import_begin", args=[wizard.last_check().pk]))
    working.work()
    assert Site.objects.get().kind.name_zh == "加油站"


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_ledger_of_exposures_goes_the_whole_way(tmp_path: Path, language: str) -> None:
    people = cast()
    client = signed_in(people.supervisor1, language)
    wizard.upload(client, csv(tmp_path, "exposures.csv", EXPOSURES, *PIECES), office=people.office.pk, how="exposures")
    page = client.get(reverse("import_columns", args=[wizard.newest().pk]))
    # It creates nothing beside its rows; all its pieces may be of one medium.
    assert "create" not in page.context["form"].fields
    wizard.choose_columns(client, wizard.newest(), d_medium="焦作电视台", year="2019")
    page = wizard.after_work(client)
    assert [one["field"] for one in page.context["editable"]] == ["cell-3-follow_up_on"]
    client.post(reverse("import_correct", args=[wizard.newest().pk]), {"cell-3-follow_up_on": "2019-10-20"})
    wizard.after_work(client)
    client.post(reverse("import_begin", args=[wizard.last_check().pk]))
    page = wizard.after_work(client)
    assert {"en": "2 exposures it brought", "zh-hans": "它带来的 2 条曝光"}[language] in page.content.decode()
    assert set(Named.objects.values_list("name", "exposure__medium")) == {
        ("新园街工地", "焦作电视台"),
        ("太行路工地", "焦作电视台"),
    }
