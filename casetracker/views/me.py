"""What belongs to a person: language, look, name, and the way to password and sign-in."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from casetracker.enums import Language, Theme
from casetracker.models import User


class PreferencesForm(forms.ModelForm):
    """What a person chooses for himself; name and unit are the administrator's."""

    class Meta:
        model = User
        fields = ["language", "theme", "name_en"]
        widgets = {"language": forms.RadioSelect, "theme": forms.RadioSelect}
        labels = {"theme": gettext_lazy("Look"), "name_en": gettext_lazy("Name in English")}
        help_texts = {
            "language": gettext_lazy("Of every page and of every e-mail to you."),
            "name_en": gettext_lazy("Shown to readers of English beside your Chinese name."),
        }

    def clean_name_en(self) -> str:
        return " ".join(str(self.cleaned_data["name_en"]).split())


@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """The person's own page; 422 where a choice can't be."""
    user: User = request.user  # type: ignore[assignment]
    form = PreferencesForm(request.POST or None, instance=user)
    if request.method == "POST":
        if form.is_valid():
            form.save()
            translation.activate(user.language)
            messages.success(request, _("Your choices are saved."))
            return redirect("me")
        user.refresh_from_db()
    posts = list(user.memberships.select_related("unit").order_by("-from_on"))
    context: dict[str, Any] = {"form": form, "posts": posts}
    return render(request, "me.html", context, status=422 if form.errors else 200)


@require_POST
@login_not_required
def set_preferences(request: HttpRequest) -> HttpResponse:
    """The quick switches of the top bar: language and theme; a visitor's language is kept in a cookie."""
    language, theme = request.POST.get("language", ""), request.POST.get("theme", "")
    response = redirect(_back(request))
    if language in Language.values:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    if isinstance(request.user, User):
        changes = {}
        if language in Language.values:
            changes["language"] = language
        if theme in Theme.values:
            changes["theme"] = theme
        if changes:
            User.objects.filter(pk=request.user.pk).update(**changes)
    return response


def _back(request: HttpRequest) -> str:
    """The page the switch was pressed on, when it is one of our own."""
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if own else reverse("work")
