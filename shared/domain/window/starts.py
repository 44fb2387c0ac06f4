"""When a written window first applies: never too soon, and never later than it must.

When a window may occur, in any reading of it: for what must not happen while one is open.
"""

from collections.abc import Iterator
from copy import replace
from datetime import date, datetime, timedelta, timezone
from typing import assert_never

from shared.domain.vocabulary.invalid import Problem
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
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
    if window.start_date is None or window.start_date > window.local_date(now):
        return window
    return replace(window, start_date=None)


def _too_early(window: MaintenanceWindow, now: datetime, lead: timedelta) -> Occurrence | None:
    last = None
    for occurrence in window.occurrences(now):
        if occurrence.start >= now + lead:
            break
        last = occurrence
    return last


def past_start_date(
    start_date: date | None, utc_offset: timedelta, now: datetime
) -> Problem | None:
    """Find that a start date is before today in the window's own offset.

    AKS refuses such a date (hashicorp/terraform-provider-azurerm#22762), even one that it filled
    in itself the day before.
    """
    today = now.astimezone(timezone(utc_offset)).date()
    if start_date is None or start_date >= today:
        return None
    rule = f"must not be before today, {today}, in the window's offset; it can be left out"
    return Problem.of("maintenanceWindow.startDate", start_date.isoformat(), rule)


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
