"""Undoing an import of sites, and what becomes of the sites that came along with another ledger.

A site that an import brought ends, as sites end: it stays to be read with its history, and is offered nowhere. The
same ledger brings it back. One that something was built on stands in the way: a visit, a problem, an exposure, another
site that it follows. What an import changed is as before, with whoever ran it; a party that it named stays.

A ledger of problems or visits may bring sites along (`[create] sites`). Nobody asked for these alone: when its import
is undone they end too, each unless something else uses it by now or somebody changed it; that stands in nobody's way.
A position that such a ledger gave to a site stays.
"""

import datetime
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from casetracker import audit
from casetracker.models import Event
from inspections.enums import Status
from inspections.models import ImportRow, Named, Problem, Site, SiteKind, SiteOperator, Visit
from inspections.searching import index_site
from inspections.siting import SUBJECT
from inspections.workflow.undoing.parts import ALONG, CHUNK, TOLD, VERB, Built, Part, Undoing, not_of

ONE_DAY = datetime.timedelta(days=1)


def snapshot(before: dict[str, Any]) -> dict[str, Any]:
    """The values that an import is about to change (siting.rewrite), in JSON types, to restore them from."""
    return {name: value.pk if isinstance(value, Model) else audit.plain(value) for name, value in before.items()}


# --- What it brought --------------------------------------------------------------------------------------------------


def _take_back(undoing: Undoing, ids: list[UUID]) -> None:
    sites = list(Site.objects.filter(pk__in=ids).order_by("pk").defer("search"))
    _end(undoing, sites)
    undoing.tell("taken_back", sites)


def _end(undoing: Undoing, sites: list[Site]) -> None:
    """Let sites end the day before: today they are on the register no more."""
    events = []
    for site in sites:
        before, site.valid_until = site.valid_until, timezone.localdate(undoing.now) - ONE_DAY
        days = {"before": {"valid_until": before}, "after": {"valid_until": site.valid_until}}
        events.append(undoing.event(SUBJECT, site, site.name, taken_back=True, **days))
    Site.objects.bulk_update(sites, ["valid_until"], batch_size=CHUNK)
    audit.record_many(events)


def taken_back(ids: Collection[UUID]) -> set[UUID]:
    """Which of these sites ended because an import was undone, and nothing happened to them since."""
    if not ids:
        return set()
    events = Event.objects.filter(subject_type=SUBJECT, subject_id__in=ids)
    last = events.order_by("subject_id", "-seq").distinct("subject_id").values_list("subject_id", "verb", "details")
    return {key for key, verb, details in last if verb == VERB and details.get("taken_back")}


def _used(sites: QuerySet[Site]) -> QuerySet[Site]:
    """Those of the sites that something counts on."""
    here = OuterRef("pk")
    return sites.filter(
        Exists(Visit.objects.counted().filter(site=here))
        | Exists(Problem.objects.exclude(status=Status.VOID).filter(site=here))
        | Exists(Named.objects.counted().filter(site=here))
        | Exists(Site.objects.filter(successor=here))
    )


def _built_on(brought: Any) -> Iterable[Built]:
    for site in _used(Site.objects.filter(pk__in=brought)).defer("search")[:TOLD]:
        yield {"subject": SUBJECT, "id": str(site.pk), "label": site.name, "who": "", "verb": ""}


# --- What it changed --------------------------------------------------------------------------------------------------


def _restore(undoing: Undoing, ids: list[UUID]) -> None:
    kept = dict(ImportRow.objects.filter(batch=undoing.batch, subject_id__in=ids).values_list("subject_id", "before"))
    kinds = SiteKind.objects.in_bulk([before["kind"] for before in kept.values() if "kind" in before])
    sites = Site.objects.filter(pk__in=ids).select_related("kind", "district").prefetch_related("names")
    events = []
    for site in sites.order_by("pk"):
        before = kept[site.pk]
        values = {name: value for name, value in before.items() if name != "operator"}
        if "kind" in values:
            values["kind"] = kinds[values["kind"]]
        told: dict[str, Any] = {"before": {name: getattr(site, name) for name in values}, "after": values}
        if "operator" in before:
            ran = _run_again(undoing, site, before["operator"])
            told |= {"operator": before["operator"], "earlier_operator": ran}
        for name, value in values.items():
            setattr(site, name, value)
        site.search = index_site(site, tuple(one.name for one in site.names.all()))
        site.save(update_fields=[*values, "search"])
        events.append(undoing.event(SUBJECT, site, site.name, **told))
        undoing.tell("restored", [site])
    audit.record_many(events)


def _run_again(undoing: Undoing, site: Site, earlier: str) -> str:
    """Let whoever ran the site before the import run it again, as if never ended; returns who ran it until now."""
    now = SiteOperator.objects.filter(site=site, until_on__isnull=True).select_related("party")
    ran = next((one.party.name for one in now), "")
    now.delete()
    # The import ended it on its own day.
    day = timezone.localdate(undoing.batch.created_at)
    before = SiteOperator.objects.filter(site=site, until_on=day, party__name=earlier).order_by("-pk").first()
    if before is not None:
        before.until_on = None
        before.save(update_fields=["until_on"])
    return ran


# --- What came along with another ledger ------------------------------------------------------------------------------


def take_back_along(undoing: Undoing) -> int:
    """End the sites that came along with the batch and that nothing uses; how many. Its own rows are undone before."""
    came = ImportRow.objects.filter(batch=undoing.batch, outcome=ALONG).values("subject_id")
    sites = Site.objects.select_for_update(of=("self",)).filter(pk__in=came, valid_until__isnull=True)
    free = sites.exclude(pk__in=_used(Site.objects.filter(pk__in=came)).values("pk"))
    touched = Event.objects.filter(subject_type=SUBJECT, subject_id__in=came).exclude(not_of(undoing.batch))
    ending = list(free.exclude(pk__in=touched.values("subject_id")).order_by("pk").defer("search"))
    _end(undoing, ending)
    return len(ending)


PART = Part(SUBJECT, Site, _take_back, _restore, built_on=_built_on)
