"""Writing many people at once, as a file tells of them: accounts without a password, posts, and taking that back."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from casetracker import audit, invitations
from casetracker.administering.people import COLUMNS, keep_an_administrator
from casetracker.administering.recording import PERSON, event_of
from casetracker.enums import Role
from casetracker.models import Event, Membership, User

POST_COLUMNS = ("until_on", "on_loan", "is_head")
CHUNK = 1000


@dataclass
class Entry:
    """One person and what is to be written: a new account, one to open again, columns and posts with their values
    before."""

    person: User
    is_new: bool = False
    reopens: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    given: list[Membership] = field(default_factory=list)
    changed: list[tuple[Membership, dict[str, Any]]] = field(default_factory=list)


def by_names(usernames: Iterable[str], emails: Iterable[str]) -> list[User]:
    """The accounts that have one of these sign-in names or addresses (in lower case), locked, with their posts."""
    rows = User.objects.annotate(low_name=Lower("username"), low_email=Lower("email"))
    others = EmailAddress.objects.annotate(low=Lower("email")).filter(low__in=list(emails)).values("user")
    found = rows.filter(Q(low_name__in=list(usernames)) | Q(low_email__in=list(emails)) | Q(pk__in=others))
    locked = found.order_by("pk").select_for_update(of=("self",))
    return list(locked.prefetch_related("memberships__unit", "emailaddress_set"))


def write(entries: Sequence[Entry], *, by: User | None, now: datetime.datetime, **about: Any) -> None:
    """Write these people with their posts and their history, in the caller's transaction.

    The caller has seen to it that names and addresses are free. `about` (file, batch) stands in every event. A new
    account has no password: nobody comes in by it before it is invited. Raises IllegalMove where nobody would be
    administrator any more.
    """
    new = [one.person for one in entries if one.is_new]
    for person in new:
        person.set_unusable_password()
    User.objects.bulk_create(new, batch_size=CHUNK)
    known = [one.person for one in entries if not one.is_new and (one.before or one.reopens)]
    for one in entries:
        one.person.is_active = one.person.is_active or one.reopens
    User.objects.bulk_update(known, [*COLUMNS, "is_active"], batch_size=CHUNK)
    _follow_addresses([one.person for one in entries if "email" in one.before], now)
    for one in entries:
        for post in one.given:
            post.user = one.person
    Membership.objects.bulk_create([post for one in entries for post in one.given], batch_size=CHUNK)
    changed = [post for one in entries for post, _before in one.changed]
    Membership.objects.bulk_update(changed, POST_COLUMNS, batch_size=CHUNK)
    if any(post.role == Role.ADMINISTRATOR for post in changed):
        keep_an_administrator(timezone.localdate(now))
    audit.record_many([event for one in entries for event in _events(one, by, now, about)])


def _follow_addresses(people: Sequence[User], now: datetime.datetime) -> None:
    """A former address must not open an account any more, nor a link that was sent there."""
    for person in people:
        EmailAddress.objects.filter(user=person).exclude(email__iexact=person.email).delete()
    invitations.withdraw([person.pk for person in people], now, also_held=False)


def _events(one: Entry, by: User | None, now: datetime.datetime, about: dict[str, Any]) -> Iterable[Event]:
    person = one.person

    def event(verb: str, **facts: Any) -> Event:
        return event_of(PERSON, person.pk, str(person), verb, by, at=now, **facts, **about)

    if one.is_new:
        yield event("enrol_person", after={name: getattr(person, name) for name in COLUMNS})
    if one.reopens:
        yield event("activate")
    if one.before and not one.is_new:
        yield event("change_person", before=one.before, after={name: getattr(person, name) for name in one.before})
    for post in one.given:
        facts = {name: getattr(post, name) for name in ("from_on", *POST_COLUMNS)}
        yield event("give_post", after=facts, **_place(post))
    for post, before in one.changed:
        yield event("change_post", before=before, after={name: getattr(post, name) for name in before}, **_place(post))


def _place(post: Membership) -> dict[str, str]:
    return {"unit": post.unit.name_zh, "unit_en": post.unit.name_en, "role": post.role}


# --- Taking it back -----------------------------------------------------------------------------------


@dataclass
class Undone:
    """One person whose import is undone: whether the account is closed, columns as they were, posts that go, and
    posts with what they were."""

    person: User
    closes: bool = False
    columns: dict[str, Any] = field(default_factory=dict)
    gone: list[Membership] = field(default_factory=list)
    restored: list[tuple[Membership, dict[str, Any]]] = field(default_factory=list)


def take_back(undone: Sequence[Undone], *, by: User, now: datetime.datetime, verb: str, **about: Any) -> None:
    """Write people as they were before a file told of them, in the caller's transaction.

    An account is closed, never deleted; its invitation is void. A post that only the file gave was never used (the
    caller has seen to that) and goes; the history says that it was there. Raises IllegalMove where nobody would be
    administrator any more.
    """
    events = []
    for one in undone:
        person = one.person
        before = {name: getattr(person, name) for name in one.columns}
        after = dict(one.columns)
        for name, value in one.columns.items():
            setattr(person, name, value)
        if one.closes:
            before["is_active"], after["is_active"] = person.is_active, False
            person.is_active = False
        if one.gone:
            before["posts"], after["posts"] = [post.unit.name_zh for post in one.gone], []
        for post, values in one.restored:
            for name, value in values.items():
                setattr(post, name, value)
        events.append(event_of(PERSON, person.pk, str(person), verb, by, at=now, before=before, after=after, **about))
    User.objects.bulk_update([one.person for one in undone], [*COLUMNS, "is_active"], batch_size=CHUNK)
    _follow_addresses([one.person for one in undone if "email" in one.columns], now)
    invitations.withdraw([one.person.pk for one in undone if one.closes], now)
    posts = [post for one in undone for post, _values in one.restored]
    Membership.objects.bulk_update(posts, POST_COLUMNS, batch_size=CHUNK)
    Membership.objects.filter(pk__in=[post.pk for one in undone for post in one.gone]).delete()
    keep_an_administrator(timezone.localdate(now))
    audit.record_many(events)
