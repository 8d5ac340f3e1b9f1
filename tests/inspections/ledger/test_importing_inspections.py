"""A register of inspections: one cell names several problems, later rows tell how they were found again."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from inspections.enums import Result, Route, Status
from inspections.ledger.errors import LedgerError
from inspections.ledger.importing import Report, import_file
from inspections.ledger.mapping import loads
from inspections.models import Problem, Recheck
from tests.builders import day
from tests.cast import Cast

pytestmark = pytest.mark.django_db

MAPPING = r"""
kind = "problems"
date_order = "mdy"

[columns]
site = "Establishment"
found_on = "Date"
district = "County"
source = "Type"

[values.source]
"Routine" = "random"
"Complaint" = "complaint"
"Followup" = "random"

[values.district]
"Kent" = "410802"

[defaults]
description = "Violation of the food code"
route = "central"

[split]
column = "Violations/COS"
by = ","
part = '(?P<kind>[0-9.-]+) ?/(?P<fixed>Yes|No)'
fixed = "Yes"
none = ["None"]

[recheck]
column = "Type"
values = ["Followup"]

[create]
sites = true
kinds = true
"""
HEADER = "Establishment;County;Type;Date;Violations/COS"


def take_in(folder: Path, people: Cast, *rows: str, mapping: str = MAPPING, **options: Any) -> Report:
    path = folder / "inspections.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return import_file(path, loads(mapping), office=people.office, by=None, **options)


def of(code: str) -> Problem:
    return Problem.objects.get(kind__name_zh=code)


def test_several_codes_in_one_cell_are_as_many_problems(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, "Blue Diner;Kent;Routine;04/26/2019;3-501.17 /No, 4-601.11 /Yes,5-205.15 /No")

    assert (report.rows, report.created, report.nothing, report.refused) == (1, 3, 0, [])
    fixed, waiting = of("4-601.11"), of("3-501.17")
    assert (waiting.status, waiting.route, waiting.found_on) == (Status.FOUND, Route.CENTRAL, day("2019-04-26"))
    assert (fixed.status, fixed.route, fixed.met_on) == (Status.VERIFIED, Route.ON_SPOT, day("2019-04-26"))
    assert fixed.number != waiting.number
    assert report.columns["kind"] == "Violations/COS"
    assert "Violations/COS" not in report.unread


def test_a_row_that_names_nothing_is_counted_and_makes_nothing(people: Cast, tmp_path: Path) -> None:
    report = take_in(tmp_path, people, "Blue Diner;Kent;Routine;04/26/2019;None", "Blue Diner;Kent;Routine;04/27/2019;")

    assert (report.rows, report.created, report.nothing) == (2, 0, 2)
    assert report.as_json()["nothing"] == 2


def test_a_follow_up_is_the_re_inspection_of_what_was_open(people: Cast, tmp_path: Path) -> None:
    report = take_in(
        tmp_path,
        people,
        # Not in the order of their days.
        "Blue Diner;Kent;Followup;05/20/2019;None",
        "Blue Diner;Kent;Followup;05/10/2019;4-601.11 /No, 6-301.12 /No",
        "Blue Diner;Kent;Routine;04/26/2019;3-501.17 /No, 4-601.11 /No",
        "Red Diner;Kent;Routine;04/26/2019;3-302.11 /No",
    )

    assert (report.rows, report.created, report.nothing) == (4, 4, 2)
    first, twice, new = of("3-501.17"), of("4-601.11"), of("6-301.12")
    assert (first.status, first.verified_on) == (Status.VERIFIED, day("2019-05-10"))
    assert (twice.status, twice.verified_on) == (Status.VERIFIED, day("2019-05-20"))
    assert (new.found_on, new.verified_on) == (day("2019-05-10"), day("2019-05-20"))
    assert of("3-302.11").status == Status.FOUND
    checks = Recheck.objects.filter(problem=twice).order_by("on")
    assert [(one.on, one.result) for one in checks] == [
        (day("2019-05-10"), Result.NOT_FIXED),
        (day("2019-05-20"), Result.FIXED),
    ]


def test_a_later_inspection_that_finds_it_again_is_another_problem(people: Cast, tmp_path: Path) -> None:
    report = take_in(
        tmp_path,
        people,
        "Blue Diner;Kent;Routine;04/26/2019;3-501.17 /No",
        "Blue Diner;Kent;Followup;05/10/2019;None",
        "Blue Diner;Kent;Routine;10/01/2019;3-501.17 /No",
    )

    assert report.created == 2
    assert Counter(Problem.objects.values_list("status", flat=True)) == {Status.VERIFIED: 1, Status.FOUND: 1}


def test_the_same_register_again_changes_nothing_and_a_later_follow_up_updates(people: Cast, tmp_path: Path) -> None:
    rows = ["Blue Diner;Kent;Routine;04/26/2019;3-501.17 /No", "Blue Diner;Kent;Followup;05/10/2019;3-501.17 /No"]
    take_in(tmp_path, people, *rows)

    again = take_in(tmp_path, people, *rows)
    more = take_in(tmp_path, people, *rows, "Blue Diner;Kent;Followup;06/10/2019;None")

    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    assert (more.created, more.updated) == (0, 1)
    assert of("3-501.17").verified_on == day("2019-06-10")
    assert Recheck.objects.count() == 2


def test_a_part_that_is_written_otherwise_refuses_its_row_and_no_other(people: Cast, tmp_path: Path) -> None:
    report = take_in(
        tmp_path,
        people,
        "Blue Diner;Kent;Routine;04/26/2019;3-501.17 /No, see report",
        "Red Diner;Kent;Routine;04/26/2019;3-302.11 /No",
    )

    (refused,) = report.refused
    assert (refused.row, refused.column, refused.value, refused.code) == (2, "Violations/COS", "see report", "bad_part")
    assert report.created == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('column = "Violations/COS"', 'column = "Codes"', "no column “Codes”"),
        ("(?P<kind>[0-9.-]+)", "(?P<kind>[0-9.-]+", "split.part"),
        ("(?P<kind>[0-9.-]+)", "([0-9.-]+)", "split.part"),
        ("(?P<kind>", "(?P<knd>", "kind"),
        ('values = ["Followup"]', 'values = "Followup"', "recheck.values"),
        ('none = ["None"]', 'none = "None"', "split.none"),
    ],
)
def test_a_mapping_that_cannot_be_says_what_is_wrong(
    people: Cast, tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(LedgerError, match=words.replace(".", r"\.")):
        take_in(tmp_path, people, "Blue Diner;Kent;Routine;04/26/2019;None", mapping=MAPPING.replace(old, new))
