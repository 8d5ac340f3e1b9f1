"""Recording what a form says once, however often its button is pressed.

Every form that makes something carries an id, made when it was first shown ({% once %} beside {% csrf_token %}).
The id is kept with what the form made, in the same transaction.
"""

import datetime
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from psycopg.errors import LockNotAvailable, QueryCanceled

from casetracker.errors import IllegalMove
from casetracker.ids import uuid7
from casetracker.models import Press, User
from casetracker.transactions import Together

FIELD = "once"
# A browser that goes back may fetch the form anew, with a new id and with everything that was typed. For so long the
# same words in the same form are taken for the same press.
ALIKE_FOR = datetime.timedelta(minutes=15)
# A form left open for longer than this is another matter.
KEPT_FOR = datetime.timedelta(days=30)
# What a form sends besides what the person said.
UNSAID = ("csrfmiddlewaretoken", FIELD, "seen", "inline")

# A batch of many problems takes its seconds; shorter than what the web's own statements may take.
PATIENCE = "12s"
# One statement, so that the usual press costs one. A second press at the same moment waits here for the first.
FIRST = """
INSERT INTO casetracker_press (id, person_id, form, digest, address, words, at)
SELECT %(id)s, %(person)s, %(form)s, %(digest)s, %(address)s, %(words)s, %(at)s
FROM set_config('lock_timeout', %(patience)s, true)
WHERE NOT EXISTS (
    SELECT FROM casetracker_press WHERE person_id = %(person)s AND digest = %(digest)s AND at > %(since)s)
ON CONFLICT (person_id, form) DO NOTHING
"""


class InTheWay(IllegalMove):
    """A press of the person's own stands in the way, so that nobody was faster; `heading` says what is the matter."""

    heading: Any = ""


class UsedUp(InTheWay):
    """This form recorded something else before."""

    heading = gettext_lazy("This form was used already")


class StillSaving(InTheWay):
    """What was sent a moment ago is still at work."""

    heading = gettext_lazy("Still being saved")


class Pressed(Exception):
    """This was recorded before: `address` is the page of what is there, `words` say so in the active language."""

    def __init__(self, earlier: Press, *, alike: bool = False) -> None:
        said = _(earlier.words)
        self.address = earlier.address
        self.words = f"{said} {_('If you mean another one, say in it what is different.')}" if alike else said
        super().__init__(self.words)


def form_id(request: HttpRequest) -> UUID:
    """The id of the form that this page shows or sends: a new one where none came, or where it is used up."""
    sent = _uuid(request.POST.get(FIELD, ""))
    return uuid7() if sent is None or getattr(request, "form_used_up", False) else sent


@contextmanager
def once(request: HttpRequest, address: str, words: str, *, alike: bool = True) -> Iterator[None]:
    """Do what stands inside in one transaction, unless this form did it before.

    `address` is the page of what will be made, `words` (marked by gettext_noop) say that it is there already. Raises
    Pressed for a form that recorded the same before, also with a new id where `alike`; the middleware leads on to
    its page. Raises UsedUp for a form that recorded something else: it gets a new id, and the next press
    records what it says.
    """
    now = timezone.now()
    form = form_id(request)
    digest = _digest(request, None if alike else form)
    person: User = request.user  # type: ignore[assignment]
    press = Press(person=person, form=form, digest=digest, address=address, words=words, at=now)
    with Together():
        try:
            _write(press)
        except OperationalError as error:
            if not isinstance(error.__cause__, (LockNotAvailable, QueryCanceled)):
                raise
            words = _("What you sent a moment ago is still being saved. Wait a little, then look.")
            raise StillSaving(words) from error
        earlier = None if press.pk else _earlier(press)
        if earlier is None:
            yield
            return
    if earlier.digest == press.digest:
        raise Pressed(earlier, alike=earlier.form != press.form)
    request.form_used_up = True  # type: ignore[attr-defined]
    raise UsedUp(
        _("This form recorded something before you changed it. Press again to record what it says now as another one.")
    )


def before(request: HttpRequest) -> Pressed | None:
    """What this form, or one alike, recorded before. What it made may be why it is refused now: a problem that is
    assigned, a visit of that hour."""
    form = _uuid(request.POST.get(FIELD, ""))
    if form is None or not request.user.is_authenticated:
        return None
    same = Q(form=form, digest__in=[_digest(request), _digest(request, form)])
    alike = Q(digest=_digest(request), at__gt=timezone.now() - ALIKE_FOR)
    earlier = Press.objects.filter(same | alike, person=request.user.pk).order_by("-at").first()
    return Pressed(earlier, alike=earlier.form != form) if earlier else None


def is_used(request: HttpRequest) -> bool:
    """Has this form of this person recorded something, whatever it says now?"""
    form = _uuid(request.POST.get(FIELD, ""))
    return form is not None and Press.objects.filter(person=request.user.pk, form=form).exists()


def forget() -> None:
    """Drop what is too old to be pressed again."""
    Press.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()


def _write(press: Press) -> None:
    """Keep the press; its `pk` is None where it, or one alike, is there."""
    values: dict[str, Any] = {name: getattr(press, name) for name in ("id", "form", "digest", "address", "words", "at")}
    with connection.cursor() as cursor:
        asked = {"person": press.person_id, "since": press.at - ALIKE_FOR, "patience": PATIENCE}
        cursor.execute(FIRST, values | asked)
        if not cursor.rowcount:
            press.pk = None


def _earlier(press: Press) -> Press:
    """The press that stands in the way: that of the form itself, else the last one that said the same."""
    mine = Press.objects.filter(person=press.person_id)
    return mine.filter(form=press.form).first() or mine.filter(digest=press.digest).latest("at")


def _digest(request: HttpRequest, form: UUID | None = None) -> str:
    """What the person said in this form, as 64 letters; files by their names and sizes. With the id of the form only
    that one says it."""
    said = [(name, values) for name, values in sorted(request.POST.lists()) if name not in UNSAID]
    files = [(name, [(file.name, file.size) for file in files]) for name, files in sorted(request.FILES.lists())]
    whole = (request.path, request.META["QUERY_STRING"], said, files, form)
    return hashlib.sha256(repr(whole).encode()).hexdigest()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
