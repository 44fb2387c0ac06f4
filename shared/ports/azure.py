"""What the use cases need of time and of Azure; `shared/clients` has it, tests have fakes of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ClusterPage,
    Listing,
    ObservedCluster,
    ObservedConfiguration,
)
from shared.domain.images.machines import ImagePool, MachinePage
from shared.domain.images.node_image import NodeImage
from shared.domain.vocabulary.cloud_event import CloudEvent
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.window import MaintenanceWindow


class Clock(Protocol):
    """Now, and waiting for later."""

    def now(self) -> datetime:
        """Give the current instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Retry(Protocol):
    """Tries again what is worth trying again at once; the last real error comes out."""

    async def __call__[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run the attempt until it succeeds, cannot succeed, or about a minute has passed."""
        ...


class Aks(Protocol):
    """The calls to ARM. Each is one attempt; each raises `AzureError` and nothing else."""

    async def get_cluster(self, cluster_id: ClusterId) -> ObservedCluster:
        """Read one cluster; `ClusterGone` where there is none."""
        ...

    def list_clusters(
        self, subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[ClusterPage]:
        """Yield the clusters of a subscription, or of one resource group, page by page."""
        ...

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations; `ClusterGone` where there is no cluster."""
        ...

    async def put_node_os_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow, name: str = NODE_OS_SCHEDULE
    ) -> ObservedConfiguration:
        """Create or replace the node OS schedule, and give the body that ARM accepted.

        The `name` of one that is there is its own, in the casing that ARM has.
        """
        ...

    async def put_auto_upgrade_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow
    ) -> ObservedConfiguration:
        """Create the schedule of Kubernetes upgrades, and give the body that ARM accepted."""
        ...

    async def delete_node_os_schedule(
        self, cluster_id: ClusterId, name: str = NODE_OS_SCHEDULE
    ) -> None:
        """Delete the node OS schedule, if it is there; `DeleteNotGranted` where that is a 403."""
        ...


class NodeImages(Protocol):
    """What ARM tells of node images. Each is one attempt; each raises `AzureError` only."""

    async def list_node_images(self, subscription_id: str, location: str) -> list[NodeImage]:
        """List the images of a location (short name); stale ones may be beside the newest."""
        ...

    async def image_pools(self, cluster_id: ClusterId) -> Sequence[ImagePool]:
        """Read a cluster's agent pools, one for each image family."""
        ...

    async def newest_of_pool(self, cluster_id: ClusterId, pool: str) -> NodeImage | None:
        """Read the newest image that a pool could be upgraded to; None where it is unknown."""
        ...


class NapMachines(Protocol):
    """The listing of the machines that NAP made; each call is one attempt, as with `Aks`."""

    async def page(self, subscriptions: Sequence[str], page: str) -> MachinePage:
        """Read a page of the machines of up to 1,000 subscriptions; "" is the first."""
        ...


class Topic(Protocol):
    """The custom topic that naptime publishes to."""

    async def publish(self, events: Sequence[CloudEvent]) -> None:
        """Publish all of them or none; raises `AzureError`."""
        ...
