"""A maintenance window in a few words, for people."""

from typing import assert_never

from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekly,
)
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow


def in_words(window: MaintenanceWindow) -> str:
    """Say a window in a few words, in its own offset: `Sun 01:00 +00:00, 4 h`."""
    start = f"{window.start_time:%H:%M} {offset_text(window.utc_offset)}"
    return f"{_days(window.recurrence)} {start}, {window.duration_hours} h"


def _days(recurrence: Recurrence) -> str:
    match recurrence:
        case Daily(1):
            return "daily"
        case Daily(days):
            return f"every {days} days"
        case Weekly(1, day):
            return day.value[:3]
        case Weekly(weeks, day):
            return f"every {weeks} weeks {day.value[:3]}"
        case AbsoluteMonthly(months, day_of_month):
            return f"day {day_of_month} {_months(months)}"
        case RelativeMonthly(months, index, day):
            return f"{index.value.lower()} {day.value[:3]} {_months(months)}"
        case _:
            assert_never(recurrence)


def _months(interval: int) -> str:
    return "monthly" if interval == 1 else f"every {interval} months"
