"""Visits and sites as ledgers that the importer takes back."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from casetracker.exporting import Cell, Table, streamed
from inspections.ledger import checks
from inspections.ledger.exporting.values import names_of, text_of
from inspections.ledger.exporting.written import heads, language_of_file, writer
from inspections.ledger.fields import SITE, VISIT
from inspections.models import Problem, Site, SiteOperator, Visit


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
        "team": text_of(visit.team.name),
        "district": text_of(visit.district.name),
        "site": text_of(visit.site_name),
        "site_kind": text_of(visit.site.kind.name),
        "people": visit.people or None,
        "inspectors": names_of([one.name for one in visit.inspectors.all()]),
        "mode": visit.mode,
        "problems_found": visit.problems_found or None,
        "lat": round(visit.lat, 6) if placed else None,
        "lon": round(visit.lon, 6) if placed else None,
    }


def sites(found: QuerySet[Site]) -> Table:
    """These sites as a ledger, each with whoever runs it now."""
    running = SiteOperator.objects.filter(until_on__isnull=True).select_related("party")

    def rows() -> Iterator[list[Cell]]:
        write = writer(SITE)
        joined = found.select_related("kind", "district").defer("search")
        for site in streamed(joined.prefetch_related(Prefetch("operators", running, to_attr="run_by"))):
            yield write(_site_values(site), None)

    return Table(_("Ledger of sites"), heads("sites", SITE), found.count(), rows)


def _site_values(site: Any) -> dict[str, Any]:
    placed = site.lat is not None and site.lon is not None
    return {
        "name": text_of(site.name),
        "kind": text_of(site.kind.name),
        "district": text_of(site.district.name),
        "address": text_of(site.address),
        "credit_code": site.credit_code or None,
        "permit": site.permit or None,
        "risk_class": site.risk_class,
        "grid_cell": site.grid_cell or None,
        "operator": text_of(site.run_by[0].party.name) if site.run_by else None,
        "lat": round(site.lat, 6) if placed else None,
        "lon": round(site.lon, 6) if placed else None,
    }
