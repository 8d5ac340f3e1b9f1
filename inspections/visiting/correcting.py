"""Putting the record of a visit right: columns and people in one transaction, with the event that tells of it."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import audit, notices
from casetracker.errors import IllegalMove, Invalid, NotAllowed
from casetracker.models import Event, Unit, User
from inspections import policy
from inspections.enums import VisitMode
from inspections.models import AlertPeriod, Campaign, Site, Visit, VisitInspector
from inspections.visiting.alerting import hold_alerts
from inspections.visiting.asking import alert_on, campaigns_on, day_of, teams_for
from inspections.visiting.recording import SUBJECT, day_for, heads_for

CORRECTED = "correct_visit"
# What a person may correct; the district follows the site, and the alert follows the team and the day.
CORRECTABLE = (
    "team",
    "site",
    "on",
    "started_at",
    "ended_at",
    "mode",
    "outcome",
    "people",
    "wind_degrees",
    "wind_speed",
    "campaign",
    "note",
)


@transaction.atomic
def correct_visit(
    visit: Visit,
    *,
    by: User,
    reason: str,
    seen: int | None = None,
    inspectors: Sequence[User] | None = None,
    names: Sequence[str] | None = None,
    now: datetime.datetime | None = None,
    **values: Any,
) -> Visit:
    """Correct what the record says of a visit; problems, results and answers of it stay as they are.

    `values` may hold the columns of CORRECTABLE. A new day takes the hours along where none are given; `people`
    None counts those who are named, and so does a new list of them where no head count is given. `seen` is the
    version() that the person looked at. Raises NotAllowed; IllegalMove where somebody corrected it since (its
    `facts` hold the `events`); Invalid with `field` for what can't be, and where nothing would change.
    """
    moment = now or timezone.now()
    today = timezone.localdate(moment)
    for team in {one.pk: one for one in (visit.team, values.get("team") or visit.team)}.values():
        hold_alerts(team)
    row = Visit.objects.select_for_update(of=("self",)).select_related("team", "site", "campaign", "alert")
    visit = row.get(pk=visit.pk)
    if refused := policy.may_not_correct(visit, by, today):
        raise NotAllowed(refused)
    _same_as_seen(visit, seen)
    why = reason.strip()
    if not why:
        raise Invalid(_("Say why it is corrected."), field="reason")
    before = told(visit)
    _take_over(visit, values, by, moment)
    _set_people(visit, inspectors, names)
    named = visit.inspectors.count()
    if "people" in values or inspectors is not None or names is not None:
        visit.people = heads_for(values.get("people"), named)
    visit.alert = alert_on(visit.team, visit.on)
    after = told(visit)
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        raise Invalid(_("Nothing was changed."))
    visit.save()
    event = audit.record(
        subject_type=SUBJECT,
        subject_id=visit.pk,
        label=f"{visit.on:%Y-%m-%d} {visit.site_name}",
        verb=CORRECTED,
        by=by,
        at=moment,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=why[:300],
    )
    _tell(event, visit, why[:300])
    return visit


def version(visit: Visit) -> int:
    """How many events the visit has; it grows with every correction."""
    return audit.timeline(SUBJECT, visit.pk).count()


def may_move(visit: Visit) -> bool:
    """Whether the visit may be said to have been at another site: nothing that was found there hangs on it."""
    return not (visit.problems.exists() or visit.rechecks.exists() or visit.answers.exists())


def teams_to_choose(visit: Visit, by: User) -> list[Unit]:
    """The teams that may be named: the visit's own, and those for which the person records."""
    return [visit.team, *(team for team in teams_for(by) if team.pk != visit.team_id)]


def told(visit: Visit) -> dict[str, Any]:
    """What the record says, as the history keeps it: a unit or campaign with its name in both languages, a site with
    its id."""
    people = list(visit.inspectors.order_by("pk").values_list("name", flat=True))
    values = {name: plain(getattr(visit, name)) for name in (*CORRECTABLE, "district", "alert")}
    return values | {"inspectors": people}


def plain(value: Any) -> Any:
    """A value as the history keeps it, the same for what is stored and what is typed."""
    if isinstance(value, Site):
        return [value.name, str(value.pk)]
    if isinstance(value, AlertPeriod):
        return value.level
    if hasattr(value, "name_zh"):
        return [value.name_zh, value.name_en]
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).isoformat()
    if isinstance(value, Decimal):
        return f"{value:.1f}"
    return audit.plain(value)


def _tell(event: Event, visit: Visit, why: str) -> None:
    """Tell whoever recorded the visit that somebody else corrected it, as long as that person sees it."""
    recorder = visit.recorded_by
    if recorder is None or recorder.pk == event.actor_id:
        return
    if not Visit.objects.visible_to(recorder).filter(pk=visit.pk).exists():
        return
    notices.queue(
        [recorder],
        kind=CORRECTED,
        subject_type=SUBJECT,
        subject_id=visit.pk,
        label=visit.site_name,
        period=f"event-{event.pk}",
        at=event.at,
        by=event.actor_name,
        on=visit.on,
        reason=why,
    )


# --- Parts of a correction ----------------------------------------------------------------------------


def _same_as_seen(visit: Visit, seen: int | None) -> None:
    if seen is None:
        return
    since = list(Event.objects.filter(subject_type=SUBJECT, subject_id=visit.pk).order_by("seq")[max(seen, 0) :])
    if since:
        raise IllegalMove(_("This visit was corrected while you looked at it."), events=since)


def _take_over(visit: Visit, values: dict[str, Any], by: User, now: datetime.datetime) -> None:
    """Set the plain columns, refusing what can't be."""
    if unknown := set(values) - set(CORRECTABLE):
        raise Invalid(_("These can’t be changed: %(names)s.") % {"names": ", ".join(sorted(unknown))})
    team, site, mode = values.get("team"), values.get("site"), values.get("mode")
    if team is not None and team.pk not in [one.pk for one in teams_to_choose(visit, by)]:
        raise Invalid(_("You record no visits for this team."), field="team")
    if site is not None and site.pk != visit.site_id:
        if not may_move(visit):
            raise Invalid(_("What was found or answered there belongs to its site."), field="site")
        visit.site_name, visit.district = site.name, site.district
    if mode is not None and mode != VisitMode.RECHECK and visit.mode == VisitMode.RECHECK and visit.rechecks.exists():
        raise Invalid(_("It answered open problems, so it stays a re-inspection."), field="mode")
    earlier = visit.on
    for name, value in values.items():
        if name != "people":
            setattr(visit, name, value.strip() if name == "note" else value)
    _move_hours(visit, values, earlier)
    visit.on = day_for(visit.on, visit.started_at, visit.ended_at, now)
    if visit.on != earlier:
        _after_what_it_saw(visit)
    if visit.campaign and {"campaign", "team", "on", "started_at"} & set(values):
        _still_running(visit, visit.campaign)


def _still_running(visit: Visit, campaign: Campaign) -> None:
    if not campaigns_on(visit.team, visit.on).filter(pk=campaign.pk).exists():
        raise Invalid(_("This campaign did not run on that day."), field="campaign")


def _move_hours(visit: Visit, values: dict[str, Any], earlier: datetime.date) -> None:
    """Hours that were not given anew go with the day; hours given anew say the day."""
    if "on" not in values:
        return
    for name in ("started_at", "ended_at"):
        moment = getattr(visit, name)
        if name not in values and moment is not None:
            wall = timezone.localtime(moment).replace(tzinfo=None) + (visit.on - earlier)
            setattr(visit, name, timezone.make_aware(wall))
    if visit.started_at and day_of(visit.started_at) != visit.on:
        raise Invalid(_("The visit must begin on its day."), field="started_at")


def _after_what_it_saw(visit: Visit) -> None:
    """A visit can't have seen again what was found only later."""
    late = visit.rechecks.filter(problem__found_on__gt=visit.on).order_by("problem__found_on").first()
    if late is not None:
        words = {"number": late.problem.number}
        raise Invalid(_("It re-inspected %(number)s, which was found only after that day.") % words, field="on")


def _set_people(visit: Visit, inspectors: Sequence[User] | None, names: Sequence[str] | None) -> None:
    """Take away and add people; whoever stays keeps the name of that day."""
    users = None if inspectors is None else {person.pk: person for person in inspectors}
    written = None if names is None else [name.strip()[:60] for name in names]
    gone = []
    for row in visit.inspectors.order_by("pk"):
        if row.user_id is not None and users is not None:
            if users.pop(row.user_id, None) is None:
                gone.append(row.pk)
        elif row.user_id is None and written is not None:
            if row.name in written:
                written.remove(row.name)
            else:
                gone.append(row.pk)
    VisitInspector.objects.filter(pk__in=gone).delete()
    new = [VisitInspector(visit=visit, user=person, name=str(person)) for person in (users or {}).values()]
    new += [VisitInspector(visit=visit, name=name) for name in written or []]
    VisitInspector.objects.bulk_create(new)
