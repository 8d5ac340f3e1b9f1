"""Many new rows at once: streamed into the database by COPY, at a fraction of what INSERT statements take."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models
from django.db.models import Model

from casetracker.transactions import OutsideTransaction

# Fields whose values the driver writes as they are; those of any other are told to the field first.
PLAIN = (
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DecimalField,
    models.FloatField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
    models.UUIDField,
    SearchVectorField,
)


def copy_in(rows: Sequence[Model]) -> None:
    """Write new rows of one model in the caller's transaction, triggers and constraints included.

    As bulk_create(), but keys that the database makes are not known afterwards. Raises OutsideTransaction where
    there is no transaction, and what the database refuses: then none is written.
    """
    if not rows:
        return
    if not connection.in_atomic_block:
        raise OutsideTransaction("copy_in() must share the transaction of the change.")
    model = type(rows[0])
    statement, values = _plan(model)
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as out:
        for row in rows:
            out.write_row(values(row))
    for row in rows:
        row._state.adding = False


@cache
def _plan(model: type[Model]) -> tuple[str, Callable[[Any], Iterable[Any]]]:
    """The statement for a model and what makes its values of a row."""
    fields = [one for one in model._meta.concrete_fields if not (one.generated or isinstance(one, models.AutoField))]
    names = ", ".join(connection.ops.quote_name(str(one.column)) for one in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    read = attrgetter(*(one.attname for one in fields))
    made = [(place, make) for place, one in enumerate(fields) if (make := _maker(one))]

    def values(row: Any) -> list[Any]:
        told = list(read(row))
        for place, make in made:
            told[place] = make(told[place])
        return told

    return f"COPY {table} ({names}) FROM STDIN", values


def _maker(field: "models.Field[Any, Any]") -> Callable[[Any], Any] | None:
    """How the value of a field becomes what the driver writes; None where it is that already."""
    if isinstance(field, models.JSONField):
        return lambda value: None if value is None else json.dumps(value, cls=field.encoder, ensure_ascii=False)
    if isinstance(field, PLAIN):
        return None
    return lambda value: field.get_db_prep_save(value, connection)
