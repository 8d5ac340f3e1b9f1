"""Undoing an import: what it brought is taken back, what it changed is as it was before; all of it or nothing.

`batches` undoes a batch of any kind; how each kind is undone stands in a module of its own, as a Part of the table
there.
"""

from .batches import built_on, undo_import
from .parts import BROUGHT, CHANGED
from .problems import snapshot

__all__ = ["BROUGHT", "CHANGED", "built_on", "snapshot", "undo_import"]
