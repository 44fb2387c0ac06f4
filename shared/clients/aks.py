"""AKS through its SDK: each call one attempt, each bounded in time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from azure.core import AzureClouds
from azure.mgmt.containerservice.aio import ContainerServiceClient
from azure.mgmt.containerservice.models import MaintenanceConfiguration
from azure.mgmt.core.tools import get_arm_endpoints

from shared.clients.clock import Clock
from shared.clients.errors import translated
from shared.clients.transport import new_session, single_attempt, transport_over
from shared.domain.cluster_id import ClusterId
from shared.domain.observed import (
    NODE_OS_SCHEDULE,
    Listing,
    ObservedCluster,
    ObservedConfiguration,
    observe_cluster,
    observe_configuration,
)
from shared.domain.window import MaintenanceWindow
from shared.settings import PUBLIC_ARM

if TYPE_CHECKING:
    import aiohttp
    from azure.core.pipeline import PipelineResponse
    from azure.core.rest import AsyncHttpResponse, HttpRequest
    from azure.mgmt.containerservice.models import ManagedCluster

    from shared.clients.credential import Credential

    type Response = PipelineResponse[HttpRequest, AsyncHttpResponse]

CONNECT_SECONDS = 5
READ_SECONDS = 20


def scopes_of(endpoint: str) -> list[str]:
    """Give the scopes of the tokens for an end point; the public cloud's for one of no cloud.

    With `base_url` alone the SDK would ask every cloud for a token of the public one: it takes the
    scopes from its cloud setting (azure-mgmt-containerservice 41.8.0, _client.py).
    """
    clouds = [get_arm_endpoints(cloud) for cloud in AzureClouds]
    known = {cloud["resource_manager"].rstrip("/"): cloud["credential_scopes"] for cloud in clouds}
    return list(known.get(endpoint.lower(), known[PUBLIC_ARM]))


class AksClient:
    """ARM's AKS provider, with one SDK client per subscription, kept for the worker's life."""

    def __init__(
        self, credential: "Credential", endpoint: str, clock: Clock, timeout: timedelta
    ) -> None:
        """Take an https end point without a trailing slash; `timeout` bounds each call whole."""
        self._credential = credential
        self._endpoint = endpoint
        self._clock = clock
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._clients: dict[str, ContainerServiceClient] = {}

    async def get_cluster(self, cluster_id: ClusterId) -> ObservedCluster:
        """Read one cluster."""
        client = self._client(cluster_id.subscription_id)
        return await self._bounded(
            lambda: self._get_cluster(client, cluster_id),
        )

    async def _get_cluster(
        self, client: ContainerServiceClient, cluster_id: ClusterId
    ) -> ObservedCluster:
        cluster = await client.managed_clusters.get(cluster_id.resource_group, cluster_id.name)
        return observe_cluster({**cluster.as_dict(), "id": str(cluster_id)})

    async def list_clusters(
        self, subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[Sequence[ObservedCluster]]:
        """Yield the clusters of a subscription, or of one resource group, page by page."""
        clusters = self._client(subscription_id).managed_clusters
        listed = clusters.list_by_resource_group(resource_group) if resource_group else None
        pages = (listed or clusters.list()).by_page()
        while True:
            page = await self._bounded(lambda: _next_page(pages))
            if page is None:
                return
            yield page

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations, following the pages."""
        client = self._client(cluster_id.subscription_id)
        return await self._bounded(lambda: self._list(client, cluster_id))

    async def _list(self, client: ContainerServiceClient, cluster_id: ClusterId) -> Listing:
        answered: list[datetime | None] = []
        pages = client.maintenance_configurations.list_by_managed_cluster(
            cluster_id.resource_group,
            cluster_id.name,
            raw_response_hook=lambda response: answered.append(_date(response)),
        )
        found = tuple([observe_configuration(page.as_dict()) async for page in pages])
        return Listing(found, answered[-1] if answered else None)

    async def put_node_os_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow
    ) -> ObservedConfiguration:
        """Create or replace the node OS schedule."""
        client = self._client(cluster_id.subscription_id)
        return await self._bounded(lambda: self._put(client, cluster_id, window), writing=True)

    async def _put(
        self, client: ContainerServiceClient, cluster_id: ClusterId, window: MaintenanceWindow
    ) -> ObservedConfiguration:
        body = MaintenanceConfiguration({"properties": {"maintenanceWindow": window.to_arm()}})
        accepted = await client.maintenance_configurations.create_or_update(
            cluster_id.resource_group, cluster_id.name, NODE_OS_SCHEDULE, body
        )
        return observe_configuration(accepted.as_dict())

    async def _bounded[T](self, call: Callable[[], Awaitable[T]], *, writing: bool = False) -> T:
        """Bound the whole call: the transport's read time-out counts from the last byte only."""
        with translated(self._clock.now(), writing=writing):
            async with asyncio.timeout(self._timeout.total_seconds()):
                return await call()

    def _client(self, subscription_id: str) -> ContainerServiceClient:
        known = self._clients.get(subscription_id)
        if known is None:
            known = self._clients[subscription_id] = self._new_client(subscription_id)
        return known

    def _new_client(self, subscription_id: str) -> ContainerServiceClient:
        return ContainerServiceClient(
            self._credential,
            subscription_id,
            self._endpoint,
            credential_scopes=scopes_of(self._endpoint),
            transport=transport_over(self._open_session()),
            retry_total=0,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            user_agent="naptime",
        )

    def _open_session(self) -> "aiohttp.ClientSession":
        """Give the one pool of connections that the clients of all subscriptions share."""
        if self._session is None:
            self._session = new_session(single_attempt)
        return self._session

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.close()
        if self._session is not None:
            await self._session.close()


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
