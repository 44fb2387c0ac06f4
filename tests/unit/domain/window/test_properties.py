"""The window against a second, slower reading of the same rules."""

from calendar import monthcalendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from typing import assert_never

from hypothesis import given, settings

from shared.domain.window.body import read_window, write_window
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.window import MaintenanceWindow
from tests.examples import examples
from tests.unit.domain.examples import DAY, HOUR
from tests.unit.domain.strategies import instants, plain_windows, windows

AHEAD = 100 * DAY


def falls_on(recurrence: Recurrence, day: date) -> bool:
    """Look the date up in a calendar sheet."""
    match recurrence:
        case Daily():
            return True
        case Weekly():
            return f"{day:%A}" == recurrence.day_of_week
        case AbsoluteMonthly():
            return day.day == recurrence.day_of_month
        case RelativeMonthly(_, index, weekday):
            column = list(Weekday).index(weekday)
            days = [week[column] for week in monthcalendar(day.year, day.month) if week[column]]
            return day.day == days[list(WeekIndex).index(index) if index != "Last" else -1]
        case _:
            assert_never(recurrence)


def slow_starts(window: MaintenanceWindow, after: datetime) -> Iterator[datetime]:
    """Walk day by day over the next `AHEAD` and ask every rule of each."""
    length = timedelta(hours=window.duration_hours)
    for days in range(-3, AHEAD.days + 3):
        day = after.date() + timedelta(days=days)
        start = datetime.combine(day, window.start_time, UTC) - window.utc_offset
        blocked = any(span.start <= day <= span.end for span in window.not_allowed_dates)
        active = window.start_date is None or day >= window.start_date
        in_sight = start + length > after and start < after + AHEAD
        if falls_on(window.recurrence, day) and active and not blocked and in_sight:
            yield start


@given(plain_windows, instants)
@settings(max_examples=examples(80, 300), deadline=None)
def test_occurrences_are_those_of_the_calendar(window: MaintenanceWindow, now: datetime) -> None:
    """For every window and every instant, the occurrences are the days that obey every rule."""
    coming = takewhile(lambda found: found.start < now + AHEAD, window.occurrences(now))
    assert [found.start for found in coming] == list(slow_starts(window, now))


@given(plain_windows, instants)
@settings(max_examples=100, deadline=None)
def test_the_next_start_is_the_first_to_come(window: MaintenanceWindow, now: datetime) -> None:
    """The next start is at or after now, lasts the duration, and none lies between."""
    found = window.next_start(now)
    expected = [start for start in slow_starts(window, now) if start >= now]
    if found and found.start < now + AHEAD:
        assert found.end - found.start == window.duration_hours * HOUR
        assert found.start == expected[0]
    else:
        assert expected == []


@given(windows)
@settings(max_examples=examples(60, 200), deadline=None)
def test_a_window_reads_back_from_its_body(window: MaintenanceWindow) -> None:
    """Written for ARM and read again, every window is the same, strictly read as well."""
    assert read_window(write_window(window)) == window
    assert read_window({"maintenanceWindow": write_window(window)}, strict=True) == window
