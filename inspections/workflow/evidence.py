"""Photos and papers of a problem, and the gates they open."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from casetracker.errors import Invalid
from casetracker.models import Evidence
from inspections.enums import Phase, Verb
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
    if not shots:
        return []
    held: set[str] = set()
    if step.verb != Verb.REPORT and not belongs:
        standing_rows = Attachment.objects.filter(problem=step.problem, phase=phase, withdrawn_at__isnull=True)
        held = set(standing_rows.values_list("evidence_id", flat=True))
    rows = []
    for shot in {shot.evidence.pk: shot for shot in shots}.values():
        if shot.evidence.pk in held:
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


def taken_up_again(problem: Problem) -> datetime.datetime | None:
    """When the problem last went back to be put right anew; None while no fix of it was ever turned down."""
    if not problem.return_count and not problem.reopen_count:
        return None
    stages = problem.stages.filter(verb__in=(Verb.SEND_BACK, Verb.REOPEN, Verb.WITHDRAW_EVIDENCE))
    return stages.order_by("-since").values_list("since", flat=True).first()


def shown_fixed(problem: Problem) -> Any:
    """The photos of how it is now: none from before the problem was sent back or taken up again."""
    photos = standing(problem, Phase.AFTER, Phase.RECHECK)
    since = taken_up_again(problem)
    return photos.filter(added_at__gt=since) if since else photos


def need_before(problem: Problem) -> None:
    """Refuse to call something fixed that nobody showed unfixed; an imported problem never had a photo."""
    if problem.import_batch_id is None and not standing(problem, Phase.BEFORE).exists():
        raise Invalid(_("Add at least one photo of how it was before."), field="before")


def need_photo(shots: Sequence[Shot], message: str, field: str) -> None:
    if not any(shot.evidence.kind == "photo" for shot in shots):
        raise Invalid(message, field=field)
