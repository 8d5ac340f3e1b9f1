"""The outbox: letters leave here, each at most once by itself, and none is forgotten in silence.

A row is claimed with a token and a lease, checked again, and marked `handing_over` in a commit of its own
before the first byte of the body leaves; every later change asks for the token. So at each point where a
process, the database or the mail server may fail:

- before the claim: the row is still pending, the next tick takes it;
- after the claim: the lease runs out, rescue() makes it pending again;
- after the marker, before the outcome is stored: the lease runs out, rescue() makes it in_doubt, shown;
- a process that froze and wakes after its lease: its token no longer fits, its updates change nothing;
- the server answers 4xx, or fails before the final dot: pending again, later and later;
- it answers 5xx: failed, shown; it doesn't answer the final dot: in_doubt, shown, never sent again by itself.
"""

import email.policy
import logging
import re
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, UUIDField
from django.db.models.functions import Cast, Now, Substr
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from casetracker import audit, mail, smtp
from casetracker.enums import DeliveryState
from casetracker.errors import IllegalMove
from casetracker.models import Delivery, Event, Letter, User
from casetracker.smtp import Answer, Outcome

logger = logging.getLogger(__name__)

SUBJECT = "delivery"
DECISIONS = ("received", "send_again")
RESEND = re.compile(r"(^| )resend \d+$")
# CRLF line ends, and nothing beyond ASCII on the wire, whatever the server can take.
POLICY = email.policy.SMTP.clone(cte_type="7bit")
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
# What an address or a letter that can't be put into a message raises; a failing database is none of these.
UNUSABLE = (ValidationError, ValueError, TypeError, LookupError, MessageError, Letter.DoesNotExist)

# kind -> (delivery) -> why it is no longer wanted; empty when it still is. Asked right before it leaves.
unwanted: dict[str, Callable[[Delivery], str]] = {}
# What stands in a stored letter in the place of what only its reader may know. kind -> (delivery) -> that secret: it is
# worked out while the letter leaves and stored nowhere.
SECRET = "only-in-the-letter-that-was-sent"
secrets: dict[str, Callable[[Delivery], str]] = {}


def send_waiting(seconds: float = 60, only: Q | None = None) -> dict[str, int]:
    """Send what is due, one letter after the other, for so many seconds at most; how many ended in which state.

    The last letter may still wait ten minutes for its answer, so the time limit of a task must leave room for
    that. Stops early where no mail server answers: the others would only wait for the same. May run in several
    processes at once, each row is claimed by one of them.
    """
    until = time.monotonic() + seconds
    done: dict[str, int] = {}
    while time.monotonic() < until:
        delivery = claim(only)
        if delivery is None:
            break
        state, reached = send(delivery)
        done[state] = done.get(state, 0) + 1
        if not reached:
            break
    return done


def claim(only: Q | None = None) -> Delivery | None:
    """Take the oldest row that is due, with a token and a lease; None when nothing is."""
    with transaction.atomic():
        due = Delivery.objects.filter(Q(not_before__isnull=True) | Q(not_before__lte=Now()), only or Q())
        row = due.filter(state=DeliveryState.PENDING).order_by("pk").select_for_update(skip_locked=True).first()
        if row is None:
            return None
        row.claim = uuid.uuid4()
        Delivery.objects.filter(pk=row.pk).update(
            state=DeliveryState.CLAIMED,
            claim=row.claim,
            lease_until=Now() + timedelta(seconds=settings.DELIVERY_LEASE_SECONDS),
            attempts=F("attempts") + 1,
        )
    row.attempts += 1
    return row


def send(delivery: Delivery) -> tuple[str, bool]:
    """Send one claimed row: the state it ends in ("lost" where the claim ran out), and whether a server answered."""
    person = User.objects.get(pk=delivery.person_id)
    try:
        if reason := _unwanted(delivery, person):
            stored = _settle(delivery, DeliveryState.CANCELLED, error=reason)
            return (DeliveryState.CANCELLED if stored else "lost"), True
        letter = Letter.objects.get(pk=delivery.pk)
        recipient = mailbox(person.email)
        content = compose(delivery, letter, person).as_bytes()
    except UNUSABLE as error:
        # What makes a row unusable lies in the row: it is shown as failed, and the others go on.
        logger.exception("delivery %s can't be written", delivery.pk)
        answer = Answer(Outcome.REFUSED, "\n".join([gettext_noop("The letter can’t be sent."), _said(error)]))
    else:
        answer = _through_door(delivery, content, recipient)
    return _store(delivery, answer), answer.reached


def _said(error: Exception) -> str:
    words = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return words[:400] or type(error).__name__


def mailbox(address: str) -> str:
    """The address as a mail server takes it, its domain in ASCII (例子.中国 becomes xn--fsqu00a.xn--fiqs8s).

    Raises ValidationError or ValueError for one that no mail can go to; a name before the @ beyond ASCII would need
    a server with SMTPUTF8 all the way, so it is refused.
    """
    validate_email(address)
    if not address.rpartition("@")[0].isascii():
        raise ValidationError(_("The part before the @ may hold Latin letters and digits only."))
    return _in_ascii(address)


def _in_ascii(address: str) -> str:
    name, at, domain = address.rpartition("@")
    return f"{name}{at}{domain.encode('idna').decode('ascii')}"


def _unwanted(delivery: Delivery, person: User) -> str:
    """Why a letter is not sent after all, in English; said() reads it out in the reader’s language."""
    if not person.is_active:
        return gettext_noop("The person has left.")
    check = unwanted.get(delivery.kind)
    return check(delivery) if check is not None and not is_resend(delivery) else ""


def compose(delivery: Delivery, letter: Letter, person: User) -> EmailMessage:
    """The letter as a message: text first, then HTML, with the row's own Message-ID.

    Raises ValidationError or ValueError for an address that no mail can go to.
    """
    message = EmailMessage(policy=POLICY)
    name, address = parseaddr(settings.MAIL_FROM)
    message["From"] = Address(_one_line(name), addr_spec=_in_ascii(address))
    message["To"] = Address(_one_line(str(person)), addr_spec=mailbox(person.email))
    message["Subject"] = _one_line(letter.subject_line)
    message["Date"] = format_datetime(timezone.localtime(delivery.created_at))
    message["Message-ID"] = delivery.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.language
    secret = secrets[delivery.kind](delivery) if delivery.kind in secrets else SECRET
    message.set_content(letter.text.replace(SECRET, secret))
    message.add_alternative(letter.html.replace(SECRET, secret), subtype="html")
    return message


def _one_line(text: str) -> str:
    """Header text without line breaks or control characters, which could end the header and begin another."""
    return " ".join("".join(" " if not char.isprintable() else char for char in text).split())


def _through_door(delivery: Delivery, content: bytes, recipient: str) -> Answer:
    """Through the mail server, or into the folder where there is none; both mark first."""

    def mark() -> bool:
        return _mark(delivery)

    if settings.EMAIL_BACKEND == SMTP_BACKEND:
        sender = _in_ascii(parseaddr(settings.MAIL_FROM)[1])
        return smtp.hand_over(content, sender=sender, recipient=recipient, mark=mark)
    if not mark():
        return Answer(Outcome.STOPPED)
    try:
        mail.keep(content, file_name(delivery))
    except OSError as error:
        return Answer(Outcome.LATER, str(error))
    return Answer(Outcome.ACCEPTED, "folder")


def file_name(delivery: Delivery) -> str:
    """The name of the message in the folder: sorts by time, and is the same however often it is written."""
    moment = round(delivery.created_at.timestamp() * 1_000_000) * 1000
    return f"{moment:020d}-{own_id(delivery).hex}"


def own_id(delivery: Delivery) -> uuid.UUID:
    """The identifier inside the row's Message-ID; history knows the row by it."""
    return uuid.UUID(delivery.message_id[1:37])


def _mark(delivery: Delivery) -> bool:
    """Commit that the body is about to leave; False where the claim is no longer ours or its lease too short."""
    needed = timedelta(seconds=settings.MAIL_FINAL_REPLY_SECONDS + settings.EMAIL_TIMEOUT)
    with transaction.atomic(durable=True):
        own = Delivery.objects.filter(
            pk=delivery.pk, claim=delivery.claim, state=DeliveryState.CLAIMED, lease_until__gt=Now() + needed
        )
        return own.update(state=DeliveryState.HANDING_OVER) == 1


def _store(delivery: Delivery, answer: Answer) -> str:
    """Write what became of a letter."""
    if answer.outcome == Outcome.STOPPED:
        return "lost"
    more: dict[str, Any] = {}
    if answer.outcome == Outcome.ACCEPTED:
        state, more = DeliveryState.SENT, {"sent_at": Now()}
    elif answer.outcome == Outcome.LATER:
        state, more = DeliveryState.PENDING, {"not_before": Now() + wait_after(delivery.attempts)}
    elif answer.outcome == Outcome.REFUSED:
        state = DeliveryState.FAILED
    else:
        state = DeliveryState.IN_DOUBT
    error = "" if state == DeliveryState.SENT else answer.words
    return state if _settle(delivery, state, error=error, **more) else "lost"


def _settle(delivery: Delivery, state: DeliveryState, **values: Any) -> bool:
    """Give the row its next state and the claim back; False where the claim is no longer ours.

    A refusal before the body passes through handing_over, as the arrows of the table want it.
    """
    with transaction.atomic():
        own = Delivery.objects.filter(pk=delivery.pk, claim=delivery.claim)
        if state == DeliveryState.FAILED:
            own.filter(state=DeliveryState.CLAIMED).update(state=DeliveryState.HANDING_OVER)
        return own.update(state=state, claim=None, lease_until=None, **values) == 1


def wait_after(attempts: int) -> timedelta:
    """How long to wait before the next try: 1, 2, 4 … minutes, 6 hours at most."""
    return min(FIRST_WAIT * 2 ** min(max(attempts, 1) - 1, 20), LONGEST_WAIT)


def rescue() -> dict[str, int]:
    """Take back what a dead process held: nothing had left (pending again), or it may have (in doubt)."""
    out = Delivery.objects.filter(lease_until__lt=Now())
    free = {"claim": None, "lease_until": None}
    back = out.filter(state=DeliveryState.CLAIMED).update(state=DeliveryState.PENDING, **free)
    words = gettext_noop("Whoever sent it stopped before it wrote down what became of it.")
    doubt = out.filter(state=DeliveryState.HANDING_OVER).update(state=DeliveryState.IN_DOUBT, error=words, **free)
    return {"pending": back, "in_doubt": doubt}


# --- What people decide -----------------------------------------------------------------------------


def unsettled() -> QuerySet[Delivery]:
    """Failed and in doubt, and nobody has said yet what to do about it."""
    inside = Cast(Substr(OuterRef("message_id"), 2, 36), UUIDField())
    decided = Event.objects.filter(subject_type=SUBJECT, subject_id=inside, verb__in=DECISIONS)
    rows = Delivery.objects.filter(~Exists(decided), state__in=[DeliveryState.FAILED, DeliveryState.IN_DOUBT])
    return rows.select_related("person", "letter").order_by("-pk")


def mail_domain() -> str:
    """The part of a Message-ID after the @: the domain we send from."""
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "localhost"


def was_received(delivery: Delivery, *, by: User) -> None:
    """Somebody asked: the letter in doubt did arrive. Written to the history; IllegalMove when decided already."""
    with transaction.atomic():
        _undecided(delivery)
        _say(delivery, "received", by)


def send_again(delivery: Delivery, *, by: User) -> Delivery:
    """Send the same words once more, on purpose: a new row that says so, and an event; the old row stays.

    Raises IllegalMove when somebody has decided already, so that two presses send once.
    """
    with transaction.atomic():
        person = _undecided(delivery)
        tries = Delivery.objects.filter(kind=delivery.kind, period=delivery.period, person=person).count()
        about = RESEND.sub("", delivery.subject or "")
        row = Delivery.objects.create(
            kind=delivery.kind,
            period=delivery.period,
            person=person,
            channel=delivery.channel,
            subject=f"{about[:60]} resend {tries}".strip(),
            message_id=Delivery.new_message_id(mail_domain()),
            created_at=timezone.now(),
        )
        words = Letter.objects.get(pk=delivery.pk)
        Letter.objects.create(
            delivery=row,
            language=words.language,
            subject_line=words.subject_line,
            text=words.text,
            html=words.html,
            as_of=words.as_of,
            totals=words.totals,
        )
        _say(delivery, "send_again", by)
    return row


def is_resend(delivery: Delivery) -> bool:
    return RESEND.search(delivery.subject or "") is not None


def settle(rows: QuerySet[Delivery], decision: str, *, by: User) -> None:
    """Say of those among the rows that failed or are in doubt what became of them by other means: one of DECISIONS."""
    for one in unsettled().filter(pk__in=rows.values("pk")):
        _say(one, decision, by)


def _undecided(delivery: Delivery) -> User:
    """The person, locked against a second decision at the same moment; IllegalMove when there is one."""
    person = User.objects.select_for_update().get(pk=delivery.person_id)
    if not unsettled().filter(pk=delivery.pk).exists():
        raise IllegalMove(_("This letter was decided on already; look at the list again."))
    return person


def _say(delivery: Delivery, verb: str, by: User) -> None:
    audit.record(
        subject_type=SUBJECT,
        subject_id=own_id(delivery),
        label=f"{delivery.kind} {delivery.period} {delivery.person}",
        verb=verb,
        by=by,
        state=delivery.state,
    )


def backlog() -> dict[str, Any]:
    """For the operations page: what waits and since when, what is in doubt, what failed (undecided ones)."""
    waiting = Delivery.objects.filter(state=DeliveryState.PENDING)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    open_ones = list(unsettled().values_list("state", flat=True))
    return {
        "waiting": waiting.count(),
        "oldest": oldest,
        "in_doubt": open_ones.count(DeliveryState.IN_DOUBT),
        "failed": open_ones.count(DeliveryState.FAILED),
    }
