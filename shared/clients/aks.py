"""AKS through its SDK's pipeline: each call one attempt, each bounded in time."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from azure.core.rest import HttpRequest

from shared.clients import answers
from shared.clients.answers import AS_JSON, READ, Cluster, Pages, answer_to
from shared.clients.arm import ArmClients
from shared.clients.transport import http_date
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
    ClusterGone,
    DeleteNotGranted,
    ReadThrottled,
    Rejected,
    Throttled,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidResourceId
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.telemetry.lines import CLUSTER_LEFT_OUT

if TYPE_CHECKING:
    from azure.core.rest import AsyncHttpResponse

WRITTEN: Final = frozenset({200, 201})
DELETED: Final = frozenset({200, 204})
_AKS: Final = "throttled"
"""The code of AKS's own 429, in lower case."""
_KIND: Final = "providers/Microsoft.ContainerService/managedClusters"


class AksClient:
    """ARM's AKS provider."""

    def __init__(self, arm: ArmClients) -> None:
        """Take the clients of every subscription."""
        self._arm = arm

    async def get_cluster(self, cluster_id: ClusterId) -> ObservedCluster:
        """Read one cluster."""
        with _reading():
            response = await self._ask(cluster_id, self._request("GET", _path(cluster_id)))
        cluster = answers.resource(answers.CLUSTER, response)
        return observe_cluster({**cluster, "id": str(cluster_id)})

    async def list_clusters(
        self, subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[ClusterPage]:
        """Yield the clusters of a subscription, or of one resource group, page by page.

        Raises Rejected where ARM does not know the subscription or the group.
        """
        group = f"/resourceGroups/{_quoted(resource_group)}" if resource_group else ""
        path = f"/subscriptions/{_quoted(subscription_id)}{group}/{_KIND}"
        client, version = self._arm.of(subscription_id), self._arm.api_version
        pages = Pages(client, answers.CLUSTERS, self._request("GET", path), version)
        while page := pages.following:
            try:
                with _reading():
                    _, clusters = await self._arm.bounded(partial(pages.read, page))
            except ClusterGone as error:
                # No cluster: what was asked for. It is not there, or not to be seen by naptime.
                raise Rejected(error.message, status=error.status, code=error.code) from error
            yield _observed(subscription_id, clusters)

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations, following the pages."""
        client, version = self._arm.of(cluster_id.subscription_id), self._arm.api_version
        request = self._request("GET", f"{_path(cluster_id)}/maintenanceConfigurations")
        pages = Pages(client, answers.CONFIGURATIONS, request, version)
        return await self._arm.bounded(partial(_all_of, pages))

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
        body = json.dumps({"properties": {"maintenanceWindow": write_window(window)}})
        request = self._request("PUT", _path(cluster_id, name), body)
        response = await self._ask(cluster_id, request, WRITTEN)
        accepted = answers.resource(answers.CONFIGURATION, response)
        return observe_configuration(accepted)

    async def delete_node_os_schedule(
        self, cluster_id: ClusterId, name: str = NODE_OS_SCHEDULE
    ) -> None:
        """Delete the node OS schedule, under a name of any casing."""
        request = self._request("DELETE", _path(cluster_id, only_ours(name)))
        try:
            await self._ask(cluster_id, request, DELETED)
        except AccessDenied as error:
            raise DeleteNotGranted(error.message, status=error.status, code=error.code) from error

    def _request(self, method: str, path: str, body: str | None = None) -> HttpRequest:
        # A request takes a URL apart, and puts it together again, to add parameters to it.
        url = f"{self._arm.endpoint}{path}?api-version={self._arm.api_version}"
        headers = AS_JSON | ({"Content-Type": "application/json"} if body else {})
        return HttpRequest(method, url, headers=headers, content=body)

    async def _ask(
        self, cluster_id: ClusterId, request: HttpRequest, expected: frozenset[int] = READ
    ) -> "AsyncHttpResponse":
        client = self._arm.of(cluster_id.subscription_id)
        writing = request.method != "GET"
        return await self._arm.bounded(
            partial(answer_to, client, request, expected), writing=writing
        )


@contextmanager
def _reading() -> Iterator[None]:
    """Tell AKS's limit for what is read apart from its limit for all other calls of a shard.

    60 and one a second for each cluster, 500 and one a second for the listings of a subscription
    (learn.microsoft.com, azure/aks/quotas-skus-regions).
    """
    try:
        yield
    except Throttled as error:
        if error.code.lower() != _AKS:
            raise
        wait, status, code = error.retry_after, error.status, error.code
        raise ReadThrottled(error.message, status=status, code=code, retry_after=wait) from error


def only_ours(name: str) -> str:
    """Give the name of a node OS schedule; its siblings are never changed."""
    if not is_node_os_schedule(name):
        raise ValueError(f"{name!r} is not the node OS schedule")
    return name


def _path(cluster_id: ClusterId, configuration: str | None = None) -> str:
    subscription, group = _quoted(cluster_id.subscription_id), _quoted(cluster_id.resource_group)
    below = f"/maintenanceConfigurations/{_quoted(configuration)}" if configuration else ""
    cluster = f"{_KIND}/{_quoted(cluster_id.name)}{below}"
    return f"/subscriptions/{subscription}/resourceGroups/{group}/{cluster}"


def _quoted(part: str) -> str:
    return quote(part, safe="")


async def _all_of(pages: Pages[answers.Configuration]) -> Listing:
    found: list[ObservedConfiguration] = []
    answered_at: datetime | None = None
    while page := pages.following:
        response, items = await pages.read(page)
        found += map(observe_configuration, items)
        answered_at = _date(response)
    return Listing(tuple(found), answered_at)


def _observed(subscription_id: str, bodies: list[Cluster]) -> ClusterPage:
    """Observe a page of clusters.

    The name of a resource group may have letters of any alphabet (learn.microsoft.com,
    resource-name-rules, Microsoft.Resources). One such must not hold up all the others of its
    subscription.
    """
    clusters: list[ObservedCluster] = []
    unreadable: list[UnreadableCluster] = []
    for body in bodies:
        try:
            clusters.append(observe_cluster(body))
        except InvalidResourceId as error:
            unreadable.append(observe_unreadable(body))
            if unreadable[-1].auto_provisioning:
                CLUSTER_LEFT_OUT.log(subscription_id=subscription_id, why=str(error))
    return ClusterPage(clusters, unreadable)


def _date(response: "AsyncHttpResponse") -> datetime | None:
    """Read ARM's own time from an answer, in UTC; whole seconds, so up to one second early."""
    try:
        return http_date(response.headers.get("Date", ""))
    except ValueError:
        return None
