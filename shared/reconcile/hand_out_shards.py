"""The shards of a subscription that has been listed: a row and a baton for each."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.pace import Pace, beginnings
from shared.domain.run import Run
from shared.domain.run_records import SubscriptionRecord
from shared.domain.shard import Shard
from shared.domain.shard_records import ShardRecord
from shared.reconcile.close_run import RunCloser
from shared.reconcile.ports import BatonQueue
from shared.reconcile.reconcile_cluster import CALLS_OF_AN_ATTEMPT
from shared.reconcile.run_store import RunStore


@dataclass(frozen=True, slots=True)
class ShardHandout:
    """Hands out shards; one that has its row has its baton, or gets another from the minder."""

    store: RunStore
    batons: BatonQueue
    closer: RunCloser
    pace: Pace
    dry_run: bool = False

    def only_looks(self, run: Run) -> bool:
        """Say whether a run stops before it writes, by its scope or by the settings."""
        return self.dry_run or run.scope.dry_run

    async def hand_out(self, run: Run, record: SubscriptionRecord, now: datetime) -> None:
        """Write the row of each shard, and send the baton where there was none; close if none."""
        calls = [CALLS_OF_AN_ATTEMPT * clusters for clusters in record.shards.values()]
        waits = beginnings(self.pace, calls)
        for (location, clusters), delay in zip(record.shards.items(), waits, strict=True):
            shard = Shard(record.subscription_id, location)
            row = ShardRecord(
                run.id,
                shard,
                run.cause,
                dry_run=self.only_looks(run),
                known=clusters,
                pending=clusters,
                due_at=now + delay,
            )
            if await self.store.insert_shard(row):
                await self.batons.send(row.baton, delay)
        if not record.shards:
            await self.closer.close_if_last(run.id)
