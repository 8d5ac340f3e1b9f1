"""Photos and papers of a problem, and the gates they open."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from casetracker.errors import Invalid
from casetracker.models import Evidence
from inspections.enums import Phase
from inspections.models import Attachment, Problem
from inspections.workflow.engine import Step


@dataclass(frozen=True)
class Shot:
    """A stored file on its way to a problem, with when and where it was taken (WGS-84, metres)."""

    evidence: Evidence
    taken_at: datetime.datetime | None = None
    lat: float | None = None
    lon: float | None = None
    accuracy: float | None = None
    caption: str = ""


def attach(step: Step, shots: Sequence[Shot], phase: Phase, **belongs: Any) -> list[Attachment]:
    """Attach files to the problem; a file it holds already in this phase is not doubled."""
    held = set(
        Attachment.objects.filter(problem=step.problem, phase=phase, withdrawn_at__isnull=True).values_list(
            "evidence_id", flat=True
        )
    )
    rows = []
    for shot in {shot.evidence.pk: shot for shot in shots}.values():
        if shot.evidence.pk in held and not belongs:
            continue
        rows.append(
            Attachment(
                problem=step.problem,
                evidence=shot.evidence,
                phase=phase,
                caption=shot.caption,
                taken_at=shot.taken_at or shot.evidence.taken_at,
                lat=shot.lat,
                lon=shot.lon,
                accuracy=shot.accuracy,
                added_by=step.by,
                added_at=step.now,
                **belongs,
            )
        )
    Attachment.objects.bulk_create(rows)
    return rows


def standing(problem: Problem, *phases: Phase) -> Any:
    """The photos of these phases that were not withdrawn."""
    return Attachment.objects.filter(
        problem=problem, phase__in=phases, withdrawn_at__isnull=True, evidence__kind="photo"
    )


def need_before(problem: Problem) -> None:
    """Refuse to call something fixed that nobody showed unfixed; an imported problem never had a photo."""
    if problem.import_batch_id is None and not standing(problem, Phase.BEFORE).exists():
        raise Invalid(_("Add at least one photo of how it was before."), field="before")


def need_photo(shots: Sequence[Shot], message: str, field: str) -> None:
    if not any(shot.evidence.kind == "photo" for shot in shots):
        raise Invalid(message, field=field)
