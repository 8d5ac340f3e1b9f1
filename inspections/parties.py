"""Writing a party: who may, checking its code, entering and changing it together with its event."""

import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as BadCode

from casetracker import audit
from casetracker.enums import Role
from casetracker.errors import Invalid, NotAllowed
from casetracker.ids import uuid7
from casetracker.models import Unit, User
from casetracker.transactions import together
from inspections import scope
from inspections.ledger.cells import fold
from inspections.models import Party
from inspections.searching import index_party

SUBJECT = "party"
COLUMNS = ("kind", "name", "credit_code", "contact", "phone", "address")


def may_keep(user: User, office: Unit) -> bool:
    """May the person enter and change parties of this office: its inspectors and supervisors."""
    units = user.units_as(Role.INSPECTOR, Role.SUPERVISOR)
    return any(scope.bureau_of(unit).pk == office.pk or office.path.startswith(unit.path) for unit in units)


def checked_code(text: str) -> str:
    """The unified social credit code in its usual form (upper case, half width), or "" for none.

    Raises Invalid unless length, letters and check digit are right (GB 32100-2015).
    """
    code = fold(text).strip().upper().replace(" ", "")
    if not code:
        return ""
    try:
        uscc.validate(code)
    except BadCode as problem:
        raise Invalid(
            _("This is no unified social credit code: check its 18 characters against the licence."),
            field="credit_code",
        ) from problem
    return code


@together
def enter(
    office: Unit, *, by: User, party_id: UUID | None = None, now: datetime.datetime | None = None, **values: Any
) -> Party:
    """Put a party on the office's register. Raises NotAllowed, Invalid (no name, a bad or a taken code)."""
    if not may_keep(by, office):
        raise NotAllowed(_("Only inspectors and supervisors of the office may do this."))
    party = Party(pk=party_id or uuid7(), office=office)
    _fill(party, values)
    party.save(force_insert=True)
    _tell(party, "enter_party", by, now, after={name: getattr(party, name) for name in COLUMNS})
    return party


@together
def change(party: Party, *, by: User, now: datetime.datetime | None = None, **values: Any) -> Party:
    """Change what the register says; problems keep the name of their day. Raises NotAllowed, Invalid."""
    locked = Party.objects.select_for_update(of=("self",)).select_related("office").defer("search").get(pk=party.pk)
    if not may_keep(by, locked.office):
        raise NotAllowed(_("Only inspectors and supervisors of the office may do this."))
    before = {name: getattr(locked, name) for name in COLUMNS}
    _fill(locked, values)
    after = {name: getattr(locked, name) for name in COLUMNS if getattr(locked, name) != before[name]}
    if not after:
        raise Invalid(_("Nothing was changed."))
    locked.save(update_fields=[*after, "search"])
    _tell(locked, "change_party", by, now, before={name: before[name] for name in after}, after=after)
    return locked


def _fill(party: Party, values: dict[str, Any]) -> None:
    for name in COLUMNS:
        if name in values:
            setattr(party, name, values[name])
    party.name = party.name.strip()
    if not party.name:
        raise Invalid(_("Give the party a name."), field="name")
    party.credit_code = checked_code(party.credit_code)
    taken = Party.objects.filter(office=party.office, credit_code=party.credit_code).exclude(pk=party.pk)
    if party.credit_code and (other := taken.first()):
        raise Invalid(_("%(name)s has this code already.") % {"name": other.name}, field="credit_code")
    party.search = index_party(party)


def _tell(party: Party, verb: str, by: User, now: datetime.datetime | None, **facts: Any) -> None:
    audit.record(
        subject_type=SUBJECT,
        subject_id=party.pk,
        label=party.name,
        verb=verb,
        by=by,
        at=now or timezone.now(),
        **facts,
    )
