"""A window by name: on which day, from when to when by the clock of which zone, and how spread.

What is written in a policy is the outer bound: nothing opens before its start or after its end.
Each cluster gets a part of it that is as long as the bound less the spread, four hours at least,
and starts within the first `spread` minutes, by a hash of its id: equal starts would be a crowd of
naptime's own making, and one bad image would meet all of them in the same four hours.
"""

from collections.abc import Iterator
from copy import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from shared.domain.policy.zones import changed_at, wall_clock
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from shared.domain.window.starts import plan_start
from shared.domain.window.window import MaintenanceWindow, Occurrence

STEP = timedelta(minutes=15)
LEAST_HOURS, MOST_HOURS = 4, 24
"""What AKS takes as a duration."""
MOST_SPREAD = timedelta(hours=2)
"""The most that a window is spread by where its policy does not say."""
_HOUR = timedelta(hours=1)


def most_spread(hours: int) -> timedelta:
    """Give how far the starts of a window can lie apart and leave four hours for each."""
    return (hours - LEAST_HOURS) * _HOUR


def usual_spread(hours: int) -> timedelta:
    """Give the spread of a window for which none is named: what leaves four hours, at most two."""
    return min(most_spread(hours), MOST_SPREAD)


class NamedWindow(Struct, frozen=True):
    """An outer bound of `hours` (4 to 24) from `start`, the wall clock's time in `zone`.

    `on` has the interval 1: each day, or one day of the week, that of the start. `spread` is a
    multiple of 15 minutes that leaves four hours.
    """

    name: str
    on: Daily | Weekly
    start: time
    hours: int
    zone: tzinfo = UTC
    spread: timedelta = timedelta()

    @property
    def zone_name(self) -> str:
        """Give the zone's name in the IANA form, or its fixed offset."""
        return str(self.zone)

    @property
    def on_text(self) -> str:
        """Give the day of the week, or `daily`."""
        return self.on.day_of_week.value if isinstance(self.on, Weekly) else "daily"

    @property
    def hours_each(self) -> int:
        """Give the whole hours that each cluster has."""
        return (self.hours * _HOUR - self.spread) // _HOUR

    def planned(self, cluster_id: ClusterId, now: datetime, lead: timedelta) -> MaintenanceWindow:
        """Give a cluster's window as it should be written at `now`, with one offset, as AKS has it.

        It starts first at the first wall clock time of its own that is at least `lead` ahead, with
        the offset that the zone has then. A start date is set only where an earlier start would
        come too early, or at the wrong time, because the clocks change in between.
        """
        local, start = next(self._starts(cluster_id, now + lead))
        window = self._at(local, start)
        planned = plan_start(window, now, lead)
        first = planned.next_start(now)
        if first is not None and first.start == start:
            return planned
        return replace(window, start_date=local.date())

    def coming(self, cluster_id: ClusterId, after: datetime) -> tuple[MaintenanceWindow, datetime]:
        """Give a cluster's window as its first start at or after an aware instant wants it.

        Without a start date; and that start, in UTC.
        """
        local, start = next(self._starts(cluster_id, after))
        return self._at(local, start), start

    def _at(self, local: datetime, start: datetime) -> MaintenanceWindow:
        return MaintenanceWindow(
            recurrence=self._on(local),
            start_time=local.time(),
            duration_hours=self.hours_each,
            # Not the zone's at the start: where clocks go forward, a time that they leave out is
            # counted from the clock before.
            utc_offset=local - start.replace(tzinfo=None),
        )

    def bound(self, after: datetime) -> Occurrence:
        """Give the first outer bound that ends after an aware instant."""
        length = self.hours * _HOUR
        starts = (wall_clock(self.zone, local) for local in self._days(after - length))
        start = next(start for start in starts if start + length > after)
        return Occurrence(start, start + length)

    def stale_since(
        self, cluster_id: ClusterId, window: MaintenanceWindow, now: datetime
    ) -> datetime | None:
        """Say since when (UTC) a cluster's window has an offset that is not the zone's any more.

        Asked of its next start: None where that comes at the zone's own time, and for a window that
        differs in more than its offset from what would be written.
        """
        coming = window.next_start(now)
        if not isinstance(self.zone, ZoneInfo) or coming is None:
            return None
        if not self._has_the_hours_of(cluster_id, window, now):
            return None
        return changed_at(self.zone, window.utc_offset, coming.start)

    def _has_the_hours_of(
        self, cluster_id: ClusterId, window: MaintenanceWindow, now: datetime
    ) -> bool:
        local = next(self._days(now)) + self._shift(cluster_id)
        wanted = self._on(local), local.time(), self.hours_each
        return wanted == (window.recurrence, window.start_time, window.duration_hours)

    def _starts(
        self, cluster_id: ClusterId, earliest: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield a cluster's starts as naive local times and as instants (UTC)."""
        return self.starts(self._shift(cluster_id), earliest)

    def starts(self, shift: timedelta, earliest: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Give the starts so long after the bound's own, as local times and as instants (UTC)."""
        locals_ = (day + shift for day in self._days(earliest - shift))
        starts = ((local, wall_clock(self.zone, local)) for local in locals_)
        return ((local, start) for local, start in starts if start >= earliest)

    def _days(self, after: datetime) -> Iterator[datetime]:
        """Yield the naive local times of the unspread starts, from two days before an instant."""
        ordinal = after.astimezone(UTC).toordinal() - 2
        while True:
            ordinal = self.on.next_day(ordinal)
            yield datetime.combine(date.fromordinal(ordinal), self.start)
            ordinal += 1

    def _shift(self, cluster_id: ClusterId) -> timedelta:
        return STEP * (int(cluster_id.hash[:16], 16) % (self.spread // STEP + 1))

    def _on(self, local: datetime) -> Daily | Weekly:
        """Give the recurrence of a start that the spread may have moved over midnight."""
        weekday = list(Weekday)[local.weekday()]
        return Weekly(1, weekday) if isinstance(self.on, Weekly) else self.on
