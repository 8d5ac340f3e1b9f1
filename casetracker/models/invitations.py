"""Invitations: how somebody whose account was imported comes in for the first time."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from casetracker.ids import uuid7


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def living(self) -> "InvitationQuerySet":
        """Those that still hold: neither taken up nor taken back; perhaps held, perhaps too old."""
        return self.filter(accepted_at__isnull=True, withdrawn_at__isnull=True)

    def held(self) -> "InvitationQuerySet":
        """Those that wait to be released; nothing was sent of them."""
        return self.living().filter(released_at__isnull=True)


class Invitation(models.Model):
    """One link for one person, to choose a first password once until a moment; held until it is released.

    What makes the link secret stands nowhere: it is worked out of this row and the installation's key when the letter
    leaves (casetracker.invitations).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitations")
    # The import whose release sends it, and the file it came with; none where an administrator sent it to one person.
    waits_for = models.UUIDField(null=True)
    file_name = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_one_lives",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, expires_at__isnull=True)
                | Q(released_at__isnull=False, expires_at__isnull=False),
                name="invitation_released_expires",
            ),
        ]
        indexes = [models.Index(fields=["waits_for"], name="invitation_waits_for")]

    def __str__(self) -> str:
        return str(self.pk)
