"""Undoing imports of sites and exposures, and what becomes of sites that came along with another ledger."""

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from casetracker import registry
from casetracker.models import Event
from inspections import siting
from inspections.enums import ImportState, Status, VoidKind
from inspections.ledger.importing import import_file
from inspections.ledger.mapping import from_dict
from inspections.models import Exposure, ImportBatch, Named, Problem, Site, SiteOperator, Visit
from inspections.workflow.undoing import built_on
from tests.builders import make_problem, make_site, make_visit
from tests.cast import Cast
from tests.inspections.ledger.test_importing import changed, ledger
from tests.inspections.ledger.test_importing import take_in as take_in_problems
from tests.inspections.test_import_undo import undo
from tests.inspections.wizard import signed_in

pytestmark = pytest.mark.django_db

SITES = "名称,类型,县（市、区）,地址,经营者,纬度,经度"
NEW = "东方建材厂,工业企业,解放区,人民路 1 号,东方公司,35.241,113.238"
EXPOSURES = "刊发日期,媒体,标题,曝光对象,问题编号,跟踪报道日期,跟踪结果"
PIECE = "2019-10-11,焦作电视台,百日攻坚第3期,新园街路灯广场工地,,,"


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"


def take_in(kind: str, folder: Path, people: Cast, header: str, *rows: str, **create: bool) -> ImportBatch:
    path = folder / f"{kind}.csv"
    path.write_text("\n".join([header, *rows]), encoding="utf-8-sig")
    report = import_file(path, from_dict({"kind": kind, "create": create}), office=people.office, by=people.supervisor1)
    assert report.batch is not None, report.refused
    return report.batch


def sites(folder: Path, people: Cast, *rows: str) -> ImportBatch:
    return take_in("sites", folder, people, SITES, *rows)


def exposures(folder: Path, people: Cast, *rows: str) -> ImportBatch:
    return take_in("exposures", folder, people, EXPOSURES, *rows)


def visits(folder: Path, people: Cast, site: str = "锦绣工地") -> ImportBatch:
    header, row = "日期,督导组,县（市、区）,点位名称,人数", f"2019-10-16,第一现场督导组,解放区,{site},3"
    return take_in("visits", folder, people, header, row, sites=True, teams=True)


def on_register() -> list[str]:
    return sorted(Site.objects.current(timezone.localdate()).values_list("name", flat=True))


def said(key: Any, subject: str = "site") -> str:
    event = Event.objects.filter(subject_id=key).order_by("seq").last()
    assert event is not None
    return re.sub("<[^>]*>", "", registry.subjects[subject].event_sentence(event))


def whole(site: Site) -> list[Any]:
    """A site with whoever ran it, as it is read and found."""
    kept = Site.objects.filter(pk=site.pk).defer("search").values().get()
    del kept["search"]
    return [kept, list(SiteOperator.objects.filter(site=site).order_by("pk").values())]


# --- Sites ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_sites_that_an_import_brought_are_off_the_register_and_come_back(
    people: Cast, tmp_path: Path, language: str
) -> None:
    batch = sites(tmp_path, people, NEW)
    site = Site.objects.get(name="东方建材厂")
    before = whole(site)
    assert undo(batch, people)["taken_back"] == 1
    assert batch.state == ImportState.UNDONE
    assert on_register() == []
    with translation.override(language):
        assert {"en": "the site is off the register", "zh-hans": "该点位已移出名录"}[language] in said(site.pk)
    client = signed_in(people.supervisor1, language)
    assert "东方建材厂" not in client.get(reverse("sites")).content.decode()
    # It stays to be read.
    assert client.get(reverse("site", args=[site.pk])).status_code == 200
    page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert {"en": "1 site off the register", "zh-hans": "1 个点位已移出名录"}[language] in page
    assert reverse("site", args=[site.pk]) in page
    again = sites(tmp_path, people, NEW)
    assert (again.report["created"], again.report["revived"]) == (1, 1)
    assert whole(site) == before
    with translation.override(language):
        assert {"en": "it is on the register again", "zh-hans": "重新列入名录"}[language] in said(site.pk)
    # And once more.
    assert undo(again, people)["taken_back"] == 1
    assert sites(tmp_path, people, NEW).report["revived"] == 1
    assert sites(tmp_path, people, NEW).report["unchanged"] == 1


def test_a_site_that_somebody_ended_is_not_revived(people: Cast, tmp_path: Path) -> None:
    sites(tmp_path, people, NEW)
    site = Site.objects.get()
    siting.change(site, by=people.supervisor1, valid_until=datetime.date(2020, 1, 1))
    assert sites(tmp_path, people, NEW).report["unchanged"] == 1
    assert on_register() == []


def test_a_changed_site_is_as_before_with_whoever_ran_it(people: Cast, tmp_path: Path) -> None:
    first = sites(tmp_path, people, "东方建材厂,工业企业,解放区,人民路 1 号,老公司,,")
    site = Site.objects.get()
    SiteOperator.objects.filter(site=site).update(from_on=datetime.date(2019, 1, 1))
    before = whole(site)
    again = sites(tmp_path, people, NEW.replace("工业企业", "建筑工地"))
    assert again.report["updated"] == 1
    assert site.operators.get(until_on=None).party.name == "东方公司"
    assert undo(again, people)["restored"] == 1
    assert whole(site) == before
    assert Site.objects.find("人民路").get() == site
    assert "it was before" in said(site.pk)
    told = Event.objects.filter(subject_id=site.pk).order_by("seq").last()
    assert told is not None
    assert (told.before["lat"], told.after["lat"]) == (35.241, None)
    assert (told.details["earlier_operator"], told.details["operator"]) == ("东方公司", "老公司")
    # What brought it can be undone after that, not before.
    assert built_on(first) == []


def test_a_site_that_got_its_first_operator_has_none_again(people: Cast, tmp_path: Path) -> None:
    site = make_site(people, "东方建材厂")
    again = sites(tmp_path, people, NEW)
    assert again.report["updated"] == 1
    undo(again, people)
    assert not site.operators.exists()
    site.refresh_from_db()
    assert (site.kind.code, site.address) != ("factory", "人民路 1 号")


@pytest.mark.parametrize("use", ["visit", "problem", "exposure", "successor", "change", "later import"])
def test_what_was_built_on_a_site_stands_in_the_way(people: Cast, tmp_path: Path, use: str) -> None:
    batch = sites(tmp_path, people, NEW, "西区工地,建筑工地,解放区,,,,")
    site = Site.objects.get(name="东方建材厂")
    match use:
        case "visit":
            make_visit(people, site=site)
        case "problem":
            make_problem(people, site=site)
        case "exposure":
            exposures(tmp_path, people, PIECE.replace("新园街路灯广场工地", "东方建材厂"))
        case "successor":
            Site.objects.filter(pk=make_site(people, "老厂").pk).update(successor=site)
        case "change":
            siting.change(site, by=people.supervisor1, address="人民路 2 号")
        case "later import":
            sites(tmp_path, people, NEW.replace("1 号", "3 号"))
    assert [one["label"] for one in built_on(batch)] == ["东方建材厂"]
    assert "built" in undo(batch, people)
    assert "西区工地" in on_register()
    client = signed_in(people.supervisor1, "zh-hans")
    url = reverse("import_undo", args=[batch.pk])
    page = client.get(url).content.decode()
    assert reverse("site", args=[site.pk]) in page
    assert "请改为在各点位页面逐个更改" in page
    assert client.post(url).status_code == 409


def test_what_counts_no_more_stands_in_nobodys_way(people: Cast, tmp_path: Path) -> None:
    batch = sites(tmp_path, people, NEW)
    site = Site.objects.get()
    make_visit(people, site=site)
    found = make_problem(people, site=site)
    Visit.objects.update(undone=True)
    Problem.objects.filter(pk=found.pk).update(status=Status.VOID, void_kind=VoidKind.TEST)
    assert undo(batch, people)["taken_back"] == 1


# --- Sites that came along ------------------------------------------------------------------------------------------


def test_sites_that_came_along_end_with_their_import_and_come_back_with_it(people: Cast, tmp_path: Path) -> None:
    batch = visits(tmp_path, people)
    assert on_register() == ["锦绣工地"]
    site = Site.objects.get()
    assert "came along with the import of visits.csv" in said(site.pk)
    result = undo(batch, people)
    assert (result["taken_back"], result["along"]) == (1, 1)
    assert on_register() == []
    page = signed_in(people.supervisor1).get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert "1 site that came with it is off the register" in page
    again = visits(tmp_path, people)
    assert (again.report["revived"], on_register(), Site.objects.get()) == (1, ["锦绣工地"], site)
    assert undo(again, people)["along"] == 1


def test_a_site_that_came_along_and_that_something_else_uses_stays(people: Cast, tmp_path: Path) -> None:
    first = visits(tmp_path, people)
    others = take_in_problems(ledger(tmp_path, changed()), people.office).batch
    assert others is not None
    result = undo(first, people)
    assert (result["taken_back"], result["along"], on_register()) == (1, 0, ["锦绣工地"])
    # The problems' own import did not bring it, so it stays with that undone, too.
    assert (undo(others, people)["along"], on_register()) == (0, ["锦绣工地"])


def test_a_site_that_came_along_and_that_somebody_changed_stays(people: Cast, tmp_path: Path) -> None:
    batch = take_in_problems(ledger(tmp_path, changed()), people.office).batch
    assert batch is not None
    siting.change(Site.objects.get(), by=people.supervisor1, address="人民路 2 号")
    assert (undo(batch, people)["along"], on_register()) == (0, ["锦绣工地"])


# --- Exposures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_exposures_count_no_more_and_count_again(people: Cast, tmp_path: Path, language: str) -> None:
    batch = exposures(tmp_path, people, PIECE, PIECE.replace("新园街路灯广场工地", "太行路工地"))
    assert undo(batch, people)["taken_back"] == 2
    client = signed_in(people.supervisor1, language)
    assert 'data-total="0"' in client.get(reverse("exposures")).content.decode()
    page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert {"en": "2 exposures count no more", "zh-hans": "2 条曝光不再计入"}[language] in page
    named = Named.objects.get(name="太行路工地")
    with translation.override(language):
        assert {"en": "the exposure counts no more", "zh-hans": "该曝光不再计入"}[language] in said(
            named.pk, "exposure"
        )
    again = exposures(tmp_path, people, PIECE + "\n" + PIECE.replace("新园街路灯广场工地", "太行路工地"))
    assert (again.report["created"], again.report["revived"]) == (2, 2)
    assert (Named.objects.counted().count(), Exposure.objects.count()) == (2, 1)
    assert 'data-total="2"' in client.get(reverse("exposures")).content.decode()


def test_a_follow_up_is_as_before_and_a_later_one_stands_in_the_way(people: Cast, tmp_path: Path) -> None:
    first = exposures(tmp_path, people, PIECE)
    told = exposures(tmp_path, people, PIECE.replace(",,,", ",,2019-10-20,整改到位"))
    named = Named.objects.get()
    assert named.follow_up_result == "整改到位"
    assert [one["label"] for one in built_on(first)] == ["新园街路灯广场工地"]
    assert "built" in undo(first, people)
    assert undo(told, people)["restored"] == 1
    named.refresh_from_db()
    assert (named.follow_up_on, named.follow_up_result) == (None, "")
    assert undo(first, people)["taken_back"] == 1


def test_an_undone_exposure_is_not_shown_with_its_problem(people: Cast, tmp_path: Path) -> None:
    problem = make_problem(people)
    batch = exposures(tmp_path, people, PIECE.replace(",,,", f",{problem.number},,"))
    client = signed_in(people.supervisor1)
    url = reverse("problem", args=[problem.pk])
    assert "百日攻坚第3期" in client.get(url).content.decode()
    undo(batch, people)
    assert "百日攻坚第3期" not in client.get(url).content.decode()


# --- Pages ----------------------------------------------------------------------------------------------------------


def test_a_batch_links_to_the_sites_and_exposures_it_brought_and_changed(people: Cast, tmp_path: Path) -> None:
    sites(tmp_path, people, "东方建材厂,工业企业,解放区,人民路 1 号,,,")
    batches = {
        "sites": sites(tmp_path, people, NEW, "西区工地,建筑工地,解放区,,,,"),
        "exposures": exposures(tmp_path, people, PIECE),
        "visits": visits(tmp_path, people),
    }
    client, outsider = signed_in(people.supervisor1), signed_in(people.outsider)
    for kind, batch in batches.items():
        page = client.get(reverse("import_batch", args=[batch.pk])).content.decode()
        doors = dict(re.findall(r'<a href="([^"]+)" data-figure="(\w+)"', page))
        assert doors == {f"/{kind}/?batch={batch.pk}": "brought"} | (
            {f"/sites/?changed={batch.pk}": "changed"} if kind == "sites" else {}
        )
        for door in doors:
            listed = client.get(door).content.decode()
            assert 'data-total="1"' in listed
            assert batch.file_name in listed
            hidden = outsider.get(door).content.decode()
            assert 'data-total="0"' in hidden
            assert batch.file_name not in hidden


def test_undoing_asks_as_often_for_30_rows_as_for_1(
    people: Cast, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    def named(count: int, first: int) -> list[str]:
        return [NEW.replace("东方建材厂", f"厂{first + one}").replace("东方公司", "") for one in range(count)]

    def pieces(count: int, first: int) -> list[str]:
        return [PIECE.replace("新园街路灯广场工地", f"工地{first + one}") for one in range(count)]

    for take, rows in ((sites, named), (exposures, pieces)):
        one, many = take(tmp_path, people, *rows(1, 100)), take(tmp_path, people, *rows(30, 200))
        with django_assert_num_queries(40, exact=False) as first:
            undo(one, people)
        with django_assert_num_queries(len(first)):
            undo(many, people)
