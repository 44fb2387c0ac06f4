"""Timer schedules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.ncrontab import Expression, InvalidSchedule, parse_schedule

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("0 0 */6 * * *", "2026-11-22T12:00:00"),
        ("0 */15 * * * *", "2026-11-22T08:15:00"),
        ("*/15 * * * *", "2026-11-22T08:15:00"),
        ("30 * * * * *", "2026-11-22T08:00:30"),
        ("0 0 8 * * *", "2026-11-23T08:00:00"),
        ("0 5/20 * * * *", "2026-11-22T08:05:00"),
        ("0 10-50/20,3 9 * * *", "2026-11-22T09:03:00"),
        ("0 30 9 * * MON-FRI", "2026-11-23T09:30:00"),
        ("0 30 9 * jan 1-5", "2027-01-01T09:30:00"),
        ("0 0 0 1 January Sunday", "2034-01-01T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59"),
        ("01:30:00", "2026-11-22T09:30:00"),
        ("1.00:00:00", "2026-11-23T08:00:00"),
    ],
)
def test_a_schedule_gives_its_next_occurrence(schedule: str, expected: str) -> None:
    """Six fields, five (then the second is 0) or a time span; a day must match both its fields."""
    assert parse_schedule(schedule).next_after(NOW).isoformat() == f"{expected}+00:00"


@pytest.mark.parametrize(
    "schedule",
    [
        *("", "* * * *", "* * * * * * *", "60 * * * * *", "* 60 * * * *", "* * 24 * * *"),
        *("* * * 0 * *", "* * * 32 * *", "* * * * 13 *", "* * * * * 7", "* * * * * 5L"),
        *("* * * L * *", "* * * ? * *", "* * * * * 1#2", "* * * * * Mondayx", "* * * * * Mo"),
        *("*/x * * * * *", "1, * * * * *", "- * * * * *", "* * * * FOO *", "-1 * * * * *"),
        *("1:2:3:4", "-00:00:01", "² * * * * *"),
    ],
)
def test_a_schedule_that_azure_would_refuse_is_refused(schedule: str) -> None:
    """Out of range, empty, no name of a day, or an extension of another cron."""
    with pytest.raises(InvalidSchedule):
        parse_schedule(schedule)


@pytest.mark.parametrize(
    "schedule",
    ["5-1 * * * * *", "* * * * * FRI-MON", "*/0 * * * * *", "24:00:00", "25:00:00", "00:00:00"],
)
def test_a_schedule_that_azure_reads_otherwise_than_meant_is_refused(schedule: str) -> None:
    """Azure swaps the ends of a range, makes 0 a step of 1, 24:00:00 24 days, and 0 over and over.

    This host is stricter.
    """
    with pytest.raises(InvalidSchedule):
        parse_schedule(schedule)


def test_a_day_that_never_comes_is_refused() -> None:
    """30 February has no next occurrence; Azure takes it and never fires."""
    with pytest.raises(InvalidSchedule, match="ever"):
        parse_schedule("0 0 0 30 2 *").next_after(NOW)


@given(
    seconds=st.frozensets(st.integers(0, 59), min_size=1, max_size=3),
    minutes=st.frozensets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.frozensets(st.integers(0, 23), min_size=1, max_size=24),
    instant=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - as below
)
def test_an_occurrence_matches_its_fields_and_is_the_first(
    seconds: frozenset[int], minutes: frozenset[int], hours: frozenset[int], instant: datetime
) -> None:
    """No second between an instant and its next occurrence matches the fields."""
    texts = [",".join(map(str, sorted(values))) for values in (seconds, minutes, hours)]
    now = instant.replace(tzinfo=UTC)
    found = Expression.parse(f"{' '.join(texts)} * * *").next_after(now)
    assert found > now
    assert (found.hour in hours, found.minute in minutes, found.second in seconds) == (True,) * 3
    start = now.replace(microsecond=0)
    steps = min(int((found - start).total_seconds()), 4000)
    between = (start + timedelta(seconds=step) for step in range(1, steps))
    assert not any(
        at.hour in hours and at.minute in minutes and at.second in seconds for at in between
    )
