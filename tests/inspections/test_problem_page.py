"""The problem page: what each person reads there."""

import datetime
import html
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from casetracker.models import Evidence, User
from inspections import workflow
from inspections.enums import AssignmentRole, Audience, Phase, Result, Route, Status
from inspections.forms import VERB_FORMS
from inspections.models import Problem
from inspections.views.problem import files
from inspections.views.problem.panels import path, timeline
from inspections.views.problem.record import load
from inspections.workflow import Addressee
from inspections.workflow.table import MOVES
from tests.builders import make_photo, make_problem, make_site, shot
from tests.cast import Cast
from tests.cast import cast as make_cast
from tests.inspections.pressing import full, page, signed_in, text_of, verbs_on

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
# On the straight way round the loop; extensions, escalations and remarks cost one more each.
PAGE = 12
FULL = 15


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def test_every_verb_of_the_table_has_a_form() -> None:
    assert set(VERB_FORMS) == {move.verb for move in MOVES}


@pytest.mark.parametrize("status", [status for status in Status])
def test_the_page_opens_in_every_state_for_everybody_who_may_see_it(cast: Cast, status: Status) -> None:
    problem = make_problem(cast, status=status)
    for person in (cast.supervisor1, cast.inspector1, cast.officer1):
        response = page(person, problem)
        assert response.status_code == 200
        assert problem.number in text_of(response)
    assert page(cast.handler1, problem).status_code == (404 if status in (Status.FOUND, Status.VOID) else 200)
    assert page(cast.outsider, problem).status_code == 404
    assert page(cast.admin, problem).status_code == 404


def queries(person: User, problem: Problem) -> list[str]:
    """What a page asks the database once the process has read the calendar."""
    client, url = signed_in(person), reverse("problem", args=[problem.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    return [re.sub(r"SELECT .*? FROM", "", one["sql"])[:200] for one in asked]


@pytest.mark.usefixtures("calendar_in_memory")
@pytest.mark.parametrize("status", list(Status))
def test_a_page_takes_few_queries_in_every_state(cast: Cast, status: Status) -> None:
    problem = make_problem(cast, status=status)
    for person in (cast.supervisor2, cast.inspector1, cast.handler1, cast.leader1):
        asked = queries(person, problem)
        assert len(asked) <= PAGE, "\n".join(asked)


@pytest.mark.usefixtures("calendar_in_memory")
def test_the_page_of_a_full_history_takes_as_many_however_long_it_is(cast: Cast) -> None:
    problem = full(cast)
    short = queries(cast.supervisor2, problem)
    assert len(short) <= FULL, "\n".join(short)
    for number in range(30):
        workflow.comment(problem, by=cast.supervisor1, text=f"再说一遍 {number}", audience=Audience.UNIT)
    for _ in range(5):
        make_problem(cast, site=problem.site)
    assert len(queries(cast.supervisor2, problem)) == len(short)


def test_the_office_reads_internal_words_and_a_handler_never_does(cast: Cast) -> None:
    problem = full(cast)
    workflow.amend(problem, by=cast.supervisor1, reason="补记内部情况", internal_note="线索来自匿名电话")
    office = text_of(page(cast.supervisor1, problem, "?timeline=all"))
    unit = text_of(page(cast.handler1, problem, "?timeline=all"))
    for secret in ("线索来自匿名电话", "此单位去年被约谈", "wrote an internal note", "补记内部情况"):
        assert secret in office
        assert secret not in unit
    assert "举报人要求保密" not in unit
    for open_word in ("请抓紧", "缺料", "进展慢", "9 处中的 6 处"):
        assert open_word in unit


def test_the_page_explains_every_running_date(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    seen = page(cast.supervisor1, problem).content.decode()
    assert 'data-clock="rectify"' in seen
    assert 'data-clock="verify"' in seen
    assert "ordinary problems: 7 days (calendar days" in text_of(page(cast.supervisor1, problem))


def test_one_next_step_is_offered_to_whoever_is_to_take_it(cast: Cast) -> None:
    expected = {
        (Status.FOUND, "supervisor1"): "Next step: Assign",
        (Status.FOUND, "inspector1"): "The office assigns it to a unit.",
        (Status.ASSIGNED, "handler1"): "Next step: Claim",
        (Status.CLAIMED, "handler1"): "Next step: Begin",
        (Status.RECTIFYING, "handler1"): "Next step: Report back",
        (Status.RECTIFYING, "supervisor1"): "puts it right and reports back with photos",
        (Status.REPORTED, "supervisor1"): "Next step: Verify",
        (Status.REPORTED, "inspector2"): "",
        (Status.REPORTED, "handler1"): "An inspector or a supervisor verifies it.",
        (Status.VERIFIED, "supervisor1"): "Next step: Close",
        (Status.CLOSED, "supervisor1"): "It is closed. You may still: ",
    }
    problems = {status: make_problem(cast, status=status) for status in {status for status, _ in expected}}
    for (status, name), words in expected.items():
        response = page(getattr(cast, name), problems[status])
        if words:
            assert words in text_of(response), (status, name)
        else:
            assert response.status_code == 404


def test_actions_carry_their_verb_and_only_what_is_allowed_is_a_link(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    assert {"verify", "send_back", "recheck", "comment", "amend", "merge", "void"} <= verbs_on(
        page(cast.supervisor1, problem)
    )
    assert verbs_on(page(cast.handler1, problem)) == {"comment"}
    assert verbs_on(page(cast.officer1, problem)) == set()


def test_one_that_ended_says_what_its_reader_may_still_do(cast: Cast) -> None:
    closed, void = make_problem(cast, status=Status.CLOSED), make_problem(cast, status=Status.VOID)

    assert "It is closed. You may still: Re-inspect, Reopen, Comment, Amend, " in step_of(cast.supervisor2, closed)
    assert "It is closed and can only be read." in step_of(cast.officer1, closed)
    assert "It is void and can only be read." in step_of(cast.officer1, void)


def test_what_waits_for_further_units_names_them(cast: Cast) -> None:
    others = [Addressee(cast.city_management, AssignmentRole.REGULATOR)]
    problem = make_problem(cast, status=Status.RECTIFYING, special=True, others=others)
    assert "City Management" not in step_of(cast.supervisor1, problem)

    workflow.report_back(problem, by=cast.handler1, text="已办", shots=[shot()])

    assert "The lead unit has reported back. Still to report back: City Management." in step_of(cast.officer1, problem)
    own = step_of(cast.handler1, problem)
    assert "Your unit has reported back. Still to report back: City Management." in own
    assert "Next step" not in own
    form = signed_in(cast.supervisor1).get(reverse("problem_verb", args=[problem.pk, "verify"]))
    assert "These units have not reported back: City Management." in text_of(form)


def test_a_co_handler_reads_why_it_waits_for_the_lead(cast: Cast) -> None:
    others = [Addressee(cast.city_management, AssignmentRole.CO)]
    problem = make_problem(cast, status=Status.ASSIGNED, others=others)
    workflow.claim(problem, by=cast.handler2)
    for _turn in range(2):
        own = step_of(cast.handler2, problem)
        assert "The lead unit Housing Bureau begins first; then yours can report back." in own
        assert "Next step" not in own
        if problem.status == Status.ASSIGNED:
            problem = workflow.claim(problem, by=cast.handler1)
    assert "Next step: Begin" in step_of(cast.handler1, problem)
    workflow.begin_work(problem, by=cast.handler1, plan="覆盖")
    assert "Next step: Report back" in step_of(cast.handler2, problem)


def test_a_unit_that_claimed_stands_as_rectifying_once_work_began(cast: Cast) -> None:
    others = [Addressee(cast.city_management, AssignmentRole.CO)]
    claimed, begun = (make_problem(cast, status=one, others=others) for one in (Status.CLAIMED, Status.RECTIFYING))
    workflow.report_back(begun, by=cast.handler2, text="已办", shots=[shot()])
    for problem, expected in ((claimed, ["Claimed", "Claimed"]), (begun, ["Rectifying", "Reported back"])):
        table = page(cast.supervisor1, problem).content.decode().split('id="addressees"')[1].split("</table>")[0]
        assert re.findall(r'data-label="State">([^<]+)<', table) == expected


def step_of(person: User, problem: Problem) -> str:
    """What the panel of the next step says to this person."""
    body = page(person, problem).content.decode().split('id="step"')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.unescape(body)))


def test_four_eyes_are_said_where_the_step_would_stand(cast: Cast) -> None:
    problem = make_problem(cast, route=Route.ON_SPOT, status=Status.REPORTED)
    seen = page(cast.inspector1, problem)
    assert "You reported this fixed, so somebody else must judge it (four eyes)." in text_of(seen)
    assert 'data-verb="verify"' in seen.content.decode()
    assert '<form method="post" action="' + reverse("problem_verb", args=[problem.pk, "verify"]) not in (
        seen.content.decode()
    )


def test_after_its_assignment_ended_a_unit_reads_and_no_longer_writes(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.CLAIMED)
    workflow.hand_back(problem, by=cast.handler1, reason="不属于我局")
    seen = page(cast.handler1, problem)
    assert "You can read, not write." in text_of(seen)
    assert verbs_on(seen) == set()


def test_a_repeated_offence_is_counted_within_the_year(cast: Cast) -> None:
    site = make_site(cast)
    make_problem(cast, site=site, status=Status.VOID)
    make_problem(cast, site=site)
    make_problem(cast, site=site, kind="dust")
    assert "2nd time this year at this site" in text_of(page(cast.supervisor1, make_problem(cast, site=site)))


def test_likely_duplicates_are_shown_before_it_is_assigned(cast: Cast) -> None:
    site = make_site(cast, lat=35.1, lon=113.1)
    near = make_site(cast, lat=35.1003, lon=113.1)
    far = make_site(cast, lat=35.2, lon=113.1)
    same, other_kind = make_problem(cast, site=near), make_problem(cast, site=near, kind="dust")
    elsewhere, problem = make_problem(cast, site=far), make_problem(cast, site=site)
    seen = page(cast.supervisor1, problem).content.decode()
    panel = seen[seen.index('id="duplicates"') : seen.index('id="clocks"')]
    assert same.number in panel
    assert other_kind.number not in panel
    assert elsewhere.number not in panel


def test_a_special_assignment_shows_who_is_missing(cast: Cast) -> None:
    problem = make_problem(
        cast, status=Status.ASSIGNED, special=True, others=[Addressee(cast.city_management, AssignmentRole.REGULATOR)]
    )
    seen = text_of(page(cast.supervisor1, problem))
    assert "none named Name it Local government" in seen
    assert seen.count("none named") == 1


def test_the_history_can_be_narrowed_to_what_moved_a_date(cast: Cast) -> None:
    problem = full(cast)
    seen = text_of(page(cast.supervisor1, problem, "?timeline=clock"))
    assert "asked for an extension until" in seen
    assert "began to put it right" not in seen


def test_htmx_gets_what_stands_between_the_bars(cast: Cast) -> None:
    problem = make_problem(cast)
    response = signed_in(cast.supervisor1).get(reverse("problem", args=[problem.pk]), headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div id="problem"')


# --- Each verb through the client -------------------------------------------------------------------


def status_of(client: Client, url: str) -> int:
    """The status of a download, read to its end so that its file is closed again."""
    response = client.get(url)
    b"".join(response)  # type: ignore[call-overload]
    return response.status_code


def test_the_files_show_custody_and_originals_to_the_office_only(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    row = problem.attachments.get(phase="after")
    url = reverse("problem_files", args=[problem.pk])
    original = reverse("evidence", args=[row.evidence_id, "original"])
    office, unit = signed_in(cast.supervisor1), signed_in(cast.handler1)
    assert status_of(office, original) == 200
    assert original in office.get(url).content.decode()
    assert "downloaded" in text_of(office.get(url))
    assert original not in unit.get(url).content.decode()
    assert "Custody log" not in text_of(unit.get(url))
    assert 'data-verb="withdraw_evidence"' not in unit.get(url).content.decode()


def test_a_withdrawn_file_leaves_the_page_and_stays_with_the_office(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    extra = make_photo(cast.inspector1)
    workflow.recheck(problem, by=cast.inspector1, result=Result.NOT_FIXED, shots=[workflow.Shot(extra)])
    workflow.withdraw_evidence(
        problem, by=cast.supervisor1, attachment=problem.attachments.get(evidence=extra), reason="拍错工地"
    )
    thumbnail = reverse("evidence", args=[extra.pk, "preview"])
    assert thumbnail not in page(cast.supervisor1, problem).content.decode()
    files = reverse("problem_files", args=[problem.pk])
    assert "拍错工地" in text_of(signed_in(cast.supervisor1).get(files))
    assert extra.pk not in signed_in(cast.handler1).get(files).content.decode()
    assert status_of(signed_in(cast.handler1), thumbnail) == 404
    assert status_of(signed_in(cast.supervisor1), thumbnail) == 200


# --- The path -----------------------------------------------------------------------------------------

LOOP = ["Found", "Assignment", "Claim", "Rectification", "Report", "Verification", "Closing"]


@pytest.mark.parametrize(
    ("status", "ticked", "now"),
    [
        (Status.FOUND, 1, "Assignment"),
        (Status.ASSIGNED, 2, "Claim"),
        (Status.CLAIMED, 3, "Rectification"),
        (Status.RECTIFYING, 3, "Rectification"),
        (Status.REPORTED, 5, "Verification"),
        (Status.VERIFIED, 6, "Closing"),
        (Status.CLOSED, 7, None),
    ],
)
def test_the_path_ticks_what_is_done_and_names_what_is_waited_for(
    cast: Cast, status: Status, ticked: int, now: str | None
) -> None:
    steps = path(load(cast.supervisor1, make_problem(cast, status=status).pk))
    assert [str(step["label"]) for step in steps] == LOOP
    expected = ["past"] * ticked + ["now"] * (now is not None)
    assert [step["state"] for step in steps] == expected + ["next"] * (len(LOOP) - len(expected))
    assert [str(step["label"]) for step in steps if step["state"] == "now"] == ([now] if now else [])
    assert all((step["on"] is not None) == (step["state"] == "past") for step in steps)


@pytest.mark.parametrize(
    ("status", "ticked", "now"),
    [
        (Status.RECTIFYING, ["Found"], ["Rectification"]),
        (Status.REPORTED, ["Found", "Rectification", "Report"], ["Verification"]),
        (Status.VERIFIED, ["Found", "Rectification", "Report", "Verification"], ["Closing"]),
    ],
)
def test_the_path_of_one_told_on_the_spot_has_no_assignment(
    cast: Cast, status: Status, ticked: list[str], now: list[str]
) -> None:
    steps = path(load(cast.supervisor1, make_problem(cast, status=status, route=Route.ON_SPOT).pk))
    shown = {state: [str(one["label"]) for one in steps if one["state"] == state] for state in ("past", "now")}
    assert shown == {"past": ticked, "now": now}


def test_one_that_was_voided_has_no_path(cast: Cast) -> None:
    assert path(load(cast.supervisor1, make_problem(cast, status=Status.VOID).pk)) == []


def test_what_may_be_the_same_stands_oldest_first(cast: Cast) -> None:
    site = make_site(cast)
    numbers = [make_problem(cast, site=site, now=timezone.now() - n * DAY).number for n in (1, 5, 3)]
    last = make_problem(cast, site=site)
    panel = page(cast.supervisor1, last).content.decode().split('id="duplicates"')[1].split("</section>")[0]
    places = [panel.index(numbers[n]) for n in (1, 2, 0)]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The request of %s for more time lapsed undecided."),
        ("zh-hans", "%s的延期申请未经审批即告失效。"),
    ],
)
def test_a_request_for_more_time_that_lapsed_is_told_with_what_made_it_lapse(
    cast: Cast, language: str, sentence: str
) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    later = timezone.localdate() + 30 * DAY
    workflow.ask_extension(problem, by=cast.handler1, reason="雨", plan="分两步", wanted_on=later)
    workflow.report_back(problem, by=cast.handler1, text="已覆盖", shots=[shot(cast.handler1)])
    record = load(cast.supervisor1, problem.pk)
    with translation.override(language):
        sentence %= cast.housing.name
        last, *earlier = timeline(record, "")["rows"]
        assert sentence in html.unescape(re.sub("<[^>]+>", "", last["sentence"]))
        assert not any(sentence in re.sub("<[^>]+>", "", one["sentence"]) for one in earlier)
        assert last["sentence"] in [one["sentence"] for one in timeline(record, "clock")["rows"]]


def test_the_custody_log_says_that_a_file_was_withdrawn_in_the_readers_words() -> None:
    assert str(files.ACTIONS["withdrawn"]) == "withdrawn"


# --- Photos that a step stood on ----------------------------------------------------------------------


def withdraw(cast: Cast, problem: Problem, phase: Phase, **more: Problem) -> None:
    attachment = problem.attachments.get(phase=phase, withdrawn_at=None)
    workflow.withdraw_evidence(problem, by=cast.supervisor1, attachment=attachment, reason="不是此处", **more)


def test_a_report_that_lost_its_photos_after_it_was_verified_says_so(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.VERIFIED)
    words = "All photos of the report of Housing Bureau were withdrawn or can’t be opened; others show the fix."
    assert "withdrawn" not in text_of(page(cast.supervisor1, problem))

    withdraw(cast, problem, Phase.AFTER)

    assert problem.status == Status.VERIFIED
    assert words in text_of(page(cast.supervisor1, problem))
    assert words in text_of(page(cast.handler1, problem))


@pytest.mark.parametrize(
    ("phase", "words"), [(Phase.BEFORE, "of how it was before"), (Phase.AFTER, "that showed it fixed")]
)
def test_photos_that_nobody_can_open_are_missed_where_a_step_stood_on_them(
    cast: Cast, phase: Phase, words: str
) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    Evidence.objects.filter(attachments__problem=problem, attachments__phase=phase).update(unreadable="damaged")
    shown = text_of(page(cast.supervisor1, problem))
    assert f"All photos {words} were withdrawn or can’t be opened. What was done stays." in shown
    assert shown.count("What was done stays.") == 1


def test_a_photo_that_was_withdrawn_from_a_neighbour_is_to_be_checked_here(cast: Cast) -> None:
    site, same = make_site(cast), shot(cast.handler1)
    first, second, other = (make_problem(cast, status=Status.RECTIFYING, site=site) for _turn in range(3))
    for problem in (first, second):
        workflow.report_back(problem, by=cast.handler1, text="已办", shots=[same])
    words = "The photo that shows it fixed was withdrawn from another problem of this site: check it."

    withdraw(cast, first, Phase.AFTER)

    assert words in text_of(page(cast.supervisor1, second))
    assert words not in text_of(page(cast.handler1, second))
    assert words not in text_of(page(cast.supervisor1, other))
    second.refresh_from_db()
    assert second.status == Status.REPORTED


def test_a_photo_that_a_neighbour_gave_to_this_problem_is_not_doubted(cast: Cast) -> None:
    site = make_site(cast)
    first, second = make_problem(cast, site=site), make_problem(cast, status=Status.REPORTED, site=site)
    old = second.attachments.get(phase=Phase.BEFORE)
    withdraw(cast, first, Phase.BEFORE, belongs_to=second)
    second.attachments.filter(pk=old.pk).delete()
    assert "withdrawn from another problem" not in text_of(page(cast.supervisor1, second))
