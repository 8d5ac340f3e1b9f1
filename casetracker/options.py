"""The few office-wide choices an administrator makes: names, types, defaults and what they mean."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from casetracker.models import Option


@dataclass(frozen=True)
class Choice:
    """One choice; its type is the type of its default."""

    name: str
    default: bool | int
    label: Any
    lowest: int = 0
    highest: int = 100


CHOICES: dict[str, Choice] = {
    choice.name: choice
    for choice in (
        Choice("require_second_closer", False, _("Who verified a problem may not close it")),
        Choice("look_back_percent", 10, _("Share of problems fixed on the spot that is drawn for a look-back (%)")),
        Choice("visit_correction_days", 7, _("Days for which its team may correct a recorded visit"), highest=366),
        Choice("digest_hour", 8, _("Hour of the weekly e-mail on Monday"), highest=23),
    )
}


def get(name: str) -> Any:
    """The value in force; KeyError for an unknown name."""
    choice = CHOICES[name]
    stored = Option.objects.filter(name=name).values_list("value", flat=True).first()
    return choice.default if stored is None else stored


def put(name: str, value: bool | int) -> None:
    """Store a value of the choice's own type; ValueError outside its bounds."""
    choice = CHOICES[name]
    if isinstance(choice.default, bool) != isinstance(value, bool):
        raise ValueError(name)
    if not isinstance(value, bool) and not choice.lowest <= value <= choice.highest:
        raise ValueError(name)
    Option.objects.update_or_create(name=name, defaults={"value": value})


DEMONSTRATION = "demonstration"


def mark_demonstration() -> None:
    """This database holds invented people with a published password; it may never serve for real."""
    Option.objects.get_or_create(name=DEMONSTRATION, defaults={"value": True})


def holds_demonstration() -> bool:
    return Option.objects.filter(name=DEMONSTRATION).exists()
