"""What the filters of a list offer: units, teams, kinds, districts and saved views, all read in one query."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.bilingual import in_language
from casetracker.dates import in_chinese
from casetracker.models import User
from inspections.models import Site


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
    # Of these, where the reader's own bureau works.
    own: list[Choice] = field(default_factory=list)
    # The one site that the address names, if the reader may see it.
    site: list[Choice] = field(default_factory=list)
    # Saved views; `en` says "own" or "shared".
    view: list[Choice] = field(default_factory=list)

    def choices(self, *names: str) -> Callable[[], list[tuple[str, Any]]]:
        """What gives the choices of a form field, made when they are first asked for: a form would copy a list of
        thousands of units into every field before it knows whether it needs them."""
        return cache(lambda: [choice for name in names for choice in self._choices(name)])

    def _choices(self, name: str) -> list[tuple[str, Any]]:
        """Districts stand below their city, which itself means all of it. The reader's own city comes first."""
        if name != "district":
            # Which language is asked once: there may be thousands of units.
            chinese = in_chinese()
            return [(one.key, one.zh or one.en if chinese else one.en or one.zh) for one in getattr(self, name)]
        grouped: list[tuple[str, Any]] = []
        own = {one.key for one in self.own} | {one.more for one in self.own}
        cities = [one for one in self.district if not one.more]
        for city in sorted(cities, key=lambda one: one.key not in own):
            below = [(one.key, one.name) for one in self.district if one.more == city.key]
            grouped.append((city.name, [(city.key, _("All of %(city)s") % {"city": city.name}), *below]))
        return grouped


def choices_of(one: Any) -> list[tuple[str, Any]]:
    """What a filter of a list has to choose from, whether it is made when it is asked for or stands there; empty for
    a filter without choices."""
    known: Any = one.extra.get("choices", ())
    return list(known() if callable(known) else known)


# Plain SQL: the same union through querysets takes longer to put together than to run. A district that has ended stays
# where something lies in it, or below it: old records are still looked for.
REFERENCE = """
SELECT CASE WHEN kind IN ('team', 'office') THEN 'team' ELSE 'unit' END, id::text, name_zh, name_en, '', sort_key
  FROM casetracker_unit
UNION ALL
SELECT 'kind', id::text, name_zh, name_en, '', lpad(position::text, 6, '0') FROM inspections_problemkind
UNION ALL
SELECT 'district', code, name_zh, name_en, coalesce(parent_id, ''), code FROM casetracker_district ended
 WHERE coalesce(valid_until, 9999) >= %s
    OR EXISTS (SELECT FROM inspections_site WHERE district_id = ended.code)
    OR EXISTS (SELECT FROM inspections_visit WHERE district_id = ended.code)
    OR EXISTS (SELECT FROM inspections_problem WHERE district_id = ended.code)
    OR EXISTS (SELECT FROM casetracker_district WHERE parent_id = ended.code)
UNION ALL
SELECT 'view', id::text, name, CASE WHEN owner_id = %s THEN 'own' ELSE 'shared' END, query,
       lpad(position::text, 6, '0')
  FROM casetracker_savedview
 WHERE page = %s AND (owner_id = %s OR shared_with_id = ANY(%s))
UNION ALL
SELECT DISTINCT 'own', d.code, d.name_zh, d.name_en, coalesce(d.parent_id, ''), d.code
  FROM casetracker_unit_districts ud
  JOIN casetracker_unit u ON u.id = ud.unit_id
  JOIN casetracker_district d ON d.code = ud.district_id
  JOIN unnest(%s::text[]) mine(path) ON starts_with(u.path, mine.path) OR starts_with(mine.path, u.path)
"""


def offer(user: User, *, page: str, site: str = "") -> Offer:
    """Everything that a list offers to this person, in one query; the views are SavedView.usable_by()'s."""
    sql: str = REFERENCE
    params: list[Any] = [timezone.localdate().year, user.pk, page, user.pk, [post.unit_id for post in user.posts]]
    params.append([post.unit.path for post in user.posts])
    if site:
        with contextlib.suppress(EmptyResultSet):  # somebody who sees no site at all
            seen = Site.objects.visible_to(user).filter(pk=site).values_list("pk", "name")
            named, values = seen.query.sql_with_params()
            sql += f"UNION ALL SELECT 'site', one.id::text, one.name, '', '', '' FROM ({named}) one(id, name)"
            params += values
    made = Offer()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        for name, *values in cursor.fetchall():
            getattr(made, name).append(Choice(*values))
    for choices in vars(made).values():
        choices.sort(key=lambda one: (one.sort, one.zh))
    return made
