"""Where the fleet is: the locations that have clusters with node auto-provisioning.

Known from the rows of shards, of which there is one for each subscription and location that naptime
has ever read a cluster's configurations in: hundreds at most, in one partition, and none has to be
written for this. Whether there still is a cluster is known from what is remembered of clusters.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.cluster_id import ClusterId
from shared.domain.fields import BrokenRule
from shared.domain.node_image_events import parse_location
from shared.reconcile.keep_pace import SHARDS_PARTITION
from shared.reconcile.ports import Table
from shared.reconcile.remember_clusters import ClusterMemory


@dataclass(frozen=True, slots=True)
class FleetPlaces:
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
                    yield known.cluster_id


def _is_location(text: str) -> bool:
    try:
        return parse_location(text) == text
    except BrokenRule:
        return False
