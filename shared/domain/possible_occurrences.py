"""When a window may occur, in any reading of it: for what must not happen while one is open."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from shared.domain.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekly,
)
from shared.domain.spans import Occurrence
from shared.domain.window import MaintenanceWindow


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
