"""Accounts: how people come in and what a password may be."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from casetracker.models import Membership, Notice, User

OFFICE_WORDS = ("casetracker", "inspection", "inspector", "supervisor", "password", "huanbao", "dudao", "jiaozuo")


class Backend(AuthenticationBackend):
    """Signs in by name or address, and reads a person together with what every page needs to know."""

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session with `posts_ever` and `unread` notices, in one query; None for a closed account.

        A person without any post takes two.
        """
        unread = Notice.objects.filter(person=user_id).unread().order_by().values("person")
        count = Coalesce(Subquery(unread.annotate(number=Count("pk")).values("number")), 0)
        posts: list[Any] = list(
            Membership.objects.filter(user=user_id).annotate(waiting=count).select_related("user", "unit__parent")
        )
        person = posts[0].user if posts else User.objects.filter(pk=user_id).first()
        if person is None or not self.user_can_authenticate(person):
            return None
        for post in posts:
            post.user = person
        person.posts_ever = posts
        if posts:
            person.unread = posts[0].waiting
        return person


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by himself; an administrator makes the accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """A password that the person chose: nobody else knows it any more."""
        user.must_change_password = False
        super().set_password(user, password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """To the first page, by way of signing in anew: never back to the form that was just done with."""
        return reverse("work")

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> Any:
        """The accounts of a demonstration, which everybody shares, go on in the language of the sign-in page; a
        person's own language, which the letters go by too, only they and the administrator change."""
        if settings.DEMO:
            shown = translation.get_language_from_request(request)
            if (user.last_login is None or settings.LANGUAGE_COOKIE_NAME in request.COOKIES) and user.language != shown:
                user.language = shown
                user.save(update_fields=["language"])
        return super().pre_login(request, user, **kwargs)


# Django's own rules, named so that our catalogue says them too: its Chinese addresses people as 你, ours as 您.
RULES = (
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    gettext_lazy("Your password can’t be too similar to your other personal information."),
    gettext_lazy("Your password can’t be a commonly used password."),
)


class OfficeWordsValidator:
    """Refuses a password that is little more than a word of the office's own."""

    def validate(self, password: str, user: Any = None) -> None:
        left = password.lower()
        for word in OFFICE_WORDS:
            left = left.replace(word, "")
        if len(left) < 8:
            raise ValidationError(
                _("This password is mostly a word that everybody in the office would guess. Choose another."),
                code="office_word",
            )

    def get_help_text(self) -> str:
        return _("Your password can’t be mostly words of the office.")
