"""manage.py send_digest: the weekly e-mail of a day's week, planned and sent at once; a rerun repeats nothing."""

import datetime
import json
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from casetracker import digest
from casetracker.enums import DeliveryState
from casetracker.letters import Words
from casetracker.models import Delivery, User

AS_IF = "this is what the letters would say if nothing were found, put right or changed until then"


class Command(BaseCommand):
    help = (
        "Plan and send the weekly e-mail of the week of a day: one letter per reader who has something to read. "
        "Whoever has a letter for that week already gets none. A day of the past is told as history knows it; "
        "a day ahead is only shown (--dry-run), as if nothing happened until then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", metavar="DATE", help="a day of the week meant, as 2019-12-09 (default: today)")
        parser.add_argument("--reader", metavar="USER", help="only this person, by sign-in name")
        parser.add_argument("--dry-run", action="store_true", help="show what would be written, change nothing")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        on = self._day(options["on"])
        reader = self._reader(options["reader"])
        if not options["dry_run"] and on > digest.database_now().date():
            raise CommandError(
                f"--on {on} lies ahead, and a letter tells what is so when it leaves. Send it on that day "
                "(the weekly e-mail leaves by itself), or add --dry-run to see what it would say as things stand now."
            )
        report = dry_run(on, reader) if options["dry_run"] else run(on, reader)
        if options["format"] == "json":
            self.stdout.write(json.dumps(report, ensure_ascii=False, indent=1))
        else:
            self._say(report)

    def _day(self, text: str | None) -> datetime.date:
        if not text:
            return timezone.localdate()
        try:
            return datetime.date.fromisoformat(text)
        except ValueError:
            raise CommandError(f"--on must be a day as 2019-12-09, not {text!r}.") from None

    def _reader(self, name: str | None) -> User | None:
        if not name:
            return None
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is nobody with the sign-in name {name!r}.")
        return person

    def _say(self, report: dict[str, Any]) -> None:
        for letter in report["letters"]:
            self.stdout.write(f"{letter['state']:>9}  {letter['reader']}: {letter['subject']}")
        self.stdout.write(summary(report))
        self.stdout.write(f"The links of the letters lead to {settings.URL} (CASETRACKER_URL).")


def summary(report: dict[str, Any]) -> str:
    """What became of the letters, in sentences that add up: those written now, and whoever had one before."""
    written, already = report["written"], report["already"]
    before = f"{_people(already)} had theirs already."
    if report["dry_run"]:
        ahead = f" {report['on']} lies ahead: {AS_IF}." if report["looks_ahead"] else ""
        return f"{report['period']}: {_letters(written)} would be written and sent. {before}{ahead}"
    fates = {
        "sent": report["sent"],
        "waiting to be sent": report["waiting"],
        "failed": report["failed"],
        "in doubt": report["in_doubt"],
        "cancelled": report["cancelled"],
    }
    told = ", ".join(f"{count} {fate}" for fate, count in fates.items() if count)
    return f"{report['period']}: {_letters(written)} written{': ' if told else ''}{told}. {before}"


def _letters(count: int) -> str:
    return f"{count} letter" if count == 1 else f"{count} letters"


def _people(count: int) -> str:
    return f"{count} reader" if count == 1 else f"{count} readers"


def run(on: datetime.date, reader: User | None) -> dict[str, Any]:
    """Plan and send; the letters of this run, with the state each ended in."""
    made = digest.plan(on, reader=reader)
    digest.send(made, reader=reader)
    rows = Delivery.objects.filter(pk__in=made.new.values()).select_related("person", "letter").order_by("person")
    letters = [
        _letter(row.person, row.letter.subject_line, row.letter.totals["parts"], row.state)
        for row in rows
        if hasattr(row, "letter")
    ]
    return _report(made.period, on, letters, made.already, dry=False)


def dry_run(on: datetime.date, reader: User | None) -> dict[str, Any]:
    """What run() would write, without writing it."""
    as_of = digest.as_of_day(on, digest.database_now())
    period = digest.week_of(on)
    have = set(
        Delivery.objects.filter(kind=digest.KIND, period=period, subject__isnull=True).values_list("person", flat=True)
    )
    everybody = list(digest.readers(as_of, reader).order_by("pk"))
    people = [person for person in everybody if person.pk not in have]
    written: list[tuple[User, Words]] = [pair for batch in digest.written(people, as_of) for pair in batch]
    written.sort(key=lambda pair: pair[0].pk)
    letters = [_letter(person, words.subject, words.numbers, "dry run") for person, words in written]
    report = _report(period, on, letters, len(everybody) - len(people), dry=True)
    return report | {"looks_ahead": on > timezone.localdate()}


def _letter(person: User, subject: str, parts: list[dict[str, Any]], state: str) -> dict[str, Any]:
    """One letter of the report; `totals` are those of its first part, `parts` all of them."""
    return {
        "reader": person.username,
        "language": person.language,
        "subject": subject,
        "totals": parts[0],
        "parts": parts,
        "state": state,
    }


def _report(
    period: str, on: datetime.date, letters: list[dict[str, Any]], already: int, *, dry: bool
) -> dict[str, Any]:
    """The report; `written` is the sum of sent, waiting (for their turn, or in hand of a worker), failed, in_doubt and
    cancelled, unless it is of a dry run; `readers` are those written to and those who had theirs already."""
    states = Counter(letter["state"] for letter in letters)
    in_hand = (DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.HANDING_OVER)
    return {
        "period": period,
        "on": on.isoformat(),
        "dry_run": dry,
        # Of a day to come, as things stand now.
        "looks_ahead": False,
        "readers": len(letters) + already,
        "letters": letters,
        "written": len(letters),
        "sent": states[DeliveryState.SENT],
        "waiting": sum(states[state] for state in in_hand),
        "failed": states[DeliveryState.FAILED],
        "in_doubt": states[DeliveryState.IN_DOUBT],
        "cancelled": states[DeliveryState.CANCELLED],
        "already": already,
        "states": {} if dry else dict(states),
    }
