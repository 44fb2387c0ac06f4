"""Several things side by side, but never too many of them.

One reading for all who ask the same at the same time, and for a moment after it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import cast

from msgspec import Struct, field

from shared.domain.fleet.pace import CALLS_AT_ONCE
from shared.ports.azure import Clock

SIDE_BY_SIDE = 32


async def at_once[T](work: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Do all of it, 32 at a time, and give the results in order; the first error is raised.

    Whatever goes on when one fails is stopped first, so that nothing outlives its message.
    """
    free = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(item: Callable[[], Awaitable[T]]) -> T:
        async with free:
            return await item()

    tasks = [asyncio.ensure_future(one(item)) for item in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def both[A, B](
    one: Callable[[], Awaitable[A]], other: Callable[[], Awaitable[B]]
) -> tuple[A, B]:
    """Do two things side by side, and give both results; the first error is raised, as above."""
    work: Sequence[Callable[[], Awaitable[A | B]]] = (one, other)
    return cast("tuple[A, B]", tuple(await at_once(work)))


AT_WORK = 5
COUNTED_SECONDS = 0.2


class Room(Struct, frozen=True):
    """Room for five pieces of work at a time, so that events are answered in between.

    The host hands a worker 24 messages at once. What storage has answered of all of them is gone
    through in one turn of the event loop, and a webhook waits for several turns. What takes longer
    than 0.2 s, which five that only take the processor do not, waits for somebody outside, and
    counts no more: a slow subscription keeps nobody else out.
    """

    counted_seconds: float = COUNTED_SECONDS
    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_WORK))

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Wait for a place, and have it for as long as the work counts."""
        await self._free.acquire()
        with ExitStack() as place:
            place.callback(self._free.release)
            later = asyncio.get_running_loop().call_later(self.counted_seconds, place.close)
            place.callback(later.cancel)
            yield


MOST_KEPT = 8
"""Answers kept at once: a page of the largest size is some megabytes."""


class SharedAnswers[T](Struct, frozen=True):
    """Answers by what was asked; whoever asks what is being read already waits for that reading.

    An answer counts for `keep` after it was asked for. What the key does not hold, a write in
    another worker, is seen that much later.
    """

    clock: Clock
    keep: timedelta
    _kept: dict[Hashable, tuple[datetime, asyncio.Future[T]]] = field(default_factory=dict)

    async def get(self, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Give the answer to a question, from a reading of this moment or of one just gone."""
        now = self.clock.now()
        asked_at, reading = self._kept.get(key, (None, None))
        if reading is None or asked_at is None or self._is_over(asked_at, reading, now):
            reading = asyncio.ensure_future(read())
            self._kept.pop(key, None)
            self._kept[key] = now, reading
            self._forget_the_oldest()
        # Whoever goes away must not take the reading from the others.
        return await asyncio.shield(reading)

    def _is_over(self, asked_at: datetime, reading: asyncio.Future[T], now: datetime) -> bool:
        """Say whether an answer is too old, or none: an error is for those who waited for it."""
        if not reading.done():
            return False
        return now - asked_at >= self.keep or reading.cancelled() or reading.exception() is not None

    def _forget_the_oldest(self) -> None:
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]


LEAST_AT_ONCE, LEAST_IN_ALL = 2, 50
"""What a shift may do in any case; a shorter one would cost more than its clusters do.

A shift costs some eight operations of storage whatever it does, and reads rows of 25 clusters.
"""


class InFlight(Struct):
    """What one worker has in flight, shared by its shifts for as long as they are at work.

    A shard's tokens come back only from its first call on. So where many shards wait for one
    worker, all of them should begin soon, listings come between them, and no shift takes long.
    """

    shifts: int = 0

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Count one more shift while it is at work."""
        self.shifts += 1
        try:
            yield
        finally:
            self.shifts -= 1

    @property
    def at_once(self) -> int:
        """How many clusters a shift may look at at once."""
        return max(LEAST_AT_ONCE, CALLS_AT_ONCE // max(self.shifts, 1))

    @property
    def in_all(self) -> int:
        """How many clusters a shift may look at before it makes room for others."""
        return max(LEAST_IN_ALL, self.at_once)
