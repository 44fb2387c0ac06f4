"""Stretches of time: an occurrence of a window, and a span of dates that blocks it.

The maintenance window: one value object that owns every rule about it.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone

from msgspec import Struct

from shared.domain.vocabulary.fields import BrokenRule, whole_number
from shared.domain.vocabulary.instants import in_utc
from shared.domain.vocabulary.invalid import AmbiguousWindow, InvalidWindow, Problem
from shared.domain.window.recurrence import Recurrence

DURATION_HOURS = whole_number(4, 24)
OFFSET_RULE = "must be +HH:MM or -HH:MM, from -12:00 to +14:00"
CLOCK_RULE = "must be HH:MM, from 00:00 to 23:59"
_WEST, _EAST = timedelta(hours=-12), timedelta(hours=14)
_MINUTE = timedelta(minutes=1)


class DateSpan(Struct, frozen=True):
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


class Occurrence(Struct, frozen=True):
    """One concrete interval `[start, end)` in UTC.

    Not `certain` if it reaches into a not-allowed date: whether AKS then cuts it, drops it or
    lets it be is not documented.
    """

    start: datetime
    end: datetime
    certain: bool = True


# A search keeps this far from the ends of the calendar, so that no offset or duration leaves it.
_MARGIN_DAYS = 40
_FIRST_DAY = date.min.toordinal() + _MARGIN_DAYS
_LAST_DAY = date.max.toordinal() - _MARGIN_DAYS


class MaintenanceWindow(Struct, frozen=True):
    """When AKS may act: recurrence, start, duration, offset, start date and blocked dates.

    `start_time` (whole minutes), `start_date` and `not_allowed_dates` are local to `utc_offset`,
    which is fixed: it knows no daylight saving time. Without a start date ARM sets its own today.
    Valid or not constructible: raises InvalidWindow with every problem, named by ARM's field.
    """

    recurrence: Recurrence
    start_time: time
    duration_hours: int
    utc_offset: timedelta = timedelta()
    start_date: date | None = None
    not_allowed_dates: tuple[DateSpan, ...] = ()

    def __post_init__(self) -> None:
        problems = [
            *_broken("durationHours", self.duration_hours, DURATION_HOURS),
            *_broken("utcOffset", self.utc_offset, check_utc_offset),
            *_broken("startTime", self.start_time, _check_start_time),
        ]
        if problems:
            raise InvalidWindow(problems)

    @property
    def ambiguity(self) -> str | None:
        """Say in a sentence why the occurrences are not certain, or None if they are."""
        return self.recurrence.ambiguity

    def local_date(self, instant: datetime) -> date:
        """Give the date of an aware instant in the window's own offset."""
        return in_utc(instant).astimezone(timezone(self.utc_offset)).date()

    def occurrences(self, after: datetime) -> Iterator[Occurrence]:
        """Yield the occurrences that end after an aware instant, in order, up to the year 9999.

        Those that start on a not-allowed date or before the start date are left out. Raises
        AmbiguousWindow where the documentation allows several readings.
        """
        if self.ambiguity:
            raise AmbiguousWindow(self.ambiguity)
        after = in_utc(after)
        return (found for found in self._from_day_before(after) if found.end > after)

    def next_start(self, after: datetime) -> Occurrence | None:
        """Find the first occurrence that starts at or after an aware instant.

        None if the window is ambiguous, or if there is none before the year 9999.
        """
        if self.ambiguity:
            return None
        return next((found for found in self._from_day_before(after) if found.start >= after), None)

    def _from_day_before(self, instant: datetime) -> Iterator[Occurrence]:
        # An occurrence lasts up to a day, and the local date differs from UTC's by up to one.
        ordinal = max(instant.toordinal() - 2, _FIRST_DAY)
        if self.start_date:
            ordinal = max(ordinal, self.start_date.toordinal())
        while ordinal <= _LAST_DAY:
            ordinal = self.recurrence.next_day(ordinal)
            day = date.fromordinal(ordinal)
            # A blocked span is passed in one step, so that no span of centuries is walked.
            blocked = self._span_over(day)
            if blocked is None:
                yield self._on(day)
            ordinal = (blocked.end if blocked else day).toordinal() + 1

    def _on(self, day: date) -> Occurrence:
        local_start = datetime.combine(day, self.start_time, timezone(self.utc_offset))
        local_end = local_start + timedelta(hours=self.duration_hours)
        last_day = (local_end - timedelta.resolution).date()
        return Occurrence(
            local_start.astimezone(UTC),
            local_end.astimezone(UTC),
            certain=self._span_over(last_day) is None,
        )

    def _span_over(self, day: date) -> DateSpan | None:
        return next((span for span in self.not_allowed_dates if day in span), None)


def check_utc_offset(offset: timedelta) -> timedelta:
    """Take an offset that exists on Earth, in whole minutes; raises BrokenRule."""
    if not _WEST <= offset <= _EAST or offset % _MINUTE:
        raise BrokenRule(OFFSET_RULE)
    return offset


def _check_start_time(start: time) -> None:
    """Refuse a time of day with seconds or a time zone."""
    if start.second or start.microsecond or start.tzinfo:
        raise BrokenRule(CLOCK_RULE)


def _broken[T](name: str, value: T, check: Callable[[T], object]) -> Iterator[Problem]:
    try:
        check(value)
    except BrokenRule as error:
        yield Problem(f"maintenanceWindow.{name}", str(value), str(error))
