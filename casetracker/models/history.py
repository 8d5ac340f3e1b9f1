"""What happened: the append-only history."""

from django.db import models


class Event(models.Model):
    """Who did what to what, when, before and after.

    Rows have no foreign keys, so that history never blocks or follows a delete. Sequence and hashes are
    set by the database at insert (one chain per subject); UPDATE, DELETE and TRUNCATE are refused there.
    """

    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=200, blank=True)
    seq = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=60, blank=True)
    actor_unit = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=40)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    details = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["subject_type", "subject_id", "seq"], name="event_chain_position")
        ]

    def __str__(self) -> str:
        return f"{self.subject_type} {self.subject_label} {self.verb}"
