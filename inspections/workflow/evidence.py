"""Photos and papers of a problem, and the gates they open."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from casetracker import notices
from casetracker.errors import Invalid
from casetracker.models import Evidence
from inspections.enums import Phase, Verb
from inspections.models import Attachment, Highlight, Problem, Visit
from inspections.workflow.engine import Step

# What turns a fix down, so that what was seen before it says nothing of the present state.
TAKEN_UP = (Verb.SEND_BACK, Verb.REOPEN, Verb.WITHDRAW_EVIDENCE, Verb.TO_CENTRAL)


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
    if phase == Phase.AFTER:
        _not_the_old_ones(step.problem, shots)
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
    for shot in shots:
        if shot.evidence.unreadable:  # found out between sending the file and using it
            tell_unreadable(shot.evidence, step.now)
    return rows


def _not_the_old_ones(problem: Problem, shots: Sequence[Shot]) -> None:
    """A picture of how it was shows nothing put right. Raises Invalid, field shots."""
    sent = [shot.evidence.pk for shot in shots]
    old = Attachment.objects.filter(problem=problem, phase=Phase.BEFORE, evidence__kind="photo")
    if old.filter(evidence__in=sent).exists():
        text = _("This photo shows how it was before. Take one of how it is now.")
        raise Invalid(text, field="shots")


def tell_unreadable(evidence: Evidence, now: datetime.datetime) -> None:
    """Tell everybody who gave this photo to a problem or a visit and still sees it, once each, that nobody can open it.

    What was done on its strength stays done; from now on it opens no gate.
    """
    given = Attachment.objects.filter(
        evidence=evidence, withdrawn_at__isnull=True, added_by__isnull=False, problem__held=False
    )
    told: set[int | None] = {None}
    for one in given.select_related("problem", "added_by").order_by("added_at", "pk"):
        if one.added_by_id not in told and Problem.objects.visible_to(one.added_by).filter(pk=one.problem_id).exists():
            told.add(one.added_by_id)
            _tell_unreadable(evidence, one.added_by, "problem", one.problem, one.problem.number, now)
    for good in Highlight.objects.filter(evidence=evidence).select_related("visit__recorded_by").order_by("pk"):
        seen = Visit.objects.visible_to(good.visit.recorded_by).filter(pk=good.visit_id)
        if good.visit.recorded_by_id not in told and seen.exists():
            told.add(good.visit.recorded_by_id)
            _tell_unreadable(evidence, good.visit.recorded_by, "visit", good.visit, good.visit.site_name, now)


def _tell_unreadable(
    evidence: Evidence, person: Any, kind: str, holder: Problem | Visit, label: str, now: datetime.datetime
) -> None:
    notices.queue(
        [person],
        kind="unreadable_photo",
        subject_type=kind,
        subject_id=holder.pk,
        label=label,
        period=f"photo-{evidence.pk[:32]}",
        at=now,
        site=holder.site_name,
        name=str(evidence),
    )


def standing(problem: Problem, *phases: Phase) -> Any:
    """The photos of these phases that were not withdrawn and that somebody can open."""
    return Attachment.objects.filter(
        problem=problem,
        phase__in=phases,
        withdrawn_at__isnull=True,
        evidence__kind="photo",
        evidence__unreadable="",
    )


def withdrawn_elsewhere() -> Exists:
    """Whether an attachment's file was withdrawn from another problem of the same site, and not because it belongs to
    this one; for annotating attachments."""
    same = Attachment.objects.filter(evidence=OuterRef("evidence"), problem__site=OuterRef("problem__site"))
    here = Q(problem=OuterRef("problem")) | Q(moved_to__isnull=False, moved_to=OuterRef("problem"))
    return Exists(same.filter(~here, withdrawn_at__isnull=False))


def taken_up_again(problem: Problem) -> datetime.datetime | None:
    """When the problem last went back to be put right anew, or to the office; None while no fix was turned down."""
    if not problem.return_count and not problem.reopen_count and problem.central_on is None:
        return None
    stages = problem.stages.filter(verb__in=TAKEN_UP)
    return stages.order_by("-since").values_list("since", flat=True).first()


def shown_fixed(problem: Problem) -> Any:
    """The photos of how it is now: none from before the problem was sent back or taken up again, and none that
    showed the fix of another problem merged into this one."""
    photos = standing(problem, Phase.AFTER, Phase.RECHECK).filter(came_from__isnull=True)
    since = taken_up_again(problem)
    return photos.filter(added_at__gt=since) if since else photos


def need_before(problem: Problem) -> None:
    """Refuse to call something fixed that nobody showed unfixed; an imported problem never had a photo."""
    if problem.import_batch_id is None and not standing(problem, Phase.BEFORE).exists():
        raise Invalid(_("Add at least one photo of how it was before."), field="before")


def need_photo(shots: Sequence[Shot], message: str, field: str) -> None:
    if not any(shot.evidence.shows_something for shot in shots):
        raise Invalid(message, field=field)
