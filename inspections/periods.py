"""What campaigns and alerts have in common: whose they are, who reads and keeps them, how their days stand to today."""

import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from casetracker.dates import short_date
from casetracker.enums import Role, UnitKind
from casetracker.errors import Invalid, NotAllowed
from casetracker.models import Unit, User
from casetracker.models.units import UnitQuerySet
from inspections import policy, scope
from inspections.models import Visit

# The order of a list: what runs, what comes, what is over, what was entered by mistake.
RUNNING, COMING, OVER, WITHDRAWN = 0, 1, 2, 3


def offices_to_choose(user: User) -> UnitQuerySet:
    """The offices for which the person may decide: an administrator all, a supervisor the own ones and what is
    below them."""
    units = Unit.objects.filter(kind__in=(UnitKind.OFFICE, UnitKind.BUREAU)).order_by("path")
    if user.has_role(Role.ADMINISTRATOR):
        return units
    own = Q(pk__in=[])
    for unit in user.units_as(Role.SUPERVISOR):
        top = scope.bureau_of(unit)
        own |= Q(path__startswith=top.path) & (Q(pk=top.pk) | Q(pk__in=units.order_by().values("pk")))
    return Unit.objects.filter(own).order_by("path")


def visible_to(rows: Any, user: User) -> Any:
    """Campaigns or alerts that the person may read: those of the offices kept, and those of the units above, which
    hold there too."""
    if user.has_role(Role.ADMINISTRATOR):
        return rows
    above: set[int] = set()
    own = Q(pk__in=[])
    for unit in user.units_as(Role.SUPERVISOR):
        top = scope.bureau_of(unit)
        own |= Q(office__path__startswith=top.path)
        above.update(int(part) for part in top.path.split("/") if part)
    return rows.filter(own | Q(office__in=above))


def kept_by(rows: Any, user: User) -> Any:
    """Campaigns or alerts that the person may change."""
    return rows if user.has_role(Role.ADMINISTRATOR) else rows.filter(office__in=offices_to_choose(user))


def locked(office: Unit, by: User) -> Unit:
    """The office, held until the end of the transaction, so that nobody else writes its periods meanwhile; the units
    above and below it wait as well. Raises NotAllowed for whoever does not keep its periods."""
    if not policy.keeps_periods_of(by, office):
        raise NotAllowed(_("Only administrators and supervisors of the office may do this."))
    top = int(office.path.split("/")[0])
    list(Unit.objects.select_for_update(no_key=True).filter(pk=top).values_list("pk"))
    return office


def check_days(from_on: datetime.date, until_on: datetime.date | None) -> None:
    if until_on is not None and until_on < from_on:
        raise Invalid(_("The last day lies before the first one."), field="until_on")


def days_of(row: Any) -> str:
    """Mar 1 – Mar 5, 2026 or since Mar 1, 2026: the days of a campaign or an alert."""
    if row.until_on is None:
        return _("since %(date)s") % {"date": short_date(row.from_on)}
    if row.until_on == row.from_on:
        return short_date(row.from_on)
    return _("%(from)s to %(until)s") % {"from": short_date(row.from_on), "until": short_date(row.until_on)}


def standing(row: Any, today: datetime.date) -> int:
    """RUNNING, COMING, OVER or, of an alert, WITHDRAWN."""
    if getattr(row, "withdrawn_on", None) is not None:
        return WITHDRAWN
    if row.from_on > today:
        return COMING
    return OVER if row.until_on is not None and row.until_on < today else RUNNING


def in_order(rows: Any, today: datetime.date) -> list[Any]:
    """What runs first, then what comes, then what is over; the latest first, the next one to come first."""

    def key(row: Any) -> tuple[int, int, int]:
        stands = standing(row, today)
        return stands, row.from_on.toordinal() * (1 if stands == COMING else -1), -row.pk

    return sorted(rows, key=key)


def with_visits(rows: Any, user: User, column: str) -> Any:
    """The rows with `visits_count`: how many visits have them in this column (campaign, alert).

    Counted are those that the person may open; an administrator, who opens none, reads how many there are.
    """
    visits = Visit.objects.visible_to(user) if opens_visits(user) else Visit.objects.all()
    counted = visits.counted().filter(**{column: OuterRef("pk")}).order_by().values(column)
    number = Subquery(counted.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return rows.annotate(visits_count=Coalesce(number, 0))


def opens_visits(user: User) -> bool:
    return user.has_role(Role.SUPERVISOR)
