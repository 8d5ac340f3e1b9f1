"""What every form says: of bad input what to do next, where Django's sentences name the mistake, and of no choice that
it is none."""

from typing import Any

from django import forms
from django.core import validators
from django.db.models import fields
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

# The choice that leaves a field empty, where its form has no better word for it.
CHOOSE: Any = _("Choose")
ANOTHER = _("This can’t be chosen. Choose another one.")
FIELDS: dict[type[forms.Field], dict[str, Any]] = {
    forms.Field: {"required": _("Fill this in.")},
    forms.ChoiceField: {"required": _("Choose one."), "invalid_choice": ANOTHER},
    forms.ModelChoiceField: {"required": _("Choose one."), "invalid_choice": ANOTHER},
    forms.MultipleChoiceField: {"required": _("Choose at least one."), "invalid_choice": ANOTHER},
    forms.ModelMultipleChoiceField: {
        "required": _("Choose at least one."),
        "invalid_choice": ANOTHER,
        "invalid_pk_value": ANOTHER,
    },
    forms.DateField: {"required": _("Choose a day."), "invalid": _("Give a day such as 2026-03-05.")},
    forms.TimeField: {"required": _("Give a time."), "invalid": _("Give a time such as 08:30.")},
    forms.IntegerField: {"invalid": _("Give a whole number.")},
    forms.FloatField: {"invalid": _("Give a number.")},
    forms.DecimalField: {"invalid": _("Give a number.")},
    forms.FileField: {
        "required": _("Choose a file."),
        "empty": _("The file is empty. Choose another one."),
        "missing": _("Choose a file."),
    },
}
VALIDATORS: dict[type[validators.BaseValidator], Any] = {
    validators.MaxLengthValidator: ngettext_lazy(
        "At most %(limit_value)d letter; there are %(show_value)d now.",
        "At most %(limit_value)d letters; there are %(show_value)d now.",
        "limit_value",
    ),
    validators.MinLengthValidator: ngettext_lazy(
        "At least %(limit_value)d letter; there are %(show_value)d now.",
        "At least %(limit_value)d letters; there are %(show_value)d now.",
        "limit_value",
    ),
    validators.MaxValueValidator: _("Give %(limit_value)s or less."),
    validators.MinValueValidator: _("Give %(limit_value)s or more."),
}
DIGITS: dict[str, Any] = {
    "max_digits": ngettext_lazy("At most %(max)s digit.", "At most %(max)s digits.", "max"),
    "max_decimal_places": ngettext_lazy(
        "At most %(max)s digit after the point.", "At most %(max)s digits after the point.", "max"
    ),
    "max_whole_digits": ngettext_lazy(
        "At most %(max)s digit before the point.", "At most %(max)s digits before the point.", "max"
    ),
}


def use() -> None:
    """Make them the words of every field built from now on (fields read them when they are made)."""
    chooser: Any = forms.ModelChoiceField.__init__
    chooser.__kwdefaults__["empty_label"] = CHOOSE
    fields.BLANK_CHOICE_DASH[:] = [("", CHOOSE)]
    for field, said in FIELDS.items():
        field.default_error_messages = field.__dict__.get("default_error_messages", {}) | said
    for validator, message in VALIDATORS.items():
        validator.message = message
    validators.DecimalValidator.messages = {**validators.DecimalValidator.messages, **DIGITS}
    validators.EmailValidator.message = _("Give an address such as name@example.com.")
