"""Who imports what: supervisors the ledgers of cases for their offices, administrators people and units."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from casetracker.enums import Role, UnitKind
from casetracker.models import Unit, User
from inspections import scope
from inspections.ledger.fields import KINDS
from inspections.ledger.kinds import ACCOUNTS

CASES = tuple(kind for kind in KINDS if kind not in ACCOUNTS)


@dataclass(frozen=True)
class Reach:
    """The offices for which a person imports cases, and those for which people and units."""

    cases: tuple[int, ...]
    accounts: tuple[int, ...]
    # The one that the person is of.
    own: int | None = None

    @property
    def kinds(self) -> list[str]:
        """The kinds of ledgers that the person imports."""
        return [*(CASES if self.cases else ()), *(ACCOUNTS if self.accounts else ())]

    @property
    def offices(self) -> QuerySet[Unit]:
        """Every office for which the person imports anything."""
        return Unit.objects.filter(pk__in={*self.cases, *self.accounts})

    def covers(self, kind: str, office: Unit) -> bool:
        """Does the person import ledgers of this kind for this office?"""
        return office.pk in (self.accounts if kind in ACCOUNTS else self.cases)

    def rows(self, kind: str = "kind", office: str = "office") -> Q:
        """The condition that something which names a kind and an office is in the person's reach."""
        of_cases = Q(**{f"{office}__in": self.cases, f"{kind}__in": CASES})
        of_accounts = Q(**{f"{office}__in": self.accounts, f"{kind}__in": ACCOUNTS})
        return of_cases | of_accounts


def of(user: User) -> Reach | None:
    """What a person imports; None for somebody who imports nothing."""
    if not user.has_role(Role.SUPERVISOR, Role.ADMINISTRATOR):
        return None
    offices = list(Unit.objects.filter(kind=UnitKind.OFFICE))
    seen = scope.of(user).offices if user.has_role(Role.SUPERVISOR) else ()
    cases = tuple(office.pk for office in offices if office.pk in seen)
    accounts = tuple(office.pk for office in offices) if user.has_role(Role.ADMINISTRATOR) else ()
    over = (office.pk for office in offices if any(scope.is_over(post.unit, office) for post in user.posts))
    return Reach(cases, accounts, next(over, None))
