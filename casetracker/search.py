"""Text search on PostgreSQL core: lexemes written by the application, so that Chinese needs no extension."""

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import BooleanField, F, Func, Model, Q, Value

# Of so many rows hits() knows each by its key.
FEW = 1000

_RUNS = re.compile(r"(?P<han>[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff〇]+)|(?P<word>[0-9a-z]+)")


def fold(text: str) -> str:
    """NFKC and lower case: full-width letters and digits match their plain forms."""
    return unicodedata.normalize("NFKC", text).lower()


def pieces(*texts: str) -> list[str]:
    """The lexemes under which texts are found: overlapping pairs of Chinese characters with the last one
    alone too, and whole runs of letters and digits; sorted, each once."""
    found: set[str] = set()
    for text in texts:
        for run in _RUNS.finditer(fold(text or "")):
            if word := run["word"]:
                found.add(word[:200])
            else:
                han = run["han"]
                found.update(han[i : i + 2] for i in range(len(han) - 1))
                found.add(han[-1])
    return sorted(found)


def vector(texts: Iterable[str], facets: Iterable[str] = ()) -> str:
    """What to store in a search column, as PostgreSQL writes a tsvector; facets are fixed words such as d=410802."""
    own = [facet.replace("\\", "\\\\").replace("'", "''") for facet in facets]
    return " ".join(f"'{word}'" for word in sorted({*pieces(*texts), *own}))


def tsquery(text: str, facets: Iterable[str] = ()) -> str:
    """The text of a tsquery that wants every piece; a single character or a number is a prefix.

    Empty when nothing searchable was typed.
    """
    wanted: list[str] = [f"'{facet}'" for facet in facets]
    for run in _RUNS.finditer(fold(text)):
        if word := run["word"]:
            wanted.append(f"'{word[:200]}':*" if word.isdigit() or len(word) == 1 else f"'{word[:200]}'")
        elif len(run["han"]) == 1:
            wanted.append(f"'{run['han']}':*")
        else:
            han = run["han"]
            wanted.extend(f"'{han[i : i + 2]}'" for i in range(len(han) - 1))
    return " & ".join(wanted[:40])


def matches(text: str, column: str = "search") -> Q:
    """The condition that a row's search column holds every piece of the text; nothing when nothing was typed."""
    query = tsquery(text)
    if not query:
        return Q(pk__in=[])
    return Q(_Matches(F(column), Value(query)))


def hits(model: type[Model], text: str) -> Q:
    """As matches(), for lists that are read in an order of their own; takes a query.

    The server can't tell rare words from common ones and would look for a rare one through the whole table in the
    order of the list. So where only few rows hold every piece, the condition names them.
    """
    condition = matches(text)
    known = list(model._default_manager.filter(condition).order_by().values_list("pk", flat=True)[: FEW + 1])
    return Q(pk__in=known) if len(known) <= FEW else condition


class _Matches(Func):
    """column @@ 'query'::tsquery as a condition that a filter takes."""

    template = "%(expressions)s::tsquery"
    arg_joiner = " @@ "
    output_field = BooleanField()
