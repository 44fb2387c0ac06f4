"""A window in a few words, as reports say it and `--window` takes it."""

from contextlib import suppress
from copy import replace
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naptime.asking.windows import parse_window
from naptime.reports.words import window_words
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.body import write_window
from shared.domain.window.recurrence import Daily, RelativeMonthly, Weekday, WeekIndex, Weekly
from shared.domain.window.window import MaintenanceWindow
from tests.unit.domain.strategies import windows


@given(windows)
def test_what_a_report_says_is_taken(window: MaintenanceWindow) -> None:
    """Any window but for its dates, which no report says either."""
    undated = replace(window, start_date=None, not_allowed_dates=())
    assert parse_window(window_words(write_window(undated))) == undated


SUNDAY = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("Sunday 01:00 4h", SUNDAY),
        ("  sun  01:00   UTC, 4 hours ", SUNDAY),
        ("SUN 01:00 +01:00, 4 h", replace(SUNDAY, utc_offset=timedelta(hours=1))),
        ("sun 01:00-08:00,4h", replace(SUNDAY, utc_offset=timedelta(hours=-8))),
        ("daily 22:30, 6 h", MaintenanceWindow(Daily(1), time(22, 30), 6)),
        (
            "first Sunday 01:00, 4 h",
            replace(SUNDAY, recurrence=RelativeMonthly(1, WeekIndex.FIRST, Weekday.SUNDAY)),
        ),
    ],
)
def test_people_write_it_in_several_ways(text: str, window: MaintenanceWindow) -> None:
    """Without case, with long or short names, and UTC where no offset is said."""
    assert parse_window(text) == window


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "must be days, a start"),
        ("Sunday", "must be days, a start"),
        ("Funday 01:00, 4 h", "must be days, a start"),
        ("sixth Sunday 01:00, 4 h", "must be days, a start"),
        ("Sun 25:00, 4 h", "must be HH:MM, from 00:00 to 23:59"),
        ("Sun 01:00 +19:00, 4 h", "from -12:00 to \\+14:00"),
        ("Sun 01:00, 3 h", "durationHours must be a whole number from 4 to 24"),
        ("every 0 weeks Sun 01:00, 4 h", "intervalWeeks must be"),
        ("day 32 01:00, 4 h", "dayOfMonth must be a whole number from 1 to 31"),
    ],
)
def test_what_is_no_window_is_refused(text: str, rule: str) -> None:
    """With the option, what was written, and the rule."""
    with pytest.raises(InvalidInput, match=rule) as refused:
        parse_window(text)
    assert refused.value.problems[0].field == "--window"


@given(st.text(max_size=40))
def test_any_text_is_a_window_or_refused(text: str) -> None:
    """Nothing but InvalidInput is raised."""
    with suppress(InvalidInput):
        parse_window(text)
