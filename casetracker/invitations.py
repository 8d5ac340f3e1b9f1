"""Inviting people: an invitation is held, released, sent once, taken up once; a new one voids the one before."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from casetracker import audit, deliveries
from casetracker.administering.recording import PERSON, event_of
from casetracker.dates import in_chinese, long_date
from casetracker.enums import DeliveryState
from casetracker.errors import IllegalMove
from casetracker.letters import absolute
from casetracker.models import Delivery, Invitation, Letter, User

KIND = "invitation"
# Long enough for a holiday week, short enough that a letter in an old mailbox opens nothing.
LASTS = datetime.timedelta(days=14)
ON_ITS_WAY = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.HANDING_OVER)
WITHOUT_PASSWORD = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)


# --- The link -----------------------------------------------------------------------------------------


def secret_of(invitation: Invitation) -> str:
    """What makes the link of this invitation secret (240 bits), worked out of the installation's key."""
    facts = f"{invitation.pk}:{invitation.person_id}"
    return salted_hmac("casetracker.invitations", facts, algorithm="sha256").hexdigest()[:60]


def find(key: UUID, secret: str) -> Invitation | None:
    """The invitation of a link, whatever its state; None for a link that nobody was given."""
    row = Invitation.objects.select_related("person").filter(pk=key).first()
    return row if row is not None and constant_time_compare(secret, secret_of(row)) else None


def is_open(invitation: Invitation, now: datetime.datetime) -> bool:
    """Can a password be chosen by this link now?"""
    return (
        invitation.accepted_at is None
        and invitation.withdrawn_at is None
        and invitation.expires_at is not None
        and invitation.expires_at > now
        and invitation.person.is_active
        and not invitation.person.has_usable_password()
    )


# --- Holding and releasing ----------------------------------------------------------------------------


def hold(people: Sequence[User], *, waits_for: UUID, file_name: str, now: datetime.datetime) -> None:
    """Put down an invitation for each of these who has an address, no password and no invitation; nothing is sent."""
    wanted = [one for one in people if one.email and one.is_active and not one.has_usable_password()]
    invited = set(Invitation.objects.living().filter(person__in=wanted).values_list("person_id", flat=True))
    Invitation.objects.bulk_create(
        Invitation(person=one, waits_for=waits_for, file_name=file_name, made_at=now)
        for one in wanted
        if one.pk not in invited
    )


@transaction.atomic
def release(waits_for: UUID, *, by: User | None, now: datetime.datetime, **about: Any) -> int:
    """Put the letters of what was held down to be sent, one to each person; returns how many.

    Whoever got a password or lost the address meanwhile is not written to. `about` goes into the history.
    """
    held = Invitation.objects.held().filter(waits_for=waits_for)
    # People before their invitations, as everybody else locks them.
    list(User.objects.filter(pk__in=held.values("person")).select_for_update(of=("self",)).order_by("pk").values("pk"))
    rows = list(held.select_for_update(of=("self",)).select_related("person").order_by("pk"))
    sent = [one for one in rows if one.person.email and one.person.is_active and not one.person.has_usable_password()]
    rest = {one.pk for one in rows} - {one.pk for one in sent}
    Invitation.objects.filter(pk__in=rest).update(withdrawn_at=now)
    _send(sent, by=by, now=now, **about)
    return len(sent)


@transaction.atomic
def invite(person: User, *, by: User) -> Invitation:
    """Send one person an invitation now; every earlier link is void from then on.

    Raises IllegalMove for a closed account, one that has a password or no address, and while a letter is on its way.
    """
    locked = User.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if not locked.is_active:
        raise IllegalMove(_("This account is closed. Open it first."))
    if locked.has_usable_password():
        raise IllegalMove(_("This person has a password already. Give a new one if it is forgotten."))
    if not locked.email:
        raise IllegalMove(_("This account has no e-mail address. Enter one, or give a first password by hand."))
    if _letters(Invitation.objects.living().filter(person=locked)).filter(state__in=ON_ITS_WAY).exists():
        raise IllegalMove(_("An invitation is on its way already; look at the page again."))
    now = timezone.now()
    deliveries.settle(_letters(Invitation.objects.filter(person=locked)), "send_again", by=by)
    withdraw([locked.pk], now)
    row = Invitation.objects.create(person=locked, made_at=now)
    _send([row], by=by, now=now)
    return row


def withdraw(people: Iterable[int], now: datetime.datetime, *, also_held: bool = True) -> None:
    """Void the invitations of these people, and stop the letters that have not left; in the caller's transaction."""
    rows = Invitation.objects.living().filter(person__in=list(people))
    if not also_held:
        rows = rows.filter(released_at__isnull=False)
    _letters(rows).filter(state=DeliveryState.PENDING).update(state=DeliveryState.CANCELLED, error=VOID)
    rows.update(withdrawn_at=now)


def _send(rows: list[Invitation], *, by: User | None, now: datetime.datetime, **about: Any) -> None:
    """The letters of these invitations, each once: its delivery goes by the invitation's own key."""
    for one in rows:
        one.released_at, one.expires_at = now, now + LASTS
    Invitation.objects.bulk_update(rows, ["released_at", "expires_at"])
    domain = deliveries.mail_domain()
    made = Delivery.objects.bulk_create(
        Delivery(
            kind=KIND,
            period=one.pk.hex,
            person=one.person,
            message_id=Delivery.new_message_id(domain),
            created_at=now,
        )
        for one in rows
    )
    Letter.objects.bulk_create(_letter(row, one, now) for row, one in zip(made, rows, strict=True))
    audit.record_many([event_of(PERSON, one.person_id, str(one.person), "invite", by, at=now, **about) for one in rows])


# --- The letter ---------------------------------------------------------------------------------------


def _letter(delivery: Delivery, invitation: Invitation, now: datetime.datetime) -> Letter:
    """The words in the person's language, with a sign in the place of the link's secret."""
    person = invitation.person
    assert invitation.expires_at is not None
    with translation.override(person.language):
        context = {
            "person": person,
            "link": absolute(reverse("invited", args=[invitation.pk, deliveries.SECRET])),
            "until": long_date(timezone.localdate(invitation.expires_at)),
            "days": LASTS.days,
            "home": absolute("/"),
            "forgotten": absolute(reverse("account_reset_password")),
            "lang": "zh-Hans" if in_chinese() else "en",
        }
        return Letter(
            delivery=delivery,
            language=person.language,
            subject_line=" ".join(render_to_string("mail/invitation.subject.txt", context).split()),
            text=render_to_string("mail/invitation.txt", context),
            html=render_to_string("mail/invitation.html", context),
            as_of=now,
        )


def _letters(rows: QuerySet[Invitation]) -> QuerySet[Delivery]:
    """The letters of these invitations."""
    return Delivery.objects.filter(kind=KIND, period__in=[key.hex for key in rows.values_list("pk", flat=True)])


VOID = gettext_noop("The link in it is void.")


def unwanted(delivery: Delivery) -> str:
    """Why an invitation is not sent after all."""
    row = Invitation.objects.select_related("person").get(pk=UUID(delivery.period))
    return "" if is_open(row, timezone.now()) else VOID


def _secret(delivery: Delivery) -> str:
    return secret_of(Invitation.objects.get(pk=UUID(delivery.period)))


deliveries.unwanted[KIND] = unwanted
deliveries.secrets[KIND] = _secret


# --- Taking it up -------------------------------------------------------------------------------------


@transaction.atomic
def accept(invitation: Invitation, save: Any) -> None:
    """The person chooses a password by the link: `save(person)` writes it, once. Raises IllegalMove for a second time
    and for a link that is void or too old."""
    person = User.objects.select_for_update(of=("self",)).get(pk=invitation.person_id)
    row = Invitation.objects.select_for_update(of=("self",)).select_related("person").get(pk=invitation.pk)
    now = timezone.now()
    if not is_open(row, now):
        raise IllegalMove(_("This link no longer works."))
    save(person)
    row.accepted_at = now
    row.save(update_fields=["accepted_at"])
    deliveries.settle(_letters(Invitation.objects.filter(pk=row.pk)), "received", by=person)
    audit.record_many([event_of(PERSON, person.pk, str(person), "accept_invitation", person, at=now)])
