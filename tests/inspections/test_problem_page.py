"""The problem page: what each person reads there, each verb through the client, and what a refusal answers."""

import datetime
import html
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from casetracker import calendars
from casetracker.audit import timeline
from casetracker.models import User
from inspections import workflow
from inspections.enums import AssignmentRole, Audience, Result, Route, Severity, Status, Verb
from inspections.forms import VERB_FORMS
from inspections.models import Problem
from inspections.workflow import Addressee
from inspections.workflow.table import MOVES
from tests.builders import make_photo, make_problem, make_site, shot
from tests.cast import Cast
from tests.cast import cast as make_cast

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
# What any page of a supervisor needs: session and its tracking (6), person, posts, units of the scope, inbox count,
# and the calendar where a process reads it for the first time (2).
FRAME = 12
PAGE = 12


@pytest.fixture
def cast() -> Cast:
    return make_cast()


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User, problem: Problem, query: str = "") -> HttpResponse:
    return signed_in(person).get(reverse("problem", args=[problem.pk]) + query)  # type: ignore[return-value]


def text_of(response: Any) -> str:
    """What a reader sees, without tags and scripts."""
    body = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(body))


def do(person: User, problem: Problem, verb: Verb, **data: Any) -> Any:
    return signed_in(person).post(reverse("problem_verb", args=[problem.pk, verb.value]), data)


def picture(colour: str = "green") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return SimpleUploadedFile("IMG_1.jpg", out.getvalue(), content_type="image/jpeg")


def later(days: int) -> datetime.date:
    return timezone.localdate() + DAY * days


def verbs_on(response: Any) -> set[str]:
    return set(re.findall(r'data-verb="([a-z_]+)"', response.content.decode()))


# --- Reading ----------------------------------------------------------------------------------------


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


def test_the_page_of_a_full_history_takes_few_queries_however_long_it_is(cast: Cast) -> None:
    problem = full(cast)
    client = signed_in(cast.supervisor2)
    url = reverse("problem", args=[problem.pk])
    client.get(url)
    calendars.clear()
    with CaptureQueriesContext(connection) as short:
        client.get(url)
    assert len(short) <= FRAME + PAGE, "\n".join(re.sub(r"SELECT .*? FROM", "", q["sql"])[:200] for q in short)
    for number in range(30):
        workflow.comment(problem, by=cast.supervisor1, text=f"再说一遍 {number}", audience=Audience.UNIT)
    for _ in range(5):
        make_problem(cast, site=problem.site)
    calendars.clear()
    with CaptureQueriesContext(connection) as long:
        client.get(url)
    assert len(long) == len(short)


def full(cast: Cast) -> Problem:
    """A reported problem with everything: two units, an extension, a recheck, comments, an escalation."""
    start = timezone.now() - DAY * 5
    problem = make_problem(
        cast,
        status=Status.RECTIFYING,
        others=[Addressee(cast.city_management, AssignmentRole.CO)],
        internal_note="举报人要求保密",
        now=start,
    )
    asked = workflow.ask_extension(problem, by=cast.handler1, reason="缺料", plan="周五到货", wanted_on=later(9))
    workflow.decide_extension(problem, by=cast.supervisor1, extension=asked, granted_on=later(8))
    workflow.recheck(problem, by=cast.inspector1, result=Result.PARTLY, remaining="9 处中的 6 处")
    workflow.escalate(problem, by=cast.supervisor1, reason="进展慢")
    workflow.comment(problem, by=cast.supervisor1, text="请抓紧", audience=Audience.UNIT)
    workflow.comment(problem, by=cast.supervisor1, text="此单位去年被约谈", audience=Audience.INTERNAL)
    for handler in (cast.handler1, cast.handler2):
        workflow.report_back(problem, by=handler, text="已覆盖", shots=[shot(handler)])
    return problem


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
        (Status.CLOSED, "supervisor1"): "Nothing. It can only be read.",
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
    assert "none named Local government" in seen
    assert "none named Sector regulator" not in seen


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


def test_assign_claim_begin_report_verify_close(cast: Cast) -> None:
    problem = make_problem(cast)
    do(cast.supervisor1, problem, Verb.ASSIGN, lead=cast.housing.pk, co=[cast.jiefang.pk], goal="全部覆盖")
    do(cast.handler1, problem, Verb.CLAIM, responsible=cast.handler1.pk)
    do(cast.government1, problem, Verb.CLAIM, responsible_name="刘主任")
    do(cast.handler1, problem, Verb.BEGIN, plan="三步走")
    do(cast.handler1, problem, Verb.REPORT_BACK, text="已覆盖", shots=[picture("green"), picture("lime")])
    do(cast.supervisor1, problem, Verb.RELEASE, assignment=problem.assignments.get(role="co").pk, reason="无需再报")
    do(cast.inspector1, problem, Verb.VERIFY, result="fixed", note="抽查 3 处")
    response = do(cast.supervisor1, problem, Verb.CLOSE)
    assert response.status_code == 302
    assert response.url == reverse("problem", args=[problem.pk])
    problem.refresh_from_db()
    assert problem.status == Status.CLOSED
    assert problem.goal == "全部覆盖"
    verbs = [event.verb for event in timeline("problem", problem.pk)][::-1]
    assert verbs == ["report", "assign", "claim", "claim", "begin", "report_back", "release", "verify", "close"]


SIMPLE: dict[Verb, tuple[str, Status, dict[str, Any]]] = {
    Verb.NAME_CANDIDATES: ("inspector1", Status.FOUND, {"reason": "归属不清"}),
    Verb.HAND_BACK: ("handler1", Status.CLAIMED, {"reason": "不属于我局"}),
    Verb.RECHECK: ("inspector1", Status.RECTIFYING, {"result": "not_fixed", "note": "仍裸露"}),
    Verb.REOPEN: ("supervisor1", Status.CLOSED, {"reason": "反弹", "due_on": later(5)}),
    Verb.PAUSE: ("supervisor1", Status.RECTIFYING, {"reason": "橙色预警"}),
    Verb.ESCALATE: ("supervisor1", Status.RECTIFYING, {"level": "listed", "reason": "进展慢", "due_on": later(3)}),
    Verb.COMMENT: ("handler1", Status.RECTIFYING, {"text": "材料明天到"}),
    Verb.AMEND: ("supervisor1", Status.FOUND, {}),
    Verb.VOID: ("supervisor1", Status.FOUND, {"kind": "test", "reason": "练习"}),
    Verb.SEND_BACK: (
        "inspector1",
        Status.REPORTED,
        {"result": "partly", "remaining": "6 / 9", "note": "边坡未盖", "due_on": later(4)},
    ),
    Verb.ASK_EXTENSION: (
        "handler1",
        Status.RECTIFYING,
        {"reason": "缺料", "plan": "周五到货", "wanted_on": later(20)},
    ),
}


@pytest.mark.parametrize("verb", list(SIMPLE))
def test_a_verb_is_done_through_its_form(cast: Cast, verb: Verb) -> None:
    name, status, data = SIMPLE[verb]
    person = getattr(cast, name)
    problem = make_problem(cast, status=status)
    client = signed_in(person)
    url = reverse("problem_verb", args=[problem.pk, verb.value])
    form = client.get(url)
    assert form.status_code == 200
    if verb == Verb.AMEND:
        data = form.context["form"].initial | {
            "severity": "major",
            "reason": "情节较重",
            "quantity": "",
            "party_name": "",
        }
        data = {key: "" if value is None else value for key, value in data.items()}
    response = client.post(url, data)
    assert response.status_code == 302, text_of(response)
    assert timeline("problem", problem.pk)[0].verb == verb
    toast = text_of(client.get(response.url))
    assert problem.number in toast


def test_only_what_differs_is_amended(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.ASSIGNED, party_name="焦作市锦绣置业有限公司")
    client = signed_in(cast.supervisor1)
    url = reverse("problem_verb", args=[problem.pk, "amend"])
    data = {key: "" if value is None else value for key, value in client.get(url).context["form"].initial.items()}
    other = make_site(cast, "迎宾路西侧地块")
    client.post(url, data | {"site": other.name, "seen": problem.version, "reason": "点位填错"})
    event = timeline("problem", problem.pk)[0]
    assert event.verb == "amend"
    assert set(event.after) == {"site", "site_name"}
    problem.refresh_from_db()
    assert problem.site_name == "迎宾路西侧地块"


def test_a_decision_grants_another_date_or_refuses(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    for decision, extra in (("granted", {"granted_on": later(11)}), ("refused", {"note": "理由不足"})):
        asked = workflow.ask_extension(problem, by=cast.handler1, reason="缺料", plan="周五", wanted_on=later(20))
        response = do(cast.supervisor1, problem, Verb.DECIDE_EXTENSION, extension=asked.pk, decision=decision, **extra)
        assert response.status_code == 302
    problem.refresh_from_db()
    assert problem.due_on == later(11)
    assert [one.decision for one in problem.extensions.all()] == ["granted", "refused"]


def test_pause_and_resume_escalate_and_lift(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    workflow.pause(problem, by=cast.supervisor1, reason="预警")
    workflow.escalate(problem, by=cast.supervisor1, reason="进展慢")
    assert do(cast.supervisor1, problem, Verb.RESUME).status_code == 302
    escalation = problem.escalations.get()
    assert do(cast.supervisor1, problem, Verb.LIFT, escalation=escalation.pk, reason="已好转").status_code == 302
    problem.refresh_from_db()
    assert problem.paused_since is None
    assert problem.escalations.get().lifted_reason == "已好转"


def test_a_merger_finds_its_survivor_by_the_last_figures_of_the_number(cast: Cast) -> None:
    survivor, problem = make_problem(cast), make_problem(cast)
    response = do(cast.supervisor1, problem, Verb.MERGE, survivor=str(survivor.number_seq), reason="同一处")
    assert response.status_code == 302
    problem.refresh_from_db()
    assert problem.merged_into == survivor
    assert f"Merged into {survivor.number}" in text_of(page(cast.supervisor1, problem))


def test_evidence_is_withdrawn_and_given_to_the_problem_it_belongs_to(cast: Cast) -> None:
    problem, other = make_problem(cast, status=Status.REPORTED), make_problem(cast)
    after = problem.attachments.get(phase="after")
    response = do(
        cast.supervisor1,
        problem,
        Verb.WITHDRAW_EVIDENCE,
        attachment=after.pk,
        belongs_to=other.number,
        reason="放错了",
    )
    assert response.status_code == 302
    problem.refresh_from_db()
    assert problem.status == Status.RECTIFYING
    assert other.attachments.filter(evidence=after.evidence_id).exists()


def test_a_team_fixes_on_the_spot_or_sends_it_to_the_office(cast: Cast) -> None:
    fixed = make_problem(cast, route=Route.ON_SPOT, status=Status.RECTIFYING)
    sent = make_problem(cast, route=Route.ON_SPOT, status=Status.RECTIFYING)
    assert do(cast.inspector1, fixed, Verb.FIX_ON_SPOT, shots=picture()).status_code == 302
    assert do(cast.inspector1, sent, Verb.TO_CENTRAL, reason="需住建部门").status_code == 302
    fixed.refresh_from_db()
    sent.refresh_from_db()
    assert fixed.status == Status.VERIFIED
    assert (sent.status, sent.route) == (Status.FOUND, Route.CENTRAL)


# --- Refusals ---------------------------------------------------------------------------------------


def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    response = do(cast.inspector1, problem, Verb.VERIFY, result="partly", note="边坡未盖", inline="1")
    assert response.status_code == 422
    seen = text_of(response)
    assert "Say what remains to be done, e.g. 6 of 9." in seen
    assert "Choose the new date." in seen
    assert "边坡未盖" in response.content.decode()
    problem.refresh_from_db()
    assert problem.status == Status.REPORTED


def test_a_gate_of_the_workflow_is_said_beside_its_field(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    problem.attachments.filter(phase="before").update(withdrawn_at=timezone.now(), withdrawn_reason="x")
    response = do(cast.inspector1, problem, Verb.VERIFY, result="fixed", shots=picture())
    assert response.status_code == 422
    assert "Add at least one photo of how it was before." in text_of(response)


def test_photos_survive_a_refused_form(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    client = signed_in(cast.handler1)
    url = reverse("problem_verb", args=[problem.pk, "report_back"])
    refused = client.post(url, {"text": "", "shots": picture()})
    assert refused.status_code == 422
    token = re.search(r'name="shots_kept" value="([^"]+)"', refused.content.decode())
    assert token is not None
    assert client.post(url, {"text": "已覆盖", "shots_kept": token[1]}).status_code == 302
    assert problem.attachments.filter(phase="after").count() == 1


def test_a_token_of_somebody_else_brings_no_file(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    url = reverse("problem_verb", args=[problem.pk, "report_back"])
    refused = signed_in(cast.handler1).post(url, {"text": "", "shots": picture()})
    token = re.search(r'name="shots_kept" value="([^"]+)"', refused.content.decode())
    assert token is not None
    from tests.cast import join

    join(cast.handler2, cast.housing, "handler")  # type: ignore[arg-type]
    stolen = signed_in(cast.handler2).post(url, {"text": "已覆盖", "shots_kept": token[1]})
    assert stolen.status_code == 422
    assert "Add at least one photo" in text_of(stolen)


def test_a_file_that_is_no_photo_is_refused_by_name(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.RECTIFYING)
    response = do(
        cast.handler1, problem, Verb.REPORT_BACK, text="已覆盖", shots=SimpleUploadedFile("a.exe", b"MZ" + b"0" * 99)
    )
    assert response.status_code == 422
    assert "a.exe:" in text_of(response)


def test_who_was_slower_is_told_by_whom_and_keeps_what_was_typed(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    workflow.verify(problem, by=cast.supervisor2)
    response = do(cast.inspector1, problem, Verb.VERIFY, result="fixed", note="抽查 3 处", inline="1")
    assert response.status_code == 409
    seen = text_of(response)
    assert "Somebody was faster" in seen
    assert str(cast.supervisor2) in seen
    assert "抽查 3 处" in response.content.decode()


def test_htmx_gets_only_the_panel_of_a_refused_step(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    workflow.verify(problem, by=cast.supervisor2)
    response = signed_in(cast.inspector1).post(
        reverse("problem_verb", args=[problem.pk, "verify"]),
        {"result": "fixed", "inline": "1"},
        headers={"HX-Request": "true"},
    )
    assert response.status_code == 409
    assert response["HX-Retarget"] == "#step"
    assert response.content.decode().strip().startswith('<section class="panel is-next" id="step"')


@pytest.mark.parametrize("verb", [Verb.ASSIGN, Verb.AMEND])
def test_a_stale_form_is_a_conflict_once_and_then_goes_through(cast: Cast, verb: Verb) -> None:
    problem = make_problem(cast)
    client = signed_in(cast.supervisor1)
    url = reverse("problem_verb", args=[problem.pk, verb.value])
    initial = client.get(url).context["form"].initial
    data = {key: "" if value is None else value for key, value in initial.items()}
    data |= {"lead": cast.housing.pk, "reason": "填错", "severity": "major", "seen": problem.version}
    workflow.comment(problem, by=cast.supervisor2, text="注意")
    stale = client.post(url, data)
    assert stale.status_code == 409
    assert "was changed while you looked at it" in text_of(stale)
    again = re.search(r'name="seen" value="(\d+)"', stale.content.decode())
    assert again is not None
    assert client.post(url, data | {"seen": again[1]}).status_code == 302


def test_who_may_not_is_told_why(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    url = reverse("problem_verb", args=[problem.pk, "verify"])
    for response in (signed_in(cast.handler1).get(url), signed_in(cast.handler1).post(url, {"result": "fixed"})):
        assert response.status_code == 403
        assert "Only an inspector or a supervisor may do this." in text_of(response)


def test_a_form_that_the_state_does_not_allow_answers_409(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.CLOSED)
    assert signed_in(cast.supervisor1).get(reverse("problem_verb", args=[problem.pk, "assign"])).status_code == 409


def test_an_outsider_and_an_unknown_verb_find_nothing(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    stranger = signed_in(cast.outsider)
    for verb in (Verb.VERIFY, Verb.COMMENT, Verb.AMEND, "nonsense"):
        url = reverse("problem_verb", args=[problem.pk, str(verb)])
        assert stranger.get(url).status_code == 404
        assert stranger.post(url, {}).status_code == 404
    assert stranger.get(reverse("problem_files", args=[problem.pk])).status_code == 404
    nonsense = reverse("problem_verb", args=[problem.pk, "nonsense"])
    assert signed_in(cast.supervisor1).get(nonsense).status_code == 404


def test_every_form_opens_for_somebody_who_may_press_it(cast: Cast) -> None:
    opened: set[Verb] = set()
    problems = [make_problem(cast, status=status, severity=Severity.MAJOR) for status in Status]
    problems.append(make_problem(cast, status=Status.RECTIFYING, route=Route.ON_SPOT))
    problems.append(make_problem(cast, status=Status.RECTIFYING, others=[Addressee(cast.jiefang, AssignmentRole.CO)]))
    problems.append(Problem.objects.get(pk=full(cast).pk))
    for problem in problems:
        for person in (cast.supervisor1, cast.inspector1, cast.handler1):
            if person == cast.handler1 and not problem.assignments.exists():
                continue
            client = signed_in(person)
            for move in workflow.available(problem, person):
                if move.verb not in opened:
                    opened.add(move.verb)
                    url = reverse("problem_verb", args=[problem.pk, move.verb.value])
                    assert client.get(url).status_code == 200, (move.verb, problem.status)
    assert {move.verb for move in MOVES} - opened == {Verb.DECIDE_EXTENSION, Verb.RESUME}


# --- Files ------------------------------------------------------------------------------------------


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
