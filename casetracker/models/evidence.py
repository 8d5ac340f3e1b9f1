"""Stored files and who handled them."""

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casetracker.enums import EvidenceKind


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def copies_due(self, now: datetime.datetime) -> "EvidenceQuerySet":
        """Photos whose copies a worker should make now, the one that waits longest first."""
        return self.filter(copies_due_at__lte=now).order_by("copies_due_at")


class Evidence(models.Model):
    """One stored file, known by the SHA-256 of its bytes, never altered.

    Only the three columns about a photo's copies are ever written again; the database refuses any other change.
    """

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
    # When a worker should (next) make the copies of a photo; empty once they are made or nobody tries any more.
    copies_due_at = models.DateTimeField(null=True, editable=False)
    copy_attempts = models.PositiveIntegerField(default=0, editable=False)
    # Why a photo that was taken could not be opened afterwards: damaged, too_many_pixels or too_heavy.
    unreadable = models.CharField(max_length=16, blank=True, default="", editable=False)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["copies_due_at"], condition=Q(copies_due_at__isnull=False), name="evidence_uncopied")
        ]

    def __str__(self) -> str:
        return self.name or self.sha256[:12]

    @property
    def is_inline(self) -> bool:
        """Only photos that browsers draw are shown on a page; everything else is a download."""
        drawn = self.kind == EvidenceKind.PHOTO and self.mime in {"image/jpeg", "image/png", "image/webp"}
        return drawn and not self.unreadable

    @property
    def shows_something(self) -> bool:
        """A photo that proves what it shows, as long as it is not known that nobody can open it."""
        return self.kind == EvidenceKind.PHOTO and not self.unreadable

    @property
    def unreadable_note(self) -> str:
        """What a page says in the place of a photo that cannot be opened; empty for every other file."""
        if not self.unreadable:
            return ""
        if self.unreadable == "too_heavy":
            return gettext(
                "This photo needs too much memory or time to be opened. It is kept as it came and can be downloaded. "
                "Take it again, or send it as a normal JPEG."
            )
        return gettext(
            "This photo cannot be opened, it is damaged inside. It is kept as it came and can be downloaded. "
            "Take it again."
        )


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
