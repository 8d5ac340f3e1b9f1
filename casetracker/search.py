"""Text search on PostgreSQL core: lexemes written by the application, so that Chinese needs no extension."""

import re
import unicodedata
from collections.abc import Iterable

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, F, Func, Q, Value

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


def vector(texts: Iterable[str], facets: Iterable[str] = ()) -> Func:
    """The expression to store in a search column; facets are fixed words such as d=410802."""
    words = sorted({*pieces(*texts), *facets})
    return Func(
        Value(words),
        function="array_to_tsvector",
        template="%(function)s(%(expressions)s::text[])",
        output_field=SearchVectorField(),
    )


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


class _Matches(Func):
    """column @@ 'query'::tsquery as a condition that a filter takes."""

    template = "%(expressions)s::tsquery"
    arg_joiner = " @@ "
    output_field = BooleanField()
