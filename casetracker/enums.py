"""The words of the shared ground as choices; imports nothing of ours."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    """What a person does for a unit; rights come from the memberships that run today."""

    INSPECTOR = "inspector", _("Inspector")
    SUPERVISOR = "supervisor", _("Supervisor")
    HANDLER = "handler", _("Handler")
    CASE_OFFICER = "case_officer", _("Case officer")
    LEGAL_REVIEWER = "legal_reviewer", _("Legal reviewer")
    LEADER = "leader", _("Leader")
    ADMINISTRATOR = "administrator", _("Administrator")


class UnitKind(models.TextChoices):
    OFFICE = "office", _("Supervision office")
    TEAM = "team", _("Supervision team")
    DEPARTMENT = "department", _("Department")
    GOVERNMENT = "government", _("Local government")
    BUREAU = "bureau", _("Environmental bureau")
    OTHER = "other", _("Other body")


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    CHINESE = "zh-hans", "简体中文"


class Theme(models.TextChoices):
    SYSTEM = "system", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class TermUnit(models.TextChoices):
    """How the days of a term are counted."""

    DAY = "day", _("calendar days")
    WORKDAY = "workday", _("working days")
    MONTH = "month", _("months")
    YEAR = "year", _("years")


class DayKind(models.TextChoices):
    WORKDAY = "workday", _("Working day")
    WEEKEND = "weekend", _("Weekend")
    HOLIDAY = "holiday", _("Holiday")
    MAKEUP = "makeup", _("Make-up working day")


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("Chat")


class DeliveryState(models.TextChoices):
    """The arrows between them are guarded by a trigger."""

    PENDING = "pending", _("Waiting")
    CLAIMED = "claimed", pgettext_lazy("delivery", "Claimed")
    HANDING_OVER = "handing_over", _("Being handed over")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    IN_DOUBT = "in_doubt", _("In doubt")
    CANCELLED = "cancelled", _("Cancelled")
    SKIPPED = "skipped", _("Skipped")


class EvidenceKind(models.TextChoices):
    PHOTO = "photo", _("Photo")
    PDF = "pdf", _("PDF")
    OFFICE = "office", _("Office file")
    VIDEO = "video", _("Video")


class JobState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
