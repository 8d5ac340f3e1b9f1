"""Writing campaigns: name, office, days and note; what the visits of one forbid."""

from typing import Any

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.administering.recording import differences, subject_id
from casetracker.dates import short_date
from casetracker.errors import Invalid
from casetracker.models import User
from inspections import periods
from inspections.models import Campaign, Visit

CAMPAIGN = "campaign"
COLUMNS = ("name_zh", "name_en", "office", "from_on", "until_on", "note")


@transaction.atomic
def create_campaign(*, by: User, **values: Any) -> Campaign:
    """Decide a campaign. `values` are columns of COLUMNS.

    Raises NotAllowed outside the person's offices; Invalid for a name that the office used before, and for an end
    before the beginning.
    """
    campaign = Campaign(**values)
    periods.locked(campaign.office, by)
    _check(campaign)
    campaign.save(force_insert=True)
    _tell(campaign, "create_campaign", by, after=state(campaign))
    return campaign


@transaction.atomic
def change_campaign(campaign: Campaign, *, by: User, **values: Any) -> Campaign:
    """Change a campaign; its last day ends it.

    Raises what create_campaign() does, and Invalid when nothing would change or when visits of the campaign would
    lie outside its days or belong to another office.
    """
    locked = Campaign.objects.select_related("office").select_for_update(of=("self",)).get(pk=campaign.pk)
    periods.locked(locked.office, by)
    before = state(locked)
    for name in COLUMNS:
        if name in values:
            setattr(locked, name, values[name])
    periods.locked(locked.office, by)
    _check(locked)
    old, new = differences(before, state(locked))
    _keep_visits(locked, moved="office" in new)
    locked.save()
    _tell(locked, "change_campaign", by, before=old, after=new)
    return locked


def state(campaign: Campaign) -> dict[str, Any]:
    """Everything of a campaign that may change, as the history holds it."""
    values = {name: getattr(campaign, name) for name in COLUMNS if name != "office"}
    return values | {"office": campaign.office.name_zh, "note": campaign.note.strip()}


def _check(campaign: Campaign) -> None:
    periods.check_days(campaign.from_on, campaign.until_on)
    others = Campaign.objects.filter(office=campaign.office).exclude(pk=campaign.pk)
    for field in ("name_zh", "name_en"):
        name = getattr(campaign, field)
        other = others.filter(**{f"{field}__iexact": name}).first() if name else None
        if other is not None:
            words = {"name": name, "days": periods.days_of(other)}
            text = _(
                "The office has a campaign “%(name)s” already (%(days)s). Add the year to the name, or change that one."
            )
            raise Invalid(text % words, field=field)


def _keep_visits(campaign: Campaign, *, moved: bool) -> None:
    """Visits stay within the days and the office of their campaign."""
    found = Visit.objects.filter(campaign=campaign).counted().aggregate(first=Min("on"), last=Max("on"))
    first, last = found["first"], found["last"]
    if first is None:
        return
    if moved:
        raise Invalid(_("Visits of this campaign belong to the office. Add a campaign for the other one."), "office")
    if first < campaign.from_on:
        words = {"date": short_date(first)}
        raise Invalid(_("A visit of %(date)s belongs to it. Choose that day or an earlier one.") % words, "from_on")
    if campaign.until_on is not None and last > campaign.until_on:
        words = {"date": short_date(last)}
        raise Invalid(_("A visit of %(date)s belongs to it. Choose that day or a later one.") % words, "until_on")


def _tell(campaign: Campaign, verb: str, by: User, **facts: Any) -> None:
    key = subject_id(CAMPAIGN, campaign.pk)
    audit.record(subject_type=CAMPAIGN, subject_id=key, label=campaign.name_zh, verb=verb, by=by, **facts)
