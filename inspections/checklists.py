"""Writing checklists and kinds: a new version instead of a change, retiring, names and how things are counted."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from casetracker import audit
from casetracker.administering.recording import differences, reasoned, subject_id
from casetracker.errors import IllegalMove, Invalid
from casetracker.models import User
from inspections.models import Checklist, ChecklistItem, ChecklistVersion, ProblemKind, SiteKind

CHECKLIST, PROBLEM_KIND, SITE_KIND = "checklist", "problem_kind", "site_kind"
KINDS: dict[type[ProblemKind] | type[SiteKind], str] = {ProblemKind: PROBLEM_KIND, SiteKind: SITE_KIND}
PROBLEM_COLUMNS = (
    "name_zh",
    "name_en",
    "aliases",
    "severity",
    "measure_zh",
    "measure_en",
    "counts_as_quantity",
    "position",
)
SITE_COLUMNS = ("name_zh", "name_en", "aliases", "position")


@dataclass(frozen=True)
class Line:
    """One item of a version to be issued; its place is that in the list."""

    name_zh: str
    name_en: str = ""
    kind: ProblemKind | None = None
    clause: str = ""
    clause_verified_by: str = ""
    term_days: int | None = None


# --- Checklists -------------------------------------------------------------------------------------


@transaction.atomic
def create_checklist(*, by: User, code: str, name_zh: str, name_en: str = "", site_kinds: Any = ()) -> Checklist:
    """Make a checklist without any version; it is used on visits once a version is issued.

    Raises Invalid for a code that another one has.
    """
    if Checklist.objects.filter(code=code).exists():
        raise Invalid(_("Another checklist has this code. Choose another code."), field="code")
    checklist = Checklist.objects.create(code=code, name_zh=name_zh, name_en=name_en)
    checklist.site_kinds.set(site_kinds)
    _tell(CHECKLIST, checklist, "create_checklist", by, after=_state(checklist))
    return checklist


@transaction.atomic
def change_checklist(checklist: Checklist, *, by: User, name_zh: str, name_en: str, site_kinds: Any) -> Checklist:
    """Change names and the kinds of site it is meant for; versions stay as they are. Invalid when nothing changes."""
    locked = _locked(checklist)
    before = _state(locked)
    locked.name_zh, locked.name_en = name_zh, name_en
    locked.save(update_fields=["name_zh", "name_en"])
    locked.site_kinds.set(site_kinds)
    old, new = differences(before, _state(locked))
    _tell(CHECKLIST, locked, "change_checklist", by, before=old, after=new)
    return locked


@transaction.atomic
def issue_version(
    checklist: Checklist, *, by: User, lines: Sequence[Line], note: str, based_on: int, on: datetime.date | None = None
) -> ChecklistVersion:
    """Issue the next version with these items; earlier ones stay untouched, and visits keep theirs.

    `based_on` is the number of the version that was copied (0 for none), so that nobody's version is overlooked.
    Raises Invalid for no item or no difference, IllegalMove when a later version was issued meanwhile.
    """
    why = reasoned(note)
    locked = _locked(checklist)
    last = locked.latest
    number = last.number if last is not None else 0
    if number != based_on:
        words = {"number": number}
        raise IllegalMove(_("Version %(number)s was issued meanwhile. Look at it, then begin with it.") % words)
    if locked.retired_on is not None:
        raise IllegalMove(_("This checklist is retired. Take it into use again first."))
    if not lines:
        raise Invalid(_("A version needs at least one item."))
    if last is not None and list(lines) == lines_of(last):
        raise Invalid(_("Nothing was changed."))
    version = ChecklistVersion.objects.create(
        checklist=locked, number=number + 1, issued_on=on or timezone.localdate(), note=why[:200]
    )
    ChecklistItem.objects.bulk_create(
        [ChecklistItem(version=version, position=n, **vars(line)) for n, line in enumerate(lines, start=1)]
    )
    _tell(CHECKLIST, locked, "issue_checklist", by, number=version.number, count=len(lines), reason=why)
    return version


def lines_of(version: ChecklistVersion) -> list[Line]:
    """The items of a version as lines, to be copied."""
    return [
        Line(item.name_zh, item.name_en, item.kind, item.clause, item.clause_verified_by, item.term_days)
        for item in version.items.select_related("kind")
    ]


@transaction.atomic
def retire(checklist: Checklist, *, by: User, reason: str) -> Checklist:
    """Offer it on no visit from today on; past visits keep it. IllegalMove when it is retired already."""
    why, locked = reasoned(reason), _locked(checklist)
    if locked.retired_on is not None:
        raise IllegalMove(_("This checklist is retired already."))
    locked.retired_on = timezone.localdate()
    locked.save(update_fields=["retired_on"])
    _tell(CHECKLIST, locked, "retire_checklist", by, reason=why)
    return locked


@transaction.atomic
def revive(checklist: Checklist, *, by: User, reason: str) -> Checklist:
    """Offer a retired checklist again. IllegalMove when it is in use."""
    why, locked = reasoned(reason), _locked(checklist)
    if locked.retired_on is None:
        raise IllegalMove(_("This checklist is in use already."))
    locked.retired_on = None
    locked.save(update_fields=["retired_on"])
    _tell(CHECKLIST, locked, "revive_checklist", by, reason=why)
    return locked


def _locked(checklist: Checklist) -> Checklist:
    return Checklist.objects.select_for_update(of=("self",)).get(pk=checklist.pk)


def _state(checklist: Checklist) -> dict[str, Any]:
    kinds = sorted(checklist.site_kinds.values_list("name_zh", flat=True))
    return {"name_zh": checklist.name_zh, "name_en": checklist.name_en, "site_kinds": kinds}


# --- Kinds ------------------------------------------------------------------------------------------


@transaction.atomic
def create_kind(model: type[ProblemKind] | type[SiteKind], *, by: User, code: str, **values: Any) -> Any:
    """Make a kind of problem or of site. Raises Invalid for a code or a name that another one has."""
    if model._default_manager.filter(code=code).exists():
        raise Invalid(_("Another kind has this code. Choose another code."), field="code")
    kind: Any = model(code=code, **values)
    _check_names(kind)
    kind.save(force_insert=True)
    _tell(KINDS[model], kind, "create_kind", by, after=values)
    return kind


@transaction.atomic
def change_kind(kind: Any, *, by: User, **values: Any) -> Any:
    """Change names, severity or how it is counted, for what is found from now on. Invalid when nothing changes."""
    model = type(kind)
    locked = model._default_manager.select_for_update().get(pk=kind.pk)
    old, new = differences({name: getattr(locked, name) for name in values}, values)
    for name, value in new.items():
        setattr(locked, name, value)
    _check_names(locked)
    locked.save(update_fields=list(new))
    _tell(KINDS[model], locked, "change_kind", by, before=old, after=new)
    return locked


def _check_names(kind: Any) -> None:
    """No two kinds may answer to one name: imports could not tell them apart."""
    own = {kind.name_zh: "name_zh"} | {name: "aliases" for name in kind.aliases if name != kind.name_zh}
    for other in type(kind)._default_manager.exclude(pk=kind.pk):
        for name in (other.name_zh, *other.aliases):
            if name in own:
                words = {"name": name, "kind": other.name}
                raise Invalid(_("“%(name)s” is a name of %(kind)s already.") % words, field=own[name])


def _tell(kind: str, row: Any, verb: str, by: User, **facts: Any) -> None:
    audit.record(subject_type=kind, subject_id=subject_id(kind, row.pk), label=row.name_zh, verb=verb, by=by, **facts)
