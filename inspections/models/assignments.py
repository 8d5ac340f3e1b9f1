"""Handing on and answering: assignments, batches, extensions, feedback, rechecks, escalations, comments."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from casetracker.ids import uuid7
from inspections.enums import (
    LIVE_ASSIGNMENT,
    AssignmentRole,
    AssignmentState,
    Audience,
    Decision,
    EscalationLevel,
    Result,
    Status,
)
from inspections.querysets import AssignmentQuerySet

PERSON = settings.AUTH_USER_MODEL


class Batch(models.Model):
    """One central assignment (集中交办): one numbered document to several units."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=60)
    issued_on = models.DateField(_("issued on"))
    issued_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    title = models.CharField(_("title"), max_length=200)
    requirement = models.TextField(_("what is required"), blank=True)

    class Meta:
        ordering = ["-issued_at"]
        verbose_name_plural = _("batches")
        constraints = [models.UniqueConstraint(fields=["office", "number"], name="batch_number_once")]

    def __str__(self) -> str:
        return self.number


class Assignment(models.Model):
    """A problem handed to one unit, with its own state and clocks."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    problem = models.ForeignKey("inspections.Problem", models.PROTECT, related_name="assignments")
    unit = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="assignments")
    role = models.CharField(_("role"), max_length=10, choices=AssignmentRole)
    state = models.CharField(_("state"), max_length=12, choices=AssignmentState, default=AssignmentState.ASSIGNED)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="assignments")
    assigned_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    assigned_at = models.DateTimeField()
    assigned_on = models.DateField()
    claimed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    responsible = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    responsible_name = models.CharField(max_length=60, blank=True)
    reported_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True)
    end_reason = models.CharField(max_length=300, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["assigned_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["problem"],
                condition=Q(role="lead", state__in=[s.value for s in LIVE_ASSIGNMENT]),
                name="assignment_one_lead",
            ),
            models.UniqueConstraint(
                fields=["problem", "unit"],
                condition=Q(state__in=[s.value for s in LIVE_ASSIGNMENT]),
                name="assignment_unit_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["handed_back", "released"], ended_on__isnull=False)
                | (~Q(state__in=["handed_back", "released"]) & Q(ended_on__isnull=True)),
                name="assignment_ended_has_day",
            ),
        ]
        indexes = [models.Index(fields=["unit", "problem"]), models.Index(fields=["problem"])]

    def __str__(self) -> str:
        return f"{self.unit} {self.role}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_ASSIGNMENT

    @property
    def standing(self) -> str:
        """The state in words. It has none of its own for the work itself: a unit that claimed what is being put
        right is putting it right."""
        if self.state == AssignmentState.CLAIMED and self.problem.status == Status.RECTIFYING:
            return str(Status.RECTIFYING.label)
        return str(self.get_state_display())


class Extension(models.Model):
    """A request for more time with its dated plan, and the decision."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="extensions")
    problem = models.ForeignKey("inspections.Problem", models.PROTECT, related_name="extensions")
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    is_late = models.BooleanField(_("asked late"), default=False)
    reason = models.TextField(_("reason"))
    plan = models.TextField(_("plan with dates"))
    wanted_on = models.DateField(_("wanted date"))
    old_due_on = models.DateField()
    decision = models.CharField(max_length=8, choices=Decision, default=Decision.PENDING)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    granted_on = models.DateField(_("granted until"), null=True)
    decision_note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(decision="pending"), name="extension_one_pending"
            ),
            models.CheckConstraint(
                condition=Q(decision="pending", decided_at__isnull=True)
                | (~Q(decision="pending") & Q(decided_at__isnull=False)),
                name="extension_decided_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(decision="granted") | Q(granted_on__isnull=False), name="extension_granted_has_date"
            ),
        ]
        indexes = [models.Index(fields=["problem"])]

    def __str__(self) -> str:
        return f"{self.wanted_on} {self.decision}"


class Feedback(models.Model):
    """A unit's report; never closes anything."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, related_name="feedbacks")
    problem = models.ForeignKey("inspections.Problem", models.PROTECT, related_name="feedbacks")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(_("what was done"))
    done_on = models.DateField(_("done on"))

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["problem"])]

    def __str__(self) -> str:
        return f"{self.at} {self.by}"


class Recheck(models.Model):
    """What a re-inspection found of one problem, on a visit or from papers."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    problem = models.ForeignKey("inspections.Problem", models.PROTECT, related_name="rechecks")
    visit = models.ForeignKey("inspections.Visit", models.PROTECT, null=True, related_name="rechecks")
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField()
    on = models.DateField()
    result = models.CharField(_("result"), max_length=12, choices=Result)
    remaining = models.CharField(_("what remains"), max_length=300, blank=True)
    note = models.TextField(_("note"), blank=True)
    # Came over with this problem when it was merged: it judged that one's fix, not the survivor's.
    came_from = models.ForeignKey("inspections.Problem", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["problem"]), models.Index(fields=["on"])]

    def __str__(self) -> str:
        return f"{self.on} {self.result}"


class Escalation(models.Model):
    """An order to hurry from above (督办, 挂牌督办, 约谈, 通报), with its own deadline and its lifting."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    problem = models.ForeignKey("inspections.Problem", models.PROTECT, related_name="escalations")
    level = models.CharField(_("level"), max_length=12, choices=EscalationLevel)
    unit = models.ForeignKey("casetracker.Unit", models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    reason = models.CharField(_("reason"), max_length=500)
    due_on = models.DateField(_("answer by"), null=True, blank=True)
    lifted_on = models.DateField(null=True)
    lifted_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    lifted_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["problem"])]

    def __str__(self) -> str:
        return f"{self.level} {self.at}"


class Comment(models.Model):
    """A word to a unit, or a note that stays inside the office."""

    id: "models.UUIDField[uuid.UUID, uuid.UUID]" = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    problem = models.ForeignKey("inspections.Problem", models.PROTECT, related_name="comments")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    audience = models.CharField(_("for"), max_length=8, choices=Audience, default=Audience.INTERNAL)
    text = models.TextField(_("comment"))

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["problem"])]

    def __str__(self) -> str:
        return f"{self.at} {self.by}"
