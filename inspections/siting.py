"""Writing a site: who may, what is known there already, entering and changing it together with its event."""

import datetime
import math
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.enums import Role
from casetracker.errors import Invalid, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import District, Unit, User
from casetracker.transactions import together
from inspections import scope
from inspections.models import Party, Site, SiteName, SiteOperator, Visit
from inspections.searching import index_party, index_site

SUBJECT = "site"
# Two sites nearer than this are likely one.
NEAR_METRES = 50
METRES_PER_DEGREE = 111_320.0

# What a person may change of a site; the position is the pair lat and lon (WGS-84, degrees).
COLUMNS = (
    "name",
    "kind",
    "district",
    "grid_cell",
    "address",
    "lat",
    "lon",
    "credit_code",
    "permit",
    "risk_class",
    "valid_until",
)


# --- Rights -----------------------------------------------------------------------------------------


def keeps_sites_in(user: User, office: Unit, district_code: str) -> bool:
    """May the person enter and change sites there: inspectors of the district, supervisors of the office."""
    if any(office.path.startswith(scope.bureau_of(unit).path) for unit in user.units_as(Role.SUPERVISOR)):
        return True
    return district_code in scope.of(user).districts


def may_change(user: User, site: Site) -> bool:
    return keeps_sites_in(user, site.office, site.district_id)


def office_for(user: User) -> Unit | None:
    """The office a new site of this person belongs to; None for somebody who enters none."""
    units = user.units_as(Role.INSPECTOR, Role.SUPERVISOR)
    return scope.bureau_of(units[0]) if units else None


def districts_for(user: User, site: Site | None = None) -> QuerySet[District]:
    """The districts in which the person may enter sites: an inspector's own, a supervisor's those of the office.

    Those that have ended are left out, except that of the site itself.
    """
    codes = set(scope.of(user).districts)
    for unit in user.units_as(Role.SUPERVISOR):
        under = Unit.objects.under(scope.bureau_of(unit))
        codes.update(District.objects.of_units(under).values_list("code", flat=True))
    return District.objects.filter(code__in=codes).current(but=[site.district_id] if site else [])


# --- Places -----------------------------------------------------------------------------------------


def metres_between(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance of two positions (WGS-84, degrees) in metres, on a sphere; right to 0.5 %."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    half_lat = math.sin((other_phi - phi) / 2) ** 2
    half_lon = math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * 6_371_000 * math.asin(math.sqrt(min(1.0, half_lat + math.cos(phi) * math.cos(other_phi) * half_lon)))


def within(lat: float, lon: float, metres: float) -> Q:
    """The condition that a row's position lies in the square around a place; the circle is cut out afterwards."""
    up = metres / METRES_PER_DEGREE
    aside = up / max(0.01, math.cos(math.radians(lat)))
    return Q(lat__range=(lat - up, lat + up), lon__range=(lon - aside, lon + aside))


def likely_same(user: User, *, name: str, lat: float | None, lon: float | None, but: Site | None = None) -> list[Site]:
    """Visible sites that may be the one meant: of the same name, now or formerly, or within 50 m; at most ten."""
    alike = Q(name=name.strip()) | Q(pk__in=SiteName.objects.filter(name=name.strip()).values("site"))
    if lat is not None and lon is not None:
        alike |= within(lat, lon, NEAR_METRES)
    found = Site.objects.visible_to(user).filter(alike).select_related("kind", "district").defer("search")
    if but is not None:
        found = found.exclude(pk=but.pk)
    rows = found.prefetch_related("names").order_by("name", "pk")[:50]
    return [site for site in rows if _is_named(site, name.strip()) or _is_near(site, lat, lon)][:10]


def _is_named(site: Site, name: str) -> bool:
    return site.name == name or any(one.name == name for one in site.names.all())


def _is_near(site: Site, lat: float | None, lon: float | None) -> bool:
    if lat is None or lon is None or site.lat is None or site.lon is None:
        return False
    return metres_between(lat, lon, site.lat, site.lon) <= NEAR_METRES


# --- Writing ----------------------------------------------------------------------------------------


@together
def enter(
    *,
    by: User,
    office: Unit,
    operator_name: str = "",
    site_id: UUID | None = None,
    now: datetime.datetime | None = None,
    **values: Any,
) -> Site:
    """Put a new site on the register, with its operator where one is named. `values` are columns of COLUMNS.

    Raises NotAllowed outside the person's districts, Invalid for a missing name or half a position.
    """
    _check(values)
    if not keeps_sites_in(by, office, values["district"].pk):
        raise NotAllowed(_("You may enter sites only in your own districts."))
    moment = now or timezone.now()
    return register(office, values, operator_name, by=by, now=moment, site_id=site_id)


def register(
    office: Unit,
    values: dict[str, Any],
    operator_name: str,
    *,
    by: User | None,
    now: datetime.datetime,
    site_id: UUID | None = None,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Site:
    """Write a new site, its operator and its event, which also tells `facts` (an import: file and row).

    For callers that checked rights and values, in their transaction.
    """
    site = Site(pk=site_id or uuid7(), office=office, **values)
    site.search = index_site(site)
    site.save(force_insert=True)
    if operator_name.strip():
        _run_by(site, operator_name, timezone.localdate(now))
    _tell(site, "enter_site", by, now, kind=site.kind.name_zh, operator=operator_name.strip(), **facts)
    return site


@together
def change(
    site: Site, *, by: User, operator_name: str | None = None, now: datetime.datetime | None = None, **values: Any
) -> Site:
    """Change what the register says of a site; a former name stays known, and is still found by the search.

    Problems and visits keep the name of their day. `operator_name` None leaves the operator, "" ends it.
    Raises NotAllowed, and Invalid when nothing would change.
    """
    locked = Site.objects.select_for_update(of=("self",)).select_related("office", "kind", "district").get(pk=site.pk)
    if not may_change(by, locked):
        raise NotAllowed(_("Only inspectors of the district and supervisors of the office may change a site."))
    _check({name: getattr(locked, name) for name in COLUMNS} | values)
    district = values.get("district", locked.district)
    if district != locked.district and not keeps_sites_in(by, locked.office, district.pk):
        raise NotAllowed(_("You may move a site only into your own districts."))
    if not rewrite(locked, values, operator_name, by=by, now=now or timezone.now()):
        raise Invalid(_("Nothing was changed."))
    return locked


def rewrite(
    locked: Site,
    values: dict[str, Any],
    operator_name: str | None,
    *,
    by: User | None,
    now: datetime.datetime,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Write what is different of a site, its operator and its event, which also tells `facts`.

    Returns the values before, nothing where nothing was different. For callers that checked rights and values, in
    their transaction.
    """
    today = timezone.localdate(now)
    before = {name: getattr(locked, name) for name, value in values.items() if getattr(locked, name) != value}
    after = {name: values[name] for name in before}
    details = dict(facts)
    ran = _operator_of(locked)
    earlier = ran.party.name if ran else ""
    if operator_name is not None and operator_name.strip() != earlier:
        _run_by(locked, operator_name, today)
        details |= {"operator": operator_name.strip(), "earlier_operator": earlier}
    elif not before:
        return {}
    for name, value in after.items():
        setattr(locked, name, value)
    if "name" in before:
        SiteName.objects.create(site=locked, name=before["name"], until_on=today)
    former = tuple(locked.names.values_list("name", flat=True))
    locked.search = index_site(locked, former)
    locked.save(update_fields=[*after, "search"])
    _tell(locked, "change_site", by, now, before=before, after=after, **details)
    return before | ({"operator": earlier} if "operator" in details else {})


def of_names(office: Unit, names: Collection[str]) -> dict[tuple[str, str], Site]:
    """The office’s sites, locked, by a name and the code of their district; a present name goes before a former one."""
    own = Site.objects.select_for_update(of=("self",)).select_related("office", "kind", "district")
    meant = Q(name__in=names) | Q(pk__in=SiteName.objects.filter(name__in=names).values("site"))
    rows = list(own.filter(meant, office=office).prefetch_related("names").order_by("pk"))
    former = {(one.name, site.district_id): site for site in rows for one in site.names.all()}
    return former | {(site.name, site.district_id): site for site in rows}


def _check(values: dict[str, Any]) -> None:
    if not str(values.get("name") or "").strip():
        raise Invalid(_("Give the site a name."), field="name")
    if (values.get("lat") is None) != (values.get("lon") is None):
        raise Invalid(_("A position needs both latitude and longitude."), field="lat")


def _operator_of(site: Site) -> SiteOperator | None:
    return site.operators.filter(until_on__isnull=True).select_related("party").first()


def _run_by(site: Site, name: str, today: datetime.date) -> None:
    """End whoever ran the site today; from now on it is the party of this name, known or new ("" for nobody)."""
    site.operators.filter(until_on__isnull=True).update(until_on=today)
    if not name.strip():
        return
    party = Party.objects.filter(office=site.office, name=name.strip()).first()
    if party is None:
        party = Party(office=site.office, name=name.strip())
        party.search = index_party(party)
        party.save(force_insert=True)
    SiteOperator.objects.create(site=site, party=party, from_on=today)


def _tell(site: Site, verb: str, by: User | None, moment: datetime.datetime, **facts: Any) -> None:
    audit.record(subject_type=SUBJECT, subject_id=site.pk, label=site.name, verb=verb, by=by, at=moment, **facts)


# --- Finding one --------------------------------------------------------------------------------------

FOUND_AT_MOST = 12


def find(user: User, text: str) -> list[Site]:
    """The first visible sites whose name, former name, address or code holds the text, by name."""
    found = Site.objects.visible_to(user).find(text).current(timezone.localdate())
    return list(found.select_related("kind", "district").defer("search").order_by("name", "pk")[:FOUND_AT_MOST])


def visited_lately(user: User) -> list[Site]:
    """The sites of the last visits that the person's teams made, each once, the latest first."""
    teams = scope.of(user).teams or scope.of(user).offices
    last = Visit.objects.filter(team__in=teams).order_by("-on", "-began", "-pk").values_list("site", flat=True)[:60]
    ids = list(dict.fromkeys(last))[:FOUND_AT_MOST]
    known = Site.objects.select_related("kind", "district").defer("search").in_bulk(ids)
    return [known[pk] for pk in ids if pk in known]
