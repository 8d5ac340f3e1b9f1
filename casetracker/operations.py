"""What administrators and operators ask of the whole installation: who is missing, what waits, what failed."""

import datetime
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casetracker import calendars, deliveries, digest, health, watermark
from casetracker.enums import DeliveryState, JobState, Role
from casetracker.models import Delivery, Heartbeat, Job, Membership, Unit, User

# With less room than this the folder of the evidence is about to be full.
SCARCE_BYTES = 2 * 1024**3
SHOWN = 20


def unmanned(units: QuerySet[Unit], on: datetime.date) -> QuerySet[Unit]:
    """Those of the units in which nobody with an open account has a post on the day."""
    posts = Membership.objects.running(on).filter(unit=OuterRef("pk"), user__is_active=True)
    return units.filter(~Exists(posts))


def people_without_post() -> QuerySet[User]:
    """Open accounts without any post today: they sign in and see nothing."""
    posts = Membership.objects.running(timezone.localdate()).filter(user=OuterRef("pk"))
    return User.objects.filter(~Exists(posts), is_active=True)


# --- Whether everything runs ------------------------------------------------------------------------

LIGHTS = {health.OK: "ok", health.STALE: "near", health.DOWN: "late"}


@dataclass(frozen=True)
class Part:
    """One part of the installation: its state (ok, stale, down), its last sign of life, what to do about it."""

    key: str
    label: str
    state: str
    age: float | None = None
    advice: str = ""

    @property
    def light(self) -> str:
        return LIGHTS[self.state]

    @property
    def heard(self) -> str:
        """How long ago it gave its last sign of life; "" where it gives none."""
        if self.age is None:
            return ""
        seconds = int(self.age)
        if seconds < 120:
            return ngettext("heard from %(n)s second ago", "heard from %(n)s seconds ago", seconds) % {"n": seconds}
        minutes = seconds // 60
        if minutes < 120:
            return ngettext("heard from %(n)s minute ago", "heard from %(n)s minutes ago", minutes) % {"n": minutes}
        hours = minutes // 60
        return ngettext("heard from %(n)s hour ago", "heard from %(n)s hours ago", hours) % {"n": hours}

    @property
    def words(self) -> str:
        return {health.OK: _("works"), health.STALE: _("not heard from lately"), health.DOWN: _("down")}[self.state]


def parts() -> list[Part]:
    """Database, Redis, workers and beat, each asked for at most a second."""
    ages = health.heartbeat_ages()
    labels = {
        "worker:tick": _("Worker for the clockwork"),
        "worker:mail": _("Worker for mail"),
        "worker:work": _("Worker for long work"),
        health.BEAT: _("Beat, the clock of the workers"),
    }
    restart = _("Start it again: make run, or the service of this name. What waits is done then; nothing is lost.")
    found = [
        Part(
            "database",
            _("Database"),
            health.DOWN if ages is None else health.OK,
            advice=_("Out of reach or without the latest migrations: start PostgreSQL, then run manage.py migrate."),
        ),
        Part(
            "redis",
            _("Redis"),
            health.redis_state(),
            advice=_("Pages go on working; reminders, mail and imports wait. Start Redis again."),
        ),
    ]
    for name, label in labels.items():
        age = (ages or {}).get(name)
        found.append(Part(name, label, health.state_of(ages or {}, name), age, restart))
    return found


def other_beats() -> list[Heartbeat]:
    """The last runs of what happens by itself, such as the sweep and the weekly planning."""
    return list(Heartbeat.objects.exclude(name__in=[*health.WORKERS, health.BEAT]).order_by("name"))


# --- Deliveries and long work -----------------------------------------------------------------------


def deliveries_today() -> list[tuple[str, str, int]]:
    """What was to be sent today: state, its word, how many; in the order of the states."""
    since = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    found = Delivery.objects.filter(created_at__gte=since).order_by()
    counts = dict(found.values_list("state").annotate(rows=Count("pk")))
    return [(state.value, str(state.label), counts[state]) for state in DeliveryState if counts.get(state)]


def troubles(user: User) -> QuerySet[Delivery]:
    """Failed letters and those in doubt that nobody has decided on yet, as far as the person looks after them."""
    unsettled = deliveries.unsettled()
    if user.has_role(Role.ADMINISTRATOR):
        return unsettled
    return unsettled.filter(pk__in=digest.overseen(user).values("pk"))


def jobs_open() -> dict[str, int]:
    """How much long work waits and runs, and how much failed in the last week through no fault of what was asked."""
    week_ago = timezone.now() - datetime.timedelta(days=7)
    open_ones = Job.objects.filter(state__in=[JobState.PENDING, JobState.RUNNING]).order_by()
    counts: dict[str, int] = dict(open_ones.values_list("state").annotate(rows=Count("pk")))
    failed = Job.objects.filter(state=JobState.FAILED, refusal={}, finished_at__gte=week_ago)
    return {
        "waiting": counts.get(JobState.PENDING, 0),
        "running": counts.get(JobState.RUNNING, 0),
        "failed": failed.count(),
    }


def failed_jobs(user: User) -> QuerySet[Job]:
    """Long work that the machine failed at, newest first: an administrator sees all of it, others their own.

    What was refused, such as a file that is no ledger, is told to whoever asked for it, and nobody else can mend it.
    """
    failed = Job.objects.filter(state=JobState.FAILED, refusal={}).select_related("requested_by")
    return failed if user.has_role(Role.ADMINISTRATOR) else failed.filter(requested_by=user)


# --- The ground it stands on ------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """Something about the installation: a value and, where it needs somebody, what to do."""

    key: str
    label: str
    value: str
    light: str = "ok"
    advice: str = ""


def facts() -> list[Fact]:
    """Room for evidence, the calendar, fonts, the way of mail, the version."""
    return [_room(), _calendar(), _fonts(), _mail(), Fact("version", _("Version"), version())]


def _room() -> Fact:
    folder = Path(settings.EVIDENCE_ROOT)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    value = _("%(size)s GB free") % {"size": f"{free / 1024**3:,.1f}"}
    if free >= SCARCE_BYTES:
        return Fact("room", _("Room for evidence"), value)
    advice = _("Make room or move the folder of the evidence: without room no photo can be stored.")
    return Fact("room", _("Room for evidence"), value, "late" if free < SCARCE_BYTES / 4 else "near", advice)


def _calendar() -> Fact:
    settled, year = calendars.last_settled_year(), timezone.localdate().year
    label = _("Working-day calendar")
    if settled is None:
        return Fact("calendar", label, _("empty"), "late", _("Run manage.py load_calendar."))
    value = _("official until the end of %(year)s") % {"year": settled}
    if settled < year:
        return Fact("calendar", label, value, "late", _("Load the holiday notice of this year."))
    if settled == year and timezone.localdate().month >= 11:
        return Fact("calendar", label, value, "near", _("The notice of next year is due: load it when it is out."))
    return Fact("calendar", label, value)


def _fonts() -> Fact:
    label = _("Chinese font for watermarks")
    if watermark.has_chinese_font():
        return Fact("fonts", label, _("found"))
    advice = _(
        "Photos that leave carry time, coordinates, code and hash in Latin letters only. "
        "Install Noto Sans CJK, or name a font in CASETRACKER_FONT."
    )
    return Fact("fonts", label, _("missing"), "near", advice)


def _mail() -> Fact:
    if settings.EMAIL_BACKEND == deliveries.SMTP_BACKEND:
        return Fact("mail", _("Way of mail"), f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}")
    advice = "" if settings.DEMO else _("Nobody gets mail: set CASETRACKER_MAIL_URL.")
    return Fact("mail", _("Way of mail"), _("into a folder"), "ok" if settings.DEMO else "late", advice)


def version() -> str:
    """The version of this program, as pyproject.toml has it."""
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])
