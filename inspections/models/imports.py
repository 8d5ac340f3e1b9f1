"""Ledgers on their way in, how they are read, and where imported rows came from."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from casetracker.ids import uuid7
from inspections.enums import ImportState


class ImportBatch(models.Model):
    """One import of one file: its mapping, its report, whether its open items may be spoken of."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12)
    file_name = models.CharField(_("file"), max_length=200)
    file_sha256 = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.CHECKED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    report = models.JSONField(default=dict)
    # The long work that made it: a worker that died after the import does not import again.
    job_id = models.UUIDField(null=True, unique=True)
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = _("import batches")

    def __str__(self) -> str:
        return self.file_name


class ImportRowQuerySet(models.QuerySet["ImportRow"]):
    def of(self, batch: Any, *outcomes: str) -> Any:
        """The ids of what the rows of a batch with these outcomes brought or changed, as a subquery."""
        return self.filter(batch=batch, outcome__in=outcomes).order_by().values("subject_id")


class ImportRow(models.Model):
    """What became of one row of the file."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    row = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10)
    subject_id = models.UUIDField(null=True)
    # Of an updated row: what it was before (workflow.undoing), so that undoing the batch restores it.
    before = models.JSONField(default=dict)

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        ordering = ["batch", "row"]
        indexes = [models.Index(fields=["batch", "row"]), models.Index(fields=["subject_id"])]

    def __str__(self) -> str:
        return f"{self.row} {self.outcome}"


class ImportDraft(models.Model):
    """A ledger that is being read in: the file that was uploaded, how it is understood so far, what was corrected."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # The key of the kept file (importing.drafts), and what it was called.
    file = models.CharField(max_length=80)
    file_name = models.CharField(_("file"), max_length=200)
    # A mapping as plain values (ledger.mapping), and what the first look at the file saw (ledger.glance).
    mapping = models.JSONField(default=dict)
    reading = models.JSONField(default=dict)
    # Whether a person chose sheet and header row: then they hold, and are kept with the mapping.
    is_fixed = models.BooleanField(default=False)
    # What is read in the place of the sheet's own cells: {row: {canonical column: text}}.
    corrections = models.JSONField(default=dict)
    # Texts that a person has seen and left as they are: {canonical column: [text]}.
    settled = models.JSONField(default=dict)
    # The newest check (a Job) of what stands here; none since something was changed.
    checked: "models.UUIDField[uuid.UUID | None, uuid.UUID | None]" = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-changed_at"]
        indexes = [models.Index(fields=["office", "-changed_at"])]

    def __str__(self) -> str:
        return self.file_name


class SavedMapping(models.Model):
    """How an office reads a ledger that comes again: a mapping under a name."""

    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    mapping = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["office", "name"], name="saved_mapping_name_once")]

    def __str__(self) -> str:
        return self.name
