"""The forms of campaigns and of heavy-pollution alerts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, pgettext_lazy

from casetracker.forms.fields import day_input, reason
from casetracker.models import User
from inspections import alerts, campaigns
from inspections.models import AlertPeriod, Campaign
from inspections.periods import offices_to_choose


class PeriodForm(forms.ModelForm):
    """What both have: an office that the person may decide for, and days."""

    use_required_attribute = False

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offices, field = offices_to_choose(by), self.fields["office"]
        if self.instance.pk is None:
            offices = offices.current()
            # "office" comes after "bureau".
            field.initial = offices.order_by("-kind", "path").values_list("pk", flat=True).first()
        field.queryset = offices  # type: ignore[attr-defined]
        field.empty_label = None  # type: ignore[attr-defined]
        # Whoever decides for one office needn't choose it.
        if len(offices) == 1:
            field.widget = field.hidden_widget()

    def _get_validation_exclusions(self) -> set[str]:
        """Left to inspections.campaigns and inspections.alerts, which say what to do: the rules of whole rows."""
        return {field.name for field in self._meta.model._meta.fields}

    def validate_unique(self) -> None:
        """Left to inspections.campaigns."""

    def values(self) -> dict[str, Any]:
        """What the writing functions take."""
        return {name: self.cleaned_data[name] for name in self.fields}


class CampaignForm(PeriodForm):
    """A campaign; inspections.campaigns writes it."""

    class Meta:
        model = Campaign
        fields = campaigns.COLUMNS
        labels = {
            "office": gettext_lazy("Office"),
            "from_on": gettext_lazy("First day"),
            "until_on": gettext_lazy("Last day"),
            "note": gettext_lazy("Note"),
        }
        help_texts = {
            "name_zh": gettext_lazy("With its year where it comes again, such as 2026年秋冬季扬尘治理专项行动."),
            "office": gettext_lazy("Its teams, and those of the units below it, record visits for the campaign."),
            "until_on": gettext_lazy("Empty while it is open. A campaign is never deleted; it ends with this day."),
            "note": gettext_lazy("What it is about, and which document ordered it."),
        }
        widgets = {"from_on": day_input(), "until_on": day_input(), "note": forms.Textarea(attrs={"rows": 3})}


class AlertForm(PeriodForm):
    """A heavy-pollution alert; inspections.alerts writes it."""

    reason = reason()

    class Meta:
        model = AlertPeriod
        fields = alerts.COLUMNS
        labels = {
            "level": pgettext_lazy("of an alert", "Level"),
            "office": gettext_lazy("Office"),
            "from_on": gettext_lazy("First day"),
            "until_on": gettext_lazy("Last day"),
        }
        help_texts = {
            "office": gettext_lazy("It holds for the visits of its teams and of those below it."),
            "until_on": gettext_lazy("Empty until it is lifted. An alert is never deleted; it ends with this day."),
        }
        widgets = {"level": forms.RadioSelect, "from_on": day_input(), "until_on": day_input()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # No dash among the three levels.
        self.fields["level"].choices = AlertPeriod._meta.get_field("level").choices  # type: ignore[attr-defined]
        if self.instance.pk is None:
            del self.fields["reason"]
