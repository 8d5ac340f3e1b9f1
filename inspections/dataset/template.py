"""A history as a template: its rows with slots for what is different in every copy."""

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.db import connection, models

from casetracker import search
from casetracker.models import Deadline, Event
from inspections.models import (
    Assignment,
    Attachment,
    Extension,
    Feedback,
    Problem,
    Recheck,
    Stage,
    Visit,
    VisitInspector,
)

# In this order a copy is written; keys between them are checked when the transaction ends.
TABLES: tuple[type[models.Model], ...] = (
    *(Visit, VisitInspector, Problem, Stage, Assignment, Extension, Feedback, Recheck, Attachment),
    *(Deadline, Event),
)
# What the database sets itself when an event is written.
BY_TRIGGER = {"seq", "prev_hash", "hash"}
TOKEN = re.compile(r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|(?P<day>\d{4}-\d\d-\d\d)")
NULL = r"\N"


@dataclass(frozen=True)
class Slot:
    """What changes from copy to copy: the name of a value, a row's key, or a day counted from the Monday."""

    kind: str
    value: Any = None


Piece = str | Slot
Column: TypeAlias = "models.Field[Any, Any]"


@dataclass
class Template:
    """Per table the pieces of its rows, in the order of `columns`; text between slots is in COPY's format."""

    rows: dict[type[models.Model], list[list[Piece]]] = field(default_factory=dict)
    # Lexemes of the search column that every copy has.
    words: str = ""
    site_kind: str = ""


def columns(model: type[models.Model]) -> list[Column]:
    """What a copy writes of a table: all but what the database counts or computes by itself."""
    return [
        one
        for one in model._meta.concrete_fields
        if not one.generated
        and not isinstance(one, models.AutoField)
        and not (model is Event and one.name in BY_TRIGGER)
    ]


def template(
    problem: Problem,
    *,
    monday: datetime.date,
    names: Mapping[str, str],
    people: Mapping[int, str],
    units: Mapping[int, str],
) -> Template:
    """The template of one problem.

    `names` maps a text that stands for somebody or something of the stage to the value that replaces it, `people`
    and `units` an id to one; ids that are in neither stay (supervisors, the office).
    """
    keys: dict[str, int] = {}
    texts = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))

    def cell(column: Column, value: Any) -> list[Piece]:
        special = _special(column, value, people, units)
        if special is not None:
            return [special]
        if value is None:
            return [NULL]
        if isinstance(column, models.JSONField):
            value = json.dumps(value, ensure_ascii=False)
        elif isinstance(value, bool):
            value = "t" if value else "f"
        return list(_pieces(str(value), texts, names, keys, monday))

    made = Template(words=_words(problem), site_kind=problem.site.kind.code)
    for model in TABLES:
        wanted = columns(model)
        rows = [[cell(one, row[str(one.column)]) for one in wanted] for row in _rows(model, problem)]
        made.rows[model] = [_line(cells) for cells in rows]
    return made


def _rows(model: type[models.Model], problem: Problem) -> list[dict[str, Any]]:
    """The rows of a table that belong to the problem, as the database writes them in JSON."""
    where = "problem_id = %s"
    values: list[Any] = [problem.pk]
    if model is Problem:
        where = "id = %s"
    elif model is Visit:
        where, values = "id = %s", [problem.visit_id]
    elif model is VisitInspector:
        where, values = "visit_id = %s", [problem.visit_id]
    elif model in (Deadline, Event):
        where, values = "subject_id IN (%s, %s)", [problem.pk, problem.visit_id]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row_to_json(t) FROM {model._meta.db_table} t WHERE {where} ORDER BY id",  # noqa: S608
            values,
        )
        found = [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in cursor.fetchall()]
    # Keys of rows made in one millisecond are in no order.
    return sorted(found, key=_order)


def _order(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(name) or "") for name in ("subject_type", "seq", "at", "assigned_at", "phase", "added_at"))


def _special(column: Column, value: Any, people: Mapping[int, str], units: Mapping[int, str]) -> Slot | None:
    """The slot of a column that is wholly different in a copy; None for one whose text says what to replace."""
    if column.model is Problem and column.name in ("number_year", "number_seq", "search"):
        return Slot(column.name)
    if value is None:
        return None
    if column.name in ("lat", "lon"):
        return Slot(column.name)
    if column.name == "site":
        return Slot("site")
    target = column.related_model._meta.label if isinstance(column, models.ForeignKey) else ""
    if target == "casetracker.District":
        return Slot("district")
    if target == "casetracker.Unit" and value in units:
        return Slot(units[value])
    if (target == "casetracker.User" or column.name == "actor_id") and value in people:
        return Slot(people[value])
    return None


def _pieces(
    text: str, texts: re.Pattern[str], names: Mapping[str, str], keys: dict[str, int], monday: datetime.date
) -> Sequence[Piece]:
    """A cell's text with slots for ids, days and names."""
    made: list[Piece] = []
    place = 0
    both = re.compile(f"{TOKEN.pattern}|(?P<name>{texts.pattern})")
    for found in both.finditer(text):
        made.append(_escaped(text[place : found.start()]))
        place = found.end()
        if found["id"]:
            made.append(Slot("key", keys.setdefault(found["id"], len(keys))))
        elif found["day"]:
            made.append(Slot("day", (datetime.date.fromisoformat(found["day"]) - monday).days))
        else:
            made.append(Slot(names[found["name"]]))
    made.append(_escaped(text[place:]))
    return made


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _line(cells: list[list[Piece]]) -> list[Piece]:
    """One row of COPY's text format, neighbouring texts joined."""
    line: list[Piece] = []
    for nth, cell in enumerate(cells):
        for piece in (["\t"] if nth else []) + cell:
            if isinstance(piece, str) and line and isinstance(line[-1], str):
                line[-1] += piece
            elif piece != "":
                line.append(piece)
    end: list[Piece] = ["\n"]
    if line and isinstance(line[-1], str):
        line[-1] += "\n"
        return line
    return line + end


def _words(problem: Problem) -> str:
    """The lexemes of what every copy says alike, in the form in which a search column is read (inspections.searching
    tells what belongs there)."""
    kind = problem.kind
    alike = [problem.description, kind.name_zh if kind else "", kind.name_en if kind else ""]
    return lexemes(search.pieces(*alike))


def lexemes(words: Sequence[str]) -> str:
    return " ".join(f"'{word}'" for word in words)
