"""The page of one problem: what is known of it, why its dates are what they are, and the next step as a form."""

from .files import problem_files
from .page import problem
from .verbs import problem_verb

__all__ = ["problem", "problem_files", "problem_verb"]
