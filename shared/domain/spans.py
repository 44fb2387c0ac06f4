"""Stretches of time: an occurrence of a window, and a span of dates that blocks it."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.domain.errors import InvalidWindow


@dataclass(frozen=True, slots=True)
class DateSpan:
    """Local dates from `start` to `end`, the end date included (as AKS reads notAllowedDates)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise InvalidWindow.because(
                "maintenanceWindow.notAllowedDates",
                f"{self.start}..{self.end}",
                "must start no later than it ends",
            )

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One concrete interval `[start, end)` in UTC.

    Not `certain` if it reaches into a not-allowed date: whether AKS then cuts it, drops it or
    lets it be is not documented.
    """

    start: datetime
    end: datetime
    certain: bool = True

    def contains(self, instant: datetime) -> bool:
        """Say whether the instant lies in the interval; the start does, the end does not."""
        return self.start <= instant < self.end
