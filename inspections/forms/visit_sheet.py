"""All forms of one visit page together: read, checked and recorded as one whole."""

import datetime
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casetracker import calendars
from casetracker.errors import DomainError
from casetracker.models import Unit, User
from inspections import policy, visiting
from inspections.enums import OPEN, Outcome, Phase, Route, Status, Verb
from inspections.forms import fields
from inspections.forms.fields import StoredFilesField
from inspections.forms.reporting import FindingForm, Offer
from inspections.forms.visits import AnswerForm, GoodForm, SeenForm, VisitForm
from inspections.models import Attachment, ChecklistVersion, Problem, Site
from inspections.presenting import light_of

# What one page adds row by row, and how many rows of it at most; more are added from the visit's own page.
PROBLEM, GOOD = "problem", "good"
MOST_ROWS = {PROBLEM: 60, GOOD: 20}
ROW = re.compile(r"(problem|good)-([1-9]\d?)-")
SEEN = re.compile(r"seen-([0-9a-f-]{36})-result")


@dataclass(frozen=True)
class More:
    """The button that adds a row of a kind: the row that comes next, None when `most` are there."""

    kind: str
    next: int | None
    most: int


class NewVisitForm(VisitForm):
    """A visit that is recorded now; what is unlikely of it is asked about, and ticked with the second press."""

    another = forms.BooleanField(label=gettext_lazy("Record another visit"), required=False)
    long_ago = fields.long_ago()

    def ask(self, site: Site, finds: bool) -> None:
        """Ask whether it is really another visit, and of that day; only where everything else of it is right."""
        if self.errors:
            return
        facts = self.facts()
        hours = facts["started_at"], facts["ended_at"]
        twin = None if facts["another"] else visiting.recorded_already(facts["team"], site, facts["on"], *hours)
        if twin is not None and twin.started_at is not None:
            time = f"{timezone.localtime(twin.started_at):%H:%M}"
            text = _("Your team recorded a visit at this site at %(time)s already. Record another?")
            self.add_error("another", text % {"time": time})
        elif twin is not None:
            self.add_error("another", _("Your team recorded a visit at this site on that day already. Record another?"))
        if finds and not facts["long_ago"] and (said := fields.lies_long_ago(facts["on"])):
            self.add_error("long_ago", said)

    def columns(self) -> dict[str, Any]:
        """What visiting.record_visit() takes."""
        return {name: value for name, value in self.facts().items() if name not in ("another", "long_ago")}


class VisitSheet:
    """The forms of a visit to one site, with every open problem of it on a re-inspection.

    Of new problems and of highlights there are as many rows as were sent, at least one, and one more of the kind
    that `add` names.
    """

    def __init__(
        self,
        *,
        by: User,
        site: Site,
        teams: list[Unit],
        recheck: bool,
        version: ChecklistVersion | None,
        data: Any = None,
        files: Any = None,
        add: str = "",
    ) -> None:
        self.by, self.site, self.version, self.recheck, self.teams = by, site, version, recheck, teams
        sent: dict[str, Any] = {"data": data, "files": files}
        offered = Offer(site)
        self.parties = offered.parties
        self.facts = NewVisitForm(**sent, by=by, teams=teams, recheck=recheck)
        self.seen = self._seen_forms(data, sent) if recheck else []
        rows: dict[str, Any] = sent | {"by": by, "site": site, "offered": offered}
        items = version.items.select_related("kind") if version and not recheck else []
        self.answers = [AnswerForm(**rows, item=item) for item in items]
        rows_of = {kind: _count(kind, data, add) for kind in MOST_ROWS}
        self.findings = [
            FindingForm(**rows, prefix=f"{PROBLEM}-{number}", empty_permitted=True)
            for number in range(1, rows_of[PROBLEM] + 1)
        ]
        self.goods = [
            GoodForm(**sent, by=by, prefix=f"{GOOD}-{number}", empty_permitted=True)
            for number in range(1, rows_of[GOOD] + 1)
        ]
        self.more_problems = more(PROBLEM, rows_of[PROBLEM])
        self.more_goods = more(GOOD, rows_of[GOOD])
        if add in MOST_ROWS:
            focus((self.findings if add == PROBLEM else self.goods)[-1])
        self.refusal: DomainError | None = None

    def _seen_forms(self, data: Any, sent: dict[str, Any]) -> list[SeenForm]:
        """One form per open problem of the site, and per problem that was answered though it is open no more."""
        posted = [found[1] for found in map(SEEN.fullmatch, data or ()) if found]
        before = Attachment.objects.filter(phase=Phase.BEFORE, withdrawn_at__isnull=True, evidence__kind="photo")
        found = Problem.objects.filter(Q(status__in=OPEN) | Q(pk__in=posted), site=self.site).for_rows()
        problems = list(
            found.select_related("office__parent").prefetch_related(
                "assignments__unit",
                "feedbacks",
                "merged__assignments__unit",
                Prefetch("attachments", before.select_related("evidence"), to_attr="before_photos"),
            )
        )
        problems.sort(key=lambda one: (one.due_on is None, one.due_on or one.found_on, one.number_seq))
        visible = set(
            Problem.objects.visible_to(self.by).filter(pk__in=[one.pk for one in problems]).values_list("pk", flat=True)
        )
        must_answer = data is None or data.get("outcome", Outcome.INSPECTED) == Outcome.INSPECTED
        today, calendar = timezone.localdate(), calendars.load()
        terms: dict[tuple[str, str], datetime.date] = {}
        own = {team.pk for team in self.teams}
        rows = []
        for problem in problems:
            key = (problem.severity, problem.route)
            if key not in terms:
                terms[key] = visiting.new_term(problem, today)
            row = SeenForm(
                **sent,
                by=self.by,
                problem=problem,
                new_term=terms[key],
                must_answer=must_answer,
                rests=problem.team_id in own and _rests(problem, today),
            )
            row.may_open = problem.pk in visible
            row.hindrance = policy.refusal(Verb.RECHECK, problem, self.by) or ""
            row.lit = light_of(problem, today, calendar)
            rows.append(row)
        return rows

    @property
    def forms(self) -> list[forms.Form]:
        return [self.facts, *self.seen, *self.answers, *self.findings, *self.goods]

    @property
    def error_count(self) -> int:
        return sum(len(form.errors) for form in self.forms if form.is_bound)

    def is_valid(self) -> bool:
        """Check every form, also after one failed: the files of all of them are stored by that."""
        if not all([form.is_valid() for form in self.forms]):
            return False
        self.facts.ask(self.site, finds=any(one.finding() is not None for one in self.answers) or self._found_more)
        return self.facts.is_valid()

    @property
    def _found_more(self) -> bool:
        return any(form.has_changed() for form in self.findings)

    def hold(self) -> bool:
        """Keep everything that was sent without judging it: files go into the store. False where one is refused."""
        for form in self.forms:
            form._errors = ErrorDict()  # type: ignore[attr-defined]
            form.cleaned_data = {}
            for name, field in form.fields.items():
                if isinstance(field, StoredFilesField):
                    try:
                        field.clean(form[name].data)
                    except ValidationError as error:
                        form.add_error(name, error)
        return not self.error_count

    def record(self, key: UUID) -> visiting.Recorded:
        """Record the visit under this id, only after is_valid(). Raises the refusals of visiting."""
        raising: list[FindingForm] = []
        findings = []
        for form in [*self.answers, *self.findings]:
            one = form.finding() if isinstance(form, AnswerForm) or form.has_changed() else None
            if one is not None:
                raising.append(form)
                findings.append(one)
        self.raising = raising
        facts = self.facts.columns()
        return visiting.record_visit(
            by=self.by,
            site=self.site,
            version=self.version if self.answers else None,
            answers=[form.answer() for form in self.answers],
            seen=[form.seen() for form in self.seen],
            findings=findings,
            highlights=[form.good() for form in self.goods if form.has_changed()],
            visit_id=key,
            **facts,
        )

    def refuse(self, error: DomainError) -> None:
        """Put the refusals of record() beside what they are about."""
        self.refusal = error
        if not isinstance(error, visiting.VisitRefused):
            self.facts.refuse(error)
            return
        seen = {form.problem.pk: form for form in self.seen}
        for (kind, key), refused in error.rows.items():
            row = seen[key] if kind == "seen" else self.raising[key]
            row.refuse(refused)


def _rests(problem: Problem, today: datetime.date) -> bool:
    """Told on the spot and not yet due, or found only today: its team was there and need not look again."""
    on_spot = problem.route == Route.ON_SPOT and problem.due_on is not None and problem.due_on >= today
    return problem.status == Status.RECTIFYING and on_spot or problem.found_on == today


def _count(kind: str, data: Any, add: str) -> int:
    """How many rows of a kind the page has: those that were sent, at least one, and the one to be added."""
    sent = [int(found[2]) for found in map(ROW.match, data or ()) if found and found[1] == kind]
    return min(max(sent, default=1) + (add == kind), MOST_ROWS[kind])


def more(kind: str, rows: int) -> More:
    """The button after so many rows of a kind."""
    return More(kind, rows + 1 if rows < MOST_ROWS[kind] else None, MOST_ROWS[kind])


def new_row(kind: str, number: int, *, by: User, site: Site) -> forms.Form | None:
    """The empty form of one row alone; None for a kind or a number that no page has."""
    if kind not in MOST_ROWS or not 1 <= number <= MOST_ROWS[kind]:
        return None
    row: dict[str, Any] = {"by": by, "prefix": f"{kind}-{number}", "empty_permitted": True}
    form = GoodForm(**row) if kind == GOOD else FindingForm(**row, site=site, offered=Offer(site))
    focus(form)
    return form


def focus(form: forms.Form) -> None:
    """Let the page open with the cursor in the row that was just added."""
    form.fields["text" if isinstance(form, GoodForm) else "description"].widget.attrs["autofocus"] = True
