"""A ledger on its way in, step by step, over plain HTTP: what a person chooses is the mapping."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from casetracker import working
from casetracker.enums import JobState
from casetracker.models import Job
from inspections.enums import Route
from inspections.ledger.importing import drafts
from inspections.ledger.importing.uploads import folder, refused_of
from inspections.ledger.mapping import loads
from inspections.models import ImportBatch, ImportDraft, Problem, SavedMapping
from tests.cast import Cast, cast
from tests.inspections import wizard
from tests.inspections.ledger import shelf
from tests.inspections.ledger.test_importing import HEADER, changed, ledger
from tests.inspections.wizard import signed_in

DAY = datetime.date(2019, 10, 16)
SHEETS = {
    "说明": [["填表说明"], ["请按月报送"]],
    "台账": [
        ["某市问题台账"],
        ["编号", "哪天发现", "县区", "工地", "问题描述", "怎么办", "牵头单位", "整改期限"],
        ["焦督〔2019〕1号", DAY, "解放", "东环工地", "裸土未覆盖", "马上改", "住建委", "10月23日"],
        ["焦督〔2019〕2号", "8月32日", "解放区", "西环工地", "围挡不全", "集中交办", "市住建局", "10月24日"],
    ],
}


@pytest.fixture(autouse=True)
def _data(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A workbook whose ledger stands on the second sheet below a title, with words of its own."""
    return shelf.workbook(tmp_path / "台账.xlsx", SHEETS)


def text_of(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


# --- Sheet and header ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_sheet_header_and_columns_are_recognised_and_shown_with_values(people: Cast, odd: Path, language: str) -> None:
    client = signed_in(people.supervisor1, language)
    answer = wizard.upload(client, odd, office=people.office.pk)
    draft = wizard.newest()
    assert answer["Location"] == reverse("import_draft", args=[draft.pk])
    page = client.get(answer["Location"], follow=True)
    assert page.redirect_chain[-1][0] == reverse("import_columns", args=[draft.pk])
    text = text_of(page)
    assert {"en": "header in row 2", "zh-hans": "表头在第 2 行"}[language] in text
    assert draft.reading["sheet"] == "台账"
    lines = {line.name: line for line in page.context["form"].lines}
    assert lines["district"].column.value() == "县区"
    assert lines["description"].samples == ["裸土未覆盖", "围挡不全"]
    # What nobody calls so is left to be chosen, and what nothing reads is listed with its values.
    assert lines["found_on"].column.value() == ""
    unread = dict(page.context["unread"])
    assert unread["哪天发现"] == ["2019-10-16", "8月32日"]
    assert set(unread) == {"哪天发现", "工地", "怎么办"}


@pytest.mark.django_db
def test_another_sheet_and_another_header_can_be_chosen(people: Cast, odd: Path) -> None:
    client = signed_in(people.supervisor1)
    wizard.upload(client, odd, office=people.office.pk)
    draft = wizard.newest()
    url = reverse("import_sheet", args=[draft.pk])
    page = client.get(url)
    assert [row["number"] for row in page.context["rows"] if row["is_header"]] == [2]
    client.post(url, {"sheet": "说明", "show": "1"})
    draft.refresh_from_db()
    assert (draft.reading["sheet"], draft.reading["header_rows"]) == ("说明", [])
    page = client.get(reverse("import_draft", args=[draft.pk]), follow=True)
    assert "No row was recognised as the header" in text_of(page)
    assert client.post(url, {"sheet": "说明"}).status_code == 422
    client.post(url, {"sheet": "台账", "show": "1"})
    answer = client.post(url, {"sheet": "台账", "rows": ["1", "2"]})
    assert answer["Location"] == reverse("import_columns", args=[draft.pk])
    draft.refresh_from_db()
    assert (draft.mapping["sheet"], draft.mapping["header_row"], draft.is_fixed) == ("台账", [1, 2], True)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "x.csv", {"en": "empty", "zh-hans": "空"}),
        (b"%PDF-1.7\0\1\2", "x.xlsx", {"en": "not a spreadsheet", "zh-hans": "不是电子表格"}),
        (b"PK\x03\x04" + b"\0" * 400, "x.xlsx", {"en": "save it as xlsx", "zh-hans": "xlsx"}),
    ],
)
def test_a_file_that_is_none_says_what_to_do_next(
    people: Cast, language: str, content: bytes, name: str, words: dict[str, str]
) -> None:
    client = signed_in(people.supervisor1, language)
    sent = {"file": SimpleUploadedFile(name, content), "how": "problems", "office": people.office.pk}
    answer = client.post(reverse("import"), sent)
    assert answer.status_code == 422
    assert words[language] in " ".join(answer.context["form"].errors["file"])
    assert not ImportDraft.objects.exists()


@pytest.mark.django_db
def test_a_zip_bomb_is_refused_at_its_field(people: Cast, tmp_path: Path) -> None:
    import zipfile

    path = shelf.workbook(tmp_path / "bomb.xlsx", SHEETS)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/big.bin", b"\0" * (310 * 1024 * 1024))
    answer = wizard.upload(signed_in(people.supervisor1), path, office=people.office.pk)
    assert answer.status_code == 422
    assert "Split it" in " ".join(answer.context["form"].errors["file"])


@pytest.mark.django_db
def test_a_large_file_is_looked_at_by_a_worker(people: Cast, odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "AT_ONCE", 10)
    client = signed_in(people.supervisor1)
    answer = wizard.upload(client, odd, office=people.office.pk)
    job = Job.objects.get()
    assert (job.kind, answer["Location"]) == ("ledger_read", reverse("job", args=[job.pk]))
    assert client.get(reverse("import_draft", args=[wizard.newest().pk]))["Location"] == answer["Location"]
    page = wizard.after_work(client)
    assert page.redirect_chain[-1][0] == reverse("import_columns", args=[wizard.newest().pk])


@pytest.mark.django_db
def test_a_worker_that_dies_while_looking_leaves_the_next_one_to_look(
    people: Cast, odd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "AT_ONCE", 10)
    client = signed_in(people.supervisor1)
    wizard.upload(client, odd, office=people.office.pk)
    past = timezone.now() - datetime.timedelta(minutes=10)
    # As a worker leaves it that was killed at work.
    Job.objects.update(state=JobState.RUNNING, attempts=1, lease_until=past)
    working.work()
    assert Job.objects.get().state == JobState.DONE
    assert wizard.newest().reading["header_rows"] == [2]


# --- Columns ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_every_row_needs_must_have_a_column_or_a_value(people: Cast, odd: Path, language: str) -> None:
    client = signed_in(people.supervisor1, language)
    wizard.upload(client, odd, office=people.office.pk)
    answer = wizard.choose_columns(client, wizard.newest())
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"c-found_on", "c-site"}
    assert {"en": "Choose its column", "zh-hans": "请选择对应的列"}[language] in text_of(answer)
    answer = wizard.choose_columns(client, wizard.newest(), c_found_on="哪天发现", d_site="全市工地")
    assert answer.status_code == 302
    mapping = wizard.newest().mapping
    assert (mapping["columns"]["found_on"], mapping["defaults"]) == ("哪天发现", {"site": "全市工地"})


@pytest.mark.django_db
def test_two_columns_of_one_name_are_told_apart_or_not_offered(people: Cast, tmp_path: Path) -> None:
    rows = [["发现", "", "县区", "点位", "问题", "整改"], ["日期", "备注", "", "", "", "日期"],
            [DAY, "甲", "解放区", "工地", "裸土", DAY]]  # fmt: skip
    path = shelf.xlsx(tmp_path / "two.xlsx", rows, merges=[(0, 0, 0, 1)])
    client = signed_in(people.supervisor1)
    wizard.upload(client, path, office=people.office.pk)
    assert wizard.newest().reading["keys"][5] == "整改/日期"


# --- Values -------------------------------------------------------------------------------------------------------


def to_values(people: Cast, odd: Path, language: str = "en") -> tuple[Any, Any]:
    """The client and the answer of the page that asks what the texts mean."""
    client = signed_in(people.supervisor1, language)
    wizard.upload(client, odd, office=people.office.pk)
    wizard.choose_columns(client, wizard.newest(), c_found_on="哪天发现", c_site="工地", c_route="怎么办", year="2019")
    return client, wizard.after_work(client)


def decide(client: Any, page: Any, choices: dict[str, str]) -> Any:
    """Choose for texts (by text) and go where that leads."""
    form = page.context["form"]
    sent = wizard.sent_of(form)
    for key, (_name, text, _count) in form.places.items():
        if text in choices:
            sent[key] = choices[text]
    client.post(reverse("import_values", args=[wizard.newest().pk]), sent)
    return wizard.after_work(client)


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_texts_that_were_not_understood_are_asked_for_and_what_is_chosen_is_the_mapping(
    odd: Path, language: str
) -> None:
    people = cast()
    client, page = to_values(people, odd, language)
    assert page.redirect_chain[-1][0] == reverse("import_values", args=[wizard.newest().pk])
    asked = {group.name: [text.text for text in group.texts] for group in page.context["form"].groups}
    # All of them at once, though one of the two rows is refused for its date.
    assert asked == {"district": ["解放"], "unit": ["住建委"], "route": ["马上改"]}
    assert {"en": "What do these mean?", "zh-hans": "这些是什么意思？"}[language] in text_of(page)
    page = decide(client, page, {"马上改": "=on_spot", "住建委": f"={people.housing.name_zh}", "解放": "=410802"})
    assert page.redirect_chain[-1][0] == reverse("import_check", args=[wizard.last_check().pk])
    draft = wizard.newest()
    assert draft.mapping["values"] == {
        "district": {"解放": "410802"},
        "route": {"马上改": "on_spot"},
        "unit": {"住建委": people.housing.name_zh},
        "co_units": {"住建委": people.housing.name_zh},
    }
    client.post(reverse("import_begin", args=[wizard.last_check().pk]))
    working.work()
    problem = Problem.objects.get()
    assert (problem.route, problem.lead_unit) == (Route.ON_SPOT, people.housing)
    assert str(problem.due_on) == "2019-10-23"
    # What was decided stands there to be changed, and nothing is asked again.
    page = client.get(reverse("import_values", args=[draft.pk]))
    assert [text.count for group in page.context["form"].groups for text in group.texts] == [0, 0, 0]


@pytest.mark.usefixtures("committed")
def test_a_text_may_be_created_left_out_read_as_nothing_or_left_as_it_is(tmp_path: Path) -> None:
    people = cast()
    rows = [
        changed(问题编号=f"焦督〔2019〕{number}号", 责任单位=unit, 问题描述=f"第{number}处")
        for number, unit in enumerate(["新设的局", "外市的局", "空着的局", "疑问的局"], 1)
    ]
    client = signed_in(people.supervisor1)
    page = wizard.checked(client, ledger(tmp_path, *rows), people.office.pk, create=["sites", "kinds", "teams"])
    page = decide(client, page, {"新设的局": "!new", "外市的局": "!out", "空着的局": "!empty", "疑问的局": ""})
    report = wizard.last_check().result
    assert (report["accepted"], report["left_out"], report["refused_rows"]) == (3, 1, 0)
    assert report["made_names"]["units"] == ["新设的局"]
    assert [one["value"] for one in report["doubtful"]] == ["疑问的局"]
    mapping = wizard.newest().mapping
    assert (mapping["leave_out"]["unit"], mapping["create"]["units"]) == (["外市的局"], ["新设的局"])
    # Seen and left as it is: the way doesn't lead back to the question.
    assert page.redirect_chain[-1][0] == reverse("import_check", args=[wizard.last_check().pk])
    page = client.get(reverse("import_values", args=[wizard.newest().pk]))
    chosen = {text.text: text.field.value() for group in page.context["form"].groups for text in group.texts}
    assert chosen == {"疑问的局": "", "空着的局": "!empty", "外市的局": "!out", "新设的局": "!new"}


# --- Correcting ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_refused_cell_is_corrected_here_and_can_be_taken_back(tmp_path: Path, language: str) -> None:
    people = cast()
    client = signed_in(people.supervisor1, language)
    rows = [changed(), changed(问题编号="焦督〔2019〕8号", 发现日期="8月32日", 整改时限="尽快", 问题描述="乙")]
    page = wizard.checked(client, ledger(tmp_path, *rows), people.office.pk)
    assert [one["field"] for one in page.context["editable"]] == ["cell-3-found_on", "cell-3-due_on"]
    url = reverse("import_correct", args=[wizard.newest().pk])
    answer = client.post(url, {"cell-3-found_on": "8月32日"}, follow=True)
    assert {"en": "No cell was changed", "zh-hans": "没有更正任何单元格"}[language] in text_of(answer)
    client.post(url, {"cell-3-found_on": "2019-10-20", "cell-3-due_on": ""})
    page = wizard.after_work(client)
    assert wizard.newest().corrections == {"3": {"found_on": "2019-10-20", "due_on": ""}}
    assert page.context["report"]["refused_rows"] == 0
    assert {one["value"] for one in page.context["report"]["corrections"]} == {"2019-10-20", ""}
    client.post(url, {"back": "3:due_on"})
    page = wizard.after_work(client)
    assert [one["value"] for one in page.context["report"]["refused"]] == ["尽快"]
    client.post(url, {"cell-3-due_on": "2019-10-30"})
    wizard.after_work(client)
    client.post(reverse("import_begin", args=[wizard.last_check().pk]))
    working.work()
    assert [str(one.found_on) for one in Problem.objects.order_by("number_seq")] == ["2019-10-16", "2019-10-20"]
    assert len(ImportBatch.objects.get().report["corrections"]) == 2


@pytest.mark.usefixtures("committed")
def test_an_older_check_is_not_imported_any_more(tmp_path: Path) -> None:
    people = cast()
    client = signed_in(people.supervisor1)
    rows = [changed(), changed(问题编号="焦督〔2019〕8号", 发现日期="8月32日", 问题描述="乙")]
    wizard.checked(client, ledger(tmp_path, *rows), people.office.pk)
    old = wizard.last_check()
    client.post(reverse("import_correct", args=[wizard.newest().pk]), {"cell-3-found_on": "2019-10-20"})
    answer = client.post(reverse("import_begin", args=[old.pk]))
    assert answer.status_code == 409
    assert not Job.objects.filter(kind="ledger_import").exists()
    page = client.get(reverse("import_check", args=[old.pk]))
    assert 'data-verb="import_ledger"' not in text_of(page)
    assert page.context["editable"] == []


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_the_refused_rows_are_a_file_that_can_be_corrected_and_imported(tmp_path: Path, form: str) -> None:
    people = cast()
    client = signed_in(people.supervisor1, "zh-hans")
    rows = [changed(), changed(问题编号="焦督〔2019〕8号", 发现日期="尽快", 问题描述="=1+1")]
    wizard.checked(client, ledger(tmp_path, *rows), people.office.pk)
    answer = client.get(reverse("import_refused", args=[wizard.last_check().pk, form]))
    assert answer.status_code == 200
    path = tmp_path / f"refused.{form}"
    path.write_bytes(b"".join(answer.streaming_content))
    wizard.upload(client, path, office=people.office.pk)
    reading = wizard.newest().reading
    assert reading["keys"] == [*HEADER, "原因"] or reading["keys"][:-1] == HEADER
    assert "尽快" in reading["samples"][-1][0]
    page = wizard.checked(client, path, people.office.pk)
    assert page.context["report"]["rows"] == 1
    client.post(reverse("import_correct", args=[wizard.newest().pk]), {"cell-2-found_on": "2019-10-20"})
    wizard.after_work(client)
    client.post(reverse("import_begin", args=[wizard.last_check().pk]))
    working.work()
    assert Problem.objects.get().description == "=1+1"


@pytest.mark.usefixtures("committed")
def test_a_check_without_refused_rows_has_no_such_file(tmp_path: Path) -> None:
    people = cast()
    client = signed_in(people.supervisor1)
    wizard.checked(client, ledger(tmp_path, changed()), people.office.pk)
    assert client.get(reverse("import_refused", args=[wizard.last_check().pk, "csv"])).status_code == 404
    assert client.get(reverse("import_refused", args=[wizard.last_check().pk, "exe"])).status_code == 404


# --- Using it again -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("committed")
def test_how_a_ledger_was_read_is_remembered_used_again_downloaded_and_forgotten(odd: Path, tmp_path: Path) -> None:
    people = cast()
    client, page = to_values(people, odd)
    decide(client, page, {"马上改": "=on_spot", "住建委": f"={people.housing.name_zh}"})
    draft = wizard.newest()
    url = reverse("import_remember", args=[draft.pk])
    assert "Give it a name" in text_of(client.post(url, {"name": " "}, follow=True))
    client.post(url, {"name": "每月台账"})
    client.post(url, {"name": "每月台账"})
    way = SavedMapping.objects.get()
    # Where the header lies is found anew next month: here it lies two rows further down.
    assert not {"sheet", "header_row"} & set(way.mapping)
    moved = {"新表": [["标题"], ["截至"], [], *SHEETS["台账"][1:]]}
    again = shelf.workbook(tmp_path / "next.xlsx", moved)
    answer = wizard.upload(client, again, office=people.office.pk, how=f"saved:{way.pk}")
    assert answer.status_code == 302
    next_draft = wizard.newest()
    assert next_draft.reading["header_rows"] == [4]
    assert next_draft.mapping["columns"] == draft.mapping["columns"]
    assert next_draft.mapping["values"] == draft.mapping["values"]
    # As a file for the command, too.
    text = text_of(client.get(reverse("import_mapping", args=[draft.pk])))
    assert loads(text).source == {name: value for name, value in draft.mapping.items() if value not in ("", {})}
    assert loads(text_of(client.get(reverse("import_example")))).kind == "problems"
    client.post(reverse("import_forget", args=[way.pk]))
    assert not SavedMapping.objects.exists()


@pytest.mark.usefixtures("committed")
def test_a_ledger_is_read_like_an_earlier_import_or_by_a_mapping_file(tmp_path: Path) -> None:
    people = cast()
    client = signed_in(people.supervisor1)
    batch = wizard.take_in(client, ledger(tmp_path, changed()), people.office.pk)
    wizard.upload(client, ledger(tmp_path, changed(), name="next.csv"), office=people.office.pk, how=f"like:{batch.pk}")
    assert wizard.newest().mapping["create"] == batch.mapping["create"]
    mapping = SimpleUploadedFile("m.toml", '[columns]\nsite = "点位名称"\n[defaults]\nyear = 2019\n'.encode())
    sent = {"office": people.office.pk, "how": "mapping", "mapping": mapping}
    assert wizard.upload(client, ledger(tmp_path, changed()), **sent).status_code == 422


# --- Whose it is --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["inspector1", "handler1", "officer1", "leader1", "admin", "outsider"])
def test_only_supervisors_of_the_office_see_a_draft(people: Cast, odd: Path, name: str) -> None:
    wizard.upload(signed_in(people.supervisor1), odd, office=people.office.pk)
    draft = wizard.newest()
    client = signed_in(people.everybody()[name])
    for page in ("import_draft", "import_sheet", "import_columns", "import_values", "import_mapping"):
        assert client.get(reverse(page, args=[draft.pk])).status_code == 404, page
    job = Job.objects.create(
        kind="ledger_check",
        state=JobState.DONE,
        requested_by=people.supervisor1,
        created_at=timezone.now(),
        params={"office": people.office.pk, "file_name": "x.xlsx"},
    )
    refused_of(job.pk).write_text('["甲"]\n', "utf-8")
    assert client.get(reverse("import_check", args=[job.pk])).status_code == 404
    assert client.get(reverse("import_refused", args=[job.pk, "csv"])).status_code == 404
    for page in ("import_columns", "import_correct", "import_remember", "import_drop"):
        assert client.post(reverse(page, args=[draft.pk])).status_code == 404, page
    assert ImportDraft.objects.filter(pk=draft.pk).exists()


@pytest.mark.django_db
def test_the_office_of_another_city_is_not_offered(people: Cast, odd: Path) -> None:
    answer = wizard.upload(signed_in(people.supervisor1), odd, office=people.far_office.pk)
    assert answer.status_code == 422
    assert not ImportDraft.objects.exists()


@pytest.mark.django_db
def test_the_pages_ask_as_often_for_30_rows_as_for_1(
    people: Cast, tmp_path: Path, django_assert_num_queries: Any
) -> None:
    client = signed_in(people.supervisor1)

    def read(count: int) -> list[str]:
        rows = [changed(问题编号=f"焦督〔2019〕{number}号", 责任单位=f"单位{number}") for number in range(1, count + 1)]
        wizard.upload(client, ledger(tmp_path, *rows, name=f"{count}.csv"), office=people.office.pk)
        draft = wizard.newest()
        refused = [
            {"row": row, "column": "发现日期", "name": "found_on", "value": "尽快", "code": "bad_date",
             "message": "", "message_zh": "不是日期", "message_en": "no date"}
            for row in range(count)
        ]  # fmt: skip
        report = {"refused": refused, "refused_rows": count, "doubtful": refused, "rows": count, "accepted": 1,
                  "created": 1, "unmatched": {"unit": [[f"单位{number}", 1] for number in range(count)]}}  # fmt: skip
        job = Job.objects.create(
            kind="ledger_check", state=JobState.DONE, requested_by=people.supervisor1, created_at=timezone.now(),
            params={"draft": str(draft.pk), "office": people.office.pk, "file_name": "x",
                    "mapping": {"kind": "problems"}}, result=report,
        )  # fmt: skip
        ImportDraft.objects.filter(pk=draft.pk).update(checked=job.pk)
        pages = [reverse(name, args=[draft.pk]) for name in ("import_sheet", "import_columns", "import_values")]
        return [*pages, reverse("import_check", args=[job.pk]), reverse("import")]

    for one, many in zip(read(1), read(30), strict=True):
        client.get(one)
        with django_assert_num_queries(30, exact=False) as first:
            assert client.get(one).status_code == 200
        with django_assert_num_queries(len(first)):
            assert client.get(many).status_code == 200


@pytest.mark.usefixtures("committed")
def test_what_nobody_touched_for_two_weeks_is_thrown_away_and_imported_files_stay(tmp_path: Path) -> None:
    people = cast()
    client = signed_in(people.supervisor1)
    batch = wizard.take_in(client, ledger(tmp_path, changed()), people.office.pk)
    bad = ledger(tmp_path, changed(发现日期="尽快"), name="bad.csv")
    wizard.checked(client, bad, people.office.pk)
    assert refused_of(wizard.last_check().pk).exists()
    now = timezone.now()
    assert drafts.tidy(now) == 0
    assert ImportDraft.objects.count() == 2
    later = now + datetime.timedelta(days=15)
    assert drafts.tidy(later) == 2
    assert not ImportDraft.objects.exists()
    assert [path.name.split(".")[0] for path in folder().iterdir()] == [batch.file_sha256]


@pytest.mark.django_db
def test_an_upload_can_be_thrown_away(people: Cast, odd: Path) -> None:
    client = signed_in(people.supervisor1)
    wizard.upload(client, odd, office=people.office.pk)
    client.post(reverse("import_drop", args=[wizard.newest().pk]))
    assert not ImportDraft.objects.exists()
