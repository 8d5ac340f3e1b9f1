"""What the forms of all verbs have in common: the problem and the person, the state that was seen, the move."""

from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise

from casetracker.errors import Invalid
from casetracker.models import User
from inspections.enums import Verb
from inspections.forms.fields import StoredFilesField
from inspections.models import Problem

Move = tuple[Verb, dict[str, Any]]


class VerbForm(forms.Form):
    """The input of one verb for one problem by one person; move() says what the workflow is to do with it.

    Needs a problem with its parts loaded (inspections.views.problem.record.load). What only the workflow can
    know (a gate, a state) is checked there; its refusal comes back through refuse().
    """

    verb: ClassVar[Verb]
    # The words of the button, and what it says while it works.
    words: ClassVar[str | Promise]
    busy: ClassVar[str | Promise]
    # What the verb brings about, under the title of its page.
    intro: str | Promise = ""
    # Whether the problem must still be in the version that the person saw.
    guarded: ClassVar[bool] = False
    # Where a field of the workflow has another name here.
    field_names: ClassVar[dict[str, str]] = {}

    use_required_attribute = False

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, problem: Problem, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problem = problem
        self.by = by
        self.fields["seen"].initial = problem.version
        for field in self.fields.values():
            if isinstance(field, StoredFilesField):
                field.by = by
        self.prepare()

    def prepare(self) -> None:
        """Fill in what depends on the problem: choices, initial values, fields that do not apply."""

    def need(self, name: str, wanted: bool, message: str) -> None:
        """Ask for a field only where another one's choice makes it necessary.

        Before anything was chosen it is not marked as optional, since it only shows once it is needed.
        """
        field = self.fields[name]
        field.required = wanted or not self.is_bound
        field.error_messages["required"] = message

    def chosen(self, name: str) -> str:
        """What was sent for a field, before it is checked; empty on a fresh form."""
        return str(self.data.get(name, "")) if self.is_bound else ""

    def move(self) -> Move:
        """The verb and its data for workflow.perform(); only after is_valid()."""
        return self.verb, {name: value for name, value in self.cleaned_data.items() if name != "seen"}

    def refuse(self, error: Invalid) -> None:
        """Put a refusal of the workflow beside the field it names, or above the form."""
        name = self.field_names.get(error.field, error.field)
        self.add_error(name if name in self.fields else None, str(error))

    def kept(self, problem: Problem) -> "VerbForm":
        """The same input on a fresh form without errors, for the problem as it stands now; files stay stored."""
        typed = {name: self[name].data for name in self.fields if name != "seen"}
        fresh = type(self)(problem=problem, by=self.by, initial=typed)
        for name, field in self.fields.items():
            if isinstance(field, StoredFilesField) and name in fresh.fields:
                fresh.fields[name].widget.kept = field.widget.kept
        return fresh

    @property
    def takes_files(self) -> bool:
        return any(isinstance(field, StoredFilesField) for field in self.fields.values())
