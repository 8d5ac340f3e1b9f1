"""The weekly e-mail: when it is owed, to whom, and the letters, frozen before they leave."""

import datetime
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_noop

from casetracker import deliveries, letters, options, registry
from casetracker.enums import Channel, DeliveryState, Role
from casetracker.letters import AsOf, Part, Words
from casetracker.models import Delivery, Letter, Option, User

KIND = "digest"
LOCK = 0x6469_6765_7374  # "digest": planners take it one after the other
WEEK_PLANNED = "digest_week"
FRIDAY = 4
ONE_WEEK = datetime.timedelta(days=7)
MOST_WEEKS_MISSED = 8
READERS_AT_ONCE = 200


@dataclass(frozen=True)
class Section:
    """What one app contributes to the weekly e-mail. All functions work on many readers with few queries."""

    # day -> people who have something to read
    readers: Callable[[AsOf], QuerySet[User]]
    # people -> per person, for whom the section speaks to them (values that can be compared)
    audiences: Callable[[Sequence[User]], dict[int, list[Hashable]]]
    # (audiences, moment) -> what there is to say to each; one without anything is missing
    contents: Callable[[Sequence[Hashable], AsOf], dict[Hashable, Any]]
    # (content, moment) -> the part in the active language
    part: Callable[[Any, AsOf], Part]
    # (one person, moment) -> is there still something to read; asked right before the letter leaves
    still: Callable[[User, AsOf], bool]
    # overseer -> which letters tell of what the person oversees
    overseen: Callable[[User], Q]


@dataclass
class Plan:
    """What planning a week did: the new rows by person, and who had one already."""

    period: str
    as_of: AsOf
    new: dict[int, int] = field(default_factory=dict)
    already: int = 0
    # Somebody else was planning at this moment; nothing was done.
    busy: bool = False


# --- When -------------------------------------------------------------------------------------------


def week_of(day: datetime.date) -> str:
    """The ISO week as a period: 2019-W50. Days around New Year may belong to the other year's week."""
    year, week, weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(period: str) -> datetime.date:
    """The first day of a period; ValueError for anything that is none."""
    year, _sep, week = period.partition("-W")
    return datetime.date.fromisocalendar(int(year), int(week), 1)


def owed(local: datetime.datetime, hour: int, planned: str | None) -> tuple[str | None, list[str]]:
    """The week to send now, and the weeks that were missed for good; from the local time and the last week planned.

    A week is owed from Monday at the hour until Friday night. What nobody planned by then is missed, which
    is written down. An installation that never planned any has missed none.
    """
    monday = local.date() - datetime.timedelta(days=local.weekday())
    due = local.replace(tzinfo=None) >= datetime.datetime.combine(monday, datetime.time(hour))
    last = monday_of(planned) if planned else None
    if last is not None and last >= monday:
        return None, []
    missed = []
    if last is not None:
        weeks = (last + ONE_WEEK * n for n in itertools.count(1))
        missed = [week_of(week) for week in itertools.takewhile(lambda week: week < monday, weeks)]
    in_grace = local.weekday() <= FRIDAY
    if due and not in_grace and last is not None:
        missed.append(week_of(monday))
    return (week_of(monday) if due and in_grace else None), missed[-MOST_WEEKS_MISSED:]


def database_now() -> datetime.datetime:
    """The database's clock, in the office's time zone; the only clock that decides about periods."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return timezone.localtime(cursor.fetchone()[0])


def tick(local: datetime.datetime | None = None) -> Plan | None:
    """Plan the week if it is owed; does nothing when it has run, is not due, or somebody else is at it."""
    with transaction.atomic():
        if not _lock(wait=False):
            return None
        now = local or database_now()
        stored = Option.objects.filter(name=WEEK_PLANNED).values_list("value", flat=True).first()
        send, missed = owed(now, int(options.get("digest_hour")), stored)
        as_of = AsOf(now, now.date(), living=True)
        for period in missed:
            _insert(period, as_of, DeliveryState.SKIPPED)
        if not send:
            if missed:
                _remember(missed[-1])
            return None
        plan = _plan(send, as_of)
        _remember(send)
        return plan


def _remember(period: str) -> None:
    Option.objects.update_or_create(name=WEEK_PLANNED, defaults={"value": period})


def plan(on: datetime.date, *, reader: User | None = None) -> Plan:
    """Plan the week of a day at once, whatever the hour; waits for a planner that is at work. A rerun adds nothing."""
    with transaction.atomic():
        _lock(wait=True)
        now = database_now()
        as_of = as_of_day(on, now)
        made = _plan(week_of(on), as_of, reader)
        if reader is None and week_of(on) == week_of(now.date()):
            _remember(made.period)
        return made


def as_of_day(on: datetime.date, now: datetime.datetime) -> AsOf:
    """Now for today; the hour of the weekly e-mail for another day."""
    if on == now.date():
        return AsOf(now, on, living=True)
    hour = datetime.time(int(options.get("digest_hour")))
    moment = timezone.make_aware(datetime.datetime.combine(on, hour))
    return AsOf(moment, on, living=on > now.date())


def _lock(*, wait: bool) -> bool:
    """One planner at a time, until the transaction ends."""
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SET LOCAL lock_timeout = '10min'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


# --- To whom ----------------------------------------------------------------------------------------


def readers(as_of: AsOf, reader: User | None = None) -> QuerySet[User]:
    """Active people with an address who have something to read in any section."""
    some = Q(pk__in=[])
    for section in registry.digest_sections.values():
        some |= Q(pk__in=section.readers(as_of).order_by().values("pk"))
    people = User.objects.filter(some, is_active=True).exclude(email="")
    return people.filter(pk=reader.pk) if reader is not None else people


def _insert(period: str, as_of: AsOf, state: DeliveryState, reader: User | None = None) -> dict[int, int]:
    """One row per reader who has none for the week yet, in one statement; the new rows' ids by person."""
    people, params = readers(as_of, reader).order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO casetracker_delivery"  # noqa: S608  the select is Django's own, all values are parameters
            " (kind, period, person_id, channel, state, attempts, message_id, error, created_at)"
            " SELECT %s, %s, reader.id, %s, %s, 0, '<' || gen_random_uuid() || '@' || %s || '>', '', now()"
            f" FROM ({people}) AS reader(id) ON CONFLICT DO NOTHING RETURNING person_id, id",
            [KIND, period, Channel.EMAIL.value, state.value, deliveries.mail_domain(), *params],
        )
        return dict(cursor.fetchall())


def _plan(period: str, as_of: AsOf, reader: User | None = None) -> Plan:
    """Rows and letters of a week, together or not at all."""
    made = Plan(period, as_of, _insert(period, as_of, DeliveryState.PENDING, reader))
    rows = Delivery.objects.filter(kind=KIND, period=period, subject__isnull=True)
    made.already = (rows.filter(person=reader) if reader else rows).count() - len(made.new)
    people = list(User.objects.filter(pk__in=made.new))
    for batch in written(people, as_of):
        Letter.objects.bulk_create(
            Letter(
                delivery_id=made.new[person.pk],
                language=person.language,
                subject_line=words.subject,
                text=words.text,
                html=words.html,
                as_of=as_of.moment,
                totals={"parts": words.numbers},
            )
            for person, words in batch
        )
    # Somebody for whom nothing was found to say after all.
    silent = Delivery.objects.filter(pk__in=made.new.values(), letter__isnull=True)
    silent.update(state=DeliveryState.CANCELLED, error=gettext_noop("Nothing is left to say."))
    return made


# --- What it says -----------------------------------------------------------------------------------


def written(people: Sequence[User], as_of: AsOf) -> Iterator[list[tuple[User, Words]]]:
    """The letters of many people, some at a time; what several of them read is fetched and written once."""
    sections = registry.digest_sections
    wanted = {key: section.audiences(people) for key, section in sections.items()}

    def speaks_to(person: User) -> tuple[tuple[str, Hashable], ...]:
        return tuple((key, one) for key, by_person in wanted.items() for one in by_person.get(person.pk, ()))

    in_order = sorted(people, key=lambda person: (repr(speaks_to(person)), person.language))
    for start in range(0, len(in_order), READERS_AT_ONCE):
        batch = in_order[start : start + READERS_AT_ONCE]
        contents = _contents({one for person in batch for one in speaks_to(person)}, as_of)
        known: dict[tuple[str, Hashable], Words | None] = {}
        done = []
        for person in batch:
            key = (person.language, speaks_to(person))
            if key not in known:
                found = [(name, contents[name, one]) for name, one in key[1] if (name, one) in contents]
                known[key] = _words(found, person.language, as_of)
            if (words := known[key]) is not None:
                done.append((person, words))
        yield done


def _contents(speaking: Iterable[tuple[str, Hashable]], as_of: AsOf) -> dict[tuple[str, Hashable], Any]:
    """What there is to say, per section and audience."""
    by_section: dict[str, list[Hashable]] = {}
    for key, audience in speaking:
        by_section.setdefault(key, []).append(audience)
    return {
        (key, audience): content
        for key, audiences in by_section.items()
        for audience, content in registry.digest_sections[key].contents(audiences, as_of).items()
    }


def _words(found: Sequence[tuple[str, Any]], language: str, as_of: AsOf) -> Words | None:
    if not found:
        return None
    with translation.override(language):
        parts = [registry.digest_sections[key].part(content, as_of) for key, content in found]
        return letters.render(parts, as_of)


# --- Looking back -----------------------------------------------------------------------------------


def overseen(user: User) -> QuerySet[Delivery]:
    """The weekly letters a person looks after: an administrator all, an overseer those about what he oversees."""
    letters = Delivery.objects.filter(kind=KIND)
    if user.has_role(Role.ADMINISTRATOR):
        return letters
    some = Q(pk__in=[])
    for section in registry.digest_sections.values():
        some |= section.overseen(user)
    return letters.filter(some)


def last_figures(user: User, before: datetime.date) -> tuple[datetime.date, dict[str, Any]] | None:
    """The day and the figures of a person's last letter of an earlier week, three weeks back at most."""
    monday = before - datetime.timedelta(days=before.weekday())
    rows = Letter.objects.filter(
        delivery__person=user,
        delivery__kind=KIND,
        delivery__period__lt=week_of(monday),
        delivery__period__gte=week_of(monday - 3 * ONE_WEEK),
    )
    last = rows.order_by("-delivery__period", "-pk").values_list("as_of", "totals").first()
    return (timezone.localdate(last[0]), last[1]["parts"][0]) if last is not None else None


# --- Right before it leaves -------------------------------------------------------------------------


def unwanted(delivery: Delivery, at: datetime.datetime | None = None) -> str:
    """Why a weekly e-mail is not sent after all: its week is over, or the reader answers for something else now."""
    now = at or database_now()
    made_on = timezone.localdate(delivery.created_at)
    friday = monday_of(delivery.period) + datetime.timedelta(days=FRIDAY)
    if week_of(made_on) == delivery.period and made_on <= friday < now.date():
        return gettext_noop("The week is over.")
    person = delivery.person
    parts = Letter.objects.values_list("totals", flat=True).get(pk=delivery.pk)["parts"]
    sections = registry.digest_sections.values()
    told = {part.get("audience") for part in parts}
    present = {str(one) for section in sections for one in section.audiences([person]).get(person.pk, [])}
    if not told <= present:
        return gettext_noop("The reader answers for something else now.")
    of_now = AsOf(now, now.date(), living=True)
    if week_of(made_on) == delivery.period and not any(section.still(person, of_now) for section in sections):
        return gettext_noop("Nothing is left to say.")
    return ""


deliveries.unwanted[KIND] = unwanted


def send(made: Plan, *, reader: User | None = None) -> dict[str, int]:
    """Send what a plan left to be sent, now; how many ended in which state."""
    only = Q(kind=KIND, period=made.period)
    if reader is not None:
        only &= Q(person=reader)
    return deliveries.send_waiting(seconds=24 * 3600, only=only)
