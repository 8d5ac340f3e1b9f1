"""Who may do which verb: one predicate per right, each answering with the reason when the answer is no."""

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker import options
from casetracker.enums import Role
from casetracker.models import Unit, User
from inspections import scope
from inspections.enums import (
    LIVE_ASSIGNMENT,
    AssignmentRole,
    AssignmentState,
    Decision,
    Status,
    Verb,
)
from inspections.four_eyes import belonged, four_eyes, part_in_units

if TYPE_CHECKING:
    from inspections.models import Assignment, Extension, Problem, Visit


class Overtaken(str):
    """A refusal about how things stand (somebody was first, a request is decided), not about who the person is."""

    __slots__ = ()


Refusal = str | None


def refusal(verb: Verb, problem: "Problem", user: User) -> Refusal:
    """Why this person may not do this verb to this problem now; None when nothing stands against it.

    The state is not looked at here (workflow.table.legal does), and the problem is one the person may see.
    """
    from inspections.workflow.table import BY_VERB

    return PREDICATES[BY_VERB[verb].who](problem, user)


def acting_unit(verb: Verb, problem: "Problem", user: User) -> Unit | None:
    """The unit of the post that gives the person this verb, which history names; None where no post does."""
    from inspections.workflow.table import BY_VERB

    own = own_assignment(user, problem)
    posts = {
        "unit": own.unit if own else None,
        "team": _team_of(user, problem),
        "office": _post_over(user, problem.office, Role.SUPERVISOR),
        "leader": _post_over(user, problem.office, Role.LEADER),
    }
    order = ACTS_AS.get(BY_VERB[verb].who, ("office",))
    return next((posts[name] for name in order if posts[name] is not None), None)


def _team_of(user: User, problem: "Problem") -> Unit | None:
    """Of the person's teams the one that found it, else the first."""
    teams = user.units_as(Role.INSPECTOR)
    return min(teams, key=lambda unit: unit.pk != problem.team_id, default=None)


# As what a person acts who passes a predicate of workflow/table.py, the first that fits; else as the office.
ACTS_AS = {
    "on_site": ("team",),
    "team_or_supervisor": ("team", "office"),
    "lead": ("unit",),
    "addressee_to_claim": ("unit",),
    "addressee_to_report": ("unit", "team"),
    "addressee_to_extend": ("unit",),
    "addressee_or_supervisor": ("unit", "office"),
    "decider": ("office", "leader"),
    "verifier": ("team", "office"),
    "rechecker": ("team", "office"),
    "participant": ("team", "office", "unit"),
    "amender": ("office", "team"),
}


# --- Facts about a person and a problem -------------------------------------------------------------


def supervises(user: User, problem: "Problem") -> bool:
    """Is the person a supervisor of the problem's office today?"""
    return supervises_office(user, problem.office)


def supervises_office(user: User, office: Unit) -> bool:
    return _over_office(user, office, Role.SUPERVISOR)


def keeps_periods_of(user: User, office: Unit) -> bool:
    """May the person decide campaigns of this office and enter its alerts: administrators, and its supervisors."""
    return user.has_role(Role.ADMINISTRATOR) or supervises_office(user, office)


def leads_office(user: User, problem: "Problem") -> bool:
    return _over_office(user, problem.office, Role.LEADER)


def _over_office(user: User, office: Unit, role: str) -> bool:
    return _post_over(user, office, role) is not None


def _post_over(user: User, office: Unit, role: str) -> Unit | None:
    return next((unit for unit in user.units_as(role) if scope.is_over(unit, office)), None)


def may_report_for(user: User, team: Unit) -> bool:
    """May the person log what this team found: its inspectors, and the supervisors of its office."""
    return reporting_unit(user, team) is not None


def reporting_unit(user: User, team: Unit) -> Unit | None:
    """The unit of the post in which the person logs what this team found; None for whoever may not."""
    if any(unit.pk == team.pk for unit in user.units_as(Role.INSPECTOR)):
        return team
    return _post_over(user, team, Role.SUPERVISOR)


def may_not_correct(visit: "Visit", user: User, today: datetime.date) -> Refusal:
    """Why this person may not correct the record of this visit: a supervisor of its office may at any time, its
    team and whoever recorded it while it lies no further back than the office allows."""
    if _over_office(user, visit.team, Role.SUPERVISOR):
        return None
    recorded = visit.recorded_by_id == user.pk and user.has_role(Role.INSPECTOR, Role.SUPERVISOR)
    if not recorded and not any(unit.pk == visit.team_id for unit in user.units_as(Role.INSPECTOR)):
        return _("Only its team, whoever recorded it and a supervisor of its office may correct a visit.")
    if visit.import_batch_id is not None:
        return _("This visit came with an imported ledger; only a supervisor of its office may correct it.")
    days = options.get("visit_correction_days")
    if (today - visit.on).days > days:
        return ngettext(
            "This visit lies more than %(count)s day back; a supervisor of its office can still correct it.",
            "This visit lies more than %(count)s days back; a supervisor of its office can still correct it.",
            days,
        ) % {"count": days}
    return None


def inspects(user: User, problem: "Problem") -> bool:
    """Is the person an inspector who may see the problem: of its team, of a finder, or of its district?"""
    see = scope.of(user)
    if not see.teams:
        return False
    if problem.team_id in see.teams or problem.district_id in see.districts:
        return True
    return any(unit.pk in see.teams for unit in problem.finders.all())


def of_team(user: User, problem: "Problem") -> bool:
    return problem.team_id in scope.of(user).teams


def live_assignments(problem: "Problem") -> list["Assignment"]:
    return [one for one in problem.assignments.all() if one.state in LIVE_ASSIGNMENT]


def own_assignment(user: User, problem: "Problem") -> "Assignment | None":
    """The live assignment to a unit that the person handles for; the lead's first."""
    handled = scope.of(user).handled
    own = [one for one in live_assignments(problem) if one.unit_id in handled]
    return min(own, key=lambda one: one.role != AssignmentRole.LEAD, default=None)


def needs_leader(problem: "Problem", extension: "Extension") -> bool:
    """Was the date that this request is about moved twice already? The lead's date is the problem's own."""
    if extension.assignment.role == AssignmentRole.LEAD:
        return problem.extension_count >= 2
    granted = [one for one in problem.extensions.all() if one.decision == Decision.GRANTED]
    return sum(one.assignment_id == extension.assignment_id for one in granted) >= 2


def may_not_decide(problem: "Problem", user: User, extension: "Extension") -> Refusal:
    """Why this person may not decide this request: four eyes here too, and after two extensions the leader's."""
    today = timezone.localdate()
    asked_on = timezone.localdate(extension.asked_at)
    unit = next(one.unit for one in problem.assignments.all() if one.pk == extension.assignment_id)
    if extension.asked_by_id == user.pk or belonged(user, problem, unit, asked_on, today, today):
        return _("You or your unit asked for this, so somebody else must decide it.")
    if needs_leader(problem, extension):
        return _only(leads_office(user, problem), _("After two extensions only the leader decides."))
    allowed = supervises(user, problem) or leads_office(user, problem)
    return _only(allowed, _("Only a supervisor of the office may do this."))


# --- Predicates, named in workflow/table.py ---------------------------------------------------------


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
    own = own_assignment(user, problem)
    allowed = own is not None or supervises(user, problem)
    return _only(allowed, _("Only an assigned unit or a supervisor may do this."))


def supervisor_of_others(problem: "Problem", user: User) -> Refusal:
    if refused := supervisor(problem, user):
        return refused
    others = [one for one in live_assignments(problem) if one.role != AssignmentRole.LEAD]
    return _open(bool(others), _("There is no unit besides the lead."))


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
        return _("Only an inspector or a supervisor may do this.")
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
