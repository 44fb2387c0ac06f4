"""After a 429: whom it pauses, for how long, and that no call of this worker is before its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from msgspec import Struct, field

from shared.domain.errors import Paced, ReadThrottled, SubscriptionThrottled, Throttled
from shared.domain.fleet.pace import LONGEST_PAUSE, pause_of
from shared.domain.fleet.shard import Shard
from shared.ports.azure import Clock
from shared.reconcile.ground.pacer import ShardPacer
from shared.reconcile.ground.reads import ReadPacer


class Paused(Paced):
    """Not sent: the wait that a 429 has asked for is not over."""


class _Pause(Struct):
    """One pause, by this worker's clock, and as it stands in the row for all others."""

    until: datetime
    written: datetime | None = None
    in_row: datetime | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pauses(Struct, frozen=True):
    """What this worker was asked to wait for, exactly; rows say it in whole seconds to the others.

    AKS's own limit is that of a shard. Resource Manager's is that of a subscription, and is kept as
    that of the shard without a location.
    """

    shards: ShardPacer
    reads: ReadPacer
    clock: Clock
    _pauses: dict[Shard, _Pause] = field(default_factory=dict)

    @asynccontextmanager
    async def calling(self, shard: Shard) -> AsyncIterator[None]:
        """Let one call be made in a shard, unless it is paused; a 429 pauses what it names.

        Without a location it is a cluster or a page that is read: there AKS has limits that are
        nobody else's, and every other 429 is the subscription's.
        """
        if wait := self.left(shard):
            raise Paused(f"A 429 paused {shard.key}; nothing was sent.", retry_after=wait)
        try:
            yield
        except ReadThrottled:
            raise
        except Throttled as error:
            whole = isinstance(error, SubscriptionThrottled)
            where = Shard(shard.subscription_id, "") if whole else shard
            await self._pause(where, pause_of(error.retry_after))
            raise

    async def pages[T](self, subscription_id: str, pages: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield pages of a subscription's clusters, each of them read as one such call."""
        while True:
            async with self.calling(Shard(subscription_id, "")):
                page = await anext(pages, None)
            if page is None:
                return
            yield page

    def left(self, shard: Shard) -> timedelta:
        """Say how long nobody of this worker calls in a shard, or in all of its subscription."""
        now, whole = self.clock.now(), Shard(shard.subscription_id, "")
        found = (self._pauses[each] for each in {shard, whole} & self._pauses.keys())
        longest = max((pause.until - now for pause in found), default=timedelta())
        # A clock that steps back must not prolong it.
        return min(max(longest, timedelta()), LONGEST_PAUSE)

    def emptied(self, shard: Shard) -> bool:
        """Say whether AKS itself has refused a call of the shard, and that is not over."""
        pause = self._pauses.get(shard)
        return pause is not None and self.clock.now() < pause.until

    async def wait(self, shard: Shard) -> timedelta:
        """Say the same, by what other workers have met in the subscription as well."""
        return max(self.left(shard), await self.reads.paused(shard.subscription_id))

    def in_row(self, shard: Shard) -> datetime | None:
        """Give how the shard's pause stands in its row, if this worker wrote it there."""
        return self._pauses[shard].in_row if shard in self._pauses else None

    async def _pause(self, where: Shard, wait: timedelta) -> None:
        until = self.clock.now() + wait
        pause = self._pauses.setdefault(where, _Pause(until))
        pause.until = max(pause.until, until)
        # Twenty calls in flight may be refused at once: one writing says it for all of them.
        async with pause.turn:
            if pause.written is None or pause.written < pause.until:
                pause.written = pause.until
                left = max(pause.until - self.clock.now(), timedelta())
                # What came of the calls is never lost to trouble with a row.
                with suppress(Exception):
                    pause.in_row = await self._write(where, left)

    async def _write(self, where: Shard, wait: timedelta) -> datetime | None:
        if where.location:
            return await self.shards.pause(where, wait)
        return await self.reads.pause(where.subscription_id, wait)
