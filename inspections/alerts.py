"""Writing heavy-pollution alerts: level, office and days; visits of their days show them from then on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.administering.recording import differences, reasoned, subject_id
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import User
from inspections import periods
from inspections.models import AlertPeriod
from inspections.visiting.alerting import Stretch, follow, hold_alerts

ALERT = "alert"
COLUMNS = ("level", "office", "from_on", "until_on")


@dataclass(frozen=True)
class Written:
    """The alert as it stands now, and how many visits show another one than before."""

    alert: AlertPeriod
    visits: int


@transaction.atomic
def enter_alert(*, by: User, **values: Any) -> Written:
    """Enter an alert; visits recorded before it was entered follow. `values` are COLUMNS.

    Raises NotAllowed outside the person's offices; Invalid for an end before the beginning and for days on which
    the office has another alert.
    """
    alert = AlertPeriod(**values)
    hold_alerts(alert.office, writes=True)
    periods.locked(alert.office, by)
    _check(alert)
    alert.save(force_insert=True)
    visits = follow([_stretch(alert)], alert)
    _tell(alert, "enter_alert", by, after=state(alert), visits=visits)
    return Written(alert, visits)


@transaction.atomic
def change_alert(alert: AlertPeriod, *, by: User, reason: str = "", **values: Any) -> Written:
    """Change level, office or days; its last day ends it. Visits of the old and of the new days follow.

    Raises what enter_alert() does, and Invalid without a reason or when nothing would change.
    """
    locked = _locked(alert, by)
    before, old_days, old_level = state(locked), _stretch(locked), locked.level
    for name in COLUMNS:
        if name in values:
            setattr(locked, name, values[name])
    hold_alerts(locked.office, writes=True)
    periods.locked(locked.office, by)
    _check(locked)
    old, new = differences(before, state(locked))
    why = reasoned(reason)
    locked.save()
    visits = follow([old_days, _stretch(locked)], locked, old_level)
    _tell(locked, "change_alert", by, before=old, after=new, visits=visits, reason=why)
    return Written(locked, visits)


@transaction.atomic
def withdraw_alert(alert: AlertPeriod, *, by: User, reason: str) -> Written:
    """Take back an alert that was entered by mistake: it never held, and the visits of its days lose it.

    One that was lifted ends instead, by its last day. Raises NotAllowed outside the person's offices; IllegalMove
    where it is withdrawn already; Invalid without a reason.
    """
    locked = _locked(alert, by)
    why = reasoned(reason)
    locked.withdrawn_on = timezone.localdate()
    locked.save(update_fields=["withdrawn_on"])
    visits = follow([_stretch(locked)], locked)
    _tell(locked, "withdraw_alert", by, before=state(locked), visits=visits, reason=why)
    return Written(locked, visits)


def _locked(alert: AlertPeriod, by: User) -> AlertPeriod:
    """The alert as it stands, held with the visits that may show it. Raises NotAllowed, and IllegalMove for one that
    was withdrawn."""
    hold_alerts(alert.office, writes=True)
    locked = AlertPeriod.objects.select_related("office").select_for_update(of=("self",)).get(pk=alert.pk)
    periods.locked(locked.office, by)
    if locked.withdrawn_on is not None:
        raise IllegalMove(_("This alert was withdrawn. Enter a new one where it held after all."))
    return locked


def tried(write: Callable[[], Written]) -> int:
    """How many visits would show another alert; it is written and rolled back, so nothing is kept."""
    with transaction.atomic():
        visits = write().visits
        transaction.set_rollback(True)
    return visits


def state(alert: AlertPeriod) -> dict[str, Any]:
    """Everything of an alert that may change, as the history holds it."""
    values = {name: getattr(alert, name) for name in COLUMNS if name != "office"}
    return values | {"level": str(alert.level), "office": alert.office.name_zh}


def _stretch(alert: AlertPeriod) -> Stretch:
    return Stretch(alert.office, alert.from_on, alert.until_on)


def _check(alert: AlertPeriod) -> None:
    periods.check_days(alert.from_on, alert.until_on)
    same_days = Q(until_on__isnull=True) | Q(until_on__gte=alert.from_on)
    if alert.until_on is not None:
        same_days &= Q(from_on__lte=alert.until_on)
    other = (
        AlertPeriod.objects.standing()
        .filter(same_days, office=alert.office)
        .exclude(pk=alert.pk)
        .order_by("from_on")
        .first()
    )
    if other is not None:
        words = {"level": other.get_level_display(), "days": periods.days_of(other)}
        text = _(
            "%(level)s, %(days)s, holds there on some of these days. Choose other days, or change that alert first."
        )
        # Where it begins inside the other one the first day is wrong, else the last one.
        field = "from_on" if other.from_on <= alert.from_on else "until_on"
        raise Invalid(text % words, field=field)


def _tell(alert: AlertPeriod, verb: str, by: User, **facts: Any) -> None:
    label = f"{alert.from_on:%Y-%m-%d} {alert.office.name_zh}"
    audit.record(subject_type=ALERT, subject_id=subject_id(ALERT, alert.pk), label=label, verb=verb, by=by, **facts)
