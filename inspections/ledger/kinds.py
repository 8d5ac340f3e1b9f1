"""The kinds of ledgers as pages speak of them: what each is called, what its import brings, and undoing that."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy, ngettext_lazy


@dataclass(frozen=True)
class Kind:
    """One kind of ledger. Sentences with a count are filled by told()."""

    # What is offered where a ledger is uploaded.
    ledger: Any
    # The type of its subject in histories, and the name of the address of its list, which knows the parameters `batch`
    # (what an import brought) and `changed`.
    subject: str
    page: str
    # What an import of it may create besides its rows.
    creates: tuple[str, ...]
    brought: Any
    # Before and after undoing it, and of one row.
    to_take_back: Any
    taken_back: Any
    one_taken_back: Any
    # What stays of what was taken back.
    remains: Any
    # Of a kind whose imports change what was here.
    changed: Any = ""
    to_restore: Any = ""
    restored: Any = ""


COMES_BACK = gettext_lazy("Importing the same ledger again brings everything back.")

KINDS: dict[str, Kind] = {
    "problems": Kind(
        ledger=gettext_lazy("A ledger of problems"),
        subject="problem",
        page="problems",
        creates=("sites", "kinds", "units", "teams"),
        brought=ngettext_lazy("%(n)s problem it brought", "%(n)s problems it brought", "count"),
        changed=ngettext_lazy("%(n)s problem it changed", "%(n)s problems it changed", "count"),
        to_take_back=ngettext_lazy(
            "%(n)s problem that it brought is voided; its number stays with it.",
            "%(n)s problems that it brought are voided; their numbers stay with them.",
            "count",
        ),
        to_restore=ngettext_lazy(
            "%(n)s problem that it changed is as it was before.",
            "%(n)s problems that it changed are as they were before.",
            "count",
        ),
        taken_back=ngettext_lazy("%(n)s problem voided", "%(n)s problems voided", "count"),
        restored=ngettext_lazy("%(n)s problem as before", "%(n)s problems as before", "count"),
        one_taken_back=gettext_lazy("voided"),
        remains=gettext_lazy(
            "The numbers stay with what was voided. Importing the same ledger again brings them back."
        ),
    ),
    "visits": Kind(
        ledger=gettext_lazy("A ledger of visits"),
        subject="visit",
        page="visits",
        creates=("sites", "kinds", "teams"),
        brought=ngettext_lazy("%(n)s visit it brought", "%(n)s visits it brought", "count"),
        to_take_back=ngettext_lazy(
            "%(n)s visit that it brought counts no more.", "%(n)s visits that it brought count no more.", "count"
        ),
        taken_back=ngettext_lazy("%(n)s visit counts no more", "%(n)s visits count no more", "count"),
        one_taken_back=gettext_lazy("counts no more"),
        remains=COMES_BACK,
    ),
    "people": Kind(
        ledger=gettext_lazy("People and their roles"),
        subject="person",
        page="people",
        creates=("units",),
        brought=ngettext_lazy("%(n)s row of people it brought", "%(n)s rows of people it brought", "count"),
        changed=ngettext_lazy("%(n)s row of people it changed", "%(n)s rows of people it changed", "count"),
        to_take_back=ngettext_lazy(
            "%(n)s person whom it brought gets a closed account; nobody signed in with it yet.",
            "%(n)s people whom it brought get closed accounts; nobody signed in with them yet.",
            "count",
        ),
        to_restore=ngettext_lazy(
            "%(n)s person whom it changed is as before, without the roles that it gave.",
            "%(n)s people whom it changed are as before, without the roles that it gave.",
            "count",
        ),
        taken_back=ngettext_lazy("%(n)s account closed", "%(n)s accounts closed", "count"),
        restored=ngettext_lazy("%(n)s person as before", "%(n)s people as before", "count"),
        one_taken_back=gettext_lazy("account closed"),
        remains=gettext_lazy("Accounts are closed, never deleted. Importing the same file again opens them again."),
    ),
    "units": Kind(
        ledger=gettext_lazy("Units"),
        subject="unit",
        page="units",
        creates=(),
        brought=ngettext_lazy("%(n)s unit it brought", "%(n)s units it brought", "count"),
        changed=ngettext_lazy("%(n)s unit it changed", "%(n)s units it changed", "count"),
        to_take_back=ngettext_lazy(
            "%(n)s unit that it brought ends yesterday.", "%(n)s units that it brought end yesterday.", "count"
        ),
        to_restore=ngettext_lazy(
            "%(n)s unit that it changed is as it was before.",
            "%(n)s units that it changed are as they were before.",
            "count",
        ),
        taken_back=ngettext_lazy("%(n)s unit ended", "%(n)s units ended", "count"),
        restored=ngettext_lazy("%(n)s unit as before", "%(n)s units as before", "count"),
        one_taken_back=gettext_lazy("ended"),
        remains=gettext_lazy("Units are ended, never deleted. Importing the same file again brings them back."),
    ),
}
# Kinds that administrators import; all others are supervisors'.
ACCOUNTS = ("people", "units")


def told(sentence: Any, count: int) -> str:
    """A sentence of a kind with its count."""
    return str(sentence % {"n": f"{count:,}", "count": count})
