"""The maintenance configurations of one cluster, as ARM has them now."""

from msgspec import Struct

from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.cluster.look import Looker


class ScheduleViewer(Struct, frozen=True):
    """Answers `GET .../schedule` and `GET .../maintenance-configurations`; raises `AzureError`."""

    looker: Looker

    async def all(self, cluster_id: ClusterId) -> tuple[ObservedConfiguration, ...]:
        """Give every maintenance configuration of the cluster."""
        return (await self.looker.see(cluster_id)).configurations

    async def schedule(self, cluster_id: ClusterId) -> ObservedConfiguration | None:
        """Give the node OS schedule; None if there is none."""
        return (await self.looker.see(cluster_id)).observed
