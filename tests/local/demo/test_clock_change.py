"""When the clocks of the story's zone change next."""

from datetime import UTC, datetime, timedelta

import pytest

from local.demo.clock_change import next_change

SPRING, AUTUMN = datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
A_MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("after", "change"),
    [
        (datetime(2026, 8, 1, 12, 34, 56, tzinfo=UTC), AUTUMN),
        (AUTUMN - A_MOMENT, AUTUMN),
        (AUTUMN, SPRING),
        (datetime(2026, 11, 27, 23, 59, tzinfo=UTC), SPRING),
        (SPRING - A_MOMENT, SPRING),
    ],
)
def test_the_next_change_is_found(after: datetime, change: datetime) -> None:
    """The first hour of the new offset that is still to come, in spring and in autumn."""
    assert next_change(after) == change
