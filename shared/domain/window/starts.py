"""When a written window first applies: never too soon, and never later than it must.

When a window may occur, in any reading of it: for what must not happen while one is open.

Starts spread over clusters, so that a fleet does not begin all at once.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import assert_never

from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    Weekly,
)
from shared.domain.window.window import MaintenanceWindow, Occurrence

MINIMUM_LEAD = timedelta(minutes=30)
"""A window that starts sooner than this after the write may be missed (AKS, the page "Upgrade
node images with node auto-provisioning")."""

_ONE_DAY = timedelta(days=1)


def plan_start(window: MaintenanceWindow, now: datetime, lead: timedelta) -> MaintenanceWindow:
    """Give the window as it should be written at `now`, so that no start comes within `lead`.

    The start date is left out, which makes the window active at once, unless an occurrence that
    has not ended starts before `now + lead`; then it is the day after the last of these, in the
    window's own offset. A later start date that the window already has is kept. Raises
    AmbiguousWindow.

    It holds over midnight too. ARM makes an omitted start date today in the window's offset when
    it accepts the write, and the first start lies after that. A start date that is set lies after
    today, or is today because yesterday's occurrence of up to 24 hours is still open; ARM refuses
    only dates before today (hashicorp/terraform-provider-azurerm#23985), and that occurrence ends
    before today does.
    """
    active = _active(window, now)
    too_early = _too_early(active, now, lead)
    if too_early is None:
        return active
    return replace(active, start_date=active.local_date(too_early.start) + _ONE_DAY)


def _active(window: MaintenanceWindow, now: datetime) -> MaintenanceWindow:
    if window.start_date and window.start_date > window.local_date(now):
        return window
    return replace(window, start_date=None)


def _too_early(window: MaintenanceWindow, now: datetime, lead: timedelta) -> Occurrence | None:
    last = None
    for occurrence in window.occurrences(now):
        if occurrence.start >= now + lead:
            break
        last = occurrence
    return last


def possible_occurrences(window: MaintenanceWindow, after: datetime) -> Iterator[Occurrence]:
    """Yield every occurrence that ends after an aware instant in some reading, in order.

    For a window whose days are certain these are its occurrences. From whichever day an interval
    is counted, the days are among those of the interval 1; and a day that not every month has may
    mean any other.
    """
    if window.ambiguity is None:
        return window.occurrences(after)
    return replace(window, recurrence=_densest(window.recurrence)).occurrences(after)


def _densest(recurrence: Recurrence) -> Recurrence:
    match recurrence:
        case Daily():
            return Daily(1)
        case Weekly():
            return replace(recurrence, interval_weeks=1)
        case RelativeMonthly():
            return replace(recurrence, interval_months=1)
        case AbsoluteMonthly():
            every_month = replace(recurrence, interval_months=1)
            return Daily(1) if every_month.ambiguity else every_month
        case _:
            assert_never(recurrence)


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
