"""Administering checklists and kinds: versions that never change, retiring, names; who gets in."""

import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from casetracker import registry
from casetracker.errors import IllegalMove, Invalid
from inspections import checklists as writing
from inspections.checklists import Line
from inspections.models import Checklist, ChecklistItem, ChecklistVersion, ProblemKind, SiteKind
from tests.builders import make_site
from tests.casetracker.office import events, queries, total, words
from tests.cast import Cast, sign_in


def six() -> Checklist:
    return Checklist.objects.get(code="six_hundreds")


def sent(page: Any, **changes: str) -> dict[str, str]:
    """What the form of a new version would send as it stands, with changes."""
    text = page.content.decode()
    data = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    for tag in re.findall(r"<input[^>]+>", text):
        name, value = re.search(r'name="(line-[^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and "checkbox" not in tag:
            data[name[1]] = value[1]
    for name, options in re.findall(r'<select name="(line-[^"]+)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        data[name] = chosen[1] if chosen else ""
    data.pop("csrfmiddlewaretoken", None)
    return data | {"note": "按新规范修订"} | changes


# --- Rights -------------------------------------------------------------------------------------------


def test_only_administrators_get_in(people: Cast) -> None:
    row = six()
    pages: list[tuple[str, tuple[object, ...]]] = [
        ("checklists", ()),
        ("checklist_new", ()),
        ("checklist", (row.pk,)),
        ("checklist_change", (row.pk,)),
        ("checklist_issue", (row.pk,)),
        ("checklist_retire", (row.pk,)),
        ("checklist_version", (row.versions.get().pk,)),
        ("kinds", ()),
        ("problem_kind_new", ()),
        ("problem_kind", (ProblemKind.objects.get(code="dust").pk,)),
        ("site_kind_new", ()),
        ("site_kind", (SiteKind.objects.get(code="road").pk,)),
    ]
    others = [sign_in(person) for name, person in people.everybody().items() if name not in ("admin", "deactivated")]
    for name, args in pages:
        address = reverse(name, args=args)
        assert sign_in(people.admin).get(address).status_code == 200, address
        for client in others:
            assert client.get(address).status_code == 404, address
            assert client.post(address, {"reason": "x"}).status_code in (404, 405), address


# --- Versions -----------------------------------------------------------------------------------------


def test_a_new_version_leaves_the_old_one_untouched(people: Cast) -> None:
    client, row = sign_in(people.admin), six()
    old = row.versions.get()
    before = list(old.items.values_list("name_zh", "position", "clause"))
    page = client.get(f"/office/checklists/{row.pk}/issue/")
    assert "to be verified" in words(client.get(f"/office/checklists/{row.pk}/"))
    changes = {
        "line-1-position": "0.5",
        "line-2-remove": "on",
        "line-6-name_zh": "建筑垃圾日产日清",
        "line-6-position": "2.5",
        "line-0-clause_verified_by": "法制科 王",
    }
    done = client.post(f"/office/checklists/{row.pk}/issue/", sent(page, **changes))
    assert done.status_code == 302
    new = row.latest
    assert new is not None
    assert new.number == 2
    names = [name for name, _position, _clause in before]
    assert list(new.items.values_list("name_zh", flat=True)) == [
        names[1],
        names[0],
        "建筑垃圾日产日清",
        *names[3:],
    ]
    assert list(new.items.values_list("position", flat=True)) == list(range(1, len(names) + 1))
    assert new.items.get(name_zh=names[0]).printable_clause
    assert not new.items.get(name_zh=names[1]).printable_clause
    assert list(old.items.values_list("name_zh", "position", "clause")) == before
    [event] = events("checklist", row.pk)
    assert (event.verb, event.details["number"], event.details["reason"]) == ("issue_checklist", 2, "按新规范修订")
    assert "issued version 2" in words(client.get(f"/office/checklists/{row.pk}/"))
    assert "earlier version" in words(client.get(f"/office/checklists/versions/{old.pk}/"))
    site = make_site(people)
    assert "建筑垃圾日产日清" in words(sign_in(people.inspector1).get(f"/visits/new/?site={site.pk}"))


def test_the_database_refuses_to_change_an_issued_version(people: Cast) -> None:
    item = six().versions.get().items.first()
    assert item is not None
    for change in (
        lambda: ChecklistItem.objects.filter(pk=item.pk).update(name_zh="别的"),
        lambda: ChecklistVersion.objects.filter(pk=item.version_id).update(number=9),
        lambda: item.delete(),
    ):
        with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
            change()
    assert connection.is_usable()


def test_somebody_elses_version_is_not_overlooked(people: Cast) -> None:
    client, row = sign_in(people.admin), six()
    page = client.get(f"/office/checklists/{row.pk}/issue/")
    writing.issue_version(row, by=people.admin, lines=[Line("只此一项")], note="x", based_on=1)
    late = client.post(f"/office/checklists/{row.pk}/issue/", sent(page, **{"line-0-name_zh": "我的改动"}))
    assert late.status_code == 409
    assert "我的改动" in late.content.decode()
    assert row.versions.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"note": ""},
        {"line-0-name_zh": "", "line-0-clause": "某条"},
        {"line-0-term_days": "400"},
        {"line-0-position": "first"},
        {"line-6-clause_verified_by": "某人", "line-6-name_zh": "新"},
        {"line-0-kind": "999999"},
    ],
)
def test_a_version_that_can_not_be_is_refused_and_nothing_is_lost(people: Cast, changes: dict[str, str]) -> None:
    client, row = sign_in(people.admin), six()
    page = client.get(f"/office/checklists/{row.pk}/issue/")
    kept = {"line-5-name_zh": "留着的改动"} if changes else {}
    response = client.post(f"/office/checklists/{row.pk}/issue/", sent(page, **kept, **changes))
    assert response.status_code == 422
    assert not changes or "留着的改动" in response.content.decode()
    assert row.versions.count() == 1


@pytest.mark.parametrize("changes", [{"note": ""}, {"line-0-term_days": "400"}])
def test_a_refused_version_says_so_on_top_and_calls_nothing_more_optional(
    people: Cast, changes: dict[str, str]
) -> None:
    client, row = sign_in(people.admin), six()
    page = client.get(f"/office/checklists/{row.pk}/issue/")
    again = client.post(f"/office/checklists/{row.pk}/issue/", sent(page, **changes)).content.decode()
    assert again.count("(optional)") == page.content.decode().count("(optional)") > 0
    assert again.count("error-summary") == 1
    assert again.index("error-summary") < again.index('id="line-1"')
    assert 'name="based_on"' in again


def test_a_version_needs_an_item(people: Cast) -> None:
    row = six()
    with pytest.raises(Invalid, match="at least one item"):
        writing.issue_version(row, by=people.admin, lines=[], note="x", based_on=1)


# --- Checklists ---------------------------------------------------------------------------------------


def test_a_checklist_is_made_then_filled(people: Cast) -> None:
    client = sign_in(people.admin)
    kind = SiteKind.objects.get(code="trucks")
    data = {"code": "trucks", "name_zh": "渣土车", "name_en": "Trucks", "site_kinds": [kind.pk]}
    made = client.post("/office/checklists/new/", data)
    row = Checklist.objects.get(code="trucks")
    assert made.headers["Location"] == f"/office/checklists/{row.pk}/issue/"
    page = client.get(made.headers["Location"])
    filled = sent(page, **{"line-0-name_zh": "密闭运输", "line-1-name_zh": "车身清洁", "line-1-position": "1"})
    assert client.post(made.headers["Location"], filled).status_code == 302
    version = row.latest
    assert version is not None
    assert [item.name_zh for item in version.items.all()] == ["车身清洁", "密闭运输"]
    again = client.post("/office/checklists/new/", data)
    assert again.status_code == 422
    assert "渣土车" in again.content.decode()
    assert [event.verb for event in events("checklist", row.pk)] == ["create_checklist", "issue_checklist"]


def test_a_retired_checklist_is_offered_on_no_visit(people: Cast) -> None:
    client, row, site = sign_in(people.admin), six(), make_site(people)
    address, visit = f"/office/checklists/{row.pk}/retire/", f"/visits/new/?site={site.pk}"
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "被新表取代"}).status_code == 302
    assert row.name_en not in words(sign_in(people.inspector1).get(visit))
    with pytest.raises(IllegalMove):
        writing.retire(row, by=people.admin, reason="x")
    with pytest.raises(IllegalMove):
        writing.issue_version(row, by=people.admin, lines=[Line("一")], note="x", based_on=1)
    assert client.post(address, {"reason": "仍需要"}).status_code == 302
    assert row.name_en in words(sign_in(people.inspector1).get(visit))
    assert [event.verb for event in events("checklist", row.pk)] == ["retire_checklist", "revive_checklist"]


def test_names_and_kinds_of_site_change_without_a_version(people: Cast) -> None:
    client, row = sign_in(people.admin), six()
    kinds = list(SiteKind.objects.filter(code__in=["building_site", "bare_land"]).values_list("pk", flat=True))
    data = {"name_zh": row.name_zh, "name_en": row.name_en, "site_kinds": kinds}
    assert client.post(f"/office/checklists/{row.pk}/change/", data).status_code == 302
    assert client.post(f"/office/checklists/{row.pk}/change/", data).status_code == 422
    [event] = events("checklist", row.pk)
    assert event.after == {"site_kinds": ["建筑工地", "裸露地块"]}
    assert row.versions.count() == 1


def test_the_list_asks_as_much_for_30_as_for_a_few(people: Cast) -> None:
    client = sign_in(people.admin)
    few = queries(lambda: client.get("/office/checklists/"))
    for number in range(30):
        made = writing.create_checklist(by=people.admin, code=f"more{number}", name_zh=f"表{number}")
        writing.issue_version(made, by=people.admin, lines=[Line("一")], note="x", based_on=0)
    page = client.get("/office/checklists/")
    assert total(page) == "35"
    assert queries(lambda: client.get("/office/checklists/")) == few <= 13


# --- Kinds --------------------------------------------------------------------------------------------


def test_a_kind_is_changed_for_what_is_found_from_now_on(people: Cast) -> None:
    client, kind = sign_in(people.admin), ProblemKind.objects.get(code="dust")
    data = {
        "name_zh": kind.name_zh,
        "name_en": kind.name_en,
        "aliases": "积尘\n地面积尘",
        "severity": "major",
        "measure_zh": "处",
        "measure_en": "places",
        "counts_as_quantity": "on",
        "position": kind.position,
    }
    assert client.post(f"/office/kinds/problems/{kind.pk}/", data).status_code == 302
    kind.refresh_from_db()
    assert (kind.severity, kind.aliases) == ("major", ["积尘", "地面积尘"])
    [event] = events("problem_kind", kind.pk)
    assert event.before == {"severity": "ordinary", "aliases": ["积尘"]}
    taken = client.post(f"/office/kinds/problems/{kind.pk}/", data | {"aliases": "路面破损", "measure_zh": "块"})
    assert taken.status_code == 422
    assert 'value="块"' in taken.content.decode()
    assert "Usual severity" in words(client.get(f"/office/kinds/problems/{kind.pk}/"))
    registry_sentence = registry.subjects["problem_kind"].event_sentence(event)
    assert "changed the kind" in registry_sentence


def test_kinds_are_made_with_a_code_of_their_own(people: Cast) -> None:
    client = sign_in(people.admin)
    data = {"code": "school", "name_zh": "学校", "name_en": "School", "aliases": "中小学", "position": "9"}
    assert client.post("/office/kinds/sites/new/", data).status_code == 302
    assert SiteKind.objects.get(code="school").aliases == ["中小学"]
    assert client.post("/office/kinds/sites/new/", data).status_code == 422
    assert client.post("/office/kinds/sites/new/", data | {"code": "x", "name_zh": "道路"}).status_code == 422
    assert int(total(client.get("/office/kinds/"))) == ProblemKind.objects.count() + SiteKind.objects.count()


def test_a_first_version_is_called_no_copy(people: Cast) -> None:
    row = Checklist.objects.create(code="night", name_zh="夜间施工")
    client = sign_in(people.admin)
    assert "A copy of the latest version" not in client.get(f"/office/checklists/{row.pk}/issue/").content.decode()
    assert "A copy of the latest version" in client.get(f"/office/checklists/{six().pk}/issue/").content.decode()
