"""The lists of visits, sites, exposures, parties, imports and batches as an address asks for them."""

from typing import Any

from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict

from casetracker import search
from casetracker.enums import Role
from casetracker.models import User
from inspections import scope
from inspections.enums import OPEN
from inspections.filters_exposures import EXPOSURE_ORDERS, ExposureFilter
from inspections.filters_sites import SITE_ORDERS, VISIT_ORDERS, SiteFilter, VisitFilter
from inspections.ledger import reach
from inspections.models import Assignment, Batch, Campaign, ImportBatch, Named, Party, Problem, Site, Visit
from inspections.offers import offer
from inspections.registers import Register, as_uuid


def visits(query: QueryDict, user: User) -> Register:
    """The list of visits that the address asks for."""
    site = as_uuid(query.get("site", ""))
    offered = offer(user, page="visits", site=str(site or ""))
    filters = VisitFilter(query, Visit.objects.visible_to(user).counted(), user=user, offered=offered)
    named = {"site": offered.site[0].name if offered.site else "", **_files(query, user)}
    asked = query.get("campaign", "")
    if asked.isdigit():
        seen = Visit.objects.visible_to(user).filter(campaign=OuterRef("pk"))
        campaign = Campaign.objects.filter(Exists(seen), pk=asked).first()
        named["campaign"] = campaign.name if campaign else ""
    return Register(query, filters, VISIT_ORDERS, visit_rows(user), named)


def visit_rows(user: User) -> Any:
    """Visits as rows show them: joined, with their people, and how many visible problems each brought to light."""
    seen = Problem.objects.visible_to(user).counted().order_by()
    own = seen.filter(visit=OuterRef("pk")).values("visit").annotate(n=Count("pk")).values("n")
    # What was merged since is counted in the problem that it was merged into, unless that one is of this visit too.
    ended = Problem.objects.filter(visit=OuterRef("pk"), merged_into__in=seen.values("pk")).order_by()
    merged = ended.exclude(merged_into__visit=F("visit")).values("visit")
    survivors = merged.annotate(n=Count("merged_into", distinct=True)).values("n")
    return (
        Visit.objects.select_related("team", "district", "site")
        .defer("site__search", "note")
        .prefetch_related("inspectors")
        .annotate(
            found=Coalesce(Subquery(own, output_field=IntegerField()), 0)
            + Coalesce(Subquery(survivors, output_field=IntegerField()), 0)
        )
    )


def sites(query: QueryDict, user: User) -> Register:
    """The list of sites that the address asks for."""
    filters = SiteFilter(query, Site.objects.visible_to(user), user=user, offered=offer(user, page="sites"))
    return Register(query, filters, SITE_ORDERS, site_rows(user), _files(query, user))


def site_rows(user: User) -> Any:
    """Sites as rows show them: joined, with the open problems and the last visit that this person sees."""
    problems = Problem.objects.visible_to(user).open().filter(site=OuterRef("pk")).order_by()
    opened = problems.values("site").annotate(n=Count("pk")).values("n")
    last = Visit.objects.visible_to(user).counted().filter(site=OuterRef("pk")).order_by()
    return (
        Site.objects.select_related("kind", "district")
        .defer("search")
        .annotate(
            open_count=Coalesce(Subquery(opened, output_field=IntegerField()), 0),
            last_visit=Subquery(last.values("site").annotate(last=Max("on")).values("last")),
        )
    )


def exposures(query: QueryDict, user: User) -> Register:
    """The list of exposures in the media that the address asks for."""
    filters = ExposureFilter(query, Named.objects.visible_to(user).counted())
    shown = Named.objects.select_related("exposure", "problem", "site").defer("problem__search", "site__search")
    return Register(query, filters, EXPOSURE_ORDERS, shown, _files(query, user))


def _files(query: QueryDict, user: User) -> dict[str, str]:
    """What the imports are called that the address names, for whoever imports for their office."""
    asked = {name: key for name in ("batch", "changed") if (key := as_uuid(query.get(name, "")))}
    if not asked:
        return {}
    offices = user.units_as(Role.SUPERVISOR) and scope.of(user).offices
    rows = ImportBatch.objects.filter(pk__in=asked.values(), office__in=offices or ())
    files = dict(rows.values_list("pk", "file_name"))
    return {name: files.get(key, str(key)) for name, key in asked.items()}


def parties(asked: str, user: User) -> QuerySet[Party]:
    """The parties that the person sees, by name, found by name or code."""
    found = Party.objects.visible_to(user).defer("search")
    if asked:
        found = found.filter(search.matches(asked))
    return found.order_by("name", "pk")


def imports(user: Any) -> QuerySet[ImportBatch]:
    """The imports of the kinds and for the offices that are the person's, the newest first, with how many problems are
    held."""
    held = Count("problems", filter=Q(problems__held=True, problems__status__in=OPEN))
    mine = reach.of(user)
    rows = ImportBatch.objects.filter(mine.rows()) if mine is not None else ImportBatch.objects.none()
    return rows.select_related("by", "office").annotate(held=held).order_by("-created_at", "-pk")


def batches(user: Any) -> QuerySet[Batch]:
    """Batches in which the person sees at least one problem, and those of the own offices."""
    seen = Assignment.objects.visible_to(user).filter(batch__isnull=False).values("batch")
    mine = Batch.objects.filter(office__in=scope.of(user).offices).values("pk")
    return Batch.objects.filter(pk__in=mine.union(seen))


def batch_rows(found: QuerySet[Batch], user: Any) -> QuerySet[Batch]:
    """The newest first, each with how many problems it holds; of a batch to several units a handler counts, and opens,
    the own part."""
    seen = Q(assignments__problem__in=Problem.objects.visible_to(user).order_by().values("pk"))
    return found.order_by("-pk").annotate(problems=Count("assignments__problem", distinct=True, filter=seen))
