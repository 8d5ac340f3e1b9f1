"""Pure arithmetic of calendar days and working days on a calendar value: no database, no Django, no clock.

Counting follows one rule everywhere (民法典 Art. 200-203, 民事诉讼法 Art. 85): the day of the event is left out,
counting begins the next day, months and years end on the corresponding day or at the end of the month.
Limits in hours are moments, not dates, and do not belong here.
"""

from .days import (
    FIXED_HOLIDAYS,
    Calendar,
    Day,
    Kind,
    add_days,
    add_months,
    add_workdays,
    add_years,
    last_workday_on_or_before,
    next_workday,
    provisional_day,
    roll_forward,
    subtract_workdays,
    workdays_between,
)
from .lights import Light, days_late, light, near_until
from .stages import Stages13710, stages_13710
from .terms import (
    Cause,
    Clock,
    CountedDay,
    Counting,
    Extension,
    Stop,
    Term,
    Unit,
    count,
    merge_stops,
    present_due,
    stopped_days,
    walk,
)

__all__ = [
    "FIXED_HOLIDAYS",
    "Calendar",
    "Cause",
    "Clock",
    "CountedDay",
    "Counting",
    "Day",
    "Extension",
    "Kind",
    "Light",
    "Stages13710",
    "Stop",
    "Term",
    "Unit",
    "add_days",
    "add_months",
    "add_workdays",
    "add_years",
    "count",
    "days_late",
    "last_workday_on_or_before",
    "light",
    "merge_stops",
    "near_until",
    "next_workday",
    "present_due",
    "provisional_day",
    "roll_forward",
    "stages_13710",
    "stopped_days",
    "subtract_workdays",
    "walk",
    "workdays_between",
]
