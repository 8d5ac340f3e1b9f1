"""Where things are: administrative divisions."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import Named


class DistrictQuerySet(models.QuerySet["District"]):
    def under(self, code: str) -> "DistrictQuerySet":
        """The district of this code with everything below it (two levels: county, zone)."""
        return self.filter(models.Q(code=code) | models.Q(parent=code) | models.Q(parent__parent=code))

    def current(self, *, but: Iterable[str] = ()) -> "DistrictQuerySet":
        """Those that exist this year, and those of the codes `but`: a record keeps the district that it has."""
        ended = models.Q(valid_until__lt=timezone.localdate().year)
        return self.filter(~ended | models.Q(code__in=list(but)))

    def of_units(self, units: Iterable[int] | models.QuerySet[Any]) -> "DistrictQuerySet":
        """The districts that these units (ids or a queryset) answer for, with everything below them."""
        named = self.model.objects.filter(units__in=units).order_by().values("code")
        near = models.Q(code__in=named) | models.Q(parent__in=named) | models.Q(parent__parent__in=named)
        return self.filter(near)


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
