"""One predicate per right, named in workflow/table.py, each answering with the reason when the answer is no."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import options
from casetracker.enums import Role
from casetracker.models import User
from inspections.enums import AssignmentRole, AssignmentState, Decision, Status
from inspections.four_eyes import four_eyes, part_in_units
from inspections.policy.standing import (
    Refusal,
    inspects,
    leads_office,
    live_assignments,
    may_not_decide,
    missing_roles,
    of_team,
    own_assignment,
    supervises,
)

if TYPE_CHECKING:
    from inspections.models import Problem


class Overtaken(str):
    """A refusal about how things stand (somebody was first, a request is decided), not about who the person is."""

    __slots__ = ()


def _only(allowed: bool, who: str) -> Refusal:
    return None if allowed else who


def _open(allowed: bool, why: str) -> Refusal:
    return None if allowed else Overtaken(why)


def supervisor(problem: "Problem", user: User) -> Refusal:
    return _only(supervises(user, problem), _("Only a supervisor of the office may do this."))


def on_site(problem: "Problem", user: User) -> Refusal:
    """The exception to four eyes: only the team, which saw it put right at once, before anybody else had a say."""
    if not of_team(user, problem):
        return _("Only an inspector of the team that found it may do this.")
    if refused := part_in_units(user, problem, timezone.localdate()):
        return refused
    judged = problem.return_count or problem.reopen_count or problem.feedbacks.all()
    return _open(not judged, _("It was reported back or taken up again, so somebody else must verify it now."))


def team_or_supervisor(problem: "Problem", user: User) -> Refusal:
    allowed = of_team(user, problem) or supervises(user, problem)
    return _only(allowed, _("Only the team that found it or a supervisor may do this."))


def lead(problem: "Problem", user: User) -> Refusal:
    own = own_assignment(user, problem)
    return _only(own is not None and own.role == AssignmentRole.LEAD, _("Only the lead unit may do this."))


def addressee_to_claim(problem: "Problem", user: User) -> Refusal:
    own = own_assignment(user, problem)
    if own is None:
        return _("Only a member of an assigned unit may do this.")
    return _open(own.state == AssignmentState.ASSIGNED, _("Your unit has claimed this already."))


def addressee_to_report(problem: "Problem", user: User) -> Refusal:
    own = own_assignment(user, problem)
    if own is None:
        # One told on the spot may have no unit: then the team records the party's proof.
        if of_team(user, problem) and not live_assignments(problem):
            return None
        return _("Only a member of an assigned unit may do this.")
    if own.state == AssignmentState.ASSIGNED and problem.route != "on_spot":
        return Overtaken(_("Claim it first."))
    return _open(own.state != AssignmentState.REPORTED, _("Your unit has reported back already."))


def addressee_to_extend(problem: "Problem", user: User) -> Refusal:
    own = own_assignment(user, problem)
    if own is None:
        return _("Only a member of an assigned unit may do this.")
    if own.state == AssignmentState.REPORTED:
        return Overtaken(_("Your unit has reported back already."))
    pending = any(e.decision == Decision.PENDING and e.assignment_id == own.pk for e in problem.extensions.all())
    return _open(not pending, _("A request is already waiting for a decision."))


def addressee_or_supervisor(problem: "Problem", user: User) -> Refusal:
    """While it is put right only a unit besides the lead may, of its own part, which it may have got late."""
    own = own_assignment(user, problem)
    if own is None and not supervises(user, problem):
        return _("Only an assigned unit or a supervisor may do this.")
    if own is not None and own.role != AssignmentRole.LEAD:
        return _open(own.state != AssignmentState.REPORTED, _("Your unit has reported back already."))
    return _open(problem.status != Status.RECTIFYING, _("It is being put right already."))


def supervisor_of_others(problem: "Problem", user: User) -> Refusal:
    if refused := supervisor(problem, user):
        return refused
    others = [one for one in live_assignments(problem) if one.role != AssignmentRole.LEAD]
    return _open(bool(others), _("There is no unit besides the lead."))


def supervisor_of_special(problem: "Problem", user: User) -> Refusal:
    if refused := supervisor(problem, user):
        return refused
    if not problem.special:
        return Overtaken(_("This is not a special assignment."))
    if not any(one.role == AssignmentRole.LEAD for one in live_assignments(problem)):
        return Overtaken(_("It has no lead unit yet."))
    return _open(bool(missing_roles(problem)), _("Regulator and government are both named already."))


def decider(problem: "Problem", user: User) -> Refusal:
    """A supervisor, or the leader where a unit has had two extensions: of at least one of the requests."""
    if not (supervises(user, problem) or leads_office(user, problem)):
        return _("Only a supervisor of the office may do this.")
    pending = [one for one in problem.extensions.all() if one.decision == Decision.PENDING]
    refusals = [may_not_decide(problem, user, one) for one in pending]
    if not refusals:
        return Overtaken(_("No request is waiting for a decision."))
    return None if None in refusals else refusals[0]


def verifier(problem: "Problem", user: User) -> Refusal:
    if not (inspects(user, problem) or supervises(user, problem)):
        if not user.has_role(Role.INSPECTOR):
            return _("Only an inspector or a supervisor may do this.")
        another = _("You are an inspector of another team. Only the team that found it, or a supervisor, may do this.")
        return four_eyes(user, problem, timezone.localdate()) or another
    return four_eyes(user, problem, timezone.localdate())


def rechecker(problem: "Problem", user: User) -> Refusal:
    return verifier(problem, user)


def closer(problem: "Problem", user: User) -> Refusal:
    if refused := supervisor(problem, user):
        return refused
    if refused := four_eyes(user, problem, timezone.localdate()):
        return refused
    if problem.verified_by_id == user.pk and options.get("require_second_closer"):
        return _("You verified this; in this office a second supervisor closes it.")
    return None


def supervisor_of_running(problem: "Problem", user: User) -> Refusal:
    return supervisor(problem, user) or _open(problem.paused_since is None, _("The clock is stopped already."))


def supervisor_of_paused(problem: "Problem", user: User) -> Refusal:
    return supervisor(problem, user) or _open(problem.paused_since is not None, _("The clock is running."))


def supervisor_of_escalated(problem: "Problem", user: User) -> Refusal:
    running = any(one.lifted_on is None for one in problem.escalations.all())
    return supervisor(problem, user) or _open(running, _("Nothing is escalated."))


def participant(problem: "Problem", user: User) -> Refusal:
    allowed = inspects(user, problem) or supervises(user, problem) or own_assignment(user, problem) is not None
    return _only(allowed, _("You can read this problem, but not write to it."))


def _was_judged(problem: "Problem") -> bool:
    """Did anybody ever say that it was put right? Then the record is no longer the reporter's alone."""
    if problem.return_count or problem.reopen_count or problem.feedbacks.all():
        return True
    # Sent to the office, it may have been seen put right before; only its stays tell.
    return problem.central_on is not None and problem.stages.filter(status=Status.VERIFIED).exists()


def amender(problem: "Problem", user: User) -> Refusal:
    unassigned = problem.status in (Status.FOUND, Status.RECTIFYING) and not problem.assignments.all()
    if unassigned and problem.reported_by_id == user.pk and of_team(user, problem) and not _was_judged(problem):
        return None
    if refused := supervisor(problem, user):
        return refused
    if problem.status == Status.CLOSED and problem.closed_by_id == user.pk:
        return _("You closed this; a second supervisor must make the change.")
    return None


def voider(problem: "Problem", user: User) -> Refusal:
    if refused := supervisor(problem, user):
        return refused
    if problem.status == Status.CLOSED and problem.closed_by_id == user.pk:
        return _("You closed this; a second supervisor must void it.")
    return None


def merger(problem: "Problem", user: User) -> Refusal:
    """Merging ends a problem as voiding does, so a closed one needs the same second supervisor."""
    if refused := supervisor(problem, user):
        return refused
    if problem.status == Status.CLOSED and problem.closed_by_id == user.pk:
        return _("You closed this; a second supervisor must merge it.")
    return None


def supervisor_of_evidence(problem: "Problem", user: User) -> Refusal:
    standing = any(one.withdrawn_at is None for one in problem.attachments.all())
    return supervisor(problem, user) or _open(standing, _("There is no evidence to withdraw."))


PREDICATES: dict[str, Callable[["Problem", User], Refusal]] = {
    predicate.__name__: predicate
    for predicate in (
        supervisor,
        on_site,
        team_or_supervisor,
        lead,
        addressee_to_claim,
        addressee_to_report,
        addressee_to_extend,
        addressee_or_supervisor,
        supervisor_of_others,
        supervisor_of_special,
        decider,
        verifier,
        rechecker,
        closer,
        supervisor_of_running,
        supervisor_of_paused,
        supervisor_of_escalated,
        participant,
        amender,
        voider,
        merger,
        supervisor_of_evidence,
    )
}
