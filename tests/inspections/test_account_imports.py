"""People and units on the pages of imports: whose they are, releasing them, undoing them."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from casetracker import deliveries, invitations, working
from casetracker.administering.people import change_person, give_post
from casetracker.administering.units import change_unit
from casetracker.enums import JobState, Role
from casetracker.errors import IllegalMove
from casetracker.models import Delivery, Invitation, Job, Membership, Unit, User
from casetracker.subjects import event_sentence
from inspections.enums import ImportState
from inspections.ledger.importing.jobs import release
from inspections.models import ImportBatch, SavedMapping
from inspections.workflow.undoing import built_on, undo_import
from tests.builders import make_problem
from tests.casetracker.office import events, queries, words
from tests.casetracker.test_deliveries import Post, post  # noqa: F401  a fixture
from tests.cast import Cast, cast, make_person, sign_in
from tests.inspections import wizard
from tests.inspections.ledger import test_importing_people as of_people
from tests.inspections.ledger import test_importing_units as of_units
from tests.inspections.ledger.test_importing_people import row
from tests.inspections.wizard import signed_in

NEW = "Tangerine-Ledger-77"


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"


def brought(folder: Path, people: Cast, *rows: str, **options: Any) -> ImportBatch:
    batch = of_people.take_in(folder, people, *(rows or (row(),)), **options).batch
    assert batch is not None
    return batch


def units_brought(folder: Path, people: Cast, *rows: str) -> ImportBatch:
    batch = of_units.take_in(folder, people, *(rows or (of_units.row(),))).batch
    assert batch is not None
    return batch


def undo(batch: ImportBatch, people: Cast) -> dict[str, Any]:
    """Undo it here and now, as the worker does."""
    job = Job.objects.create(
        kind="ledger_undo", state=JobState.DONE, requested_by=people.admin, created_at=batch.created_at
    )
    result = undo_import(batch, by=people.admin, job_id=job.pk, progress=lambda done, total: None)
    batch.refresh_from_db()
    return result


def lin() -> User:
    return User.objects.get(username="lin.xiaoyu")


# --- Whose they are -----------------------------------------------------------------------------------

PAGES = ("import_batch", "import_undo", "import_batch_mapping")
PRESSES = ("import_release", "import_undo", "import_batch_remember")


@pytest.mark.parametrize(
    "name", ["inspector1", "supervisor1", "handler1", "officer1", "leader1", "outsider", "far_handler"]
)
def test_imports_of_accounts_are_hidden_from_everybody_but_administrators(
    people: Cast, tmp_path: Path, name: str
) -> None:
    batch = brought(tmp_path, people)
    client = sign_in(people.everybody()[name])
    for page in PAGES:
        assert client.get(reverse(page, args=[batch.pk])).status_code == 404, page
    for press in PRESSES:
        assert client.post(reverse(press, args=[batch.pk]), {"name": "x"}).status_code == 404, press
    if client.get(reverse("import")).status_code == 200:
        assert "people.csv" not in client.get(reverse("import")).content.decode()
    assert not Delivery.objects.exists()


@pytest.mark.usefixtures("committed")
def test_drafts_and_checks_of_accounts_are_administrators_alone(tmp_path: Path) -> None:
    people = cast()
    admin = signed_in(people.admin)
    checked(admin, tmp_path, people, row(岗位="科员"))
    draft, job = wizard.newest(), wizard.last_check()
    supervisor = sign_in(people.supervisor1)
    for name in ("import_draft", "import_sheet", "import_columns", "import_values", "import_mapping"):
        assert admin.get(reverse(name, args=[draft.pk])).status_code in (200, 302), name
        assert supervisor.get(reverse(name, args=[draft.pk])).status_code == 404, name
    for name, client, status in (("import_check", admin, 200), ("import_check", supervisor, 404)):
        assert client.get(reverse(name, args=[job.pk])).status_code == status
    assert supervisor.post(reverse("import_begin", args=[job.pk])).status_code == 404


def test_an_administrator_reads_nothing_of_a_ledger_of_problems(people: Cast, tmp_path: Path) -> None:
    kept = {"office": people.office, "file_name": "台账.xlsx", "file_sha256": "0", "created_at": timezone.now()}
    batch = ImportBatch.objects.create(kind="problems", mapping={"kind": "problems"}, **kept)
    saved = {"by": people.supervisor1, "saved_at": timezone.now(), "mapping": {"kind": "problems"}}
    way = SavedMapping.objects.create(office=people.office, name="每月台账", **saved)
    admin = sign_in(people.admin)
    page = admin.get(reverse("import"))
    assert page.status_code == 200
    for secret in ("台账.xlsx", "每月台账", "A ledger of problems", "profile:"):
        assert secret not in page.content.decode()
    assert admin.get(reverse("import_batch", args=[batch.pk])).status_code == 404
    assert admin.post(reverse("import_forget", args=[way.pk])).status_code == 404
    for how in ("problems", "visits", f"saved:{way.pk}", f"like:{batch.pk}", "profile:jiaozuo-problems"):
        (tmp_path / "x.csv").write_text("编号,问题\n1,2\n", encoding="utf-8-sig")
        assert wizard.upload(admin, tmp_path / "x.csv", office=people.office.pk, how=how).status_code == 422, how


def test_a_mapping_file_is_no_way_around(people: Cast, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(of_people.HEADER, encoding="utf-8-sig")
    (tmp_path / "people.toml").write_text('kind = "people"\n')
    with (tmp_path / "people.toml").open("rb") as mapping:
        answer = wizard.upload(
            sign_in(people.supervisor1), tmp_path / "x.csv", office=people.office.pk, how="mapping", mapping=mapping
        )
    assert answer.status_code == 422


def test_somebody_who_is_both_imports_both(people: Cast, tmp_path: Path) -> None:
    from tests.cast import join

    join(people.supervisor1, people.office, Role.ADMINISTRATOR)
    page = sign_in(people.supervisor1).get(reverse("import")).content.decode()
    assert 'value="people"' in page
    assert 'value="problems"' in page


def test_the_pages_of_people_and_units_lead_there(people: Cast) -> None:
    admin = sign_in(people.admin)
    for page, kind in (("people", "people"), ("units", "units")):
        assert f"{reverse('import')}?kind={kind}" in admin.get(reverse(page)).content.decode()
        chosen = admin.get(f"{reverse('import')}?kind={kind}").content.decode()
        assert f'<option value="{kind}" selected>' in chosen


def test_a_name_that_a_supervisor_uses_is_not_overwritten(people: Cast, tmp_path: Path) -> None:
    saved = {"by": people.supervisor1, "saved_at": timezone.now(), "mapping": {"kind": "problems"}}
    SavedMapping.objects.create(office=people.office, name="月报", **saved)
    batch = brought(tmp_path, people)
    sign_in(people.admin).post(reverse("import_batch_remember", args=[batch.pk]), {"name": "月报"})
    assert SavedMapping.objects.get(name="月报").mapping["kind"] == "problems"


# --- The way in ---------------------------------------------------------------------------------------


def checked(client: Client, folder: Path, people: Cast, *rows: str) -> Any:
    """The answer after a list of people was uploaded and its columns were taken as recognised."""
    (folder / "people.csv").write_text("\n".join([of_people.HEADER, *rows]), encoding="utf-8-sig")
    answer = wizard.upload(client, folder / "people.csv", office=people.office.pk, how="people")
    assert answer.status_code == 302, answer.context["form"].errors
    wizard.choose_columns(client, wizard.newest(), create=[])
    return wizard.after_work(client)


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_people_come_in_by_the_pages(tmp_path: Path, language: str) -> None:
    people = cast()
    admin = signed_in(people.admin, language)
    values = checked(admin, tmp_path, people, row(岗位="科员", 单位="住建局"), row(用户名="b/b", 邮箱=""))
    assert [group.name for group in values.context["form"].groups] == ["unit", "role"]
    form = values.context["form"]
    sent = wizard.sent_of(form)
    for key, (name, _text, _count) in form.places.items():
        sent[key] = f"={people.housing.name_zh}" if name == "unit" else "=handler"
    admin.post(reverse("import_values", args=[wizard.newest().pk]), sent)
    page = wizard.after_work(admin)
    assert page.context["report"]["refused_rows"] == 1
    admin.post(reverse("import_correct", args=[wizard.newest().pk]), {"cell-3-username": "bb"})
    page = wizard.after_work(admin)
    assert page.context["report"]["refused_rows"] == 0
    admin.post(reverse("import_begin", args=[wizard.last_check().pk]))
    working.work()
    batch = ImportBatch.objects.get()
    page = admin.get(reverse("import_batch", args=[batch.pk]))
    assert page.status_code == 200
    rows_of = Membership.objects.filter(user__username__in=["lin.xiaoyu", "bb"])
    assert {one.unit for one in rows_of} == {people.housing, people.team1}
    assert ("发送 1 封邀请" in words(page)) == (language == "zh-hans")
    assert not Delivery.objects.exists()


def test_the_page_asks_as_often_for_30_people_as_for_1(people: Cast, tmp_path: Path) -> None:
    admin = sign_in(people.admin)
    one = brought(tmp_path, people)
    release(one, by=people.admin)
    many = brought(tmp_path, people, *(row(用户名=f"p{n}", 邮箱=f"p{n}@example.org") for n in range(30)))
    release(many, by=people.admin)
    few, more = (queries(lambda b=b: admin.get(reverse("import_batch", args=[b.pk]))) for b in (one, many))
    assert few == more


# --- Releasing ----------------------------------------------------------------------------------------


def test_a_release_invites_everybody_once(people: Cast, tmp_path: Path, post: Post) -> None:  # noqa: F811
    batch = brought(tmp_path, people, row(), row(用户名="b", 邮箱="b@example.org"), row(用户名="nomail", 邮箱=""))
    admin = sign_in(people.admin)
    address = reverse("import_batch", args=[batch.pk])
    page = admin.get(address)
    assert "Send 2 invitations" in words(page)
    assert reverse("person_act", args=[User.objects.get(username="nomail").pk, "password"]) in page.content.decode()
    assert deliveries.send_waiting() == {}
    assert admin.post(reverse("import_release", args=[batch.pk])).status_code == 302
    assert admin.post(reverse("import_release", args=[batch.pk])).status_code == 409
    deliveries.send_waiting()
    assert sorted(post.recipients) == ["b@example.org", "lin@example.org"]
    assert "not yet accepted" in words(admin.get(address))


def test_who_got_an_address_since_is_invited_too(people: Cast, tmp_path: Path) -> None:
    batch = brought(tmp_path, people, row(邮箱=""))
    change_person(lin(), by=people.admin, email="late@example.org")
    assert "Send 1 invitation" in words(sign_in(people.admin).get(reverse("import_batch", args=[batch.pk])))
    assert release(batch, by=people.admin) == 1


def test_who_was_invited_by_hand_is_not_invited_again(people: Cast, tmp_path: Path) -> None:
    batch = brought(tmp_path, people)
    invitations.invite(lin(), by=people.admin)
    assert release(batch, by=people.admin) == 0
    assert Delivery.objects.count() == 1


def test_the_command_releases_as_well(people: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "people.csv").write_text("\n".join([of_people.HEADER, row()]), encoding="utf-8-sig")
    (tmp_path / "people.toml").write_text('kind = "people"\n')
    call_command(
        "import_ledger", str(tmp_path / "people.csv"), mapping=tmp_path / "people.toml", release=True,
        office=people.office.name_zh,
    )  # fmt: skip
    assert "1 invitations" in capsys.readouterr().out
    assert Delivery.objects.get().person == lin()
    told = events("person", lin().pk)
    assert [event.verb for event in told] == ["enrol_person", "give_post", "invite"]
    assert "Casetracker" in event_sentence(told[0])


# --- Undoing ------------------------------------------------------------------------------------------


def test_undoing_closes_the_accounts_and_voids_the_links(people: Cast, tmp_path: Path, post: Post) -> None:  # noqa: F811
    batch = brought(tmp_path, people, row(), row(用户名="b", 邮箱="b@example.org"))
    release(batch, by=people.admin)
    Delivery.objects.filter(person__username="b").update(not_before=timezone.now() + timezone.timedelta(days=1))
    deliveries.send_waiting()
    link = Invitation.objects.get(person=lin())
    assert built_on(batch) == []
    result = undo(batch, people)
    assert (result["taken_back"], result["restored"]) == (2, 0)
    person = lin()
    assert (person.is_active, person.memberships.count()) == (False, 0)
    assert not invitations.is_open(Invitation.objects.get(pk=link.pk), timezone.now())
    assert Delivery.objects.get(person__username="b").state == "cancelled"
    assert batch.state == ImportState.UNDONE
    for language, said in (("en", "undid the import"), ("zh-hans", "撤销了导入")):
        with translation.override(language):
            assert said in event_sentence(events("person", person.pk)[-1])


def test_importing_it_again_opens_them_again(people: Cast, tmp_path: Path) -> None:
    undo(brought(tmp_path, people), people)
    again = brought(tmp_path, people)
    person = lin()
    assert (person.is_active, person.memberships.get().unit) == (True, people.team1)
    assert (again.report["created"], again.report["revived"]) == (1, 1)
    assert Invitation.objects.held().filter(person=person, waits_for=again.pk).exists()
    assert undo(again, people)["taken_back"] == 1
    assert not lin().is_active


def test_undoing_brings_back_what_it_changed(people: Cast, tmp_path: Path) -> None:
    person = make_person("zhou", "周某", (people.housing, Role.HANDLER))
    User.objects.filter(pk=person.pk).update(phone="1")
    known = {"姓名": "周某", "用户名": "zhou", "邮箱": "", "英文名": "", "语言": ""}
    batch = brought(
        tmp_path, people,
        row(**known, 手机="2", 单位="市住建局", 岗位="经办人", 任职日期="", 抽调="是", 离任日期="2099-01-01"),
        row(**known, 手机="2", 单位="市城管局", 岗位="经办人"),
    )  # fmt: skip
    assert batch.report["updated"] == 2
    result = undo(batch, people)
    assert (result["taken_back"], result["restored"]) == (0, 1)
    person = User.objects.get(pk=person.pk)
    assert (person.phone, person.is_active) == ("1", True)
    post_of = person.memberships.get()
    assert (post_of.unit, post_of.on_loan, post_of.until_on) == (people.housing, False, None)


def stands(batch: ImportBatch, people: Cast) -> None:
    """It can't be undone: the whole stays, and the page says why."""
    before = (User.objects.filter(is_active=True).count(), Membership.objects.count(), Unit.objects.current().count())
    assert "built" in undo(batch, people)
    assert before == (
        User.objects.filter(is_active=True).count(), Membership.objects.count(), Unit.objects.current().count(),
    )  # fmt: skip
    assert batch.state == ImportState.DONE
    page = sign_in(people.admin).get(reverse("import_undo", args=[batch.pk]))
    assert "can’t be undone" in words(page)


def test_somebody_who_chose_a_password_stands_in_the_way(people: Cast, tmp_path: Path) -> None:
    batch = brought(tmp_path, people, row(), row(用户名="b", 邮箱="b@example.org"))
    release(batch, by=people.admin)
    invitation = Invitation.objects.get(person=lin())

    def save(person: User) -> None:
        person.set_password(NEW)
        person.save()

    invitations.accept(invitation, save)
    assert [one["label"] for one in built_on(batch)] == ["林小雨"]
    stands(batch, people)


def test_a_change_by_hand_stands_in_the_way(people: Cast, tmp_path: Path) -> None:
    batch = brought(tmp_path, people)
    give_post(lin(), by=people.admin, unit=people.housing, role=Role.HANDLER, from_on=timezone.localdate(), reason="兼")
    stands(batch, people)


def test_acting_by_a_role_that_it_gave_stands_in_the_way(people: Cast, tmp_path: Path) -> None:
    person = make_person("zhou", "周某", (people.housing, Role.HANDLER))
    batch = brought(tmp_path, people, row(姓名="周某", 用户名="zhou", 邮箱="", 英文名="", 语言="", 手机=""))
    make_problem(people, by=person, now=timezone.now())
    stands(batch, people)


def test_being_named_elsewhere_stands_in_the_way(people: Cast, tmp_path: Path) -> None:
    from inspections.models import Visit, VisitInspector
    from tests.builders import make_site, make_visit

    batch = brought(tmp_path, people)
    visit = make_visit(people, make_site(people))
    VisitInspector.objects.create(visit=Visit.objects.get(pk=visit.pk), user=lin(), name="林小雨")
    stands(batch, people)


def test_undoing_units_ends_them_and_restores_the_others(people: Cast, tmp_path: Path) -> None:
    change_unit(people.housing, by=people.admin, email="old@example.org")
    changed = of_units.row(
        单位名称="市住建局", 英文名称="", 简称="", 别名="住建", 单位类型="", 行政区划="解放区", 邮箱="n@example.org",
        启用日期="", 上级单位="市生态环境局",
    )  # fmt: skip
    batch = units_brought(
        tmp_path, people, of_units.row(), of_units.team("子组", "丑组"), of_units.team("丑组"), changed
    )
    assert (batch.report["created"], batch.report["updated"]) == (3, 1)
    result = undo(batch, people)
    assert (result["taken_back"], result["restored"]) == (3, 1)
    assert not Unit.objects.current().filter(name_zh__in=["市文化广电和旅游局", "子组", "丑组"]).exists()
    housing = Unit.objects.get(pk=people.housing.pk)
    assert (housing.email, housing.parent, housing.names.count()) == ("old@example.org", None, 0)
    assert list(housing.districts.values_list("code", flat=True)) == ["410800"]
    again = units_brought(
        tmp_path, people, of_units.row(), of_units.team("子组", "丑组"), of_units.team("丑组"), changed
    )
    assert (again.report["revived"], again.report["updated"]) == (3, 1)
    assert Unit.objects.current().filter(name_zh__in=["市文化广电和旅游局", "子组", "丑组"]).count() == 3
    assert undo(again, people)["taken_back"] == 3


def test_units_that_something_uses_stand_in_the_way(people: Cast, tmp_path: Path) -> None:
    batch = units_brought(tmp_path, people, of_units.row(), of_units.team("子组"))
    culture = Unit.objects.get(name_zh="市文化广电和旅游局")
    problem = make_problem(people)
    type(problem).objects.filter(pk=problem.pk).update(lead_unit=culture)
    assert [one["label"] for one in built_on(batch)] == ["市文化广电和旅游局"]
    stands(batch, people)


def test_units_with_people_wait_until_the_people_are_undone(people: Cast, tmp_path: Path) -> None:
    units = units_brought(tmp_path, people, of_units.team("子组"))
    persons = brought(tmp_path, people, row(单位="子组"))
    stands(units, people)
    undo(persons, people)
    assert undo(units, people)["taken_back"] == 1


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", ["people", "units"])
def test_an_administrator_undoes_an_import_after_being_asked(tmp_path: Path, kind: str, language: str) -> None:
    people = cast()
    batch = brought(tmp_path, people) if kind == "people" else units_brought(tmp_path, people)
    admin = signed_in(people.admin, language)
    asked = admin.get(reverse("import_undo", args=[batch.pk]))
    assert asked.status_code == 200
    admin.post(reverse("import_undo", args=[batch.pk]))
    page = wizard.after_work(admin)
    batch.refresh_from_db()
    assert batch.state == ImportState.UNDONE
    assert ("已撤销" in words(page)) == (language == "zh-hans")
    assert admin.post(reverse("import_release", args=[batch.pk])).status_code == 409
    with pytest.raises(IllegalMove):
        release(batch, by=people.admin)
