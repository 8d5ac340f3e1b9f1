"""What a due date means today: late, near, on time, done or stopped."""

from __future__ import annotations

from datetime import date
from typing import Literal

from .days import Calendar, add_workdays

Light = Literal["late", "near", "ok", "done", "stopped"]


def near_until(today: date, calendar: Calendar, near_workdays: int = 1) -> date:
    """The last due date that shows as near: everything due from today to the next working day (or the n-th)."""
    return add_workdays(today, near_workdays, calendar)


def light(
    due_on: date,
    today: date,
    calendar: Calendar,
    near_workdays: int = 1,
    met_on: date | None = None,
    stopped: bool = False,
) -> Light:
    """The state a deadline shows. Due today is near, not late; on a Friday so is what is due up to Monday.

    `stopped` is for a clock that stands still and was not late when it stopped: a stop does not undo lateness.
    """
    if met_on:
        return "done"
    if stopped:
        return "stopped"
    if due_on < today:
        return "late"
    return "near" if due_on <= near_until(today, calendar, near_workdays) else "ok"


def days_late(due_on: date, until: date) -> int:
    """Calendar days by which `until` (the day it was met, else today) lies after the due date; never negative."""
    return max(0, (until - due_on).days)
