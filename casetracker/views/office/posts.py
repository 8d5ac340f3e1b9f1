"""What may be done to a person: giving and ending posts, closing and opening the account, password, second factor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from casetracker.administering import people as writing
from casetracker.errors import DomainError
from casetracker.forms.fields import refuse
from casetracker.forms.people import EndPostForm, PostForm, ReasonForm
from casetracker.models import Membership, User
from casetracker.views.access import for_administrators


@dataclass(frozen=True)
class Act:
    """Something done to an account: its title and what it brings about, its button, what is said afterwards."""

    title: str | Promise
    result: str | Promise
    words: str | Promise
    busy: str | Promise
    said: str | Promise
    write: Callable[..., Any]


ACTS: dict[str, Act] = {
    "deactivate": Act(
        gettext_lazy("Close the account of %(name)s"),
        gettext_lazy("Signed out everywhere at once, and no way in. Posts and history stay; it can be opened again."),
        gettext_lazy("Close the account"),
        pgettext_lazy("account", "Closing"),
        gettext_lazy("The account is closed and signed out everywhere."),
        writing.deactivate,
    ),
    "activate": Act(
        gettext_lazy("Open the account of %(name)s again"),
        gettext_lazy("With the posts that still run, and the same password and second factor as before."),
        gettext_lazy("Open the account"),
        pgettext_lazy("account", "Opening"),
        gettext_lazy("The account is open again."),
        writing.activate,
    ),
    "password": Act(
        gettext_lazy("Give %(name)s a new password"),
        gettext_lazy("The old one and every session end at once; the next page shows the new one, and only once."),
        gettext_lazy("Give a new password"),
        gettext_lazy("Making it"),
        "",
        writing.give_password,
    ),
    "second-factor": Act(
        gettext_lazy("Take away the second factor of %(name)s"),
        gettext_lazy("For a lost telephone or key: from then on the password alone opens the account."),
        gettext_lazy("Take it away"),
        gettext_lazy("Taking it away"),
        gettext_lazy("The second factor is gone."),
        writing.remove_second_factor,
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def person_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do one of ACTS to an account, with a reason; 409 where its state has changed meanwhile."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(User, pk=pk)
    known = ACTS.get(act)
    if known is None:
        raise Http404
    form, status = ReasonForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = known.write(row, by=user, reason=form.cleaned_data["reason"])
            except DomainError as error:
                status = refuse(form, error)
            else:
                if act == "password":
                    return render(request, "office/password.html", {"one": row, "password": made, "made": False})
                messages.success(request, str(known.said))
                return redirect("person", pk)
    context = {"form": form, "one": row, "act": known, "verb": act, "title": str(known.title) % {"name": row}}
    return render(request, "office/person_act.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def post_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person a role in a unit."""
    user: User = request.user  # type: ignore[assignment]
    row = get_object_or_404(User, pk=pk)
    form, status = PostForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                post = writing.give_post(row, by=user, **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error)
            else:
                words = {"person": row, "role": post.get_role_display(), "unit": post.unit.name}
                messages.success(request, _("%(person)s: %(role)s, %(unit)s.") % words)
                return redirect("person", pk)
    return render(request, "office/post_form.html", {"form": form, "one": row}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_administrators
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a post on a day, or take back one that has not begun."""
    user: User = request.user  # type: ignore[assignment]
    post = get_object_or_404(Membership.objects.select_related("user", "unit"), pk=pk)
    begun = post.from_on <= timezone.localdate()
    form: ReasonForm | EndPostForm = EndPostForm(request.POST or None) if begun else ReasonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            write = writing.end_post if begun else writing.withdraw_post
            try:
                write(post, by=user, **form.cleaned_data)
            except DomainError as error:
                status = refuse(form, error)
            else:
                messages.success(request, _("The change is on the record."))
                return redirect("person", post.user_id)
    context = {"form": form, "post": post, "one": post.user, "begun": begun, "left": writing.left_alone(post)}
    return render(request, "office/post_end.html", context, status=status)
