"""Judging the fix: re-inspect, verify, send back, close, reopen."""

import datetime
from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.errors import Invalid
from casetracker.models import User
from casetracker.transactions import together
from casetracker.wording import listed
from inspections import policy
from inspections.enums import AssignmentState, Clock, Phase, Result, Route, Status, Verb
from inspections.models import Assignment, Problem, Recheck, Visit
from inspections.workflow import clocks, telling
from inspections.workflow.assigning import settle_fixed
from inspections.workflow.engine import Step, begin, fit, need
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
    if visit is not None and result == Result.FIXED:
        _check_day(step, visit)
    if result == Result.PARTLY:
        need(remaining, _("Say what remains to be done, e.g. 6 of 9."), "remaining")
    remaining = fit(remaining, "remaining", Recheck.remaining)
    row = Recheck.objects.create(
        problem=step.problem,
        visit=visit,
        by=step.by,
        by_name=str(step.by or ""),
        at=step.now,
        on=visit.on if visit else step.today,
        result=result,
        remaining=remaining,
        note=note.strip(),
    )
    attach(step, shots, Phase.RECHECK, recheck=row)
    if step.problem.look_back and step.problem.looked_back_on is None and result != Result.NOT_CHECKED:
        step.set(looked_back_on=row.on)
        clocks.meet(step, Clock.LOOK_BACK)
    if result in FAILED:
        step.set(failed_rechecks=step.problem.failed_rechecks + 1)
    return row


def _check_day(step: Step, visit: Visit) -> None:
    """A fix can't have been seen before the problem was last taken up again, nor before it was last seen unfixed."""
    since = taken_up_again(step.problem)
    if since is not None and visit.on < timezone.localdate(since):
        raise Invalid(_("The visit must not lie before the day the problem was taken up again."), field="visit")
    failed = _looked(step.problem).filter(result__in=FAILED).order_by("-on").first()
    if failed is None:
        return
    same = failed.visit_id == visit.pk and visit.on < step.today
    if same or visit.on < failed.on:
        raise Invalid(_("A later re-inspection, or this visit itself, found it not fixed."), field="visit")


@together
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


@together
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
    Also from assigned, claimed or rectifying when a re-inspection found it fixed: the rectification clock is met
    on the day it was first seen so, by that re-inspection or by this one.
    """
    step = begin(Verb.VERIFY, problem, by=by, now=now)
    attach(step, before, Phase.BEFORE)
    need_before(step.problem)
    on_site = any(shot.evidence.shows_something for shot in shots)
    seen_on = _found_fixed(step.problem)
    if step.problem.status != Status.REPORTED and not on_site and seen_on is None:
        message = _("It was not reported back: add a photo of how it is now.")
        if missing := policy.still_to_report(step.problem):
            words = _("These units have not reported back: %(units)s. Add a photo of how it is now.")
            message = words % {"units": listed(one.unit.name for one in missing)}
        raise Invalid(message, field="shots")
    if not on_site and not shown_fixed(step.problem).exists():
        raise Invalid(_("Add at least one photo of how it is now."), field="shots")
    row = _record(step, Result.FIXED, visit=visit, shots=shots, note=note)
    clocks.end_pause(step)
    settle_fixed(step, min(row.on, seen_on or row.on))
    clocks.meet(step, Clock.VERIFY)
    clocks.cancel_all(step, keep=(Clock.ESCALATION,))
    step.set(verified_by=by, verified_by_name=str(by), verified_on=step.today)
    step.to(Status.VERIFIED)
    clocks.start(step, Clock.CLOSE, unit=step.problem.office)
    event = step.finish(note=row.note, photos=len(shots), from_papers=not on_site)
    telling.tell(event, step.problem, telling.handlers(step.problem))
    return step.problem


def _looked(problem: Problem) -> QuerySet[Recheck]:
    """Its own re-inspections that looked, since it was last taken up again."""
    rechecks = problem.rechecks.filter(came_from__isnull=True).exclude(result=Result.NOT_CHECKED)
    since = taken_up_again(problem)
    return rechecks.filter(at__gt=since) if since else rechecks


def _found_fixed(problem: Problem) -> datetime.date | None:
    """Where the last re-inspection since it was taken up again found it fixed: the day it was first seen so."""
    first = None
    for one in _looked(problem).order_by("-at"):
        if one.result != Result.FIXED:
            break
        first = min(one.on, first or one.on)
    return first


@together
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
    """Not fixed, or only partly: back to rectifying with a reason and a new date; the first date stays.

    What remains of a partly fixed one is reason enough.
    """
    step = begin(Verb.SEND_BACK, problem, by=by, now=now)
    if result not in FAILED:
        raise Invalid(_("Only what is not fixed, or partly, is sent back."), field="result")
    _record(step, result, visit=visit, shots=shots, remaining=remaining, note=reason)
    told = reason.strip() or (remaining if result == Result.PARTLY else "")
    why = need(told, _("Say what is not right yet."), "reason")
    _rectify_again(step, due_on, cause="sent_back", reason=why)
    step.set(return_count=step.problem.return_count + 1)
    event = step.finish(
        reason=reason.strip(), due_on=due_on, result=result, remaining=remaining.strip(), photos=len(shots)
    )
    telling.tell(event, step.problem, telling.handlers(step.problem), reason=why, due_on=due_on)
    _propose(step, event, result)
    return step.problem


def _rectify_again(step: Step, due_on: datetime.date, *, cause: str, reason: str) -> None:
    """Unmake the met rectification clock: a new version with the new date, and the units at work again."""
    clocks.check_new_date(due_on, step.today)
    clocks.end_pause(step)
    clocks.cancel(step, Clock.VERIFY, Clock.CLOSE, Clock.LOOK_BACK)
    live = list(step.problem.assignments.live().select_related("unit"))
    for one in live:
        _at_work_again(step, one)
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
    if step.problem.looked_back_on is None:
        # Its fix, if any, was turned down: there is nothing left to look back at.
        step.set(look_back=False)
    if not live and step.problem.route == Route.CENTRAL:
        # A ledger may know no unit: nobody could put it right, so the office assigns it.
        clocks.start(step, Clock.DEPLOY, unit=step.problem.office)
        clocks.follow(step)
        step.to(Status.FOUND)
        return
    clocks.follow(step)
    step.to(Status.RECTIFYING)


def _at_work_again(step: Step, one: Assignment) -> None:
    """The unit is at work again; one that nobody ever claimed has to be claimed first, with a clock of its own."""
    nobody = one.claimed_at is None and one.responsible_id is None and not one.responsible_name
    claims = step.problem.route == Route.CENTRAL and nobody
    one.state = AssignmentState.ASSIGNED if claims else AssignmentState.CLAIMED
    one.reported_at = None
    one.save(update_fields=["state", "reported_at"])
    if claims:
        clocks.start(step, Clock.CLAIM, unit=one.unit, part=one.pk)


@together
def close(problem: Problem, *, by: User, note: str = "", now: datetime.datetime | None = None) -> Problem:
    """Strike it off (销号): a supervisor, under the same four eyes; read-only from here."""
    step = begin(Verb.CLOSE, problem, by=by, now=now)
    clocks.meet(step, Clock.CLOSE)
    clocks.end_pause(step)
    step.set(closed_by=by, closed_on=step.today)
    clocks.cancel_all(step, keep=(Clock.LOOK_BACK, Clock.ESCALATION))
    step.to(Status.CLOSED)
    event = step.finish(note=note.strip())
    told = [*telling.handlers(step.problem), *telling.inspectors(step.problem)]
    telling.tell(event, step.problem, told)
    return step.problem


@together
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
