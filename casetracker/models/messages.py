"""What people are told, and the proof that it left."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casetracker.enums import Channel, DeliveryState


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of(self, person: Any) -> "NoticeQuerySet":
        return self.filter(person=person)

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """What one person is told for one reason in one period; commits with the change that caused it."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=200, blank=True)
    period = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "subject_type", "subject_id", "period"], name="notice_said_once"
            )
        ]
        indexes = [
            models.Index(fields=["person", "-created_at", "-id"], name="notice_by_time"),
            models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_label}"


class Delivery(models.Model):
    """One notice or digest over one channel: outbox and proof of sending in one row.

    The arrows pending → claimed → handing_over → sent | failed | in_doubt | pending are guarded by a
    trigger; sent, failed, in_doubt, cancelled and skipped are closed, and no row is ever deleted.
    """

    kind = models.CharField(max_length=40)
    period = models.CharField(max_length=40)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    subject = models.CharField(max_length=80, null=True)  # noqa: DJ001  null is "about nothing in particular"
    state = models.CharField(max_length=12, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=120, unique=True)
    sent_at = models.DateTimeField(null=True)
    # Read it out with errors.said().
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "period", "person", "channel", "subject"],
                nulls_distinct=False,
                name="delivery_once",
            ),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_known_state"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at__isnull=True)),
                name="delivery_sent_has_moment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["claimed", "handing_over"], claim__isnull=False, lease_until__isnull=False)
                | (~Q(state__in=["claimed", "handing_over"]) & Q(claim__isnull=True, lease_until__isnull=True)),
                name="delivery_claim_has_lease",
            ),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], condition=Q(state="pending"), name="delivery_pending"),
            models.Index(
                fields=["lease_until"], condition=Q(state__in=["claimed", "handing_over"]), name="delivery_leased"
            ),
            models.Index(fields=["person", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} {self.person_id}"

    @staticmethod
    def new_message_id(domain: str) -> str:
        return f"<{uuid.uuid4()}@{domain}>"


class Letter(models.Model):
    """The words of a delivery, frozen before they leave."""

    delivery = models.OneToOneField(Delivery, models.PROTECT, primary_key=True, related_name="letter")
    language = models.CharField(max_length=8)
    subject_line = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    as_of = models.DateTimeField()
    totals = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.subject_line
