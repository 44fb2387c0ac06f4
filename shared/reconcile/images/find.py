"""Where the fleet is: the locations that have clusters with node auto-provisioning.

Known from the rows of shards, of which there is one for each subscription and location that naptime
has ever read a cluster's configurations in: hundreds at most, in one partition, and none has to be
written for this. Whether there still is a cluster is known from what is remembered of clusters.

The node images of a location: by one call, or, where that is refused, from agent pools.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from copy import replace
from functools import partial

from msgspec import Struct, field

from shared.domain.errors import (
    AccessDenied,
    ApiVersionNotServed,
    AzureError,
    ClusterGone,
)
from shared.domain.images.known_image import ImageSource, PoolOfFamily, SourceState
from shared.domain.images.node_image import NodeImage
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.ids import ClusterId, parse_location
from shared.ports.azure import NodeImages, Retry
from shared.ports.storage import Table
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.pacer import SHARDS_PARTITION


class FleetPlaces(Struct, frozen=True):
    """Tells locations, by their short names, and the subscriptions that have clusters there."""

    shards: Table
    memory: ClusterMemory
    subscriptions: frozenset[str]

    async def locations(self) -> Mapping[str, Sequence[str]]:
        """Give the subscriptions, in order, by location."""
        found = defaultdict[str, list[str]](list)
        async for row in self.shards.rows(SHARDS_PARTITION):
            subscription_id, _, location = row.key.partition("|")
            if subscription_id in self.subscriptions and _is_location(location):
                found[location].append(subscription_id)
        return found

    async def has_clusters(self, location: str) -> bool:
        """Say whether a cluster with node auto-provisioning is remembered in a location."""
        subscriptions = (await self.locations()).get(location, ())
        async for _ in self.clusters(location, subscriptions):
            return True
        return False

    async def clusters(
        self, location: str, subscriptions: Sequence[str]
    ) -> AsyncIterator[ClusterId]:
        """Yield the clusters with node auto-provisioning that are remembered in a location."""
        for subscription_id in subscriptions:
            async for known in self.memory.in_location(subscription_id, location):
                if known.has_nap:
                    yield known.id


def _is_location(text: str) -> bool:
    try:
        return parse_location(text) == text
    except BrokenRule:
        return False


MOST_SUBSCRIPTIONS = 3
"""So many subscriptions are tried for the call, where one may not make it."""

MOST_CLUSTERS = 5
"""So many clusters are looked at for the pools of a location."""

FAMILIES = 2
"""Ubuntu and Azure Linux: what node auto-provisioning uses."""

ANSWERED = 200


class FoundImages(Struct, frozen=True):
    """The images of a location, and where they came from."""

    images: Sequence[NodeImage]
    state: SourceState


class _Refusals(Struct):
    """Why the call was refused, first of all."""

    why: list[str] = field(default_factory=list)


class ImageFinder(Struct, frozen=True):
    """Finds node images; raises the `AzureError` of what may work at the next look."""

    images: NodeImages
    retry: Retry
    places: FleetPlaces

    async def find(
        self, location: str, subscriptions: Sequence[str], before: SourceState
    ) -> FoundImages:
        """Find the images of a location that has clusters in these subscriptions."""
        refusals = _Refusals()
        listed = await self._list(location, subscriptions, refusals)
        if listed:
            return FoundImages(listed, SourceState())
        why = refusals.why[0] if refusals.why else "no image of node auto-provisioning is listed"
        return await self._from_pools(location, subscriptions, replace(before, why=why))

    async def _list(
        self, location: str, subscriptions: Sequence[str], refusals: _Refusals
    ) -> Sequence[NodeImage]:
        """Make the one call, in another subscription where one has no right to it."""
        for subscription_id in subscriptions[:MOST_SUBSCRIPTIONS]:
            call = partial(self.images.list_node_images, subscription_id, location)
            try:
                images = await self.retry(call)
            except AzureError as error:
                if not _is_refusal(error):
                    raise
                refusals.why.append(f"{error.reason.value}, status {error.status}")
                if isinstance(error, AccessDenied | ClusterGone):
                    continue
                return ()
            return [image for image in images if image.definition.is_used_by_nap]
        return ()

    async def _from_pools(
        self, location: str, subscriptions: Sequence[str], before: SourceState
    ) -> FoundImages:
        """Ask the pools that were asked before; where none of them answers, look for others."""
        found = await self._ask(before.pools)
        if not found:
            found = await self._ask(await self._pools(location, subscriptions))
        source = ImageSource.AGENT_POOLS if found else ImageSource.NOTHING
        state = SourceState(source, before.why, tuple(found))
        return FoundImages(list(found.values()), state)

    async def _ask(self, pools: Sequence[PoolOfFamily]) -> dict[PoolOfFamily, NodeImage]:
        found = dict[PoolOfFamily, NodeImage]()
        for pool in pools:
            call = partial(self.images.newest_of_pool, pool.cluster_id, pool.pool)
            try:
                image = await self.retry(call)
            except AzureError as error:
                if not _is_refusal(error):
                    raise
                continue
            if image is not None:
                found[pool] = image
        return found

    async def _pools(self, location: str, subscriptions: Sequence[str]) -> list[PoolOfFamily]:
        """Look for a pool of each family among the first clusters of the location."""
        found = dict[str, PoolOfFamily]()
        looked_at = 0
        async for cluster_id in self.places.clusters(location, subscriptions):
            if looked_at == MOST_CLUSTERS or len(found) == FAMILIES:
                break
            looked_at += 1
            try:
                pools = await self.retry(partial(self.images.image_pools, cluster_id))
            except AzureError as error:
                if not _is_refusal(error):
                    raise
                continue
            for pool in pools:
                found.setdefault(pool.family, PoolOfFamily(cluster_id, pool.name, pool.family))
        return list(found.values())


def _is_refusal(error: AzureError) -> bool:
    """Say whether the same call will be refused tomorrow; what is odd in a 200 will, too.

    A version that does not have the call is not served either, and not only during a rollout.
    """
    lasting = isinstance(error, AccessDenied | ApiVersionNotServed)
    return lasting or not error.retryable or error.status == ANSWERED
