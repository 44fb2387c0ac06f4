"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

DEADLINE_SECONDS = 10.0


class ManualClock:
    """Whoever sleeps by it wakes when it is moved far enough."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._sleepers: dict[asyncio.Future[None], datetime] = {}
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        """Give the instant that it stands at."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has been moved by so many seconds."""
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers[sleeper] = self._now + timedelta(seconds=seconds)
        self._changed.set()
        try:
            await sleeper
        finally:
            self._sleepers.pop(sleeper, None)

    async def next_due(self) -> datetime:
        """Wait until somebody sleeps, and give when the first of them is to wake."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not self._sleepers:
                self._changed.clear()
                await self._changed.wait()
        return min(self._sleepers.values())

    async def move(self, **by: float) -> None:
        """Move by so much, waking each sleeper at its time and waiting until it sleeps again."""
        target = self._now + timedelta(**by)
        while (due := await self.next_due()) <= target:
            self._now = max(self._now, due)
            for sleeper in [one for one, at in self._sleepers.items() if at <= self._now]:
                self._sleepers.pop(sleeper)
                if not sleeper.done():
                    sleeper.set_result(None)
        self._now = target
