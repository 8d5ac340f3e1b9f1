"""What each app hands to the shared ground: subjects, work queues, digest sections, clocks, long work.

Filled in the apps' AppConfig.ready(), read by the ground's pages and tasks, so that the ground never
imports an app.
"""

import builtins
import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import Model, QuerySet
from django.utils.functional import Promise


@dataclass(frozen=True)
class Subject:
    """A kind of thing that history, notices and search speak of."""

    type: str
    model: builtins.type[Model]
    visible_to: Callable[[Any], QuerySet[Any]]
    link: Callable[[Any], str]
    # (event or notice as dict-like: verb/kind, details/params, …) -> the sentence in the active language
    event_sentence: Callable[[Any], str]
    notice_sentence: Callable[[Any], str]
    # Kinds of notice that tell somebody of what is not theirs to see any more; their sentence may still be read.
    farewells: frozenset[str] = frozenset()


@dataclass(frozen=True)
class WorkQueue:
    """One kind of work that waits for somebody: its clock, who does it, the word of its button."""

    key: str
    clock: str
    label: Any
    verb: str
    position: int
    # user -> running deadlines of this clock that wait for the person
    waiting: Callable[[Any], QuerySet[Any]]
    # (deadlines of one page, user, today) -> rows for the template
    rows: Callable[[list[Any], Any, datetime.date], list[Any]]


@dataclass(frozen=True)
class SearchGroup:
    """One group of results of the search box."""

    key: str
    label: str | Promise
    find: Callable[[Any, str], QuerySet[Any]]
    row_template: str
    list_url: Callable[[str], str]
    # Where a single hit of this group leads at once (an exact number); None where hits are only listed.
    opens: Callable[[Any], str] | None = None
    # Of such a group: what the text is, an exact number that leads there whatever else is found, or one that only
    # does where nothing else is found; empty where it may mean something else, so that its hits are listed.
    means: Callable[[str], Literal["exact", "alone", ""]] = field(default=lambda text: "exact")


@dataclass(frozen=True)
class JobKind:
    """One kind of long work: how it is done and where its result is shown."""

    key: str
    label: str | Promise
    # (job, progress callback taking (done, total)) -> the result to store
    run: Callable[[Any, Callable[[int, int], None]], dict[str, Any]]
    result_url: Callable[[Any], str]
    lease_seconds: int = 300
    # Where to begin again when it failed (the name of an address) and the words that lead there.
    begin_url: str = ""
    begin_words: str | Promise = ""


@dataclass(frozen=True)
class Export:
    """One list that can be had as a file."""

    key: str
    label: str | Promise
    # The name of the address of the page that shows it.
    page: str
    shown_to: Callable[[Any], bool]
    # (user, the query of the page's address) -> casetracker.exporting.Table of what this person sees of it;
    # casetracker.exporting.Unknown for a query that no page gives out.
    table: Callable[[Any, str], Any]


@dataclass(frozen=True)
class Place:
    """One place of the top bar."""

    key: str
    label: str | Promise
    url_name: str
    position: int
    shown_to: Callable[[Any], bool] = field(default=lambda user: True)


subjects: dict[str, Subject] = {}
queues: dict[str, WorkQueue] = {}
searches: dict[str, SearchGroup] = {}
jobs: dict[str, JobKind] = {}
exports: dict[str, Export] = {}
places: dict[str, Place] = {}
clocks: dict[str, str] = {}
# What the weekly e-mail is made of (casetracker.digest.Section), in this order.
digest_sections: dict[str, Any] = {}
# (evidence sha256, user) -> may this person open the file
evidence_gates: list[Callable[[str, Any], bool]] = []
# (evidence, now) -> tells whoever gave this photo that nobody can open it; in the transaction that marks it
unreadable_photos: list[Callable[[Any, datetime.datetime], None]] = []


def queues_in_order() -> Iterable[WorkQueue]:
    return sorted(queues.values(), key=lambda queue: queue.position)


# In demonstration mode: the people with a card on the sign-in page, and their common password.
demo_people: Callable[[], list[dict[str, str]]] = list
demo_password = ""
