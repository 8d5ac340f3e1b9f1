"""Stored files and who handled them."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from casetracker.enums import EvidenceKind


class Evidence(models.Model):
    """One stored file, known by the SHA-256 of its bytes, never altered."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    mime = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=EvidenceKind)
    name = models.CharField(_("file name"), max_length=200, blank=True)
    source = models.CharField(max_length=12, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    taken_at = models.DateTimeField(null=True)
    exif_make = models.CharField(max_length=60, blank=True)
    exif_lat = models.FloatField(null=True)
    exif_lon = models.FloatField(null=True)
    stored_at = models.DateTimeField()
    stored_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name or self.sha256[:12]

    @property
    def is_inline(self) -> bool:
        """Only photos that browsers draw are shown on a page; everything else is a download."""
        return self.kind == EvidenceKind.PHOTO and self.mime in {"image/jpeg", "image/png", "image/webp"}


class Custody(models.Model):
    """One entry of a file's custody log: who stored, viewed, exported, withdrew it."""

    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="custody")
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_name = models.CharField(max_length=60, blank=True)
    action = models.CharField(max_length=20)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.evidence_id[:12]} {self.action}"
