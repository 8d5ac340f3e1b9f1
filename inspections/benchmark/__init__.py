"""How fast the product is on the data that is here, beside the bare SQL of the same pages."""

from .running import NothingToMeasure, run
from .telling import as_json, as_markdown

__all__ = ["NothingToMeasure", "as_json", "as_markdown", "run"]
