"""Windows as rows of the fleet page."""

from copy import replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile

from shared.domain.budgets.making.generate import BudgetWish, generate
from shared.domain.window.window import MaintenanceWindow, Occurrence
from shared.domain.window.words import in_words
from shared.reconcile.shown.page.rows import WindowRow

MINUTE = timedelta(minutes=1)
SHOWN_AHEAD = timedelta(days=9)
"""From the midnight before on: the week that is shown begins today, in whatever time zone."""
LEAST_STARTS = 5
_KEPT = 1024


@lru_cache(_KEPT)
def from_day_on(window: MaintenanceWindow, day: datetime) -> MaintenanceWindow:
    """Take off what changes nothing from a day on: ARM dates each window by its own write."""
    local = window.local_date(day)
    begun = window.start_date is None or window.start_date <= local
    coming = tuple(span for span in window.not_allowed_dates if span.end >= local)
    return replace(
        window, start_date=None if begun else window.start_date, not_allowed_dates=coming
    )


@lru_cache(_KEPT)
def window_row(window: MaintenanceWindow, day: datetime) -> WindowRow:
    """Give the row of a window; its minutes count from `day`."""
    ambiguity = window.ambiguity or ""
    found = [] if ambiguity else _openings(window, day)
    return WindowRow(
        words=in_words(window),
        offset=window.utc_offset // MINUTE,
        minutes=timedelta(hours=window.duration_hours) // MINUTE,
        ambiguity=ambiguity,
        starts=[(each.start - day) // MINUTE for each in found],
        uncertain=[(each.start - day) // MINUTE for each in found if not each.certain],
        blocks=_blocks(window, day),
    )


def _openings(window: MaintenanceWindow, day: datetime) -> list[Occurrence]:
    """Give the openings that end after a day begins: those of the time shown, five at least."""
    found = window.occurrences(day)
    first = [each for _, each in zip(range(LEAST_STARTS), found, strict=False)]
    until = day + SHOWN_AHEAD
    return [*first, *takewhile(lambda each: each.start < until, found)]


def _blocks(window: MaintenanceWindow, day: datetime) -> list[tuple[str, str]]:
    """Give the schedules and durations of the budgets that block what is outside the window."""
    written = [each.to_json() for each in generate(window, BudgetWish(), day).budgets]
    return [(each["schedule"], each["duration"]) for each in written if "schedule" in each]
