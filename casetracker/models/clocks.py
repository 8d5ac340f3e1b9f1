"""Time: the calendar of working days, the rules of terms, and the clocks that run by them."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import Named, in_language
from casetracker.enums import DayKind, TermUnit


class CalendarDay(models.Model):
    """One day of the working-day calendar; provisional where the year's holiday notice is not out."""

    on = models.DateField(_("day"), primary_key=True)
    is_workday = models.BooleanField(_("working day"))
    kind = models.CharField(_("kind"), max_length=8, choices=DayKind)
    name_zh = models.CharField(_("Chinese name"), max_length=40, blank=True)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=120, blank=True)
    official = models.BooleanField(_("official"), default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["on"]

    def __str__(self) -> str:
        return f"{self.on:%Y-%m-%d}"


class DeadlineRuleQuerySet(models.QuerySet["DeadlineRule"]):
    def in_force(self, code: str, on: Any) -> "DeadlineRule":
        """The rule of this code on the day; the nearest earlier one where none is in force, the earliest one for
        days before any (imported history).

        Raises DeadlineRule.DoesNotExist when no rule of the code was ever entered.
        """
        return Rules(self.filter(code=code)).in_force(code, on)

    def all_codes(self) -> "Rules":
        """Every rule, read at once, for work that needs several or one of many days."""
        return Rules(self)


class Rules:
    """The rules of some codes."""

    def __init__(self, rows: Iterable["DeadlineRule"]) -> None:
        self._of: dict[str, list[DeadlineRule]] = {}
        for row in sorted(rows, key=lambda row: row.effective_from, reverse=True):
            self._of.setdefault(row.code, []).append(row)

    def in_force(self, code: str, on: datetime.date) -> "DeadlineRule":
        """As DeadlineRuleQuerySet.in_force()."""
        rules = self._of.get(code)
        if not rules:
            raise DeadlineRule.DoesNotExist(code)
        earlier = [rule for rule in rules if rule.effective_from <= on]
        running = (rule for rule in earlier if rule.effective_until is None or rule.effective_until >= on)
        return next(running, earlier[0] if earlier else rules[-1])


class DeadlineRule(Named):
    """One term, with its source and the days on which it is in force; never a constant in code."""

    code = models.CharField(_("clock"), max_length=40)
    amount = models.PositiveSmallIntegerField(_("length"))
    unit = models.CharField(_("counted in"), max_length=8, choices=TermUnit)
    roll = models.BooleanField(_("moves to the next working day when it ends on a day off"), default=False)
    near_workdays = models.PositiveSmallIntegerField(_("near from so many working days before"), default=1)
    cutoff = models.TimeField(_("cut-off hour"), null=True, blank=True)
    source_zh = models.CharField(_("source in Chinese"), max_length=200, blank=True)
    source_en = models.CharField(_("source in English"), max_length=200, blank=True)
    effective_from = models.DateField(_("in force from"))
    effective_until = models.DateField(_("in force until"), null=True, blank=True)
    verified_by = models.CharField(_("verified by"), max_length=80, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = DeadlineRuleQuerySet.as_manager()

    class Meta:
        ordering = ["code", "effective_from"]
        constraints = [models.UniqueConstraint(fields=["code", "effective_from"], name="rule_once_per_day")]

    @property
    def source(self) -> str:
        return in_language(self.source_zh, self.source_en)


class DeadlineQuerySet(models.QuerySet["Deadline"]):
    def of(self, subject_type: str, subject_id: Any) -> "DeadlineQuerySet":
        return self.filter(subject_type=subject_type, subject_id=subject_id)

    def current(self) -> "DeadlineQuerySet":
        """The version of each clock that holds now."""
        return self.filter(replaced_at__isnull=True)

    def running(self) -> "DeadlineQuerySet":
        """Clocks that still wait for somebody."""
        return self.current().filter(met_on__isnull=True)

    def as_of(self, moment: Any) -> "DeadlineQuerySet":
        """The version of each clock that held at a moment of the past."""
        return self.filter(Q(opened_at__lt=moment) & (Q(replaced_at__isnull=True) | Q(replaced_at__gte=moment)))


class Deadline(models.Model):
    """One version of one clock: what, whose, since when, until when, by which rule, met or not.

    A change (extension, pause, send back, amendment) closes the row by `replaced_at` and opens the next
    one, so that any past day can be asked what it knew.
    """

    subject_type = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    part_id = models.UUIDField(null=True)
    clock = models.CharField(max_length=24)
    unit = models.ForeignKey("casetracker.Unit", models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey("casetracker.User", models.PROTECT, null=True, related_name="+")
    rule = models.ForeignKey(DeadlineRule, models.PROTECT, null=True, related_name="+")
    amount = models.PositiveSmallIntegerField(null=True)
    term_unit = models.CharField(max_length=8, choices=TermUnit, blank=True)
    roll = models.BooleanField(default=False)
    started_on = models.DateField()
    started_by = models.CharField(max_length=24, blank=True)
    # [[since, until or null, reason], …] inclusive days on which the clock stood still.
    stops = models.JSONField(default=list)
    # [[agreed on, new date, reason], …] every date agreed after the first.
    agreed = models.JSONField(default=list)
    first_due_on = models.DateField()
    due_on = models.DateField()
    paused_since = models.DateField(null=True)
    met_on = models.DateField(null=True)
    provisional = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    objects = DeadlineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "part_id", "clock"],
                condition=Q(replaced_at__isnull=True),
                nulls_distinct=False,
                name="deadline_one_current_version",
            ),
            models.CheckConstraint(
                condition=Q(replaced_at__isnull=True) | Q(replaced_at__gte=F("opened_at")),
                name="deadline_replaced_after_opened",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"]),
            models.Index(
                fields=["unit", "clock", "due_on"],
                condition=Q(replaced_at__isnull=True, met_on__isnull=True),
                name="deadline_waiting",
            ),
            models.Index(
                fields=["clock", "due_on"],
                condition=Q(replaced_at__isnull=True, met_on__isnull=True),
                name="deadline_waiting_by_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock} {self.due_on}"
