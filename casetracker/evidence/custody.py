"""The custody log: who stored, viewed, took away a file."""

from typing import Any

from django.utils import timezone

from casetracker.models import Custody, Evidence, User


def record_view(evidence: Evidence, by: User | None, action: str = "viewed") -> Custody:
    """Write into the custody log that somebody saw the file ("viewed") or took it away ("downloaded", "exported")."""
    return log(evidence, by, action, {})


def log(evidence: Evidence, by: User | None, action: str, details: dict[str, Any]) -> Custody:
    """Append one entry; `by` is None for what Casetracker itself did."""
    return Custody.objects.create(
        evidence=evidence,
        at=timezone.now(),
        actor=by,
        actor_name=str(by)[:60] if by else "",
        action=action,
        details=details,
    )
