"""Rows that carry a Chinese and an English name."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Named(models.Model):
    """A row with a Chinese name and, where one exists, an English one."""

    name_zh = models.CharField(_("Chinese name"), max_length=120)
    name_en = models.CharField(_("English name"), max_length=120, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language; the Chinese one where there is no English name."""
        return in_language(self.name_zh, self.name_en)


def in_language(zh: str, en: str) -> str:
    """The one of two texts that the active language asks for, the other where it is empty."""
    if (get_language() or "en").startswith("zh"):
        return zh or en
    return en or zh
