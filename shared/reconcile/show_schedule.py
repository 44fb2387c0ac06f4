"""One cluster's maintenance configurations as ARM has them, and its node OS schedule among them."""

from dataclasses import dataclass

from shared.domain.cluster_id import ClusterId
from shared.domain.observed import ObservedConfiguration, node_os_schedule
from shared.reconcile.keep_pace import ShardPacer
from shared.reconcile.ports import Aks, Retry
from shared.reconcile.see_cluster import see_cluster


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
