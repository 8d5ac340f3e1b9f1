"""The forms of checklists and kinds: a version as numbered lines, names, how a kind is counted."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker.forms.fields import LinesField
from inspections.checklists import PROBLEM_COLUMNS, SITE_COLUMNS, Line, lines_of
from inspections.models import Checklist, ChecklistVersion, ProblemKind, SiteKind

# Empty lines below the present ones, to add items in.
SPARE = 3
MOST_ITEMS = 200


class ChecklistForm(forms.ModelForm):
    """Names and kinds of site of a checklist; its code is chosen once."""

    use_required_attribute = False

    class Meta:
        model = Checklist
        fields = ("code", "name_zh", "name_en", "site_kinds")
        labels = {"site_kinds": gettext_lazy("For these kinds of site")}
        help_texts = {
            "code": gettext_lazy("Small letters, digits and _; it stays for ever."),
            "site_kinds": gettext_lazy("It is offered on visits to them; without any, on none."),
        }
        widgets = {"site_kinds": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            del self.fields["code"]

    def validate_unique(self) -> None:
        """Left to inspections.checklists."""

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}


class LineForm(forms.Form):
    """One item; its place is a number, so that a line moves without any script: 2.5 goes between 2 and 3."""

    use_required_attribute = False

    position = forms.DecimalField(
        label=gettext_lazy("Place"),
        max_digits=5,
        decimal_places=1,
        required=False,
        widget=forms.NumberInput(attrs={"step": "0.5", "inputmode": "decimal"}),
    )
    name_zh = forms.CharField(label=gettext_lazy("Item in Chinese"), max_length=120, required=False)
    name_en = forms.CharField(label=gettext_lazy("Item in English"), max_length=120, required=False)
    kind = forms.TypedChoiceField(label=gettext_lazy("Raises"), required=False, coerce=int, empty_value=None)
    clause = forms.CharField(label=gettext_lazy("Clause"), max_length=200, required=False)
    clause_verified_by = forms.CharField(
        label=gettext_lazy("Clause verified by"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Empty: to be verified, and not printed."),
    )
    term_days = forms.IntegerField(
        label=gettext_lazy("Usual term in days"),
        required=False,
        validators=[MinValueValidator(0), MaxValueValidator(365)],
    )
    remove = forms.BooleanField(label=gettext_lazy("Leave out"), required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        if self.is_spare or values.get("remove"):
            return values
        if not values.get("name_zh") and "name_zh" not in self.errors:
            self.add_error("name_zh", _("Say what is looked at, or leave the line out."))
        if values.get("clause_verified_by") and not values.get("clause"):
            self.add_error("clause", _("Write the clause that was verified."))
        return values

    @property
    def is_spare(self) -> bool:
        """An empty line that was not filled in."""
        words = ("name_zh", "name_en", "clause", "clause_verified_by", "term_days", "kind")
        return not any(self.cleaned_data.get(name) for name in words)

    @property
    def is_new(self) -> bool:
        return not self.initial.get("name_zh")


class BaseLines(forms.BaseFormSet):
    """All lines of a version; the choices of kinds are read once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = list(ProblemKind.objects.all())
        self.kinds = {kind.pk: kind for kind in kinds}
        self.choices = [("", _("Nothing")), *((kind.pk, kind.name) for kind in kinds)]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["kind"].choices = self.choices
        # A line may stay empty, but whoever fills it in gives these; nothing on the page calls them optional.
        for name in ("position", "name_zh"):
            form.fields[name].not_called_optional = True

    def lines(self) -> list[Line]:
        """The items in their new order; lines without a place go to the end."""
        kept = [form for form in self.forms if not form.is_spare and not form.cleaned_data["remove"]]
        placed = sorted(kept, key=lambda form: form.cleaned_data["position"] or Decimal(10_000))
        return [self._line(form.cleaned_data) for form in placed]

    def _line(self, values: dict[str, Any]) -> Line:
        words = {name: values[name] for name in Line.__dataclass_fields__ if name != "kind"}
        return Line(**words, kind=self.kinds.get(values["kind"]))


LinesFormSet = forms.formset_factory(
    LineForm, formset=BaseLines, extra=SPARE, max_num=MOST_ITEMS, absolute_max=MOST_ITEMS
)


def initial_of(version: ChecklistVersion | None) -> list[dict[str, Any]]:
    """The lines of a version as the form begins with them."""
    lines = lines_of(version) if version is not None else []
    return [
        vars(line) | {"position": n, "kind": line.kind.pk if line.kind else None}
        for n, line in enumerate(lines, start=1)
    ]


class IssueForm(forms.Form):
    """What is new in the version, and which one it was copied from."""

    use_required_attribute = False

    note = forms.CharField(
        label=gettext_lazy("What is new"),
        max_length=200,
        help_text=gettext_lazy("Stands beside the version and in the history."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)


class ProblemKindForm(forms.ModelForm):
    """A kind of problem."""

    use_required_attribute = False
    aliases = LinesField(
        label=gettext_lazy("Other names"),
        help_text=gettext_lazy("One per line, as ledgers write it; imports know the kind by them."),
        required=False,
        longest=120,
    )

    class Meta:
        model = ProblemKind
        fields = ("code", *PROBLEM_COLUMNS)
        labels = {"position": gettext_lazy("Place in lists")}
        help_texts = {
            "severity": gettext_lazy("Decides the term: a major one has a month or a dated plan."),
            "counts_as_quantity": gettext_lazy("Nine of them are one problem with a quantity, not nine problems."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            del self.fields["code"]

    def validate_unique(self) -> None:
        """Left to inspections.checklists."""

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}


class SiteKindForm(forms.ModelForm):
    """A kind of site."""

    use_required_attribute = False
    aliases = LinesField(
        label=gettext_lazy("Other names"),
        help_text=gettext_lazy("One per line, as ledgers write it; imports know the kind by them."),
        required=False,
        longest=120,
    )

    class Meta:
        model = SiteKind
        fields = ("code", *SITE_COLUMNS)
        labels = {"position": gettext_lazy("Place in lists")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            del self.fields["code"]

    def validate_unique(self) -> None:
        """Left to inspections.checklists."""

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}
