"""AKS through its SDK: each call one attempt, each bounded in time."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from azure.mgmt.containerservice.models import MaintenanceConfiguration

from shared.clients.arm import ArmClients, is_same_place
from shared.domain.deciding.observed import (
    AUTO_UPGRADE_SCHEDULE,
    NODE_OS_SCHEDULE,
    ClusterPage,
    Listing,
    ObservedCluster,
    ObservedConfiguration,
    UnreadableCluster,
    is_node_os_schedule,
    observe_cluster,
    observe_configuration,
    observe_unreadable,
)
from shared.domain.errors import (
    AccessDenied,
    AzureUnavailable,
    ClusterGone,
    DeleteNotGranted,
    Rejected,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidResourceId
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.telemetry.lines import CLUSTER_LEFT_OUT

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.core.rest import AsyncHttpResponse, HttpRequest
    from azure.mgmt.containerservice.aio import ContainerServiceClient
    from azure.mgmt.containerservice.models import ManagedCluster

    type Response = PipelineResponse[HttpRequest, AsyncHttpResponse]


OK = 200
WITH_A_RESOURCE = frozenset({OK, 201})


class AksClient:
    """ARM's AKS provider."""

    def __init__(self, arm: ArmClients) -> None:
        """Take the clients of every subscription."""
        self._arm = arm

    async def get_cluster(self, cluster_id: ClusterId) -> ObservedCluster:
        client = self._arm.of(cluster_id.subscription_id)
        return await self._arm.bounded(
            lambda: self._get_cluster(client, cluster_id),
        )

    async def _get_cluster(
        self, client: "ContainerServiceClient", cluster_id: ClusterId
    ) -> ObservedCluster:
        cluster = await client.managed_clusters.get(
            cluster_id.resource_group, cluster_id.name, raw_response_hook=only_objects
        )
        return observe_cluster({**cluster.as_dict(), "id": str(cluster_id)})

    async def list_clusters(
        self, subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[ClusterPage]:
        """Yield the clusters of a subscription, or of one resource group, page by page.

        Raises Rejected where ARM does not know the subscription or the group.
        """
        clusters = self._arm.of(subscription_id).managed_clusters
        hook = whole_pages()
        if resource_group:
            listed = clusters.list_by_resource_group(resource_group, raw_response_hook=hook)
        else:
            listed = clusters.list(raw_response_hook=hook)
        pages = listed.by_page()
        while True:
            try:
                page = await self._arm.bounded(lambda: _next_page(subscription_id, pages))
            except ClusterGone as error:
                # No cluster: what was asked for. It is not there, or not to be seen by naptime.
                raise Rejected(error.message, status=error.status, code=error.code) from error
            if page is None:
                return
            yield page

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations, following the pages."""
        client = self._arm.of(cluster_id.subscription_id)
        return await self._arm.bounded(lambda: self._list(client, cluster_id))

    async def _list(self, client: "ContainerServiceClient", cluster_id: ClusterId) -> Listing:
        answered: list[datetime | None] = []
        check = whole_pages()

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
        return await self._put(cluster_id, window, only_ours(name))

    async def put_auto_upgrade_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow
    ) -> ObservedConfiguration:
        """Create the schedule of Kubernetes upgrades; only where a LIST has just had none."""
        return await self._put(cluster_id, window, AUTO_UPGRADE_SCHEDULE)

    async def _put(
        self, cluster_id: ClusterId, window: MaintenanceWindow, name: str
    ) -> ObservedConfiguration:
        configurations = self._arm.of(cluster_id.subscription_id).maintenance_configurations
        body = MaintenanceConfiguration({"properties": {"maintenanceWindow": write_window(window)}})
        accepted = await self._arm.bounded(
            lambda: configurations.create_or_update(
                cluster_id.resource_group,
                cluster_id.name,
                name,
                body,
                raw_response_hook=only_objects,
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
    """Give the name of a node OS schedule; its siblings are never changed."""
    if not is_node_os_schedule(name):
        raise ValueError(f"{name!r} is not the node OS schedule")
    return name


def whole_pages() -> "Callable[[Response], None]":
    """Make a hook for all the pages of one listing, which refuses what is no page of it.

    The SDK takes a body without a `value` for an empty list (azure-mgmt-containerservice 41.8.0,
    aio/operations/_operations.py), and a configuration that is not seen would be written over. It
    follows every `nextLink`: to any host, with the token; and back to a page that it has read,
    which it would ask for as fast as it is answered, for ever.
    """
    asked = set[str]()

    def check(response: "Response") -> None:
        url = response.http_request.url
        if url in asked:
            raise AzureUnavailable("The pages of a listing lead back to one that was read before.")
        asked.add(url)
        _require_page(response)

    return check


def _require_page(response: "Response") -> None:
    if response.http_response.status_code != OK:
        return
    match response.http_response.json():
        case {"value": list(items), "nextLink": str(link)} if _are_objects(items):
            if link and not is_same_place(link, response.http_request.url):
                raise AzureUnavailable("The next page of a listing is not at Azure.")
        case {"value": list(items), **rest} if _are_objects(items) and rest.get("nextLink") is None:
            return
        case _:
            raise AzureUnavailable("The answer is no page of a list.")


def _are_objects(items: list[object]) -> bool:
    return all(isinstance(item, dict) for item in items)


def only_objects(response: "Response") -> None:
    """Refuse an answer that has no resource in it."""
    http = response.http_response
    if http.status_code in WITH_A_RESOURCE and not isinstance(http.json(), dict):
        raise AzureUnavailable("The answer is no resource.")


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
                CLUSTER_LEFT_OUT.log(subscription_id=subscription_id, why=str(error))
    return ClusterPage(clusters, unreadable)


def _date(response: "Response") -> datetime | None:
    """Read ARM's own time from an answer, in UTC; whole seconds, so up to one second early."""
    try:
        date = parsedate_to_datetime(response.http_response.headers.get("Date", ""))
    except (ValueError, OverflowError):
        return None
    # "-0000" is UTC as well, and read as an instant without a zone (email.utils).
    return date if date.tzinfo else date.replace(tzinfo=UTC)
