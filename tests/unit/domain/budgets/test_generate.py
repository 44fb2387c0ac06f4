"""Budgets made for a window are open when it is, and closed when it is not."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.budgets.activity import activity
from shared.domain.budgets.budget import MOST_BUDGETS, DisruptionReason, Nodes
from shared.domain.budgets.making.generate import Generated, Wish, generate
from shared.domain.budgets.making.seasons import for_all_seasons, seasons_of
from shared.domain.budgets.minutes import Calendar
from shared.domain.vocabulary.errors import InvalidInput
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.starts import possible_occurrences
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.unit.domain.budgets.by_the_minute import by_the_minute, midnight
from tests.unit.domain.strategies import plain_windows, settings_windows, windows

NOW = datetime(2026, 11, 27, 16, tzinfo=UTC)
SUNDAYS = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
FIRST_SUNDAY = RelativeMonthly(1, WeekIndex.FIRST, Weekday.SUNDAY)
LAST_SUNDAY = RelativeMonthly(1, WeekIndex.LAST, Weekday.SUNDAY)
NONE_MAY_GO = Nodes(0)
THIRTEEN_MONTHS = 396


def blocks_of(made: Generated) -> list[tuple[object, object]]:
    """Give the cron and the duration of every block, after a look at the rate."""
    rate, *blocks = (budget.to_json() for budget in made.budgets)
    assert rate == {"nodes": "10%"}
    assert all((block["nodes"], block["reasons"]) == ("0", ["Drifted"]) for block in blocks)
    return [(block["schedule"], block["duration"]) for block in blocks]


def window_of(recurrence: Recurrence, start: str, offset: str, hours: int) -> MaintenanceWindow:
    """Make a window from text."""
    sign = -1 if offset[0] == "-" else 1
    local = time.fromisoformat(offset[1:])
    utc_offset = sign * timedelta(hours=local.hour, minutes=local.minute)
    return MaintenanceWindow(recurrence, time.fromisoformat(start), hours, utc_offset)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (window_of(Weekly(1, Weekday.SUNDAY), "01:00", "+00:00", 4), [("0 5 * * 0", "164h")]),
        (window_of(Weekly(1, Weekday.SUNDAY), "01:00", "+05:30", 4), [("30 23 * * 6", "164h")]),
        (window_of(Weekly(1, Weekday.SATURDAY), "22:00", "-08:00", 6), [("0 12 * * 0", "162h")]),
        (window_of(Daily(1), "01:00", "+00:00", 4), [("0 5 * * *", "20h")]),
        (window_of(Daily(1), "01:00", "+00:00", 24), []),
        (
            window_of(FIRST_SUNDAY, "01:00", "+00:00", 4),
            [("0 5 * * *", "20h"), ("0 1 8-31 * 1,2,3,4,5,6", "4h")],
        ),
        (
            window_of(AbsoluteMonthly(1, 15), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h"), ("0 1 1-14,16-31 * *", "4h")],
        ),
        (
            window_of(AbsoluteMonthly(1, 1), "01:00", "-01:00", 24),
            [("0 2 2-31 * *", "24h")],
        ),
        # The UTC day is another one, and still the same day of each month.
        (
            window_of(AbsoluteMonthly(1, 15), "01:00", "+05:30", 4),
            [("30 23 * * *", "20h"), ("30 19 1-13,15-31 * *", "4h")],
        ),
        (
            window_of(RelativeMonthly(1, WeekIndex.SECOND, Weekday.SUNDAY), "01:00", "+05:30", 4),
            [("30 23 * * *", "20h"), ("30 19 1-6,14-31 * 0,1,2,3,4,5", "4h")],
        ),
    ],
)
def test_a_window_that_cron_can_name_has_exact_budgets(
    window: MaintenanceWindow, expected: list[tuple[object, object]]
) -> None:
    """From the window's end in UTC to its next start, for good, without a word of warning."""
    made = generate(window, Wish(), NOW)
    assert blocks_of(made) == expected
    assert (made.lets_in, made.until) == ((), None)


@pytest.mark.parametrize(
    ("window", "blocks", "sentence"),
    [
        (
            window_of(Weekly(2, Weekday.MONDAY), "01:00", "+00:00", 4),
            [("0 5 * * 1", "164h")],
            "intervalWeeks is 2: from which day it is counted is not documented. "
            "So nodes may roll on every Monday, at the window's hours.",
        ),
        (
            window_of(Daily(3), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h")],
            "intervalDays is 3: from which day it is counted is not documented. "
            "So nodes may roll on every day, at the window's hours.",
        ),
        (
            window_of(AbsoluteMonthly(5, 3), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h"), ("0 1 1-2,4-31 * *", "4h")],
            "intervalMonths is 5: from which day it is counted is not documented. "
            "So nodes may roll on day 3 of every month, at the window's hours.",
        ),
        (
            window_of(AbsoluteMonthly(1, 31), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h")],
            "dayOfMonth is 31: what happens in shorter months is not documented. "
            "So nodes may roll on every day, at the window's hours.",
        ),
        (
            window_of(LAST_SUNDAY, "01:00", "+00:00", 4),
            [("0 5 * * 0", "164h")],
            "A budget's cron cannot name the last Sunday of a month. "
            "So nodes may roll on every Sunday, at the window's hours.",
        ),
        (
            window_of(AbsoluteMonthly(1, 1), "01:00", "+05:30", 4),
            [("30 23 * * *", "20h")],
            "A budget's cron cannot name days of a month that are other days in UTC "
            "(offset +05:30). So nodes may roll on every day, at the window's hours.",
        ),
        (
            replace(SUNDAYS, start_date=date(2027, 2, 1)),
            [("0 5 * * 0", "164h")],
            "Nodes may roll at its hours before the start date too, 2027-02-01.",
        ),
        (
            replace(
                SUNDAYS,
                not_allowed_dates=(
                    DateSpan(date(2020, 1, 1), date(2020, 1, 1)),
                    DateSpan(date(2026, 12, 20), date(2027, 1, 3)),
                    DateSpan(date(2027, 4, 4), date(2027, 4, 4)),
                ),
            ),
            [("0 5 * * 0", "164h")],
            "Nodes may roll at its hours on not-allowed dates too: "
            "2026-12-20 to 2027-01-03, 2027-04-04.",
        ),
    ],
)
def test_what_cron_cannot_name_is_wider_and_says_so(
    window: MaintenanceWindow, blocks: list[tuple[object, object]], sentence: str
) -> None:
    """The narrowest rhythm that has the window in it, and what else it lets in, in a sentence."""
    made = generate(window, Wish(), NOW)
    assert blocks_of(made) == blocks
    assert made.lets_in == (sentence,)


@settings(max_examples=12)
@given(settings_windows, st.integers(0, 239))
def test_for_a_week_of_minutes_nodes_may_go_in_the_window_and_at_no_other_time(
    window: MaintenanceWindow, early: int
) -> None:
    """By brute force, for any daily or weekly window, closed early or not."""
    made = generate(window, Wish(close_early=timedelta(minutes=early)), NOW)
    monday = midnight(2026, 11, 30)
    expected = [
        (each.start, each.end - timedelta(minutes=early))
        for each in window_occurrences(window, monday, 7)
    ]
    for at, limits in by_the_minute(made.budgets, monday, 7 * 1440):
        is_open = any(start <= at < end for start, end in expected)
        assert (NONE_MAY_GO not in limits) is is_open, at
        assert Nodes(10, percent=True) in limits


def window_occurrences(
    window: MaintenanceWindow, start: datetime, days: int
) -> list[tuple[datetime, datetime]] | list:  # type: ignore[type-arg]
    """Give those that may come within so many days."""
    return []
