"""The forms of a person: the account, a post, its end, and why something is done to an account."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from casetracker.administering.people import COLUMNS
from casetracker.enums import Role
from casetracker.forms.fields import day, reason
from casetracker.models import Unit, User


class PersonForm(forms.ModelForm):
    """The account of a person; casetracker.administering.people writes it."""

    use_required_attribute = False

    class Meta:
        model = User
        fields = COLUMNS
        labels = {
            "username": gettext_lazy("Sign-in name"),
            "name": gettext_lazy("Name"),
            "email": gettext_lazy("E-mail"),
        }
        help_texts = {
            "username": gettext_lazy("Letters, digits and @ . + - _ only."),
            "name": gettext_lazy("As it stands on documents."),
            "name_en": gettext_lazy("Shown to readers of English."),
            "email": gettext_lazy("Reminders, the weekly e-mail and forgotten passwords go there."),
        }
        widgets = {"language": forms.RadioSelect}

    def validate_unique(self) -> None:
        """Left to casetracker.administering.people."""

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in COLUMNS}


class PostForm(forms.Form):
    """A role in a unit from a day on."""

    use_required_attribute = False

    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=[("", gettext_lazy("Choose")), *Role.choices])
    unit = forms.ModelChoiceField(
        Unit.objects.none(), label=gettext_lazy("Unit"), empty_label=gettext_lazy("Choose"), required=True
    )
    from_on = day(gettext_lazy("First day"))
    until_on = day(gettext_lazy("Last day"), required=False, hint=gettext_lazy("Empty as long as nobody knows it."))
    on_loan = forms.BooleanField(label=gettext_lazy("On loan from another unit"), required=False)
    is_head = forms.BooleanField(label=gettext_lazy("Head of the unit"), required=False)
    reason = reason(hint=gettext_lazy("Such as the number of the appointment."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        units: Any = self.fields["unit"]
        units.queryset = Unit.objects.current().order_by("path")
        self.fields["from_on"].initial = timezone.localdate


class EndPostForm(forms.Form):
    """The last day of a post, and why it ends."""

    use_required_attribute = False

    until_on = day(
        gettext_lazy("Last day"),
        hint=gettext_lazy("With yesterday the rights end now; the history keeps what was done until then."),
    )
    reason = reason()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until_on"].initial = timezone.localdate


class ReasonForm(forms.Form):
    """Why something is done that needs nothing else."""

    use_required_attribute = False

    reason = reason()
