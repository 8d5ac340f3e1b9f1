"""One row of a problem ledger with its names resolved, or refused with the reason."""

import dataclasses
import datetime
import json
from collections.abc import Callable
from typing import TypeVar

from django.utils.translation import gettext_lazy as _

from casetracker import audit
from casetracker.models import District, Unit
from inspections.ledger.cells import CaseNumber
from inspections.ledger.errors import Message, RowError
from inspections.ledger.importing.batch import key_of
from inspections.ledger.importing.names import Names, Unclear
from inspections.ledger.importing.past import Past
from inspections.ledger.importing.report import Report
from inspections.ledger.importing.visits import UNKNOWN_DISTRICT, UNKNOWN_TEAM, no_site, remark
from inspections.ledger.rows import ParsedRow
from inspections.models import Site

Found = TypeVar("Found")

HIGHEST_NUMBER = 999_999_999

UNKNOWN_UNIT = _("No unit is called “%(name)s”; the problem comes without it unless “Values” says which one is meant.")
UNKNOWN_KIND = _(
    "No kind of problem is called “%(name)s”; the problem comes without it unless “Values” says which one is meant."
)
NUMBER_TOO_HIGH = _("“%(value)s” is not a number that fits here.")


def resolve(row: ParsedRow, names: Names, report: Report, now: datetime.datetime) -> Past | None:
    """What the row's names mean; None when the row is refused."""
    values = row.values
    place = _place(row, names, report)
    if place is None:
        return None
    district, site = place
    number: CaseNumber | None = values.get("number")
    if number is not None and (number.seq or 0) > HIGHEST_NUMBER:
        message = Message(NUMBER_TOO_HIGH, {"value": number.text})
        column = row.headers.get("number", "number")
        report.refuse(RowError(row.row, column, number.text, "bad_number", message, "number"))
        return None
    doubts: list[RowError] = []
    team = _look_up(row, "team", values.get("team"), names.team, UNKNOWN_TEAM, doubts) or names.office
    kind = _look_up(row, "kind", values.get("kind"), names.kind, UNKNOWN_KIND, doubts)
    lead = _look_up(row, "unit", values.get("unit"), names.unit, UNKNOWN_UNIT, doubts)
    others: list[Unit] = []
    for name in values.get("co_units") or []:
        unit = _look_up(row, "co_units", name, names.unit, UNKNOWN_UNIT, doubts)
        if unit is not None and unit != lead and unit not in others:
            others.append(unit)
    if doubts:
        row = dataclasses.replace(row, doubtful=(*row.doubtful, *doubts))
    described = (values["found_on"], site.name, district.code, values.get("kind"), values["description"])
    return Past(
        row=row,
        row_key=key_of(names.office.pk, *described),
        digest=key_of(json.dumps(audit.plain(values), sort_keys=True, ensure_ascii=False)),
        number=number,
        external_id=values.get("external_id") or "",
        district=district,
        site=site,
        team=team,
        kind=kind,
        lead=lead,
        others=others,
        now=now,
        rules=names.rules,
    )


def _place(row: ParsedRow, names: Names, report: Report) -> tuple[District, Site] | None:
    values = row.values
    district = names.district(values["district"])
    if district is None:
        report.refuse(remark(row, "district", values["district"], "unknown_district", UNKNOWN_DISTRICT))
        return None
    site = names.site(values["site"], district, values.get("site_kind"), values.get("lat"), values.get("lon"))
    if site is None:
        report.refuse(no_site(row, names))
        return None
    return district, site


def _look_up(
    row: ParsedRow,
    column: str,
    name: str | None,
    find: Callable[[str], Found | None],
    unknown: object,
    doubts: list[RowError],
) -> Found | None:
    """What the name means; nothing, with a doubt, where it means nothing or nothing certain."""
    if not name:
        return None
    what = "unit" if column == "co_units" else column
    try:
        found = find(name)
    except Unclear as problem:
        doubts.append(remark(row, column, name, f"{problem.code}_{what}", problem.message.template))
        return None
    if found is None:
        doubts.append(remark(row, column, name, f"unknown_{what}", unknown))
    return found
