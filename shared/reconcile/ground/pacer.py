"""One row per shard, across all runs: its bucket of tokens, and who works on it.

Every caller of the AKS configuration API draws from it. Times are the storage service's own, so
workers' clocks do not matter.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct, field

from shared.domain.errors import AGAIN_AFTER_CONFLICTS, Paced, TooManyConflicts
from shared.domain.fleet.pace import Draw, NotYet, Pace
from shared.domain.fleet.shard import Grip, HeldBy, Lease, Shard, ShardRow
from shared.domain.vocabulary.rows import Reading
from shared.ports.azure import Clock
from shared.ports.storage import Table

SHARDS_TABLE = "naptimeshards"
SHARDS_PARTITION = "shard"

LEASE_LASTS = timedelta(seconds=60)
"""Longer than a holder works; one that dies holds its shard up for no more than this."""

WORTH_WAITING_INSIDE = timedelta(seconds=3)
CONFLICTS_BORNE = 12
LONGEST_CONFLICT_WAIT = 0.2


class Spending(Struct):
    """Tokens in hand; `used` is what they were spent on."""

    draw: Draw
    used: int = 0


type Change[R] = Callable[[ShardRow, datetime], R]


class ShardPacer(Struct, frozen=True):
    """Draws tokens, gives them back, pauses shards, and takes and releases their leases."""

    table: Table
    clock: Clock
    jitter: Callable[[], float]
    pace: Pace = field(default_factory=Pace)
    partition: str = SHARDS_PARTITION
    _turns: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    """One at a time of this worker changes a row: it has the other workers against it as it is."""
    _last: dict[str, tuple[ShardRow, Reading]] = field(default_factory=dict)
    """The rows as this worker read or wrote them last; their ETags tell whether they still are."""

    @asynccontextmanager
    async def spending(self, shard: Shard, draw: Draw) -> AsyncIterator[Spending]:
        """Spend what was drawn on the calls inside, then give back what was not used.

        What came of the calls is never lost to trouble with the row, of whatever kind: tokens that
        are not given back are only missed for a while.
        """
        spending = Spending(draw)
        try:
            yield spending
        finally:
            with suppress(Exception):
                await self.give_back(shard, draw, draw.tokens - spending.used)

    @asynccontextmanager
    async def kept(self, shard: Shard, draw: Draw) -> AsyncIterator[None]:
        """Give all that was drawn back if what happens inside fails."""
        try:
            yield
        except BaseException:
            with suppress(TooManyConflicts):
                await self.give_back(shard, draw, draw.tokens)
            raise

    async def draw_soon(self, shard: Shard, tokens: int, sparing: int) -> Draw:
        """Draw that many tokens, within a few seconds, or raise `Paced`.

        The last `sparing` tokens are left for more urgent calls.
        """
        drawn = await self.draw(shard, tokens, sparing)
        if isinstance(drawn, NotYet) and drawn.wait <= WORTH_WAITING_INSIDE:
            await self.clock.sleep(drawn.wait.total_seconds())
            drawn = await self.draw(shard, tokens, sparing)
        if isinstance(drawn, NotYet):
            where = f"{shard.subscription_id} in {shard.location}".removesuffix(" in ")
            raise Paced(f"No call is left for {where}.", retry_after=drawn.wait)
        return drawn

    async def draw(
        self, shard: Shard, tokens: int, sparing: int = 0, most: int = 0
    ) -> Draw | NotYet:
        """Draw that many tokens, or up to `most`, and leave `sparing`; or draw none."""

        def change(row: ShardRow, now: datetime) -> tuple[ShardRow, Draw] | NotYet:
            drawn = row.bucket.draw(tokens + sparing, max(tokens, most), now)
            if isinstance(drawn, NotYet):
                return drawn
            bucket, draw = drawn
            return replace(row, bucket=bucket), draw

        return await self._change(shard, change)

    async def give_back(self, shard: Shard, draw: Draw, unused: int) -> None:
        """Give unused tokens back."""
        if unused <= 0:
            return

        def change(row: ShardRow, now: datetime) -> ShardRow:
            return replace(row, bucket=row.bucket.give_back(draw, unused, now))

        await self._put_back(shard, change)

    async def pause(self, shard: Shard, wait: timedelta | None) -> datetime | None:
        """Let nobody call for that shard for as long as a 429 asks for; gives until when."""

        def change(row: ShardRow, now: datetime) -> tuple[ShardRow, datetime | None]:
            bucket = row.bucket.paused(wait, now)
            return replace(row, bucket=bucket), bucket.paused_until

        return await self._change(shard, change)

    async def paused(self, shard: Shard) -> timedelta:
        """Say for how long nobody may call for that shard."""
        row, reading = await self._read(shard.key)
        until = row.bucket.paused_until or reading.at
        return max(until - reading.at, timedelta())

    async def grip(
        self, shard: Shard, run_id: str, generation: int, most: int
    ) -> Grip | HeldBy | NotYet:
        """Take the shard's lease with up to `most` tokens, two at least unless none are wanted."""

        def change(row: ShardRow, now: datetime) -> tuple[ShardRow, Grip] | HeldBy | NotYet:
            if holder := row.holder(now):
                return HeldBy(holder, holder.until - now)
            drawn = row.bucket.draw_for_baton(most, now)
            if isinstance(drawn, NotYet):
                return drawn
            bucket, draw = drawn
            lease = Lease(run_id, generation, now + LEASE_LASTS)
            return ShardRow(bucket, lease), Grip(lease, draw, bucket)

        return await self._change_soon(shard, change)

    async def renew(
        self, shard: Shard, grip: Grip, most: int, pause: datetime | None
    ) -> Grip | NotYet:
        """Draw again for the holder of a lease, who has waited for the end of its own pause."""

        def change(row: ShardRow, now: datetime) -> tuple[ShardRow, Grip] | NotYet:
            drawn = row.bucket.resumed(pause).draw_for_baton(most, now)
            if isinstance(drawn, NotYet) or row.lease != grip.lease:
                return NotYet(timedelta())
            bucket, draw = drawn
            return ShardRow(bucket, grip.lease), Grip(grip.lease, draw, bucket)

        return await self._change_soon(shard, change)

    async def release(self, shard: Shard, grip: Grip, unused: int) -> None:
        """Give back a lease, if it still is this one, and the tokens that were not used."""

        def change(row: ShardRow, now: datetime) -> ShardRow:
            lease = None if row.lease == grip.lease else row.lease
            return ShardRow(row.bucket.give_back(grip.draw, unused, now), lease)

        # A lease that is not given back lapses, and tokens come back by themselves.
        with suppress(Exception):
            await self._put_back(shard, change)

    async def shards_of(self, subscription_id: str) -> list[Shard]:
        """Name the shards of a subscription that have been drawn from, in order."""
        start, end = f"{subscription_id}|", f"{subscription_id}}}"
        rows = self.table.rows(self.partition, after=start, before=end, only=("refilledAt",))
        return [Shard(subscription_id, row.key.removeprefix(start)) async for row in rows]

    async def holder(self, shard: Shard) -> Lease | None:
        """Tell who works on the shard now."""
        row, reading = await self._read(shard.key)
        return row.holder(reading.at)

    async def _read(self, key: str) -> tuple[ShardRow, Reading]:
        reading = await self.table.get(self.partition, key)
        self._last[key] = found = ShardRow.of(self.pace, reading), reading
        return found

    async def _put_back(self, shard: Shard, change: Change[ShardRow]) -> None:
        """Change the row; without reading it, where nobody has since this worker knew it last.

        It counts as of then: nobody has drawn since, and the time since then refills at the next.
        """
        key, tried = shard.key, list[ShardRow]()

        def changed(row: ShardRow, now: datetime) -> tuple[ShardRow, None] | NotYet:
            # The SDK asks again where an answer is lost, and is refused by what it has written.
            if row in tried:
                return NotYet(timedelta())
            tried.append(change(row, now))
            return tried[-1], None

        async with self._turns[key]:
            if last := self._last.pop(key, None):
                row, reading = last
                tried.append(change(row, reading.at))
                if await self._write(key, reading, tried[-1]):
                    return
        _ = await self._change(shard, changed)

    async def _change_soon[T, R](
        self, shard: Shard, change: Change[tuple[ShardRow, T] | R]
    ) -> T | R | NotYet:
        """Change the row; or say when to come back, where too many others do."""
        try:
            return await self._change(shard, change)
        except TooManyConflicts:
            return NotYet(AGAIN_AFTER_CONFLICTS)

    async def _change[T, R](self, shard: Shard, change: Change[tuple[ShardRow, T] | R]) -> T | R:
        """Change the row from what it says now; again from the start where somebody was first.

        Gives what the change gives beside the row, or instead of it.
        """
        key = shard.key
        async with self._turns[key]:
            for _ in range(CONFLICTS_BORNE):
                row, reading = await self._read(key)
                changed = change(row, reading.at)
                if not isinstance(changed, tuple):
                    return changed
                if await self._write(key, reading, changed[0]):
                    return changed[1]
                await self.clock.sleep(self.jitter() * LONGEST_CONFLICT_WAIT)
        raise TooManyConflicts(key)

    async def _write(self, key: str, reading: Reading, row: ShardRow) -> bool:
        values = row.to_values()
        if reading.row is None:
            written = await self.table.insert(self.partition, key, values)
        else:
            written = await self.table.replace(reading.row, values)
        if written:
            self._last[key] = row, Reading(written, row.bucket.refilled_at)
        return written is not None
