"""The post that a row of a ledger of people tells of: one that is here, changed perhaps, or a new one."""

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from casetracker.administering.people import DAY
from casetracker.enums import Role
from casetracker.models import Membership, Unit
from inspections.ledger.importing.enlisting import Known, Wanted

ENDS_BEFORE = _("The last day lies before the first one.")
NEEDS_START = _("A post that is over needs its first day, too.")
NOT_THERE = _("%(unit)s does not exist on that day.")
OTHER_START = _("The post is here from %(day)s on; its first day stays.")
HAS_ENDED = _("This post has ended on %(day)s; its days stay. Give a new one with a first day of its own.")
TOO_EARLY = _("A post that runs can end yesterday at the earliest: its rights were used until now.")
ADMINISTRATOR = _("Importing this row makes somebody administrator of all accounts and rules.")

# The post to be given, or one that is here with what changes of it.
Found = tuple[Membership | None, tuple[Membership, dict[str, Any]] | None]


def match(one: Wanted, known: Known, today: datetime.date) -> Found:
    """The post to give, or the one that is here with its new values; neither where nothing changes. Raises Refused."""
    if one.unit is None:
        return None, None
    role = one.row.values["role"]
    from_on, until_on = one.day("from_on"), one.day("until_on")
    same = [post for post in known.posts if post.unit_id == one.unit.pk and post.role == role]
    here = _same(same, from_on, until_on, today)
    if here is not None:
        return None, _changed(one, here, today)
    if from_on is None and until_on is not None and until_on < today:
        raise one.refused("from_on", "missing", NEEDS_START)
    begins = from_on or today
    if until_on is not None and until_on < begins:
        raise one.refused("until_on", "bad_order", ENDS_BEFORE)
    if not _exists(one.unit, begins):
        raise one.refused("unit", "unit_ended", NOT_THERE, unit=one.unit.name_zh)
    if role == Role.ADMINISTRATOR:
        one.doubt("role", "administrator", ADMINISTRATOR)
    flags = {name: bool(one.row.values.get(name)) for name in ("on_loan", "is_head")}
    return Membership(unit=one.unit, role=role, from_on=begins, until_on=until_on, **flags), None


def _same(
    posts: list[Membership], from_on: datetime.date | None, until_on: datetime.date | None, today: datetime.date
) -> Membership | None:
    """The post with the same first day, else one whose days overlap; without days the newest that runs or ended so."""
    for post in posts:
        if from_on is not None and post.from_on == from_on:
            return post
    last = until_on or datetime.date.max
    for post in sorted(posts, key=lambda post: post.from_on, reverse=True):
        ends = post.until_on or datetime.date.max
        if from_on is None and (ends >= today or ends == until_on):
            return post
        if from_on is not None and post.from_on <= last and ends >= from_on:
            return post
    return None


def _exists(unit: Unit, on: datetime.date) -> bool:
    return not ((unit.valid_from and unit.valid_from > on) or (unit.valid_until and unit.valid_until < on))


def _changed(one: Wanted, post: Membership, today: datetime.date) -> tuple[Membership, dict[str, Any]] | None:
    """A post that is here with what the row changes of it. Raises Refused."""
    from_on, until_on = one.day("from_on"), one.day("until_on")
    if from_on is not None and from_on != post.from_on:
        one.doubt("from_on", "other_first_day", OTHER_START, day=post.from_on.isoformat())
    new: dict[str, Any] = {}
    if until_on is not None and until_on != post.until_on:
        if post.until_on is not None and post.until_on < today:
            raise one.refused("until_on", "ended_post", HAS_ENDED, day=post.until_on.isoformat())
        if until_on < post.from_on:
            raise one.refused("until_on", "bad_order", ENDS_BEFORE)
        if until_on < today - DAY and post.from_on <= today:
            raise one.refused("until_on", "too_early", TOO_EARLY)
        new["until_on"] = until_on
    for name in ("on_loan", "is_head"):
        told = one.row.values.get(name)
        if told is not None and told != getattr(post, name):
            new[name] = told
    return (post, new) if new else None
