"""Each verb through its form on the problem page, and what a refusal answers."""

import datetime
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from casetracker.audit import timeline
from casetracker.dates import short_moment
from casetracker.enums import Role
from casetracker.models import User
from inspections import workflow
from inspections.enums import AssignmentRole, Route, Severity, Status, Verb
from inspections.models import Problem
from inspections.workflow import Addressee
from inspections.workflow.table import MOVES
from tests.builders import make_problem, make_site
from tests.cast import Cast, make_person
from tests.cast import cast as make_cast
from tests.inspections.pressing import do, full, later, page, picture, press, signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


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


def test_a_stop_of_no_whole_day_says_that_nothing_moved(cast: Cast) -> None:
    today = make_problem(cast, status=Status.RECTIFYING)
    longer = make_problem(cast, status=Status.RECTIFYING, now=timezone.now() - datetime.timedelta(days=3))
    workflow.pause(today, by=cast.supervisor1, reason="预警")
    workflow.pause(longer, by=cast.supervisor1, reason="预警", now=timezone.now() - datetime.timedelta(days=2))
    words = "It stood still for no whole day; the date stays."
    for problem, says in ((today, True), (longer, False)):
        due_on = problem.due_on
        url = reverse("problem_verb", args=[problem.pk, Verb.RESUME.value])
        shown = text_of(signed_in(cast.supervisor1).post(url, follow=True))
        problem.refresh_from_db()
        assert (problem.due_on == due_on) is says
        # Once as the answer, once in the history.
        assert shown.count(words) == (2 if says else 0)


def test_a_merger_finds_its_survivor_by_the_last_figures_of_the_number(cast: Cast) -> None:
    survivor, problem = make_problem(cast), make_problem(cast)
    response = do(cast.supervisor1, problem, Verb.MERGE, survivor=str(survivor.number_seq), reason="同一处")
    assert response.status_code == 302
    problem.refresh_from_db()
    assert problem.merged_into == survivor
    assert f"Merged into {survivor.number}" in text_of(page(cast.supervisor1, problem))


def test_a_file_to_withdraw_is_shown_with_who_sent_it_and_when(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    after = problem.attachments.get(phase="after")
    form = signed_in(cast.supervisor1).get(reverse("problem_verb", args=[problem.pk, "withdraw_evidence"]))
    seen = text_of(form)
    moment = short_moment(after.taken_at or after.added_at)
    assert f"Housing Bureau, {cast.handler1}, {moment}" in seen.replace(" ,", ",")
    assert reverse("evidence", args=[after.evidence_id, "thumbnail"]) in form.content.decode()


def test_an_inspector_of_another_team_reads_the_real_reason(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    stranger = make_person("both", "双岗", (cast.team2, Role.INSPECTOR), (cast.housing, Role.LEADER))
    stranger = User.objects.get(pk=stranger.pk)
    reason = workflow.refused(Problem.objects.get(pk=problem.pk), stranger)[Verb.VERIFY]
    assert reason is not None
    assert reason.startswith("You belonged to Housing Bureau while it was responsible")
    other = workflow.refused(Problem.objects.get(pk=problem.pk), cast.inspector2)[Verb.VERIFY]
    assert other is not None
    assert other.startswith("You are an inspector of another team.")


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


def test_htmx_gets_only_the_panel_of_a_form_that_lacks_something(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    response = press(cast.inspector1, problem, Verb.VERIFY, result="")
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#step"
    assert response.content.decode().strip().startswith('<section class="panel is-next" id="step"')


def test_after_a_conflict_htmx_gets_the_whole_page_as_it_stands_now_and_no_button_that_must_fail(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    workflow.verify(problem, by=cast.supervisor2)
    response = press(cast.inspector1, problem, Verb.VERIFY, result="fixed", note="抽查 3 处")
    assert response.status_code == 409
    assert "HX-Retarget" not in response  # the form's own target, the page of the problem
    page = response.content.decode()
    assert f'data-status="{Status.VERIFIED}"' in page
    assert "抽查 3 处" in page
    step = page[page.index('id="step"') : page.index("</form>", page.index('id="step"'))]
    assert 'type="submit"' not in step
    assert 'aria-disabled="true"' in step


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
    response = signed_in(cast.supervisor1).get(reverse("problem_verb", args=[problem.pk, "assign"]))
    assert response.status_code == 409
    seen = text_of(response)
    assert "This is not possible now" in seen
    assert "Somebody was faster" not in seen


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
    problems.append(make_problem(cast, status=Status.ASSIGNED, special=True))
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


def test_a_second_claim_is_a_conflict_where_the_button_was_pressed(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.CLAIMED)
    response = press(cast.handler1, problem, Verb.CLAIM, responsible=cast.handler1.pk)
    assert response.status_code == 409
    seen = text_of(response)
    assert "The last step here was your own" in seen
    assert "Somebody was faster" not in seen
    assert "Your unit has claimed this already." in seen
    assert "You may not do this" not in seen


def test_who_may_not_is_told_where_the_button_was_pressed(cast: Cast) -> None:
    problem = make_problem(cast, status=Status.REPORTED)
    response = press(cast.handler1, problem, Verb.VERIFY, result="fixed")
    assert response.status_code == 403
    seen = text_of(response)
    assert "You may not do this" in seen
    assert "Only an inspector or a supervisor may do this." in seen
    assert "Somebody was faster" not in seen


@pytest.mark.parametrize("status", [Status.FOUND, Status.RECTIFYING, Status.CLOSED])
def test_who_only_reads_is_told_so_whatever_the_state(cast: Cast, status: Status) -> None:
    """Never 409, which would say that it was possible a moment ago."""
    problem = make_problem(cast, status=status)
    for person in (cast.officer1, cast.leader1):
        client = signed_in(person)
        for verb in (Verb.ASSIGN, Verb.CLAIM, Verb.BEGIN, Verb.VERIFY, Verb.CLOSE, Verb.REOPEN, Verb.RESUME):
            url = f"/problems/{problem.pk}/{verb.value}/"
            for response in (client.get(url), client.post(url, {})):
                assert response.status_code == 403, (person, verb)
                assert "Only a" in text_of(response) or "Only the" in text_of(response)
    closing = signed_in(cast.supervisor1).get(f"/problems/{problem.pk}/close/")
    assert closing.status_code == 409
