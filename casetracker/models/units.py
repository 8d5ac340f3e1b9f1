"""Who acts: units, people and their memberships."""

import datetime
import re

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from casetracker.bilingual import Named, in_language
from casetracker.enums import Language, Role, Theme, UnitKind


def running(on: datetime.date) -> Q:
    """The condition that a row with from_on and until_on (inclusive, open when empty) runs on a day."""
    return Q(from_on__lte=on) & (Q(until_on__isnull=True) | Q(until_on__gte=on))


# The kinds of units that put problems right.
ANSWERING = (UnitKind.DEPARTMENT, UnitKind.GOVERNMENT, UnitKind.BUREAU, UnitKind.OTHER)


class UnitQuerySet(models.QuerySet["Unit"]):
    def under(self, unit: "Unit") -> "UnitQuerySet":
        """The unit with everything below it in the tree."""
        return self.filter(path__startswith=unit.path)

    def current(self, on: datetime.date | None = None) -> "UnitQuerySet":
        """Units that exist on the day (today by default)."""
        day = on or timezone.localdate()
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day), Q(valid_until__isnull=True) | Q(valid_until__gte=day)
        )

    def addressable_by(self, office: "Unit") -> "UnitQuerySet":
        """The units that an office may hand problems to: those of its city, and those without a district."""
        codes = office.districts.values("code")
        near = (
            Q(districts__in=codes)
            | Q(districts__parent__in=codes)
            | Q(districts__parent__parent__in=codes)
            | Q(districts__isnull=True)
        )
        return self.filter(near, kind__in=ANSWERING).distinct()


# What is counted in a unit's name: 第二现场督导组, 执法三中队, 督导12组; but not 一体化处.
NUMBER = "[一二三四五六七八九十百千万零〇]+|[0-9]+"
COUNTED = re.compile(
    rf"第({NUMBER})|({NUMBER})(?=(?:[中大支小分号]|督导|督查|督察|检查|巡查|监察|执法)?[组队科处所站])"
)
DIGITS = {sign: value for value, sign in enumerate("一二三四五六七八九", 1)}
UP_TO_99 = re.compile(r"([一二三四五六七八九])?(十)?([一二三四五六七八九])?")


def sort_key(name: str) -> str:
    """A unit's place among its kind: its Chinese name, with what is counted in it (up to 99) as figures, so that the
    second comes before the third (the code points of 一 二 三 are in no order). What can't be read as such a number
    stays as it is: 八一, 二三, 一百二十."""

    def figures(found: re.Match[str]) -> str:
        number = _number(found[1] or found[2])
        return found[0] if number is None else f"{number:04d}"

    return COUNTED.sub(figures, name)[:120]


def _number(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    parts = UP_TO_99.fullmatch(text)
    if parts is None or (parts[1] and parts[3] and not parts[2]):
        return None
    return (DIGITS.get(parts[1], 1) * 10 + DIGITS.get(parts[3], 0)) if parts[2] else DIGITS[text]


class Unit(Named):
    """Any body that acts: a supervision office or team, a department, a local government, a bureau."""

    kind = models.CharField(_("kind"), max_length=12, choices=UnitKind)
    short_zh = models.CharField(_("Chinese short name"), max_length=60, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    # The ids from the root down, each six digits and a slash, so that "everything below" is a prefix.
    path = models.CharField(max_length=120, editable=False, default="", db_index=True)
    districts = models.ManyToManyField("casetracker.District", blank=True, related_name="units")
    email = models.EmailField(_("mailbox"), blank=True)
    webhook = models.CharField(_("chat webhook"), max_length=400, blank=True)
    number_prefix = models.CharField(_("number prefix"), max_length=20, blank=True)
    sort_key = models.CharField(max_length=120, blank=True, editable=False)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_until = models.DateField(_("until"), null=True, blank=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="predecessors")

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "sort_key", "name_zh"]
        constraints = [
            models.UniqueConstraint(
                "name_zh",
                name="unit_name_unique",
                violation_error_message=_("A unit has this name already. Use another name, or change that unit."),
            )
        ]

    def save(self, *args: object, **kwargs: object) -> None:
        """Keeps the path with the parent and the place with the name; a moved unit moves everything below it."""
        before = self.path
        self.sort_key = sort_key(self.name_zh)
        if self.pk is None:
            super().save(*args, **kwargs)
            kwargs = {}
            args = ()
        self.path = (self.parent.path if self.parent else "") + f"{self.pk:06d}/"
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        if before and before != self.path:
            for unit in Unit.objects.filter(path__startswith=before).exclude(pk=self.pk):
                Unit.objects.filter(pk=unit.pk).update(path=self.path + unit.path.removeprefix(before))

    @property
    def short(self) -> str:
        """The Chinese name people use in lists and numbers."""
        return self.short_zh or self.name_zh

    @property
    def brief(self) -> str:
        """The name for a row, in the reader's language."""
        return in_language(self.short, self.name_en)


class UnitName(models.Model):
    """A former name, or another way people write a unit's name (import and search know it)."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="names")
    name = models.CharField(_("name"), max_length=120, unique=True)
    is_former = models.BooleanField(_("former name"), default=False)
    from_on = models.DateField(null=True, blank=True)
    until_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person; rights come from the memberships, never from flags on this row."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=Language, default=Language.CHINESE)
    theme = models.CharField(_("theme"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    # The password is one that an administrator gave; until it is changed, no other page opens.
    must_change_password = models.BooleanField(default=False, editable=False)

    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @cached_property
    def posts_ever(self) -> list["Membership"]:
        """Every membership the person ever had, with its unit, read once per request."""
        return list(self.memberships.select_related("unit__parent"))

    @cached_property
    def posts(self) -> list["Membership"]:
        """Today's memberships with their units; none for a closed account."""
        today = timezone.localdate()
        return [post for post in self.posts_ever if self.is_active and post.runs_on(today)]

    @cached_property
    def unread(self) -> int:
        """How many notices wait unread; the person of a session is read together with it (casetracker.people)."""
        return self.notices.unread().count()

    def has_role(self, *roles: str) -> bool:
        return any(post.role in roles for post in self.posts)

    def units_as(self, *roles: str) -> list[Unit]:
        """The units for which this person has one of the roles today (every unit when none is named)."""
        return [post.unit for post in self.posts if not roles or post.role in roles]


class MembershipQuerySet(models.QuerySet["Membership"]):
    def running(self, on: datetime.date) -> "MembershipQuerySet":
        return self.filter(running(on))

    def during(self, since: datetime.date, until: datetime.date) -> "MembershipQuerySet":
        """Memberships that ran on at least one day of the span."""
        return self.filter(Q(from_on__lte=until) & (Q(until_on__isnull=True) | Q(until_on__gte=since)))


class Membership(models.Model):
    """A person in a unit, in a role, from a day until a day; on loan (抽调) or at home."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"), null=True, blank=True)
    on_loan = models.BooleanField(_("on loan"), default=False)
    is_head = models.BooleanField(_("head of the unit"), default=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["user", "from_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")), name="membership_ends_after_start"
            )
        ]
        indexes = [models.Index(fields=["unit", "role"]), models.Index(fields=["user", "from_on"])]

    def __str__(self) -> str:
        return f"{self.user} {self.unit} {self.role}"

    def runs_on(self, day: datetime.date) -> bool:
        return self.from_on <= day and (self.until_on is None or self.until_on >= day)
