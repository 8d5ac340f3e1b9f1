"""Carrying what a re-inspection saw of a problem through the workflow."""

import datetime
from typing import Any

from django.utils import timezone

from casetracker import calendars
from casetracker.errors import Invalid
from casetracker.models import DeadlineRule, User
from casetracker.workdays import count
from inspections import deadlines, policy, workflow
from inspections.enums import Clock, Result, Status, Verb
from inspections.models import Problem, Visit
from inspections.visiting.parts import Seen
from inspections.workflow.evidence import need_before

FAILED = (Result.PARTLY, Result.NOT_FIXED)


def see(one: Seen, visit: Visit, *, by: User, now: datetime.datetime | None = None) -> Problem | None:
    """Carry what a re-inspection saw of one problem through the workflow; None where nothing was to be written.

    Fixed is verified where the person may judge it (four eyes) and a photo from before exists, else recorded as
    seen. Partly and not fixed send a reported one back with a new date (by rule where none is given), and are
    recorded for any other. Raises the workflow's own refusals.
    """
    problem = one.problem
    told: dict[str, Any] = {"by": by, "visit": visit, "shots": one.shots, "now": now}
    if one.result == Result.NOT_CHECKED and not may_recheck(problem, by):
        return None
    if one.result == Result.FIXED and may_verify(problem, by):
        return workflow.verify(problem, note=one.note, **told)
    if one.result in FAILED and problem.status == Status.REPORTED:
        due_on = one.due_on or new_term(problem, timezone.localdate(now))
        return workflow.send_back(
            problem, reason=one.note, due_on=due_on, result=one.result, remaining=one.remaining, **told
        )
    return workflow.recheck(problem, result=one.result, remaining=one.remaining, note=one.note, **told)


def may_recheck(problem: Problem, user: User) -> bool:
    legal = workflow.legal(Verb.RECHECK, problem.status, problem.route)
    return legal and policy.refusal(Verb.RECHECK, problem, user) is None


def may_verify(problem: Problem, user: User) -> bool:
    """Does "fixed", said by this person, verify the problem: state, right, and a photo of how it was before."""
    if not workflow.legal(Verb.VERIFY, problem.status, problem.route):
        return False
    if policy.refusal(Verb.VERIFY, problem, user):
        return False
    try:
        need_before(problem)
    except Invalid:
        return False
    return True


def new_term(problem: Problem, today: datetime.date) -> datetime.date:
    """The date until which a problem sent back today is to be put right, by the rule for its route and severity."""
    code = deadlines.rule_code(Clock.RECTIFY, severity=problem.severity, route=problem.route)
    rule = DeadlineRule.objects.in_force(code, today)
    return count(today, deadlines.term_of(rule), calendars.load()).due_on
