"""What is asked on a visit, and the kinds of problem it can raise."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import Named, in_language
from casetracker.ids import uuid7
from inspections.enums import Severity


class ProblemKind(Named):
    """A kind of problem, e.g. bare earth uncovered."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    aliases = models.JSONField(_("other names"), default=list, blank=True)
    severity = models.CharField(_("usual severity"), max_length=8, choices=Severity, default=Severity.ORDINARY)
    measure_zh = models.CharField(_("counted in (Chinese)"), max_length=10, blank=True, default="处")
    measure_en = models.CharField(_("counted in (English)"), max_length=20, blank=True, default="places")
    # Nine of them: nine problems with own numbers, or one with a quantity.
    counts_as_quantity = models.BooleanField(_("one problem with a quantity"), default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "code"]

    @property
    def measure(self) -> str:
        return in_language(self.measure_zh, self.measure_en)


class Checklist(Named):
    """A list of things to look at, e.g. the six one-hundred-per-cents; its content stands in versions."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    site_kinds = models.ManyToManyField("inspections.SiteKind", blank=True, related_name="checklists")
    retired_on = models.DateField(_("retired on"), null=True, blank=True)

    class Meta:
        ordering = ["code"]

    @property
    def latest(self) -> "ChecklistVersion | None":
        return self.versions.order_by("-number").first()


class ChecklistVersion(models.Model):
    """One immutable issue of a checklist; a trigger refuses changes to it and to its items."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    issued_on = models.DateField(_("issued on"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ["checklist", "-number"]
        constraints = [models.UniqueConstraint(fields=["checklist", "number"], name="checklist_version_once")]

    def __str__(self) -> str:
        return f"{self.checklist} {self.number}"


class ChecklistItem(Named):
    """One line of a checklist: what to look at, the clause behind it, the problem it raises, the usual term."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(ChecklistVersion, models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField()
    kind = models.ForeignKey(ProblemKind, models.PROTECT, null=True, blank=True, related_name="+")
    clause = models.CharField(_("clause"), max_length=200, blank=True)
    clause_verified_by = models.CharField(_("clause verified by"), max_length=80, blank=True)
    term_days = models.PositiveSmallIntegerField(_("usual term in days"), null=True, blank=True)

    class Meta:
        ordering = ["version", "position"]

    @property
    def printable_clause(self) -> str:
        """The clause once somebody has verified it; an unverified one is never printed."""
        return self.clause if self.clause_verified_by else ""
