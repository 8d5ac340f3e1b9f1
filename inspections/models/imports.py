"""Where imported rows came from."""

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


class ImportRow(models.Model):
    """What became of one row of the file."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows")
    row = models.PositiveIntegerField()
    outcome = models.CharField(max_length=10)
    subject_id = models.UUIDField(null=True)
    # Before-values of an updated row, so that undoing the batch restores them.
    before = models.JSONField(default=dict)

    class Meta:
        ordering = ["batch", "row"]
        indexes = [models.Index(fields=["batch", "row"]), models.Index(fields=["subject_id"])]

    def __str__(self) -> str:
        return f"{self.row} {self.outcome}"
