from copy import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.vocabulary.invalid import AmbiguousWindow
from shared.domain.window.recurrence import AbsoluteMonthly, Daily, Weekday, Weekly
from shared.domain.window.starts import MINIMUM_LEAD, plan_start
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.examples import examples
from tests.unit.domain.examples import DAY, HOUR, MINUTE, SUNDAYS, at
from tests.unit.domain.strategies import instants, leads, plain_windows, settings_windows

ATTEMPT_TIMEOUT = timedelta(seconds=30)
TICK = timedelta.resolution


def sundays(start: time, hours: int, offset: timedelta) -> MaintenanceWindow:
    return MaintenanceWindow(Weekly(1, Weekday.SUNDAY), start, hours, offset)


@pytest.mark.parametrize(
    ("window", "now", "start_date"),
    [
        # 2026-11-22 is a Sunday; the window is open from 01:00 to 05:00.
        (SUNDAYS, at("2026-11-20 12:00"), None),
        (SUNDAYS, at("2026-11-22 00:30"), None),
        (SUNDAYS, at("2026-11-22 00:30") + TICK, date(2026, 11, 23)),
        (SUNDAYS, at("2026-11-22 01:00"), date(2026, 11, 23)),
        (SUNDAYS, at("2026-11-22 04:59"), date(2026, 11, 23)),
        (SUNDAYS, at("2026-11-22 05:00"), None),
        # The occurrence of Sunday 00:10 is too early on Saturday 23:50: another local date.
        (sundays(time(0, 10), 4, timedelta()), at("2026-11-21 23:50"), date(2026, 11, 23)),
        # Opened yesterday in the window's offset and still open: the start date is today.
        (sundays(time(23), 4, timedelta()), at("2026-11-23 02:59"), date(2026, 11, 23)),
        (sundays(time(23), 4, timedelta()), at("2026-11-23 03:00"), None),
        # Sunday 01:00 in India is Saturday 19:30 in UTC.
        (sundays(time(1), 4, HOUR * 5.5), at("2026-11-21 19:00"), None),
        (sundays(time(1), 4, HOUR * 5.5), at("2026-11-21 19:01"), date(2026, 11, 23)),
        # Sunday 22:00 in California is Monday 06:00 in UTC.
        (sundays(time(22), 4, HOUR * -8), at("2026-11-23 06:00"), date(2026, 11, 23)),
        (sundays(time(22), 4, HOUR * -8), at("2026-11-23 09:59"), date(2026, 11, 23)),
        (sundays(time(22), 4, HOUR * -8), at("2026-11-23 10:00"), None),
        # Sunday 00:00 in Kiribati is Saturday 10:00 in UTC.
        (sundays(time(0), 4, HOUR * 14), at("2026-11-21 09:45"), date(2026, 11, 23)),
        # All day, every day: one is open, and before midnight the next is too early as well.
        (MaintenanceWindow(Daily(1), time(0), 24), at("2026-11-22 12:00"), date(2026, 11, 23)),
        (MaintenanceWindow(Daily(1), time(0), 24), at("2026-11-22 23:45"), date(2026, 11, 24)),
        # The day after 28 February 2028 is the 29th; the month has no 29th in 2027.
        (MaintenanceWindow(Daily(1), time(12), 4), at("2028-02-28 13:00"), date(2028, 2, 29)),
        (MaintenanceWindow(Daily(1), time(12), 4), at("2027-02-28 13:00"), date(2027, 3, 1)),
        (
            MaintenanceWindow(AbsoluteMonthly(1, 1), time(0), 4),
            at("2026-12-31 23:45"),
            date(2027, 1, 2),
        ),
    ],
)
def test_the_start_date_follows_the_last_occurrence_that_is_too_early(
    window: MaintenanceWindow, now: datetime, start_date: date | None
) -> None:
    """With 30 minutes of lead, only an occurrence that is open or too near sets a start date."""
    assert plan_start(window, now, MINIMUM_LEAD) == replace(window, start_date=start_date)


@pytest.mark.parametrize(
    ("asked", "now", "start_date"),
    [
        (date(2026, 12, 10), at("2026-11-20 12:00"), date(2026, 12, 10)),
        (date(2026, 11, 19), at("2026-11-20 12:00"), None),
        (date(2026, 11, 20), at("2026-11-20 12:00"), None),
        (date(2026, 11, 22), at("2026-11-21 23:59"), date(2026, 11, 22)),
        (date(2026, 12, 10), at("2026-11-22 02:00"), date(2026, 12, 10)),
        (date(2026, 11, 20), at("2026-11-22 02:00"), date(2026, 11, 23)),
    ],
)
def test_a_later_start_date_is_kept(asked: date, now: datetime, start_date: date | None) -> None:
    """A start date that a person asked for stays if it is ahead; ARM would refuse a past one."""
    planned = plan_start(replace(SUNDAYS, start_date=asked), now, MINIMUM_LEAD)
    assert planned.start_date == start_date


def test_a_start_date_does_not_excuse_a_start_that_is_too_near() -> None:
    """An occurrence on the start date itself can still come too early."""
    window = MaintenanceWindow(Daily(1), time(0, 10), 4, start_date=date(2026, 11, 22))
    planned = plan_start(window, at("2026-11-21 23:55"), MINIMUM_LEAD)
    assert planned.start_date == date(2026, 11, 23)


def test_an_ambiguous_window_cannot_be_planned() -> None:
    """Where it is not known when a window occurs, no lead time can be promised."""
    window = MaintenanceWindow(Weekly(2, Weekday.SUNDAY), time(1), 4)
    with pytest.raises(AmbiguousWindow):
        plan_start(window, at("2026-11-22 00:00"), MINIMUM_LEAD)


def test_a_window_that_never_comes_is_planned_as_it_is() -> None:
    """If the not-allowed dates leave nothing, nothing is too early."""
    window = replace(SUNDAYS, not_allowed_dates=(DateSpan(date.min, date.max),))
    assert plan_start(window, at("2026-11-22 02:00"), MINIMUM_LEAD) == window


@given(plain_windows, instants, leads)
@settings(max_examples=examples(80, 300), deadline=None)
def test_what_is_planned_starts_in_time_and_no_later(
    window: MaintenanceWindow, now: datetime, lead: timedelta
) -> None:
    """For every now and every window, the first occurrence is the first that is in time."""
    planned = plan_start(window, now, lead)
    first = next(planned.occurrences(now), None)
    assume(first is not None)
    assert first is not None
    assert first.start >= now + lead
    today = window.local_date(now)
    asked = window.start_date if window.start_date and window.start_date > today else None
    plain = replace(window, start_date=asked)
    assert first == next(one for one in plain.occurrences(now) if one.start >= now + lead)


@given(settings_windows, instants, leads, st.timedeltas(timedelta(), ATTEMPT_TIMEOUT))
@settings(max_examples=examples(80, 300), deadline=None)
def test_midnight_between_planning_and_accepting_changes_nothing(
    window: MaintenanceWindow, now: datetime, lead: timedelta, delay: timedelta
) -> None:
    """ARM takes the start date, makes an omitted one its own today, and the first start holds."""
    horizon = lead + ATTEMPT_TIMEOUT
    planned, accepted = plan_start(window, now, horizon), now + delay
    today = window.local_date(accepted)
    assert planned.start_date is None or planned.start_date >= today
    stored = replace(planned, start_date=planned.start_date or today)
    first = next(stored.occurrences(accepted))
    assert first.start >= accepted + lead
    assert first == next(one for one in window.occurrences(now) if one.start >= now + horizon)


@given(settings_windows, instants, leads)
@settings(max_examples=100, deadline=None)
def test_a_start_date_is_never_further_ahead_than_it_must_be(
    window: MaintenanceWindow, now: datetime, lead: timedelta
) -> None:
    """A window that is not active may leave the gate open: its date is the day after a start."""
    start_date = plan_start(window, now, lead).start_date
    if start_date is not None:
        day_before = replace(window, start_date=start_date - DAY)
        assert next(day_before.occurrences(now)).start < now + lead
        assert start_date <= window.local_date(now + lead) + DAY


def test_the_lead_of_the_platform_is_half_an_hour() -> None:
    """The documented minimum, from which the default keeps a margin for clocks."""
    assert MINIMUM_LEAD == 30 * MINUTE
