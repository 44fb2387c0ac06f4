"""AKS through its SDK: each call one attempt, each bounded in time."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from azure.mgmt.containerservice.models import MaintenanceConfiguration

from shared.clients.arm import ArmClients
from shared.domain.cluster_id import ClusterId
from shared.domain.errors import AccessDenied, DeleteNotGranted
from shared.domain.observed import (
    NODE_OS_SCHEDULE,
    Listing,
    ObservedCluster,
    ObservedConfiguration,
    observe_cluster,
    observe_configuration,
)
from shared.domain.window import MaintenanceWindow

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.core.rest import AsyncHttpResponse, HttpRequest
    from azure.mgmt.containerservice.aio import ContainerServiceClient
    from azure.mgmt.containerservice.models import ManagedCluster

    type Response = PipelineResponse[HttpRequest, AsyncHttpResponse]


class AksClient:
    """ARM's AKS provider."""

    def __init__(self, arm: ArmClients) -> None:
        """Take the clients of every subscription."""
        self._arm = arm

    async def get_cluster(self, cluster_id: ClusterId) -> ObservedCluster:
        """Read one cluster."""
        client = self._arm.of(cluster_id.subscription_id)
        return await self._arm.bounded(
            lambda: self._get_cluster(client, cluster_id),
        )

    async def _get_cluster(
        self, client: "ContainerServiceClient", cluster_id: ClusterId
    ) -> ObservedCluster:
        cluster = await client.managed_clusters.get(cluster_id.resource_group, cluster_id.name)
        return observe_cluster({**cluster.as_dict(), "id": str(cluster_id)})

    async def list_clusters(
        self, subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[Sequence[ObservedCluster]]:
        """Yield the clusters of a subscription, or of one resource group, page by page."""
        clusters = self._arm.of(subscription_id).managed_clusters
        listed = clusters.list_by_resource_group(resource_group) if resource_group else None
        pages = (listed or clusters.list()).by_page()
        while True:
            page = await self._arm.bounded(lambda: _next_page(pages))
            if page is None:
                return
            yield page

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations, following the pages."""
        client = self._arm.of(cluster_id.subscription_id)
        return await self._arm.bounded(lambda: self._list(client, cluster_id))

    async def _list(self, client: "ContainerServiceClient", cluster_id: ClusterId) -> Listing:
        answered: list[datetime | None] = []
        pages = client.maintenance_configurations.list_by_managed_cluster(
            cluster_id.resource_group,
            cluster_id.name,
            raw_response_hook=lambda response: answered.append(_date(response)),
        )
        found = tuple([observe_configuration(page.as_dict()) async for page in pages])
        return Listing(found, answered[-1] if answered else None)

    async def put_node_os_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow, name: str = NODE_OS_SCHEDULE
    ) -> ObservedConfiguration:
        """Create or replace the node OS schedule, under a name of any casing."""
        configurations = self._arm.of(cluster_id.subscription_id).maintenance_configurations
        body = MaintenanceConfiguration({"properties": {"maintenanceWindow": window.to_arm()}})
        accepted = await self._arm.bounded(
            lambda: configurations.create_or_update(
                cluster_id.resource_group, cluster_id.name, only_ours(name), body
            ),
            writing=True,
        )
        return observe_configuration(accepted.as_dict())

    async def delete_node_os_schedule(
        self, cluster_id: ClusterId, name: str = NODE_OS_SCHEDULE
    ) -> None:
        """Delete the node OS schedule, under a name of any casing."""
        configurations = self._arm.of(cluster_id.subscription_id).maintenance_configurations
        try:
            await self._arm.bounded(
                lambda: configurations.delete(
                    cluster_id.resource_group, cluster_id.name, only_ours(name)
                ),
                writing=True,
            )
        except AccessDenied as error:
            raise DeleteNotGranted(error.message, status=error.status, code=error.code) from error


def only_ours(name: str) -> str:
    """Give the name of a node OS schedule; its siblings are never written to."""
    if not ObservedConfiguration(name, {}).is_node_os_schedule:
        raise ValueError(f"{name!r} is not the node OS schedule")
    return name


async def _next_page(
    pages: "AsyncIterator[AsyncIterator[ManagedCluster]]",
) -> Sequence[ObservedCluster] | None:
    page = await anext(pages, None)
    if page is None:
        return None
    return [observe_cluster(cluster.as_dict()) async for cluster in page]


def _date(response: "Response") -> datetime | None:
    """Read ARM's own time from an answer, in UTC; whole seconds, so up to one second early."""
    try:
        return parsedate_to_datetime(response.http_response.headers.get("Date", ""))
    except ValueError:
        return None
