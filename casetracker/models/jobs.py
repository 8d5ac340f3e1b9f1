"""Long work, its heartbeat, and the few office-wide choices."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language

from casetracker import errors
from casetracker.enums import JobState
from casetracker.ids import uuid7


class Job(models.Model):
    """One piece of long work (an import, a bulk action, an export); a worker that dies loses its lease only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=30)
    params = models.JSONField(default=dict)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="jobs")
    state = models.CharField(max_length=8, choices=JobState, default=JobState.PENDING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    # What the domain had against it (a wrong file, say), by language; empty where the machine failed.
    refusal = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim: "models.UUIDField[uuid.UUID | None, uuid.UUID | None]" = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["created_at", "id"], condition=Q(state__in=["pending", "running"]), name="job_open"),
            models.Index(fields=["requested_by", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def why(self) -> str:
        """Why it failed, in the active language; the machine's own words as they are."""
        return self.refusal.get(get_language()) or errors.said(self.error)


class Heartbeat(models.Model):
    """The last sign of life of a worker or of beat."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Option(models.Model):
    """One office-wide choice an administrator makes; names, types and defaults stand in casetracker/options.py."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.JSONField()

    def __str__(self) -> str:
        return self.name
