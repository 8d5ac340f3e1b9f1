"""The page that corrects what was recorded of a visit."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from casetracker.errors import DomainError, IllegalMove, NotAllowed
from casetracker.models import User
from casetracker.wording import joined
from inspections import policy
from inspections.forms.visit_correction import CorrectVisitForm
from inspections.models import Visit
from inspections.subjects_sites import event_sentence


@require_http_methods(["GET", "HEAD", "POST"])
def visit_correct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Correct a visit's own columns and people. 404 for whoever does not see it, 403 with the reason for whoever may
    not; invalid 422; corrected by somebody else meanwhile 409, with what they changed and what was typed kept.
    """
    user: User = request.user  # type: ignore[assignment]
    rows = Visit.objects.visible_to(user).select_related("team", "site", "campaign")
    visit = get_object_or_404(rows, pk=pk)
    if refused := policy.may_not_correct(visit, user, timezone.localdate()):
        raise NotAllowed(refused)
    form = CorrectVisitForm(request.POST if request.method == "POST" else None, by=user, visit=visit)
    status, conflict = 200, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                form.save()
            except IllegalMove as error:
                status, since = error.status, error.facts["events"]
                conflict = joined([str(error), *map(event_sentence, since)])
                visit = rows.get(pk=pk)
                form = form.kept(visit, since)
            except DomainError as error:
                form.refuse(error)
                status = error.status
            else:
                messages.success(request, _("Visit corrected."))
                return redirect("visit", pk)
    context = {"visit": visit, "form": form, "conflict": conflict}
    return render(request, "inspections/visits/correct.html", context, status=status)
