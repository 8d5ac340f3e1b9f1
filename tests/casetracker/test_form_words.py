"""What every form says of no choice: a word, never the dashes of the framework."""

from typing import Any

from django import forms
from django.urls import get_resolver
from django.utils import translation

from casetracker.forms.units import UnitForm

DASHES = "---------"


def all_forms(form: Any) -> set[Any]:
    below = set(form.__subclasses__())
    return below.union(*(all_forms(one) for one in below))


def test_no_form_of_ours_shows_dashes_for_an_empty_choice() -> None:
    assert get_resolver().url_patterns  # every form is loaded with its page
    ours = [form for form in all_forms(forms.BaseForm) if form.__module__.startswith(("casetracker", "inspections"))]
    assert len(ours) > 40
    dashed = []
    for form in ours:
        for name, field in getattr(form, "base_fields", {}).items():
            if isinstance(field, forms.ModelChoiceField):
                words = [field.empty_label]
            else:
                words = [label for _value, label in getattr(field, "choices", [])]
            if DASHES in [str(word) for word in words]:
                dashed.append(f"{form.__name__}.{name}")
    assert dashed == []


def test_an_empty_choice_speaks_the_readers_language(db: None) -> None:
    form = UnitForm()
    with translation.override("en"):
        assert '<option value="" selected>Choose</option>' in str(form["kind"])
