"""Four eyes: who may not judge a fix, because they had a part in it."""

import datetime
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from casetracker.models import Event, Unit, User
from inspections.enums import Verb

if TYPE_CHECKING:
    from inspections.models import Problem


def stands_for(post: Unit, assigned: Unit, office: Unit) -> bool:
    """Does a member of the one unit have a part in what the other was assigned by the office?

    Members of the unit itself, of what lies below it, and of what lies above it as far as the office's own line:
    the office, its teams and what is above them belong to those who judge, even where the unit is a bureau that
    the office belongs to.
    """
    if post.pk == assigned.pk:
        return True
    if post.path.startswith(assigned.path):
        return not (office.path.startswith(assigned.path) and post.path.startswith(office.path))
    return assigned.path.startswith(post.path) and not office.path.startswith(post.path)


def part_of(post: Unit) -> Q:
    """stands_for() as a condition on assignments."""
    line = post.path.strip("/").split("/")
    judges = Q(problem__office__path__startswith=post.path)
    found = Q(unit=post.pk) | Q(unit__path__startswith=post.path) & ~judges
    for depth, key in enumerate(line[:-1]):
        # Above the post: unless the office lies between, so that the post is one of those who judge.
        found |= Q(unit=int(key)) & ~Q(problem__office__in=[int(one) for one in line[depth:]])
    return found


def belonged(
    user: User, problem: "Problem", assigned: Unit, since: datetime.date, until: datetime.date, today: datetime.date
) -> bool:
    """Had the person a part in what the unit was assigned on any day of the span (memberships of the day)?"""
    return any(
        post.from_on <= until and (post.until_on or today) >= since and stands_for(post.unit, assigned, problem.office)
        for post in user.posts_ever
    )


def four_eyes(user: User, problem: "Problem", today: datetime.date) -> str | None:
    """Why this person may not judge the fix: said that it was put right, or had a part in a unit it was assigned
    to on any day of that assignment. What was merged into it counts too."""
    whole = [problem, *problem.doubles]
    reported = any(one.fixed_by_id == user.pk for one in whole)
    if reported or any(one.by_id == user.pk for one in problem.feedbacks.all()) or fixed_before(user, problem):
        return _("You reported this fixed, so somebody else must judge it (four eyes).")
    return _part_in(user, problem, whole, today)


def part_in_units(user: User, problem: "Problem", today: datetime.date) -> str | None:
    """Why this person may not judge what their own unit was assigned, on any day of its assignment."""
    return _part_in(user, problem, [problem, *problem.doubles], today)


def _part_in(user: User, problem: "Problem", whole: list["Problem"], today: datetime.date) -> str | None:
    for one in [row for part in whole for row in part.assignments.all()]:
        if belonged(user, problem, one.unit, one.assigned_on, one.ended_on or today, today):
            return _(
                "You belonged to %(unit)s while it was responsible, so somebody else must judge it (four eyes)."
            ) % {"unit": one.unit.name}
    return None


def fixed_before(user: User, problem: "Problem") -> bool:
    """Did the person see it put right on the spot before it was taken up again? Only the history remembers that."""
    if not problem.reopen_count and problem.central_on is None:
        return False
    told = Event.objects.filter(subject_type="problem", subject_id=problem.pk, verb=Verb.FIX_ON_SPOT.value)
    return told.filter(actor_id=user.pk).exists()
