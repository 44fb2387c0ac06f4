"""The shards of a subscription that has been listed: a row and a baton for each."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.fleet.pace import Pace, beginnings
from shared.domain.fleet.run import Run
from shared.domain.fleet.run_records import SubscriptionRecord
from shared.domain.fleet.run_work import Baton
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.vocabulary.reasons import Reason
from shared.ports.storage import Queue
from shared.reconcile.cluster.look import CALLS_OF_AN_ATTEMPT
from shared.reconcile.fleet.close import RunCloser, shards_of
from shared.reconcile.fleet.store import RunStore


class ShardHandout(Struct, frozen=True):
    """Hands out shards; one whose baton is lost gets another from the minder."""

    store: RunStore
    batons: Queue[Baton]
    closer: RunCloser
    pace: Pace
    dry_run: bool = False

    def only_looks(self, run: Run) -> bool:
        """Say whether a run stops before it writes, by its scope or by the settings."""
        return self.dry_run or run.scope.dry_run

    def shards(self, run: Run, record: SubscriptionRecord, now: datetime) -> list[ShardRecord]:
        """Give the row of each shard of a subscription that has been listed."""
        calls = [CALLS_OF_AN_ATTEMPT * clusters for clusters in record.shards.values()]
        waits = beginnings(self.pace, calls)
        return [
            ShardRecord(
                run.id,
                Shard(record.subscription_id, location),
                run.cause,
                dry_run=self.only_looks(run),
                known=clusters,
                pending=clusters,
                listing=record.listing,
                due_at=now + delay,
                policy_hash=run.policy_hash,
                progressed_at=now,
                updates=run.updates is not None,
            )
            for (location, clusters), delay in zip(record.shards.items(), waits, strict=True)
        ]

    async def at_work(self, run_id: str, shards: Iterable[Shard], now: datetime) -> list[Shard]:
        """Name those of some shards that another run is at work on."""
        found = [(shard, await self.store.shard(run_id, shard)) for shard in shards]
        return [shard for shard, stored in found if stored and stored.record.is_at_work(now)]

    async def take_over(self, run_id: str, shards: Iterable[ShardRecord]) -> None:
        """End the part of another run in shards that it is stuck on."""
        for shard in shards:
            stored = await self.store.shard(run_id, shard.shard)
            if stored and not stored.record.finished:
                left = stored.record.left(Reason.LEFT_TO_ANOTHER_RUN)
                await self.store.settle(stored, left, {})
        await self.closer.close_if_last(run_id)

    async def hand_out(self, run: Run, shards: Sequence[ShardRecord], now: datetime) -> None:
        """Send the first baton of each shard; close the run if it has none."""
        for shard in shards:
            delay = shard.due_at - now if shard.due_at else timedelta()
            await self.batons.send(shard.baton, max(delay, timedelta()))
        if not shards:
            await self.closer.close_if_last(run.id)

    async def hand_out_again(self, run: Run, record: SubscriptionRecord, now: datetime) -> None:
        """Send the first batons of a subscription that may have got none; one too many is dropped.

        Shards that have gone on since need none.
        """
        found = [await self.store.shard(run.id, shard) for shard in shards_of([record])]
        begun = [stored.record for stored in found if stored]
        first = [shard for shard in begun if shard.generation == 1 and not shard.finished]
        if first or not begun:
            await self.hand_out(run, first, now)
