"""Starts spread over clusters, so that a fleet does not begin all at once."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from shared.domain.cluster_id import ClusterId
from shared.domain.recurrence import Recurrence, Weekday, Weekly
from shared.domain.window import MaintenanceWindow

STEP = timedelta(minutes=15)
LONGEST_SPREAD = timedelta(days=1)
_ANY_DAY = date(2026, 1, 1)


def spread_window(
    window: MaintenanceWindow, spread: timedelta, cluster_id: ClusterId
) -> MaintenanceWindow:
    """Shift the start by 0 to `spread` in steps of 15 minutes, by a hash of the cluster's id.

    Over midnight the day of the week moves along; a day of the month would not always have a next
    one, so only windows that are daily or weekly can be spread that far.
    """
    steps = int(spread / STEP) + 1
    digest = sha256(cluster_id.key.encode("ascii")).digest()
    shift = STEP * (int.from_bytes(digest[:8]) % steps)
    start = datetime.combine(_ANY_DAY, window.start_time) + shift
    days = (start.date() - _ANY_DAY).days
    recurrence = _days_later(window.recurrence, days)
    return replace(window, start_time=start.time(), recurrence=recurrence)


def _days_later(recurrence: Recurrence, days: int) -> Recurrence:
    if not isinstance(recurrence, Weekly):
        return recurrence
    weekdays = list(Weekday)
    moved = (weekdays.index(recurrence.day_of_week) + days) % len(weekdays)
    return replace(recurrence, day_of_week=weekdays[moved])
