"""Problems: the heart of the system."""

import datetime

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from casetracker.ids import uuid7
from casetracker.wording import opening
from inspections.enums import (
    OPEN,
    Phase,
    Route,
    Severity,
    Source,
    Status,
    VoidKind,
)
from inspections.querysets import ProblemQuerySet

PERSON = settings.AUTH_USER_MODEL


class Problem(models.Model):
    """What was found wrong. `status` and the plain clock columns are written by the workflow only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    office = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=60)
    number_year = models.PositiveSmallIntegerField()
    number_seq = models.PositiveIntegerField()
    external_id = models.CharField(_("number in another ledger"), max_length=80, blank=True)

    # Where, what, who found it
    found_on = models.DateField(_("found on"))
    found_at = models.DateTimeField(_("found at"), null=True, blank=True)
    team = models.ForeignKey("casetracker.Unit", models.PROTECT, related_name="found_problems")
    finders = models.ManyToManyField("casetracker.Unit", blank=True, related_name="+")
    visit = models.ForeignKey("inspections.Visit", models.PROTECT, null=True, blank=True, related_name="problems")
    site = models.ForeignKey("inspections.Site", models.PROTECT, related_name="problems")
    site_name = models.CharField(max_length=120)
    district = models.ForeignKey("casetracker.District", models.PROTECT, related_name="+")
    kind = models.ForeignKey("inspections.ProblemKind", models.PROTECT, null=True, related_name="problems")
    checklist_item = models.ForeignKey(
        "inspections.ChecklistItem", models.PROTECT, null=True, blank=True, related_name="+"
    )
    party = models.ForeignKey("inspections.Party", models.PROTECT, null=True, blank=True, related_name="problems")
    party_name = models.CharField(_("responsible party"), max_length=120, blank=True)
    description = models.TextField(_("what is wrong"))
    internal_note = models.TextField(_("internal note"), blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2, null=True, blank=True)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.ORDINARY)
    route = models.CharField(_("route"), max_length=8, choices=Route, default=Route.CENTRAL)
    # An on-the-spot problem sent to the office counts as central from this day on.
    central_on = models.DateField(null=True, blank=True)
    special = models.BooleanField(_("special assignment"), default=False)
    # The day from which it counts as special; an imported one without it was special when it was found.
    special_on = models.DateField(null=True, blank=True)
    source = models.CharField(_("source"), max_length=12, choices=Source, default=Source.PATROL)
    source_ref = models.CharField(_("item number above"), max_length=60, blank=True)
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    accuracy = models.FloatField(_("accuracy in metres"), null=True, blank=True)
    reported_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    reported_at = models.DateTimeField()
    candidates = models.ManyToManyField("casetracker.Unit", blank=True, related_name="+")

    # The five rectification fields; the fifth, the deadline, is the clock below
    goal = models.CharField(_("goal of the rectification"), max_length=500, blank=True)
    measures = models.TextField(_("main measures"), blank=True)
    acceptor = models.ForeignKey(
        "casetracker.Unit", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who accepts")
    )
    lead_unit = models.ForeignKey(
        "casetracker.Unit", models.PROTECT, null=True, blank=True, related_name="led_problems"
    )
    responsible = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    responsible_name = models.CharField(_("responsible person"), max_length=60, blank=True)

    # Written by the workflow only, together with Stage and Deadline
    status = models.CharField(_("state"), max_length=12, choices=Status, default=Status.FOUND)
    status_since = models.DateTimeField()
    due_on = models.DateField(_("due on"), null=True)
    first_due_on = models.DateField(_("first due on"), null=True)
    met_on = models.DateField(_("done on"), null=True)
    # The day by which the present step is due, whoever's it is; lists are sorted by it (deadlines.next_due_on).
    next_due_on = models.DateField(null=True, editable=False)
    paused_since = models.DateField(null=True)
    extension_count = models.PositiveSmallIntegerField(default=0)
    return_count = models.PositiveSmallIntegerField(default=0)
    reopen_count = models.PositiveSmallIntegerField(default=0)
    failed_rechecks = models.PositiveSmallIntegerField(default=0)
    fixed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    verified_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    verified_by_name = models.CharField(max_length=60, blank=True)
    verified_on = models.DateField(_("verified on"), null=True)
    closed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    closed_on = models.DateField(_("closed on"), null=True)
    # Drawn for a look-back (回头看): put right on the spot without a second pair of eyes.
    look_back = models.BooleanField(default=False)
    looked_back_on = models.DateField(null=True)
    void_kind = models.CharField(max_length=14, choices=VoidKind, blank=True)
    # Always the one that lives: where that is merged in turn, what was merged into it follows.
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    version = models.PositiveIntegerField(default=1)

    import_batch = models.ForeignKey("inspections.ImportBatch", models.PROTECT, null=True, related_name="problems")
    # What a row without a number is known again by, and the digest of what the ledger last said of it.
    import_key = models.CharField(max_length=64, blank=True)
    import_digest = models.CharField(max_length=64, blank=True)
    # Imported and not yet released: no reminder and no mail speaks of it.
    held = models.BooleanField(default=False)
    search = SearchVectorField(null=True, editable=False)

    objects = ProblemQuerySet.as_manager()

    class Meta:
        ordering = ["-found_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["office", "number"], name="problem_number_once"),
            models.UniqueConstraint(
                fields=["office", "external_id"], condition=~Q(external_id=""), name="problem_external_id_once"
            ),
            models.UniqueConstraint(
                fields=["office", "import_key"], condition=~Q(import_key=""), name="problem_import_key_once"
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="problem_known_status"),
            models.CheckConstraint(condition=Q(route__in=Route.values), name="problem_known_route"),
            models.CheckConstraint(
                condition=Q(status="closed", closed_on__isnull=False)
                | (~Q(status="closed") & Q(closed_on__isnull=True))
                | Q(status="void"),
                name="problem_closed_has_day",
            ),
            models.CheckConstraint(
                condition=Q(status="void", void_kind__in=VoidKind.values) | (~Q(status="void") & Q(void_kind="")),
                name="problem_void_has_kind",
            ),
            # What was handed back has no date to keep, but its first one stays to be read.
            models.CheckConstraint(
                condition=Q(due_on__isnull=True) | Q(first_due_on__isnull=False), name="problem_due_with_first_due"
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("found_on")), name="problem_closed_after_found"
            ),
            models.CheckConstraint(condition=Q(quantity__isnull=True) | Q(quantity__gt=0), name="problem_quantity"),
        ]
        indexes = [
            GinIndex(fields=["search"]),
            models.Index(fields=["-found_on", "-id"]),
            # Holds what the counts of open and overdue problems ask for, so that they read no row.
            models.Index(
                fields=["due_on", "id"],
                include=["status", "met_on", "paused_since", "office", "team", "district", "lead_unit", "held"],
                condition=Q(status__in=[s.value for s in OPEN]),
                name="problem_open_due",
            ),
            # Open ones by the day their present step is due, as lists are read.
            models.Index(
                fields=["next_due_on", "id"],
                include=["status", "due_on", "met_on", "paused_since", "office", "team", "district"],
                condition=Q(status__in=[s.value for s in OPEN]),
                name="problem_open_next",
            ),
            # Open ones from the oldest find on, for those without such a day and those that stand still.
            models.Index(
                fields=["found_on", "id"],
                include=["status", "next_due_on", "due_on", "met_on", "paused_since", "office", "team", "district"],
                condition=Q(status__in=[s.value for s in OPEN]),
                name="problem_open_found",
            ),
            models.Index(fields=["id"], condition=Q(held=True), name="problem_held"),
            models.Index(fields=["team", "-found_on", "-id"]),
            models.Index(fields=["district", "-found_on", "-id"]),
            models.Index(fields=["lead_unit", "-found_on", "-id"]),
            models.Index(
                fields=["status", "-found_on", "-id"],
                include=["office", "team", "district"],
                name="problem_by_status",
            ),
            models.Index(fields=["site", "-found_on"]),
            models.Index(fields=["office", "number_year", "number_seq"]),
            models.Index(fields=["-number_year", "-number_seq", "-id"], name="problem_by_number"),
            models.Index(fields=["number_seq", "number_year"], name="problem_of_number"),
            models.Index(fields=["site_name", "id"], name="problem_by_site"),
            models.Index(fields=["-found_on", "-id"], condition=Q(special=True), name="problem_special"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def title(self) -> str:
        """What it is called in rows and heads: its kind, else the first words said of it, else its site."""
        if self.kind is not None:
            return str(self.kind.name)
        return opening(self.description) or self.site_name

    @property
    def said(self) -> str:
        """What tells it from others of its kind at its site, beside its title; empty where the title says it all."""
        return self.description if self.kind is not None and self.description != self.title else ""

    @property
    def is_long(self) -> bool:
        """Does its description need lines of its own, because its title can't hold it?"""
        if self.kind is None:
            return bool(self.description) and self.title.endswith("…")
        return len(self.description) > 80 or "\n" in self.description.strip()

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @cached_property
    def doubles(self) -> list["Problem"]:
        """What was merged into it."""
        return list(self.merged.all())

    def is_overdue(self, today: datetime.date) -> bool:
        """The one definition of overdue, as in ProblemQuerySet.overdue."""
        if not self.is_open or self.due_on is None or self.met_on is not None or self.due_on >= today:
            return False
        return self.paused_since is None or self.due_on < self.paused_since

    def route_on(self, day: datetime.date) -> str:
        """The route that held on a day."""
        if self.central_on and day < self.central_on:
            return Route.ON_SPOT
        return self.route


class Stage(models.Model):
    """One stay of a problem in one status; as-of figures, medians and ageing read it."""

    problem = models.ForeignKey(Problem, models.CASCADE, related_name="stages")
    status = models.CharField(max_length=12, choices=Status)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    verb = models.CharField(max_length=20)

    class Meta:
        ordering = ["since", "id"]
        constraints = [
            models.UniqueConstraint(fields=["problem"], condition=Q(until__isnull=True), name="stage_one_current"),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="stage_in_order"),
        ]
        indexes = [models.Index(fields=["problem", "since"]), models.Index(fields=["status", "since", "until"])]

    def __str__(self) -> str:
        return f"{self.status} {self.since}"


class Attachment(models.Model):
    """A stored file as part of a problem: before, after, of a recheck, or a paper."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    problem = models.ForeignKey(Problem, models.PROTECT, related_name="attachments")
    evidence = models.ForeignKey("casetracker.Evidence", models.PROTECT, related_name="attachments")
    phase = models.CharField(max_length=8, choices=Phase)
    feedback = models.ForeignKey(
        "inspections.Feedback", models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    recheck = models.ForeignKey(
        "inspections.Recheck", models.PROTECT, null=True, blank=True, related_name="attachments"
    )
    caption = models.CharField(_("caption"), max_length=200, blank=True)
    taken_at = models.DateTimeField(null=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    accuracy = models.FloatField(null=True)
    added_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    withdrawn_reason = models.CharField(max_length=300, blank=True)
    moved_to = models.ForeignKey(Problem, models.PROTECT, null=True, related_name="+")
    # Came over with this problem when it was merged: shown, but no proof of the survivor's own fix.
    came_from = models.ForeignKey(Problem, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["phase", "added_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdrawn_reason=""),
                name="attachment_withdrawn_with_reason",
            )
        ]
        indexes = [models.Index(fields=["problem", "phase"])]

    def __str__(self) -> str:
        return f"{self.phase} {self.evidence_id[:12]}"
