"""Who may do which verb: the right a verb asks for, and the post in which it is done."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

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
    missing_roles,
    needs_leader,
    own_assignment,
    post_over,
    reporting_unit,
    still_to_report,
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
    "missing_roles",
    "needs_leader",
    "never",
    "own_assignment",
    "refusal",
    "reporting_unit",
    "still_to_report",
    "supervises",
    "supervises_office",
]


def refusal(verb: Verb, problem: "Problem", user: User) -> Refusal:
    """Why this person may not do this verb to this problem now; None when nothing stands against it.

    The state is not looked at here (workflow.table.legal does), and the problem is one the person may see.
    """
    from inspections.workflow.table import BY_VERB

    return PREDICATES[BY_VERB[verb].who](problem, user)


def never(verb: Verb, problem: "Problem", user: User) -> Refusal:
    """Why this person, in whatever state the problem were, might not do this verb; None for those who then might.

    Asked where the state forbids the verb: who has no right to it at all is told that, and not to wait.
    """
    from inspections.workflow.table import BY_VERB

    order = ACTS_AS.get(BY_VERB[verb].who, ("office",))
    if any(MIGHT[name](user, problem) for name in order):
        return None
    said = refusal(verb, problem, user)
    if said is None or isinstance(said, Overtaken):
        return _("You can read this problem, but not write to it.")
    return said


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


def _might_handle(user: User, problem: "Problem") -> bool:
    """Does the person handle for a unit that it was ever assigned to, or for one it might still be assigned to?"""
    handled = {unit.pk for unit in user.units_as(Role.HANDLER)}
    addressed = {one.unit_id for one in problem.assignments.all()}
    return bool(handled & addressed if addressed else handled)


# The posts by which a verb may be done, whatever else stands against it.
MIGHT: dict[str, Callable[[User, "Problem"], bool]] = {
    "unit": _might_handle,
    "team": inspects,
    "office": supervises,
    "leader": leads_office,
}

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
