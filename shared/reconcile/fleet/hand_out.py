"""The shards of a subscription that has been listed: a row and a baton for each.

All batons but one go to the queue: whoever has listed the subscription goes on with that one.
"""

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

    async def hand_out(
        self, run: Run, shards: Sequence[ShardRecord], now: datetime
    ) -> Baton | None:
        """Send the first baton of each shard but one, whose baton is for whoever has listed them.

        Without any, the run is closed if nothing else is left of it.
        """
        own = _longest([shard for shard in shards if not _delay(shard, now)])
        await self._send([shard for shard in shards if shard is not own], now)
        if not shards:
            await self.closer.close_if_last(run.id)
        return own.baton if own else None

    async def hand_out_again(
        self, run: Run, record: SubscriptionRecord, now: datetime, beside: str
    ) -> None:
        """Send the first batons of a subscription that may have got none; one too many is dropped.

        All of them: a shard that its lister failed on fails on a baton of its own from then on.
        Shards that have gone on since need none; if all have ended, so may the run. `beside` is a
        run that may not have been taken over from, or empty.
        """
        found = [await self.store.shard(run.id, shard) for shard in shards_of([record])]
        begun = [stored.record for stored in found if stored]
        await self._send(
            [each for each in begun if each.generation == 1 and not each.finished], now
        )
        if beside:
            await self.take_over(beside, begun)
        await self.closer.close_if_last(run.id)

    async def _send(self, shards: Iterable[ShardRecord], now: datetime) -> None:
        for shard in shards:
            await self.batons.send(shard.baton, _delay(shard, now))


def _delay(shard: ShardRecord, now: datetime) -> timedelta:
    return max(shard.due_at - now, timedelta()) if shard.due_at else timedelta()


def _longest(shards: Iterable[ShardRecord]) -> ShardRecord | None:
    """Give the one with the most clusters: a run lasts as long as its largest shard."""
    return max(shards, key=lambda shard: shard.pending, default=None)
