"""Writing what clocks are counted by: calendar days and the rules of terms."""

import datetime
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import calendars
from casetracker.administering.recording import CALENDAR, RULE, reasoned, tell
from casetracker.calendars import Changes, Notice, Row
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import CalendarDay, DeadlineRule, User

DAY = datetime.timedelta(days=1)
# The years after the last settled one that are filled provisionally.
PROVISIONAL_YEARS = 2
# More changed days than these are told as a number only.
MOST_TOLD = 40
RULE_COLUMNS = (
    "name_zh",
    "name_en",
    "amount",
    "unit",
    "roll",
    "near_workdays",
    "cutoff",
    "source_zh",
    "source_en",
    "verified_by",
    "note",
)


# --- Calendar ---------------------------------------------------------------------------------------


@transaction.atomic
def change_day(row: Row, *, by: User) -> Changes:
    """Write one day of the calendar by hand; its source says on whose word.

    Raises Invalid without a source, or when the day is so already. Running clocks keep their dates.
    """
    if not row.source.strip():
        raise Invalid(_("Name the notice or the decision that says so."), field="source")
    changes = calendars.store([row], over="all")
    if not changes.changed:
        raise Invalid(_("Nothing was changed."))
    _tell_days(changes, "change_day", by, source=row.source)
    return changes


@transaction.atomic
def load_notice(notice: Notice, *, by: User, source: str) -> Changes:
    """Write an official notice of holidays. Raises Invalid when the calendar has it already."""
    changes = calendars.store_notice(notice)
    if not changes.changed:
        raise Invalid(_("The calendar has every day of this notice already."))
    _tell_days(changes, "load_notice", by, source=source)
    _guess_ahead()
    return changes


def tried(write: Callable[[], Changes]) -> Changes:
    """What a loader of the calendar would change; it is run and rolled back, so nothing is written."""
    with transaction.atomic():
        changes = write()
        transaction.set_rollback(True)
    calendars.clear()
    return changes


@transaction.atomic
def reload_package(*, by: User) -> Changes:
    """Load every year the packaged table knows; what was entered by hand or by a notice stays as it is."""
    changes = package_changes()
    if changes.changed:
        _tell_days(changes, "reload_package", by, source=calendars.PACKAGE_SOURCE)
    _guess_ahead()
    return changes


def package_changes() -> Changes:
    """Write every year of the packaged table, without its event."""
    return calendars.store(calendars.rows_from_package(calendars.PACKAGE_YEARS), over="loaded")


def _guess_ahead() -> None:
    """Fill the years after the last settled one provisionally, so that clocks can run into them."""
    settled = calendars.last_settled_year() or timezone.localdate().year - 1
    ahead = range(settled + 1, settled + 1 + PROVISIONAL_YEARS)
    calendars.store([row for year in ahead for row in calendars.provisional_rows(year)], over="provisional")


def _tell_days(changes: Changes, verb: str, by: User, **details: Any) -> None:
    """One event per year that changed; the history of a calendar year is that of one subject."""
    by_year: dict[int, list[tuple[Row | None, Row]]] = {}
    for before, after in changes.changed:
        by_year.setdefault(after.on.year, []).append((before, after))
    for year, pairs in sorted(by_year.items()):
        # One writer of a year's history at a time.
        list(CalendarDay.objects.select_for_update().filter(on=datetime.date(year, 1, 1)))
        shown = pairs if len(pairs) <= MOST_TOLD else []
        tell(
            CALENDAR,
            year,
            str(year),
            verb,
            by,
            before={after.on.isoformat(): _kind(before) for before, after in shown},
            after={after.on.isoformat(): _kind(after) for _before, after in shown},
            days=len(pairs),
            **details,
        )


def _kind(row: Row | None) -> list[Any] | None:
    return [row.kind, row.name_zh, row.official] if row is not None else None


# --- Rules ------------------------------------------------------------------------------------------


@transaction.atomic
def issue_rule(code: str, *, by: User, effective_from: datetime.date, reason: str, **values: Any) -> DeadlineRule:
    """Put a new version of a clock's rule in force from a day on; the version before it ends the day before.

    `values` are columns of RULE_COLUMNS. A version in force is never edited, so clocks that ran by it explain
    themselves by it for ever. Raises Invalid for a day that has passed or on which a version begins already.
    """
    why = reasoned(reason)
    versions = list(DeadlineRule.objects.select_for_update().filter(code=code).order_by("effective_from"))
    if not versions:
        raise Invalid(_("There is no clock of this name."))
    if effective_from < timezone.localdate():
        raise Invalid(_("A rule can’t change days that have passed. Choose today or later."), field="effective_from")
    if any(one.effective_from == effective_from for one in versions):
        raise Invalid(_("A version begins on this day already. Choose another day."), field="effective_from")
    earlier = [one for one in versions if one.effective_from < effective_from]
    later = [one for one in versions if one.effective_from > effective_from]
    rule = DeadlineRule(code=code, effective_from=effective_from, **values)
    rule.effective_until = later[0].effective_from - DAY if later else None
    if earlier:
        earlier[-1].effective_until = effective_from - DAY
        earlier[-1].save(update_fields=["effective_until"])
    rule.save(force_insert=True)
    before = _told(earlier[-1]) if earlier else {}
    tell(RULE, code, rule.name_zh, "issue_rule", by, reason=why, before=before, after=_told(rule))
    return rule


@transaction.atomic
def withdraw_rule(rule: DeadlineRule, *, by: User, reason: str) -> None:
    """Take back a version that is not in force yet; the one before it goes on. IllegalMove for any other."""
    why = reasoned(reason)
    versions = list(DeadlineRule.objects.select_for_update().filter(code=rule.code).order_by("effective_from"))
    found = next((one for one in versions if one.pk == rule.pk), None)
    if found is None or found.effective_from <= timezone.localdate():
        raise IllegalMove(_("This version is in force or gone already. Put a new one in force instead."))
    earlier = [one for one in versions if one.effective_from < found.effective_from]
    if earlier:
        earlier[-1].effective_until = found.effective_until
        earlier[-1].save(update_fields=["effective_until"])
    told = _told(found)
    found.delete()
    tell(RULE, rule.code, rule.name_zh, "withdraw_rule", by, reason=why, before=told)


def _told(rule: DeadlineRule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in (*RULE_COLUMNS, "effective_from")}
