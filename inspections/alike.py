"""Which open problems may be the same one found twice: shown wherever a problem is about to be assigned or merged."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q

from inspections.models import Problem
from inspections.siting import NEAR_METRES, metres_between, within

ALIKE_DAYS = datetime.timedelta(days=14)


def likely_duplicates(problems: Sequence[Problem], user: Any) -> dict[UUID, list[Problem]]:
    """For each problem the open visible ones of its kind found within 14 days, at its site or within 50 m.

    Oldest first; problems without any (or without a kind) are left out. One query, however many problems.
    """
    sought = [one for one in problems if one.kind_id is not None]
    if not sought:
        return {}
    found = (
        Problem.objects.visible_to(user)
        .open()
        # Beside the conditions of each: a plan can start from these.
        .filter(
            kind__in={one.kind_id for one in sought},
            found_on__gte=min(one.found_on for one in sought) - ALIKE_DAYS,
            found_on__lte=max(one.found_on for one in sought) + ALIKE_DAYS,
        )
        .filter(reduce(or_, dict.fromkeys(_around(one) for one in sought)))
        .select_related("lead_unit")
        .defer("search")
        .order_by("found_on", "pk")
    )
    by_kind: dict[int | None, list[Problem]] = defaultdict(list)
    for other in found:
        by_kind[other.kind_id].append(other)
    alike = {one.pk: [other for other in by_kind[one.kind_id] if _is_alike(one, other)] for one in sought}
    return {pk: others for pk, others in alike.items() if others}


def _around(problem: Problem) -> Q:
    """Its kind and days, at its site or in the square around its position."""
    near = Q(site=problem.site_id)
    if problem.lat is not None and problem.lon is not None:
        near |= within(problem.lat, problem.lon, NEAR_METRES)
    span = (problem.found_on - ALIKE_DAYS, problem.found_on + ALIKE_DAYS)
    return Q(near, kind=problem.kind_id, found_on__range=span)


def _is_alike(problem: Problem, other: Problem) -> bool:
    if other.pk == problem.pk or abs(other.found_on - problem.found_on) > ALIKE_DAYS:
        return False
    if other.site_id == problem.site_id:
        return True
    if problem.lat is None or problem.lon is None or other.lat is None or other.lon is None:
        return False
    return metres_between(problem.lat, problem.lon, other.lat, other.lon) <= NEAR_METRES
