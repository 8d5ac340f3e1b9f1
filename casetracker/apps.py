"""The ground as a Django app."""

from django.apps import AppConfig


class CasetrackerConfig(AppConfig):
    name = "casetracker"
    verbose_name = "Casetracker"

    def ready(self) -> None:
        from casetracker.forms import sentences

        sentences.use()
        # checks registers the system checks, registration hands places and subjects to the registry
        from casetracker import checks, registration  # noqa: F401
