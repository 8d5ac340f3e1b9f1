"""What the filters of a list offer: units, teams, kinds, districts and saved views, all read in one query."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, LPad
from django.utils.translation import gettext as _

from casetracker.bilingual import in_language
from casetracker.enums import UnitKind
from casetracker.models import District, SavedView, Unit, User
from inspections.models import ProblemKind, Site

TEXT = CharField()
FINDERS = (UnitKind.TEAM, UnitKind.OFFICE)


class Choice(NamedTuple):
    """One thing that a list can be narrowed to; `more` is a district's city or the query of a saved view."""

    key: str
    zh: str
    en: str
    more: str
    sort: str

    @property
    def name(self) -> str:
        return in_language(self.zh, self.en)


@dataclass
class Offer:
    """Each kind of choice in the order in which it is shown."""

    unit: list[Choice] = field(default_factory=list)
    team: list[Choice] = field(default_factory=list)
    kind: list[Choice] = field(default_factory=list)
    district: list[Choice] = field(default_factory=list)
    # The one site that the address names, if the reader may see it.
    site: list[Choice] = field(default_factory=list)
    # Saved views; `en` says "own" or "shared".
    view: list[Choice] = field(default_factory=list)

    def choices(self, name: str) -> list[tuple[str, Any]]:
        """Choices of a form field; districts stand below their city, which itself means all of it."""
        if name != "district":
            return [(one.key, one.name) for one in getattr(self, name)]
        grouped: list[tuple[str, Any]] = []
        for city in (one for one in self.district if not one.more):
            below = [(one.key, one.name) for one in self.district if one.more == city.key]
            grouped.append((city.name, [(city.key, _("All of %(city)s") % {"city": city.name}), *below]))
        return grouped


def offer(user: User, *, page: str, site: str = "") -> Offer:
    """Everything that a list of problems offers to this person, in one query."""
    tag = Case(When(kind__in=FINDERS, then=Value("team")), default=Value("unit"), output_field=TEXT)
    whose = Case(When(owner=user, then=Value("own")), default=Value("shared"), output_field=TEXT)
    views = SavedView.objects.usable_by(user).filter(page=page)
    rows = [
        _columns(Unit.objects.all(), tag, Cast("pk", TEXT), "name_zh", "name_en", sort="sort_key"),
        _columns(ProblemKind.objects.all(), Value("kind"), "code", "name_zh", "name_en", sort=_padded("position")),
        _columns(
            District.objects.all(), Value("district"), "code", "name_zh", "name_en", Cast("parent", TEXT), sort="code"
        ),
        _columns(views, Value("view"), Cast("pk", TEXT), "name", whose, "query", sort=_padded("position")),
    ]
    if site:
        named = Site.objects.visible_to(user).filter(pk=site)
        rows.append(_columns(named, Value("site"), Cast("pk", TEXT), "name"))
    made = Offer()
    for name, *values in rows[0].union(*rows[1:], all=True):
        getattr(made, name).append(Choice(*values))
    for choices in vars(made).values():
        choices.sort(key=lambda one: (one.sort, one.zh))
    return made


def _columns(
    rows: "QuerySet[Any]", tag: Any, key: Any, zh: Any, en: Any = "", more: Any = "", *, sort: Any = ""
) -> "QuerySet[Any, Any]":
    """The columns of a Choice, as text, behind the name of the list they belong to."""
    columns = [_text(column) for column in (tag, key, zh, en, more, sort)]
    names = [f"c{number}" for number in range(len(columns))]
    return rows.order_by().annotate(**dict(zip(names, columns, strict=True))).values_list(*names)


def _text(column: Any) -> Any:
    if isinstance(column, str):
        column = F(column) if column else Value("")
    return Coalesce(Cast(column, TEXT), Value(""))


def _padded(name: str) -> Any:
    return LPad(Cast(name, TEXT), 6, Value("0"))
