"""Minutes, instants and lengths of time, as sentences say them."""

from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct

from shared.domain.budgets.minutes import Calendar, Minutes, Stretch, count
from shared.domain.window.recurrence import Weekday

_NAMED = 3
_HOUR = timedelta(hours=1)
_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_DAYS_PER_WEEK = 7


class Spoken(Struct, frozen=True):
    """Says when something is so, over a calendar of which only `looked_at` counts.

    Where it is `weekly`, one week is like another, and days have names instead of dates.
    """

    calendar: Calendar
    looked_at: Minutes
    weekly: bool

    def when(self, minutes: Minutes) -> str:
        """Say when, and how long in all."""
        if minutes == self.looked_at:
            return "at all times"
        if not self.weekly:
            named = islice(self.calendar.stretches(minutes), _NAMED)
            whole = f"{length_text(count(minutes))} in {self.calendar.days} days"
            texts = [_dated(each) for each in named]
            return f"{_listed(texts, _times(minutes))} ({whole})"
        week = self._one_week(minutes)
        total = length_text(sum((each.length for each in week), timedelta()))
        return f"{_in_a_week(week)} ({total} a week)"

    def _one_week(self, minutes: Minutes) -> list[Stretch]:
        """Give those that start in a week in the middle, none of which is cut at an end."""
        start = self.calendar.start + _WEEK
        two_weeks = minutes & self.calendar.within(start - _ONE_DAY, start + 2 * _WEEK)
        stretches = self.calendar.stretches(two_weeks)
        found = [each for each in stretches if start <= each.start < start + _WEEK]
        return sorted(found, key=lambda each: (each.start.weekday(), each.start.time()))


def instant_text(instant: datetime) -> str:
    """Say an instant in UTC: Sunday 2026-11-29 01:00 UTC."""
    return f"{_day(instant)} {instant:%Y-%m-%d %H:%M} UTC"


def moment_text(instant: datetime) -> str:
    """Say an instant in UTC without its day of the week."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def length_text(length: timedelta) -> str:
    """Say a length of time: 4 h, 90 min, 164.5 h."""
    if length % _HOUR and length < 3 * _HOUR:
        return f"{length // timedelta(minutes=1)} min"
    return f"{length / _HOUR:.1f}".removesuffix(".0") + " h"


def _in_a_week(stretches: list[Stretch]) -> str:
    times = {(each.start.time(), each.length) for each in stretches}
    days = {each.start.weekday() for each in stretches}
    if len(times) == 1 and len(days) == len(stretches) == _DAYS_PER_WEEK:
        first = stretches[0]
        return f"every day from {first.start:%H:%M} to {first.end:%H:%M} UTC"
    return _listed([_named(each) for each in stretches[:_NAMED]], len(stretches))


def _times(minutes: Minutes) -> int:
    """Count the stretches that a set is."""
    return (minutes & ~(minutes << 1)).bit_count()


def _listed(texts: list[str], times: int) -> str:
    more = times - _NAMED
    return ", ".join(texts) + (f" and {more} times more" if more > 0 else "")


def _named(stretch: Stretch) -> str:
    start, end = stretch.start, stretch.end
    day = "" if end - start < _ONE_DAY and start.date() == end.date() else f"{_day(end)} "
    return f"{_day(start)} {start:%H:%M} to {day}{end:%H:%M} UTC"


def _dated(stretch: Stretch) -> str:
    start, end = stretch.start, stretch.end
    day = "" if start.date() == end.date() else f"{end:%Y-%m-%d} "
    return f"{start:%Y-%m-%d %H:%M} to {day}{end:%H:%M} UTC"


def _day(instant: datetime) -> str:
    return list(Weekday)[instant.weekday()]
