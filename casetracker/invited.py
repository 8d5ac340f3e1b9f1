"""How an invitation stands, in words, for the pages of people: held, on its way, sent and not accepted, too old."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker.dates import short_date
from casetracker.enums import DeliveryState
from casetracker.errors import said
from casetracker.invitations import KIND, ON_ITS_WAY
from casetracker.models import Delivery, Invitation, User


@dataclass(frozen=True)
class Standing:
    """`light` is near or late where somebody has to do something, ok or done where not; `more` says why it failed."""

    light: str
    words: str
    more: str = ""
    # Whether an invitation can be sent now (again).
    can_send: bool = False
    # Whether a first password by hand is the only way in.
    by_hand: bool = False


def standings(people: Sequence[User], now: datetime.datetime | None = None) -> dict[int, Standing]:
    """Of each person who has no password yet, or chose one by an invitation: how that stands. Two queries."""
    moment = now or timezone.now()
    newest: dict[int, Invitation] = {}
    for row in Invitation.objects.filter(person__in=people).order_by("made_at", "pk"):
        newest[row.person_id] = row
    keys = [row.pk.hex for row in newest.values() if row.released_at]
    letters = {one.period: one for one in Delivery.objects.filter(kind=KIND, period__in=keys).order_by("pk")}
    found = {}
    for person in people:
        row_of = newest.get(person.pk)
        letter = letters.get(row_of.pk.hex) if row_of is not None else None
        standing = _standing(person, row_of, letter, moment)
        if standing is not None:
            found[person.pk] = standing
    return found


def _standing(person: User, row: Invitation | None, letter: Delivery | None, now: datetime.datetime) -> Standing | None:
    if person.has_usable_password():
        if row is None or row.accepted_at is None:
            return None
        return Standing("done", _("accepted on %(date)s") % {"date": _day(row.accepted_at)})
    if not person.is_active:
        return None
    if row is not None and row.withdrawn_at is None and row.released_at is None and person.email:
        words = _("held back with the import of %(file)s") % {"file": row.file_name}
        return Standing("near", words, can_send=True)
    if not person.email:
        return Standing("near", _("no e-mail address to invite to"), by_hand=True)
    if row is None or row.withdrawn_at is not None or letter is None or letter.state == DeliveryState.CANCELLED:
        return Standing("near", _("not invited yet"), can_send=True)
    return _sent(row, letter, now)


def _sent(row: Invitation, letter: Delivery, now: datetime.datetime) -> Standing:
    """How an invitation stands whose letter was put down."""
    if letter.state in ON_ITS_WAY:
        return Standing("ok", _("the invitation is on its way"), said(letter.error))
    if letter.state == DeliveryState.FAILED:
        return Standing("late", _("the invitation did not arrive"), said(letter.error), can_send=True)
    if letter.state == DeliveryState.IN_DOUBT:
        words = _("nobody knows whether the invitation arrived")
        return Standing("near", words, said(letter.error), can_send=True)
    sent = {"date": _day(letter.sent_at or row.made_at)}
    if row.expires_at is not None and row.expires_at <= now:
        return Standing("late", _("invited on %(date)s; the link is too old by now") % sent, can_send=True)
    return Standing("ok", _("invited on %(date)s, not yet accepted") % sent, can_send=True)


def _day(moment: datetime.datetime) -> str:
    return short_date(timezone.localdate(moment))
