"""The one place where the host reads the clock and waits."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, in UTC, and waits."""

    def now(self) -> datetime:
        """Give the present instant in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """Give the present instant in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the host's own clock, injected everywhere else

    async def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        await asyncio.sleep(seconds)
