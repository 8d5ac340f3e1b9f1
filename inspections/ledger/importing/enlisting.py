"""One row of a ledger of people with its names resolved, or refused with the reason."""

import datetime
import re
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from casetracker import deliveries
from casetracker.administering.enrolling import Entry
from casetracker.models import Membership, Unit, User
from inspections.ledger.errors import Message, RowError
from inspections.ledger.importing.names import Unclear
from inspections.ledger.importing.office_names import OfficeNames
from inspections.ledger.rows import MISSING, ParsedRow

# What a filled cell says of the person; the other columns tell of a post.
COLUMNS = ("name", "name_en", "email", "phone", "language")

NO_KEY = _("A sign-in name or an e-mail address is needed, to know this person again.")
BAD_USERNAME = _("“%(name)s” can’t be a sign-in name: letters, digits and @ . + - _ only.")
BAD_EMAIL = _("“%(name)s” is no e-mail address that mail can go to.")
EMAIL_TAKEN = _("This address is the one of the account “%(name)s”. Everybody needs an address of their own.")
ELSEWHERE = _("The account “%(name)s” belongs to another office. Choose another sign-in name.")
CLOSED = _("The account “%(name)s” is closed. Open it on its page first, or choose another sign-in name.")
CONTRADICTS = _("“%(name)s” stands on another row, which says something else here.")
RENAMED = _("The account “%(name)s” is now the one of %(old)s; importing this row renames it. Is it the same person?")
NO_POST = _("No unit and no role: the person will sign in and see nothing.")
UNKNOWN_UNIT = _(
    "No unit of this office is called “%(name)s”. Choose under “Values” which one is meant, or tick “Units” under "
    "“Create what is new”."
)


class Refused(Exception):  # noqa: N818  a row, not an error of the program
    """A row that can't be taken in; `remark` says why."""

    def __init__(self, remark: RowError) -> None:
        super().__init__(remark.code)
        self.remark = remark


def remark(row: ParsedRow, name: str, code: str, template: Any, /, **words: Any) -> RowError:
    """A remark on a canonical column of the row, with the value that was read there."""
    value = row.values.get(name)
    text = "" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
    return RowError(row.row, row.headers.get(name, name), text[:200], code, Message(template, words), name)


@dataclass
class Known:
    """One person of the file, beside what is here.

    `new`: came with this import, or came back with it (`revived`). `told`: what earlier rows said.
    """

    person: User
    new: bool = False
    revived: bool = False
    # The account was closed by undoing the import that brought it.
    undone: bool = False
    posts: list[Membership] = field(default_factory=list)
    told: dict[str, Any] | None = None
    entry: Entry = field(init=False)
    # The first row that brought the person.
    row: int = 0

    def __post_init__(self) -> None:
        self.entry = Entry(self.person)

    def addresses(self) -> list[str]:
        """Every address that opens the account, in lower case."""
        others: Any = self.person.emailaddress_set.all() if self.person.pk else ()  # type: ignore[attr-defined]
        return [email.lower() for email in (self.person.email, *(one.email for one in others)) if email]


@dataclass
class Wanted:
    """What one row says: of the person, of a post (none without a role), and what undoing it will need."""

    row: ParsedRow
    username: str
    email: str
    values: dict[str, Any]
    unit: Unit | None
    doubts: list[RowError] = field(default_factory=list)
    # Columns and post as they were before, and the post that was given.
    before: dict[str, Any] = field(default_factory=dict)
    given: Membership | None = None
    changed: Membership | None = None
    post_before: dict[str, Any] = field(default_factory=dict)

    @property
    def usual_name(self) -> str:
        """The sign-in name that somebody without one gets: the first part of the address."""
        return re.sub(r"[^\w.+-]", "", self.email.partition("@")[0].lower())

    def day(self, name: str) -> datetime.date | None:
        """A date of the row."""
        return self.row.values.get(name)

    def refused(self, name: str, code: str, template: Any, /, **words: Any) -> Refused:
        return Refused(remark(self.row, name, code, template, **words))

    def doubt(self, name: str, code: str, template: Any, /, **words: Any) -> None:
        self.doubts.append(remark(self.row, name, code, template, **words))


def read(row: ParsedRow, names: OfficeNames) -> Wanted:
    """What a row says. Raises Refused."""
    values = row.values
    told = {name: values[name] for name in COLUMNS if values.get(name)}
    wanted = Wanted(row, values.get("username") or "", told.get("email", ""), told, None)
    if not wanted.username and not wanted.email:
        raise wanted.refused("username", "missing", NO_KEY)
    if wanted.username:
        try:
            User.username_validator(wanted.username)
        except ValidationError as problem:
            raise wanted.refused("username", "bad_username", BAD_USERNAME, name=wanted.username) from problem
    if wanted.email:
        try:
            deliveries.mailbox(wanted.email)
        except (ValidationError, ValueError) as problem:
            raise wanted.refused("email", "bad_email", BAD_EMAIL, name=wanted.email) from problem
    wanted.unit = _unit(wanted, names)
    if wanted.unit is None:
        wanted.doubt("unit", "no_post", NO_POST)
    return wanted


def _unit(wanted: Wanted, names: OfficeNames) -> Unit | None:
    """The unit of the row's post; None where the row tells of none. Raises Refused for half a post."""
    name, role = wanted.row.values.get("unit"), wanted.row.values.get("role")
    if not name and not role:
        return None
    if not name or not role:
        raise wanted.refused("role" if name else "unit", "missing", MISSING)
    try:
        found = names.unit(name)
    except Unclear as problem:
        raise wanted.refused("unit", f"{problem.code}_unit", problem.message.template, name=name) from problem
    if found is None:
        raise wanted.refused("unit", "unknown_unit", UNKNOWN_UNIT, name=name)
    return found
