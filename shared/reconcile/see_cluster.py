"""One look at a cluster and its maintenance configurations, for whoever only wants to see them."""

from dataclasses import dataclass

from shared.domain.cluster_id import ClusterId
from shared.domain.observed import ObservedCluster, ObservedConfiguration
from shared.domain.shard import Shard
from shared.reconcile.keep_pace import ShardPacer
from shared.reconcile.ports import Aks, Retry

SPARED = 10
"""Tokens that a look leaves: who watches a page every second must not hold up who protects."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at ARM saw."""

    cluster: ObservedCluster
    configurations: tuple[ObservedConfiguration, ...]


async def see_cluster(aks: Aks, retry: Retry, pacer: ShardPacer, cluster_id: ClusterId) -> Seen:
    """Read a cluster and its configurations at the shard's pace; raises `AzureError`."""

    async def attempt() -> Seen:
        cluster = await aks.get_cluster(cluster_id)
        async with pacer.spending(Shard.of(cluster), 1, sparing=SPARED) as spending:
            spending.used = 1
            listing = await aks.list_configurations(cluster_id)
        return Seen(cluster, listing.configurations)

    return await retry(attempt)
