"""The lists of visits, sites, exposures, parties, imports and batches as tables."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from casetracker import counting
from casetracker.exporting import Cell, Column, Table, Unknown, streamed
from casetracker.models import User
from casetracker.wording import listed
from inspections import lists, periods
from inspections.ledger.kinds import KINDS
from inspections.models import AlertPeriod, Campaign
from inspections.registers import Register


def visits(user: User, query: str) -> Table:
    """Every visit of the list, with the number of people where their names are not known."""
    heads = [
        Column(_("Day"), 12),
        Column(_("Began"), 17),
        Column(_("Ended"), 17),
        Column(_("Site"), 32),
        Column(_("District"), 16),
        Column(_("Team"), 20),
        Column(_("Inspectors"), 24),
        Column(_("People"), 8),
        Column(_("Mode"), 16),
        Column(_("Outcome"), 14),
        Column(_("Problems found"), 10),
    ]

    def cells(visit: Any) -> list[Cell]:
        return [
            visit.on,
            local(visit.started_at),
            local(visit.ended_at),
            visit.site_name,
            visit.district.name,
            visit.team.name,
            listed(one.name for one in visit.inspectors.all()),
            visit.people,
            str(visit.get_mode_display()),
            str(visit.get_outcome_display()),
            visit.found,
        ]

    # `count` tells the page what to count; it narrows nothing.
    return _of_register(_("Visits"), lists.visits(QueryDict(query), user), heads, cells)


def sites(user: User, query: str) -> Table:
    """Every site of the list."""
    heads = [
        Column(_("Site"), 32),
        Column(_("Address"), 32),
        Column(_("Kind"), 16),
        Column(_("District"), 16),
        Column(_("Risk class"), 12),
        Column(_("Last visit"), 12),
        Column(_("Open problems"), 10),
    ]

    def cells(site: Any) -> list[Cell]:
        return [
            site.name,
            site.address,
            site.kind.name,
            site.district.name,
            str(site.get_risk_class_display()),
            site.last_visit,
            site.open_count,
        ]

    return _of_register(_("Sites"), lists.sites(QueryDict(query), user), heads, cells)


def exposures(user: User, query: str) -> Table:
    """Everybody whom the pieces of the list name, each with the piece."""
    heads = [
        Column(_("Who was exposed"), 32),
        Column(_("Published"), 12),
        Column(_("Medium"), 20),
        Column(_("Title"), 48),
        Column(_("Problem"), 20),
        Column(_("Followed up on"), 12),
        Column(_("Result of the follow-up"), 24),
    ]

    def cells(named: Any) -> list[Cell]:
        return [
            named.name,
            named.published_on,
            named.exposure.medium,
            named.exposure.title,
            named.problem.number if named.problem else None,
            named.follow_up_on,
            named.follow_up_result,
        ]

    return _of_register(_("Exposures in the media"), lists.exposures(QueryDict(query), user), heads, cells)


def parties(user: User, query: str) -> Table:
    """Every party that is found, also those that the page has no room for."""
    found = lists.parties(QueryDict(query).get("q", "").strip(), user)
    heads = [Column(_("Party"), 32), Column(_("Kind"), 16), Column(_("Unified social credit code"), 22)]

    def rows() -> Iterator[list[Cell]]:
        for row in streamed(found):
            yield [row.name, str(row.get_kind_display()), row.credit_code]

    return Table(_("Parties"), heads, found.count(), rows)


def imports(user: User, query: str) -> Table:
    """Every import into the offices that the person oversees, also those that the page has no room for."""
    found = lists.imports(user)
    heads = [
        Column(_("File"), 32),
        Column(_("What it holds"), 24),
        Column(_("Imported"), 17),
        Column(pgettext("of an import", "By"), 16),
        Column(_("Office"), 28),
        *(Column(head, 10) for head in (_("Rows"), _("New"), _("Updated"), _("Unchanged"), _("Repeated"))),
        Column(pgettext("rows", "Refused"), 10),
        Column(_("Held back"), 10),
        Column(pgettext("import", "Undone"), 17),
    ]
    counts = ("rows", "created", "updated", "unchanged", "duplicates", "refused_rows")

    def rows() -> Iterator[list[Cell]]:
        for row in streamed(found):
            yield [
                row.file_name,
                str(KINDS[row.kind].ledger),
                local(row.created_at),
                str(row.by) if row.by else None,
                row.office.name,
                *(row.report.get(name) for name in counts),
                None if row.undone_at else row.held,
                local(row.undone_at),
            ]

    return Table(_("Imports"), heads, found.count(), rows)


def batches(user: User, query: str) -> Table:
    """Every batch that the person sees, the newest first."""
    found = lists.batches(user)
    heads = [Column(_("Number"), 20), Column(_("Title"), 40), Column(_("Issued"), 12), Column(_("Problems"), 10)]

    def rows() -> Iterator[list[Cell]]:
        for row in streamed(lists.batch_rows(found, user)):
            yield [row.number, row.title, row.issued_on, row.problems]

    return Table(_("Central assignments"), heads, found.count(), rows)


def campaigns(user: User, query: str) -> Table:
    """Every campaign that holds for the person's offices, in the order of the page."""
    return _of_periods(_("Campaigns"), Column(_("Campaign"), 32), Campaign, "campaign", lambda row: row.name, user)


def alerts(user: User, query: str) -> Table:
    """Every alert that holds for the person's offices, in the order of the page."""
    head = Column(pgettext("of an alert", "Level"), 16)
    return _of_periods(
        _("Heavy-pollution alerts"), head, AlertPeriod, "alert", lambda row: str(row.get_level_display()), user
    )


def _of_periods(name: str, head: Column, model: Any, column: str, called: Callable[[Any], str], user: User) -> Table:
    found = periods.with_visits(periods.visible_to(model.objects.select_related("office"), user), user, column)
    today = timezone.localdate()
    rows = periods.in_order(found, today)
    words = {
        periods.RUNNING: pgettext("a period", "runs"),
        periods.COMING: pgettext("a period", "to come"),
        periods.OVER: pgettext("a period", "over"),
        periods.WITHDRAWN: pgettext("an alert", "withdrawn"),
    }
    heads = [
        head,
        Column(_("State"), 12),
        Column(_("From"), 12),
        Column(_("Until"), 12),
        Column(_("Office"), 28),
        Column(_("Visits"), 8),
    ]

    def read() -> Iterator[list[Cell]]:
        for row in rows:
            stands = words[periods.standing(row, today)]
            yield [called(row), stands, row.from_on, row.until_on, row.office.name, row.visits_count]

    return Table(name, heads, len(rows), read)


def _of_register(name: str, asked: Register, heads: list[Column], cells: Callable[[Any], list[Cell]]) -> Table:
    if asked.unknown or not asked.is_valid:
        raise Unknown(asked.unknown)

    def rows() -> Iterator[list[Cell]]:
        for row in streamed(asked.in_order):
            yield cells(row)

    return Table(name, heads, counting.count_exactly(asked.rows).rows, rows)


def local(moment: Any) -> Any:
    """A moment as a clock on the wall showed it; a spreadsheet knows no time zones."""
    return timezone.localtime(moment).replace(tzinfo=None) if moment else None
