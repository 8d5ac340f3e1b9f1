"""Where things are: administrative divisions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import Named


class DistrictQuerySet(models.QuerySet["District"]):
    def under(self, code: str) -> "DistrictQuerySet":
        """The district of this code with everything below it (two levels are kept: city, county or zone)."""
        return self.filter(models.Q(code=code) | models.Q(parent=code) | models.Q(parent__parent=code))


class District(Named):
    """A division of GB/T 2260, or a local one: development zones have no national code."""

    code = models.CharField(_("code"), max_length=12, primary_key=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    is_local = models.BooleanField(_("local code"), default=False)
    valid_from = models.PositiveSmallIntegerField(_("valid from year"), null=True, blank=True)
    valid_until = models.PositiveSmallIntegerField(_("valid until year"), null=True, blank=True)
    aliases = models.JSONField(_("other names"), default=list, blank=True)

    objects = DistrictQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
