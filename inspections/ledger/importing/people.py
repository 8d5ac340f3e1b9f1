"""Writing people: accounts without a password, their posts, and an invitation for each that waits to be released."""

import dataclasses
import datetime
import json
from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from casetracker import audit, invitations
from casetracker.administering import enrolling
from casetracker.administering.recording import subject_id_of
from casetracker.models import Membership, User
from inspections.enums import ImportState
from inspections.ledger.importing.enlisting import (
    CLOSED,
    CONTRADICTS,
    ELSEWHERE,
    EMAIL_TAKEN,
    RENAMED,
    Known,
    Refused,
    Wanted,
    read,
)
from inspections.ledger.importing.office_names import OfficeNames, about, units_of
from inspections.ledger.importing.posts import Found, match
from inspections.ledger.importing.report import NEW, Outcome, Report
from inspections.ledger.rows import ParsedRow
from inspections.models import ImportBatch, ImportRow


class PersonWriter:
    """Enters people who are not there yet and changes the others; several rows of one person are several posts.

    An empty cell changes nothing, and whom a file leaves out stays as they are.
    """

    def __init__(self, batch: ImportBatch, names: OfficeNames, now: datetime.datetime) -> None:
        self.batch = batch
        self.names = names
        self.now = now
        self.today = timezone.localdate(now)
        self.units = set(units_of(batch.office).values_list("pk", flat=True))
        # The people of the file by sign-in name and by address, both in lower case.
        self.by_name: dict[str, Known] = {}
        self.by_email: dict[str, Known] = {}
        self.seen: set[str] = set()

    def waits(self, row: ParsedRow) -> bool:
        """No person depends on another row."""
        return False

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        outcomes: list[Outcome] = []
        wanted: list[Wanted] = []
        for row in rows:
            told = json.dumps(audit.plain(row.values), sort_keys=True)
            if told in self.seen:
                outcomes.append(Outcome(row, "duplicate"))
                continue
            self.seen.add(told)
            try:
                wanted.append(read(row, self.names))
            except Refused as refusal:
                report.refuse(refusal.remark)
        self._load(wanted)
        done: list[tuple[Wanted, Known, str]] = []
        for one in wanted:
            try:
                known = self._known(one)
                done.append((one, known, self._enter(one, known)))
            except Refused as refusal:
                report.refuse(refusal.remark)
        people = list({id(known): known for _one, known, _outcome in done}.values())
        enrolling.write([known.entry for known in people], by=self.batch.by, now=self.now, **about(self.batch))
        newcomers = [known.person for known in people if known.new]
        invitations.hold(newcomers, waits_for=self.batch.pk, file_name=self.batch.file_name, now=self.now)
        for known in people:
            known.entry = enrolling.Entry(known.person)
        return outcomes + [_outcome(*each) for each in done]

    def finish(self) -> None:
        """Nothing is left to do."""

    # --- Who it is ------------------------------------------------------------------------------------

    def _load(self, wanted: Iterable[Wanted]) -> None:
        """Read the accounts that have one of these names or addresses, each once."""
        names = {name.lower() for one in wanted for name in (one.username, one.usual_name, one.email) if name}
        emails = {one.email.lower() for one in wanted if one.email}
        found = enrolling.by_names(names - self.by_name.keys(), emails - self.by_email.keys())
        undone = self._undone(found)
        for person in found:
            if person.username.lower() not in self.by_name:
                self._remember(Known(person, undone=person.pk in undone, posts=list(person.memberships.all())))

    def _remember(self, known: Known) -> None:
        self.by_name[known.person.username.lower()] = known
        self.by_email |= dict.fromkeys(known.addresses(), known)

    def _undone(self, people: list[User]) -> set[int]:
        """Those whose accounts an import brought that was undone: a file brings them back."""
        keys = {subject_id_of(one): one.pk for one in people if not one.is_active and one.last_login is None}
        rows = ImportRow.objects.filter(subject_id__in=keys, outcome__in=NEW, batch__state=ImportState.UNDONE)
        return {keys[key] for key in rows.values_list("subject_id", flat=True) if key}

    def _known(self, one: Wanted) -> Known:
        """Whom the row means: by the sign-in name, without one by the address; else somebody new. Raises Refused."""
        named = self.by_name.get(one.username.lower()) if one.username else None
        addressed = self.by_email.get(one.email.lower()) if one.email else None
        if one.username and addressed is not None and addressed is not named:
            raise one.refused("email", "email_taken", EMAIL_TAKEN, name=addressed.person.username)
        known = named or addressed
        if known is None:
            return Known(self._newcomer(one), new=True)
        person, column = known.person, "username" if one.username else "email"
        units = {post.unit_id for post in known.posts}
        if units and not known.new and not units & self.units:
            raise one.refused(column, "elsewhere_person", ELSEWHERE, name=person.username)
        if not person.is_active and not (known.undone or known.new):
            raise one.refused(column, "closed_account", CLOSED, name=person.username)
        for name, value in one.values.items():
            if (known.told or {}).get(name, value) != value:
                raise one.refused(name, "duplicate", CONTRADICTS, name=person.username)
        return known

    def _newcomer(self, one: Wanted) -> User:
        """A new account; without a sign-in name it gets the first part of the address, or all of it."""
        usual = one.usual_name if one.usual_name and one.usual_name not in self.by_name else one.email.lower()
        return User(username=one.username or usual, **one.values)

    # --- What it says ---------------------------------------------------------------------------------

    def _enter(self, one: Wanted, known: Known) -> str:
        """Put down what the row says; the outcome. Raises Refused, and then nothing was put down."""
        found = match(one, known, self.today)
        is_first = known.told is None
        known.told = (known.told or {}) | one.values
        one.before = {
            name: getattr(known.person, name)
            for name, value in one.values.items()
            if getattr(known.person, name) != value
        }
        if is_first and known.new:
            known.entry.is_new = True
        elif known.undone:
            known.undone, known.new, known.revived, known.entry.reopens = False, True, True, True
        elif "name" in one.before and not known.new:
            one.doubt("name", "renamed", RENAMED, name=known.person.username, old=one.before["name"])
        for name in one.before:
            setattr(known.person, name, one.values[name])
        known.entry.before = one.before | known.entry.before
        self._enter_post(one, known, found)
        self._remember(known)
        one.row = dataclasses.replace(one.row, doubtful=(*one.row.doubtful, *one.doubts))
        if known.new and is_first:
            return "revived" if known.revived else "created"
        if not (one.before or one.given or one.changed):
            return "duplicate" if known.new else "unchanged"
        return ("revived" if known.revived else "created") if known.new else "updated"

    def _enter_post(self, one: Wanted, known: Known, found: Found) -> None:
        one.given, changed = found
        if one.given is not None:
            known.entry.given.append(one.given)
            known.posts.append(one.given)
        if changed is not None:
            one.changed, values = changed
            one.post_before = {name: getattr(one.changed, name) for name in values}
            known.entry.changed.append((one.changed, one.post_before))
            for name, value in values.items():
                setattr(one.changed, name, value)


def _outcome(one: Wanted, known: Known, outcome: str) -> Outcome:
    """The row's outcome with what undoing it needs, and what it changed under the sheet's own headers."""
    if outcome == "duplicate":
        return Outcome(one.row, outcome)
    before: dict[str, Any] = {
        "pk": known.person.pk,
        # The first row of somebody who came with this import takes the account back.
        "made": outcome in NEW and not known.row,
        "columns": audit.plain(one.before),
    }
    known.row = known.row or one.row.row
    if one.given is not None:
        before["given"] = one.given.pk
    if one.changed is not None:
        before["changed"] = {"pk": one.changed.pk, "values": audit.plain(one.post_before)}
    changes = _changes(one, known.person) if outcome == "updated" else []
    return Outcome(one.row, outcome, subject_id_of(known.person), before, changes)


def _changes(one: Wanted, person: User) -> list[dict[str, Any]]:
    told = [(name, old, one.values[name]) for name, old in one.before.items()]
    if one.given is not None:
        told.append(("role", None, _post(one.given)))
    if one.changed is not None:
        told += [(name, old, getattr(one.changed, name)) for name, old in one.post_before.items()]
    return [
        {
            "row": one.row.row,
            "number": person.username,
            "column": one.row.headers.get(name, name),
            "old": _text(old),
            "new": _text(new),
        }
        for name, old, new in told
    ]


def _post(post: Membership) -> str:
    return f"{post.get_role_display()}, {post.unit.name_zh}"


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:200]
