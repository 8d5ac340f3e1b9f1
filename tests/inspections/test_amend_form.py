"""The form that puts a record right: one field for the position, teams in their order, the words of the other forms."""

from typing import Any

import pytest
from django.urls import reverse

from casetracker.administering.units import change_unit
from casetracker.audit import timeline
from casetracker.enums import UnitKind
from casetracker.errors import Invalid
from inspections import workflow
from inspections.enums import Verb
from inspections.forms import AmendForm
from inspections.forms.reporting import ReportForm
from inspections.models import Problem
from inspections.subjects import event_sentence
from tests.builders import make_problem
from tests.cast import Cast, make_unit
from tests.inspections.pressing import signed_in, text_of


def shown(people: Cast, problem: Problem) -> AmendForm:
    url = reverse("problem_verb", args=[problem.pk, "amend"])
    form: AmendForm = signed_in(people.supervisor1).get(url).context["form"]
    return form


def amend(people: Cast, problem: Problem, **changes: Any) -> Any:
    data = {name: "" if value is None else value for name, value in shown(people, problem).initial.items()}
    url = reverse("problem_verb", args=[problem.pk, "amend"])
    return signed_in(people.supervisor1).post(url, data | {"seen": problem.version, "reason": "填错"} | changes)


def test_a_position_is_one_field_as_where_it_was_first_given(people: Cast) -> None:
    problem = make_problem(people)
    Problem.objects.filter(pk=problem.pk).update(lat=35.241, lon=113.238)
    form = shown(people, problem)
    assert form.initial["position"] == "35.241000, 113.238000"
    assert not {"lat", "lon"} & set(form.fields)
    assert str(form.fields["position"].label) == str(ReportForm.base_fields["position"].label)

    assert amend(people, problem, position="35.25，113.24").status_code == 302

    problem.refresh_from_db()
    assert (problem.lat, problem.lon) == (35.25, 113.24)
    event = timeline("problem", problem.pk)[0]
    assert set(event.after) == {"lat", "lon"}
    said = "Position: 35.241000, 113.238000 became 35.250000, 113.240000."
    assert said in event_sentence(event, inside=True)
    assert amend(people, problem, position="").status_code == 302
    problem.refresh_from_db()
    assert (problem.lat, problem.lon) == (None, None)
    refused = amend(people, problem, position="113.24, 35.25")
    assert refused.status_code == 422
    assert "Latitude comes first" in text_of(refused)


def test_an_untouched_position_is_no_change(people: Cast) -> None:
    problem = make_problem(people)
    Problem.objects.filter(pk=problem.pk).update(lat=35.2412345678, lon=113.2387654321)
    assert amend(people, problem, severity="major").status_code == 302
    assert set(timeline("problem", problem.pk)[0].after) >= {"severity"}
    problem.refresh_from_db()
    assert problem.lat == 35.2412345678


def test_teams_come_as_they_are_counted_and_nothing_empty_is_offered_where_one_is_needed(people: Cast) -> None:
    for name in ("第三现场督导组", "第十现场督导组", "第四现场督导组"):
        make_unit(name, UnitKind.TEAM, parent=people.office)
    form = shown(people, make_problem(people))
    teams = [label for _value, label in form.fields["team"].choices]
    assert [name for name in teams if name.startswith("第")] == ["第三现场督导组", "第四现场督导组", "第十现场督导组"]
    for name in ("team", "district"):
        assert "" not in [str(value) for value, _label in form.fields[name].choices]


def test_the_item_number_has_one_name(people: Cast) -> None:
    form = shown(people, make_problem(people))
    assert str(form.fields["source_ref"].label) == str(ReportForm.base_fields["source_ref"].label) == "Item number"
    assert form.verb == Verb.AMEND


def test_a_team_that_belongs_to_another_office_by_now_stays_unless_it_is_changed(people: Cast) -> None:
    problem = make_problem(people)
    team = problem.team
    other = make_unit("另一督导办", UnitKind.OFFICE, parent=people.office.parent)
    change_unit(team, by=people.admin, reason="机构调整", parent=other)
    elsewhere = make_unit("另一办一组", UnitKind.TEAM, parent=other)
    field = shown(people, problem)["team"]
    assert f'value="{team.pk}" selected' in str(field)
    assert str(elsewhere.pk) not in [str(value) for value, _label in field.field.choices]

    assert amend(people, problem, severity="major").status_code == 302

    problem.refresh_from_db()
    assert (problem.team, problem.severity) == (team, "major")
    # The workflow too is asked for nothing but what differs.
    workflow.amend(problem, by=people.supervisor1, reason="填错", team=problem.team, description="另一说法")
    with pytest.raises(Invalid, match="another office"):
        workflow.amend(problem, by=people.supervisor1, reason="填错", team=elsewhere)
