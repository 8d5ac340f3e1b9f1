"""Where the wind comes from, in words."""

from django.utils.translation import gettext_lazy as _

# Degrees as a choice of a form, and their words.
WINDS = [
    ("0", _("North")),
    ("45", _("North-east")),
    ("90", _("East")),
    ("135", _("South-east")),
    ("180", _("South")),
    ("225", _("South-west")),
    ("270", _("West")),
    ("315", _("North-west")),
]
NAMES = {int(degrees): name for degrees, name in WINDS}


def wind_from(degrees: int) -> str:
    """North for 0; degrees between the eight directions as a number."""
    return str(NAMES.get(degrees, f"{degrees}°"))
