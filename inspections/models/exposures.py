"""Exposure in the media (曝光): pieces, and whom each names."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from casetracker.ids import uuid7
from inspections.querysets import NamedQuerySet


class Exposure(models.Model):
    """One piece in a medium, which may name several sites or parties."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    published_on = models.DateField(_("published on"))
    medium = models.CharField(_("medium"), max_length=60)
    title = models.CharField(_("title"), max_length=200)

    class Meta:
        ordering = ["-published_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["office", "published_on", "medium", "title"], name="exposure_piece_once")
        ]

    def __str__(self) -> str:
        return f"{self.medium} {self.title}"


class Named(models.Model):
    """One site or party that a piece names, as it names it, with what the medium later found there."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exposure = models.ForeignKey(Exposure, models.PROTECT, related_name="named")
    # The piece's day once more, so that the list is read in its order by one index.
    published_on = models.DateField()
    name = models.CharField(_("who was exposed"), max_length=120)
    problem = models.ForeignKey("inspections.Problem", models.PROTECT, null=True, related_name="exposures")
    site = models.ForeignKey("inspections.Site", models.PROTECT, null=True, related_name="exposures")
    party = models.ForeignKey("inspections.Party", models.PROTECT, null=True, related_name="exposures")
    follow_up_on = models.DateField(_("followed up on"), null=True)
    follow_up_result = models.CharField(_("result of the follow-up"), max_length=200, blank=True)
    import_batch = models.ForeignKey("inspections.ImportBatch", models.PROTECT, null=True, related_name="+")
    undone = models.BooleanField(default=False)

    objects = NamedQuerySet.as_manager()

    class Meta:
        ordering = ["-published_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["exposure", "name", "problem"], nulls_distinct=False, name="exposure_names_once"
            )
        ]
        indexes = [
            models.Index(fields=["-published_on", "-id"], name="named_by_day"),
            models.Index(fields=["problem"]),
            models.Index(fields=["site"]),
        ]

    def __str__(self) -> str:
        return self.name
