"""Inspections as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = _("Inspections")

    def ready(self) -> None:
        from inspections import registration  # noqa: F401  hands subjects, queues and jobs to the ground
