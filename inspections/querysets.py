"""Questions about many rows; everything a person may see starts from visible_to()."""

import datetime
import re
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from casetracker import search
from inspections.enums import OPEN, Status

if TYPE_CHECKING:
    # Named, as text, by the base classes below.
    from inspections.models import AlertPeriod, Assignment, Named, Party, Problem, Site, Visit  # noqa: F401


def _scope(user: Any) -> Any:
    # Late: scope reads the ground's models, and this module is imported while models load.
    from inspections import scope

    return scope.of(user)


# 焦督〔2026〕8号, 焦督[2026]8, (2026)第8号.
WHOLE_NUMBER = re.compile(r"(?P<prefix>[^\d\[(〔【]*)[\[(〔【](?P<year>(?:19|20)\d\d)[\])〕】]第?(?P<seq>\d{1,7})号?")


class ProblemQuerySet(models.QuerySet["Problem"]):
    def visible_to(self, user: Any) -> "ProblemQuerySet":
        """Problems a person may see: an inspector those of the team's districts and whatever the team found
        (its own, or merged into another's), an overseer everything of the bureau, a handler those ever
        assigned to the unit."""
        see = _scope(user)
        allowed = Q(pk__in=[])
        if see.offices:
            allowed |= Q(office__in=see.offices)
        if see.teams:
            found = self.model.finders.through.objects.filter(unit__in=see.teams).values("problem")
            allowed |= Q(district__in=see.districts) | Q(team__in=see.teams) | Q(pk__in=found)
        if see.handled:
            allowed |= Q(pk__in=_assigned(see.handled))
        return self.filter(allowed)

    def open(self) -> "ProblemQuerySet":
        return self.filter(status__in=OPEN)

    def counted(self) -> "ProblemQuerySet":
        """Everything but the void."""
        return self.exclude(status=Status.VOID)

    def overdue(self, today: datetime.date) -> "ProblemQuerySet":
        """The one definition of overdue: open, rectification not done, its date before today; a paused one
        only when it was late before the pause."""
        return self.open().filter(
            Q(paused_since__isnull=True) | Q(due_on__lt=F("paused_since")), met_on__isnull=True, due_on__lt=today
        )

    def held(self) -> "ProblemQuerySet":
        """Open, imported and not yet released: lists show them, no work queue, reminder or mail speaks of them.

        What has ended meanwhile waits for nothing.
        """
        return self.filter(held=True, status__in=OPEN)

    def spoken_of(self) -> "ProblemQuerySet":
        """Everything but those."""
        return self.filter(held=False)

    def due_between(self, first: datetime.date, last: datetime.date) -> "ProblemQuerySet":
        """Open, not done, due on a day of the span (both ends inside)."""
        return self.open().filter(met_on__isnull=True, paused_since__isnull=True, due_on__range=(first, last))

    def of_visit(self, visit: Any) -> "ProblemQuerySet":
        """What a visit brought to light, each once: what was found then, and in the place of what was merged since
        the problem that it was merged into."""
        merged = self.model.objects.filter(visit=visit, merged_into__isnull=False).order_by()
        return self.filter(Q(visit=visit, merged_into__isnull=True) | Q(pk__in=merged.values("merged_into")))

    def find(self, text: str) -> "ProblemQuerySet":
        """Text search. A whole number in its brackets means that problem alone, where there is one among these (which
        takes a query); its year and running number would be found as words of others, too."""
        if number := WHOLE_NUMBER.fullmatch(search.fold(text).strip()):
            its = self.filter(number_year=int(number["year"]), number_seq=int(number["seq"]))
            if prefix := number["prefix"].strip():
                its = its.filter(number__istartswith=prefix)
            if its.exists():
                return its
        return self.filter(search.matches(text))

    def for_rows(self) -> "ProblemQuerySet":
        """What a row of a list shows, without further queries."""
        return self.select_related("kind", "site", "district", "lead_unit", "team").defer("search", "site__search")


def _assigned(units: tuple[int, ...]) -> Any:
    from inspections.models import Assignment

    return Assignment.objects.filter(unit__in=units).values("problem")


class SiteQuerySet(models.QuerySet["Site"]):
    def visible_to(self, user: Any) -> "SiteQuerySet":
        see = _scope(user)
        allowed = Q(pk__in=[])
        if see.offices:
            allowed |= Q(office__in=see.offices)
        if see.teams:
            from inspections.models import Problem, Visit

            visited = Visit.objects.filter(team__in=see.teams).values("site")
            found = Problem.objects.filter(team__in=see.teams).values("site")
            allowed |= Q(district__in=see.districts) | Q(pk__in=visited) | Q(pk__in=found)
        if see.handled:
            allowed |= Q(pk__in=_assigned_sites(see.handled))
        return self.filter(allowed)

    def current(self, on: datetime.date) -> "SiteQuerySet":
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=on))

    def find(self, text: str) -> "SiteQuerySet":
        return self.filter(search.matches(text))


def _assigned_sites(units: tuple[int, ...]) -> Any:
    from inspections.models import Assignment

    return Assignment.objects.filter(unit__in=units).values("problem__site")


class PartyQuerySet(models.QuerySet["Party"]):
    def visible_to(self, user: Any) -> "PartyQuerySet":
        see = _scope(user)
        allowed = Q(pk__in=[])
        if see.offices:
            allowed |= Q(office__in=see.offices)
        if see.teams or see.handled:
            from inspections.models import Problem

            allowed |= Q(pk__in=Problem.objects.visible_to(user).values("party"))
        return self.filter(allowed)

    def find(self, text: str) -> "PartyQuerySet":
        return self.filter(search.matches(text))


class NamedQuerySet(models.QuerySet["Named"]):
    def visible_to(self, user: Any) -> "NamedQuerySet":
        """All of one's own office; for others those whose problem they see."""
        from inspections.models import Problem

        see = _scope(user)
        allowed = Q(problem__in=Problem.objects.visible_to(user).values("pk"))
        if see.offices:
            allowed |= Q(exposure__office__in=see.offices)
        return self.filter(allowed)

    def counted(self) -> "NamedQuerySet":
        """Without the exposures of an import that was undone."""
        return self.filter(undone=False)


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, user: Any) -> "VisitQuerySet":
        see = _scope(user)
        allowed = Q(pk__in=[])
        if see.offices:
            allowed |= Q(team__in=see.offices)
        if see.teams:
            allowed |= Q(district__in=see.districts) | Q(team__in=see.teams)
        return self.filter(allowed)

    def counted(self) -> "VisitQuerySet":
        """Without the visits of an import that was undone."""
        return self.filter(undone=False)


class AlertQuerySet(models.QuerySet["AlertPeriod"]):
    def standing(self) -> "AlertQuerySet":
        """Without those that were entered by mistake."""
        return self.filter(withdrawn_on__isnull=True)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def with_merged(self, problem: Any) -> "AssignmentQuerySet":
        """Those of a problem (its key, or an OuterRef to it from two queries inside) and of what was merged into it."""
        from inspections.models import Problem

        whole = Problem.objects.filter(Q(pk=problem) | Q(merged_into=problem)).order_by()
        return self.filter(problem__in=whole.values("pk"))

    def live(self) -> "AssignmentQuerySet":
        from inspections.enums import LIVE_ASSIGNMENT

        return self.filter(state__in=LIVE_ASSIGNMENT)

    def visible_to(self, user: Any) -> "AssignmentQuerySet":
        """The addressees of a visible problem; a handler sees them all, since they answer together."""
        from inspections.models import Problem

        return self.filter(problem__in=Problem.objects.visible_to(user))
