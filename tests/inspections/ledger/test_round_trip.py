"""Properties of ledgers that go out and come in: here nothing changes, and an empty office elsewhere holds the same."""

import datetime
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils.translation import override
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from casetracker.enums import Language, Role, UnitKind
from inspections.enums import RiskClass, Severity, Source, VisitMode
from inspections.ledger import checks
from inspections.ledger.cells import as_code, as_name
from inspections.ledger.exporting.written import WORDS
from inspections.ledger.fields import KINDS, Context
from inspections.ledger.importing import import_file
from inspections.ledger.mapping import from_dict
from inspections.ledger.opening import open_ledger
from inspections.ledger.reader import read
from inspections.models import Exposure, Named, Party, Problem, SiteOperator, Visit, VisitInspector
from tests.builders import day, make_site, make_visit
from tests.cast import Cast
from tests.inspections.ledger.test_export_ledger import FORMS, LANGUAGES, every_state, take_back, write_out

# What the lists of people and units say.
ACCOUNTS = {"language": Language, "role": Role, "unit_kind": UnitKind}
FULL = bool(os.environ.get("CASETRACKER_FULL"))

ODD = ["=1+1", "'=1+1", "''", "'tis", "＝1", "@甲", "－1", "同上", "合计", "_x000D_甲", "_x0041_", "甲\n乙\t丙",
       ";;;;\n;;", "😀=", "\u200b", " \u3000甲 ", "1,234", "2019-10-16", "0012", "\ufffe甲", "甲" * 12_000,
       "\x07甲", "\u202e甲\u202c", "无", "—", "、", "甲、乙；丙", '"甲"', "\ufeff甲", "\x85甲\u2028乙"]  # fmt: skip
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60) | st.sampled_from(ODD)
# What forms and imports let in where a row is known again by it: a line of text that reads as itself.
LINE = ANY.map(lambda text: as_name(text[:50]) or "甲").filter(lambda text: as_name(text) == text)
CODE = ANY.map(lambda text: as_code(text[:20]) or "").filter(lambda text: (as_code(text) or "") == text)
PLACE = st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))
QUANTITY = st.none() | st.decimals(Decimal("0.01"), Decimal("99999999.99"), places=2)
EVERYTHING = dict.fromkeys(("units", "teams", "sites", "kinds"), True)


def some(draw: Any, fields: dict[str, Any], least: int = 1, most: int = 4) -> list[dict[str, Any]]:
    return list(draw.draw(st.lists(st.fixed_dictionaries(fields), min_size=least, max_size=most)))


def position(place: tuple[float, float] | None) -> dict[str, float | None]:
    return {"lat": place[0], "lon": place[1]} if place else {"lat": None, "lon": None}


# --- What stands in the office, as the database holds it, whatever a form of today would have made of it ---


def problems(people: Cast, draw: Any) -> None:
    made = every_state(people)
    fields = {"description": ANY, "internal_note": ANY, "party_name": ANY, "responsible_name": ANY, "site_name": ANY,
              "verified_by_name": ANY, "place": PLACE, "quantity": QUANTITY,
              "severity": st.sampled_from(Severity.values), "source": st.sampled_from(Source.values)}  # fmt: skip
    lengths = {"party_name": 100, "responsible_name": 60, "verified_by_name": 60, "site_name": 100}
    for problem, values in zip(made, some(draw, fields, most=len(made)), strict=False):
        place = position(values.pop("place"))
        texts = {name: values[name][:most] for name, most in lengths.items()}
        Problem.objects.filter(pk=problem.pk).update(**values | texts | place)


def visits(people: Cast, draw: Any) -> None:
    fields = {"site_name": ANY, "names": st.lists(ANY, max_size=3), "people": st.integers(0, 1000), "place": PLACE,
              "mode": st.sampled_from(VisitMode.values)}  # fmt: skip
    for number, values in enumerate(some(draw, fields)):
        visit = make_visit(people, make_site(people), on=day("2019-10-16") + datetime.timedelta(days=number))
        VisitInspector.objects.filter(visit=visit).delete()
        VisitInspector.objects.bulk_create(
            VisitInspector(visit=visit, name=name[:60]) for name in dict.fromkeys(values["names"])
        )
        more = {"people": values["people"], "mode": values["mode"], **position(values["place"])}
        Visit.objects.filter(pk=visit.pk).update(site_name=values["site_name"][:100], **more)


def sites(people: Cast, draw: Any) -> None:
    fields = {"name": ANY, "address": ANY, "permit": CODE, "grid_cell": CODE, "operator": LINE, "place": PLACE,
              "risk_class": st.sampled_from(RiskClass.values)}  # fmt: skip
    for number, values in enumerate(some(draw, fields)):
        own = {
            "address": values["address"][:200],
            **{name: values[name] for name in ("permit", "grid_cell", "risk_class")},
        }
        site = make_site(people, f"{values['name'][:100]}{number}", **own, **position(values["place"]))
        party, _ = Party.objects.get_or_create(office=people.office, name=values["operator"])
        SiteOperator.objects.create(site=site, party=party, from_on=day("2019-01-01"))


def exposures(people: Cast, draw: Any) -> None:
    fields = {
        "medium": LINE,
        "title": LINE,
        "name": LINE,
        "follow_up_result": LINE | st.just(""),
        "later": st.booleans(),
    }
    for values in some(draw, fields):
        on = day("2019-10-16")
        piece, _ = Exposure.objects.get_or_create(
            office=people.office, published_on=on, medium=values["medium"], title=values["title"]
        )
        follow_up = {"follow_up_on": on if values["later"] else None, "follow_up_result": values["follow_up_result"]}
        Named.objects.get_or_create(exposure=piece, name=values["name"], published_on=on, defaults=follow_up)


# --- Here ----------------------------------------------------------------------------------------------


def rows_of(path: Path, kind: str) -> list[dict[str, str]]:
    """What a file says, row by row; neither the order of rows entered at one moment nor that of units beside the lead
    means anything."""
    with open_ledger(path, from_dict({"kind": kind})) as ledger:
        values = [row.values | {"co_units": sorted(row.values.get("co_units") or [])} for row in ledger]
    said = [{name: text for name, value in one.items() if (text := checks.canonical(value))} for one in values]
    return sorted(said, key=repr)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_we_write_is_a_word_that_we_read(language: str) -> None:
    with override(language):
        for kind, fields in KINDS.items():
            for name, known in fields.items():
                words = (WORDS | ACCOUNTS)[name] if known.holds == "choice" else ()
                for value in words:
                    assert known.read(str(value.label), Context()) == value, (kind, name, value)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("enter", [problems, visits, sites, exposures], ids=lambda enter: enter.__name__)
@hypothesis_settings(max_examples=150 if FULL else 5)
@given(draw=st.data(), form=st.sampled_from(FORMS), language=st.sampled_from(LANGUAGES))
def test_any_ledger_comes_back_unchanged_and_goes_elsewhere_whole(
    people: Cast, tmp_path: Path, enter: Any, draw: Any, form: str, language: str
) -> None:
    kind = enter.__name__
    with transaction.atomic():
        enter(people, draw)
        path = write_out(tmp_path, form, language, kind=kind)
        with read(path) as reading:
            count = sum(map(len, reading)) - 1
        report = take_back(path, people, kind=kind)
        assert (report.rows, report.unchanged) == (count, count)
        assert (report.refused, report.doubtful) == ([], [])
        wanted = rows_of(path, kind)
        transaction.set_rollback(True)
    with transaction.atomic():
        mapping = from_dict({"kind": kind, "create": EVERYTHING})
        elsewhere = import_file(path, mapping, office=people.office, by=people.supervisor2)
        assert elsewhere.refused == []
        found = rows_of(write_out(tmp_path, form, language, kind=kind), kind)
        assert [dict(set(a.items()) ^ set(b.items())) for a, b in zip(found, wanted, strict=True) if a != b] == []
        transaction.set_rollback(True)
