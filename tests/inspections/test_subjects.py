"""The words of history and notices: every verb has a sentence, and names and texts are escaped."""

import datetime
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone, translation

from casetracker.models import Event, Notice
from inspections import workflow
from inspections.enums import Audience, Status, Verb
from inspections.models import Problem
from inspections.subjects import NOTICES, PROBLEM, changes_clock, event_sentence, is_internal, may_open, notice_sentence
from inspections.subjects.events import SENTENCES
from inspections.views.problem.neighbours import ordinal
from tests.builders import make_photo, make_problem
from tests.cast import cast as make_cast

MOMENT = datetime.datetime(2026, 12, 6, 10, 42, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _on_that_day() -> Iterator[None]:
    """Dates are told without the year of today."""
    with time_machine.travel(MOMENT):
        yield


def event(verb: str, actor: str = "周航", before: Any = None, after: Any = None, **details: Any) -> Event:
    return Event(
        subject_type="problem",
        subject_id=uuid4(),
        subject_label="焦督〔2019〕3052号",
        verb=verb,
        at=MOMENT,
        actor_id=1 if actor else None,
        actor_name=actor,
        before=before or {},
        after=after or {},
        details=details,
    )


def plain(one: Event, **options: Any) -> str:
    """The sentence without its marks of language and weight."""
    return re.sub(r"<[^>]+>", "", event_sentence(one, **options))


def test_every_verb_has_a_sentence() -> None:
    assert set(SENTENCES) == {*Verb, "release_import", "undo_import"}


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (event("report", route="central", photos=2), "周航 reported it, to be assigned by the office. 2 photos."),
        (
            event("report", route="on_spot", unit="市住建局", photos=1),
            "周航 reported it, to be put right on the spot by 市住建局. 1 photo.",
        ),
        (
            event("report_back", unit="市住建局", text="已覆盖。", photos=2, papers=1, late_days=1),
            "周航 of 市住建局 reported it fixed: “已覆盖”. 2 photos. 1 paper. 1 day late.",
        ),
        (
            event("decide_extension", unit="市住建局", granted_on="2026-12-05", old_due_on="2026-12-04"),
            "周航 granted 市住建局 an extension until 5 Dec. The date before was 4 Dec.",
        ),
        (
            event("decide_extension", unit="市住建局", granted_on=None, old_due_on="2026-12-04", note="理由不足"),
            "周航 refused 市住建局 an extension; 4 Dec holds. Note: “理由不足”.",
        ),
        (
            event("send_back", result="partly", remaining="6 of 9", reason="边坡", due_on="2026-12-09"),
            "周航 sent it back as partly fixed; new date 9 Dec. Remaining: “6 of 9”. Reason: “边坡”.",
        ),
        (
            event("escalate", actor="", level="supervision", reason="second overdue"),
            "Casetracker escalated it: Supervision order. Reason: “second overdue”.",
        ),
        (event("claim", unit="市住建局", responsible="周航"), "周航 claimed it for 市住建局."),
        (
            event("claim", unit="市住建局", responsible="许岩"),
            "周航 claimed it for 市住建局; responsible: 许岩.",
        ),
        (event("merge", merged="焦督〔2019〕1号"), "周航 merged 焦督〔2019〕1号 into it."),
        (event("something_new"), "周航: something_new."),
    ],
)
def test_an_event_is_told_in_a_plain_sentence(told: Event, sentence: str) -> None:
    assert plain(told) == sentence


def test_the_actor_is_strong_and_everything_is_escaped() -> None:
    told = event("report_back", actor="<b>Eve</b>", unit="A&B", text="<script>alert(1)</script>")
    html = event_sentence(told)
    assert "<script>" not in html
    assert "<b>&lt;b&gt;Eve&lt;/b&gt;</b>" in html
    assert "A&amp;B" in html


def test_chinese_words_in_an_english_sentence_say_their_language() -> None:
    assert '<b><span lang="zh-Hans">周航</span></b>' in event_sentence(event("close"))
    with translation.override("zh-hans"):
        assert "<b>周航</b>" in event_sentence(event("close"))


def test_units_are_named_in_the_language_of_the_reader() -> None:
    told = event("assign", units=[{"unit": "市住建局", "role": "lead"}], due_on="2026-12-04")
    assert plain(told, names={"市住建局": "Housing Bureau"}) == "周航 assigned it to Housing Bureau, due 4 Dec."


def test_what_was_considered_before_assigning_stays_inside() -> None:
    told = event(
        "assign",
        units=[{"unit": "市住建局", "role": "lead"}],
        due_on="2026-12-04",
        candidates=["市住建局", "市城管局"],
        reason="许可由住建局核发",
    )
    assert "市城管局" in plain(told, inside=True)
    assert "许可由住建局核发" in plain(told, inside=True)
    assert plain(told) == "周航 assigned it to 市住建局, due 4 Dec."


def test_internal_events_are_named_as_such() -> None:
    assert is_internal(event("comment", audience=Audience.INTERNAL))
    assert not is_internal(event("comment", audience=Audience.UNIT))
    assert is_internal(event("name_candidates", units=["市住建局"]))
    assert is_internal(event("amend", after={"internal_note": "x"}, reason="y"))
    assert not is_internal(event("amend", after={"internal_note": "x", "severity": "major"}, reason="y"))


def test_an_amendment_says_what_became_what() -> None:
    told = event(
        "amend",
        before={"severity": "ordinary", "internal_note": "", "party_name": ""},
        after={"severity": "major", "internal_note": "秘密", "party_name": "锦绣置业"},
        reason="核实",
    )
    assert plain(told) == (
        "周航 amended the record. Severity: Ordinary became Major. "
        "Responsible party: nothing became 锦绣置业. Reason: “核实”."
    )
    assert "Reworded: internal note." in plain(told, inside=True)
    assert "秘密" not in plain(told, inside=True)


def test_events_that_move_a_date_are_told_apart() -> None:
    assert changes_clock(event("assign", after={"due_on": "2019-12-04"}))
    assert changes_clock(event("ask_extension"))
    assert changes_clock(event("pause", after={"paused_since": "2019-12-04"}))
    assert not changes_clock(event("claim", after={"status": "claimed"}))


@pytest.mark.parametrize(
    ("number", "words"), [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st")]
)
def test_times_are_counted_in_english(number: int, words: str) -> None:
    assert ordinal(number) == words


@pytest.mark.django_db
def test_every_event_of_a_real_history_is_told_without_a_gap() -> None:
    cast = make_cast()
    problem = make_problem(cast, status=Status.CLOSED)
    later = timezone.localdate() + datetime.timedelta(days=60)
    workflow.reopen(problem, by=cast.supervisor1, reason="反弹", due_on=later)
    for one in Event.objects.filter(subject_id=problem.pk):
        for inside in (True, False):
            sentence = plain(one, inside=inside)
            assert sentence.endswith(("。", ".", "”"))
            assert "%(" not in sentence
            assert one.actor_name in sentence


@pytest.mark.django_db
def test_every_notice_that_the_workflow_writes_has_its_sentence() -> None:
    cast = make_cast()
    problem = make_problem(cast, status=Status.RECTIFYING)
    asked = workflow.ask_extension(
        problem,
        by=cast.handler1,
        reason="缺料",
        plan="周五",
        wanted_on=timezone.localdate() + datetime.timedelta(days=60),
    )
    workflow.decide_extension(problem, by=cast.supervisor1, extension=asked, granted_on=None, note="不准")
    workflow.pause(problem, by=cast.supervisor1, reason="预警")
    workflow.resume(problem, by=cast.supervisor1)
    workflow.escalate(problem, by=cast.supervisor1, reason="慢")
    workflow.lift(problem, by=cast.supervisor1, reason="好转")
    workflow.comment(problem, by=cast.supervisor1, text="请抓紧", audience=Audience.UNIT)
    make_problem(cast, status=Status.CLOSED)
    kinds = set()
    for notice in Notice.objects.all():
        sentence = notice_sentence(notice)
        assert notice.kind in NOTICES, notice.kind
        assert notice.subject_label in sentence
        assert "%(" not in sentence
        kinds.add(notice.kind)
    assert {"assigned", "report_back", "verify", "close", "decide_extension", "escalate", "comment"} <= kinds


def test_an_unknown_notice_still_says_of_what() -> None:
    notice = Notice(kind="unheard", subject_label="焦督〔2019〕1号", params={"site": "锦绣家园"})
    assert notice_sentence(notice) == "There is news of 焦督〔2019〕1号, 锦绣家园."


@pytest.mark.django_db
def test_a_file_opens_for_whoever_sees_a_problem_that_holds_it() -> None:
    cast = make_cast()
    problem = make_problem(cast, status=Status.ASSIGNED)
    held = problem.attachments.get().evidence_id
    assert all(may_open(held, person) for person in (cast.handler1, cast.inspector1, cast.supervisor1, cast.officer1))
    assert not any(may_open(held, person) for person in (cast.handler2, cast.outsider, cast.admin))
    assert not may_open(make_photo(cast.inspector1).pk, cast.supervisor1)


@pytest.mark.django_db
def test_the_subject_leads_to_the_page() -> None:
    problem = make_problem(make_cast())
    assert PROBLEM.link(problem.pk) == PROBLEM.link(problem) == f"/problems/{problem.pk}/"
    assert PROBLEM.model is Problem
