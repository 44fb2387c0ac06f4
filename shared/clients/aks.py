"""AKS through its SDK: each call one attempt, each bounded in time."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from azure.mgmt.containerservice.models import MaintenanceConfiguration

from shared.clients.arm import ArmClients
from shared.domain.cluster_id import ClusterId
from shared.domain.errors import (
    AccessDenied,
    AzureUnavailable,
    DeleteNotGranted,
    InvalidResourceId,
)
from shared.domain.observed import (
    NODE_OS_SCHEDULE,
    ClusterPage,
    Listing,
    ObservedCluster,
    ObservedConfiguration,
    UnreadableCluster,
    observe_cluster,
    observe_configuration,
    observe_unreadable,
)
from shared.domain.window import MaintenanceWindow
from shared.telemetry import log_left_out

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
    ) -> AsyncIterator[ClusterPage]:
        """Yield the clusters of a subscription, or of one resource group, page by page."""
        clusters = self._arm.of(subscription_id).managed_clusters
        hook = never_twice()
        if resource_group:
            listed = clusters.list_by_resource_group(resource_group, raw_response_hook=hook)
        else:
            listed = clusters.list(raw_response_hook=hook)
        pages = listed.by_page()
        while True:
            page = await self._arm.bounded(lambda: _next_page(subscription_id, pages))
            if page is None:
                return
            yield page

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations, following the pages."""
        client = self._arm.of(cluster_id.subscription_id)
        return await self._arm.bounded(lambda: self._list(client, cluster_id))

    async def _list(self, client: "ContainerServiceClient", cluster_id: ClusterId) -> Listing:
        answered: list[datetime | None] = []
        check = never_twice()

        def note(response: "Response") -> None:
            check(response)
            answered.append(_date(response))

        pages = client.maintenance_configurations.list_by_managed_cluster(
            cluster_id.resource_group, cluster_id.name, raw_response_hook=note
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


def never_twice() -> "Callable[[Response], None]":
    """Make a hook for all the pages of one listing, which refuses to go in circles.

    The SDK follows every `nextLink`, also one that leads back to a page that it has read, and
    would ask for it as fast as it is answered, for ever.
    """
    asked = set[str]()

    def check(response: "Response") -> None:
        url = response.http_request.url
        if url in asked:
            raise AzureUnavailable("The pages of a listing lead back to one that was read before.")
        asked.add(url)

    return check


async def _next_page(
    subscription_id: str,
    pages: "AsyncIterator[AsyncIterator[ManagedCluster]]",
) -> ClusterPage | None:
    """Read a page of clusters; None after the last.

    The name of a resource group may have letters of any alphabet (learn.microsoft.com,
    resource-name-rules, Microsoft.Resources). One such must not hold up all the others of its
    subscription.
    """
    page = await anext(pages, None)
    if page is None:
        return None
    clusters: list[ObservedCluster] = []
    unreadable: list[UnreadableCluster] = []
    async for cluster in page:
        body = cluster.as_dict()
        try:
            clusters.append(observe_cluster(body))
        except InvalidResourceId as error:
            unreadable.append(observe_unreadable(body))
            if unreadable[-1].auto_provisioning:
                log_left_out(subscription_id, error)
    return ClusterPage(clusters, unreadable)


def _date(response: "Response") -> datetime | None:
    """Read ARM's own time from an answer, in UTC; whole seconds, so up to one second early."""
    try:
        return parsedate_to_datetime(response.http_response.headers.get("Date", ""))
    except ValueError:
        return None
