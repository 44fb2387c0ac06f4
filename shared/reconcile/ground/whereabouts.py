"""Where a cluster probably is, so that its calls are drawn for before it is read."""

from dataclasses import dataclass

from shared.domain.fleet.shard import Shard
from shared.domain.vocabulary.ids import ClusterId, plain_location
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.pacer import ShardPacer


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Tells a cluster's shard by what is remembered of it, or by where others are."""

    memory: ClusterMemory
    pacer: ShardPacer

    async def shard_of(self, cluster_id: ClusterId, attempt: int) -> Shard | None:
        """Give the shard that a cluster was in, or one of its subscription's; None: there is none.

        A guess is another one at each attempt, so that a crowd in one location holds up those of
        another for no more than a few.
        """
        known = await self.memory.recall(cluster_id)
        if known and known.location:
            return Shard(cluster_id.subscription_id, plain_location(known.location))
        shards = await self.pacer.shards_of(cluster_id.subscription_id)
        return shards[(int(cluster_id.hash[:8], 16) + attempt) % len(shards)] if shards else None
