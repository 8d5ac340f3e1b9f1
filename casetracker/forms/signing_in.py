"""The forms of signing in, in our words: labels in sentence case, like those of every other form."""

from typing import Any

from allauth.account import forms as account
from django.utils.translation import gettext_lazy

LABELS: dict[str, Any] = {
    "login": gettext_lazy("User name or e-mail address"),
    "oldpassword": gettext_lazy("Current password"),
    "password": gettext_lazy("Password"),
    "password1": gettext_lazy("New password"),
    "password2": gettext_lazy("New password again"),
    "email": gettext_lazy("E-mail address"),
}


class Labelled:
    """A form of the sign-in library with our labels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]
        for name in fields.keys() & LABELS.keys():
            fields[name].label = LABELS[name]


class LoginForm(Labelled, account.LoginForm):
    """Name or address, and password."""


class ReauthenticateForm(Labelled, account.ReauthenticateForm):
    """The password once more, before something that guards the account changes."""


class ChangePasswordForm(Labelled, account.ChangePasswordForm):
    """The password of now, and twice the new one; the way out for who forgot it stands below, on the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""


class SetPasswordForm(Labelled, account.SetPasswordForm):
    """A first password, twice."""


class ResetPasswordForm(Labelled, account.ResetPasswordForm):
    """The address that gets the link."""


class ResetPasswordKeyForm(Labelled, account.ResetPasswordKeyForm):
    """The new password behind the link, twice."""


class AddEmailForm(Labelled, account.AddEmailForm):
    """A further address."""
