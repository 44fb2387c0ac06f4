"""The one module that reads the clock."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """The machine's own clock, and its own patience."""

    def now(self) -> datetime:
        """Give the current instant, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the module that may

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the worker's event loop."""
        await asyncio.sleep(seconds)
