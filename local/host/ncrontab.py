"""Timer schedules: NCRONTAB expressions of six fields (or five: second 0), and time spans.

The rules are those of atifaziz/NCrontab, which Azure's timers use: a day must match both of its
fields, months and weekdays may be named, and the extensions of other crons (L, W, #, ?) are errors.

What NCrontab takes and nobody means is refused here: ranges that run back (it swaps their ends), a
step of 0 (it takes 1), days that never come (it never fires), 24:00:00 (24 days), and 00:00:00
(over and over).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol, Self

from local.host.time_span import parse_time_span

# 29 February can be eight years away: 2096 and 2104.
HORIZON_DAYS: Final = 8 * 366 + 1

_MONTHS: Final = (
    *("JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST"),
    *("SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"),
)
_WEEKDAYS: Final = (
    *("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"),
)
# The shortest beginning of a name that stands for it.
_SHORTEST_NAME: Final = 3


class InvalidSchedule(ValueError):
    """A schedule that Azure's host would refuse, or would read as nobody means it."""


class Schedule(Protocol):
    """Says when a timer is due."""

    def next_after(self, instant: datetime) -> datetime:
        """Give the first occurrence later than an instant; both in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """A time span: due so long after the last time."""

    length: timedelta

    def next_after(self, instant: datetime) -> datetime:
        """Give the instant that is one interval later."""
        return instant + self.length


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an expression: its range, and the names that count as numbers."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> frozenset[int]:
        """Read a list of numbers, ranges and steps; InvalidSchedule names the field."""
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, part: str) -> range:
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            low, high = self.low, self.high
        elif dash:
            low, high = self._number(first), self._number(last)
        else:
            low = self._number(first)
            high = self.high if slash else low
        if low > high or (slash and not (step.isdecimal() and int(step))):
            raise InvalidSchedule(f"{part!r} is no {self.name}")
        return range(low, high + 1, int(step) if slash else 1)

    def _number(self, text: str) -> int:
        if len(text) >= _SHORTEST_NAME:
            for place, name in enumerate(self.names):
                if name.startswith(text.upper()):
                    return self.low + place
        if text.isascii() and text.isdecimal() and self.low <= int(text) <= self.high:
            return int(text)
        raise InvalidSchedule(f"{text!r} is no {self.name} from {self.low} to {self.high}")


_FIELDS: Final = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 0, 6, _WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Expression:
    """An NCRONTAB expression."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read five or six fields; InvalidSchedule says what is wrong."""
        parts = text.split()
        if len(parts) == len(_FIELDS) - 1:
            parts.insert(0, "0")
        if len(parts) != len(_FIELDS):
            raise InvalidSchedule(f"{text!r} has {len(parts)} fields, not 6")
        return cls(*(field.parse(part) for field, part in zip(_FIELDS, parts, strict=True)))

    def next_after(self, instant: datetime) -> datetime:
        """Give the first occurrence later than an instant; InvalidSchedule if there is none."""
        later = instant.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for day in self._days_from(later.date()):
            earliest = later.time() if day == later.date() else time()
            for at in self._times(earliest):
                return datetime.combine(day, at, UTC)
        raise InvalidSchedule("no day is ever in both of its day fields and its months")

    def _days_from(self, first: date) -> Iterator[date]:
        days = (first + timedelta(days=ahead) for ahead in range(HORIZON_DAYS))
        return (
            day
            for day in days
            if day.month in self.months
            and day.day in self.days
            and day.isoweekday() % 7 in self.weekdays
        )

    def _times(self, earliest: time) -> Iterator[time]:
        ordered: Sequence[Sequence[int]] = [
            sorted(values) for values in (self.hours, self.minutes, self.seconds)
        ]
        hours, minutes, seconds = ordered
        for hour in (hour for hour in hours if hour >= earliest.hour):
            for minute in minutes:
                if time(hour, minute, 59) < earliest:
                    continue
                yield from (
                    at for second in seconds if (at := time(hour, minute, second)) >= earliest
                )


def parse_schedule(text: str) -> Schedule:
    """Read a schedule: a colon makes it a time span; InvalidSchedule if it is neither."""
    if ":" not in text:
        return Expression.parse(text)
    try:
        length = parse_time_span(text)
    except ValueError as error:
        raise InvalidSchedule(str(error)) from error
    if not length:
        raise InvalidSchedule("a time span of zero is never due")
    return Interval(length)
