"""What else in the database speaks of a person or a unit: found by the tables themselves, so that none is forgotten."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model


def referring(model: type[Model], keys: Iterable[Any], but: Iterable[type[Model]]) -> set[Any]:
    """The keys among these of rows that another row refers to; tables in `but` don't count."""
    wanted, without = list(keys), set(but)
    found: set[Any] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or not relation.is_relation:
            continue
        other: Any = relation.related_model
        if other is None or other in without or getattr(relation, "through", None) in without:
            continue
        name = relation.field.name  # type: ignore[union-attr]
        rows = other._default_manager.filter(**{f"{name}__in": wanted}).order_by()
        found.update(rows.values_list(name, flat=True).distinct())
    return found & set(wanted)
