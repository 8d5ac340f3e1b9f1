"""What is inspected, and who answers for it."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import Named
from casetracker.ids import uuid7
from inspections.enums import PartyKind, RiskClass
from inspections.querysets import PartyQuerySet, SiteQuerySet


class SiteKind(Named):
    """A kind of site: building site, restaurant, factory, road, bare land, trucks, outfall …"""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    aliases = models.JSONField(_("other names"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]


class Party(models.Model):
    """An organisation, sole trader or citizen that owes the fix or broke the law."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=PartyKind, default=PartyKind.ORGANISATION)
    name = models.CharField(_("name"), max_length=120)
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    contact = models.CharField(_("contact"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    search = SearchVectorField(null=True, editable=False)

    objects = PartyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = _("parties")
        constraints = [
            models.UniqueConstraint(
                fields=["office", "credit_code"], condition=~Q(credit_code=""), name="party_credit_code_once"
            )
        ]
        indexes = [GinIndex(fields=["search"]), models.Index(fields=["name"])]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """One place that is inspected, with its position (WGS-84)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=120)
    kind = models.ForeignKey(SiteKind, models.PROTECT, related_name="sites")
    district = models.ForeignKey("casetracker.District", models.PROTECT, related_name="+")
    grid_cell = models.CharField(_("grid cell"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    permit = models.CharField(_("permit number"), max_length=30, blank=True)
    risk_class = models.CharField(_("risk class"), max_length=8, choices=RiskClass, default=RiskClass.GENERAL)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")
    search = SearchVectorField(null=True, editable=False)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lat__isnull=True, lon__isnull=True)
                | Q(lat__gte=-90, lat__lte=90, lon__gte=-180, lon__lte=180),
                name="site_position_whole",
            )
        ]
        indexes = [
            GinIndex(fields=["search"]),
            models.Index(fields=["office", "name"]),
            models.Index(fields=["district", "name"]),
            models.Index(fields=["lat", "lon"]),
        ]

    def __str__(self) -> str:
        return self.name


class SiteName(models.Model):
    """A former name of a site, or another way people write it."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="names")
    name = models.CharField(_("name"), max_length=120, db_index=True)
    until_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class SiteOperator(models.Model):
    """Who ran a site from a day until a day."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="operators")
    party = models.ForeignKey(Party, models.PROTECT, related_name="sites")
    from_on = models.DateField(_("from"), null=True, blank=True)
    until_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        ordering = ["-from_on"]

    def __str__(self) -> str:
        return f"{self.party}"
