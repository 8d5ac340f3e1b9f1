"""Who a person is to a problem, a team or an office today."""

import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker import options
from casetracker.enums import Role
from casetracker.models import Unit, User
from inspections import scope
from inspections.enums import LIVE_ASSIGNMENT, AssignmentRole, AssignmentState, Decision
from inspections.four_eyes import belonged

if TYPE_CHECKING:
    from inspections.models import Assignment, Extension, Problem, Visit

# Why somebody may not, in the active language; None where nothing stands against it.
Refusal = str | None


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
    return post_over(user, office, role) is not None


def post_over(user: User, office: Unit, role: str) -> Unit | None:
    """The unit of the post in this role that stands over the office; None where no post does."""
    return next((unit for unit in user.units_as(role) if scope.is_over(unit, office)), None)


def may_report_for(user: User, team: Unit) -> bool:
    """May the person log what this team found: its inspectors, and the supervisors of its office."""
    return reporting_unit(user, team) is not None


def reporting_unit(user: User, team: Unit) -> Unit | None:
    """The unit of the post in which the person logs what this team found; None for whoever may not."""
    if any(unit.pk == team.pk for unit in user.units_as(Role.INSPECTOR)):
        return team
    return post_over(user, team, Role.SUPERVISOR)


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


def still_to_report(problem: "Problem") -> list["Assignment"]:
    """Who has still to report back where another addressee has; empty while nobody has, and once all have."""
    live = live_assignments(problem)
    missing = [one for one in live if one.state != AssignmentState.REPORTED]
    return missing if len(missing) < len(live) else []


def missing_roles(problem: "Problem") -> list[AssignmentRole]:
    """What a special assignment (专项交办) has beside its lead, and this one has not, or no longer."""
    if not problem.special:
        return []
    named = {one.role for one in live_assignments(problem)}
    return [role for role in (AssignmentRole.REGULATOR, AssignmentRole.GOVERNMENT) if role not in named]


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
        return None if leads_office(user, problem) else _("After two extensions only the leader decides.")
    allowed = supervises(user, problem) or leads_office(user, problem)
    return None if allowed else _("Only a supervisor of the office may do this.")
