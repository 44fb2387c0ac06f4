"""What the functions of the sample apps were called with."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

DEADLINE_SECONDS: Final = 20.0


class Recorder:
    """Keeps calls by function, from any thread, and lets a test wait for enough of them."""

    def __init__(self) -> None:
        self.calls: dict[str, list[object]] = {}
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def add(self, function: str, *values: object) -> None:
        """Keep one call."""
        self.calls.setdefault(function, []).append(values[0] if len(values) == 1 else values)
        for loop, event in self._waiting:
            loop.call_soon_threadsafe(event.set)

    def of(self, function: str) -> Sequence[object]:
        """Give the calls of a function in their order."""
        return self.calls.get(function, [])

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, looking again after each call."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not is_so():
                    await entry[1].wait()
                    entry[1].clear()
        finally:
            self._waiting.remove(entry)

    async def count(self, function: str, count: int) -> Sequence[object]:
        """Wait for so many calls of a function, and give them."""
        await self.until(lambda: len(self.of(function)) >= count)
        return self.of(function)


recorder: Final = Recorder()
