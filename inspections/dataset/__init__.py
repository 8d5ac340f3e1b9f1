"""A data set of any size, for measuring: histories made once through the workflow, then copied through the years."""

from .making import Made, NotHere, analyse, make

__all__ = ["Made", "NotHere", "analyse", "make"]
