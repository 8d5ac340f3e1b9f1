"""Finding (or, where the mapping says so, creating) the rows that a ledger's names mean."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from casetracker.copying import copy_in
from casetracker.enums import UnitKind
from casetracker.models import DeadlineRule, District, Rules, Unit, UnitName
from inspections.ledger.cells import normalise
from inspections.ledger.errors import LedgerError
from inspections.models import ProblemKind, Site, SiteKind
from inspections.searching import index_site
from inspections.workflow.undoing.sites import taken_back

Kind = TypeVar("Kind", SiteKind, ProblemKind)

# So many of the things that an import creates are told by name.
NAMED = 30
GOVERNMENT = re.compile(r"(政府|管委会|管理委员会|街道|办事处)$")


SEVERAL = _(
    "Several units are called “%(name)s”, so none was taken. Choose under “Values” which is meant, or use its full "
    "name."
)
ELSEWHERE = _(
    "The unit “%(name)s” is not one of this office, so it was not taken. Choose under “Values” which one is meant."
)


class NoOffice(LedgerError):
    """There is no office, or not just one, into which to import."""


def office_named(name: str | None) -> Unit:
    """The supervision office of this name, or the only one there is. Raises NoOffice."""
    offices = Unit.objects.filter(kind=UnitKind.OFFICE)
    if name:
        found = offices.filter(name_zh=name).first() or offices.filter(name_en=name).first()
        if found is None:
            raise NoOffice("no_office", _("There is no supervision office “%(name)s”."), name=name)
        return found
    several = list(offices[:2])
    if len(several) == 1:
        return several[0]
    if not several:
        raise NoOffice("no_office", _("There is no supervision office yet. Make one first with manage.py setup."))
    raise NoOffice("no_office", _("There are several supervision offices. Say which with --office NAME."))


class Unclear(LedgerError):
    """A name that may not be taken for a unit, though one of that name exists: several, or elsewhere."""


class UnitTable:
    """Units by what they are called: first by their full name, then by short, English, former and other names."""

    def __init__(self, units: QuerySet[Unit]) -> None:
        self.full: dict[str, list[Unit]] = {}
        self.other: dict[str, list[Unit]] = {}
        self.today = timezone.localdate()
        known = {unit.pk: unit for unit in units}
        for unit in known.values():
            self.add(unit.name_zh, unit)
            for name in {normalise(unit.short_zh), normalise(unit.name_en)} - {""}:
                self.other.setdefault(name, []).append(unit)
        for alias in UnitName.objects.filter(unit__in=known):
            self.other.setdefault(normalise(alias.name), []).append(known[alias.unit_id])

    def add(self, name: str, unit: Unit) -> None:
        """Know a unit by its full name."""
        self.full.setdefault(normalise(name), []).append(unit)

    def also(self, name: str, unit: Unit) -> None:
        """Know a unit by another name, too."""
        self.other.setdefault(normalise(name), []).append(unit)

    def find(self, name: str) -> Unit | None:
        """The unit of this name; of several the one that still exists. Raises Unclear when it may be several."""
        key = normalise(name)
        found = {unit.pk: unit for unit in self.full.get(key) or self.other.get(key, [])}
        if len(found) > 1:
            living = {pk: unit for pk, unit in found.items() if not unit.valid_until or unit.valid_until >= self.today}
            found = living or found
        if len(found) > 1:
            raise Unclear("several", SEVERAL)
        return next(iter(found.values()), None)


@dataclass
class Names:
    """Looks up what names mean, each read once; counts what it created."""

    office: Unit
    create: frozenset[str]
    # The same for single names, normalised.
    create_only: Mapping[str, frozenset[str]] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    # The first names of what was created, of each sort.
    called: dict[str, list[str]] = field(default_factory=dict)
    # The sites that were created, or revived after an undone import had brought them, and are not told of yet.
    along: list[Site] = field(default_factory=list)
    # What ended by undoing an import, of the sites read so far, and what of it is on the register again.
    _ended: set[UUID] = field(default_factory=set)
    _back: set[UUID] = field(default_factory=set)
    _sites: dict[tuple[str, str], Site] = field(default_factory=dict)
    _changed_sites: dict[tuple[str, str], Site] = field(default_factory=dict)

    def district(self, name: str) -> District | None:
        """The district of this name or code; of several with one name that of the office's own city."""
        found = self._districts.get(normalise(name), [])
        own = [one for one in found if one.code[:4] in self._cities]
        return next(iter(own or found), None)

    @cached_property
    def rules(self) -> Rules:
        """The terms by which imported clocks run."""
        return DeadlineRule.objects.all_codes()

    @cached_property
    def _cities(self) -> set[str]:
        return {code[:4] for code in self.office.districts.values_list("code", flat=True)}

    @cached_property
    def _districts(self) -> dict[str, list[District]]:
        table: dict[str, list[District]] = {}
        for one in District.objects.all():
            for name in {one.code, one.name_zh, one.name_en, *one.aliases}:
                if name:
                    table.setdefault(normalise(name), []).append(one)
        return table

    @cached_property
    def _units(self) -> "UnitTable":
        return UnitTable(Unit.objects.addressable_by(self.office))

    @cached_property
    def _teams(self) -> "UnitTable":
        own = Q(pk=self.office.pk) | Q(kind=UnitKind.TEAM)
        return UnitTable(Unit.objects.under(self.office).filter(own))

    def unit(self, name: str) -> Unit | None:
        """The unit of this name, former name or alias to which the office may hand problems. Raises Unclear."""
        found = self._units.find(name)
        if found is None and self._may_create("units", name):
            kind = UnitKind.GOVERNMENT if GOVERNMENT.search(name) else UnitKind.DEPARTMENT
            found = self._make_unit(name, kind, None)
            self._units.add(name, found)
            self._count("units", name)
        return found

    def team(self, name: str) -> Unit | None:
        """The supervision team of this name under the office, or the office itself. Raises Unclear."""
        found = self._teams.find(name)
        if found is None and self._may_create("teams", name):
            found = self._make_unit(name, UnitKind.TEAM, self.office)
            self._teams.add(name, found)
            self._count("teams", name)
        return found

    def _make_unit(self, name: str, kind: UnitKind, parent: Unit | None) -> Unit:
        """A new unit of the office's districts, so that offices of other cities do not take it for theirs."""
        if Unit.objects.filter(name_zh=name).exists():
            raise Unclear("elsewhere", ELSEWHERE)
        unit = Unit.objects.create(name_zh=name, kind=kind, parent=parent)
        unit.districts.set(self.office.districts.all())
        return unit

    @cached_property
    def _site_kinds(self) -> dict[str, SiteKind]:
        return _by_names(SiteKind.objects.all())

    def site_kind(self, name: str | None) -> SiteKind | None:
        """The kind of site; `other` where the ledger says nothing."""
        if not name:
            return self._site_kinds["other"]
        found = self._site_kinds.get(normalise(name))
        if found is None and self._may_create("kinds", name):
            found = SiteKind.objects.create(code=_code(name), name_zh=name, position=len(self._site_kinds))
            self._site_kinds[normalise(name)] = found
            self._count("kinds", name)
        return found

    @cached_property
    def _kinds(self) -> dict[str, ProblemKind]:
        return _by_names(ProblemKind.objects.all())

    def kind(self, name: str) -> ProblemKind | None:
        found = self._kinds.get(normalise(name))
        if found is None and self._may_create("kinds", name):
            found = ProblemKind.objects.create(code=_code(name), name_zh=name, position=len(self._kinds))
            self._kinds[normalise(name)] = found
            self._count("kinds", name)
        return found

    def load_sites(self, wanted: set[str]) -> None:
        """Read the office's sites of these names, those known already left out."""
        missing = wanted - {name for name, _district in self._sites}
        found = list(Site.objects.filter(office=self.office, name__in=missing).select_related("district", "kind"))
        self._ended |= taken_back([site.pk for site in found if site.valid_until])
        self._sites |= {(site.name, site.district_id): site for site in found}

    def site(
        self, name: str, district: District, kind: str | None, lat: float | None, lon: float | None
    ) -> Site | None:
        """The site of this name in this district; a position it lacked is taken from the ledger.

        One that an undone import had brought is on the register again.
        """
        key = (name, district.code)
        found = self._sites.get(key)
        if found is None:
            site_kind = self.site_kind(kind)
            if not self._may_create("sites", name) or site_kind is None:
                return None
            found = Site(office=self.office, name=name, district=district, kind=site_kind, lat=lat, lon=lon)
            found.search = index_site(found)
            self._sites[key] = self._changed_sites[key] = found
            self.along.append(found)
            self._count("sites", name)
            return found
        if found.pk in self._ended:
            self._ended.discard(found.pk)
            self._back.add(found.pk)
            self.along.append(found)
        if found.lat is None and lat is not None:
            found.lat, found.lon = lat, lon
            self._changed_sites[key] = found
        return found

    def flush(self) -> None:
        """Write the sites that are new or gained a position."""
        new = [site for site in self._changed_sites.values() if site._state.adding]
        old = [site for site in self._changed_sites.values() if not site._state.adding]
        copy_in(new)
        Site.objects.bulk_update(old, ["lat", "lon"], batch_size=1000)
        Site.objects.filter(pk__in=self._back).update(valid_until=None)
        self._back.clear()
        self._changed_sites.clear()

    def forget_sites(self) -> None:
        """Let go of the sites read so far, so that memory does not grow with the ledger."""
        self.flush()
        if len(self._sites) > 20_000:
            self._sites.clear()

    def unmatched(self, values: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
        """The names of a row of this kind of ledger that mean nothing here and may not be created: column and name."""
        for column, what, find in (
            ("district", "", self.district),
            ("team", "teams", self.team),
            ("site_kind", "kinds", self.site_kind),
            ("kind", "kinds", self.site_kind if kind == "sites" else self.kind),
            ("unit", "units", self.unit),
            ("co_units", "units", self.unit),
        ):
            told = values.get(column) or []
            for name in [told] if isinstance(told, str) else told:
                if not self._may_create(what, name) and not self._is_known(find, name):
                    yield column, name

    @staticmethod
    def _is_known(find: Callable[[str], Any], name: str) -> bool:
        try:
            return find(name) is not None
        except Unclear:
            return False

    def _may_create(self, what: str, name: str) -> bool:
        return what in self.create or normalise(name) in self.create_only.get(what, ())

    def _count(self, what: str, name: str = "") -> None:
        self.created[what] = self.created.get(what, 0) + 1
        if name and self.created[what] <= NAMED:
            self.called.setdefault(what, []).append(name)


def _by_names(rows: Iterable[Kind]) -> dict[str, Kind]:
    """Kinds by every name they go by."""
    table: dict[str, Kind] = {}
    for row in rows:
        table |= dict.fromkeys(_names_of(row), row)
    return table


def _names_of(row: SiteKind | ProblemKind) -> list[str]:
    return [normalise(name) for name in (*row.aliases, row.code, row.name_en, row.name_zh) if name]


def _code(name: str) -> str:
    """A stable code for a kind that an import created."""
    return "x-" + hashlib.sha256(name.encode()).hexdigest()[:12]
