"""People from a spreadsheet: accounts without a password, their posts, what changes, and what is refused."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone, translation

from casetracker.administering.people import change_person, deactivate, give_post
from casetracker.enums import Role, UnitKind
from casetracker.models import Delivery, Invitation, Membership, Unit, User
from casetracker.subjects import event_sentence
from inspections.ledger.importing import Report, import_file
from inspections.ledger.mapping import from_dict
from inspections.models import ImportRow
from tests.casetracker.office import events
from tests.cast import Cast, make_person

pytestmark = pytest.mark.django_db

HEADER = "姓名,英文名,用户名,邮箱,手机,语言,单位,岗位,任职日期,离任日期,抽调,负责人"
DAY = datetime.timedelta(days=1)


def row(**changes: str) -> str:
    cells = {
        "姓名": "林小雨", "英文名": "Lin Xiaoyu", "用户名": "lin.xiaoyu", "邮箱": "lin@example.org",
        "手机": "013800138000", "语言": "英文", "单位": "第一现场督导组", "岗位": "督导员",
        "任职日期": "2024-03-01", "离任日期": "", "抽调": "是", "负责人": "",
    }  # fmt: skip
    return ",".join((cells | changes).values())


def take_in(folder: Path, people: Cast, *rows: str, **options: Any) -> Report:
    path = folder / "people.csv"
    path.write_text("\n".join([options.pop("header", HEADER), *rows]), encoding="utf-8-sig")
    source = {"kind": "people", **options.pop("mapping", {})}
    office = options.pop("office", people.office)
    return import_file(path, from_dict(source), office=office, by=people.admin, **options)


def codes(report: Report) -> list[tuple[str, str]]:
    return [(one.name, one.code) for one in report.refused]


def doubts(report: Report) -> list[str]:
    return [one.code for one in report.doubtful]


def test_a_person_comes_in_with_an_account_a_post_and_no_way_in(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, row())
    assert (report.accepted, report.created, report.refused, report.doubtful) == (1, 1, [], [])
    person = User.objects.get(username="lin.xiaoyu")
    assert (person.name, person.name_en, person.email, person.language) == (
        "林小雨", "Lin Xiaoyu", "lin@example.org", "en",
    )  # fmt: skip
    assert person.phone == "013800138000", "a telephone number is text"
    assert not person.has_usable_password()
    assert not person.must_change_password
    post = person.memberships.get()
    assert (post.unit, post.role, post.from_on, post.until_on) == (
        people.team1, Role.INSPECTOR, datetime.date(2024, 3, 1), None,
    )  # fmt: skip
    assert (post.on_loan, post.is_head) == (True, False)
    assert [event.verb for event in events("person", person.pk)] == ["enrol_person", "give_post"]
    for language, words in (("en", "without a password"), ("zh-hans", "people.csv")):
        with translation.override(language):
            assert words in event_sentence(events("person", person.pk)[0])


def test_an_import_sends_nothing_and_holds_one_invitation(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, row(), row(用户名="nomail", 邮箱=""))
    held = Invitation.objects.get()
    assert report.batch is not None
    assert (held.person.username, held.waits_for, held.released_at) == ("lin.xiaoyu", report.batch.pk, None)
    assert not Delivery.objects.exists()


def test_a_dry_run_leaves_nothing(people: Cast, tmp_path: Path) -> None:
    before = (User.objects.count(), Membership.objects.count())
    report = take_in(tmp_path, people, row(), dry_run=True)
    assert report.created == 1
    assert (User.objects.count(), Membership.objects.count(), Invitation.objects.count()) == (*before, 0)


def test_several_rows_of_one_person_are_several_posts(people: Cast, tmp_path: Path) -> None:
    second = row(单位="市住建局", 岗位="经办人", 任职日期="2025-01-01", 抽调="", 邮箱="", 手机="")
    report = take_in(tmp_path, people, row(), second, row())
    assert (report.created, report.duplicates, report.refused) == (2, 1, [])
    person = User.objects.get(username="lin.xiaoyu")
    assert {(post.unit, post.role) for post in person.memberships.all()} == {
        (people.team1, Role.INSPECTOR),
        (people.housing, Role.HANDLER),
    }
    assert Invitation.objects.count() == 1


def test_the_same_file_again_changes_nothing(people: Cast, tmp_path: Path) -> None:
    rows = [row(), row(单位="市住建局", 岗位="经办人", 任职日期="", 抽调="")]
    take_in(tmp_path, people, *rows)
    person = User.objects.get(username="lin.xiaoyu")
    before = (person.memberships.count(), len(events("person", person.pk)))
    report = take_in(tmp_path, people, *rows)
    assert (report.created, report.updated, report.unchanged) == (0, 0, 2)
    assert (person.memberships.count(), len(events("person", person.pk))) == before


def test_only_what_differs_is_written_and_told(people: Cast, tmp_path: Path) -> None:
    take_in(tmp_path, people, row())
    later = row(手机="01380", 英文名="", 离任日期="2099-01-01", 抽调="否")
    report = take_in(tmp_path, people, later, row(单位="市住建局", 岗位="经办人", 手机="01380", 抽调=""))
    assert (report.created, report.updated, report.unchanged) == (0, 2, 0)
    person = User.objects.get(username="lin.xiaoyu")
    assert (person.phone, person.name_en) == ("01380", "Lin Xiaoyu"), "an empty cell leaves what is there"
    post = person.memberships.get(unit=people.team1)
    assert (post.until_on, post.on_loan) == (datetime.date(2099, 1, 1), False)
    assert [(one["column"], one["old"], one["new"]) for one in report.changes] == [
        ("手机", "013800138000", "01380"),
        ("离任日期", "", "2099-01-01"),
        ("抽调", "True", "False"),
        ("岗位", "", "Handler, 市住建局"),
    ]
    told = [event.verb for event in events("person", person.pk)]
    assert told == ["enrol_person", "give_post", "change_person", "give_post", "change_post"]


def test_somebody_without_a_sign_in_name_is_known_by_the_address(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, row(用户名=""), row(用户名="", 邮箱="lin@other.example", 姓名="林二"))
    assert report.refused == []
    assert set(User.objects.filter(name__startswith="林").values_list("username", flat=True)) == {
        "lin",
        "lin@other.example",
    }
    again = take_in(tmp_path, people, row(用户名="", 手机="1"))
    assert (again.updated, again.created) == (1, 0)


@pytest.mark.parametrize(
    ("changes", "name", "code"),
    [
        ({"姓名": ""}, "name", "missing"),
        ({"用户名": "", "邮箱": ""}, "username", "missing"),
        ({"用户名": "林 小/雨"}, "username", "bad_username"),
        ({"邮箱": "lin@@example"}, "email", "bad_email"),
        ({"邮箱": "林@example.org"}, "email", "bad_email"),
        ({"岗位": "科长"}, "role", "unknown_value"),
        ({"岗位": ""}, "role", "missing"),
        ({"单位": ""}, "unit", "missing"),
        ({"单位": "没有的单位"}, "unit", "unknown_unit"),
        ({"单位": "吕梁督导一组"}, "unit", "unknown_unit"),
        ({"任职日期": "8月32日"}, "from_on", "bad_date"),
        ({"离任日期": "2024-01-01"}, "until_on", "bad_order"),
        ({"任职日期": "", "离任日期": "2024-01-01"}, "from_on", "missing"),
        ({"邮箱": "handler1@example.org"}, "email", "email_taken"),
        ({"用户名": "far_handler", "邮箱": ""}, "username", "elsewhere_person"),
        ({"用户名": "deactivated", "邮箱": ""}, "username", "closed_account"),
        ({"语言": "法语"}, "language", "unknown_value"),
        ({"抽调": "也许"}, "on_loan", "unknown_value"),
    ],
)
def test_what_can_not_be_taken_in_is_refused_with_its_reason(
    people: Cast, tmp_path: Path, changes: dict[str, str], name: str, code: str
) -> None:
    before = (User.objects.count(), Membership.objects.count())
    report = take_in(tmp_path, people, row(**changes))
    assert codes(report) == [(name, code)]
    assert (User.objects.count(), Membership.objects.count()) == before
    for language in ("en", "zh-hans"):
        with translation.override(language):
            message = str(report.refused[0].message)
            assert message
            assert "%(" not in message


def test_two_people_can_not_share_a_name_or_an_address_in_one_file(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, row(), row(姓名="林大雨"), row(用户名="other"))
    assert codes(report) == [("name", "duplicate"), ("email", "email_taken")]
    assert User.objects.get(username="lin.xiaoyu").name == "林小雨"


def test_what_needs_a_second_look_is_doubtful(people: Cast, tmp_path: Path) -> None:
    report = take_in(
        tmp_path,
        people,
        row(单位="", 岗位=""),
        row(用户名="boss", 邮箱="boss@example.org", 单位="市生态环境局", 岗位="管理员"),
        row(用户名="handler1", 邮箱="", 单位="", 岗位="", 姓名="赵新"),
        row(用户名="handler2", 邮箱="", 姓名="钱树", 单位="市城管局", 岗位="经办人"),
    )
    assert doubts(report) == ["no_post", "administrator", "no_post", "renamed", "other_first_day"]
    assert User.objects.get(username="handler1").name == "赵新"
    assert Membership.objects.get(user=people.handler2).from_on == datetime.date(2019, 1, 1)


def test_a_post_that_runs_ends_yesterday_at_the_earliest(people: Cast, tmp_path: Path) -> None:
    today = timezone.localdate()
    known = {"姓名": "赵岩", "用户名": "handler1", "邮箱": "", "单位": "市住建局", "岗位": "经办人", "任职日期": "",
             "抽调": "", "手机": ""}  # fmt: skip
    early = take_in(tmp_path, people, row(**known, 离任日期=(today - 9 * DAY).isoformat()))
    assert codes(early) == [("until_on", "too_early")]
    good = take_in(tmp_path, people, row(**known, 离任日期=(today - DAY).isoformat()))
    assert good.updated == 1
    known["任职日期"] = "2019-01-01"
    late = take_in(tmp_path, people, row(**known, 离任日期=(today + DAY).isoformat()))
    assert codes(late) == [("until_on", "ended_post")]


def test_the_last_administrator_stays(people: Cast, tmp_path: Path) -> None:
    from casetracker.errors import IllegalMove

    yesterday = (timezone.localdate() - DAY).isoformat()
    ending = row(姓名="马管", 用户名="admin", 邮箱="", 手机="", 语言="", 英文名="", 单位="市生态环境局", 岗位="管理员",
                 任职日期="", 抽调="", 离任日期=yesterday)  # fmt: skip
    with pytest.raises(IllegalMove):
        take_in(tmp_path, people, ending)
    assert Membership.objects.get(user=people.admin).until_on is None


def test_unknown_units_are_made_only_where_the_mapping_says_so(people: Cast, tmp_path: Path) -> None:
    rows = [row(单位="市文旅局", 岗位="经办人"), row(用户名="b", 邮箱="", 单位="第九现场督导组"),
            row(用户名="c", 邮箱="", 单位="吕梁督导一组")]  # fmt: skip
    report = take_in(tmp_path, people, *rows, mapping={"create": {"units": True}})
    assert codes(report) == [("unit", "elsewhere_unit")]
    made = Unit.objects.get(name_zh="市文旅局")
    assert (made.kind, list(made.districts.values_list("code", flat=True))) == (UnitKind.DEPARTMENT, ["410800"])
    assert [event.details["file"] for event in events("unit", made.pk)] == ["people.csv"]
    assert Unit.objects.get(name_zh="第九现场督导组").parent == people.office
    assert report.made == {"units": 2}


def test_a_column_of_passwords_is_never_read(people: Cast, tmp_path: Path) -> None:
    from inspections.ledger.glance import look
    from inspections.ledger.importing import refused

    header = HEADER + ",初始密码"
    rows = [row() + ",hunter2-hunter2", row(用户名="x y", 邮箱="") + ",secret-of-x"]
    report = take_in(tmp_path, people, *rows, header=header)
    assert not User.objects.get(username="lin.xiaoyu").has_usable_password()
    mapping = from_dict({"kind": "people"})
    seen = look(tmp_path / "people.csv", mapping)
    assert "hunter2" not in str(seen.as_json())
    refused.keep(tmp_path / "kept", tmp_path / "people.csv", mapping, {}, report)
    assert "secret-of-x" not in (tmp_path / "kept").read_text()
    assert "hunter2" not in str(report.as_json())


def test_a_changed_address_voids_a_link_that_was_sent_there(people: Cast, tmp_path: Path) -> None:
    from casetracker import invitations

    person = make_person("newcomer", "新人", (people.team1, Role.INSPECTOR))
    person.set_unusable_password()
    person.save()
    sent = invitations.invite(person, by=people.admin)
    take_in(tmp_path, people, row(姓名="新人", 用户名="newcomer", 邮箱="other@example.org"))
    sent.refresh_from_db()
    assert sent.withdrawn_at is not None


def test_queries_do_not_grow_with_the_rows(people: Cast, tmp_path: Path, django_assert_max_num_queries: Any) -> None:
    def rows(count: int) -> list[str]:
        return [row(用户名=f"p{count}-{n}", 邮箱=f"p{count}-{n}@example.org") for n in range(count)]

    take_in(tmp_path, people, *rows(1))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        take_in(tmp_path, people, *rows(2))
    with django_assert_max_num_queries(len(few)):
        take_in(tmp_path, people, *rows(60))


def test_a_file_of_another_office_does_not_touch_ours(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, row(用户名="handler1", 邮箱="", 单位="吕梁住建局", 岗位="经办人"),
                     office=people.far_office)  # fmt: skip
    assert codes(report) == [("username", "elsewhere_person")]


def test_rows_remember_what_undoing_needs(people: Cast, tmp_path: Path) -> None:
    take_in(tmp_path, people, row())
    kept = ImportRow.objects.get().before
    person = User.objects.get(username="lin.xiaoyu")
    assert (kept["pk"], kept["made"], kept["given"]) == (person.pk, True, person.memberships.get().pk)


def test_hand_made_changes_and_files_meet(people: Cast, tmp_path: Path) -> None:
    person = make_person("zhou", "周某", (people.housing, Role.HANDLER))
    change_person(person, by=people.admin, phone="1")
    give_post(person, by=people.admin, unit=people.city_management, role=Role.HANDLER, from_on=timezone.localdate(),
              reason="任命")  # fmt: skip
    report = take_in(tmp_path, people, row(姓名="周某", 用户名="ZHOU", 邮箱="", 手机="2", 语言="", 英文名="",
                                           单位="市城管局", 岗位="经办人", 任职日期="", 抽调=""))  # fmt: skip
    assert (report.updated, report.created) == (1, 0)
    deactivate(person, by=people.admin, reason="离职")
    assert codes(take_in(tmp_path, people, row(姓名="周某", 用户名="zhou", 邮箱=""))) == [
        ("username", "closed_account")
    ]
