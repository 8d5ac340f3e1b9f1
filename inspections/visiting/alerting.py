"""Visits follow the alerts: when one is entered or changed, the visits of its days are looked up anew."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from casetracker.models import Unit
from inspections.enums import AlertLevel
from inspections.models import AlertPeriod, Visit
from inspections.visiting.asking import GRAVITY

# The first half of the lock's name; the second one is the unit at the top of the tree.
ALERTS = 24940


def hold_alerts(unit: Unit, *, writes: bool = False) -> None:
    """Keep the alerts over this unit as they are until the transaction ends; recorders of visits hold them together,
    who `writes` one waits for all of those and keeps new ones waiting.

    Otherwise a visit and an alert written at the same moment would not see each other. Taken before any row of a
    visit or an alert is locked, so that nobody waits in a circle.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Alerts are held inside the transaction that relies on them.")
    function = "pg_advisory_xact_lock" if writes else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [ALERTS, int(unit.path.split("/")[0])])


@dataclass(frozen=True)
class Stretch:
    """Days of an office with everything below it; without a last day they run on."""

    office: Unit
    from_on: datetime.date
    until_on: datetime.date | None

    @property
    def visits(self) -> Q:
        found = Q(team__path__startswith=self.office.path, on__gte=self.from_on)
        return found & Q(on__lte=self.until_on) if self.until_on else found


def follow(stretches: Sequence[Stretch], changed: AlertPeriod, was: str = "") -> int:
    """Give every visit of the stretches the alert of its team and day, in the transaction of the caller.

    `changed` is the alert just written, `was` its level before that. Returns how many visits show another level, or
    one instead of none. Visits of an import that was undone show nothing and stay.
    """
    mine = Q(pk__in=[])
    for stretch in stretches:
        mine |= stretch.visits
    held = Visit.objects.filter(mine).counted().order_by()
    groups = list(held.values_list("team", "team__path", "on", "alert").annotate(n=Count("pk")))
    alerts = alerts_over({path for _team, path, _on, _alert, _n in groups})
    levels: dict[int | None, str] = {alert.pk: str(alert.level) for alert in alerts}
    levels |= dict(
        AlertPeriod.objects.filter(pk__in={row[3] for row in groups} - {None, *levels}).values_list("pk", "level")
    )
    before = levels | ({changed.pk: was} if was else {})
    moves: defaultdict[tuple[int, int | None], set[datetime.date]] = defaultdict(set)
    shown = 0
    for team, path, on, alert, count in groups:
        now = gravest(alerts, path, on)
        if now != alert:
            moves[team, now].add(on)
        shown += count if before.get(alert) != levels.get(now) else 0
    # Always in the same order, so that two writers can't wait for each other.
    for (team, now), days in sorted(moves.items(), key=lambda move: (move[0][0], move[0][1] or 0)):
        held.filter(team=team, on__in=days).update(alert=now)
    return shown


def alerts_over(paths: set[str]) -> list[AlertPeriod]:
    """The alerts of these units and of those above them, in the order in which alert_on() reads them."""
    units = {int(part) for path in paths for part in path.split("/") if part}
    return list(AlertPeriod.objects.standing().filter(office__in=units))


def gravest(alerts: Sequence[AlertPeriod], path: str, on: datetime.date) -> int | None:
    """The alert of a team on a day by the rule of asking.alert_on()."""
    above = {int(part) for part in path.split("/") if part}
    there = [
        alert
        for alert in alerts
        if alert.office_id in above and alert.from_on <= on and (alert.until_on is None or alert.until_on >= on)
    ]
    gravest = min(there, key=lambda alert: GRAVITY.get(AlertLevel(alert.level), 9), default=None)
    return gravest.pk if gravest else None
