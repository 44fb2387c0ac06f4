"""Karpenter's cron: what it parses, what it refuses, and when it hits.

Karpenter reads a budget's schedule with robfig/cron v3.0.1 (`ParseStandard`, always in UTC;
kubernetes-sigs/karpenter pkg/apis/v1/nodepool.go, 2266468). That dialect differs from others:

- Sunday is 0 or `sun`. 7 is out of range, and a range does not wrap: `sat-sun` is an error.
- Day of month and day of week are joined by OR once both are restricted. A star with a step above 1
  counts as restricted, and so does `1-31`; `?` is a star.
- A list may have empty items (`1,,2`); an empty list (`,`) is no error and never hits.
- The second half of `*-5` is not read: it is a star.
"""

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from msgspec import Struct

from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.instants import in_utc

SEARCHED_YEARS = 5
"""A search for the next hit ends with the fifth calendar year after the one it starts in."""

_ONE_DAY = timedelta(days=1)
_MINUTES_PER_HOUR = 60
_LARGEST_INT = 2**63 - 1
# What Go's strings.Fields splits at: Python's white space without the four separators of ASCII.
_SPACE = re.compile(r"[^\S\x1c-\x1f]+")
_NUMBER = re.compile(r"\+?0*([0-9]{1,19})")
_NO_NAMES: Mapping[str, int] = MappingProxyType({})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DESCRIPTORS = MappingProxyType(
    {
        "@yearly": "0 0 1 1 *",
        "@annually": "0 0 1 1 *",
        "@monthly": "0 0 1 * *",
        "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *",
        "@midnight": "0 0 * * *",
        "@hourly": "0 * * * *",
    }
)


class _Bounds(NamedTuple):
    """What a field may hold: numbers from `low` to `high`, and names for some of them."""

    name: str
    low: int
    high: int
    names: Mapping[str, int] = _NO_NAMES


_BOUNDS = (
    _Bounds("minute", 0, 59),
    _Bounds("hour", 0, 23),
    _Bounds("day of month", 1, 31),
    _Bounds("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    _Bounds("day of week", 0, 6, {name: number for number, name in enumerate(_DAYS)}),
)


class CronField(Struct, frozen=True):
    """The numbers that a field names, and whether it counts as a star."""

    numbers: frozenset[int]
    star: bool


class Cron(Struct, frozen=True):
    """A parsed schedule, in UTC. Sunday is 0."""

    minutes: CronField
    hours: CronField
    days: CronField
    months: CronField
    weekdays: CronField

    @property
    def minutes_of_day(self) -> tuple[int, ...]:
        """Give the minutes after midnight at which it hits on a day that it names, in order."""
        return tuple(
            hour * _MINUTES_PER_HOUR + minute
            for hour in sorted(self.hours.numbers)
            for minute in sorted(self.minutes.numbers)
        )

    def is_on(self, day: date) -> bool:
        """Say whether it names a day."""
        if day.month not in self.months.numbers:
            return False
        by_date = day.day in self.days.numbers
        by_weekday = day.isoweekday() % 7 in self.weekdays.numbers
        if self.days.star or self.weekdays.star:
            return by_date and by_weekday
        return by_date or by_weekday

    def next_after(self, instant: datetime) -> datetime | None:
        """Find the first hit strictly after an aware instant; None if the search ends before."""
        instant = in_utc(instant)
        last_year = (instant + timedelta(seconds=1)).year + SEARCHED_YEARS
        hits = self.minutes_of_day
        passed = instant.hour * _MINUTES_PER_HOUR + instant.minute
        for day in self._days_from(instant.date(), last_year) if hits else ():
            first = bisect_right(hits, passed if day == instant.date() else -1)
            if first < len(hits):
                return datetime.combine(day, time(), UTC) + timedelta(minutes=hits[first])
        return None

    def _days_from(self, day: date, last_year: int) -> Iterator[date]:
        while day.year <= last_year:
            if self.is_on(day):
                yield day
            if day.month in self.months.numbers:
                day += _ONE_DAY
            else:
                day = day.replace(day=1) + timedelta(days=monthrange(day.year, day.month)[1])


@lru_cache(1024)
def parse_cron(schedule: str) -> Cron:
    """Read a budget's schedule; raises BrokenRule where Karpenter cannot.

    It takes no time zone: Karpenter puts one of its own in front, and a second one is a field too
    many. `@every` parses in robfig's library, but the NodePool's schema lets none through that
    would.
    """
    text = _SPACE.sub(" ", schedule).strip(" ")
    if text.startswith("@"):
        if text not in _DESCRIPTORS:
            raise BrokenRule(f"must be one of {', '.join(_DESCRIPTORS)} where it starts with @")
        text = _DESCRIPTORS[text]
    fields = text.split(" ") if text else []
    if len(fields) != len(_BOUNDS):
        raise BrokenRule(f"must have {len(_BOUNDS)} fields, not {len(fields)}")
    return Cron(
        *(_field(field, bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)),
    )


def _field(text: str, bounds: _Bounds) -> CronField:
    parts = [_part(part, bounds) for part in text.split(",") if part]
    numbers = frozenset(number for part in parts for number in part.numbers)
    return CronField(numbers, any(part.star for part in parts))


def _part(text: str, bounds: _Bounds) -> CronField:
    """Read one item of a list: a star, a number, a range, each with or without a step."""
    written, *steps = text.split("/")
    low, *highs = written.split("-")
    star = low in {"*", "?"}
    if star:
        start, end = bounds.low, bounds.high
    else:
        start, end = _range(low, highs, text, bounds)
    step = 1
    if steps:
        step = _step(steps, text, bounds)
        # robfig reads N/step as N-max/step.
        end = end if highs else bounds.high
    _check(start, end, text, bounds)
    return CronField(frozenset(range(start, end + 1, step)), star and step == 1)


def _range(low: str, highs: list[str], text: str, bounds: _Bounds) -> tuple[int, int]:
    start = _number(low, text, bounds)
    match highs:
        case []:
            return start, start
        case [high]:
            return start, _number(high, text, bounds)
        case _:
            raise _broken(text, bounds, "has more than one hyphen")


def _step(steps: list[str], text: str, bounds: _Bounds) -> int:
    match steps:
        case [step]:
            number = _number(step, text, bounds, names=_NO_NAMES)
        case _:
            raise _broken(text, bounds, "has more than one slash")
    if number == 0:
        raise _broken(text, bounds, "has a step of 0")
    return number


def _check(start: int, end: int, text: str, bounds: _Bounds) -> None:
    if start < bounds.low or end > bounds.high:
        raise _broken(text, bounds, f"is not within {bounds.low} to {bounds.high}")
    if start > end:
        raise _broken(text, bounds, "ends before it starts, and ranges do not wrap")


def _number(
    text: str, whole: str, bounds: _Bounds, *, names: Mapping[str, int] | None = None
) -> int:
    named = (bounds.names if names is None else names).get(text.lower())
    if named is not None:
        return named
    match = _NUMBER.fullmatch(text)
    number = int(match[1]) if match else _LARGEST_INT + 1
    if number > _LARGEST_INT:
        raise _broken(whole, bounds, "holds something that is no number and no name")
    return number


def _broken(text: str, bounds: _Bounds, what: str) -> BrokenRule:
    return BrokenRule(f"{bounds.name} '{text}' {what}")
