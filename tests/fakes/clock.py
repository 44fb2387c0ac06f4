"""A clock that only moves when it is told to, or slept on."""

from datetime import UTC, datetime, timedelta

SATURDAY_NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""Thirteen hours before the default window starts."""


class FakeClock:
    """Time as an argument: sleeping moves it."""

    def __init__(self, now: datetime = SATURDAY_NOON) -> None:
        self._now = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Give the instant that it stands at."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Remember and move on."""
        self.slept.append(seconds)
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self._now += by

    def move_to(self, instant: datetime) -> None:
        """Move on to an instant; never back."""
        self._now = max(self._now, instant)
