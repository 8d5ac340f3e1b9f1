"""The page of the office-wide options."""

from itertools import chain
from operator import itemgetter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from casetracker import options as choices
from casetracker import subjects
from casetracker.administering.choices import change_options
from casetracker.administering.recording import OPTION
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.options import OptionsForm
from casetracker.models import User
from casetracker.views.access import for_administrators


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def options(request: HttpRequest) -> HttpResponse:
    """The few choices for the whole office, with who changed them."""
    user: User = request.user  # type: ignore[assignment]
    form, status = OptionsForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                changed = change_options(form.values(), by=user, reason=form.cleaned_data["reason"])
            except DomainError as error:
                status = refuse(form, error)
            else:
                text = ngettext("%(count)s option is changed.", "%(count)s options are changed.", len(changed))
                messages.success(request, text % {"count": len(changed)})
                return redirect("options")
    told = chain.from_iterable(subjects.told(OPTION, name) for name in choices.CHOICES)
    events = sorted(told, key=itemgetter("at"), reverse=True)
    context = {"form": form, "events": events, "title": _("Options")}
    return render(request, "office/options.html", context, status=status)
