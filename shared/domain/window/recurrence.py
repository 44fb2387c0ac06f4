"""On which days a maintenance window falls: the four kinds that AKS knows.

Ranges are those of Azure/azure-rest-api-specs MaintenanceConfiguration.tsp (2026-08-01). Days are
local dates in the window's own offset; where the documentation allows several readings, the
recurrence says so in `ambiguity` instead of choosing one.
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from enum import StrEnum

from msgspec import Struct

from shared.domain.vocabulary.fields import BrokenRule, whole_number
from shared.domain.vocabulary.invalid import InvalidWindow, Problem

INTERVAL_DAYS = whole_number(1, 7)
INTERVAL_WEEKS = whole_number(1, 4)
INTERVAL_MONTHS = whole_number(1, 6)
DAY_OF_MONTH = whole_number(1, 31)

_SHORTEST_MONTH = 28
_DAYS_A_WEEK = 7


class Weekday(StrEnum):
    """A day of the week by ARM's name, in the order of `date.weekday`."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"

    def on_or_after(self, ordinal: int) -> int:
        """Find the first such day from a proleptic ordinal on, as an ordinal."""
        wanted = _WEEK.index(self)
        # Ordinal 1, the first of January of the year 1, is a Monday.
        return ordinal + (wanted - (ordinal - 1)) % _DAYS_A_WEEK


_WEEK = tuple(Weekday)


class WeekIndex(StrEnum):
    """Which one of a weekday's occurrences in a month, not which week of the month."""

    FIRST = "First"
    SECOND = "Second"
    THIRD = "Third"
    FOURTH = "Fourth"
    LAST = "Last"


class Daily(Struct, frozen=True):
    """Every `interval_days` (1 to 7) days."""

    interval_days: int

    def __post_init__(self) -> None:
        _check("daily.intervalDays", self.interval_days, INTERVAL_DAYS)

    @property
    def ambiguity(self) -> str | None:
        """Say in a sentence why the days are not certain, or None if they are."""
        return _counted_from_where("intervalDays", self.interval_days)

    def next_day(self, ordinal: int) -> int:
        """Find the first day from a proleptic ordinal on (read with an interval of 1)."""
        return ordinal


class Weekly(Struct, frozen=True):
    """Every `interval_weeks` (1 to 4) weeks on one day of the week."""

    interval_weeks: int
    day_of_week: Weekday

    def __post_init__(self) -> None:
        _check("weekly.intervalWeeks", self.interval_weeks, INTERVAL_WEEKS)

    @property
    def ambiguity(self) -> str | None:
        """Say in a sentence why the days are not certain, or None if they are."""
        return _counted_from_where("intervalWeeks", self.interval_weeks)

    def next_day(self, ordinal: int) -> int:
        """Find the first day from a proleptic ordinal on (read with an interval of 1)."""
        return self.day_of_week.on_or_after(ordinal)


class AbsoluteMonthly(Struct, frozen=True):
    """Every `interval_months` (1 to 6) months on one day (1 to 31) of the month."""

    interval_months: int
    day_of_month: int

    def __post_init__(self) -> None:
        _check("absoluteMonthly.intervalMonths", self.interval_months, INTERVAL_MONTHS)
        _check("absoluteMonthly.dayOfMonth", self.day_of_month, DAY_OF_MONTH)

    @property
    def ambiguity(self) -> str | None:
        """Say in a sentence why the days are not certain, or None if they are."""
        if self.day_of_month > _SHORTEST_MONTH:
            return (
                f"dayOfMonth is {self.day_of_month}: what happens in shorter months is not "
                "documented."
            )
        return _counted_from_where("intervalMonths", self.interval_months)

    def next_day(self, ordinal: int) -> int:
        """Find the first day from a proleptic ordinal on (read with an interval of 1)."""
        day = date.fromordinal(ordinal)
        if day.day > self.day_of_month:
            day = date.fromordinal(_first_of_next_month(day))
        return day.replace(day=self.day_of_month).toordinal()


class RelativeMonthly(Struct, frozen=True):
    """Every `interval_months` (1 to 6) months on, for example, the second Tuesday."""

    interval_months: int
    week_index: WeekIndex
    day_of_week: Weekday

    def __post_init__(self) -> None:
        _check("relativeMonthly.intervalMonths", self.interval_months, INTERVAL_MONTHS)

    @property
    def ambiguity(self) -> str | None:
        """Say in a sentence why the days are not certain, or None if they are."""
        return _counted_from_where("intervalMonths", self.interval_months)

    def next_day(self, ordinal: int) -> int:
        """Find the first day from a proleptic ordinal on (read with an interval of 1)."""
        found = self._day_in_month_of(ordinal)
        if found >= ordinal:
            return found
        return self._day_in_month_of(_first_of_next_month(date.fromordinal(ordinal)))

    def _day_in_month_of(self, ordinal: int) -> int:
        first = date.fromordinal(ordinal).replace(day=1).toordinal()
        if self.week_index is WeekIndex.LAST:
            next_month = _first_of_next_month(date.fromordinal(first))
            return self.day_of_week.on_or_after(next_month - _DAYS_A_WEEK)
        weeks = list(WeekIndex).index(self.week_index)
        return self.day_of_week.on_or_after(first) + weeks * _DAYS_A_WEEK


type Recurrence = Daily | Weekly | AbsoluteMonthly | RelativeMonthly


def _first_of_next_month(day: date) -> int:
    days_in_month = monthrange(day.year, day.month)[1]
    return day.replace(day=1).toordinal() + days_in_month


def _counted_from_where(field: str, interval: int) -> str | None:
    # Azure/AKS#5720: if the start date lies after the day of the week, that week counts as
    # skipped; no official page says which week an interval above 1 is counted from.
    if interval == 1:
        return None
    return f"{field} is {interval}: from which day it is counted is not documented."


def _check(field: str, value: int, rule: Callable[[object], int]) -> None:
    try:
        rule(value)
    except BrokenRule as error:
        problem = Problem.of(f"maintenanceWindow.schedule.{field}", value, str(error))
        raise InvalidWindow([problem]) from error
