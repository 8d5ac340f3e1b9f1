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
    # What is to be known after undoing it, and what can be done where it can't be undone any more.
    remains: Any
    instead: Any
    # What it created besides its rows and stays all the same; empty where nothing does.
    stays: Any = ""
    # What a changed row is told by.
    called: Any = gettext_lazy("Number")
    # Of a kind whose imports change what was here.
    changed: Any = ""
    to_restore: Any = ""
    restored: Any = ""


ALONG = gettext_lazy("Sites that came with it are off the register where nothing else uses them. Units and kinds stay.")
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
        instead=gettext_lazy("Nothing was changed. Void or amend single problems on their own pages instead."),
        stays=ALONG,
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
        instead=gettext_lazy("Nothing was changed. Correct single visits on their own pages instead."),
        stays=ALONG,
    ),
    "sites": Kind(
        ledger=gettext_lazy("A register of sites"),
        subject="site",
        page="sites",
        creates=("kinds",),
        brought=ngettext_lazy("%(n)s site it brought", "%(n)s sites it brought", "count"),
        changed=ngettext_lazy("%(n)s site it changed", "%(n)s sites it changed", "count"),
        to_take_back=ngettext_lazy(
            "%(n)s site that it brought is off the register.",
            "%(n)s sites that it brought are off the register.",
            "count",
        ),
        to_restore=ngettext_lazy(
            "%(n)s site that it changed is as it was before, with whoever ran it.",
            "%(n)s sites that it changed are as they were before, with whoever ran them.",
            "count",
        ),
        taken_back=ngettext_lazy("%(n)s site off the register", "%(n)s sites off the register", "count"),
        restored=ngettext_lazy("%(n)s site as before", "%(n)s sites as before", "count"),
        one_taken_back=gettext_lazy("off the register"),
        remains=COMES_BACK,
        instead=gettext_lazy("Nothing was changed. Change single sites on their own pages instead."),
        stays=gettext_lazy("Kinds and operators that it created stay."),
        called=gettext_lazy("Site"),
    ),
    "exposures": Kind(
        ledger=gettext_lazy("A ledger of exposures in the media"),
        subject="exposure",
        page="exposures",
        creates=(),
        brought=ngettext_lazy("%(n)s exposure it brought", "%(n)s exposures it brought", "count"),
        changed=ngettext_lazy("%(n)s exposure it changed", "%(n)s exposures it changed", "count"),
        to_take_back=ngettext_lazy(
            "%(n)s exposure that it brought counts no more.", "%(n)s exposures that it brought count no more.", "count"
        ),
        to_restore=ngettext_lazy(
            "%(n)s exposure that it changed is as it was before.",
            "%(n)s exposures that it changed are as they were before.",
            "count",
        ),
        taken_back=ngettext_lazy("%(n)s exposure counts no more", "%(n)s exposures count no more", "count"),
        restored=ngettext_lazy("%(n)s exposure as before", "%(n)s exposures as before", "count"),
        one_taken_back=gettext_lazy("counts no more"),
        remains=COMES_BACK,
        instead=gettext_lazy("Nothing was changed. Undo the later imports first that brought their follow-ups."),
        called=gettext_lazy("Who was exposed"),
    ),
    "people": Kind(
        ledger=gettext_lazy("People and their roles"),
        subject="person",
        page="people",
        creates=("units",),
        brought=ngettext_lazy("%(n)s person it brought", "%(n)s people it brought", "count"),
        changed=ngettext_lazy("%(n)s person it changed", "%(n)s people it changed", "count"),
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
        instead=gettext_lazy("Nothing was changed. Change or close single accounts on their own pages instead."),
        stays=gettext_lazy("Invitations that wait are not sent, and links that were sent no longer work."),
        called=gettext_lazy("Person"),
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
        instead=gettext_lazy("Nothing was changed. Change single units on their own pages instead."),
        called=gettext_lazy("Unit"),
    ),
}
# Kinds that administrators import; all others are supervisors'.
ACCOUNTS = ("people", "units")

# Sites that came with another ledger, once its import was undone.
SITES_ALONG = ngettext_lazy(
    "%(n)s site that came with it is off the register", "%(n)s sites that came with it are off the register", "count"
)


def told(sentence: Any, count: int) -> str:
    """A sentence of a kind with its count."""
    return str(sentence % {"n": f"{count:,}", "count": count})
