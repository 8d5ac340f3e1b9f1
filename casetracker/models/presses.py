"""Which forms were pressed, so that pressing one again records nothing a second time."""

from django.conf import settings
from django.db import models

from casetracker.ids import uuid7


class Press(models.Model):
    """One form that a person recorded: its id, a digest of what it said, the page it led to, and the sentence (in
    English, as the catalogues have it) that says so when it is pressed again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # Made when the form was first shown; another person's form of the same id is another form.
    form = models.UUIDField()
    digest = models.CharField(max_length=64)
    address = models.TextField()
    words = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "presses"
        constraints = [models.UniqueConstraint(fields=["person", "form"], name="press_once")]
        indexes = [
            models.Index(fields=["person", "digest"], name="press_alike"),
            models.Index(fields=["at"], name="press_by_age"),
        ]

    def __str__(self) -> str:
        return self.address
