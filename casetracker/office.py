"""The administration’s lists of units, districts and people as an address asks for them, and as tables to export."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from casetracker import operations
from casetracker.administering.districts import in_tree
from casetracker.enums import Role, UnitKind
from casetracker.exporting import Cell, Column, Table, streamed
from casetracker.invitations import WITHOUT_PASSWORD
from casetracker.models import District, Membership, Unit, User
from casetracker.wording import beside, listed

# Deeper than this the tree isn't indented any further.
DEEPEST = 4
UNIT_STATES = ("current", "unmanned", "ended")
DISTRICT_STATES = ("current", "ended")
PEOPLE_STATES = ("open", "without", "invited", "closed")


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "").strip()


# --- Units ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Branch:
    """A unit in the list: how deep it stands, how many people it has, whether nobody answers, whether it exists."""

    unit: Unit
    depth: int
    people: int
    ended: bool

    @property
    def unmanned(self) -> bool:
        return not self.people and not self.ended


@dataclass(frozen=True)
class AskedUnits:
    """The units that an address asks for: ?q=…&state=unmanned&kind=team."""

    q: str
    kind: str
    state: str

    @classmethod
    def of(cls, query: QueryDict) -> "AskedUnits":
        state = query.get("state", "")
        return cls(_text(query, "q"), query.get("kind", ""), state if state in UNIT_STATES else UNIT_STATES[0])

    def rows(self) -> list[Branch]:
        """The rows in the order of the tree, a parent before its children, and children by kind and name."""
        return _branches(self._found(), not (self.q or self.kind or self.state != "current"))

    def _found(self) -> Any:
        today = timezone.localdate()
        current = Unit.objects.current(today)
        rows = {
            "current": current,
            "unmanned": operations.unmanned(current, today),
            "ended": Unit.objects.filter(valid_until__lt=today),
        }[self.state]
        if self.q:
            named = Q(name_zh__icontains=self.q) | Q(name_en__icontains=self.q) | Q(short_zh__icontains=self.q)
            rows = rows.filter(named | Q(pk__in=Unit.objects.filter(names__name__icontains=self.q).values("pk")))
        return rows.filter(kind=self.kind) if self.kind in UnitKind.values else rows


def _branches(found: Any, in_tree: bool) -> list[Branch]:
    today = timezone.localdate()
    manned = Count(
        "memberships__user",
        distinct=True,
        filter=Q(memberships__user__is_active=True, memberships__from_on__lte=today)
        & (Q(memberships__until_on__isnull=True) | Q(memberships__until_on__gte=today)),
    )
    rows = list(found.annotate(people=manned).prefetch_related("districts"))
    keys = {row.pk: (row.kind, row.sort_key, row.pk) for row in rows}
    orders = {row.pk: [keys.get(one, (one,)) for one in _ids(row.path)] for row in rows}
    if in_tree:
        rows.sort(key=lambda row: [tuple(map(str, part)) for part in orders[row.pk]])
    return [
        Branch(
            unit=row,
            depth=min(len(_ids(row.path)) - 1, DEEPEST) if in_tree else 0,
            people=row.people,
            ended=row.valid_until is not None and row.valid_until < today,
        )
        for row in rows
    ]


def _ids(path: str) -> list[int]:
    """The ids from the root down."""
    return [int(part) for part in path.split("/") if part]


def units_table(user: User, query: str) -> Table:
    """Every unit of the list."""
    rows = AskedUnits.of(QueryDict(query)).rows()
    heads = [
        Column(_("Unit"), 28),
        Column(_("Kind"), 16),
        Column(_("Districts"), 28),
        Column(_("People"), 8),
    ]

    def read() -> Iterator[list[Cell]]:
        for row in rows:
            districts = listed(one.name for one in row.unit.districts.all())
            yield [row.unit.name, str(row.unit.get_kind_display()), districts, row.people]

    return Table(_("Units"), heads, len(rows), read)


# --- Districts --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DistrictBranch:
    """A district in the list: how deep it stands, and whether its last year is over."""

    district: District
    depth: int
    ended: bool


@dataclass(frozen=True)
class AskedDistricts:
    """The districts that an address asks for: ?q=…&state=ended."""

    q: str
    state: str

    @classmethod
    def of(cls, query: QueryDict) -> "AskedDistricts":
        state = query.get("state", "")
        return cls(_text(query, "q"), state if state in DISTRICT_STATES else DISTRICT_STATES[0])

    def rows(self) -> list[DistrictBranch]:
        """The rows in the order of the tree by code."""
        year = timezone.localdate().year
        found = District.objects.exclude(valid_until__lt=year)
        if self.state == "ended":
            found = District.objects.filter(valid_until__lt=year)
        if q := self.q:
            named = Q(name_zh__icontains=q) | Q(name_en__icontains=q) | Q(code__istartswith=q)
            found = found.annotate(also=Cast("aliases", TextField())).filter(named | Q(also__icontains=q))
        rows = in_tree(found.prefetch_related("units"))
        return [DistrictBranch(row, depth, has_ended(row, year)) for row, depth in rows]


def has_ended(row: District, year: int) -> bool:
    return row.valid_until is not None and row.valid_until < year


def districts_table(user: User, query: str) -> Table:
    """Every district of the list."""
    rows = AskedDistricts.of(QueryDict(query)).rows()
    heads = [
        Column(pgettext("administrative divisions", "District"), 24),
        Column(_("Code"), 12),
        Column(pgettext("first year of a district", "From"), 8),
        Column(pgettext("last year of a district", "Until"), 8),
        Column(_("Units"), 40),
    ]

    def read() -> Iterator[list[Cell]]:
        for one in rows:
            row = one.district
            yield [row.name, row.code, row.valid_from, row.valid_until, listed(unit.name for unit in row.units.all())]

    return Table(pgettext("administrative divisions", "Districts"), heads, len(rows), read)


# --- People -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AskedPeople:
    """The accounts that an address asks for: ?q=…&role=…&unit=…&state=closed."""

    q: str
    role: str
    unit: str
    state: str

    @classmethod
    def of(cls, query: QueryDict) -> "AskedPeople":
        state = query.get("state", "")
        state = state if state in PEOPLE_STATES else PEOPLE_STATES[0]
        return cls(_text(query, "q"), _text(query, "role"), _text(query, "unit"), state)

    @property
    def found(self) -> QuerySet[User]:
        posts = Membership.objects.running(timezone.localdate())
        found = {
            "open": User.objects.filter(is_active=True),
            "without": operations.people_without_post(),
            "invited": User.objects.filter(WITHOUT_PASSWORD, is_active=True),
            "closed": User.objects.filter(is_active=False),
        }[self.state]
        if q := self.q:
            found = found.filter(
                Q(username__icontains=q) | Q(name__icontains=q) | Q(name_en__icontains=q) | Q(email__icontains=q)
            )
        role, unit = self.role, self.unit
        if role in Role.values:
            posts = posts.filter(role=role)
        if unit.isdecimal():
            posts = posts.filter(unit=int(unit)) if len(unit) < 10 else posts.none()
        return found.filter(pk__in=posts.values("user")) if role in Role.values or unit.isdecimal() else found


def people_rows() -> QuerySet[User]:
    """People as rows show them: with today's posts."""
    running = Membership.objects.running(timezone.localdate()).select_related("unit").order_by("from_on")
    return User.objects.prefetch_related(Prefetch("memberships", running, to_attr="posts_today"))


def people_table(user: User, query: str) -> Table:
    """Every account of the list."""
    found = AskedPeople.of(QueryDict(query)).found
    heads = [
        Column(_("Name"), 16),
        Column(_("Sign-in name"), 16),
        Column(_("Role and unit today"), 40),
        Column(_("E-mail"), 28),
        Column(_("Last sign-in"), 17),
    ]

    def read() -> Iterator[list[Cell]]:
        for row in streamed(people_rows().filter(pk__in=found.order_by().values("pk")).order_by("username")):
            posts = listed(beside(post.get_role_display(), post.unit.name) for post in row.posts_today)
            seen = timezone.localtime(row.last_login).replace(tzinfo=None) if row.last_login else None
            yield [str(row), row.username, posts, row.email, seen]

    return Table(_("People"), heads, found.count(), read)
