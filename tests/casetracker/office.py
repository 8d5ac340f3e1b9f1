"""What the tests of the administration share: signing in, the total of a list, counting queries."""

import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from casetracker.administering.recording import subject_id
from casetracker.models import Event


def total(response: Any) -> str:
    found = re.search(r'data-total="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1]


def events(kind: str, key: object) -> list[Event]:
    """The history of a unit, a person, a year, a rule's code: oldest first."""
    return list(Event.objects.filter(subject_type=kind, subject_id=subject_id(kind, key)).order_by("seq"))


def queries(ask: Callable[[], Any]) -> int:
    """How many queries an answer takes once everything that is read only once is warm."""
    ask()
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def words(response: Any) -> str:
    """The page without its tags, in one line."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", text)
