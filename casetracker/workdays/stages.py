"""The stages of 13710 as dates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .days import Calendar
from .terms import Term, Unit, count


@dataclass(frozen=True, slots=True)
class Stages13710:
    """The dates of one assignment under 13710, none of them rolled: they bind public bodies."""

    deploy_by: date
    feedback_by: date
    general_done_by: date
    major_done_by: date


def stages_13710(
    assigned: date,
    day_mode: str,
    calendar: Calendar,
    *,
    deploy_days: int = 0,
    feedback_days: int = 3,
    general_days: int = 7,
    major_months: int = 1,
) -> Stages13710:
    """The stages of 13710: deploy the same day, feed back in 3 days, ordinary in 7, major in 1 month.

    `day_mode` is "calendar" or "workday"; it concerns the stages in days, a month stays a month. The lengths are
    those of the notice and may be given from a rule row instead. ValueError for another day mode.

    Source: 山西省政府办公厅《关于建立“13710”工作制度的通知》(2016-09), as quoted by 中国社会科学网 2017-08-15 and
    人民日报 2021-06-01.
    """
    unit = _unit_of(day_mode)

    def due(amount: int, unit: Unit) -> date:
        return count(assigned, Term(amount, unit), calendar).due_on

    return Stages13710(
        deploy_by=due(deploy_days, unit),
        feedback_by=due(feedback_days, unit),
        general_done_by=due(general_days, unit),
        major_done_by=due(major_months, "month"),
    )


def _unit_of(day_mode: str) -> Unit:
    """Read a day mode leniently: rule rows, spreadsheets and requests spell working days in several ways."""
    if day_mode in {"calendar", "calendar_days", "natural", "day"}:
        return "day"
    if day_mode in {"workday", "workdays", "working", "working_days"}:
        return "workday"
    raise ValueError(f"Unknown day mode {day_mode!r}. Use calendar or workday.")
