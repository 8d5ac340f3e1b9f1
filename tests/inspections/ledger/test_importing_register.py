"""A whole public register of another country and trade that nobody here shaped: food inspections in Delaware.

Its names are real, so it does not come with us: CASETRACKER_REGISTER says where it lies (2,281 rows of CSV).
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from inspections.enums import Result, Route, Status
from inspections.ledger.importing import import_file
from inspections.ledger.mapping import loads
from inspections.models import Problem, Recheck, Site
from tests.builders import day
from tests.cast import Cast

FILE = Path(os.environ.get("CASETRACKER_REGISTER", ""))

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not FILE.is_file(), reason="CASETRACKER_REGISTER names no file"),
]

# The column says a violation and, behind the stroke, whether it was corrected on site (COS). The inspections of 2007
# mostly leave that out, as two of 2014 do: then nothing says that it was corrected.
MAPPING = r"""
kind = "problems"
date_order = "mdy"

[columns]
site = "Establishments"
found_on = "Date"
district = "County"
source = "Type"
lat = "Latitude"
lon = "Longitude"

[values.source]
"Routine" = "random"
"Complaint" = "complaint"
"Followup" = "random"
"Other" = "patrol"

[values.district]
"New Castle County" = "410802"
"Sussex" = "410803"
"Kent" = "410804"

[defaults]
description = "Violation of the food code"
route = "central"

[split]
column = "Violations/COS"
by = ","
part = '(?P<kind>[0-9.-]+)(?: */(?P<fixed>Yes|No))?'
fixed = "Yes"
none = ["None"]

[recheck]
column = "Type"
values = ["Followup"]

[create]
sites = true
kinds = true
"""


def test_the_register_comes_in_whole_and_changes_nothing_the_second_time(people: Cast) -> None:
    mapping = loads(MAPPING)
    report = import_file(FILE, mapping, office=people.office, by=people.supervisor1)

    # A row that says None names nothing, nor does a follow-up of what it names again, 51 times.
    assert (report.rows, report.created, report.nothing, report.doubtful) == (2281, 1416, 1543 + 51, [])
    # Three cells name one code twice; two name it as corrected and as not corrected, which can't both be.
    assert report.duplicates == 3
    assert [(one.row, one.column, one.value, one.code) for one in report.refused] == [
        (1794, "Violations/COS", "3-501.14", "duplicate"),
        (1955, "Violations/COS", "4-204.111", "duplicate"),
    ]
    assert report.made == {"sites": 196, "kinds": 115}
    assert not Site.objects.exclude(lat__isnull=False, lon__isnull=False).exists()

    assert Counter(Problem.objects.values_list("status", flat=True)) == {Status.VERIFIED: 1278, Status.FOUND: 138}
    assert Counter(Problem.objects.values_list("route", flat=True)) == {Route.ON_SPOT: 495, Route.CENTRAL: 921}
    assert Counter(Recheck.objects.values_list("result", flat=True)) == {Result.FIXED: 1278, Result.NOT_FIXED: 51}
    bare = Problem.objects.filter(site_name="A & G Steak Out", found_on=day("2007-04-26")).get()
    assert (bare.kind and bare.kind.name_zh, bare.route) == ("3-501.17", Route.CENTRAL)

    again = import_file(FILE, mapping, office=people.office, by=people.supervisor1)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1416)
