"""Saved views of lists."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def usable_by(self, user: Any) -> "SavedViewQuerySet":
        """A person's own views and those shared with a unit of theirs; the rows shown are always the reader's."""
        return self.filter(Q(owner=user) | Q(shared_with__in=[post.unit_id for post in user.posts])).distinct()


class SavedView(models.Model):
    """A named set of filters, order and columns of one list."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=20)
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=1000)
    shared_with = models.ForeignKey("casetracker.Unit", models.CASCADE, null=True, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "page", "name"], name="view_name_once")]

    def __str__(self) -> str:
        return self.name
