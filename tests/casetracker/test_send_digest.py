"""manage.py send_digest: sends once, shows without sending, tells a past week as it was."""

import datetime
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from casetracker import deliveries, mail
from casetracker.management.commands.send_digest import summary
from casetracker.models import Delivery
from inspections import workflow
from inspections.enums import Status
from inspections.models import Problem
from tests import cast as troupe
from tests.builders import at, make_problem, shot
from tests.cast import Cast

DAY = datetime.timedelta(days=1)


@pytest.fixture
def cast(db: None) -> Cast:
    return troupe.cast()


def late_problem(cast: Cast) -> Problem:
    return make_problem(cast, due_on=timezone.localdate() - 3 * DAY, status=Status.RECTIFYING)


def run(*args: str) -> dict[str, Any]:
    out = StringIO()
    call_command("send_digest", *args, "--format", "json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_the_command_sends_and_repeats_nothing(cast: Cast) -> None:
    late_problem(cast)
    today = timezone.localdate().isoformat()
    report = run("--on", today)
    assert (report["readers"], report["sent"], report["already"]) == (5, 5, 0)
    assert {letter["reader"]: letter["totals"]["overdue"] for letter in report["letters"]}["handler1"] == 1
    again = run("--on", today)
    assert (again["readers"], again["sent"], again["already"], again["letters"]) == (5, 0, 5, [])
    assert mail.count() == 5


def test_what_is_said_of_the_letters_adds_up(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    late_problem(cast)
    bad, fates = cast.handler1, ("sent", "waiting", "failed", "in_doubt", "cancelled")
    type(bad).objects.filter(pk=bad.pk).update(email="处理@例子.中国")
    claim, turns = deliveries.claim, iter([True, True])
    with monkeypatch.context() as stopped:
        stopped.setattr(deliveries, "claim", lambda only: claim(only) if next(turns, False) else None)
        report = run()
    assert report["written"] == len(report["letters"]) == sum(report[fate] for fate in fates) == 5
    assert (report["sent"] + report["failed"], report["waiting"], report["already"]) == (2, 3, 0)
    words = summary(report)
    assert "5 letters written: " in words
    assert "3 waiting to be sent" in words
    assert "0 readers had theirs already" in words
    assert "5 letters would be written" in summary(report | {"dry_run": True})
    assert summary(run()).endswith("0 letters written. 5 readers had theirs already.")


def test_a_dry_run_shows_the_letters_and_changes_nothing(cast: Cast) -> None:
    late_problem(cast)
    report = run("--on", timezone.localdate().isoformat(), "--dry-run")
    assert len(report["letters"]) == report["readers"] == 5
    assert report["sent"] == 0
    assert not Delivery.objects.exists()
    assert mail.count() == 0


def test_one_reader_alone(cast: Cast) -> None:
    late_problem(cast)
    report = run("--reader", "handler1")
    assert [letter["reader"] for letter in report["letters"]] == ["handler1"]
    assert Delivery.objects.count() == 1


def test_a_day_of_the_past_is_told_as_it_was(cast: Cast) -> None:
    done = make_problem(cast, status=Status.CLOSED, due_on=datetime.date(2019, 12, 6))
    assert done.closed_on is not None
    assert done.closed_on < datetime.date(2019, 12, 6)
    late = make_problem(cast, status=Status.RECTIFYING, due_on=datetime.date(2019, 12, 6))
    workflow.report_back(late, by=cast.handler1, text="已整改", shots=[shot(cast.handler1)], now=at("2019-12-11 10:00"))
    report = run("--on", "2019-12-09", "--reader", "handler1")
    assert report["letters"][0]["totals"]["overdue"] == 1
    assert run("--on", "2019-12-16", "--reader", "handler1", "--dry-run")["letters"] == []


@pytest.mark.parametrize("args", [("--on", "9.12.2019"), ("--on", "2019-13-01"), ("--reader", "nobody")])
def test_the_command_says_what_it_can_not_read(db: None, args: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("send_digest", *args)


def test_the_command_says_where_the_links_lead(cast: Cast, settings: Any) -> None:
    settings.URL = "https://track.example"
    out = StringIO()
    call_command("send_digest", "--dry-run", stdout=out)
    assert "The links of the letters lead to https://track.example (CASETRACKER_URL)." in out.getvalue()


def test_a_day_to_come_is_shown_but_never_sent(cast: Cast) -> None:
    """Else the letters would tell of a moment to come, and on that day everybody would have theirs already."""
    late_problem(cast)
    ahead = (timezone.localdate() + 7 * DAY).isoformat()
    with pytest.raises(CommandError, match=f"{ahead} lies ahead.*--dry-run"):
        call_command("send_digest", "--on", ahead)
    assert not Delivery.objects.exists()
    assert mail.count() == 0
    report = run("--on", ahead, "--dry-run")
    assert (report["looks_ahead"], len(report["letters"])) == (True, 5)
    assert "if nothing were found, put right or changed until then" in summary(report)
    assert run("--dry-run")["looks_ahead"] is False
    assert "lies ahead" not in summary(run("--dry-run"))
