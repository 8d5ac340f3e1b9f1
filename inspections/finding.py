"""What the one search box finds: a problem by its number, then problems, sites and parties by words."""

import re
from typing import Any, Literal
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from casetracker import search
from casetracker.registry import SearchGroup
from inspections.models import Party, Problem, Site

# 焦督〔2019〕1284号, (2019)1284, 2019-1284; or the running number alone: 1284, 第1284号.
FULL = re.compile(r"(?P<prefix>[^\d\[(〔【]*)[\[(〔【]?(?P<year>(?:19|20)\d\d)[\])〕】\-–/ ]+(?P<seq>\d{1,7})号?")
SHORT = re.compile(r"(?P<prefix>)第?(?P<seq>\d{1,7})号?")


# A year alone is asked for at least as often as the problem of that number.
YEAR = re.compile(r"(?:19|20)\d\d")


def meant(text: str) -> Literal["exact", "alone", ""]:
    """What a text that by_number() found one problem for is: a number with its year or its 号, which means nothing
    else; a bare one, which may also stand in the words of other things; or one that is rather a year."""
    typed = search.fold(text).strip()
    if not typed.isdigit():
        return "exact"
    return "" if YEAR.fullmatch(typed) else "alone"


def by_number(user: Any, text: str) -> "QuerySet[Problem]":
    """Problems of exactly this number, newest first; none for a text that isn't one."""
    typed = search.fold(text).strip()
    match = FULL.fullmatch(typed) or SHORT.fullmatch(typed)
    if match is None:
        return Problem.objects.none()
    parts = match.groupdict()
    found = Problem.objects.visible_to(user).filter(number_seq=int(parts["seq"]))
    if parts.get("year"):
        found = found.filter(number_year=int(parts["year"]))
    if parts["prefix"].strip():
        found = found.filter(number__istartswith=parts["prefix"].strip())
    return found.for_rows().order_by("-number_year", "-pk")


def by_words(user: Any, text: str) -> "QuerySet[Problem]":
    return Problem.objects.visible_to(user).find(text).for_rows().order_by("-found_on", "-pk")


def sites(user: Any, text: str) -> "QuerySet[Site]":
    return Site.objects.visible_to(user).find(text).select_related("kind", "district").defer("search").order_by("name")


def parties(user: Any, text: str) -> "QuerySet[Party]":
    return Party.objects.visible_to(user).find(text).defer("search").order_by("name")


def _list(name: str) -> Any:
    return lambda text: f"{reverse(name)}?{urlencode({'q': text})}"


GROUPS = (
    SearchGroup(
        "number",
        _("Number"),
        by_number,
        "inspections/hits/_problem.html",
        _list("problems"),
        opens=lambda problem: reverse("problem", args=[problem.pk]),
        means=meant,
    ),
    SearchGroup("problems", _("Problems"), by_words, "inspections/hits/_problem.html", _list("problems")),
    SearchGroup("sites", _("Sites"), sites, "inspections/hits/_site.html", _list("sites")),
    SearchGroup("parties", _("Parties"), parties, "inspections/hits/_party.html", _list("parties")),
)
