"""Writing the visits of a ledger, and joining imported problems to them."""

import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from casetracker import audit
from casetracker.models import Unit
from inspections.enums import VisitMode
from inspections.ledger import checks
from inspections.ledger.errors import Message, RowError
from inspections.ledger.importing.batch import CHUNK, key_of
from inspections.ledger.importing.names import Names, Unclear
from inspections.ledger.importing.report import Outcome, Report
from inspections.ledger.rows import ParsedRow
from inspections.models import AlertPeriod, ImportBatch, Visit, VisitInspector
from inspections.visiting.alerting import alerts_over, gravest, hold_alerts

UNKNOWN_DISTRICT = _(
    "No district is called “%(name)s”. Choose under “Values” which one it is, or correct the cell to its name or code."
)
UNKNOWN_TEAM = _("No supervision team is called “%(name)s”. Choose under “Values” which one it is.")
UNKNOWN_SITE = _("No site is called “%(name)s”. Tick “Sites” under “Create what is new”, or correct its name.")
UNKNOWN_SITE_KIND = _("No kind of site is called “%(name)s”. Choose under “Values” which one it is.")
OTHER_OFFICE = _("This row was exported by another office. Import it there, or empty its check code.")
VISIT_IS_HERE = _("This visit is here already and a file can’t change it. Correct it on its page.")


class VisitWriter:
    """Creates the visits that are not there yet; an identical row of the same file is a duplicate."""

    def __init__(self, batch: ImportBatch, names: Names, now: datetime.datetime) -> None:
        self.batch = batch
        self.names = names
        self.now = now
        self.seen: set[str] = set()
        self.alerts: dict[str, list[AlertPeriod]] = {}

    def waits(self, row: ParsedRow) -> bool:
        """No visit depends on another row."""
        return False

    def write(self, rows: list[ParsedRow], report: Report) -> list[Outcome]:
        self.names.load_sites({row.values["site"] for row in rows})
        found: list[tuple[ParsedRow, str, dict[str, Any]]] = []
        outcomes: list[Outcome] = []
        back = self._back([row for row in rows if row.check is not None], report, outcomes)
        for row in rows:
            if row.row in back:
                continue
            facts = self._facts(row, report)
            if facts is None:
                continue
            key = key_of(self.batch.office_id, "visit", *(row.values.get(name) for name in sorted(row.values)))
            if key in self.seen:
                outcomes.append(Outcome(row, "duplicate"))
                continue
            self.seen.add(key)
            found.append((row, key, facts))
        self.names.flush()
        here = Visit.objects.filter(import_key__in=[key for _row, key, _facts in found])
        known = dict(here.values_list("import_key", "id"))
        undone = {visit.import_key: visit for visit in here.filter(undone=True)}
        new: list[Visit] = []
        people: list[VisitInspector] = []
        for row, key, facts in found:
            if key in undone:
                outcomes.append(Outcome(row, "revived", known[key]))
                continue
            if key in known:
                outcomes.append(Outcome(row, "unchanged", known[key]))
                continue
            visit = Visit(import_batch=self.batch, import_key=key, recorded_at=self.now, **facts)
            new.append(visit)
            people.extend(VisitInspector(visit=visit, name=name) for name in row.values.get("inspectors") or [])
            outcomes.append(Outcome(row, "created", visit.pk))
        self._revive(list(undone.values()))
        Visit.objects.bulk_create(new, batch_size=CHUNK)
        VisitInspector.objects.bulk_create(people, batch_size=CHUNK)
        return outcomes

    def _back(self, rows: list[ParsedRow], report: Report, outcomes: list[Outcome]) -> set[int]:
        """The rows of our own exports whose visits are here: unchanged, or refused where somebody edited them."""
        subjects = {row.row: row.check.subject for row in rows if row.check is not None}
        teams = dict(Visit.objects.filter(pk__in=subjects.values()).values_list("pk", "team__path"))
        back = {row.row for row in rows if subjects[row.row] in teams}
        for row in rows:
            if row.row in back and not teams[subjects[row.row]].startswith(self.batch.office.path):
                report.refuse(on_code(row, "other_office", OTHER_OFFICE))
            elif row.row in back and not row.is_as_exported:
                report.refuse(on_code(row, "loop_owned", VISIT_IS_HERE))
            elif row.row in back:
                outcomes.append(Outcome(row, "unchanged", subjects[row.row]))
        return back

    def _revive(self, visits: list[Visit]) -> None:
        """Let visits count again that an undone import had brought."""
        Visit.objects.filter(pk__in=[visit.pk for visit in visits]).update(undone=False, import_batch=self.batch)
        audit.record_many(
            [
                audit.event(
                    subject_type="visit", subject_id=visit.pk, label=visit.site_name, verb="import",
                    by=self.batch.by, at=self.now, file=self.batch.file_name, batch=str(self.batch.pk),
                )
                for visit in visits
            ]
        )  # fmt: skip

    def _facts(self, row: ParsedRow, report: Report) -> dict[str, Any] | None:
        """The columns of one visit; None when the row is refused."""
        values = row.values
        district = self.names.district(values["district"])
        if district is None:
            report.refuse(remark(row, "district", values["district"], "unknown_district", UNKNOWN_DISTRICT))
            return None
        try:
            team = self.names.team(values["team"])
        except Unclear as problem:
            report.refuse(remark(row, "team", values["team"], f"{problem.code}_team", problem.message.template))
            return None
        if team is None:
            report.refuse(remark(row, "team", values["team"], "unknown_team", UNKNOWN_TEAM))
            return None
        site = self.names.site(values["site"], district, values.get("site_kind"), values.get("lat"), values.get("lon"))
        if site is None:
            report.refuse(no_site(row, self.names))
            return None
        inspectors = values.get("inspectors") or []
        return {
            "team": team,
            "site": site,
            "site_name": site.name,
            "district": district,
            "on": values["date"],
            "alert_id": self._alert(team, values["date"]),
            "mode": values.get("mode") or VisitMode.PATROL,
            "people": values.get("people") or len(inspectors),
            "lat": values.get("lat"),
            "lon": values.get("lon"),
        }

    def _alert(self, team: Unit, on: datetime.date) -> int | None:
        """The heavy-pollution alert over the team on the day."""
        if team.path not in self.alerts:
            self.alerts[team.path] = alerts_over({team.path})
        return gravest(self.alerts[team.path], team.path, on)

    def finish(self) -> None:
        """Join the office's imported problems that were waiting for their visit, and follow alerts of meanwhile."""
        join_problems(self.batch.office_id)
        self._follow_alerts()

    def _follow_alerts(self) -> None:
        """Look again at the alerts that were written while the rows were taken in.

        They are held from here to the end of the import only: a long one would keep everybody else from writing them.
        """
        hold_alerts(self.batch.office)
        for path, known in self.alerts.items():
            now = alerts_over({path})
            if [_stretch(one) for one in now] == [_stretch(one) for one in known]:
                continue
            of_team = Visit.objects.filter(import_batch=self.batch, team__path=path)
            for on, alert in of_team.order_by().values_list("on", "alert").distinct():
                if (held := gravest(now, path, on)) != alert:
                    of_team.filter(on=on).update(alert=held)


def _stretch(alert: AlertPeriod) -> tuple[Any, ...]:
    return alert.pk, alert.office_id, alert.level, alert.from_on, alert.until_on


def join_problems(office_id: int) -> None:
    """Give imported problems without a visit the one of their team at their site on their day, if it is just one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE inspections_problem AS p SET visit_id = v.id
            FROM (SELECT team_id, site_id, "on", (array_agg(id))[1] AS id
                  FROM inspections_visit WHERE NOT undone GROUP BY team_id, site_id, "on" HAVING count(*) = 1) AS v
            WHERE p.office_id = %s AND p.import_batch_id IS NOT NULL AND p.visit_id IS NULL
              AND v.team_id = p.team_id AND v.site_id = p.site_id AND v."on" = p.found_on
            """,
            [office_id],
        )


def on_code(row: ParsedRow, code: str, message: Any) -> RowError:
    return RowError(row.row, row.headers.get(checks.COLUMN, checks.COLUMN), str(row.check), code, Message(message))


def remark(row: ParsedRow, column: str, value: Any, code: str, message: Any) -> RowError:
    """A remark on a canonical column of a row, under the sheet's own header text, with the value in the message."""
    return RowError(
        row.row, row.headers.get(column, column), str(value)[:200], code, Message(message, {"name": value}), column
    )


def no_site(row: ParsedRow, names: Names) -> RowError:
    """Why the site of a row was neither found nor made."""
    kind = row.values.get("site_kind")
    if kind and names.site_kind(kind) is None:
        return remark(row, "site_kind", kind, "unknown_site_kind", UNKNOWN_SITE_KIND)
    return remark(row, "site", row.values["site"], "unknown_site", UNKNOWN_SITE)
