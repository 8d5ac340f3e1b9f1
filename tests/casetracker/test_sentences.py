"""What forms say of bad input, in both languages."""

import pytest
from django import forms
from django.utils import translation

from casetracker.forms.people import PersonForm
from inspections.forms.visits import VisitForm


class Sheet(forms.Form):
    """One field of each kind."""

    name = forms.CharField(max_length=3)
    code = forms.CharField(min_length=4)
    on = forms.DateField()
    at = forms.TimeField()
    count = forms.IntegerField(max_value=9)
    length = forms.DecimalField(max_digits=3, decimal_places=1)
    way = forms.ChoiceField(choices=[("a", "A")])


BAD = {"name": "四个字了", "code": "abc", "on": "soon", "at": "25:99", "count": "10", "length": "1.25", "way": "z"}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "At most 3 letters; there are 4 now.",
                "At least 4 letters; there are 3 now.",
                "Give a day such as 2026-03-05.",
                "Give a time such as 08:30.",
                "Give 9 or less.",
                "At most 1 digit after the point.",
                "This can’t be chosen. Choose another one.",
            ],
        ),
        (
            "zh-hans",
            [
                "最多 3 个字，现在有 4 个。",
                "至少 4 个字，现在有 3 个。",
                "请填写日期，例如 2026-03-05。",
                "请填写时间，例如 08:30。",
                "请填写不大于 9 的数。",
                "小数点后最多 1 位。",
                "不能选择此项，请另选一项。",
            ],
        ),
    ],
)
def test_bad_input_is_told_what_to_do_next(language: str, said: list[str]) -> None:
    with translation.override(language):
        errors = Sheet(BAD).errors
        assert [errors[name][0] for name in Sheet.base_fields] == said


def test_forms_that_were_made_at_start_up_say_it_too() -> None:
    assert VisitForm.base_fields["on"].error_messages["required"] == "Choose a day."
    assert PersonForm.base_fields["username"].error_messages["required"] == "Fill this in."
