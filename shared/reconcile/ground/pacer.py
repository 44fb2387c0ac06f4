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

from shared.domain.errors import Paced
from shared.domain.fleet.pace import Bucket, Draw, NotYet, Pace
from shared.domain.fleet.shard import Grip, HeldBy, Lease, Shard, ShardRow
from shared.domain.vocabulary.rows import Reading, Row
from shared.ports.azure import Clock
from shared.ports.storage import Table

SHARDS_TABLE = "naptimeshards"
SHARDS_PARTITION = "shard"

LEASE_LASTS = timedelta(seconds=60)
"""Longer than a holder works; one that dies holds its shard up for no more than this."""

WORTH_WAITING_INSIDE = timedelta(seconds=3)
CONFLICTS_BORNE = 12
type _Taken = tuple[Lease, Draw, Bucket]
LONGEST_CONFLICT_WAIT = 0.2
AGAIN_AFTER_CONFLICTS = timedelta(seconds=2)


class Spending(Struct):
    """Tokens in hand; `used` is what they were spent on."""

    draw: Draw
    used: int = 0


class TooManyConflicts(Paced):
    """A row was changed by others each time: too many want it at once; worth asking again soon."""

    def __init__(self, what: str) -> None:
        """Take the row's key, or whatever else was wanted."""
        super().__init__(f"Too many want {what} at once.", retry_after=AGAIN_AFTER_CONFLICTS)


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

        drawn: tuple[Draw, Row] | NotYet = await self._change(shard, change)
        return drawn[0] if isinstance(drawn, tuple) else drawn

    async def give_back(self, shard: Shard, draw: Draw, unused: int) -> None:
        """Give unused tokens back."""
        if unused <= 0:
            return

        def change(row: ShardRow, now: datetime) -> ShardRow:
            return replace(row, bucket=row.bucket.give_back(draw, unused, now))

        await self._set(shard, change)

    async def pause(self, shard: Shard, wait: timedelta | None) -> datetime | None:
        """Let nobody call for that shard for as long as a 429 asks for; gives until when."""

        def change(row: ShardRow, now: datetime) -> tuple[ShardRow, datetime | None] | NotYet:
            bucket = row.bucket.paused(wait, now)
            return replace(row, bucket=bucket), bucket.paused_until

        paused: tuple[datetime | None, Row] | NotYet = await self._change(shard, change)
        return paused[0] if isinstance(paused, tuple) else None

    async def paused(self, shard: Shard) -> timedelta:
        """Say for how long nobody may call for that shard."""
        row, reading = await self._read(shard.key)
        until = row.bucket.paused_until or reading.at
        return max(until - reading.at, timedelta())

    async def grip(
        self, shard: Shard, run_id: str, generation: int, most: int
    ) -> Grip | HeldBy | NotYet:
        """Take the shard's lease with up to `most` tokens, two at least unless none are wanted."""

        def change(row: ShardRow, now: datetime) -> tuple[ShardRow, _Taken] | HeldBy | NotYet:
            if holder := row.holder(now):
                return HeldBy(holder, holder.until - now)
            drawn = row.bucket.draw_for_baton(most, now)
            if isinstance(drawn, NotYet):
                return drawn
            bucket, draw = drawn
            lease = Lease(run_id, generation, now + LEASE_LASTS)
            return ShardRow(bucket, lease), (lease, draw, bucket)

        try:
            gripped: tuple[_Taken, Row] | HeldBy | NotYet = await self._change(shard, change)
        except TooManyConflicts:
            return NotYet(AGAIN_AFTER_CONFLICTS)
        return Grip(*gripped[0], gripped[1]) if isinstance(gripped, tuple) else gripped

    async def renew(
        self, shard: Shard, grip: Grip, most: int, pause: datetime | None
    ) -> Grip | NotYet:
        """Draw again for the holder of a lease, who has waited for the end of its own pause."""

        def change(row: ShardRow, now: datetime) -> tuple[ShardRow, _Taken] | NotYet:
            drawn = row.bucket.resumed(pause).draw_for_baton(most, now)
            if isinstance(drawn, NotYet) or row.lease != grip.lease:
                return NotYet(timedelta())
            return ShardRow(drawn[0], grip.lease), (grip.lease, drawn[1], drawn[0])

        drawn: tuple[_Taken, Row] | NotYet = await self._change(shard, change)
        return Grip(*drawn[0], drawn[1]) if isinstance(drawn, tuple) else drawn

    async def release(self, shard: Shard, grip: Grip, unused: int) -> None:
        """Give back a lease, if it still is this one, and the tokens that were not used.

        Where nobody has changed the row since, they were never drawn, and no reading is needed.
        """
        never_drawn = grip.bucket.give_back(grip.draw, unused, grip.draw.at)
        if await self.table.replace(grip.row, ShardRow(never_drawn).to_values()):
            return

        def change(row: ShardRow, now: datetime) -> ShardRow:
            lease = None if row.lease == grip.lease else row.lease
            return ShardRow(row.bucket.give_back(grip.draw, unused, now), lease)

        # A lease that is not given back lapses, and tokens come back by themselves.
        with suppress(TooManyConflicts):
            await self._set(shard, change)

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
        return ShardRow.of(self.pace, reading), reading

    async def _set(self, shard: Shard, change: Callable[[ShardRow, datetime], ShardRow]) -> None:
        def changed(row: ShardRow, now: datetime) -> tuple[ShardRow, None] | NotYet:
            return change(row, now), None

        _ = await self._change(shard, changed)

    async def _change[T, R](
        self,
        shard: Shard,
        change: Callable[[ShardRow, datetime], tuple[ShardRow, T] | R],
    ) -> tuple[T, Row] | R:
        """Change the row from what it says now; again from the start where somebody was first.

        Gives what the change gives, and with it the row as it was written if there was one.
        """
        key = shard.key
        async with self._turns[key]:
            for _ in range(CONFLICTS_BORNE):
                row, reading = await self._read(key)
                changed = change(row, reading.at)
                if not isinstance(changed, tuple):
                    return changed
                new, result = changed
                if written := await self._write(key, reading, new):
                    return result, written
                await self.clock.sleep(self.jitter() * LONGEST_CONFLICT_WAIT)
        raise TooManyConflicts(key)

    async def _write(self, key: str, reading: Reading, row: ShardRow) -> Row | None:
        values = row.to_values()
        if reading.row is None:
            return await self.table.insert(self.partition, key, values)
        return await self.table.replace(reading.row, values)
