"""One look at a cluster and its maintenance configurations, for whoever only wants to see them.

One cluster's maintenance configurations as ARM has them, and its node OS schedule among them.
"""

from dataclasses import dataclass

from shared.domain.deciding.observed import ObservedCluster, ObservedConfiguration, node_os_schedule
from shared.domain.fleet.shard import Shard
from shared.domain.vocabulary.ids import ClusterId
from shared.ports.azure import Aks, Retry
from shared.reconcile.ground.pacer import ShardPacer

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


@dataclass(frozen=True, slots=True)
class ScheduleViewer:
    """Answers `GET .../schedule` and `GET .../maintenance-configurations`; raises `AzureError`."""

    aks: Aks
    retry: Retry
    pacer: ShardPacer

    async def all(self, cluster_id: ClusterId) -> tuple[ObservedConfiguration, ...]:
        """Give every maintenance configuration of the cluster."""
        seen = await see_cluster(self.aks, self.retry, self.pacer, cluster_id)
        return seen.configurations

    async def schedule(self, cluster_id: ClusterId) -> ObservedConfiguration | None:
        """Give the node OS schedule; None if there is none."""
        return node_os_schedule(await self.all(cluster_id))
