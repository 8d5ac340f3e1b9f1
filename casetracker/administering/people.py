"""Writing a person: account, posts, first password, sign-in; never deleted, and never without an administrator."""

import datetime
import secrets
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import invitations
from casetracker.administering.recording import PERSON, differences, reasoned, tell
from casetracker.enums import Role
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import Deadline, Membership, Unit, User

COLUMNS = ("username", "name", "name_en", "email", "phone", "language")
DAY = datetime.timedelta(days=1)
# Letters and digits that nobody mistakes for one another when they are read aloud or copied by hand.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_password() -> str:
    """A first password, four groups of four (about 79 bits): to be read once and changed at the first sign-in."""
    return "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(4))


@transaction.atomic
def create_person(*, by: User, **values: Any) -> tuple[User, str]:
    """Make an account and give it a first password, which is returned and stored nowhere in the clear.

    `values` are columns of COLUMNS. Raises Invalid for a sign-in name or an address that somebody has.
    """
    person = User(**values, must_change_password=True)
    _check(person)
    password = new_password()
    person.set_password(password)
    person.save(force_insert=True)
    after = {name: getattr(person, name) for name in COLUMNS}
    tell(PERSON, person.pk, str(person), "create_person", by, after=after)
    return person, password


@transaction.atomic
def change_person(person: User, *, by: User, **values: Any) -> User:
    """Change name, sign-in name, address, telephone or language. Raises Invalid when nothing would change."""
    locked = _locked(person)
    before = {name: getattr(locked, name) for name in COLUMNS}
    for name in COLUMNS:
        if name in values:
            setattr(locked, name, values[name])
    _check(locked)
    old, new = differences(before, {name: getattr(locked, name) for name in COLUMNS})
    locked.save(update_fields=list(new))
    if "email" in new:
        # A former address must not open the account any more, nor a link that was sent there.
        invitations.withdraw([locked.pk], timezone.now(), also_held=False)
        EmailAddress.objects.filter(user=locked).exclude(email__iexact=locked.email).delete()
    tell(PERSON, locked.pk, str(locked), "change_person", by, before=old, after=new)
    return locked


# --- Posts ------------------------------------------------------------------------------------------


@transaction.atomic
def give_post(
    person: User,
    *,
    by: User,
    unit: Unit,
    role: str,
    from_on: datetime.date,
    until_on: datetime.date | None = None,
    on_loan: bool = False,
    is_head: bool = False,
    reason: str,
) -> Membership:
    """Give a person a role in a unit from a day on. Raises Invalid for the same role there on the same days."""
    why = reasoned(reason)
    locked = _locked(person)
    if until_on is not None and until_on < from_on:
        raise Invalid(_("The last day lies before the first one."), field="until_on")
    if not Unit.objects.current(from_on).filter(pk=unit.pk).exists():
        raise Invalid(_("%(unit)s does not exist on that day.") % {"unit": unit.name}, field="from_on")
    same = Membership.objects.filter(user=locked, unit=unit, role=role)
    if same.during(from_on, until_on or datetime.date.max).exists():
        words = {"person": locked, "role": Role(role).label, "unit": unit.name}
        raise Invalid(_("%(person)s is %(role)s of %(unit)s on some of these days already.") % words, field="from_on")
    post = Membership.objects.create(
        user=locked, unit=unit, role=role, from_on=from_on, until_on=until_on, on_loan=on_loan, is_head=is_head
    )
    after = {"from_on": from_on, "until_on": until_on, "on_loan": on_loan, "is_head": is_head}
    _tell_of(post, "give_post", by, why, after=after)
    return post


@transaction.atomic
def end_post(post: Membership, *, by: User, until_on: datetime.date, reason: str) -> Membership:
    """End a post; `until_on` is its last day. The history keeps it, so rights of earlier days stay readable.

    Raises Invalid for a day before it began, IllegalMove when it has ended or nobody else is administrator.
    """
    why = reasoned(reason)
    if post.role == Role.ADMINISTRATOR:
        _administrators()
    locked = _locked_post(post)
    today = timezone.localdate()
    if locked.until_on is not None and locked.until_on < today:
        raise IllegalMove(_("This post has ended already; look at the page again."))
    if until_on < locked.from_on:
        raise Invalid(_("The last day lies before the first one."), field="until_on")
    if until_on < today - DAY:
        # An earlier day would take away rights that were used since, and with them what the history tells.
        raise Invalid(
            _("A post can end yesterday or later: rights that were used are not taken back."), field="until_on"
        )
    before = {"until_on": locked.until_on}
    locked.until_on = until_on
    locked.save(update_fields=["until_on"])
    if locked.role == Role.ADMINISTRATOR:
        keep_an_administrator(max(today, until_on + DAY))
    _tell_of(locked, "end_post", by, why, before=before, after={"until_on": until_on})
    return locked


@transaction.atomic
def withdraw_post(post: Membership, *, by: User, reason: str) -> None:
    """Take back a post that has not begun. Raises IllegalMove for one that has: it can only end."""
    why = reasoned(reason)
    locked = _locked_post(post)
    if locked.from_on <= timezone.localdate():
        raise IllegalMove(_("This post has begun already. Name its last day instead."))
    before = {"from_on": locked.from_on, "until_on": locked.until_on}
    locked.delete()
    _tell_of(locked, "withdraw_post", by, why, before=before)


def _locked_post(post: Membership) -> Membership:
    """The post as it is now, with the person locked as well."""
    _locked(post.user)
    locked = (
        Membership.objects.select_for_update(of=("self",)).select_related("user", "unit").filter(pk=post.pk).first()
    )
    if locked is None:
        raise IllegalMove(_("This post was taken back already; look at the page again."))
    return locked


def _tell_of(post: Membership, verb: str, by: User, reason: str, **facts: Any) -> None:
    where = {"unit": post.unit.name_zh, "unit_en": post.unit.name_en, "role": post.role}
    tell(PERSON, post.user_id, str(post.user), verb, by, reason=reason, **where, **facts)


# --- Sign-in ----------------------------------------------------------------------------------------


@transaction.atomic
def deactivate(person: User, *, by: User, reason: str) -> User:
    """Close an account: the person is signed out everywhere at once. Posts and history stay.

    Raises IllegalMove for a closed account, the own one, and the last administrator.
    """
    why = reasoned(reason)
    if person.pk == by.pk:
        raise IllegalMove(_("You can’t close your own account. Ask another administrator."))
    _administrators()
    locked = _locked(person)
    if not locked.is_active:
        raise IllegalMove(_("This account is closed already."))
    locked.is_active = False
    locked.save(update_fields=["is_active"])
    keep_an_administrator(timezone.localdate())
    invitations.withdraw([locked.pk], timezone.now())
    _end_sessions(locked)
    tell(PERSON, locked.pk, str(locked), "deactivate", by, reason=why)
    return locked


@transaction.atomic
def activate(person: User, *, by: User, reason: str) -> User:
    """Open a closed account again, with the posts that still run. Raises IllegalMove for an open one."""
    why = reasoned(reason)
    locked = _locked(person)
    if locked.is_active:
        raise IllegalMove(_("This account is open already."))
    locked.is_active = True
    locked.save(update_fields=["is_active"])
    tell(PERSON, locked.pk, str(locked), "activate", by, reason=why)
    return locked


@transaction.atomic
def give_password(person: User, *, by: User, reason: str) -> str:
    """Give a new first password, which is returned; the old one and all sessions end at once."""
    why = reasoned(reason)
    locked = _locked(person)
    password = new_password()
    locked.set_password(password)
    locked.must_change_password = True
    locked.save(update_fields=["password", "must_change_password"])
    invitations.withdraw([locked.pk], timezone.now())
    _end_sessions(locked)
    tell(PERSON, locked.pk, str(locked), "give_password", by, reason=why)
    return password


@transaction.atomic
def remove_second_factor(person: User, *, by: User, reason: str) -> int:
    """Take away every second factor (a lost telephone); returns how many. Raises IllegalMove where there is none."""
    why = reasoned(reason)
    locked = _locked(person)
    kinds = sorted(Authenticator.objects.filter(user=locked).values_list("type", flat=True))
    if not kinds:
        raise IllegalMove(_("This person has no second factor."))
    Authenticator.objects.filter(user=locked).delete()
    _end_sessions(locked)
    tell(PERSON, locked.pk, str(locked), "remove_second_factor", by, reason=why, kinds=kinds)
    return len(kinds)


def _end_sessions(person: User) -> None:
    """Sign the person out everywhere: the sessions that allauth keeps book of, and any other one."""
    UserSession.objects.filter(user=person).delete()
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


# --- Checks -----------------------------------------------------------------------------------------


def _locked(person: User) -> User:
    """The row as it is now; whoever writes the history of a person holds its lock."""
    return User.objects.select_for_update(of=("self",)).get(pk=person.pk)


def _check(person: User) -> None:
    others = User.objects.exclude(pk=person.pk)
    if others.filter(username__iexact=person.username).exists():
        raise Invalid(_("Somebody signs in by this name already. Choose another one."), field="username")
    if person.email and (
        others.filter(email__iexact=person.email).exists()
        or EmailAddress.objects.filter(email__iexact=person.email).exclude(user_id=person.pk).exists()
    ):
        raise Invalid(_("Somebody else has this address. Everybody needs an address of their own."), field="email")


def _administrators() -> list[Membership]:
    """All posts of administrators, locked, so that two of them can't end each other in the same moment."""
    posts = Membership.objects.filter(role=Role.ADMINISTRATOR).order_by("pk")
    return list(posts.select_for_update(of=("self",)))


def keep_an_administrator(on: datetime.date) -> None:
    """Raises IllegalMove unless somebody with an open account is administrator on the day."""
    left = Membership.objects.running(on).filter(role=Role.ADMINISTRATOR, user__is_active=True)
    if not left.exists():
        raise IllegalMove(_("Nobody would be administrator any more. Make somebody else administrator first."))


def left_alone(post: Membership) -> int:
    """How many running clocks wait for the unit of a post that nobody else holds there; 0 where somebody does."""
    today = timezone.localdate()
    others = Membership.objects.running(today).filter(unit=post.unit, role=post.role, user__is_active=True)
    if others.exclude(pk=post.pk).exists():
        return 0
    return Deadline.objects.running().filter(unit=post.unit).count()
