"""What a person may look at, worked out once per request from today's memberships."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from casetracker.enums import Role, UnitKind
from casetracker.models import District, Unit, User

OVERSEERS = (Role.SUPERVISOR, Role.LEADER, Role.CASE_OFFICER, Role.LEGAL_REVIEWER)


@dataclass(frozen=True)
class Scope:
    """Ids: offices whose problems are all visible, own teams with their districts, units handled for."""

    offices: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    districts: tuple[str, ...] = ()
    handled: tuple[int, ...] = ()


def bureau_of(unit: Unit, *kinds: str) -> Unit:
    """The nearest unit at or above this one of the kinds (an office or a bureau by default), else the top."""
    wanted = kinds or (UnitKind.OFFICE, UnitKind.BUREAU)
    here: Unit | None = unit
    top = unit
    while here is not None:
        if here.kind in wanted:
            return here
        top, here = here, here.parent
    return top


def is_over(unit: Unit, office: Unit) -> bool:
    """Does whoever has a post in the unit have it over the office: in it, below it or in the bureau above?"""
    return office.path.startswith(bureau_of(unit).path)


def of_one_bureau(one: Unit, other: Unit) -> bool:
    """Do both units belong to the same bureau, so that they work in the same city?"""
    if one.path.startswith(other.path) or other.path.startswith(one.path):
        return True
    return bureau_of(one, UnitKind.BUREAU).pk == bureau_of(other, UnitKind.BUREAU).pk


def of(user: User | AnonymousUser) -> Scope:
    """The scope of a person, empty for anybody who is not signed in or has no membership today."""
    if not isinstance(user, User) or not user.is_active:
        return Scope()
    known: Scope | None = user.__dict__.get("_inspection_scope")
    if known is None:
        known = user.__dict__["_inspection_scope"] = _work_out(user)
    return known


def _work_out(user: User) -> Scope:
    offices: set[int] = set()
    for post in user.posts:
        if post.role in OVERSEERS:
            kinds = () if post.role in (Role.SUPERVISOR, Role.LEADER) else (UnitKind.BUREAU,)
            offices.update(Unit.objects.under(bureau_of(post.unit, *kinds)).values_list("id", flat=True))
    teams = {post.unit_id for post in user.posts if post.role == Role.INSPECTOR}
    handled = {post.unit_id for post in user.posts if post.role == Role.HANDLER}
    codes = District.objects.of_units(teams).values_list("code", flat=True) if teams else ()
    return Scope(tuple(sorted(offices)), tuple(sorted(teams)), tuple(sorted(codes)), tuple(sorted(handled)))
