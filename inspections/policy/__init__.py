"""Who may do which verb: the right a verb asks for, and the post in which it is done."""

from typing import TYPE_CHECKING

from casetracker.enums import Role
from casetracker.models import Unit, User
from inspections.enums import Verb
from inspections.policy.rights import PREDICATES, Overtaken
from inspections.policy.standing import (
    Refusal,
    inspects,
    keeps_periods_of,
    leads_office,
    live_assignments,
    may_not_correct,
    may_not_decide,
    may_report_for,
    needs_leader,
    own_assignment,
    post_over,
    reporting_unit,
    supervises,
    supervises_office,
)

if TYPE_CHECKING:
    from inspections.models import Problem

__all__ = [
    "PREDICATES",
    "Overtaken",
    "Refusal",
    "acting_unit",
    "inspects",
    "keeps_periods_of",
    "leads_office",
    "live_assignments",
    "may_not_correct",
    "may_not_decide",
    "may_report_for",
    "needs_leader",
    "own_assignment",
    "refusal",
    "reporting_unit",
    "supervises",
    "supervises_office",
]


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
        "office": post_over(user, problem.office, Role.SUPERVISOR),
        "leader": post_over(user, problem.office, Role.LEADER),
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
