"""Going there: visits, with what was good and what was asked."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import Named
from casetracker.ids import uuid7
from inspections.enums import AlertLevel, Outcome, VisitMode
from inspections.querysets import AlertQuerySet, VisitQuerySet

# Before any hour of a day: where a visit of unknown hour stands among those of its day.
NO_HOUR = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
ENDS_AFTER_START = Q(until_on__isnull=True) | Q(until_on__gte=models.F("from_on"))


class Campaign(Named):
    """A named drive with a period."""

    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["-from_on"]
        constraints = [
            models.UniqueConstraint(fields=["office", "name_zh"], name="campaign_name_once"),
            models.CheckConstraint(condition=ENDS_AFTER_START, name="campaign_ends_after_start"),
        ]


class AlertPeriod(models.Model):
    """A heavy-pollution alert from a moment until a moment."""

    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    level = models.CharField(_("level"), max_length=8, choices=AlertLevel)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"), null=True, blank=True)
    # Entered by mistake, taken back on this day: it never held.
    withdrawn_on = models.DateField(null=True, blank=True, editable=False)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-from_on"]
        constraints = [models.CheckConstraint(condition=ENDS_AFTER_START, name="alert_ends_after_start")]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.from_on}"


class Visit(models.Model):
    """One team at one site at one time; one across midnight belongs to the day it began."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="visits")
    site = models.ForeignKey("inspections.Site", models.PROTECT, related_name="visits")
    site_name = models.CharField(max_length=120)
    district = models.ForeignKey("casetracker.District", models.PROTECT, related_name="+")
    on = models.DateField(_("day"))
    started_at = models.DateTimeField(_("began"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # Kept by the database: what lists sort the visits of one day by.
    began = models.GeneratedField(
        expression=Coalesce("started_at", models.Value(NO_HOUR)), output_field=models.DateTimeField(), db_persist=True
    )
    mode = models.CharField(_("mode"), max_length=12, choices=VisitMode, default=VisitMode.PATROL)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, default=Outcome.INSPECTED)
    people = models.PositiveSmallIntegerField(_("people"), default=0)
    wind_degrees = models.PositiveSmallIntegerField(_("wind from (degrees)"), null=True, blank=True)
    wind_speed = models.DecimalField(_("wind speed (m/s)"), max_digits=4, decimal_places=1, null=True, blank=True)
    campaign = models.ForeignKey(Campaign, models.PROTECT, null=True, blank=True, related_name="visits")
    alert = models.ForeignKey(AlertPeriod, models.PROTECT, null=True, blank=True, related_name="visits")
    checklist_version = models.ForeignKey(
        "inspections.ChecklistVersion", models.PROTECT, null=True, blank=True, related_name="visits"
    )
    note = models.TextField(_("note"), blank=True)
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    import_batch = models.ForeignKey("inspections.ImportBatch", models.PROTECT, null=True, related_name="visits")
    import_key = models.CharField(max_length=64, blank=True)
    undone = models.BooleanField(default=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["-on", "-began", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["import_key"], condition=~Q(import_key=""), name="visit_import_once"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(started_at__isnull=True)
                | Q(ended_at__gte=models.F("started_at")),
                name="visit_ends_after_start",
            ),
        ]
        indexes = [
            models.Index(fields=["-on", "-began", "-id"], name="visit_by_time"),
            models.Index(fields=["team", "-on"]),
            models.Index(fields=["site", "-on"]),
            models.Index(fields=["district", "-on"]),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.site_name}"


class VisitInspector(models.Model):
    """A person who was there (person-times); an imported visit has a head count instead."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="inspectors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visit", "user"], name="inspector_once_per_visit")]

    def __str__(self) -> str:
        return self.name


class VisitAnswer(models.Model):
    """The answer to one checklist item on a visit."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="answers")
    item = models.ForeignKey("inspections.ChecklistItem", models.PROTECT, related_name="+")
    passed = models.BooleanField(_("passed"), null=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["visit", "item"], name="answer_once_per_item")]

    def __str__(self) -> str:
        return f"{self.item}"


class Highlight(models.Model):
    """Something good found on a visit (亮点)."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="highlights")
    text = models.CharField(_("what was good"), max_length=500)
    evidence = models.ForeignKey("casetracker.Evidence", models.PROTECT, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return self.text
