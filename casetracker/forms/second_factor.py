"""The forms of the second factor, whose code goes by one name on all of them."""

from typing import Any

from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django.utils.translation import pgettext_lazy


class OneName:
    """A form of the sign-in library with our label for its code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]
        fields["code"].label = pgettext_lazy("second factor", "Code")


class AuthenticateForm(OneName, mfa.AuthenticateForm):
    """The code on signing in."""


class ReauthenticateForm(OneName, mfa.ReauthenticateForm):
    """The code once more, before something that guards the account changes."""


class ActivateTOTPForm(OneName, totp.ActivateTOTPForm):
    """The first code that the app shows."""
