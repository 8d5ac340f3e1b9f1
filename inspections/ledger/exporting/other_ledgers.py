"""Visits, sites and exposures as ledgers that the importer takes back."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from casetracker.exporting import Cell, Table, streamed
from inspections.ledger import checks
from inspections.ledger.cells import as_code
from inspections.ledger.exporting.values import NOTHING, line_of, names_of
from inspections.ledger.exporting.written import EXPOSURE_COLUMNS, SITE_COLUMNS, heads, language_of_file, writer
from inspections.ledger.fields import EXPOSURE, SITE, VISIT
from inspections.models import Named, Problem, Site, SiteOperator, Visit


def visits(found: QuerySet[Visit]) -> Table:
    """These visits as a ledger, with as many problems as each brought to light and still count."""
    own = Problem.objects.counted().filter(visit=OuterRef("pk")).order_by().values("visit")
    counted = found.annotate(
        problems_found=Coalesce(Subquery(own.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
    )
    language = language_of_file()

    def rows() -> Iterator[list[Cell]]:
        write = writer(VISIT)
        joined = counted.select_related("team", "district", "site__kind").prefetch_related("inspectors")
        for visit in streamed(joined.defer("site__search")):
            values = visit_values(visit)
            yield write(values, checks.Check(language, 0, checks.digest(values), visit.pk))

    return Table(_("Ledger of visits"), heads("visits", VISIT), found.count(), rows)


def visit_values(visit: Any) -> dict[str, Any]:
    """What a ledger says of a visit, in the language that is active."""
    placed = visit.lat is not None and visit.lon is not None
    return {
        "date": visit.on,
        "team": line_of(visit.team.name),
        "district": line_of(visit.district.name),
        "site": line_of(visit.site_name) or NOTHING,
        "site_kind": line_of(visit.site.kind.name),
        "people": visit.people or None,
        "inspectors": names_of([one.name for one in visit.inspectors.all()]),
        "mode": visit.mode,
        "problems_found": visit.problems_found or None,
        "lat": round(visit.lat, 6) if placed else None,
        "lon": round(visit.lon, 6) if placed else None,
    }


def sites(found: QuerySet[Site]) -> Table:
    """These sites as a ledger, each with whoever runs it now."""
    language = language_of_file()

    def rows() -> Iterator[list[Cell]]:
        write = writer(SITE)
        for site in streamed(with_operators(found.select_related("kind", "district").defer("search"))):
            values = site_values(site)
            marks = checks.marks(map(values.get, SITE_COLUMNS))
            yield write(values, checks.Check(language, 0, checks.digest(values), site.pk, marks))

    return Table(_("Ledger of sites"), heads("sites", SITE), found.count(), rows)


def with_operators(found: QuerySet[Site]) -> QuerySet[Site]:
    """The same sites, each with whoever runs it now."""
    running = SiteOperator.objects.filter(until_on__isnull=True).select_related("party")
    return found.prefetch_related(Prefetch("operators", running, to_attr="run_by"))


def site_values(site: Any) -> dict[str, Any]:
    """What a ledger says of a site of with_operators(), in the language that is active."""
    placed = site.lat is not None and site.lon is not None
    return {
        "name": line_of(site.name) or NOTHING,
        "kind": line_of(site.kind.name),
        "district": line_of(site.district.name),
        "address": line_of(site.address),
        "credit_code": site.credit_code or None,
        "permit": as_code(site.permit),
        "risk_class": site.risk_class,
        "grid_cell": as_code(site.grid_cell),
        "operator": line_of(site.run_by[0].party.name) if site.run_by else None,
        "lat": round(site.lat, 6) if placed else None,
        "lon": round(site.lon, 6) if placed else None,
    }


def exposures(found: QuerySet[Named]) -> Table:
    """These exposures as a ledger: each name with its piece, the problem it is about, and its follow-up."""
    language = language_of_file()

    def rows() -> Iterator[list[Cell]]:
        write = writer(EXPOSURE)
        for named in streamed(found.select_related("exposure", "problem").defer("problem__search")):
            values = exposure_values(named)
            marks = checks.marks(map(values.get, EXPOSURE_COLUMNS))
            yield write(values, checks.Check(language, 0, checks.digest(values), named.pk, marks))

    return Table(_("Ledger of exposures"), heads("exposures", EXPOSURE), found.count(), rows)


def exposure_values(named: Any) -> dict[str, Any]:
    """What a ledger says of one who was named."""
    return {
        "published_on": named.published_on,
        "medium": line_of(named.exposure.medium) or NOTHING,
        "title": line_of(named.exposure.title) or NOTHING,
        "party": line_of(named.name) or NOTHING,
        "number": named.problem.number if named.problem else None,
        "follow_up_on": named.follow_up_on,
        "follow_up_result": line_of(named.follow_up_result),
    }
