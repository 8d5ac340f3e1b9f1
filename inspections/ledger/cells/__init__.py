"""Pure parsers for single cells: each returns a value, None for an empty cell, or raises CellError."""

from .dates import (
    as_date,
)
from .numbers import (
    CaseNumber,
    as_decimal,
    as_int,
    as_lat,
    as_lon,
    as_number_text,
)
from .texts import (
    Cell,
    as_bool,
    as_choice,
    as_code,
    as_name,
    as_names,
    as_text,
    fold,
    is_nothing,
    join_names,
    normalise,
    plain,
)

__all__ = [
    "as_date",
    "CaseNumber",
    "as_decimal",
    "as_int",
    "as_lat",
    "as_lon",
    "as_number_text",
    "Cell",
    "as_bool",
    "as_choice",
    "as_code",
    "as_name",
    "as_names",
    "as_text",
    "fold",
    "is_nothing",
    "join_names",
    "normalise",
    "plain",
]
