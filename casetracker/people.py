"""Accounts: how people come in and what a password may be."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

OFFICE_WORDS = ("casetracker", "inspection", "inspector", "supervisor", "password", "huanbao", "dudao", "jiaozuo")


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by himself; an administrator makes the accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


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
        return _("Don’t build it from the words of the office.")
