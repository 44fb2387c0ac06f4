"""Sets of minutes, and the stretches of time that they are.

A set is a whole number whose bit n is the minute n, so that a year of minutes is joined, cut and
counted at once: a pool may have 50 budgets, and each may hit every other minute.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

MINUTES_PER_DAY = 1440
_BYTES_PER_DAY = MINUTES_PER_DAY // 8
_MINUTE = timedelta(minutes=1)
_ONES = re.compile("1+")

type Minutes = int
"""A set of minutes of a `Calendar`: bit n is its minute n."""


class Stretch(Struct, frozen=True):
    """Time from `start` to before `end`, both in UTC."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


class Calendar(Struct, frozen=True):
    """So many whole days in UTC, from a first one on."""

    first: date
    days: int

    @property
    def start(self) -> datetime:
        """The midnight at which it starts."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        """The midnight at which it ends."""
        return self.start + timedelta(days=self.days)

    @property
    def all(self) -> Minutes:
        """Every minute of it."""
        return (1 << self.days * MINUTES_PER_DAY) - 1

    def dates(self) -> Iterator[date]:
        """Yield its days in order."""
        return (self.first + timedelta(days=number) for number in range(self.days))

    def earlier(self, days: int) -> "Calendar":
        """Give the same with so many days in front."""
        return Calendar(self.first - timedelta(days=days), self.days + days)

    def within(self, start: datetime, end: datetime) -> Minutes:
        """Give its minutes from one instant to before another."""
        first, last = self.number(start), self.number(end)
        return (1 << last) - (1 << first) if first < last else 0

    def within_any(self, stretches: Iterable[Stretch]) -> Minutes:
        """Give its minutes that lie in any of the stretches."""
        found = 0
        for stretch in stretches:
            found |= self.within(stretch.start, stretch.end)
        return found

    def stretches(self, minutes: Minutes) -> Iterator[Stretch]:
        """Yield the stretches of time that a set is, in order."""
        # The string has the last minute first.
        bits = f"{minutes:b}"[::-1] if minutes else ""
        for match in _ONES.finditer(bits):
            yield Stretch(self.instant(match.start()), self.instant(match.end()))

    def number(self, instant: datetime) -> int:
        """Give how many whole minutes of it lie before an instant."""
        return min(max((instant - self.start) // _MINUTE, 0), self.days * MINUTES_PER_DAY)

    def instant(self, minute: int) -> datetime:
        """Give the instant at which a minute of it starts."""
        return self.start + minute * _MINUTE


def from_days(days: Iterable[bool], minutes_of_day: Iterable[int]) -> Minutes:
    """Make the set of certain minutes of certain days: one truth for each day, in order."""
    pattern = 0
    for minute in minutes_of_day:
        pattern |= 1 << minute
    on, off = pattern.to_bytes(_BYTES_PER_DAY, "little"), bytes(_BYTES_PER_DAY)
    return int.from_bytes(b"".join(on if day else off for day in days), "little")


def lasting(minutes: Minutes, length: int) -> Minutes:
    """Make each minute of a set last for so many; none at all if that is 0."""
    if length == 0:
        return 0
    width = 1
    while width < length:
        step = min(width, length - width)
        minutes |= minutes << step
        width += step
    return minutes


def count(minutes: Minutes) -> timedelta:
    """Say how much time a set is."""
    return minutes.bit_count() * _MINUTE
