"""Writing the office-wide options."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from casetracker import options
from casetracker.administering.recording import OPTION, differences, reasoned, tell
from casetracker.errors import Invalid
from casetracker.models import Option, User


@transaction.atomic
def change_options(values: Mapping[str, bool | int], *, by: User, reason: str) -> dict[str, bool | int]:
    """Store the options that differ from those in force, each with its event; returns what changed.

    Raises Invalid when nothing differs, without a reason, and for a value outside an option's bounds.
    """
    why = reasoned(reason)
    list(Option.objects.select_for_update().order_by("name"))
    old, new = differences({name: options.get(name) for name in values}, values)
    for name, value in new.items():
        try:
            options.put(name, value)
        except ValueError as error:
            raise Invalid(_("This value is not possible."), field=name) from error
        label = str(options.CHOICES[name].label)
        tell(OPTION, name, label, "change_option", by, reason=why, before={name: old[name]}, after={name: value})
    return new
