from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest

from shared.domain.vocabulary.invalid import AmbiguousWindow, InvalidWindow
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.window import DateSpan, MaintenanceWindow, Occurrence
from tests.unit.domain.examples import HOUR, SUNDAYS, at

INDIA, CALIFORNIA, KIRIBATI = HOUR * 5.5, HOUR * -8, HOUR * 14


def starts(window: MaintenanceWindow, after: str, count: int) -> list[str]:
    found = islice(window.occurrences(at(after)), count)
    return [f"{occurrence.start:%Y-%m-%d %H:%M}" for occurrence in found]


@pytest.mark.parametrize(
    ("window", "after", "expected"),
    [
        # 2026-11-22 is a Sunday.
        (SUNDAYS, "2026-11-20 12:00", ["2026-11-22 01:00", "2026-11-29 01:00"]),
        (SUNDAYS, "2026-11-22 01:00", ["2026-11-22 01:00", "2026-11-29 01:00"]),
        (SUNDAYS, "2026-11-22 04:59", ["2026-11-22 01:00", "2026-11-29 01:00"]),
        (SUNDAYS, "2026-11-22 05:00", ["2026-11-29 01:00", "2026-12-06 01:00"]),
        # Sunday 01:00 in India is still Saturday in UTC, in Kiribati Saturday morning.
        (
            MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4, INDIA),
            "2026-11-21 12:00",
            ["2026-11-21 19:30", "2026-11-28 19:30"],
        ),
        (
            MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4, KIRIBATI),
            "2026-11-21 14:59",
            ["2026-11-21 11:00", "2026-11-28 11:00"],
        ),
        # Sunday 22:00 in California is Monday in UTC.
        (
            MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(22), 4, CALIFORNIA),
            "2026-11-23 09:59",
            ["2026-11-23 06:00", "2026-11-30 06:00"],
        ),
        # Daily, over midnight: yesterday's is still open.
        (
            MaintenanceWindow(Daily(1), time(23), 4),
            "2026-11-22 02:59",
            ["2026-11-21 23:00", "2026-11-22 23:00"],
        ),
        (
            MaintenanceWindow(Daily(1), time(0), 24),
            "2026-11-22 00:00",
            ["2026-11-22 00:00", "2026-11-23 00:00"],
        ),
        # Far in the west, a day long: what began two dates ago by UTC is still open.
        (
            MaintenanceWindow(Daily(1), time(13), 24, HOUR * -12),
            "2026-11-22 00:30",
            ["2026-11-21 01:00", "2026-11-22 01:00"],
        ),
        # No daylight saving time: the last Sunday of October is as long as any other day.
        (
            MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4, HOUR * 2),
            "2026-10-20 00:00",
            ["2026-10-24 23:00", "2026-10-31 23:00"],
        ),
        (
            MaintenanceWindow(AbsoluteMonthly(1, 28), time(3), 4),
            "2027-12-29 00:00",
            ["2028-01-28 03:00", "2028-02-28 03:00", "2028-03-28 03:00"],
        ),
        # 2028 is a leap year, and its 29 February a Tuesday.
        (
            MaintenanceWindow(RelativeMonthly(1, WeekIndex.LAST, Weekday.TUESDAY), time(3), 4),
            "2028-01-26 00:00",
            ["2028-02-29 03:00", "2028-03-28 03:00"],
        ),
        (
            MaintenanceWindow(Daily(1), time(12), 4),
            "2028-02-28 17:00",
            ["2028-02-29 12:00", "2028-03-01 12:00"],
        ),
        # November 2026 begins on a Sunday: the first Monday is in the second week.
        (
            MaintenanceWindow(RelativeMonthly(1, WeekIndex.FIRST, Weekday.MONDAY), time(3), 4),
            "2026-11-01 00:00",
            ["2026-11-02 03:00", "2026-12-07 03:00"],
        ),
        (
            MaintenanceWindow(RelativeMonthly(1, WeekIndex.FOURTH, Weekday.SUNDAY), time(3), 4),
            "2026-11-22 07:00",
            ["2026-12-27 03:00", "2027-01-24 03:00"],
        ),
    ],
)
def test_occurrences_follow_the_recurrence(
    window: MaintenanceWindow, after: str, expected: list[str]
) -> None:
    """The occurrences that end after an instant come in order, in UTC."""
    assert starts(window, after, len(expected)) == expected


def test_an_occurrence_holds_its_start_and_not_its_end() -> None:
    """Occurrences are half-open, as long as the duration, and in UTC."""
    found = SUNDAYS.next_start(at("2026-11-20 00:00"))
    assert found == Occurrence(at("2026-11-22 01:00"), at("2026-11-22 05:00"))
    assert found.start.tzinfo is UTC
    assert next(SUNDAYS.occurrences(at("2026-11-22 05:00") - timedelta.resolution)) == found
    assert next(SUNDAYS.occurrences(at("2026-11-22 05:00"))) != found


def test_the_next_start_is_never_in_the_past() -> None:
    """An occurrence that is open now is not the next start; one that starts now is."""
    opened, following = at("2026-11-22 01:00"), at("2026-11-29 01:00")
    just_after = SUNDAYS.next_start(opened + timedelta.resolution)
    assert just_after is not None
    assert just_after.start == following
    just_now = SUNDAYS.next_start(opened)
    assert just_now is not None
    assert just_now.start == opened


def test_nothing_occurs_before_the_start_date() -> None:
    """The start date is a local date: the occurrence that starts on it counts."""
    window = MaintenanceWindow(Daily(1), time(1), 4, KIRIBATI, date(2026, 11, 25))
    assert starts(window, "2026-11-01 00:00", 1) == ["2026-11-24 11:00"]


@pytest.mark.parametrize(
    "recurrence",
    [
        Weekly(1, Weekday.SUNDAY),
        AbsoluteMonthly(1, 22),
        RelativeMonthly(1, WeekIndex.FOURTH, Weekday.SUNDAY),
    ],
)
def test_the_start_date_itself_can_be_the_day(recurrence: Recurrence) -> None:
    """Every kind of recurrence counts the day on which its search begins."""
    window = MaintenanceWindow(recurrence, time(1), 4, start_date=date(2026, 11, 22))
    assert starts(window, "2026-11-01 00:00", 1) == ["2026-11-22 01:00"]


def test_a_start_date_in_the_past_changes_nothing() -> None:
    """A start date that has passed leaves the window as it is."""
    window = MaintenanceWindow(SUNDAYS.recurrence, time(1), 4, start_date=date(2020, 1, 1))
    assert starts(window, "2026-11-20 00:00", 2) == starts(SUNDAYS, "2026-11-20 00:00", 2)


def test_not_allowed_dates_are_local_and_include_the_end() -> None:
    """The spec's example: +02:00 with 2022-12-23 to 2023-01-03 blocks up to 22:00 UTC."""
    blocked = (DateSpan(date(2022, 12, 23), date(2023, 1, 3)),)
    window = MaintenanceWindow(Daily(1), time(0), 4, HOUR * 2, not_allowed_dates=blocked)
    expected = ["2022-12-21 22:00", "2023-01-03 22:00"]
    assert starts(window, "2022-12-21 21:00", 2) == expected


def test_reaching_into_a_blocked_date_is_not_certain() -> None:
    """An occurrence that crosses into a not-allowed date is kept, and marked."""
    blocked = (DateSpan(date(2026, 11, 23), date(2026, 11, 23)),)
    window = MaintenanceWindow(Daily(1), time(21), 4, not_allowed_dates=blocked)
    found = list(islice(window.occurrences(at("2026-11-22 12:00")), 2))
    assert [(one.start.day, one.certain) for one in found] == [(22, False), (24, True)]


def test_ending_at_midnight_does_not_reach_the_next_day() -> None:
    """An occurrence that ends as a not-allowed date begins is certain."""
    blocked = (DateSpan(date(2026, 11, 23), date(2026, 11, 23)),)
    window = MaintenanceWindow(Daily(1), time(20), 4, not_allowed_dates=blocked)
    assert next(window.occurrences(at("2026-11-22 12:00"))).certain


@pytest.mark.parametrize(
    "window",
    [
        MaintenanceWindow(Daily(1), time(1), 4, not_allowed_dates=(DateSpan(date.min, date.max),)),
        MaintenanceWindow(Daily(1), time(1), 4, start_date=date.max),
    ],
)
def test_a_window_that_never_occurs_comes_to_an_end(window: MaintenanceWindow) -> None:
    """The search ends, even where the calendar does."""
    assert list(window.occurrences(at("2026-11-22 00:00"))) == []
    assert window.next_start(at("2026-11-22 00:00")) is None


@pytest.mark.parametrize(
    "recurrence",
    [
        Daily(1),
        Weekly(1, Weekday.SUNDAY),
        AbsoluteMonthly(1, 28),
        *(RelativeMonthly(1, index, Weekday.SUNDAY) for index in WeekIndex),
    ],
)
@pytest.mark.parametrize("offset", [HOUR * -12, HOUR * 14])
def test_the_ends_of_the_calendar_are_no_accident(
    recurrence: Recurrence, offset: timedelta
) -> None:
    """Near the years 1 and 9999 no date overflows."""
    window = MaintenanceWindow(recurrence, time(23, 59), 24, offset)
    first = next(window.occurrences(datetime.min.replace(tzinfo=UTC)))
    assert first.start.year == 1
    assert len(list(window.occurrences(at("9999-06-01 00:00")))) >= 4


@pytest.mark.parametrize(
    ("recurrence", "named"),
    [
        (Daily(2), "intervalDays is 2"),
        (Weekly(2, Weekday.SUNDAY), "intervalWeeks is 2"),
        (AbsoluteMonthly(2, 1), "intervalMonths is 2"),
        (AbsoluteMonthly(1, 29), "dayOfMonth is 29"),
        (RelativeMonthly(3, WeekIndex.LAST, Weekday.SUNDAY), "intervalMonths is 3"),
    ],
)
def test_an_ambiguous_window_says_so(recurrence: Recurrence, named: str) -> None:
    """Where readings differ no occurrence is named; the sentence says which field it is."""
    window = MaintenanceWindow(recurrence, time(1), 4)
    assert named in (window.ambiguity or "")
    assert window.next_start(at("2026-11-22 00:00")) is None
    with pytest.raises(AmbiguousWindow, match=named):
        window.occurrences(at("2026-11-22 00:00"))


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (lambda: Daily(0), ["schedule.daily.intervalDays"]),
        (lambda: Daily(8), ["schedule.daily.intervalDays"]),
        (lambda: Weekly(5, Weekday.SUNDAY), ["schedule.weekly.intervalWeeks"]),
        (lambda: AbsoluteMonthly(7, 1), ["schedule.absoluteMonthly.intervalMonths"]),
        (lambda: AbsoluteMonthly(1, 32), ["schedule.absoluteMonthly.dayOfMonth"]),
        (
            lambda: RelativeMonthly(0, WeekIndex.LAST, Weekday.SUNDAY),
            ["schedule.relativeMonthly.intervalMonths"],
        ),
        (lambda: DateSpan(date(2026, 1, 2), date(2026, 1, 1)), ["notAllowedDates"]),
        (
            lambda: MaintenanceWindow(Daily(1), time(1, 0, 1), 3, HOUR * 15),
            ["durationHours", "utcOffset", "startTime"],
        ),
        (
            lambda: MaintenanceWindow(Daily(1), time(1, tzinfo=UTC), 25, HOUR * -12.5),
            ["durationHours", "utcOffset", "startTime"],
        ),
        (
            lambda: MaintenanceWindow(Daily(1), time(1), 4, timedelta(seconds=30)),
            ["utcOffset"],
        ),
    ],
)
def test_what_aks_would_refuse_cannot_be_made(
    make: Callable[[], object], fields: list[str]
) -> None:
    """A window out of range is not constructible; every field that is wrong is named."""
    with pytest.raises(InvalidWindow) as caught:
        make()
    named = [problem.field.removeprefix("maintenanceWindow.") for problem in caught.value.problems]
    assert named == fields


def test_an_instant_without_a_zone_is_refused() -> None:
    """Nobody can say what a naive instant means, so it raises."""
    naive = at("2026-11-22 00:00").replace(tzinfo=None)
    with pytest.raises(ValueError, match="time zone"):
        SUNDAYS.occurrences(naive)
