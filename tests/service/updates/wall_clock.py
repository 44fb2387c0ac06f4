"""When an opening is right by the clocks of a zone, found without any of naptime's arithmetic."""

from collections.abc import Iterator
from copy import replace
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from shared.domain.window.recurrence import Weekly
from shared.domain.window.window import MaintenanceWindow

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a policy says of a window: a day of the week or `daily`, and a time in a zone."""

    on: str
    start: time
    hours: int
    zone: ZoneInfo

    def starts(self, after: datetime) -> Iterator[datetime]:
        """Yield when it is to open after an aware instant, in UTC, with no end."""
        first = after.astimezone(self.zone).date() - DAY
        for day in (first + number * DAY for number in count()):
            # Of a time that comes twice the first; one that is left out by the clock before.
            start = datetime.combine(day, self.start, self.zone).astimezone(UTC)
            if start > after and self.on in {"daily", f"{day:%A}"}:
                yield start

    def is_right(self, start: datetime) -> bool:
        """Say whether it is to open at that very instant (UTC)."""
        return next(self.starts(start - timedelta(seconds=1))) == start

    def has_the_hours_of(self, window: MaintenanceWindow) -> bool:
        """Say whether a window is for the same day and time, at whatever offset."""
        recurrence = window.recurrence
        on = recurrence.day_of_week.value if isinstance(recurrence, Weekly) else "daily"
        return (on, window.start_time, window.duration_hours) == (self.on, self.start, self.hours)

    def other_offset(self, window: MaintenanceWindow) -> MaintenanceWindow | None:
        """Give a window as it is to be at the zone's other time of the year; None if none is."""
        offset = window.utc_offset
        offsets = {each for month in (1, 7) if (each := self._offset_in(month)) is not None}
        if not self.has_the_hours_of(window) or offset not in offsets or len(offsets) == 1:
            return None
        (other,) = offsets - {offset}
        return replace(window, utc_offset=other, start_date=None)

    def _offset_in(self, month: int) -> timedelta | None:
        return datetime(2027, month, 1, tzinfo=self.zone).utcoffset()


@dataclass(frozen=True, slots=True)
class Rules:
    """What one version of the policy says: both windows, and how many updates it lets be made."""

    windows: tuple[Wanted, Wanted]
    """The ring's, and that of all others."""
    most: int | None
    """How many updates are made unasked; None where the policy does not say."""

    def most_of(self, owned: int) -> int:
        """Give how many updates are made unasked where naptime owns so many schedules."""
        return max(10, owned // 10) if self.most is None else self.most

    def want(self, window: MaintenanceWindow, start: datetime) -> bool:
        """Say whether a window is one of these, and opens when that is to."""
        return any(each.has_the_hours_of(window) and each.is_right(start) for each in self.windows)

    def next_start(self, window: MaintenanceWindow, after: datetime) -> datetime:
        """Give when that one of these windows that has the hours of this one is to open next."""
        wanted = next(each for each in self.windows if each.has_the_hours_of(window))
        return next(wanted.starts(after))

    def changed_by_clocks(self, window: MaintenanceWindow) -> MaintenanceWindow | None:
        """Give what the clocks alone can have one of these windows become; None of any other."""
        found = (each.other_offset(window) for each in self.windows)
        return next((each for each in found if each), None)
