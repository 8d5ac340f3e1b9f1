"""All forms of one visit page together: read, checked and recorded as one whole."""

import datetime
import re
from typing import Any

from django import forms
from django.db.models import Prefetch, Q
from django.utils import timezone

from casetracker import calendars
from casetracker.errors import DomainError
from casetracker.models import Unit, User
from inspections import policy, visiting
from inspections.enums import OPEN, Outcome, Phase, Verb
from inspections.forms.reporting import FindingForm, offer
from inspections.forms.visits import AnswerForm, GoodForm, SeenForm, VisitForm
from inspections.models import Attachment, ChecklistVersion, Problem, Site
from inspections.presenting import light_of

# So many new problems and good things fit on one page; more are reported from the visit's own page.
MOST_FINDINGS = 4
MOST_GOOD = 3
SEEN = re.compile(r"seen-([0-9a-f-]{36})-result")


class VisitSheet:
    """The forms of a visit to one site, with every open problem of it on a re-inspection."""

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
    ) -> None:
        self.by, self.site, self.version, self.recheck = by, site, version, recheck
        sent: dict[str, Any] = {"data": data, "files": files}
        offered = offer(site)
        self.parties = offered.parties
        self.facts = VisitForm(**sent, by=by, teams=teams, recheck=recheck)
        self.seen = self._seen_forms(data, sent) if recheck else []
        rows: dict[str, Any] = sent | {"by": by, "site": site, "offered": offered}
        items = version.items.select_related("kind") if version and not recheck else []
        self.answers = [AnswerForm(**rows, item=item) for item in items]
        self.findings = [
            FindingForm(**rows, prefix=f"problem-{number}", empty_permitted=True)
            for number in range(1, MOST_FINDINGS + 1)
        ]
        self.goods = [
            GoodForm(**sent, by=by, prefix=f"good-{number}", empty_permitted=True) for number in range(1, MOST_GOOD + 1)
        ]
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
        rows = []
        for problem in problems:
            key = (problem.severity, problem.route)
            if key not in terms:
                terms[key] = visiting.new_term(problem, today)
            row = SeenForm(**sent, by=self.by, problem=problem, new_term=terms[key], must_answer=must_answer)
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
        return all([form.is_valid() for form in self.forms])

    def record(self) -> visiting.Recorded:
        """Record the visit, only after is_valid(). Raises the refusals of visiting."""
        raising: list[FindingForm] = []
        findings = []
        for form in [*self.answers, *self.findings]:
            one = form.finding() if isinstance(form, AnswerForm) or form.has_changed() else None
            if one is not None:
                raising.append(form)
                findings.append(one)
        self.raising = raising
        facts = self.facts.facts()
        return visiting.record_visit(
            by=self.by,
            site=self.site,
            version=self.version if self.answers else None,
            answers=[form.answer() for form in self.answers],
            seen=[form.seen() for form in self.seen],
            findings=findings,
            highlights=[form.good() for form in self.goods if form.has_changed()],
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
