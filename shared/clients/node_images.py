"""What ARM tells of node images: those of a location, and the newest one of an agent pool."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from shared.clients.arm import ArmClients, is_same_place
from shared.clients.transport import answer_of
from shared.domain.errors import Rejected
from shared.domain.images.machines import ImagePool, observe_pools
from shared.domain.images.node_image import NodeImage, observe_node_images
from shared.domain.vocabulary.ids import ClusterId

if TYPE_CHECKING:
    from azure.mgmt.containerservice.aio import ContainerServiceClient

MOST_PAGES = 20
"""Twelve images are one page; an answer without an end is no list of images."""


class NodeImageClient:
    """Reads node images. Every call is one attempt (for each page) and raises `AzureError`."""

    def __init__(self, arm: ArmClients, api_version: str) -> None:
        """Take the api-version of `nodeImageVersions`, which no stable version of the API has."""
        self._arm = arm
        self._api_version = api_version

    async def list_node_images(self, subscription_id: str, location: str) -> list[NodeImage]:
        """List the images of a location (short name); those of unknown form are left out."""
        client = self._arm.of(subscription_id)
        path = f"/subscriptions/{subscription_id}/providers/Microsoft.ContainerService"
        url = f"{self._arm.endpoint}{path}/locations/{location}/nodeImageVersions"
        rows: list[object] = []
        request = HttpRequest("GET", url, params={"api-version": self._api_version})
        for _ in range(MOST_PAGES):
            page = await self._page(client, request)
            rows += _rows(page)
            following = page.get("nextLink")
            if not following:
                return observe_node_images(rows)
            request = HttpRequest("GET", self._own(following))
        raise Rejected(f"more than {MOST_PAGES} pages of node images")

    async def _page(
        self, client: "ContainerServiceClient", request: HttpRequest
    ) -> dict[str, object]:
        return await self._arm.bounded(lambda: _get_json(client, request))

    def _own(self, link: object) -> str:
        """Give the link to the next page; the token goes with it, so to ARM and nowhere else."""
        if not isinstance(link, str) or not is_same_place(link, self._arm.endpoint):
            raise Rejected("the next page of node images is not at Azure Resource Manager")
        return link

    async def image_pools(self, cluster_id: ClusterId) -> Sequence[ImagePool]:
        """Read a cluster's agent pools, one for each image family."""
        client = self._arm.of(cluster_id.subscription_id)
        group, name = cluster_id.resource_group, cluster_id.name
        cluster = await self._arm.bounded(lambda: client.managed_clusters.get(group, name))
        properties = cluster.as_dict().get("properties") or {}
        return observe_pools(properties.get("agentPoolProfiles"))

    async def newest_of_pool(self, cluster_id: ClusterId, pool: str) -> NodeImage | None:
        """Read the newest image that a pool could be upgraded to; None where it is unknown."""
        client = self._arm.of(cluster_id.subscription_id)
        group, name = cluster_id.resource_group, cluster_id.name
        profile = await self._arm.bounded(
            lambda: client.agent_pools.get_upgrade_profile(group, name, pool)
        )
        newest = (profile.as_dict().get("properties") or {}).get("latestNodeImageVersion")
        return NodeImage.parse(newest) if isinstance(newest, str) else None


async def _get_json(client: "ContainerServiceClient", request: HttpRequest) -> dict[str, object]:
    response = await answer_of(client, request)
    if response.status_code != 200:  # noqa: PLR2004 - what a list answers with
        raise HttpResponseError(response=response)
    try:
        body: object = response.json()
    except ValueError as error:
        raise Rejected("the answer is not JSON", status=response.status_code) from error
    if not isinstance(body, dict):
        raise Rejected("the answer is no JSON object", status=response.status_code)
    return cast("dict[str, object]", body)


def _rows(page: dict[str, object]) -> list[object]:
    rows = page.get("value")
    if not isinstance(rows, list):
        raise Rejected("the answer has no list of node images")
    return cast("list[object]", rows)
