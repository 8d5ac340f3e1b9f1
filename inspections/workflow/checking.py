"""Judging the fix: re-inspect, verify, send back, close, reopen."""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from casetracker.errors import Invalid
from casetracker.models import User
from inspections.enums import AssignmentState, Clock, Phase, Result, Status, Verb
from inspections.models import Problem, Recheck, Visit
from inspections.workflow import clocks, telling
from inspections.workflow.assigning import settle_fixed
from inspections.workflow.engine import Step, begin, need
from inspections.workflow.evidence import Shot, attach, need_before, shown_fixed, taken_up_again

FAILED = (Result.PARTLY, Result.NOT_FIXED)


def _record(
    step: Step, result: Result, *, visit: Visit | None, shots: Sequence[Shot], remaining: str = "", note: str = ""
) -> Recheck:
    """Write what a re-inspection found, with its photos; a failed one is counted."""
    if visit is not None and visit.site_id != step.problem.site_id:
        raise Invalid(_("The visit was to another site."), field="visit")
    if visit is not None and not step.problem.found_on <= visit.on <= step.today:
        raise Invalid(_("The visit must lie between the day it was found and today."), field="visit")
    if result == Result.PARTLY:
        need(remaining, _("Say what remains to be done, e.g. 6 of 9."), "remaining")
    row = Recheck.objects.create(
        problem=step.problem,
        visit=visit,
        by=step.by,
        by_name=str(step.by or ""),
        at=step.now,
        on=visit.on if visit else step.today,
        result=result,
        remaining=remaining.strip(),
        note=note.strip(),
    )
    attach(step, shots, Phase.RECHECK, recheck=row)
    if step.problem.look_back and step.problem.looked_back_on is None and result != Result.NOT_CHECKED:
        step.set(looked_back_on=row.on)
        clocks.meet(step, Clock.LOOK_BACK)
    if result in FAILED:
        step.set(failed_rechecks=step.problem.failed_rechecks + 1)
    return row


@transaction.atomic
def recheck(
    problem: Problem,
    *,
    by: User,
    result: Result,
    visit: Visit | None = None,
    shots: Sequence[Shot] = (),
    remaining: str = "",
    note: str = "",
    now: datetime.datetime | None = None,
) -> Problem:
    """Record what a re-inspection found, without moving the problem.

    Not fixed on a verified or closed one proposes reopening; the second failure proposes escalation: both
    are said to the supervisors, who decide.
    """
    step = begin(Verb.RECHECK, problem, by=by, now=now)
    if result not in Result.values:
        raise Invalid(_("Choose what was found."), field="result")
    row = _record(step, result, visit=visit, shots=shots, remaining=remaining, note=note)
    event = step.finish(result=result, remaining=row.remaining, note=row.note, photos=len(shots))
    _propose(step, event, result)
    return step.problem


def _propose(step: Step, event: object, result: Result) -> None:
    if result not in FAILED:
        return
    told = telling.supervisors(step.problem)
    if step.problem.status in (Status.VERIFIED, Status.CLOSED):
        telling.tell(event, step.problem, told, kind="propose_reopen")  # type: ignore[arg-type]
    elif step.problem.failed_rechecks >= 2:
        telling.tell(event, step.problem, told, kind="propose_escalation")  # type: ignore[arg-type]


@transaction.atomic
def verify(
    problem: Problem,
    *,
    by: User,
    shots: Sequence[Shot] = (),
    before: Sequence[Shot] = (),
    visit: Visit | None = None,
    note: str = "",
    now: datetime.datetime | None = None,
) -> Problem:
    """Somebody other than the fixer confirms it fixed, on site or from papers (four eyes).

    Needs a photo before and after: the re-inspection's own, or the unit's where it is judged from papers;
    `before` brings one that was missing when it was reported (a hotline call has none).
    Also from assigned, claimed or rectifying when a re-inspection found it fixed: then the rectification
    clock is met on the day of that visit, or this day.
    """
    step = begin(Verb.VERIFY, problem, by=by, now=now)
    attach(step, before, Phase.BEFORE)
    need_before(step.problem)
    on_site = any(shot.evidence.shows_something for shot in shots)
    if step.problem.status != Status.REPORTED and not on_site and not _found_fixed(step.problem):
        raise Invalid(_("It was not reported back: add a photo of how it is now."), field="shots")
    if not on_site and not shown_fixed(step.problem).exists():
        raise Invalid(_("Add at least one photo of how it is now."), field="shots")
    row = _record(step, Result.FIXED, visit=visit, shots=shots, note=note)
    clocks.end_pause(step)
    settle_fixed(step, row.on)
    clocks.meet(step, Clock.VERIFY)
    clocks.cancel_all(step, keep=(Clock.ESCALATION,))
    step.set(verified_by=by, verified_by_name=str(by), verified_on=step.today)
    step.to(Status.VERIFIED)
    clocks.start(step, Clock.CLOSE, unit=step.problem.office)
    event = step.finish(note=row.note, photos=len(shots), from_papers=not on_site)
    telling.tell(event, step.problem, telling.handlers(step.problem))
    return step.problem


def _found_fixed(problem: Problem) -> bool:
    """Did the last re-inspection since it was taken up again find it fixed?"""
    rechecks = problem.rechecks.exclude(result=Result.NOT_CHECKED)
    if since := taken_up_again(problem):
        rechecks = rechecks.filter(at__gt=since)
    latest = rechecks.order_by("-at").first()
    return latest is not None and latest.result == Result.FIXED


@transaction.atomic
def send_back(
    problem: Problem,
    *,
    by: User,
    reason: str,
    due_on: datetime.date,
    result: Result = Result.NOT_FIXED,
    remaining: str = "",
    shots: Sequence[Shot] = (),
    visit: Visit | None = None,
    now: datetime.datetime | None = None,
) -> Problem:
    """Not fixed, or only partly: back to rectifying with a reason and a new date; the first date stays."""
    step = begin(Verb.SEND_BACK, problem, by=by, now=now)
    why = need(reason, _("Say what is not right yet."), "reason")
    if result not in FAILED:
        raise Invalid(_("Only what is not fixed, or partly, is sent back."), field="result")
    _record(step, result, visit=visit, shots=shots, remaining=remaining, note=why)
    _rectify_again(step, due_on, cause="sent_back", reason=why)
    step.set(return_count=step.problem.return_count + 1)
    event = step.finish(reason=why, due_on=due_on, result=result, remaining=remaining.strip(), photos=len(shots))
    telling.tell(event, step.problem, telling.handlers(step.problem), reason=why, due_on=due_on)
    _propose(step, event, result)
    return step.problem


def _rectify_again(step: Step, due_on: datetime.date, *, cause: str, reason: str) -> None:
    """Unmake the met rectification clock: a new version with the new date, and the units at work again."""
    if due_on < step.today:
        raise Invalid(_("The date must not lie in the past."), field="due_on")
    clocks.end_pause(step)
    clocks.cancel(step, Clock.VERIFY, Clock.CLOSE, Clock.LOOK_BACK)
    live = list(step.problem.assignments.live().select_related("unit"))
    for one in live:
        one.state = AssignmentState.CLAIMED
        one.reported_at = None
        one.save(update_fields=["state", "reported_at"])
        row = clocks.current(step, Clock.RECTIFY, one.pk)
        if row is None:
            clocks.start(step, Clock.RECTIFY, unit=one.unit, part=one.pk, due_on=due_on)
        else:
            clocks.agree(step, row, due_on, cause=cause, reason=reason)
    own = clocks.current(step, Clock.RECTIFY)
    if own is not None:
        clocks.agree(step, own, due_on, cause=cause, reason=reason)
    elif not live:
        unit = step.problem.lead_unit or step.problem.team
        clocks.start(step, Clock.RECTIFY, unit=unit, due_on=due_on)
    step.set(fixed_by=None, verified_by=None, verified_by_name="", verified_on=None)
    step.set(closed_by=None, closed_on=None)
    clocks.follow(step)
    step.to(Status.RECTIFYING)


@transaction.atomic
def close(problem: Problem, *, by: User, note: str = "", now: datetime.datetime | None = None) -> Problem:
    """Strike it off (销号): a supervisor, under the same four eyes; read-only from here."""
    step = begin(Verb.CLOSE, problem, by=by, now=now)
    clocks.meet(step, Clock.CLOSE)
    clocks.end_pause(step)
    step.set(closed_by=by, closed_on=step.today)
    clocks.cancel_all(step, keep=(Clock.LOOK_BACK,))
    step.to(Status.CLOSED)
    event = step.finish(note=note.strip())
    told = [*telling.handlers(step.problem), *telling.inspectors(step.problem)]
    telling.tell(event, step.problem, told)
    return step.problem


@transaction.atomic
def reopen(
    problem: Problem, *, by: User, reason: str, due_on: datetime.date, now: datetime.datetime | None = None
) -> Problem:
    """A supervisor takes a verified or closed problem up again, with a reason and a new date; counted."""
    step = begin(Verb.REOPEN, problem, by=by, now=now)
    why = need(reason, _("Say why it is taken up again."), "reason")
    _rectify_again(step, due_on, cause="reopened", reason=why)
    step.set(reopen_count=step.problem.reopen_count + 1)
    event = step.finish(reason=why, due_on=due_on)
    told = [*telling.handlers(step.problem), *telling.inspectors(step.problem)]
    telling.tell(event, step.problem, told, reason=why, due_on=due_on)
    return step.problem
